#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# 13-accounting.bats - what is counted is what was sent; rate limits hold over time; a fuse takes a slow function out.

load lib
load story

# flood COUNT PORT [SECONDS]: so many datagrams of 64 bytes (a frame has 106), or for so long if COUNT
# is 0, whatever becomes of them; prints the microseconds that took.
flood() { in_client /usr/bin/python3 -IS "$TESTS/packet.py" --flood "$1" "${3:-0}" "$HOST4" "$2"; }
samples() { figure "$1" latency.samples "${2:-xdp}"; }

# bats test_tags=nic
@test "packets, bytes and verdicts are exact" {
	up_empty
	deploy mark --on udp/7000
	deploy verdict --name drops --on udp/7001
	deploy verdict --name passes --on udp/7002 --set verdict=2
	udp --count 500 --window 20 --size 64 "$HOST4" 7000
	flood 300 7001
	flood 200 7002
	wait_for 5 figure_is passes packets 200
	figure_is mark packets 500
	figure_is mark bytes $((500 * 106))
	figure_is mark verdicts.TX 500
	figure_is drops packets 300
	figure_is drops bytes $((300 * 106))
	figure_is drops verdicts.DROP 300
	figure_is passes verdicts.PASS 200
	assert_eq 0 "$(json '[.functions[].hooks.xdp | .missing, .limited, .fused] | add' stats "$HOST_IF")"
	# Every packet has one verdict.
	assert_eq "300 500 200" "$(json '[.functions[].hooks.xdp.verdicts | add] | sort | map(select(. > 0)) | "\(.[1]) \(.[2]) \(.[0])"' stats "$HOST_IF")"
}

@test "counters stay with the name: over replace, rollback and other changes; not over remove" {
	up_empty
	deploy mark
	udp --count 10 --size 64 "$HOST4" 7000
	kf -q replace "$HOST_IF" mark "$(object mark-two)"
	udp --count 10 --size 64 "$HOST4" 7000
	deploy verdict --on udp/1
	kf -q rollback "$HOST_IF" mark
	udp --count 10 --size 64 "$HOST4" 7000
	figure_is mark packets 30
	kf -q remove "$HOST_IF" mark
	deploy mark
	figure_is mark packets 0
}

@test "stats in text" {
	up_empty "sample = 1"
	deploy mark
	deploy verdict --on udp/7001
	udp --count 25 --size 64 "$HOST4" 7000
	run kf stats "$HOST_IF"
	assert_match '^NAME +HOOK +PACKETS +BYTES( +RATE)? +P50 +P99 +VERDICTS' "${lines[0]}"
	assert_match '^mark +xdp +25 +[0-9.]+k?.* +<[0-9.]+[nu]s +<[0-9.]+[mnu]s +TX 25' "${lines[1]}"
	assert_match '^verdict +xdp +0 +0 .*- +- *' "${lines[2]}"
	run kf stats "$HOST_IF" mark
	assert_eq 2 "${#lines[@]}"
}

@test "sampling: every packet, some, none; the histogram's sum is the samples" {
	up_empty "sample = 1"
	deploy mark
	udp --count 100 --size 64 "$HOST4" 7000
	assert_eq 100 "$(samples mark)"
	assert_eq 100 "$(json '.functions[0].hooks.xdp.latency.log2_ns | add' stats "$HOST_IF")"
	assert_eq 32 "$(json '.functions[0].hooks.xdp.latency.log2_ns | length' stats "$HOST_IF")"
	[ "$(figure mark latency.p50_ns)" -gt 0 ]
	[ "$(figure mark latency.p99_ns)" -ge "$(figure mark latency.p50_ns)" ]
	kf -q down "$HOST_IF"
	up_empty "sample = 0"
	deploy mark
	udp --count 100 --size 64 "$HOST4" 7000
	assert_eq 0 "$(samples mark)"
	assert_eq 0 "$(figure mark latency.p50_ns)"
	kf -q down "$HOST_IF"
	up_empty "sample = 16"
	deploy mark
	udp --count 320 --size 64 "$HOST4" 7000
	# One in 16 on every CPU, each beginning with its first.
	[ "$(samples mark)" -ge 20 ]
	[ "$(samples mark)" -le $((20 + $(nproc))) ]
}

@test "sampling is a setting of the interface that up changes in passing" {
	up_empty
	deploy mark
	kf save "$HOST_IF" | sed 's/^\[interface\]/&\nsample = 1/' >"$BATS_TEST_TMPDIR/config"
	kf -q up "$HOST_IF" -c "$BATS_TEST_TMPDIR/config"
	assert_eq 1 "$(json '.[0].sample' ls)"
	udp --count 10 --size 64 "$HOST4" 7000
	assert_eq 10 "$(samples mark)"
	assert_eq 1 "$(of mark .revision)"
}

# --- Missing programs

@test "a slot without its program is counted, and the packet passed" {
	local slot
	up_empty
	deploy mark
	assert_eq one "$(tell 7000)"
	slot=$(of mark .slot)
	bpftool map delete pinned "$(state_folder)/$HOST_IF/xdp/functions" key "$slot" 0 0 0
	kernel_has 7000
	kernel_has 7000
	figure_is mark missing 2
	figure_is mark packets 3
	figure_is mark verdicts.TX 1
	assert_match 'missing program 2' "$(kf stats "$HOST_IF")"
	kf -q replace "$HOST_IF" mark
	assert_eq one "$(tell 7000)"
}

# --- Rate limits

@test "a limit lets its burst through, and counts the rest" {
	up_empty
	deploy mark --limit "1/s burst 50" --on-limit drop
	udp --count 200 --window 200 --timeout "$(limit 1)" --size 64 "$HOST4" 7000 >"$BATS_TEST_TMPDIR/out" || true
	# At one a second, a few more may come while it runs.
	run jq .answered "$BATS_TEST_TMPDIR/out"
	[ "$output" -ge 50 ]
	[ "$output" -le $((50 + $(limit 5))) ]
	figure_is mark packets "$output"
	figure_is mark limited $((200 - output))
	assert_match "over limit $((200 - output))" "$(kf stats "$HOST_IF")"
}

# bats test_tags=nic
@test "a limit holds over time, whatever is done above it" {
	local us got over burst from wall least=9 # tenths of the rate
	[ -z "${KFAAS_VM-}" ] || least=3	     # an emulated CPU stands still now and then, longer than a burst lasts
	burst=400 # a second's worth: so long may no packet come, on a busy machine, without loss of the right to pass
	for over in drop pass; do
		up_empty
		deploy mark --limit "400/s burst $burst" --on-limit $over
		from=$(date +%s%N)
		us=$(flood 0 7000 4)
		got=$(figure mark packets)
		wall=$((($(date +%s%N) - from) / 1000)) # packets may still be under way when the last one is sent
		echo "$over: $got in $us us, limited $(figure mark limited)"
		[ "$(figure mark limited)" -gt "$got" ]
		[ "$got" -le $((wall * 400 / 1000000 + burst + 1)) ]
		[ "$got" -ge $((us * 400 * least / 10000000)) ]
		kf -q down "$HOST_IF"
	done
}

# crowd PORT: 40 datagrams at once, of which a limit of one a second must stop some however slow the
# machine is; sets ANSWERED, REFUSED and ANSWERS.
crowd() {
	local out
	out=$(udp --count 40 --window 40 --timeout "$(limit 1)" --size 64 --answers "$HOST4" "$1") || true
	echo "$out"
	read -r ANSWERED REFUSED ANSWERS < <(jq -r '"\(.answered) \(.refused) \(.answers | keys | join(" "))"' <<<"$out")
}

@test "over the limit: pass lets the kernel have it, the default" {
	up_empty
	deploy mark --limit "1/s burst 2"
	crowd 7000
	[ "$ANSWERED" -ge 2 ] && [ "$ANSWERED" -lt 40 ] && [ "$REFUSED" -ge 1 ]
	figure_is mark limited $((40 - ANSWERED))
}

@test "a limited function lets the chain go on with the next one" {
	up_empty
	deploy mark --name first --prio 1 --limit "1/s burst 1" --set text=first
	deploy mark --name second --prio 2 --set text=second
	crowd 7000
	assert_eq "40 0 first second" "$ANSWERED $REFUSED $ANSWERS"
}

@test "limits of instances are apart, and a new limit holds at once" {
	up_empty
	deploy mark --name a --on udp/7001 --limit "1/s burst 1" --on-limit drop
	deploy mark --name b --on udp/7002 --limit "1/s burst 100"
	crowd 7001
	[ "$ANSWERED" -ge 1 ] && [ "$ANSWERED" -lt 40 ] && [ "$REFUSED" = 0 ]
	udp --count 50 --window 10 --size 64 "$HOST4" 7002
	kf -q replace "$HOST_IF" a --limit none
	udp --count 50 --window 10 --size 64 "$HOST4" 7001
}

# --- Fuses

blown() { json '.functions[0].fuse.blown' stats "$HOST_IF" slow || true; }
is_blown() { assert_eq true "$(blown)"; }

@test "a slow function blows its fuse after 16 samples, and is passed by; ls and stats show it" {
	up_empty "sample = 1"
	deploy slow --on udp/7000 --budget 100ns
	assert_eq running "$(of slow .state)"
	# On one CPU: 16 samples in a row are over budget, then it blows. CPUs that race may lose one.
	flood 100 7000
	wait_for 5 is_blown
	run figure slow packets
	[ "$output" -ge 16 ]
	[ "$output" -le 40 ]
	figure_is slow fused $((100 - output))
	figure_is slow verdicts.DROP "$output"
	kernel_has 7000
	assert_eq "fuse blown" "$(of slow .state)"
	assert_match 'slow +1 .*fuse blown' "$(kf ls)"
	assert_match 'FUSE BLOWN: .kfaas-net reset. re-arms it' "$(kf stats "$HOST_IF")"
	[ "$(json '.functions[0].fuse.mean_ns' stats "$HOST_IF" slow)" -gt 100 ]
	assert_eq 100 "$(json '.functions[0].fuse.budget_ns' stats "$HOST_IF" slow)"
}

@test "on-fuse = drop drops what a blown function would have had" {
	up_empty "sample = 1"
	deploy slow --on udp/7000 --budget 100ns --on-fuse drop
	deploy mark --prio 90
	flood 40 7000
	wait_for 5 is_blown
	lost 7000
	figure_is mark packets 0
}

@test "a blown function lets the chain go on with the next one" {
	up_empty "sample = 1"
	deploy slow --on udp/7000 --budget 100ns --prio 1
	deploy mark --prio 90
	flood 40 7000
	wait_for 5 is_blown
	assert_eq one "$(tell 7000)"
}

@test "a function within its budget keeps its fuse" {
	up_empty "sample = 1"
	deploy mark --budget 1s
	udp --count 200 --window 10 --size 64 "$HOST4" 7000
	assert_eq false "$(json '.functions[0].fuse.blown' stats "$HOST_IF" mark || true)"
	[ "$(json '.functions[0].fuse.mean_ns' stats "$HOST_IF" mark)" -gt 0 ]
}

@test "reset, replace and rollback re-arm a fuse" {
	up_empty "sample = 1"
	deploy slow --on udp/7000 --budget 100ns
	blow() {
		flood 40 7000
		wait_for 5 is_blown
	}
	rearmed() {
		assert_eq false "$(blown)"
		assert_eq running "$(of slow .state)"
		lost 7000
	}
	blow
	run kf reset "$HOST_IF" slow
	assert_eq "0 $HOST_IF: fuse of slow is in again" "$status $output"
	run kf reset "$HOST_IF" slow
	assert_eq "0 $HOST_IF: fuse of slow was in, it is measured anew" "$status $output"
	kf -q deploy "$HOST_IF" ping
	refused 1 "ping has no fuse: .*--budget" kf reset "$HOST_IF" ping
	rearmed
	blow
	kf -q replace "$HOST_IF" slow
	rearmed
	blow
	kf -q rollback "$HOST_IF" slow
	rearmed
	blow
	# Another change is none of its business.
	deploy mark
	assert_eq true "$(blown)"
	kf -q remove "$HOST_IF" slow
	deploy slow --on udp/7000 --budget 100ns
	rearmed
}
