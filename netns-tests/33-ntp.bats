#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# 33-ntp.bats - NTP clients are answered from the kernel's clock if it is known to be good, else by the server behind.
#
# No chronyd here touches the clock: each has -x.

load lib
load story
bats_require_minimum_version 1.5.0

CHRONY=$TOP/build/netns-tests/servers/chrony
CLOCK=$(dirname "$KFAAS")/kfaas-ntp-clock
PATH=$CHRONY/usr/bin:$PATH # chronyc, for the tool
[ -z "${KFAAS_VM:-}" ] || OFFSET_MAX=0.05 # emulated

setup() {
	story_setup
	up_empty
	kf -q deploy "$HOST_IF" ntp
}

ntp() { in_client /usr/bin/python3 -IS "$TESTS/ntp.py" "$@"; }
clock() { "$CLOCK" --netns "$HOST_NS" "$@"; } # the tool

# Says that the machine's clock is right, of stratum 10.
vouch() { clock --local 10 "$HOST_IF"; }

# row FIELD VALUE...: vouch, with other values; fields by number, 1 is `updated`.
row() {
	local fields
	read -ra fields < <("$CLOCK" --local 10)
	while [ $# -gt 0 ]; do
		fields[$1]=$2
		shift 2
	done
	kf -q data put "$HOST_IF" ntp.clock "${fields[@]}"
}

# A row of so many seconds ago; unsigned, because a VM may have been up for less.
made_ago() { row 1 "$(printf %u $(($("$CLOCK" --local 10 | cut -f 2) - $1 * 1000000000)))"; }

# A chronyd on the host, behind the function. Sets SOCKET, for chronyc.
serve() { # [CONFIG LINE...]
	local dir=$BATS_TEST_TMPDIR/chrony
	SOCKET=$dir/socket
	mkdir -m 750 "$dir"
	printf '%s\n' allow "cmdport 0" "bindcmdaddress $SOCKET" "pidfile $dir/pid" "$@" >"$dir/conf"
	background in_host "$CHRONY/usr/sbin/chronyd" -x -d -u root -f "$dir/conf"
	wait_for 10 chronyc -h "$SOCKET" -c tracking
}

behind() {
	background in_host /usr/bin/python3 -IS "$TESTS/ntp.py" behind
	wait_for 10 grep -q ready "$BG_LOG"
}

answered_by() { assert_match "^answer=$1" "$(ntp ask "$HOST4")"; }

# What a client measures: by how many seconds it takes the clock to be wrong.
chronyd_asks() { # ADDRESS [SERVER OPTION...]
	in_client "$CHRONY/usr/sbin/chronyd" -x -Q -u root -t "$(limit 5)" "server $1 iburst maxsamples 1 ${*:2}" \
		"cmdport 0" "bindcmdaddress /" "pidfile $BATS_TEST_TMPDIR/pid" 2>&1 |
		sed -nE 's/.*System clock wrong by (-?[0-9.]+) seconds.*/\1/p'
}
ntpdig_asks() { in_client ntpdig -j -t "$(limit 2)" "$1" | jq .offset; }
rdate_asks() { in_client rdate -n -p -v "$1" | sed -n 's/.* by \(.*\) seconds/\1/p'; }

# Client and server have one clock, so it is the client's own delays that are measured: they come and go, and a wrong
# answer would stay wrong.
finds_clock_right() { wait_for 20 near_zero "$@"; } # CLIENT...
near_zero() {
	local offset
	offset=$("$@") || return
	assert_match '^-?[0-9]+(\.[0-9]+)?(e-[0-9]+)?$' "$offset" "an offset" || return
	jq -en --argjson is "$offset" --argjson most "${OFFSET_MAX:-0.0001}" '$is < $most and -$is < $most' >/dev/null || {
		echo "the clock is said to be $offset s wrong"
		return 1
	}
}

# All that came was answered in the kernel.
all_answered() {
	assert_eq "$(counter ntp packets)" "$(counter ntp verdicts.TX)" "packets and answers"
	[ "$(counter ntp packets)" -gt 0 ]
}

@test "chronyd, ntpdig and rdate take the answers, and find the clock right" {
	vouch
	finds_clock_right chronyd_asks "$HOST4"
	finds_clock_right chronyd_asks "$HOST6"
	finds_clock_right chronyd_asks "$HOST4" version 3
	finds_clock_right ntpdig_asks "$HOST4"
	finds_clock_right ntpdig_asks "$HOST6"
	finds_clock_right rdate_asks "$HOST4"
	all_answered
}

# bats test_tags=nic
@test "times are between the question's and the answer's, to the nanosecond" {
	vouch
	assert_match '^answer=ntp leap=0 version=4 mode=4 stratum=10 .* origin=returned beside=0 ' "$(ntp ask "$HOST4" | tr '\n' ' ')"
	assert_match ' version=3 mode=4 .* origin=returned beside=0 ' "$(ntp ask "$HOST6" 1b | tr '\n' ' ')"
	assert_eq "ntp leap=0" "$(ntp watch "$HOST4" 0.5)"
	all_answered
}

@test "an answer is what chronyd would have sent, field by field" {
	local name ours theirs n=0
	serve "local stratum 7"
	clock --chronyc-host "$SOCKET" "$HOST_IF"
	ntp ask "$HOST4" 1b >"$BATS_TEST_TMPDIR/ours"
	all_answered
	kf -q remove "$HOST_IF" ntp
	ntp ask "$HOST4" 1b >"$BATS_TEST_TMPDIR/theirs"
	while IFS='=' read -r name ours && IFS='=' read -r _ theirs <&3; do
		case $name in
		precision) [ $((ours - theirs)) -le 3 ] && [ $((theirs - ours)) -le 3 ] ;;
		# Chronyd lets the errors of its own stratum not grow.
		dispersion) [ "$ours" -ge "$theirs" ] && [ "$ours" -le $((theirs + $(limit 10))) ] ;;
		reference) [ $((ours - theirs)) -lt 70000000000 ] && [ $((theirs - ours)) -lt 70000000000 ] ;;
		took | offset | inside) ;;
		*) assert_eq "$theirs" "$ours" "$name" ;;
		esac || {
			echo "$name: $ours, chronyd: $theirs"
			return 1
		}
		n=$((n + 1))
	done <"$BATS_TEST_TMPDIR/ours" 3<"$BATS_TEST_TMPDIR/theirs"
	assert_eq 16 $n "fields"
}

@test "what is not a plain question of a client goes to the server behind" {
	vouch
	behind
	ntp sweep "$HOST4" >"$BATS_TEST_TMPDIR/got"
	assert_eq "first=1b length=48: 48 bytes
first=23 length=48: 48 bytes
first=23 length=48 from port 123: 48 bytes" "$(<"$BATS_TEST_TMPDIR/got")"
}

@test "a clock that is not known to be good answers nobody, the server behind does" {
	behind
	answered_by behind # no row yet
	vouch
	answered_by ntp
	row 10 1
	assert_match 'leap=1' "$(ntp ask "$HOST4")" "a second will be inserted"
	row 10 2
	assert_match 'leap=2' "$(ntp ask "$HOST4")" "a second will be deleted"
	row 10 3
	answered_by behind # not synchronised
	row 11 16
	answered_by behind
	made_ago 63
	[ -n "${KFAAS_VM:-}" ] || answered_by ntp
	made_ago 65
	answered_by behind # stale
	row 2 1
	answered_by behind # of a clock that has been set since
	kf -q replace "$HOST_IF" ntp --set max_age=86400
	answered_by behind # a new revision, no row
	made_ago 65
	answered_by ntp
}

dumped() { kf data dump "$HOST_IF" ntp.clock | sed '/^#/d'; }
newer_than() { [ "$(dumped | cut -f 2)" -gt "$1" ]; }
dump_matches() { assert_match "$1" "$(dumped)" "the row"; }

@test "the tool keeps the row fresh, says when chronyd is lost, and takes the row away" {
	local rc=0 pid
	serve "local stratum 7"
	background "$CLOCK" --netns "$HOST_NS" --chronyc-host "$SOCKET" --loop 1 "$HOST_IF"
	pid=$BG_PID
	wait_for 10 dump_matches $'\t0\t7\t-[0-9]+\t[0-9]+$'
	wait_for 10 newer_than "$(dumped | cut -f 2)"
	assert_eq "" "$(<"$BG_LOG")" "complaints"
	kill "${BACKGROUND[0]}" # chronyd
	wait_for 20 dump_matches $'\t3\t0\t-[0-9]+\t[0-9]+$'
	assert_match 'kfaas-ntp-clock: NTP clients are passed on: chronyc failed' "$(<"$BG_LOG")"
	kill "$pid"
	wait "$pid" || rc=$?
	assert_eq 0 $rc "exit status after SIGTERM"
	assert_eq "" "$(dumped)" "rows left"
}

times_are_right() { assert_match "=ntp .* stratum=${1:-10} .* beside=0 " "$(ntp ask "$HOST4" | tr '\n' ' ')"; } # [STRATUM]
by_kernel() { clock --kernel 1 "$HOST_IF"; }

@test "of a clock that is set meanwhile nobody gets a wrong time" {
	need clock
	behind
	ntp adjust none
	run -1 by_kernel
	assert_match 'the kernel.s clock is not synchronised' "$output"
	answered_by behind
	ntp adjust sound
	by_kernel
	times_are_right 1
	ntp step 3
	answered_by behind
	vouch
	times_are_right
	ntp step -3
	answered_by behind
	ntp tai 37
	answered_by behind
	vouch
	times_are_right
	ntp tai 0
	answered_by behind
	ntp adjust none
}

@test "in a leap second, which the kernel makes, nobody gets a wrong time" {
	need clock
	local away seen
	behind
	ntp tai 37
	away=$(date +%s)
	ntp eve 15
	away=$(($(date +%s) - away))
	ntp adjust leap
	background "$CLOCK" --netns "$HOST_NS" --kernel 1 --loop 1 "$HOST_IF"
	wait_for 10 answered_by ntp
	seen=$(ntp watch "$HOST4" 30 "ntp leap=0")
	ntp adjust none
	ntp step -$away
	echo "$seen"
	# On a busy machine a row may be late, or measured too coarsely, and the server behind answers for a moment.
	assert_match '^(ntp leap=1, behind leap=-, )+(ntp leap=0, behind leap=-, )*ntp leap=0$' \
		"$(awk 'NR > 1 { printf ", " } { printf "%s", $0 }' <<<"$seen")"
	wait_for 10 dump_matches $'\t38\t7f7f0101\t'
	ntp tai 0
}

@test "the tool refuses what makes no sense, and says so in one line" {
	refused 2 '--loop takes seconds, 1 to 86400, not 0' "$CLOCK" --loop 0 "$HOST_IF"
	refused 2 '--loop needs an interface' "$CLOCK" --loop 1
	refused 2 'a stratum is 1 to 15, not 16' "$CLOCK" --local 16
	refused 2 'a stratum is 1 to 15, not x' "$CLOCK" --kernel x
	refused 2 'do not go together' "$CLOCK" --kernel 1 --local 1
	refused 2 'IPv4 address or up to 4 characters, not LOCAL' "$CLOCK" --local 1 --refid LOCAL
	refused 2 'one interface, not eth1' "$CLOCK" eth0 eth1
	refused 2 "unrecognized option '--stratum'" "$CLOCK" --stratum
	assert_match $'\t50545000\t0\t1\t-[0-9]+\t[0-9]+$' "$("$CLOCK" --local 1 --refid PTP)"
	assert_match $'\t0a000001\t0\t2\t-[0-9]+\t[0-9]+$' "$("$CLOCK" --local 2 --refid 10.0.0.1)"
}
