#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# 10-up-down.bats - attaching and detaching: what `up` makes, that it makes it once, that `ls` shows it, and that `down` takes all of it and nothing else.

load lib
load story

gate() { json ".[0].gates.xdp.$1" ls "$HOST_IF"; }
sysctl_lo() { in_host cat "/proc/sys/net/$1/conf/lo/forwarding"; }
# How many there are, IPv4 and IPv6.
our_rules() {
	ip -n "$HOST_NS" rule show | grep -c 253253 || true
	ip -n "$HOST_NS" -6 rule show | grep -c 253253 || true
}
our_routes() {
	ip -n "$HOST_NS" route show table default 2>/dev/null | grep -c 'unreachable default proto 253' || true
	ip -n "$HOST_NS" -6 route show | grep -c 'unreachable default .*proto 253' || true
}
pings() { in_client ping -c 1 -W "$(limit 2)" "$1"; }

# bats test_tags=nic
@test "up without a config deploys ping, which answers in the kernel's place" {
	kf up "$HOST_IF"
	assert_eq "ping" "$(names)"
	in_host sh -c 'echo 1 >/proc/sys/net/ipv4/icmp_echo_ignore_all; echo 1 >/proc/sys/net/ipv6/icmp/echo_ignore_all'
	pings "$HOST4"
	pings "$HOST6"
	figure_is ping packets 2
	figure_is ping verdicts.TX 2
	kf down "$HOST_IF"
	run pings "$HOST4"
	assert_eq 1 "$status" "ping after down"
}

@test "up says what it does; up again changes nothing" {
	local before
	run kf up "$HOST_IF"
	assert_eq 0 "$status"
	assert_match '\+ deploy ping \(icmp, icmp6\)' "$output"
	assert_match "$HOST_IF: gate attached at xdp \(native" "$output"
	kf -q deploy "$HOST_IF" "$(object mark)"
	before=$(everything; prog_of ping; prog_of mark; kf --json ls)
	run kf up "$HOST_IF"
	assert_eq 0 "$status"
	assert_eq "$HOST_IF is up; nothing to change" "$output"
	assert_eq "$before" "$(everything; prog_of ping; prog_of mark; kf --json ls)"
	assert_eq one "$(tell 7000)"
}

# bats test_tags=nic
@test "down removes every pin, program, map, route and switch" {
	local before
	before=$(everything)
	kf -q up "$HOST_IF"
	deploy hooks
	deploy mark --on "udp/7001 to $HOST4"
	pinned_ids "$(state_folder)" >"$BATS_TEST_TMPDIR/pinned"
	[ "$(grep -c ^prog "$BATS_TEST_TMPDIR/pinned")" -ge 5 ]
	[ "$(grep -c ^map "$BATS_TEST_TMPDIR/pinned")" -ge 18 ]
	run kf down "$HOST_IF"
	assert_eq 0 "$status"
	assert_match "$HOST_IF is down" "$output"
	assert_eq "" "$(state_folder)"
	wait_for 5 pinned_gone
	assert_eq "$before" "$(everything)"
	refused 1 "$HOST_IF is not up: run .kfaas-net up $HOST_IF. first" kf down "$HOST_IF"
}

@test "down and up again: counters begin anew" {
	kf -q up "$HOST_IF"
	pings "$HOST4"
	figure_is ping packets 1
	kf -q down "$HOST_IF"
	kf -q up "$HOST_IF"
	figure_is ping packets 0
	pings "$HOST4"
	figure_is ping packets 1
}

@test "forwarding of lo is switched on for the namespace, and off again by the last down" {
	add_second
	assert_eq 0 "$(sysctl_lo ipv4)"
	kf -q up "$HOST_IF"
	assert_eq "1 1" "$(sysctl_lo ipv4) $(sysctl_lo ipv6)"
	kf -q up "$HOST_IF2"
	assert_eq $'1\n1' "$(our_routes)"
	assert_eq $'0\n0' "$(our_rules)" "a rule would cost every packet"
	kf -q down "$HOST_IF"
	assert_eq "1 1" "$(sysctl_lo ipv4) $(sysctl_lo ipv6)"
	assert_eq $'1\n1' "$(our_routes)"
	in_second ping -c 1 -W "$(limit 2)" $HOST4_2
	kf -q down "$HOST_IF2"
	assert_eq "0 0" "$(sysctl_lo ipv4) $(sysctl_lo ipv6)"
	assert_eq $'0\n0' "$(our_routes)"
}

@test "forwarding of lo that was on before stays on" {
	in_host sh -c 'echo 1 >/proc/sys/net/ipv4/conf/lo/forwarding'
	kf -q up "$HOST_IF"
	kf -q up "$HOST_IF"
	kf -q down "$HOST_IF"
	assert_eq "1 0" "$(sysctl_lo ipv4) $(sysctl_lo ipv6)"
}

@test "up mends the route and the switch if somebody took them" {
	kf -q up "$HOST_IF"
	in_host sh -c 'echo 0 >/proc/sys/net/ipv4/conf/lo/forwarding'
	ip -n "$HOST_NS" route del unreachable default metric 4294967295 table default
	ip -n "$HOST_NS" -6 route del unreachable default metric 4294967295
	run kf up "$HOST_IF"
	assert_eq "0 + net/ipv4/conf/lo/forwarding = 1
+ ip -4 route unreachable default, behind all others
+ ip -6 route unreachable default, behind all others
$HOST_IF is up" "$status $output"
	assert_eq 1 "$(sysctl_lo ipv4)"
	assert_eq $'1\n1' "$(our_routes)"
	pings "$HOST4"
	figure_is ping packets 1
}

# map_of NAME: the file that the interface's map is pinned as.
map_of() { echo "$(state_folder)/${HOST_IF//./%2e}/$1"; }

@test "up of what cannot be read fails, and its functions go on" {
	local key
	kf -q up "$HOST_IF"
	deploy mark
	in_host sh -c 'echo 1 >/proc/sys/net/ipv4/icmp_echo_ignore_all'
	key=$(bpftool -j map dump pinned "$(map_of records)" | jq -r '[.[].key | join(" ")] | sort | last')
	# shellcheck disable=SC2086 # bytes
	bpftool map delete pinned "$(map_of records)" key hex ${key//0x/}
	refused 1 "is damaged: .*; .down. removes it" kf up "$HOST_IF"
	pings "$HOST4"
	assert_eq one "$(tell 7000)"
	kf -q down "$HOST_IF"
	assert_eq "" "$(state_folder)"
}

@test "what another version brought up is left alone, and the other interfaces are not" {
	local was
	add_second
	kf -q up "$HOST_IF"
	was=$(bpftool -j map lookup pinned "$(map_of control)" key hex 0 0 0 0 | jq -r '.value | join(" ")')
	was=${was//0x/}
	# shellcheck disable=SC2086 # bytes
	bpftool map update pinned "$(map_of control)" key hex 0 0 0 0 value hex 63 ${was#* }
	refused 1 "$HOST_IF was brought up by another version of kfaas-net \(ABI 99, .*: run .down. with that version" \
		kf down "$HOST_IF"
	kf -q up "$HOST_IF2"
	in_second ping -c 1 -W "$(limit 2)" $HOST4_2
	pings "$HOST4"
	# shellcheck disable=SC2086
	bpftool map update pinned "$(map_of control)" key hex 0 0 0 0 value hex $was
}

@test "what others have set stays: a rule at our priority, a qdisc, a filter" {
	may_stay qdisc
	ip -n "$HOST_NS" rule add pref 1 fwmark 7 lookup main
	ip -n "$HOST_NS" route add unreachable 192.0.2.0/24 table 253253
	ip -n "$HOST_NS" -6 route add unreachable default metric 4294967295
	in_host tc qdisc add dev "$HOST_IF" clsact
	in_host tc filter add dev "$HOST_IF" ingress pref 5 bpf da obj "$(object hooks-in)" sec classifier
	kf -q up "$HOST_IF"
	deploy hooks
	assert_eq $'1\n0' "$(our_rules)"
	assert_eq $'0\n0' "$(our_routes)"
	kf -q down "$HOST_IF"
	assert_match 'unreachable default' "$(ip -n "$HOST_NS" -6 route show)"
	assert_match '^1:.*fwmark 0x7 lookup main' "$(ip -n "$HOST_NS" rule show pref 1)"
	assert_match '192.0.2.0/24' "$(ip -n "$HOST_NS" route show table 253253)"
	assert_no_match 'default' "$(ip -n "$HOST_NS" route show table 253253)"
	assert_match clsact "$(in_host tc qdisc show dev "$HOST_IF")"
	assert_match 'pref 5 bpf .*hooks-in' "$(in_host tc filter show dev "$HOST_IF" ingress)"
}

@test "mode generic" {
	kf -q up "$HOST_IF" --mode generic
	assert_eq generic "$(gate mode)"
	assert_match 'xdpgeneric' "$(ip -n "$HOST_NS" link show dev "$HOST_IF")"
	pings "$HOST4"
	figure_is ping verdicts.TX 1
}

# bats test_tags=nic
@test "mode native" {
	kf -q up "$HOST_IF" --mode native
	assert_eq native "$(gate mode)"
	pings "$HOST4"
	figure_is ping verdicts.TX 1
}

@test "another mode than the one it is up in is refused, and nothing changes" {
	local before
	kf -q up "$HOST_IF" --mode generic
	before=$(everything)
	refused 1 "$HOST_IF is up in mode generic: .down. first, to attach it in mode native" kf -q up "$HOST_IF" --mode native
	assert_eq "$before" "$(everything)"
	pings "$HOST4"
	figure_is ping packets 1
}

@test "what cannot be had is refused before anything is made" {
	local before
	before=$(everything)
	refused 2 "--mode 'fast': it is auto, native, generic or offload" kf up "$HOST_IF" --mode fast
	refused 2 "--require 'speed': it is native, multiprog or frags" kf up "$HOST_IF" --require speed
	refused 2 "no interface 'nonesuch' here" kf up nonesuch
	refused 2 "no network namespace 'nonesuch'" "$KFAAS" --netns nonesuch up "$HOST_IF"
	refused 1 "mode offload cannot be had" kf -q up "$HOST_IF" --mode offload
	assert_eq "$before" "$(everything)"
}

@test "an interface without Ethernet frames is refused" {
	ip -n "$HOST_NS" tuntap add name tun0 mode tun || skip "kernel lacks TUN devices"
	refused 2 "tun0 carries no Ethernet frames .link type 65534" kf -q up tun0
}

@test "what is required later, and the running gate is not, is refused; the gate answers on" {
	local before
	kf -q up "$HOST_IF" --mode generic
	before=$(xdp_id "$HOST_NS" "$HOST_IF")
	refused 1 "$HOST_IF is up, but in mode generic, not native as required" kf -q up "$HOST_IF" --require native
	refused 1 "$HOST_IF is up, but its gate does not take frames of several buffers .frags. as required: .down. first" \
		kf -q up "$HOST_IF" --require frags
	has ext || refused 1 "its gate is attached alone, not through libxdp's dispatcher as required" \
		kf -q up "$HOST_IF" --require multiprog
	assert_eq "$before" "$(xdp_id "$HOST_NS" "$HOST_IF")"
	pings "$HOST4"
	assert_eq 1 "$(counter ping packets)"
}

@test "require multiprog is met or refused in words" {
	if has ext; then
		kf -q up "$HOST_IF" --require multiprog
		assert_eq true "$(gate multiprog)"
		pings "$HOST4"
		figure_is ping packets 1
	else
		local before
		before=$(everything)
		refused 1 "require multiprog cannot be had.*refuses" kf -q up "$HOST_IF" --require multiprog
		assert_eq "$before" "$(everything)"
		run kf up "$HOST_IF"
		assert_eq 1 "$(grep -c 'alone: this kernel refuses BPF_PROG_TYPE_EXT' <<<"$output")"
	fi
}

@test "somebody else's XDP program is in the way: named, with the remedy, and left alone" {
	local before
	may_stay xdp
	in_host ip link set dev "$HOST_IF" xdpdrv obj "$PASS_OBJECT" sec xdp
	before=$(everything)
	refused 1 "$HOST_IF: XDP program pass \(id $(xdp_id "$HOST_NS" "$HOST_IF")\) is attached.*ip link set dev $HOST_IF xdp off" \
		kf up "$HOST_IF"
	assert_eq "$before" "$(everything)"
	in_host ip link set dev "$HOST_IF" xdp off
	kf -q up "$HOST_IF"
	pings "$HOST4"
	figure_is ping packets 1
}

@test "an MTU that native XDP cannot take is named; generic mode takes it" {
	local before
	ip -n "$CLIENT_NS" link set dev "$CLIENT_IF" xdpdrv off
	ip -n "$HOST_NS" link set dev "$HOST_IF" mtu 9000
	ip -n "$CLIENT_NS" link set dev "$CLIENT_IF" mtu 9000
	before=$(everything)
	refused 1 "$HOST_IF: its MTU \(9000\), or its peer's, is too large for native XDP.*--mode generic" \
		kf -q up "$HOST_IF" --mode native
	assert_eq "$before" "$(everything)"
	kf -q up "$HOST_IF" --mode generic
	pings "$HOST4"
	figure_is ping packets 1
}

@test "auto mode falls back to generic where native cannot be had" {
	ip -n "$HOST_NS" link add br0 type bridge 2>/dev/null || skip "kernel lacks bridges, a driver without native XDP"
	ip -n "$HOST_NS" link set dev br0 up
	refused 1 'br0: its driver does not run XDP natively.*use mode auto or generic' kf -q up br0 --mode native
	kf -q up br0
	assert_eq generic "$(json '.[0].gates.xdp.mode' ls br0)"
}

@test "a dot in the interface's name, as VLAN interfaces have it" {
	ip -n "$HOST_NS" link set dev "$HOST_IF" down
	ip -n "$HOST_NS" link set dev "$HOST_IF" name kf0.100
	HOST_IF=kf0.100
	give_address "$HOST_NS" kf0.100 "$HOST6/64"
	kf -q up kf0.100
	assert_eq kf0.100 "$(json '.[0].interface' ls)"
	pings "$HOST4"
	figure_is ping packets 1
	kf -q down kf0.100
	assert_eq "" "$(state_folder)"
}

@test "a VLAN interface of its own" {
	vlan 100
	kf -q up "$HOST_VLAN_IF"
	assert_eq "$HOST_VLAN_IF generic" "$(json '.[0] | .interface + " " + .gates.xdp.mode' ls)"
	HOST_IF=$HOST_VLAN_IF
	pings "$HOST4_VLAN"
	figure_is ping packets 1
	kf -q down "$HOST_VLAN_IF"
}

@test "an interface that is down is brought up to serve, with a warning" {
	ip -n "$HOST_NS" link set dev "$HOST_IF" down
	run kf -q up "$HOST_IF"
	assert_eq 0 "$status"
	assert_eq "warning: $HOST_IF is down: nothing arrives until \`ip link set $HOST_IF up\`" "$output"
	ip -n "$HOST_NS" link set dev "$HOST_IF" up
	wait_for 5 link_up "$HOST_NS" "$HOST_IF"
	wait_for 5 pings "$HOST4"
}

@test "bpffs that is not mounted is mounted, and said" {
	# Where process 1 sees it, too, as in a container; the state there is gone with it.
	run unshare --mount --pid --fork --mount-proc -- sh -c "umount -l $BPFFS; set -e
		$KFAAS --netns $HOST_NS up $HOST_IF
		mountpoint $BPFFS
		$KFAAS -q --netns $HOST_NS down $HOST_IF
		find $BPFFS -mindepth 1 -name 'kf*'"
	assert_eq 0 "$status" "$output"
	assert_match "mounted bpffs at $BPFFS" "${lines[0]}"
	assert_match "$BPFFS is a mountpoint" "${lines[-1]}"
}

@test "where bpffs would be gone with the command, nothing is brought up" {
	local before
	before=$(everything; grep -c . /proc/mounts)
	refused 1 "ip netns exec. hides $BPFFS .* lost .*run .kfaas-net --netns $HOST_NS " \
		ip netns exec "$HOST_NS" "$KFAAS" up "$HOST_IF"
	refused 1 "bpffs is not mounted at $BPFFS in this mount namespace.* lost .*mount -t bpf bpf $BPFFS" \
		unshare --mount -- sh -c "umount -l $BPFFS; exec $KFAAS --netns $HOST_NS ls"
	assert_eq "$before" "$(everything; grep -c . /proc/mounts)"
	# What somebody has mounted there is taken as it is.
	run unshare --mount -- sh -c "umount -l $BPFFS && mount -t bpf bpf $BPFFS &&
		$KFAAS -q --netns $HOST_NS up $HOST_IF && $KFAAS -q --netns $HOST_NS down $HOST_IF"
	assert_eq "0 " "$status $output"
}

@test "a netlink answer that cannot be had is the error, and nothing stays; one that is interrupted is asked for again" {
	local before
	strace -qq -o /dev/null true || skip "kernel or container lacks ptrace"
	before=$(everything)
	up_with() { strace -qq -o /dev/null -e trace=recvmsg -e "inject=recvmsg:error=$1:when=$2" "$KFAAS" --netns "$HOST_NS" -q up "$HOST_IF"; }
	# The first asks for the link, the next for the routing rules.
	refused 1 "the kernel does not tell of $HOST_IF: No buffer space available" up_with ENOBUFS 1
	refused 1 'cannot add the IPv4 route or rule .*: No buffer space available' up_with ENOBUFS 2
	assert_eq "$before" "$(everything)"
	up_with EINTR 2
	assert_eq ping "$(names)"
}

@test "ls where nothing is up" {
	run kf ls
	assert_eq "0 nothing is up here: \`kfaas-net up IFACE\` starts" "$status $output"
	assert_eq '[]' "$(kf --json ls | tr -d ' \n')"
	refused 1 "$HOST_IF is not up" kf ls "$HOST_IF"
	refused 1 "$HOST_IF is not up" kf stats "$HOST_IF"
	refused 1 "$HOST_IF is not up" kf deploy "$HOST_IF" ping
}

@test "ls --json has the keys it is documented to have" {
	kf -q up "$HOST_IF"
	deploy mark --set text=x --limit 10/s --budget 1ms
	assert_eq '["functions","gates","ifindex","interface","sample","up_at"]' "$(json '.[0] | keys | tojson' ls)"
	assert_eq '["attached","mode","multiprog","prog_id","run_prio"]' "$(json '.[0].gates.xdp | keys | tojson' ls)"
	assert_eq '["budget_ns","component","continue","data","hooks","id","limit","limit_burst","loaded_at","name","object","on","on_fuse","on_limit","previous_revision","prio","revision","scope","set","sha256","slot","state"]' \
		"$(json '.[0].functions[1] | keys | tojson' ls)"
	assert_eq '["fib_refused","functions","interface"]' "$(json 'keys | tojson' stats "$HOST_IF")"
	assert_eq '["fuse","hooks","name","revision"]' "$(json '.functions[0] | keys | tojson' stats "$HOST_IF")"
	assert_eq '["bytes","fused","latency","limited","missing","packets","verdicts"]' \
		"$(json '.functions[0].hooks.xdp | keys | tojson' stats "$HOST_IF")"
	assert_eq "$(sha256sum <"$(object mark)" | cut -d ' ' -f 1)" "$(of mark .sha256)"
	assert_eq "$(ifindex "$HOST_NS" "$HOST_IF")" "$(json '.[0].ifindex' ls)"
	assert_eq "$(xdp_id "$HOST_NS" "$HOST_IF")" "$(json '.[0].gates.xdp | if .multiprog then empty else .prog_id end' ls || xdp_id "$HOST_NS" "$HOST_IF")"
}

@test "ls without rights to change anything, and in text" {
	kf -q up "$HOST_IF"
	deploy mark --prio 7
	run kf ls "$HOST_IF"
	assert_match "^$HOST_IF: xdp \(native, (alone|multiprog)\)" "${lines[0]}"
	assert_match '^NAME +REV +OBJECT +HOOKS +PRIO +STATE +ON' "${lines[1]}"
	assert_match '^ping +1 +ping +xdp +50 +running +icmp, icmp6' "${lines[2]}"
	assert_match '^mark +1 .*mark.bpf.o +xdp +7 +running +udp/7000' "${lines[3]}"
}

@test "without the capability, it is named" {
	refused 1 'missing capability CAP_NET_ADMIN .to attach, find and remove programs at interfaces.: run as root' \
		setpriv --bounding-set -net_admin --inh-caps -net_admin "$KFAAS" up "$HOST_IF"
	refused 1 'missing capability CAP_SYS_ADMIN' \
		setpriv --bounding-set -sys_admin --inh-caps -sys_admin "$KFAAS" ls
}
