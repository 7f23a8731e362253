#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# 91-demo.bats - what `make demo` shows is shown, and nothing is left of it.

load lib

DEMO=(kfaas-demo-host kfaas-demo-client)

setup() {
	all_ids >"$BATS_TEST_TMPDIR/ids"
	export KFAAS_TEST_ID=$$-${BATS_TEST_NUMBER:-0}
}
teardown() {
	end_background
	topology_down
}

demo_over() { [ ! -d "/proc/$BG_PID" ] || [[ $(<"/proc/$BG_PID/stat") == *") Z "* ]]; }

# What a section of the demo printed.
section() { awk -v title="$1" '/^\033\[1m# / { on = index($0, title); next } on' "$BG_LOG"; }

@test "the demo: clients are answered, a witness sees both ways, and nothing is left" {
	local cookie rc=0 seen
	! compgen -G "/run/netns/kfaas-demo-*" || return 1
	background "$TOP/tools/demo"
	wait_for 10 test -e "/run/netns/${DEMO[0]}"
	cookie=$(in_ns "${DEMO[0]}" /usr/bin/python3 -IS "$TESTS/wire.py" cookie)
	wait_for 30 demo_over
	wait "$BG_PID" || rc=$?
	assert_eq 0 $rc "exit status: $(<"$BG_LOG")"

	assert_match ' 0 received' "$(section "Nobody answers yet")"
	seen=$(section "ping is answered")
	assert_match ' 3 received.* 2 received' "${seen//$'\n'/ }"
	assert_match $'\nhello, kernel\n' "$(section "UDP echo")"
	assert_match $'\nhello, six$' "$(section "UDP echo")"
	seen=$(section "DNS: ")
	assert_match 'www\.example\.org\..*A.192\.0\.2\.80' "$seen"
	assert_match $'\n2001:db8::80(\n|$)' "$seen"
	seen=$(section "HTTP: ")
	assert_match $'\nok\n' "$seen"
	assert_match '308 https://\[2001:db8:77::1\]/login\?next=1' "$seen"
	assert_match '10\.77\.0\.1.* s10 ' "$(section "NTP: ")"
	seen=$(section "what was counted")
	assert_match 'ping +xdp .*TX 7' "$seen"
	assert_match 'echo +xdp .*TX 2' "$seen"
	assert_match 'count +tc-egress ' "$seen"
	seen=$(section "The witness")
	assert_eq "5 5" "$(grep -c '10.77.0.2 > 10.77.0.1: ICMP echo request' <<<"$seen") $(grep -c '10.77.0.1 > 10.77.0.2: ICMP echo reply' <<<"$seen")"
	assert_eq "2 2" "$(grep -c 'ICMP6, echo request' <<<"$seen") $(grep -c 'ICMP6, echo reply' <<<"$seen")"
	assert_match '10.77.0.2\.[0-9]+ > 10.77.0.1\.7: UDP, length 14' "$seen"
	assert_match '10.77.0.1\.7 > 10.77.0.2\.[0-9]+: UDP, length 14' "$seen"
	assert_match 'eth0 is down' "$(section "Down")"

	assert_match '^[0-9]+$' "$cookie"
	[ ! -e "$BPFFS/kfaas-net/$cookie" ]
	assert_eq "" "$(compgen -G "/run/netns/kfaas-demo-*" || true)"
	assert_eq "" "$(grep -lzsx "KFAAS_TEST_ID=$KFAAS_TEST_ID" /proc/[0-9]*/environ | grep -v "^/proc/\($$\|$BASHPID\|self\)/" |
		while read -r f; do tr '\0' ' ' <"${f%environ}cmdline"; done)" "processes"
}
