#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# 00-topology.bats - the ground the other tests stand on: wires carry frames, witnesses see all, leftovers are noticed.

load lib

BOUNCE=$TOP/build/netns-tests/bounce.bpf.o

bounce_on_host() { in_host ip link set dev "$HOST_IF" xdpdrv obj "$BOUNCE" sec xdp; }
bounce_off() { in_host ip link set dev "$HOST_IF" xdpdrv off; }

# What follows the MAC addresses, to the length of the shortest Ethernet frame.
frame() { printf '%s%s%-92s' "${HOST_MAC//:/}" "${CLIENT_MAC//:/}" "$1" | tr ' ' 0; }
back() { printf '%s%s%-92s\n' "${CLIENT_MAC//:/}" "${HOST_MAC//:/}" "$1" | tr ' ' 0; }

# bats test_tags=nic
@test "client and host reach each other over IPv4 and IPv6" {
	in_client ping -c 2 -i 0.2 -W "$(limit 2)" "$HOST4"
	in_client ping -c 2 -i 0.2 -W "$(limit 2)" "$HOST6"
	in_host ping -c 1 -W "$(limit 2)" "$CLIENT4"
}

# bats test_tags=nic
@test "native XDP on the host sends frames back to the client, tagged ones with their tag" {
	bounce_on_host
	assert_eq "$(back 88b6c0ffee)" "$(frames "$(frame 88b6c0ffee)")"
	assert_eq "$(back 8100006488b6beef)" "$(frames "$(frame 8100006488b6beef)")"
	no_frames --match c0ffee "$(frame 88b7c0ffee)"
	bounce_off
}

# bats test_tags=nic
@test "a witness sees every packet and not one more" {
	in_client ping -c 1 -W "$(limit 2)" "$HOST4" # neighbours know each other
	capture "$CLIENT_NS" "$CLIENT_IF" icmp
	in_client ping -c 20 -i 0.002 -W "$(limit 2)" "$HOST4"
	captured >"$BATS_TEST_TMPDIR/text"
	assert_eq 20 "$(grep -c 'echo request' "$BATS_TEST_TMPDIR/text")" "requests seen"
	assert_eq 20 "$(captured_count "src $HOST4 and icmp[icmptype] == icmp-echoreply")" "replies seen"
	assert_eq 40 "$(wc -l <"$BATS_TEST_TMPDIR/text")" "packets seen"
}

@test "two witnesses at once keep apart" {
	capture "$HOST_NS" "$HOST_IF" "udp port 7"
	local host=$CAPTURE
	capture "$CLIENT_NS" "$CLIENT_IF" "udp port 9"
	background in_host socat -u UDP4-RECV:9 /dev/null
	in_client sh -c "echo x | socat -u - UDP4-SENDTO:$HOST4:9"
	captured
	captured "$host"
	assert_eq 1 "$(captured_count udp)"
	assert_eq 0 "$(captured_count "$host" udp)"
}

# bats test_tags=nic
@test "the UDP client counts answers, and knows wrong ones and none" {
	background in_host socat UDP6-RECVFROM:7,ipv6only=0,fork,reuseaddr PIPE
	wait_for 5 udp "$HOST4" 7
	assert_match '"sent": 10, "answered": 10, "wrong": 0' "$(udp --count 10 --echo "$HOST4" 7)"
	assert_match '"answered": 2, .*"answers": \{"hello": 2\}' "$(udp --count 2 --data hello --answers "$HOST6" 7)"
	run udp "$HOST4" 8
	assert_eq 1 "$status"
	assert_match '"answered": 0, "wrong": 0, "refused": 1' "$output"
}

@test "a router's two sides reach each other through it" {
	make_router
	in_client ping -c 1 -W "$(limit 2)" "$SECOND4"
	in_client ping -c 1 -W "$(limit 2)" "$SECOND6"
}

@test "VLAN tags stay in the frame, where XDP sees them" {
	vlan 100
	in_client ping -c 1 -W "$(limit 2)" "$HOST4_VLAN"
	capture "$CLIENT_NS" "$CLIENT_IF" "vlan 100 and ip6"
	in_client ping -c 1 -W "$(limit 2)" "$HOST6_VLAN"
	captured
	assert_eq 2 "$(captured_count 'vlan 100 and icmp6 and (ip6[40] == 128 or ip6[40] == 129)')"
}

@test "two tags, one in the other" {
	vlan 200 30
	in_client ping -c 1 -W "$(limit 2)" "$HOST4_VLAN"
}

@test "commands in the host's namespace see this bpffs" {
	local pin=$BPFFS/kfaas-test-$$
	bpftool map create "$pin" type array key 4 value 4 entries 1 name kfaas_test
	in_host test -e "$pin" || {
		rm -f "$pin"
		false
	}
	rm "$pin"
}

@test "waiting ends when the condition holds, and in time when it never does" {
	local marker=$BATS_TEST_TMPDIR/marker
	background sh -c "sleep 0.3; touch $marker"
	wait_for 5 test -e "$marker"
	SLOW=1 run wait_for 1 test -e /nonesuch
	assert_eq 1 "$status"
	assert_match 'waited in vain for: test -e /nonesuch' "$output"
}

@test "a feature is what the kernel does when asked" {
	has clsact
	run need nonesuch
	assert_eq 1 "$status"
	assert_eq "unknown feature nonesuch" "$output"
	if has tcx; then run has no-tcx; else run has tcx; fi
	assert_eq 1 "$status"
}

@test "what a test leaves on an interface fails its teardown" {
	bounce_on_host
	in_host tc qdisc add dev "$HOST_IF" clsact
	run topology_down
	assert_eq 1 "$status"
	assert_match "XDP program on $HOST_IF" "$output"
	assert_match "qdisc clsact on $HOST_IF" "$output"
	[ ! -e "/run/netns/$HOST_NS" ]
	[ ! -e "/run/netns/$CLIENT_NS" ]
}

@test "state left in bpffs fails its teardown" {
	local folder
	folder=$BPFFS/kfaas-net/$(in_host /usr/bin/python3 "$TESTS/wire.py" cookie)
	mkdir -p "$folder/$HOST_IF"
	bpftool map create "$folder/$HOST_IF/map" type array key 4 value 4 entries 1 name kfaas_test
	SLOW=1 KFAAS=/bin/false run topology_down
	rm -r "$folder"
	rmdir --ignore-fail-on-non-empty "$BPFFS/kfaas-net"
	assert_eq 1 "$status"
	assert_match "down $HOST_IF failed" "$output"
	assert_match "$folder/$HOST_IF/map" "$output"
	assert_match "map [0-9]+|[0-9]+: array +name kfaas_test" "$output"
}

@test "an emulated machine takes its time from the HPET, not from the processor's counter" {
	[ -n "${KFAAS_VM:-}" ] || skip "not an emulated machine: the kernel takes its clock from this one"
	assert_eq hpet "$(cat /sys/devices/system/clocksource/clocksource0/current_clocksource)"
}
