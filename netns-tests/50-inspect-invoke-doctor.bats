#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# 50-inspect-invoke-doctor.bats - a function looked at, and run, without an interface; and what doctor finds.

load lib
load story
bats_require_minimum_version 1.5.0
declare stderr stderr_lines # set by run

# Most of this needs no wire; what does calls story_setup.
setup() { all_ids >"$BATS_TEST_TMPDIR/ids"; }
teardown() {
	topology_down
	[ -z "${OPEN:-}" ] || rm -r "$OPEN"
}

ANATOMY=$OBJECTS/anatomy.bpf.o
FRAME=02000000000102000000000288b561626364 # 18 bytes

# look FILTER COMMAND...: of a command's JSON, without a namespace.
look() { "$KFAAS" --json "${@:2}" | jq -er "$1"; }

# nobody COMMAND...: as a user without rights, who can read the binary and the objects in $OPEN.
nobody() {
	OPEN=$(mktemp -d /tmp/kfaas-test-XXXXXX)
	chmod 755 "$OPEN"
	install -m 755 "$KFAAS" "$OPEN/kfaas-net"
	install -m 644 "$ANATOMY" "$OPEN"
	cd "$OPEN" || return
	run --separate-stderr setpriv --reuid 65534 --clear-groups ./kfaas-net "$@"
	cd "$TOP" || return
}

# --- inspect

@test "inspect: manifest, settings, maps and license" {
	assert_eq "anatomy|takes itself apart|Dual BSD/GPL" "$(look '[.name, .description, .license] | join("|")' inspect "$ANATOMY")"
	assert_eq "$(sha256sum <"$ANATOMY" | cut -d ' ' -f 1)" "$(look .sha256 inspect "$ANATOMY")"
	assert_eq 'udp/9 7 local pass 0 0x66' \
		"$(look '.manifest | "\(.on[0]) \(.prio) \(.scope) \(.continue[0]) \(.limit) \(.set.mark)"' inspect "$ANATOMY")"
	assert_eq "mark __u8 90
low int -3
loud _Bool true
colour enum colour BLUE
greeting char[16] hello" "$(look '.settings[] | "\(.name) \(.type) \(.default)"' inspect "$ANATOMY")"
	assert_eq "seen hash 4 8 128" "$(look '.maps[0] | "\(.name) \(.type) \(.key_bytes) \(.value_bytes) \(.max_entries)"' inspect "$ANATOMY")"
}

@test "inspect: programs by hook with the helpers they and their subprograms call, and what they cost" {
	assert_eq "xdp anatomy_xdp xdp
tc-egress anatomy_egress tc/egress" "$(look '.programs[] | "\(.hook) \(.name) \(.section)"' inspect "$ANATOMY")"
	assert_eq '{"bpf_map_lookup_elem":1,"bpf_map_update_elem":1}' "$(look '.programs[0].helpers | tojson' inspect "$ANATOMY")"
	assert_eq 1 "$(look '.programs[1].helpers.bpf_get_smp_processor_id' inspect "$ANATOMY")"
	assert_eq "true true true true" "$(look '[.loaded, (.programs | all(.verified_instructions >= 10 and .memory_bytes >= 4096)),
		(.maps[0].memory_bytes > 0), (.memory_bytes == ([.programs[].memory_bytes, .maps[].memory_bytes] | add))] | join(" ")' inspect "$ANATOMY")"
	wait_for 5 eval '[ -z "$(bpftool prog show name anatomy_xdp)" ]'
}

@test "inspect: as text" {
	run -0 "$KFAAS" inspect "$ANATOMY"
	assert_match '^anatomy: takes itself apart' "$output"
	assert_match 'on +udp/9' "$output"
	assert_match 'colour +enum colour +BLUE' "$output"
	assert_match 'seen +hash +4 +8 +128 +[0-9]+' "$output"
	assert_match 'tc-egress +anatomy_egress +tc/egress +[0-9]+ +[0-9]+ +[0-9]+ +[0-9]+' "$output"
	assert_match 'xdp calls bpf_map_lookup_elem \(1\), bpf_map_update_elem \(1\)' "$output"
	assert_match 'loaded for this look only: [0-9]+ bytes' "$output"
}

@test "inspect without rights: all that the object says, and why it was not loaded" {
	nobody inspect anatomy.bpf.o
	assert_eq "0 " "$status $stderr"
	assert_match 'seen +hash +4 +8 +128 +-' "$output"
	assert_match 'subprograms call is only known after loading' "$output"
	assert_match 'not loaded, .*: missing CAP_BPF and CAP_NET_ADMIN' "$output"
	run -0 setpriv --reuid 65534 --clear-groups "$OPEN/kfaas-net" --json inspect "$OPEN/anatomy.bpf.o"
	assert_eq "false missing CAP_BPF and CAP_NET_ADMIN null null" \
		"$(jq -r '"\(.loaded) \(.not_loaded) \(.memory_bytes) \(.programs[0].jited_bytes)"' <<<"$output")"
}

@test "inspect: the verifier's refusal, behind what the object says; its whole log with -v" {
	run -1 --separate-stderr "$KFAAS" inspect "$(object bad)"
	assert_match 'xdp +bad +xdp +[0-9]+ +-' "$output"
	assert_match 'not loaded: the kernel refused it' "$output"
	assert_match "the kernel's verifier refused .*bad.bpf.o: R[0-9].*outside of the packet" "$stderr"
	assert_eq 1 "${#stderr_lines[@]}"
	run -1 --separate-stderr "$KFAAS" -v inspect "$(object bad)"
	assert_match 'processed [0-9]+ insns' "$stderr"
	run -1 --separate-stderr "$KFAAS" --json inspect "$(object bad)"
	assert_eq "false true" "$(jq -r '"\(.loaded) \(.not_loaded | test("outside of the packet"))"' <<<"$output")"
}

@test "inspect: what is no function is an input error" {
	refused 2 "no function 'nonesuch' in the function path" "$KFAAS" inspect nonesuch
	refused 2 "not an object file" "$KFAAS" inspect /etc/passwd
	refused 2 "cannot read the object /nonesuch.bpf.o: No such file" "$KFAAS" inspect /nonesuch.bpf.o
	refused 2 "has no program for xdp, tc-ingress or tc-egress" "$KFAAS" inspect "$(object no-program)"
}

# --- invoke

@test "invoke: verdict, the packet as it became, its length" {
	run -0 "$KFAAS" invoke "$ANATOMY" --packet "$FRAME"
	assert_match '^packet 1: XDP_TX, 18 bytes, changed, [0-9]+ ns' "${lines[0]}"
	assert_eq "  0000   66 00 00 00 00 01 02 00  00 00 00 02 88 b5 61 62  f.............ab" "${lines[1]}"
	assert_eq "  0010   63 64                                             cd" "${lines[2]}"
	run -0 "$KFAAS" invoke "$ANATOMY" --packet "01${FRAME:2}"
	assert_match '^packet 1: XDP_PASS, 18 bytes, unchanged, [0-9]+ ns$' "$output"
	run -0 "$KFAAS" invoke "$ANATOMY" --packet "03${FRAME:2}" --repeat 1000
	assert_match '^packet 1: XDP_DROP, 18 bytes, unchanged, [0-9]+ ns$' "$output"
}

@test "invoke: settings, and as many runs as one shows the packet of the first" {
	assert_eq "07${FRAME:2}" "$(look '.packets[0].hex_out' invoke "$ANATOMY" --packet "$FRAME" --set mark=7 --repeat 100)"
	refused 2 "has no setting 'nonesuch'" "$KFAAS" invoke "$ANATOMY" --packet "$FRAME" --set nonesuch=1
}

@test "invoke: hex digits with spaces, colons and newlines, from standard input too" {
	assert_eq "$FRAME" "$(look '.packets[0].hex_in' invoke "$ANATOMY" --packet '02 00:00 000001 02:00:00:00:00:02 88b5 61626364')"
	assert_eq "$FRAME" "$(printf '0200 0000 0001\n0200 0000 0002\n88B5 6162\n6364\n' | look '.packets[0].hex_in' invoke "$ANATOMY" --packet -)"
}

@test "invoke: every packet of a capture, in order; results into another" {
	local in=$BATS_TEST_TMPDIR/in.pcap out=$BATS_TEST_TMPDIR/out.pcap
	make_capture 1 "01${FRAME:2}" "$FRAME" "03${FRAME:2}" "$FRAME" >"$in"
	run -0 "$KFAAS" invoke "$ANATOMY" --packet "$in" --write "$out"
	assert_eq "4 packets: XDP_DROP 1, XDP_PASS 1, XDP_TX 2" "${lines[-1]}"
	run -0 tcpdump -nn -e -r "$out"
	assert_match '> 01:00:00:00:00:01.*
.*> 66:00:00:00:00:01.*
.*> 66:00:00:00:00:01' "$output"
	assert_eq 3 "$(tcpdump -e -r "$out" 2>/dev/null | grep -c ethertype)"
	assert_eq '{"DROP":1,"PASS":1,"TX":2}' "$(look '.verdicts | with_entries(select(.value > 0)) | tojson' invoke "$ANATOMY" --packet "$in")"
}

make_capture() { # LINK-TYPE HEX...
	/usr/bin/python3 -IS -c '
import struct, sys
sys.stdout.buffer.write(struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, int(sys.argv[1])))
for p in map(bytes.fromhex, sys.argv[2:]):
    sys.stdout.buffer.write(struct.pack("<IIII", 1, 0, len(p), len(p)) + p)' "$@"
}

@test "invoke: the program of another hook" {
	assert_eq "OK anatomy_egress" "$(look '"\(.packets[0].verdict) \(.program)"' invoke "$ANATOMY" --packet "$FRAME" --hook tc-egress)"
	assert_eq "SHOT" "$(look '.packets[0].verdict' invoke "$ANATOMY" --packet "$FRAME$(printf '%0200d' 0)" --hook tc-egress)"
	refused 2 "anatomy.bpf.o has no program for tc-ingress \(it has: xdp, tc-egress\)" \
		"$KFAAS" invoke "$ANATOMY" --packet "$FRAME" --hook tc-ingress
	refused 2 "--hook 'eth0': it is xdp, tc-ingress or tc-egress" "$KFAAS" invoke "$ANATOMY" --packet "$FRAME" --hook eth0
}

@test "invoke: a verdict that is none" {
	assert_eq "INVALID 77" "$(look '.packets[0] | "\(.verdict) \(.returned)"' invoke "$(object verdict)" --packet "$FRAME" --set verdict=77)"
	run -0 "$KFAAS" invoke "$(object verdict)" --packet "$FRAME" --set verdict=-5
	assert_match '^packet 1: no verdict \(-5\)' "$output"
}

@test "invoke: packets that cannot be run, each with its reason" {
	local pcap=$BATS_TEST_TMPDIR/x.pcap
	refused 2 "the packet has 13 bytes; an Ethernet header alone has 14" "$KFAAS" invoke "$ANATOMY" --packet "${FRAME:0:26}"
	refused 2 "the hex digit '4' at position 37 has no partner" "$KFAAS" invoke "$ANATOMY" --packet "${FRAME}4"
	refused 2 "the hex digit '0' at position 1 has no partner" "$KFAAS" invoke "$ANATOMY" --packet "0 2"
	refused 2 "'x' at position 2 is not a hex digit" "$KFAAS" invoke "$ANATOMY" --packet 0x02
	refused 2 "standard input: no packet" "$KFAAS" invoke "$ANATOMY" --packet - <<<""
	refused 2 "which packets\?" "$KFAAS" invoke "$ANATOMY"
	refused 2 "cannot read the packets of .*x.pcap: No such file" "$KFAAS" invoke "$ANATOMY" --packet "$pcap"
	: >"$pcap"
	refused 2 "x.pcap: the file is empty" "$KFAAS" invoke "$ANATOMY" --packet "$pcap"
	echo "$FRAME" >"$pcap"
	refused 2 "unknown file format; hex digits in a file: .--packet - < FILE" "$KFAAS" invoke "$ANATOMY" --packet "$pcap"
	make_capture 1 >"$pcap"
	refused 2 "a capture without packets" "$KFAAS" invoke "$ANATOMY" --packet "$pcap"
	make_capture 101 "$FRAME" >"$pcap"
	refused 2 "link type RAW, not Ethernet" "$KFAAS" invoke "$ANATOMY" --packet "$pcap"
	make_capture 1 "$FRAME" "${FRAME:0:20}" >"$pcap"
	refused 2 "packet 2 has 10 bytes" "$KFAAS" invoke "$ANATOMY" --packet "$pcap"
	make_capture 1 "$FRAME" "$FRAME" | head -c -3 >"$pcap"
	refused 2 "broken behind packet 1" "$KFAAS" invoke "$ANATOMY" --packet "$pcap"
	refused 2 "cannot write packets to a file: /nonesuch/x" "$KFAAS" invoke "$ANATOMY" --packet "$FRAME" --write /nonesuch/x
}

@test "invoke: refused by the verifier, or without rights: exit 1" {
	refused 1 "the kernel's verifier refused .*outside of the packet" "$KFAAS" invoke "$(object bad)" --packet "$FRAME"
	nobody invoke anatomy.bpf.o --packet "$FRAME"
	assert_eq "1 kfaas-net: missing capability CAP_BPF and CAP_NET_ADMIN to load the function: run as root, or with sudo" "$status $stderr"
}

@test "invoke: echo answers a datagram to its sender" {
	local sent
	story_setup
	sent=$(packets "ip4 udp:7,from=40000 data:hello")
	assert_eq "TX ${sent:12:12}${sent:0:12}" \
		"$(look '.packets[0] | "\(.verdict) \(.hex_out[0:24])"' invoke "$TOP/build/functions/echo.bpf.o" --packet "$sent")"
	assert_eq PASS "$(look '.packets[0].verdict' invoke "$TOP/build/functions/echo.bpf.o" --packet "$(packets "ip4 udp:7,from=9")")"
}

# --- doctor

# found STATUS SUBJECT: the text and remedy of such a check.
found() {
	kf --json doctor "$HOST_IF" 2>/dev/null >"$BATS_TEST_TMPDIR/doctor" || true
	jq -er --arg status "$1" --arg subject "$2" \
		'.checks[] | select(.status == $status and .subject == $subject) | "\(.text) -> \(.remedy)"' "$BATS_TEST_TMPDIR/doctor" || {
		echo "no check '$1 $2' in:"
		cat "$BATS_TEST_TMPDIR/doctor"
		return 1
	}
}

healthy() {
	run -0 kf doctor "$HOST_IF"
	assert_no_match WRONG "$output"
}

@test "doctor: a healthy interface, before, while and after it is up; nothing is changed" {
	local before
	story_setup
	healthy
	assert_match "ok +$HOST_IF: driver veth, up" "$output"
	assert_match 'ok +XDP: no program is attached' "$output"
	assert_match "ok +gates: $HOST_IF is not up" "$output"
	up_empty
	deploy hooks
	before=$(everything)
	healthy
	assert_match 'ok +gate xdp: attached, native mode' "$output"
	assert_match 'ok +gate tc-ingress: attached \((tcx|clsact)\)' "$output"
	assert_match 'ok +functions on it: 1, none in trouble' "$output"
	assert_match 'ok +own addresses: the gates can ask' "$output"
	assert_eq "$before" "$(everything)"
	kf -q down "$HOST_IF"
	before=$(everything)
	healthy
	assert_eq "$before" "$(everything)"
}

@test "doctor: what the kernel allows, by trying; the error is told, no reason is made up" {
	story_setup
	run -0 kf doctor
	[[ $output == *"kernel: Linux $(uname -r)"* ]]
	assert_match 'ok +rights: ' "$output"
	assert_match 'ok +bpffs: mounted' "$output"
	if has ext; then
		assert_match 'ok +libxdp multiprog: ' "$output"
	else
		assert_match "note +libxdp multiprog: this kernel refuses to .*BPF_PROG_TYPE_EXT \([A-Z][a-z ]+\)" "$output"
	fi
	if has tcx; then assert_match 'ok +TC: through TCX' "$output"; else assert_match 'ok +TC: through the clsact' "$output"; fi
	assert_no_match lockdown "$output"
	assert_eq "$(uname -r)" "$(look .kernel doctor)"
}

@test "doctor without rights: says what is missing, and what it could not look at" {
	nobody doctor lo
	assert_eq 1 "$status" # the copied binary has no functions beside it
	assert_match 'note +rights: missing capability CAP_NET_ADMIN' "$output"
	assert_match 'WRONG +functions: none found' "$output"
	assert_match 'note +state: not looked at' "$output"
	mkdir "$OPEN/functions"
	cp "$TOP"/build/functions/*.bpf.o "$OPEN/functions"
	run -0 setpriv --reuid 65534 --clear-groups "$OPEN/kfaas-net" doctor lo
	assert_match "ok +functions: in $OPEN/functions: .*echo, " "$output"
}

@test "doctor: the gate was taken off; up mends it" {
	story_setup
	up_empty
	in_host ip link set dev "$HOST_IF" xdpdrv off
	assert_match "not attached any more.* -> .kfaas-net up $HOST_IF. attaches it again" "$(found wrong "gate xdp")"
	run -1 --separate-stderr kf doctor "$HOST_IF"
	assert_eq "kfaas-net: doctor: 1 thing is wrong" "$stderr"
	kf -q up "$HOST_IF"
	healthy
}

@test "doctor: somebody else's XDP program without a dispatcher" {
	story_setup
	in_host ip link set dev "$HOST_IF" xdpdrv obj "$PASS_OBJECT" sec xdp
	assert_match "program pass \(id [0-9]+\) is attached without libxdp's dispatcher.* -> .ip link set dev $HOST_IF xdp off" "$(found wrong XDP)"
	in_host ip link set dev "$HOST_IF" xdpdrv off
	healthy
}

@test "doctor: answers that a veth drops because its peer runs no XDP" {
	story_setup
	kf -q up "$HOST_IF"
	in_client ping -c 1 -W "$(limit 2)" "$HOST4"
	assert_match "has an XDP program" "$(found ok "veth peer")"
	in_client ip link set dev "$CLIENT_IF" xdpdrv off
	run in_client ping -c 2 -i 0.2 -W "${KFAAS_VM:+2}.3" "$HOST4"
	assert_match ' 0 received' "$output"
	assert_match "the driver has dropped 2 answers.* -> attach an XDP program to the veth's peer" "$(found wrong XDP_TX)"
	assert_match "has no XDP program.*drops .* with GRO on there, keeps it undelivered -> attach" "$(found note "veth peer")"
	in_client ethtool -K "$CLIENT_IF" gro on
	run in_client ping -c 2 -i 0.2 -W "${KFAAS_VM:+2}.3" "$HOST4"
	assert_match ' 0 received' "$output"
	let_pass "$CLIENT_IF" | ip -n "$CLIENT_NS" -batch -
	assert_match "the peer takes them now" "$(found note XDP_TX)"
	healthy
}

@test "doctor: a blown fuse, until it is reset" {
	story_setup
	up_empty 'sample = 1'
	deploy slow --on udp/7400 --budget 1us --on-fuse pass
	udp --count 40 --timeout 0.2 "$HOST4" 7400 || true
	assert_match "its fuse is blown \(mean run time [0-9]+ ns, budget 1000 ns\).* -> .kfaas-net reset $HOST_IF slow" "$(found wrong slow)"
	kf -q reset "$HOST_IF" slow
	healthy
}

@test "doctor: the route or rule that tells own addresses is gone; up mends it" {
	story_setup
	kf -q up "$HOST_IF"
	ip -n "$HOST_NS" -6 route del unreachable default metric 4294967295
	assert_match "the last IPv6 route, unreachable default, is gone" "$(found wrong "own addresses")"
	assert_eq "" "$(ip -n "$HOST_NS" -6 route show | grep unreachable || true)" "doctor added it"
	kf -q up "$HOST_IF"
	healthy
	ip -n "$HOST_NS" rule add pref 9 fwmark 7 lookup main
	assert_match "the IPv4 routing rule of table 253253 is gone" "$(found wrong "own addresses")"
	assert_eq "" "$(ip -n "$HOST_NS" rule show | grep 253253 || true)" "doctor added it"
	kf -q up "$HOST_IF"
	healthy
	ip -n "$HOST_NS" route flush table 253253
	assert_match "the IPv4 routing rule of table 253253, or what is in it, is gone" "$(found wrong "own addresses")"
	run -0 kf up "$HOST_IF"
	assert_eq "+ ip -4 rule pref 1: own addresses, table 253253
$HOST_IF is up" "$output"
	healthy
	ip -n "$HOST_NS" rule del pref 9 # what is ours still tells own addresses apart
	healthy
	in_host sh -c 'echo 0 >/proc/sys/net/ipv6/conf/lo/forwarding'
	assert_match "ipv6/conf/lo/forwarding is not 1" "$(found wrong "own addresses")"
	kf -q up "$HOST_IF"
	healthy
}

@test "doctor: an MTU that native XDP does not take, an interface that is down, one that is not there" {
	story_setup
	in_client ip link set dev "$CLIENT_IF" xdpdrv off # it would not let the other end have such an MTU
	in_host ip link set dev "$HOST_IF" mtu 9000
	assert_match "9000: native XDP takes .*about 3,500 -> .ip link set $HOST_IF mtu 3500" "$(found note MTU)"
	in_host ip link set dev "$HOST_IF" down
	assert_match "the interface is down.* -> .ip link set $HOST_IF up" "$(found note "$HOST_IF")"
	run -1 kf doctor nonesuch
	assert_match 'WRONG +nonesuch: there is no such interface.*--netns' "$output"
}

@test "doctor: state of an interface that was deleted is told, and left to the next command" {
	local before
	story_setup
	up_empty
	ip -n "$HOST_NS" link del "$HOST_IF"
	before=$(find "$(state_folder)" | sort)
	run -0 kf doctor
	assert_match "note +state: $HOST_IF: of an interface that was deleted or renamed" "$output"
	assert_eq "$before" "$(find "$(state_folder)" | sort)"
	kf -q ls
	assert_eq "" "$(state_folder)"
}

@test "doctor: within ip netns exec, whose bpffs is lost with it" {
	story_setup
	run -1 ip netns exec "$HOST_NS" "$KFAAS" doctor
	assert_match "WRONG +bpffs: .ip netns exec. hides .* -> .kfaas-net --netns $HOST_NS" "$output"
}
