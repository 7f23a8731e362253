#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# 22-concurrency.bats - many commands at once: no error but clean ones, and consistent at the end. See
# concurrency.py for what is judged. For a minute; in a VM 20 s, unless KFAAS_LONG=1.

load lib

LONG=60
[ -z "${KFAAS_VM:-}" ] || [ -n "${KFAAS_LONG:-}" ] || LONG=20

crowd() { # WORKERS SECONDS
	OBJECTS=$TOP/build/netns-tests/objects in_client /usr/bin/python3 -IS "$TESTS/concurrency.py" \
		"$HOST_NS" "$HOST_IF" "$HOST4" "$1" "$2"
}

@test "sixteen processes deploy, replace, roll back, remove and look on one interface" {
	kf -q up "$HOST_IF"
	crowd 16 $LONG
}

@test "up and down of several interfaces of a namespace at once" {
	local i n pids=()
	for n in 0 1 2 3; do
		ip -n "$HOST_NS" link add "x$n" type veth peer name "y$n"
		ip -n "$HOST_NS" link set "x$n" up
	done
	for n in 0 1 2 3; do
		(
			for ((i = 0; i < ${KFAAS_VM:+-7}+10; i++)); do
				kf -q up "x$n" && kf -q ls "x$n" >/dev/null && kf -q down "x$n" || exit 1
			done
		) 2>"$BATS_TEST_TMPDIR/x$n" 3>&- &
		pids+=($!)
	done
	for n in 0 1 2 3; do
		wait "${pids[n]}" || {
			cat "$BATS_TEST_TMPDIR/x$n"
			false
		}
	done
	assert_eq "" "$(state_folder)"
	assert_eq 0 "$(in_host cat /proc/sys/net/ipv4/conf/lo/forwarding)"
	assert_no_match 'unreachable default' "$(ip -n "$HOST_NS" route show table all)"
	assert_no_match 'unreachable default' "$(ip -n "$HOST_NS" -6 route show table all)"
}
