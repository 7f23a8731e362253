#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# 15-tc.bats - functions with programs for several hooks, and the gates at tc-ingress and tc-egress: beside what others have there, and gone when nobody needs them.

load lib
load story

# What hooks.bpf.c has counted, by its own answer: "x001i001e000".
read_hooks() { udp --hex "72656164$(printf '%0120d' 0)" --answers "$HOST4" 7300 | jq -r '.answers | keys[0]'; }
# How many TC gates are attached.
tc_gates() { json '[.[0].gates | del(.xdp)[] | select(.attached)] | length' ls "$HOST_IF"; }
tc_mode() { if has tcx; then echo tcx; else echo clsact; fi; }
server() { # PORT [IPv4 ADDRESS]: a UDP echo that the kernel serves
	if [ $# = 2 ]; then
		background in_host socat "UDP4-RECVFROM:$1,bind=$2,fork,reuseaddr" PIPE
	else
		background in_host socat "UDP6-RECVFROM:$1,ipv6only=0,fork,reuseaddr" PIPE
	fi
	wait_for 5 in_host sh -c "ss -Huln sport = $1 | grep -q '${2:-.}'"
}

# bats test_tags=nic
@test "one object with a program for each hook: deployed as one, counting in one map" {
	up_empty
	run kf deploy "$HOST_IF" "$(object hooks)"
	assert_eq 0 "$status"
	assert_match "gate attached at tc-ingress \($(tc_mode)\)" "$output"
	assert_match "gate attached at tc-egress \($(tc_mode)\)" "$output"
	assert_eq '["xdp","tc-ingress","tc-egress"]' "$(of hooks '.hooks | tojson')"
	assert_eq "$(tc_mode) $(tc_mode) true true" \
		"$(json '.[0].gates | "\(.["tc-ingress"].mode) \(.["tc-egress"].mode) \(.["tc-ingress"].attached) \(.["tc-egress"].attached)"' ls)"
	server 7300
	assert_eq x000i000e000 "$(read_hooks)"
	udp --count 7 --echo "$HOST4" 7300
	udp --count 2 --echo "$HOST6" 7300
	assert_eq x009i009e009 "$(read_hooks)"
	figure_is hooks packets 11 xdp
	figure_is hooks packets 9 tc-ingress
	figure_is hooks packets 9 tc-egress
	figure_is hooks verdicts.UNSPEC 9 tc-egress
	figure_is hooks bytes $((7 * 74 + 2 * 94)) tc-ingress
	figure_is hooks bytes $((7 * 74 + 2 * 94)) tc-egress
}

@test "the function count sees packets at all its hooks" {
	[ -e "$TOP/functions/count/count.bpf.c" ] || skip "no function count in this build"
	kf -q up "$HOST_IF"
	kf -q deploy "$HOST_IF" count --on udp/7300
	server 7300
	udp --count 12 --echo "$HOST4" 7300
	figure_is count packets 12 xdp
	figure_is count verdicts.PASS 12 xdp
	figure_is count packets 12 tc-ingress
	figure_is count packets 12 tc-egress
}

@test "replace and rollback change all hooks at once, and share maps as they did" {
	up_empty
	deploy hooks
	server 7300
	udp --count 3 --echo "$HOST4" 7300
	kf -q replace "$HOST_IF" hooks
	assert_eq x000i000e000 "$(read_hooks)"
	udp --count 2 --echo "$HOST4" 7300
	assert_eq x002i002e002 "$(read_hooks)"
	kf -q replace "$HOST_IF" hooks --keep-data
	udp --count 1 --echo "$HOST4" 7300
	assert_eq x003i003e003 "$(read_hooks)"
	kf -q rollback "$HOST_IF" hooks
	udp --count 1 --echo "$HOST4" 7300
	assert_eq x004i004e004 "$(read_hooks)"
	assert_eq 2 "$(tc_gates)"
}

@test "a function that takes a hook less leaves that gate, one that takes a hook more gets it" {
	up_empty
	deploy hooks
	assert_eq 2 "$(tc_gates)"
	kf -q replace "$HOST_IF" hooks "$(object hooks-in)"
	assert_eq '["tc-ingress"]' "$(of hooks '.hooks | tojson')"
	server 7300
	udp --count 3 --echo "$HOST4" 7300
	figure_is hooks packets 3 tc-ingress
	kf -q rollback "$HOST_IF" hooks
	assert_eq 2 "$(tc_gates)"
	udp --count 3 --echo "$HOST4" 7300
	assert_eq x003i003e003 "$(read_hooks)"
}

# bats test_tags=nic
@test "egress: the local side is the source, and drop keeps the answer from the wire" {
	up_empty
	server 7300
	server 7301
	deploy hooks --set egress_verdict=2
	capture "$CLIENT_NS" "$CLIENT_IF" "udp and src host $HOST4"
	udp --count 1 --echo "$HOST4" 7301
	lost 7300 "$HOST4" 5
	captured
	assert_eq 0 "$(captured_count "udp src port 7300")"
	assert_eq 1 "$(captured_count "udp src port 7301")"
	figure_is hooks verdicts.SHOT 5 tc-egress
	figure_is hooks packets 5 tc-ingress
	# To that port from here is not from it.
	background in_client socat UDP4-RECVFROM:7300,fork PIPE
	wait_for 5 in_client sh -c 'ss -Huln sport = 7300 | grep -q .'
	in_host /usr/bin/python3 -IS "$TESTS/wire.py" udp --timeout "$(limit 2)" --count 4 --echo "$CLIENT4" 7300
	figure_is hooks packets 5 tc-egress
	figure_is hooks packets 5 tc-ingress
}

@test "egress: 'to' names the local address, and has no scope" {
	up_empty
	ip -n "$HOST_NS" address add 10.77.0.9/24 dev "$HOST_IF"
	server 7300 "$HOST4"
	server 7300 10.77.0.9
	deploy hooks --on "udp/7300 to 10.77.0.9" --set egress_verdict=2
	udp --count 2 --echo "$HOST4" 7300
	lost 7300 10.77.0.9 2
	figure_is hooks packets 2 tc-egress
	figure_is hooks packets 2 tc-ingress
}

@test "ingress: a verdict ends the chain, drop keeps the packet from the kernel" {
	up_empty
	server 7300
	deploy hooks-in --name first --on udp/7300 --prio 1 --set verdict=-1
	deploy hooks-in --name second --on udp/7300 --prio 2 --set verdict=2
	deploy hooks-in --name third --on udp/7300 --prio 3
	lost 7300 "$HOST4" 3
	figure_is first verdicts.UNSPEC 3 tc-ingress
	figure_is second verdicts.SHOT 3 tc-ingress
	figure_is third packets 0 tc-ingress
	kf -q replace "$HOST_IF" second --set verdict=0
	udp --echo "$HOST4" 7300
	figure_is second verdicts.OK 1 tc-ingress
	figure_is third packets 1 tc-ingress
}

@test "limits hold at tc-ingress and tc-egress as at xdp" {
	up_empty
	server 7300
	deploy hooks-in --on udp/7300 --limit "1/s burst 10" --on-limit drop
	udp --count 30 --window 30 --timeout 1 --echo "$HOST4" 7300 >"$BATS_TEST_TMPDIR/out" || true
	run jq .answered "$BATS_TEST_TMPDIR/out"
	[ "$output" -ge 10 ]
	[ "$output" -le $((10 + $(limit 4))) ]
	figure_is hooks-in packets "$output" tc-ingress
	figure_is hooks-in limited $((30 - output)) tc-ingress
}

@test "tagged frames match behind their tag, which TC has apart from the frame" {
	vlan 100
	up_empty
	deploy hooks
	server 7300
	udp --count 3 --echo "$HOST4_VLAN" 7300
	figure_is hooks packets 3 xdp
	figure_is hooks packets 3 tc-ingress
	figure_is hooks packets 3 tc-egress
}

@test "a router's transit traffic: ingress with scope local leaves it alone, egress is asked by source only" {
	make_router
	background in_second socat UDP4-RECVFROM:7300,fork PIPE
	up_empty
	deploy hooks
	wait_for 5 udp --echo "$SECOND4" 7300
	figure_is hooks packets 0 xdp
	figure_is hooks packets 0 tc-ingress
}

@test "the last TC function takes its gates with it; those of others stay to the end" {
	local before
	up_empty
	deploy mark
	before=$(everything)
	deploy hooks
	deploy hooks-in --on udp/7300
	assert_eq 2 "$(tc_gates)"
	run kf remove "$HOST_IF" hooks
	assert_match "gate detached from tc-egress" "$output"
	assert_eq 1 "$(tc_gates)"
	assert_eq '["tc-ingress","xdp"]' "$(json '.[0].gates | keys | tojson' ls)"
	kf -q remove "$HOST_IF" hooks-in
	assert_eq 0 "$(tc_gates)"
	assert_eq "$before" "$(everything)"
}

@test "where the kernel has no TCX: a clsact qdisc of ours comes and goes" {
	need no-tcx
	up_empty
	assert_no_match clsact "$(in_host tc qdisc show dev "$HOST_IF")"
	deploy hooks
	assert_match clsact "$(in_host tc qdisc show dev "$HOST_IF")"
	assert_match kfaas_gate_tc "$(in_host tc filter show dev "$HOST_IF" egress)"
	kf -q remove "$HOST_IF" hooks
	assert_no_match clsact "$(in_host tc qdisc show dev "$HOST_IF")"
}

@test "somebody's qdisc and filter stay, and go on working, after remove and after down" {
	may_stay qdisc
	in_host tc qdisc add dev "$HOST_IF" clsact
	in_host tc filter add dev "$HOST_IF" ingress pref 5 bpf da obj "$(object hooks-in)" sec classifier
	in_host tc filter add dev "$HOST_IF" egress pref 5 bpf da obj "$(object hooks-in)" sec classifier
	theirs() { in_host tc filter show dev "$HOST_IF" "$1" | grep -c 'pref 5 bpf .*hooks-in' || true; }
	up_empty
	deploy hooks
	server 7300
	udp --count 2 --echo "$HOST4" 7300
	figure_is hooks packets 2 tc-egress
	kf -q remove "$HOST_IF" hooks
	assert_eq "1 1" "$(theirs ingress) $(theirs egress)"
	deploy hooks
	kf -q down "$HOST_IF"
	assert_eq "1 1" "$(theirs ingress) $(theirs egress)"
	assert_match clsact "$(in_host tc qdisc show dev "$HOST_IF")"
	assert_no_match kfaas "$(in_host tc filter show dev "$HOST_IF" ingress; in_host tc filter show dev "$HOST_IF" egress)"
}

@test "a filter that somebody put into our clsact qdisc keeps it" {
	need no-tcx
	may_stay qdisc
	up_empty
	deploy hooks
	in_host tc filter add dev "$HOST_IF" ingress pref 5 bpf da obj "$(object hooks-in)" sec classifier
	kf -q remove "$HOST_IF" hooks
	assert_match 'pref 5 bpf' "$(in_host tc filter show dev "$HOST_IF" ingress)"
	assert_eq 0 "$(tc_gates)"
	kf -q down "$HOST_IF"
	assert_match 'pref 5 bpf' "$(in_host tc filter show dev "$HOST_IF" ingress)"
}

@test "a failure at one hook leaves none behind" {
	local before
	up_empty
	deploy mark
	before=$(everything)
	refused 2 "ingress_verdict" deploy hooks --set ingress_verdict=9999999999
	assert_eq "$before" "$(everything)"
	assert_eq one "$(tell 7000)"
	refused 2 "only a function for xdp alone can be a component" deploy hooks --component 20
	assert_eq "$before" "$(everything)"
}
