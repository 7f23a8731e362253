#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# 40-gen.bats - kfaas-gen against functions that answer rightly, functions that answer wrongly, and the kernel.

load lib
load story

GEN=$(dirname "$KFAAS")/tools/kfaas-gen
COUNT=${KFAAS_VM:+2000} # requests of a run
COUNT=${COUNT:-20000}
FEW=${KFAAS_VM:+200}
FEW=${FEW:-2000}

setup() {
	topology veth
	in_client ip link set "$CLIENT_IF" xdpdrv off # kfaas-gen brings its own program
	GEN_MS=$(limit 1)000 # time-out
}

teardown() {
	assert_eq "" "$(xdp_id "$CLIENT_NS" "$CLIENT_IF")" "an XDP program on $CLIENT_IF"
	topology_down
}

gen() { "$GEN" --netns "$CLIENT_NS" --timeout "$GEN_MS" "$@"; }
raw() { R=$(gen --json "$CLIENT_IF" raw "$@"); }

# report OPTION...: kfaas-gen's figures, for is.
report() { R=$(gen --json --to-mac "$HOST_MAC" "$CLIENT_IF" "$@"); }
is() { assert_eq "$2" "$(jq -r "$1" <<<"$R")" "$1 in $R"; } # FILTER VALUE
wrong_is() { is '[.wrong[]] | add' "${2:-$1}" && { [ $# = 1 ] || is ".wrong.$1" "$2"; }; }

# all_right N: so many sent and answered, and nothing else.
all_right() {
	is '"\(.sent) \(.answered) \(.lost) \(.duplicates) \(.late)"' "$1 $1 0 0 0"
	wrong_is 0
}

deploy_dns() { # FOLDER with rows
	local map data=()
	for map in slots names names_long answers bodies; do data+=(--data "$map=$1/$map"); done
	kf -q deploy "$HOST_IF" dns "${data[@]}"
}

# Every request was the function's, by its own count.
function_says() { assert_eq "$2 $2" "$(counter "$1" packets) $(counter "$1" verdicts.TX)" "packets and answers of $1"; }

@test "echo and ping, IPv4 and IPv6: all are answered, as many as the gate counted" {
	# What an emulated CPU cannot work off at once would be lost at full speed.
	local kind to n=0 how=${KFAAS_VM:+--outstanding=64}
	up_empty
	kf -q deploy "$HOST_IF" echo
	kf -q deploy "$HOST_IF" ping
	for to in "$HOST4" "$HOST6"; do
		n=$((n + COUNT))
		for kind in echo ping; do
			report $kind --to "$to" --count "$COUNT" --sample 1 ${how:+"$how"}
			all_right "$COUNT"
			is .unfinished_checksums 0
			is .latency.samples "$COUNT"
			is '.latency | .p50_ns > 0 and .p50_ns <= .p90_ns and .p90_ns <= .p99_ns and .p99_ns <= .p999_ns
				and .p999_ns <= .max_ns' true
			function_says $kind $n
		done
	done
	report echo --to "$HOST4" --count "$COUNT" --sample 0
	all_right "$COUNT"
	is .latency.samples 0
}

@test "dns, ntp and syn, IPv4 and IPv6: the functions' answers are right" {
	local to rows=$BATS_TEST_TMPDIR n=0 kind
	up_empty
	capture_requests
	mkdir "$rows/dns"
	"$TOP/build/kfaas-dns-rows" -o "$rows/dns" "$TOP/functions/dns/example.zone" >/dev/null
	"$TOP/build/kfaas-http-rows" --secret "$rows/secret"
	deploy_dns "$rows/dns"
	kf -q deploy "$HOST_IF" http --data "secret=$rows/secret"
	kf -q deploy "$HOST_IF" ntp
	kf -q deploy "$HOST_IF" ping
	"$TOP/build/kfaas-ntp-clock" --netns "$HOST_NS" --local 10 "$HOST_IF"
	for to in "$HOST4" "$HOST6"; do
		n=$((n + FEW))
		report dns --to "$to" --count "$FEW" --name ns1.example.org --name ns2.example.org --type A
		all_right "$FEW"
		function_says dns $n
		report ntp --to "$to" --count "$FEW"
		all_right "$FEW"
		function_says ntp $n
		report syn --to "$to" --count "$FEW"
		all_right "$FEW"
		function_says http $n
		for kind in dns ntp syn ping; do
			report $kind --to "$to" --frames "$BATS_TEST_TMPDIR/$kind-$to.pcap" --count 10
			all_right 10
		done
		n=$((n + 10))
	done
}

# One request of each kind and family as a capture file, KIND-ADDRESS.pcap.
capture_requests() {
	local to kind filter GEN_MS=1
	capture "$HOST_NS" "$HOST_IF"
	for to in "$HOST4" "$HOST6"; do
		report dns --to "$to" --count 1 --name ns1.example.org
		for kind in ntp syn ping; do report $kind --to "$to" --count 1; done
	done
	end_capture
	for to in "$HOST4" "$HOST6"; do
		while read -r kind filter; do
			tcpdump -r "$CAPTURE" -w "$BATS_TEST_TMPDIR/$kind-$to.pcap" "dst host $to and ($filter)" 2>/dev/null
		done <<-'END'
			dns port 53
			ntp port 123
			syn tcp
			ping icmp[0] = 8 or (icmp6 and ip6[40] = 128)
		END
	done
}

@test "the kernel and a server in user space answer as well, and duplicates are counted" {
	up_empty # a veth takes no live frames where there is no XDP program
	background in_host /usr/bin/python3 -IS -c '
import socket
s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
s.bind(("::", 7))
print("ready", flush=True)
while True:
    data, peer = s.recvfrom(2000)
    for _ in range(2):
        s.sendto(data, peer)'
	wait_for 5 grep -q ready "$BG_LOG"
	in_host sh -c 'echo 0 >/proc/sys/net/ipv6/icmp/ratelimit'
	for to in "$HOST4" "$HOST6"; do
		report echo --to "$to" --count 100 --outstanding 4
		is '"\(.sent) \(.answered) \(.lost)"' "100 100 0"
		wrong_is 0
		# The second answer to the last ones may come after the end.
		is '.duplicates >= 96 and .duplicates <= 100' true
		is '.unfinished_checksums <= 100' true
	done
	report ping --to "$HOST4" --count 100 --outstanding 4
	all_right 100
	report syn --to "$HOST4" --port 9 --count 10 --outstanding 1
	is '"\(.answered) \(.wrong.content)"' "0 10"
}

@test "wrong answers are found out, each by its name" {
	local fault key to
	up_empty
	GEN_MS=$(limit 1)00
	while read -r fault key; do
		kf -q deploy "$HOST_IF" "$(object wrong)" --set fault="$fault" --set every=4
		for to in "$HOST4" "$HOST6"; do
			[[ "$fault $to" =~ ^(CONTENT|SUM|ADDRESS)|"$HOST4" ]] || continue
			report echo --to "$to" --count 100 --source-port 10000-10001
			is '"\(.sent) \(.answered)"' "100 75"
			wrong_is "$key" 25
			# No request can be told for these.
			case $fault in
			ADDRESS | UNKNOWN | LENGTH) is .lost 25 ;;
			*) is .lost 0 ;;
			esac
		done
		kf -q remove "$HOST_IF" wrong
	done <<-'END'
		CONTENT content
		SUM checksum
		IP_SUM ip_checksum
		ADDRESS address
		UNKNOWN unknown
		LENGTH length
	END
	kf -q deploy "$HOST_IF" "$(object wrong)" --set fault=SWALLOW --set every=4
	report echo --to "$HOST4" --count 100
	is '"\(.sent) \(.answered) \(.lost)"' "100 75 25"
	wrong_is 0
}

@test "payloads of any length are compared to the last byte" {
	local before
	up_empty
	kf -q deploy "$HOST_IF" echo
	for to in "$HOST4" "$HOST6"; do
		report echo --to "$to" --size 16-200,1400-1410 --count 196
		all_right 196
	done
	kf -q remove "$HOST_IF" echo
	for before in 4 5 11 20 37 66 131; do
		kf -q deploy "$HOST_IF" "$(object wrong)" --set fault=CONTENT --set before_end=$before
		report echo --to "$HOST4" --size 140-260,1400-1410 --count 132
		wrong_is content 132
		kf -q remove "$HOST_IF" wrong
	done
}

@test "a closed loop has no more under way than it may, and replaces what was lost" {
	up_empty
	kf -q deploy "$HOST_IF" "$(object wrong)" --set fault=SWALLOW
	# All are lost: within the time-out not one more is sent.
	report echo --to "$HOST4" --outstanding 7 --seconds 0.3
	is '"\(.sent) \(.answered) \(.lost)"' "7 0 7"
	# Later each is replaced by one.
	GEN_MS=$(limit 1)00
	report echo --to "$HOST4" --outstanding 7 --count 21
	is '"\(.sent) \(.answered) \(.lost)"' "21 0 21"
	kf -q remove "$HOST_IF" wrong
	kf -q deploy "$HOST_IF" "$(object wrong)" --set fault=SWALLOW --set every=10
	report echo --to "$HOST6" --outstanding 20 --count 200
	is '"\(.sent) \(.answered) \(.lost)"' "200 180 20"
	kf -q remove "$HOST_IF" wrong
	kf -q deploy "$HOST_IF" echo
	GEN_MS=$(limit 1)000
	report echo --to "$HOST4" --outstanding 1 --count "$COUNT"
	all_right "$COUNT"
	function_says echo "$COUNT"
}

@test "a rate is kept to the last request, by one thread and by two, asleep in between and not" {
	local rate cpus high=${KFAAS_VM:+3000}
	high=${high:-50000}
	[ "$(nproc)" -gt 1 ] || skip "it needs two CPUs"
	up_empty
	kf -q deploy "$HOST_IF" echo
	while read -r rate cpus; do
		report echo --to "$HOST4" --rate "$rate" --seconds 1 --cpus "$cpus" --sample 1
		# Never more; less only by what it says itself that a busy machine kept from it.
		is ".sent + .unsent" "$rate"
		is ".unsent < $rate / 2" true
		is '.seconds >= 1 and .behind.max_ns <= .latency.max_ns' true
		is '.behind.samples == .sent' true
		# To another CPU's queue what it makes up for may be too much at once.
		[ "$cpus" != 0 ] || is .lost 0
		wrong_is 0
		is .rate "$rate"
	done <<-END
		200 0
		$high 0
		$high 0,$(($(nproc) - 1))
	END
	report echo --to "$HOST4" --rate "$high" --count 500
	all_right 500
	# More threads than requests.
	cpus=0,$(($(nproc) - 1))
	report echo --to "$HOST4" --rate 2 --seconds 0.5 --cpus "$cpus"
	all_right 1
	report echo --to "$HOST4" --outstanding 1 --seconds 0.1 --cpus "$cpus"
	is '.sent > 0 and .sent == .answered' true
}

@test "an open loop is even: requests leave one by one, not in bursts" {
	local rate=${KFAAS_VM:+1000} most
	rate=${rate:-10000}
	[ "$(nproc)" -gt 1 ] || skip "it needs two CPUs"
	up_empty
	capture "$HOST_NS" "$HOST_IF" 'udp port 7'
	GEN_MS=1
	report echo --to "$HOST4" --rate "$rate" --seconds 0.5 --sample 1
	end_capture
	# Half of them are hardly late. Made in bursts they would be by some 10 ms, which an RCU grace period takes.
	is ".behind.p50_ns < $(limit 2)000000" true
	# In 1 ms leaves what is due then, and what by its own report can have been left over; 5 ms for the capture.
	most=$(tcpdump -nn -tt -r "$CAPTURE" 2>/dev/null | /usr/bin/python3 -IS -c '
import bisect, sys
at = sorted(float(line.split()[0]) for line in sys.stdin)
print(len(at), max(bisect.bisect(at, t + 0.001) - i for i, t in enumerate(at)))')
	is ".sent * 0.9 < ${most% *}" true
	is "(0.006 + .behind.max_ns / 1e9) * $rate + 1 >= ${most#* }" true
}

@test "what is answered after the time-out is late, and its request lost" {
	up_empty
	GEN_MS=$(limit 1)50
	# It answers each other request at once, and the rest after three time-outs; then four after two and a half.
	background in_host /usr/bin/python3 -IS -c '
import socket, sys, threading
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("", 7))
print("ready", flush=True)
for n in range(24):
    data, peer = s.recvfrom(2000)
    threading.Timer((n % 2 * 3 if n < 20 else 2.5) * int(sys.argv[1]) / 1000, s.sendto, (data, peer)).start()' "$GEN_MS"
	wait_for 5 grep -q ready "$BG_LOG"
	# It takes six time-outs, and is over one later.
	report echo --to "$HOST4" --rate $((3300 / GEN_MS)) --count 20 --sample 1
	is '"\(.sent) \(.answered) \(.lost) \(.duplicates)"' "20 10 10 0"
	wrong_is 0
	is ".late >= 4 and .late <= 8" true
	is .latency.samples 10
	# A closed loop that has ended gives up none any more.
	report echo --to "$HOST4" --outstanding 4 --seconds 0.075
	is '"\(.sent) \(.answered) \(.lost)"' "4 0 4"
}

@test "latency counts from when a request was due, also while none could be sent" {
	# In an emulated machine, what becomes due in 0.4 s has to fit into the veth's ring of 256, and the last
	# requests may not get their turn.
	local rates=${KFAAS_VM:+200 400} few=${KFAAS_VM:+rate / 2} rate
	up_empty
	kf -q deploy "$HOST_IF" echo
	for rate in ${rates:-500 4000}; do
		background "$GEN" --netns "$CLIENT_NS" --json --to-mac "$HOST_MAC" --timeout "$GEN_MS" "$CLIENT_IF" echo \
			--to "$HOST4" --rate $rate --seconds 2 --sample 1
		wait_for 5 answers echo
		kill -STOP "$BG_PID"
		sleep 0.4
		kill -CONT "$BG_PID"
		wait "$BG_PID"
		R=$(<"$BG_LOG")
		is ".sent + .unsent == $((2 * rate)) and .unsent <= $((${few:-0})) and .answered == .sent" true
		is ".lost + .duplicates + .late" 0
		wrong_is 0
		# A fifth of them became due in that time.
		is '.latency | .max_ns > 4e8 and .p99_ns > 3e8 and .p90_ns > 1e8' true
		is '.behind.max_ns > 4e8' true
		kf -q remove "$HOST_IF" echo
		kf -q deploy "$HOST_IF" echo
	done
}

@test "each of two names has its share of the samples" {
	local name rows=$BATS_TEST_TMPDIR n=200
	up_empty
	"$TOP/build/kfaas-dns-rows" -o "$rows" "$TOP/functions/dns/example.zone" >/dev/null
	deploy_dns "$rows"
	GEN_MS=$(limit 1)00
	for name in "ns1.example.org --name none.example.net" "none.example.net --name ns1.example.org"; do
		# shellcheck disable=SC2086 # three words
		report dns --to "$HOST4" --name $name --count $n --sample 2 --outstanding 100
		is .answered $((n / 2))
		is ".latency.samples | . > $n / 5 and . < $n * 3 / 10" true
	done
}

@test "names to ask for are taken from a file, a million of them" {
	local n=${KFAAS_VM:+20000} names=$BATS_TEST_TMPDIR/names rows=$BATS_TEST_TMPDIR/rows
	n=${n:-1000000}
	up_empty
	capture "$HOST_NS" "$HOST_IF" 'udp port 53'
	printf '%s\n' '# names' a.example.org '' '  b.example.org.	aaaa ' '; c' 'd.example.org 12' >"$names"
	GEN_MS=1
	report dns --to "$HOST4" --name e.example --names "$names" --type MX --type TXT --count 8
	assert_eq "MX? e.example. TXT? e.example. MX? a.example.org. TXT? a.example.org. AAAA? b.example.org. PTR? d.example.org. MX? e.example. TXT? e.example. " \
		"$(captured | grep -o '[A-Z]*? [a-z.]*' | tr '\n' ' ')"
	# The function answers the last one only.
	GEN_MS=$(limit 1)00
	seq -f 'name%.0f.example.net' $((n - 1)) >"$names"
	echo "ns1.example.org AAAA" >>"$names"
	mkdir "$rows"
	"$TOP/build/kfaas-dns-rows" -o "$rows" "$TOP/functions/dns/example.zone" >/dev/null
	deploy_dns "$rows"
	report dns --to "$HOST4" --names "$names" --count "$n"
	is '"\(.sent) \(.answered)"' "$n 1"
	wrong_is 0
	assert_eq 1 "$(counter dns verdicts.TX)" "answers of dns"
}

@test "source addresses, ports and sizes are varied over their ranges" {
	up_empty
	capture "$HOST_NS" "$HOST_IF" udp
	GEN_MS=1
	report echo --to "$HOST4" --from 10.88.0.1,10.88.0.8-10.88.0.10 --port 9100-9101 --source-port 20000-20002 \
		--size 16,40 --count 24
	report echo --to "$HOST6" --from fd88::ff-fd88::100,fd88::8/127 --port 9100-9101 --source-port 20000-20002 \
		--size 16,40 --count 24
	is '"\(.sent) \(.answered) \(.lost)"' "24 0 24"
	assert_eq "$(varied "$HOST4" 10.88.0.1 10.88.0.8 10.88.0.9 10.88.0.10)
$(varied "$HOST6" fd88::ff fd88::100 fd88::8 fd88::9)" "$(captured)"
	assert_eq 48 "$(captured -vv | grep -c 'udp sum ok')" "right checksums"
}

# varied ADDRESS SOURCE...: what tcpdump is to show, 24 times.
varied() {
	local to=$1 i family=IP size=(16 40) from
	shift
	from=("$@")
	[[ $to != *:* ]] || family=IP6
	for i in {0..23}; do
		echo "$family ${from[i % 4]}.$((20000 + i % 3)) > $to.$((9100 + i % 2)): UDP, length ${size[i % 2]}"
	done
}

@test "requests are taken from a capture file, and raw frames are sent as they are" {
	local pcap=$BATS_TEST_TMPDIR/one.pcap
	up_empty
	kf -q deploy "$HOST_IF" echo
	background in_client tcpdump -i "$CLIENT_IF" -nn -c 1 -w "$pcap" --immediate-mode udp dst port 7
	wait_for 5 grep -q 'listening on' "$BG_LOG"
	udp --size 64 "$HOST4" 7 >/dev/null || true
	wait "$BG_PID"
	report echo --to "$HOST4" --frames "$pcap" --source-port 20000-20009 --count "$FEW"
	all_right "$FEW"
	raw --frames "$pcap" --count "$FEW"
	is '"\(.sent) \(.answered) \(.lost)"' "$FEW 0 0"
}

@test "a signal ends it with the figures so far" {
	local how
	up_empty
	for how in "--rate 500" "--rate 5000" "--outstanding 1"; do
		kf -q deploy "$HOST_IF" echo
		# shellcheck disable=SC2086 # two words
		background "$GEN" --netns "$CLIENT_NS" --json --to-mac "$HOST_MAC" "$CLIENT_IF" echo --to "$HOST4" --seconds 600 $how
		wait_for 5 answers echo
		kill -INT "$BG_PID"
		wait "$BG_PID"
		R=$(<"$BG_LOG")
		all_right "$(jq .sent <<<"$R")"
		is '.sent > 0 and .seconds < 500' true
		kf -q remove "$HOST_IF" echo
	done
}
answers() { (($(counter "$1" packets) > 0)); } # NAME

@test "an interface that goes down in between is told of" {
	up_empty
	kf -q deploy "$HOST_IF" echo
	background "$GEN" --netns "$CLIENT_NS" --json --to-mac "$HOST_MAC" "$CLIENT_IF" echo --to "$HOST4" --seconds 600 --rate 100
	wait_for 5 answers echo
	in_client ip link set "$CLIENT_IF" down
	in_client ip link set "$CLIENT_IF" up
	wait_for 5 link_up "$CLIENT_NS" "$CLIENT_IF"
	kill -INT "$BG_PID"
	wait "$BG_PID"
	assert_eq "warning: $CLIENT_IF was down or without a carrier for a time: what was sent then never left" \
		"$(grep ^warning "$BG_LOG")"
	R=$(grep -v ^warning "$BG_LOG")
	is .link_down true
	report echo --to "$HOST4" --count 10
	is .link_down false
	# The far end's carrier is gone for good.
	GEN_MS=1
	kf -q down "$HOST_IF"
	ip -n "$HOST_NS" link set "$HOST_IF" down
	R=$(gen --json --to-mac "$HOST_MAC" "$CLIENT_IF" echo --to "$HOST4" --count 10 2>/dev/null)
	is '"\(.link_down) \(.sent) \(.lost)"' "true 10 10"
}

@test "bad usage is refused in one line, and nothing is sent" {
	local words
	printf 'a\na..b\n' >"$BATS_TEST_TMPDIR/names"
	echo 'a B' >"$BATS_TEST_TMPDIR/types"
	printf 'a\0b' >"$BATS_TEST_TMPDIR/binary"
	: >"$BATS_TEST_TMPDIR/empty"
	export MALLOC_PERTURB_=90 # memory that was never written to is not empty by luck
	while IFS='|' read -r status regex words; do
		read -ra words <<<"$words"
		refused "$status" "$regex" "$GEN" --netns "$CLIENT_NS" "${words[@]}"
	done <<-END
		2|^kfaas-gen: something is missing|
		2|something is missing|$CLIENT_IF
		2|unknown kind 'ech'|$CLIENT_IF ech
		2|no interface 'none0' here|none0 echo --to $HOST4
		2|--to is missing|$CLIENT_IF echo
		2|--to 'x': an IPv4 or IPv6 address|$CLIENT_IF echo --to x
		1|no neighbour on|$CLIENT_IF echo --to 10.77.0.99
		2|--to-mac 'x'|$CLIENT_IF echo --to $HOST4 --to-mac x
		2|one is IPv4, the other IPv6|$CLIENT_IF echo --to $HOST4 --to-mac $HOST_MAC --from ::1
		2|--from '10.0.0.9-10.0.0.1': addresses|$CLIENT_IF echo --to $HOST4 --to-mac $HOST_MAC --from 10.0.0.9-10.0.0.1
		2|--rate 'fast'|$CLIENT_IF echo --to $HOST4 --rate fast
		2|exclude each other|$CLIENT_IF echo --to $HOST4 --rate 1 --outstanding 1
		2|--seconds '0'|$CLIENT_IF echo --to $HOST4 --seconds 0
		2|over 0 and up to 31536000|$CLIENT_IF echo --to $HOST4 --seconds 1e99
		2|--sample 3: a power of two|$CLIENT_IF echo --to $HOST4 --sample 3
		2|--size '15': numbers from 16 to 1474, as in "16", "16-19" or "16,18-19"|$CLIENT_IF echo --to $HOST4 --size 15
		2|MTU 1500|$CLIENT_IF echo --to $HOST4 --to-mac $HOST_MAC --size 1473
		2|--type 'AAAAA'|$CLIENT_IF dns --to $HOST4 --name a --type AAAAA
		2|--name: 'a..b' is no DNS name|$CLIENT_IF dns --to $HOST4 --to-mac $HOST_MAC --name a..b
		2|no name to ask for|$CLIENT_IF dns --to $HOST4 --to-mac $HOST_MAC
		2|--name is of no use to the kind echo|$CLIENT_IF echo --to $HOST4 --name a
		2|--names is of no use to the kind echo|$CLIENT_IF echo --to $HOST4 --names x
		2|--names x: No such file|$CLIENT_IF dns --to $HOST4 --names x
		2|names line 2: 'a..b' is no DNS name|$CLIENT_IF dns --to $HOST4 --names $BATS_TEST_TMPDIR/names
		2|types line 1: 'B': behind the name only a type|$CLIENT_IF dns --to $HOST4 --names $BATS_TEST_TMPDIR/types
		2|--names .*/empty: there is no name in it|$CLIENT_IF dns --to $HOST4 --to-mac $HOST_MAC --names $BATS_TEST_TMPDIR/empty
		2|binary: not a text|$CLIENT_IF dns --to $HOST4 --names $BATS_TEST_TMPDIR/binary
		2|--port is of no use to the kind ping|$CLIENT_IF ping --to $HOST4 --port 7
		2|--to is of no use to the kind raw|$CLIENT_IF raw --to $HOST4
		2|--frames, as hex digits .* 2 bytes|$CLIENT_IF raw --frames 0102
		2|hex digits in a file: .--frames - < FILE|$CLIENT_IF raw --frames /dev/null
		2|no frames: give them with --frames|$CLIENT_IF raw
		2|no IPv6, as --to is|$CLIENT_IF echo --to $HOST6 --to-mac $HOST_MAC --frames $(printf '%028d' 0)
		2|--cpus '0-1,1': CPU 1 is there twice|$CLIENT_IF echo --to $HOST4 --cpus 0-1,1
		2|may not run on one|$CLIENT_IF echo --to $HOST4 --to-mac $HOST_MAC --cpus 200
	END
	refused 2 "no network namespace 'none'" "$GEN" --netns none "$CLIENT_IF" echo --to "$HOST4"
	in_client ip link set "$CLIENT_IF" xdpdrv obj "$PASS_OBJECT" sec xdp
	refused 1 "has an XDP program already" gen "$CLIENT_IF" echo --to "$HOST4" --to-mac "$HOST_MAC"
	in_client ip link set "$CLIENT_IF" xdpdrv off
	in_client ip link set "$CLIENT_IF" down
	refused 1 "is down" gen "$CLIENT_IF" echo --to "$HOST4"
	refused 1 "cannot write the output: No space left" to_full_disk "$GEN" --help
	assert_match 'usage: kfaas-gen \[OPTION\]... IFACE KIND' "$("$GEN" --help)"
}

to_full_disk() { "$@" >/dev/full; }
to_nowhere() { "$@" >&-; }

@test "the neighbour table and the text report" {
	up_empty
	kf -q deploy "$HOST_IF" echo
	ip -n "$CLIENT_NS" neigh replace "$HOST4" lladdr "$HOST_MAC" dev "$CLIENT_IF"
	ip -n "$CLIENT_NS" neigh replace "$HOST6" lladdr "$HOST_MAC" dev "$CLIENT_IF"
	for to in "$HOST4" "$HOST6"; do
		R=$(gen "$CLIENT_IF" echo --to "$to" --count 100 --sample 1)
		assert_match 'sent +100 in .*answered +100: .*lost +0.*latency .*p99.9 .*\(100 samples\)' "$R"
	done
	# A report that cannot be written is a failure.
	for form in --json --sample=1; do
		refused 1 "^kfaas-gen: cannot write the output: No space left" to_full_disk \
			gen "$CLIENT_IF" echo --to "$HOST4" --count 1 $form
		refused 1 "cannot write the output: Bad file" to_nowhere gen "$CLIENT_IF" echo --to "$HOST4" --count 1 $form
	done
}
