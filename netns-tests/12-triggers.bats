#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# 12-triggers.bats - which packets invoke a function: every kind of trigger and of frame, as bytes on the wire; which of several
# triggers wins; whose addresses are answered for.

bats_require_minimum_version 1.5.0
load lib
load story

# stamp_on ID TRIGGER [OPTION...]
stamp_on() { deploy stamp --name "s$1" --set "id=$1" --on "$2" "${@:3}"; }

# --- Kinds

# bats test_tags=nic
@test "udp/N and tcp/N: that protocol and local port, over IPv4 and IPv6" {
	up_empty
	stamp_on 1 udp/53
	stamp_on 2 tcp/80
	stamped 1 "ip4 udp:53 data:hello" "ip6 udp:53 data:hello" "ip4 udp:53" "ip4 udp:53,from=53 data:x"
	stamped 2 "ip4 tcp:80" "ip6 tcp:80 data:hello"
	unstamped "ip4 udp:54" "ip4 udp:80" "ip4 tcp:53" "ip6 tcp:53" "ip4 udp:40000,from=53" "ip6 tcp:1,from=80" \
		"ip4 sctp:53" "ip4 icmp" "arp" "type:0x88b6 zeros:60"
	figure_is s1 packets 4
	figure_is s2 packets 2
}

@test "the ends of a port range are in it, their neighbours are not" {
	up_empty
	stamp_on 1 udp/8000-8003
	stamp_on 2 udp/65535
	stamp_on 3 tcp/1-2
	refused 2 "port 0 in trigger 'tcp/0-1': ports go from 1 to 65535" stamp_on 4 tcp/0-1
	stamped 1 "ip4 udp:8000" "ip4 udp:8001" "ip6 udp:8003"
	stamped 2 "ip4 udp:65535"
	stamped 3 "ip4 tcp:1" "ip6 tcp:2"
	unstamped "ip4 udp:7999" "ip4 udp:8004" "ip6 udp:65534" "ip4 tcp:8000" "ip4 tcp:3" "ip4 tcp:0"
}

@test "an IP protocol, by its name or number" {
	up_empty
	stamp_on 1 icmp
	stamp_on 2 icmp6
	stamp_on 3 proto/47
	stamp_on 4 sctp
	stamp_on 5 tcp
	stamped 1 "ip4 icmp data:ping"
	stamped 2 "ip6 icmp6 data:ping"
	stamped 3 "ip4:proto=47 zeros:20" "ip6:proto=47 zeros:20"
	stamped 4 "ip4 sctp:9"
	stamped 5 "ip4 tcp:1" "ip6 tcp:65535"
	unstamped "ip4 udp:47" "ip4:proto=50 zeros:20" "ip6:proto=51 zeros:8"
}

@test "an ethertype, by its name or number" {
	up_empty
	stamp_on 1 arp
	stamp_on 2 ip
	stamp_on 3 ip6
	stamp_on 4 ether/0x88b6
	stamped 1 "arp"
	stamped 2 "ip4 udp:1" "ip4 icmp"
	stamped 3 "ip6 udp:1" "ip6 tcp:2"
	stamped 4 "type:0x88b6 data:x" "type:0x88b6"
	unstamped "type:0x88b7 zeros:50"
}

@test "any: every frame" {
	up_empty
	stamp_on 1 any
	stamped 1 "arp" "ip4 udp:1" "ip6 icmp6" "type:0x88b7 zeros:50" "ip4 udp:9 cut:20" "type:0x88b6" "ip4:to=192.0.2.1 tcp:9"
}

# --- Precedence

@test "the most specific trigger wins: address and port, port, narrow range, wide range, protocol, ethertype" {
	up_empty
	stamp_on 1 "udp/5000 to $HOST4"
	stamp_on 2 udp/5000
	stamp_on 3 udp/4990-5010
	stamp_on 4 udp/4000-6000
	stamp_on 5 udp
	stamp_on 6 ip
	stamped 1 "ip4 udp:5000"
	stamped 2 "ip6 udp:5000"
	stamped 3 "ip4 udp:5001" "ip6 udp:4990"
	stamped 4 "ip4 udp:4989" "ip4 udp:6000"
	stamped 5 "ip4 udp:3999" "ip6 udp:6001"
	stamped 6 "ip4 tcp:5000" "ip4 icmp"
	kf -q remove "$HOST_IF" s1
	stamped 2 "ip4 udp:5000"
	kf -q remove "$HOST_IF" s2
	stamped 3 "ip4 udp:5000"
	kf -q remove "$HOST_IF" s3
	stamped 4 "ip4 udp:5000"
	kf -q remove "$HOST_IF" s4
	stamped 5 "ip4 udp:5000"
	kf -q remove "$HOST_IF" s5
	stamped 6 "ip4 udp:5000"
	kf -q remove "$HOST_IF" s6
	unstamped "ip4 udp:5000"
}

@test "the longest 'to' prefix wins; an address that fits none falls to the next wider trigger" {
	up_empty
	stamp_on 1 "udp/53 to 192.0.2.0/24"
	stamp_on 2 "udp/53 to 192.0.2.128/25"
	stamp_on 3 "udp/53 to 192.0.2.200"
	stamp_on 4 "udp to 198.51.100.0/24"
	stamp_on 5 "ip" --scope any
	stamped 1 "ip4:to=192.0.2.1 udp:53" "ip4:to=192.0.2.127 udp:53"
	stamped 2 "ip4:to=192.0.2.128 udp:53" "ip4:to=192.0.2.255 udp:53"
	stamped 3 "ip4:to=192.0.2.200 udp:53"
	stamped 4 "ip4:to=198.51.100.7 udp:53" "ip4:to=198.51.100.7 udp:9"
	stamped 5 "ip4:to=192.0.3.1 udp:53" "ip4:to=192.0.2.1 udp:54"
}

@test "'to' an IPv6 prefix or address, and not what IPv4 has the same bits of" {
	up_empty
	stamp_on 1 "udp/53 to 2001:db8::/32"
	stamp_on 2 "udp/53 to 2001:db8:7::1"
	stamp_on 3 "icmp6 to 2001:db8::/32"
	stamped 1 "ip6:to=2001:db8::1 udp:53" "ip6:to=2001:db8:ffff::9 udp:53"
	stamped 2 "ip6:to=2001:db8:7::1 udp:53"
	stamped 3 "ip6:to=2001:db8::1 icmp6"
	unstamped "ip6:to=2001:db9::1 udp:53" "ip6 udp:53" "ip4 udp:53" "ip4:to=32.1.13.184 udp:53"
}

@test "several triggers of one function are one function" {
	up_empty
	deploy stamp --on udp/53,tcp/53 --on "icmp to $HOST4" --on arp
	stamped 1 "ip4 udp:53" "ip6 tcp:53" "ip4 icmp" "arp"
	unstamped "ip6 icmp6" "ip4 udp:54"
	assert_eq "1 4" "$(of stamp '"\(.id + 1) \(.on | length)"')"
}

# --- Frames

# bats test_tags=nic
@test "one VLAN tag, and two" {
	up_empty
	stamp_on 1 udp/53
	stamp_on 2 ether/0x88b6
	stamped 1 "vlan:100 ip4 udp:53" "vlan:4094 ip6 udp:53" "svlan:200 vlan:30 ip4 udp:53" "vlan:1 vlan:2 ip6 udp:53"
	stamped 2 "vlan:7 type:0x88b6 zeros:50" "svlan:7 vlan:9 type:0x88b6 zeros:50"
	unstamped "vlan:100 ip4 udp:54" "vlan:1 vlan:2 vlan:3 ip4 udp:53" "vlan:5 type:0x88b7 zeros:50"
}

@test "IPv4 options and IPv6 extension headers are stepped over" {
	up_empty
	stamp_on 1 udp/53
	stamped 1 "ip4:options=1 udp:53" "ip4:options=10 udp:53 data:x" "ip6 hop udp:53" "ip6 dest udp:53" \
		"ip6 routing udp:53" "ip6 auth udp:53" "ip6 hop dest routing auth dest udp:53 data:x" \
		"vlan:5 ip6 hop udp:53"
	unstamped "ip4:options=3 udp:54" "ip6 hop udp:54" "ip6 hop dest tcp:53"
}

@test "fragments never match a port; the protocol they do" {
	up_empty
	stamp_on 1 udp/53
	stamp_on 2 icmp
	unstamped "ip4:more udp:53 data:12345678" "ip4:at=8 udp:53" "ip4:at=8,more udp:53" \
		"ip6 frag:more udp:53 data:12345678" "ip6 frag:at=8 udp:53" "ip6 hop frag:at=8,more udp:53"
	# A fragment header that says "all of it" is none (RFC 6946).
	stamped 1 "ip6 frag udp:53"
	stamped 2 "ip4:more icmp data:12345678" "ip4:at=16 icmp"
}

@test "a datagram in fragments comes to its socket, although a function has its port" {
	up_empty
	deploy mark
	background in_host socat -b 65000 UDP4-RECVFROM:7000,fork PIPE
	wait_for 5 in_host sh -c 'ss -Huln sport = 7000 | grep -q .'
	udp --size 4000 --echo "$HOST4" 7000
	figure_is mark packets 0
	assert_eq one "$(tell 7000)"
}

@test "what is cut short or contradicts itself reaches only who asked for less" {
	up_empty
	stamp_on 1 udp/53
	stamp_on 2 udp
	unstamped "ip4 udp:53 cut:41" "ip4 udp:53 cut:34" "ip4 udp:53 cut:33" "ip4 udp:53 cut:15" "ip4:lie=1 udp:53" \
		"ip6 udp:53 cut:61" "ip6 udp:53 cut:53" "ip6:lie=8 udp:53" "ip4:lie=-20 udp:53" "vlan:5 ip4 udp:53 cut:17" \
		"ip6 hop udp:53 cut:60" "type:0x800" "type:0x86dd" "type:0x8100"
	stamp_on 3 ip
	stamped 3 "ip4 udp:53 cut:41" "ip4:lie=1 udp:53" "type:0x800"
	deploy stamp --name all --set id=4 --on any --prio 1
	stamped 4 "ip4 udp:53 cut:33" "ip6 udp:53 cut:53"
}

@test "padding behind the packet changes nothing" {
	up_empty
	stamp_on 1 udp/53
	stamped 1 "ip4:lie=-18 udp:53 zeros:18" "ip6:lie=-7 udp:53 zeros:7"
}

# --- Whose addresses (scope)

own_only() {
	stamped 1 "ip4 udp:53" "ip6 udp:53"
	unstamped "ip4:to=192.0.2.1 udp:53" "ip4:to=10.77.0.99 udp:53" "ip6:to=2001:db8::1 udp:53" "ip6:to=fd77::99 udp:53" \
		"ip4:to=127.0.0.1 udp:53" "ip6:to=::1 udp:53" "ip4:to=0.0.0.0 udp:53" "ip6:to=:: udp:53"
	figure_is s1 packets 2
}

# bats test_tags=nic
@test "scope local: own addresses, and nobody else's" {
	up_empty
	stamp_on 1 udp/53
	own_only
}

@test "scope local where routing rules end before the last route" {
	ip -n "$HOST_NS" rule add pref 9 to 192.0.2.0/24 unreachable
	ip -n "$HOST_NS" -6 rule add pref 9 to 2001:db8::/32 unreachable
	up_empty
	stamp_on 1 udp/53
	own_only
}

@test "scope local: broadcast and multicast go to the kernel" {
	up_empty
	stamp_on 1 udp/53
	stamp_on 2 udp/54 --scope any
	unstamped "eth:to=ff:ff:ff:ff:ff:ff ip4:to=255.255.255.255 udp:53" "eth:to=ff:ff:ff:ff:ff:ff ip4:to=10.77.0.255 udp:53" \
		"eth:to=01:00:5e:00:00:01 ip4:to=224.0.0.1 udp:53" "eth:to=33:33:00:00:00:01 ip6:to=ff02::1 udp:53" \
		"ip4:to=224.0.0.1 udp:53" "ip6:to=ff02::1 udp:53" "eth:to=ff:ff:ff:ff:ff:ff ip4 udp:53"
	stamped 2 "eth:to=ff:ff:ff:ff:ff:ff ip4:to=255.255.255.255 udp:54" "eth:to=33:33:00:00:00:01 ip6:to=ff02::1 udp:54"
}

@test "scope local: frames to another's MAC address go on, by whatever IP address" {
	up_empty
	stamp_on 1 udp/53
	stamp_on 2 udp/54 --scope any
	stamped 1 "ip4 udp:53" "ip6 udp:53"
	unstamped "eth:to=02:00:00:00:00:99 ip4 udp:53" "eth:to=02:00:00:00:00:99 ip6 udp:53" \
		"eth:to=02:00:00:00:00:99 vlan:5 ip4 udp:53"
	stamped 2 "eth:to=02:00:00:00:00:99 ip4 udp:54"
}

@test "a MAC address that changes: past functions, doctor says so, up mends it" {
	up_empty
	stamp_on 1 udp/53
	ip -n "$HOST_NS" link set "$HOST_IF" address 02:00:00:00:00:98
	wait_for 1 unstamped "eth:to=02:00:00:00:00:98 ip4 udp:53"
	run -1 kf doctor
	assert_match "WRONG +MAC address: $HOST_IF: changed since the last change" "$output"
	run kf up "$HOST_IF"
	assert_eq "0 $HOST_IF: + MAC addresses as they are now
$HOST_IF is up" "$status $output"
	run kf up "$HOST_IF"
	assert_eq "0 $HOST_IF is up; nothing to change" "$status $output"
	stamped 1 "eth:to=02:00:00:00:00:98 ip4 udp:53" "eth:to=02:00:00:00:00:98 ip6 udp:53"
	run kf doctor
	assert_no_match "MAC address" "$output"
}

@test "a bridge's MAC address is its ports' own, too" {
	ip -n "$HOST_NS" link add br0 address 02:00:00:00:00:97 type bridge
	ip -n "$HOST_NS" link set "$HOST_IF" master br0
	up_empty
	stamp_on 1 udp/53
	stamped 1 "ip4 udp:53" "eth:to=02:00:00:00:00:97 ip4 udp:53" "eth:to=02:00:00:00:00:97 ip6 udp:53"
	unstamped "eth:to=02:00:00:00:00:99 ip4 udp:53"
	kf -q down "$HOST_IF"
	ip -n "$HOST_NS" link del br0
}

@test "MAC addresses of macvlan interfaces are own" {
	need macvlan
	ip -n "$HOST_NS" link add mv0 link "$HOST_IF" address 02:00:00:00:00:96 type macvlan mode bridge
	up_empty
	stamp_on 1 udp/53
	stamped 1 "ip4 udp:53" "eth:to=02:00:00:00:00:96 ip4 udp:53"
	ip -n "$HOST_NS" link del mv0
}

@test "MAC addresses of what is on what the interface is in, or in what is on it, are own" {
	need macvlan
	ip -n "$HOST_NS" link add br0 address 02:00:00:00:00:97 type bridge
	ip -n "$HOST_NS" link set "$HOST_IF" master br0
	ip -n "$HOST_NS" link add mv0 link br0 address 02:00:00:00:00:96 type macvlan
	ip -n "$HOST_NS" link add br1 address 02:00:00:00:00:95 type bridge
	ip -n "$HOST_NS" link set mv0 master br1
	up_empty
	stamp_on 1 udp/53
	stamped 1 "ip4 udp:53" "eth:to=02:00:00:00:00:97 ip4 udp:53" "eth:to=02:00:00:00:00:96 ip4 udp:53" \
		"eth:to=02:00:00:00:00:95 ip4 udp:53"
	unstamped "eth:to=02:00:00:00:00:99 ip4 udp:53"
	kf -q down "$HOST_IF"
	ip -n "$HOST_NS" link del br1
	ip -n "$HOST_NS" link del br0
}

@test "more MAC addresses than there is room for: it is said; the same one twice takes no room" {
	local i
	need macvlan
	for i in 1 2 3 4 5 6 7; do
		ip -n "$HOST_NS" link add mv$i link "$HOST_IF" address 02:00:00:00:01:0$i type macvlan mode bridge
	done
	ip -n "$HOST_NS" link add br0 address 02:00:00:00:01:01 type bridge
	ip -n "$HOST_NS" link set mv1 master br0
	run up_empty
	assert_no_match warning "$output"
	stamp_on 1 udp/53
	stamped 1 "eth:to=02:00:00:00:01:07 ip4 udp:53"
	ip -n "$HOST_NS" link add mv8 link "$HOST_IF" address 02:00:00:00:01:08 type macvlan mode bridge
	run kf -q up "$HOST_IF"
	assert_match "warning: $HOST_IF: more than 8 MAC addresses lead to this host" "$output"
	kf -q down "$HOST_IF"
	ip -n "$HOST_NS" link del br0
	for i in 1 2 3 4 5 6 7 8; do
		ip -n "$HOST_NS" link del mv$i
	done
}

@test "scope local: every own address, also of other interfaces, secondary ones and of lo" {
	add_second
	up_empty
	ip -n "$HOST_NS" address add 192.0.2.9/32 dev lo
	ip -n "$HOST_NS" address add 198.51.100.1/24 dev "$HOST_IF"
	ip -n "$HOST_NS" address add 2001:db8:9::1/128 dev lo
	stamp_on 1 udp/53
	stamped 1 "ip4 udp:53" "ip4:to=$HOST4_2 udp:53" "ip4:to=192.0.2.9 udp:53" "ip4:to=198.51.100.1 udp:53" \
		"ip6:to=$HOST6_2 udp:53" "ip6:to=2001:db8:9::1 udp:53"
	unstamped "ip4:to=198.51.100.2 udp:53" "ip4:to=10.78.0.77 udp:53" "ip4:to=192.0.2.8 udp:53" "ip6:to=2001:db8:9::2 udp:53"
}

@test "an address added after up is answered within a second; one that was removed is not" {
	up_empty
	stamp_on 1 udp/53
	unstamped "ip4:to=192.0.2.5 udp:53" "ip6:to=2001:db8::5 udp:53"
	ip -n "$HOST_NS" address add 192.0.2.5/32 dev "$HOST_IF"
	ip -n "$HOST_NS" address add 2001:db8::5/128 dev "$HOST_IF" nodad
	wait_for 1 stamped 1 "ip4:to=192.0.2.5 udp:53"
	wait_for 1 stamped 1 "ip6:to=2001:db8::5 udp:53"
	ip -n "$HOST_NS" address del 192.0.2.5/32 dev "$HOST_IF"
	ip -n "$HOST_NS" address del 2001:db8::5/128 dev "$HOST_IF"
	wait_for 1 unstamped "ip4:to=192.0.2.5 udp:53" "ip6:to=2001:db8::5 udp:53"
	stamped 1 "ip4 udp:53"
}

@test "scope any and 'to PREFIX' say otherwise" {
	up_empty
	stamp_on 1 udp/53 --scope any
	stamp_on 2 "udp/54 to 192.0.2.0/24"
	stamped 1 "ip4:to=203.0.113.1 udp:53" "ip6:to=2001:db8::1 udp:53" "ip4 udp:53"
	stamped 2 "ip4:to=192.0.2.77 udp:54"
	unstamped "ip4:to=192.0.3.1 udp:54" "ip4 udp:54"
}

# A server behind the router, and the router's own functions on the same port.
route_story() {
	make_router
	background in_second socat UDP6-RECVFROM:7000,ipv6only=0,fork,reuseaddr PIPE
	up_empty
	deploy mark
	wait_for 5 udp --size 64 --echo "$SECOND4" 7000
}

@test "a router answers its own addresses and forwards the rest" {
	route_story
	udp --count 20 --size 64 --echo "$SECOND4" 7000
	udp --count 20 --size 64 --echo "$SECOND6" 7000
	figure_is mark packets 0
	assert_eq one "$(tell 7000)"
	assert_eq one "$(tell 7000 "$HOST6")"
	assert_eq one "$(tell 7000 "$HOST4_2")"
	assert_eq one "$(tell 7000 "$HOST6_2")"
	figure_is mark packets 4
	assert_eq 0 "$(json .fib_refused stats "$HOST_IF")"
}

@test "a router with scope any, or 'to' the others' addresses, answers for them" {
	route_story
	kf -q replace "$HOST_IF" mark --scope any
	assert_eq one "$(tell 7000 "$SECOND4")"
	assert_eq one "$(tell 7000 "$SECOND6")"
	kf -q replace "$HOST_IF" mark --scope local --on "udp/7000 to 10.78.0.0/24"
	assert_eq one "$(tell 7000 "$SECOND4")"
	assert_eq one "$(tell 7000 "$HOST4_2")"
	udp --size 64 --echo "$SECOND6" 7000
	kernel_has 7000
}

@test "with forwarding on and with it off, own addresses are answered" {
	local f
	route_story
	for f in 1 0; do
		in_host sh -c "echo $f >/proc/sys/net/ipv4/ip_forward; echo $f >/proc/sys/net/ipv6/conf/all/forwarding"
		kf -q up "$HOST_IF"
		assert_eq one "$(tell 7000)"
		assert_eq one "$(tell 7000 "$HOST6")"
		assert_eq one "$(tell 7000 "$HOST4_2")"
	done
	lost 7000 "$SECOND4"
	figure_is mark packets 6
}

@test "switching all forwarding off switches lo's off too: packets go to the kernel, it is said, and up mends it" {
	up_empty
	deploy mark
	in_host sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward; echo 0 >/proc/sys/net/ipv4/ip_forward'
	wait_for 1 kernel_has 7000
	[ "$(json .fib_refused stats "$HOST_IF" 2>/dev/null)" -gt 0 ]
	run kf -q stats "$HOST_IF"
	assert_match "warning: $HOST_IF: the kernel did not say [0-9]+ times? whether an address is its own" "$output"
	kf -q up "$HOST_IF"
	assert_eq 0 "$(json .fib_refused stats "$HOST_IF")"
	told() { [ "$(tell 7000)" = one ]; } # each CPU keeps the old answer for a moment
	wait_for 1 told
}

@test "a default route, or one that refuses, does not make every address one's own" {
	add_second
	ip -n "$HOST_NS" route add default via "$SECOND4"
	ip -n "$HOST_NS" -6 route add default via "$SECOND6"
	up_empty
	stamp_on 1 udp/53
	stamped 1 "ip4 udp:53" "ip6 udp:53"
	unstamped "ip4:to=8.8.8.8 udp:53" "ip6:to=2001:db8::1 udp:53"
	ip -n "$HOST_NS" route add blackhole 203.0.113.0/24
	ip -n "$HOST_NS" route add unreachable 198.51.100.0/24
	ip -n "$HOST_NS" route add prohibit 192.0.2.0/24
	unstamped "ip4:to=203.0.113.1 udp:53" "ip4:to=198.51.100.1 udp:53" "ip4:to=192.0.2.1 udp:53"
}
