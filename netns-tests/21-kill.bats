#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# 21-kill.bats - kill -9 at every system call of a command that could leave something behind: before or
# after, never in between; the next command puts it in order. See kill.py for what is judged.
#
# KFAAS_LONG=1: at every call also of the commands of which otherwise some are tried, and in a VM, where
# otherwise a few bpf() and netlink calls are, and of what only a VM can do (components) some of each kind.

load lib

setup() {
	strace -qq -o /dev/null true || skip "kernel or container lacks ptrace"
	topology veth
}

# kill_at_calls SCENARIO [EVERY]: at each so manieth call, of each kind.
kill_at_calls() {
	local every=${2:-1} calls=""
	if [ -n "${KFAAS_VM:-}" ]; then
		every=$((every * 30))
		[[ $1 = *component ]] || every=$((every * 2)) calls="bpf sendto"
	fi
	[ -z "${KFAAS_LONG:-}" ] || every=1 calls=""
	OBJECTS=$TOP/build/netns-tests/objects KILL_EVERY=$every KILL_CALLS=$calls \
		in_client /usr/bin/python3 -IS "$TESTS/kill.py" "$1" "$HOST_NS" "$HOST_IF" "$HOST4"
}

@test "up" { kill_at_calls up; }
@test "deploy" { kill_at_calls deploy; }
@test "replace" { kill_at_calls replace; }
@test "rollback" { kill_at_calls rollback 3; }
@test "remove" { kill_at_calls remove; }
@test "down" { kill_at_calls down; }
@test "up with a config that changes several functions at once" { kill_at_calls several 3; }
@test "up with a config that changes functions which share a slot" { kill_at_calls twins 3; }
@test "deploy of a function for XDP and TC" { kill_at_calls deploy-tc 5; }
@test "remove of a function for XDP and TC" { kill_at_calls remove-tc 5; }

@test "deploy, replace and remove of a component" {
	need ext
	kill_at_calls deploy-component
	kill_at_calls replace-component
	kill_at_calls remove-component
}
