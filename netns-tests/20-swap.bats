#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# 20-swap.bats - changes under full load: every packet is answered by the old or the new revision, none
# is lost, none gets past the function.

load lib

FLOOD=$TOP/build/netns-tests/flood
REVISION=$TOP/build/netns-tests/objects/revision.bpf.o
WATCH=$TOP/build/netns-tests/objects/watch.bpf.o
PORT=7777
REPLACES=${KFAAS_VM:+30}
REPLACES=${REPLACES:-1000}
OTHERS=${KFAAS_VM:+5} # changes of other kinds
OTHERS=${OTHERS:-40}

setup() {
	topology veth
	# Nothing but the flood's datagrams may reach the kernel behind the gate, where counters see them.
	config "$BATS_TEST_TMPDIR/base.conf" 100000000
	kf up "$HOST_IF" -c "$BATS_TEST_TMPDIR/base.conf"
	start_flood
}

config() { # FILE LIMIT
	cat >"$1" <<-END
		[function answer]
		object = $REVISION
		limit = $2/s
		on-limit = drop
	END
}

start_flood() {
	background in_client "$FLOOD" "$CLIENT_IF" "$HOST_MAC" "$CLIENT4" "$HOST4" $PORT
	FLOOD_PID=$BG_PID FLOOD_LOG=$BG_LOG
	wait_for 20 grep -q flowing "$FLOOD_LOG" || {
		cat "$FLOOD_LOG"
		return 1
	}
}

# Ends the flood; sets RESULT, after the judgement that holds for every one of these tests.
end_flood() {
	kill "$FLOOD_PID"
	wait_for 20 gone "$FLOOD_PID"
	RESULT=$(tail -n 1 "$FLOOD_LOG")
	echo "$RESULT"
	assert_eq "$(result .sent)" "$(result .answered)" "requests sent and answered"
	assert_eq 0 "$(result .unanswered)" "frames that came back without a revision"
	assert_eq 0 "$(kernel_saw)" "datagrams past the function"
	assert_eq 0 "$(counter answer missing)" "invocations of an empty slot"
	assert_eq 0 "$(counter answer limited)" "requests over the limit"
	assert_eq "$(result .sent)" "$(counter answer packets)" "requests sent and counted by the gate"
	assert_eq "$(result .sent)" "$(counter answer verdicts.TX)" "requests sent and verdicts"
}

# The answers changed so often at most: more would be an old revision that answers after the new one.
# (A change of which no request was witness, because the machine is busy, is none.)
assert_changes() { # MAX
	[ "$(result .changes)" -ge $((SLOW == 1 ? $1 / 4 : 2)) ] && [ "$(result .changes)" -le "$1" ] ||
		assert_eq "at most $1" "$(result .changes)" "changes of the answers"
}

result() { jq -r "$1" <<<"$RESULT"; }

# Datagrams that the host's kernel got from XDP, whatever became of them there.
kernel_saw() { in_host awk '/^Udp: [0-9]/ { print $2 + $3 + $4 }' /proc/net/snmp; }

@test "replace: $REPLACES times, each packet is answered by the old or the new revision" {
	local i
	for ((i = 1; i <= REPLACES; i++)); do
		kf -q replace "$HOST_IF" answer --set revision=$((i % 2 + 1))
	done
	end_flood
	assert_changes $((REPLACES + 1))
	assert_eq "1 2" "$(result '.revisions | keys | join(" ")')"
}

@test "rollback: back and forth" {
	local i
	kf -q replace "$HOST_IF" answer --set revision=2
	for ((i = 0; i < OTHERS; i++)); do kf -q rollback "$HOST_IF" answer; done
	end_flood
	assert_changes $((OTHERS + 2))
}

@test "deploy and remove of other functions, on the same port too" {
	local i
	for ((i = 0; i < OTHERS / 2; i++)); do
		kf -q deploy "$HOST_IF" "$REVISION" --name other --on udp/53 --on tcp/7000-7100 --set revision=3
		kf -q deploy "$HOST_IF" "$WATCH" --name second --on "udp/$PORT" --prio 40
		kf -q remove "$HOST_IF" other
		kf -q remove "$HOST_IF" second
	done
	end_flood
	assert_eq 1 "$(result .changes)" "times that the answers changed"
}

@test "up with changed limits" {
	local i
	for ((i = 1; i <= OTHERS; i++)); do
		config "$BATS_TEST_TMPDIR/$i.conf" $((100000000 + i))
		kf -q up "$HOST_IF" -c "$BATS_TEST_TMPDIR/$i.conf"
	done
	assert_eq $((100000000 + OTHERS)) "$(json '.. | .limit? // empty' ls "$HOST_IF")"
	end_flood
	assert_eq 1 "$(result .changes)" "times that the answers changed"
}

@test "a function for TC comes and goes, with its gates" {
	local i
	for ((i = 0; i < OTHERS / 5; i++)); do
		kf -q deploy "$HOST_IF" "$WATCH" --on udp/53 --on any
		kf -q replace "$HOST_IF" watch
		kf -q remove "$HOST_IF" watch
	done
	end_flood
	assert_eq 1 "$(result .changes)" "times that the answers changed"
}
