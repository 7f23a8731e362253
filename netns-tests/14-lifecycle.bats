#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# 14-lifecycle.bats - interfaces and namespaces that go, come back or change their names, and a gate that is taken off.

load lib
load story

# A veth pair more in the host's namespace: it may go and come back.
spare() { ip -n "$HOST_NS" link add sp0 type veth peer name sp1 && ip -n "$HOST_NS" link set dev sp0 up; }
folder_of() { echo "$(state_folder)/$1"; }

@test "an interface that was deleted: the next command says so and cleans up" {
	spare
	kf -q up sp0
	kf -q deploy sp0 "$(object mark)"
	kf -q up "$HOST_IF"
	pinned_ids "$(folder_of sp0)" >"$BATS_TEST_TMPDIR/pinned"
	ip -n "$HOST_NS" link del sp0
	run kf ls
	assert_eq 0 "$status"
	assert_match 'sp0 is not the interface that was brought up \(that one was deleted\): removing what was left of it' "$output"
	[ ! -e "$(folder_of sp0)" ]
	wait_for 5 pinned_gone
	run kf ls
	assert_no_match sp0 "$output"
	assert_eq "$HOST_IF" "$(json '[.[].interface] | join(" ")' ls)"
	in_client ping -c 1 -W "$(limit 2)" "$HOST4"
	figure_is ping packets 1
}

@test "the last interface deleted: the namespace's routes and switch go too" {
	local before
	spare
	before=$(host_rules)
	kf -q up sp0
	ip -n "$HOST_NS" link del sp0
	kf -q ls
	assert_eq "$before" "$(host_rules)"
	assert_eq "" "$(state_folder)"
}

@test "an interface deleted and made again is another one: nothing of the old is left, up starts afresh" {
	local before
	before=$(host_rules)
	kf -q up "$HOST_IF"
	deploy hooks
	in_client ping -c 1 -W "$(limit 2)" "$HOST4"
	ip -n "$HOST_NS" link del "$HOST_IF"
	wait_for 5 sh -c "! ip -n $CLIENT_NS link show dev $CLIENT_IF"
	veth "$HOST_IF" "$HOST_MAC" "$CLIENT_IF" "$CLIENT_MAC" "$CLIENT_NS" | ip -n "$HOST_NS" -batch -
	give_address "$HOST_NS" "$HOST_IF" "$HOST4/24" "$HOST6/64"
	{
		let_pass "$CLIENT_IF"
		addresses "$CLIENT_IF" "$CLIENT4/24" "$CLIENT6/64"
	} | ip -n "$CLIENT_NS" -batch -
	wait_for 5 link_up "$HOST_NS" "$HOST_IF"
	run kf stats "$HOST_IF"
	assert_eq 1 "$status"
	assert_match "$HOST_IF is not the interface that was brought up" "${lines[0]}"
	assert_match "$HOST_IF is not up" "${lines[1]}"
	assert_eq "$before" "$(host_rules)"
	kf -q up "$HOST_IF"
	assert_eq ping "$(names)"
	in_client ping -c 1 -W "$(limit 2)" "$HOST4"
	figure_is ping packets 1
}

@test "down of an interface that was deleted" {
	spare
	kf -q up sp0
	ip -n "$HOST_NS" link del sp0
	run kf down sp0
	assert_match 'removing what was left of it' "$output"
	assert_eq "" "$(state_folder)"
}

@test "an interface that is renamed takes its functions with it" {
	kf -q up "$HOST_IF"
	deploy hooks
	deploy mark
	assert_eq one "$(tell 7000)"
	ip -n "$HOST_NS" link set dev "$HOST_IF" down
	ip -n "$HOST_NS" link set dev "$HOST_IF" name new0.7
	give_address "$HOST_NS" new0.7 "$HOST6/64"
	wait_for 5 link_up "$HOST_NS" new0.7
	run kf ls
	assert_eq 0 "$status"
	assert_match "$HOST_IF is now called new0.7: its functions stay, under the new name" "$output"
	HOST_IF=new0.7
	assert_eq one "$(tell 7000)"
	figure_is mark packets 2
	kf -q replace new0.7 mark "$(object mark-two)"
	assert_eq two "$(tell 7000)"
	kf -q remove new0.7 hooks
	assert_eq "" "$(in_host bpftool net show | sed -n '/^tc:/,/^$/{/^tc:/d;/^$/d;p}')"
	kf -q down new0.7
	assert_eq "" "$(state_folder)"
}

@test "an altname is the interface, which is known by its own name" {
	ip -n "$HOST_NS" link property add dev "$HOST_IF" altname other 2>/dev/null || skip "kernel lacks altnames"
	kf -q up other
	assert_eq "$HOST_IF" "$(json '[.[].interface] | join(" ")' ls)"
	run kf up "$HOST_IF"
	assert_eq "0 $HOST_IF is up; nothing to change" "$status $output"
	kf -q deploy other "$(object mark)"
	assert_eq one "$(tell 7000)"
	assert_eq "$HOST_IF" "$(json .interface stats other)"
	assert_eq "$HOST_IF" "$(json .interface doctor other)"
	run kf down other
	assert_eq "0 $HOST_IF is down" "$status $output"
	assert_eq "" "$(state_folder)"
}

@test "an altname may be longer than a name" {
	local long=an-altname-of-40-characters-is-what-it-is
	ip -n "$HOST_NS" link property add dev "$HOST_IF" altname $long 2>/dev/null || skip "kernel lacks altnames"
	kf -q up $long
	assert_eq "$HOST_IF" "$(json .interface stats $long)"
	assert_eq "$HOST_IF" "$(json .interface doctor $long)"
	refused 2 "'$long-x' is no interface's altname, and too long for a name" kf down $long-x
	refused 2 "no interface '$long-x' here" kf up $long-x
	kf -q down $long
	assert_eq "" "$(state_folder)"
}

@test "an interface that is renamed, its old name an altname of it or of another: its functions follow" {
	spare
	ip -n "$HOST_NS" link property add dev lo altname probe 2>/dev/null || skip "kernel lacks altnames"
	kf -q up sp0
	ip -n "$HOST_NS" link set dev sp0 down
	ip -n "$HOST_NS" link set dev sp0 name sp2
	ip -n "$HOST_NS" link property add dev sp2 altname sp0
	assert_eq sp2 "$(json '[.[].interface] | join(" ")' -q ls)"
	ip -n "$HOST_NS" link property del dev sp2 altname sp0
	ip -n "$HOST_NS" link set dev sp2 name sp0
	kf -q ls
	ip -n "$HOST_NS" link del sp0
	ip -n "$HOST_NS" link property add dev "$HOST_IF" altname sp0
	run kf ls
	assert_match 'sp0 is not the interface that was brought up' "$output"
	assert_eq "" "$(state_folder)"
}

@test "two interfaces that swap their names" {
	add_second
	up_empty
	deploy mark
	kf -q up "$HOST_IF2"
	ip -n "$HOST_NS" link set dev kf0 down
	ip -n "$HOST_NS" link set dev kf1 down
	ip -n "$HOST_NS" link set dev kf0 name tmp
	ip -n "$HOST_NS" link set dev kf1 name kf0
	ip -n "$HOST_NS" link set dev tmp name kf1
	give_address "$HOST_NS" kf0 "$HOST6_2/64"
	give_address "$HOST_NS" kf1 "$HOST6/64"
	wait_for 5 link_up "$HOST_NS" kf0
	wait_for 5 link_up "$HOST_NS" kf1
	run kf ls
	assert_eq 0 "$status"
	HOST_IF=kf1
	assert_eq mark "$(names)"
	assert_eq one "$(tell 7000)"
	HOST_IF=kf0
	assert_eq ping "$(names)"
	kf -q down kf0
	kf -q down kf1
	assert_eq "" "$(state_folder)"
}

@test "an interface that takes the name of a deleted one" {
	spare
	kf -q up sp0
	kf -q up "$HOST_IF"
	deploy mark
	ip -n "$HOST_NS" link del sp0
	ip -n "$HOST_NS" link set dev "$HOST_IF" down
	ip -n "$HOST_NS" link set dev "$HOST_IF" name sp0
	ip -n "$HOST_NS" link set dev sp0 up
	wait_for 5 link_up "$HOST_NS" sp0
	run kf ls
	assert_eq 0 "$status"
	assert_match "$HOST_IF is now called sp0" "$output"
	HOST_IF=sp0
	assert_eq sp0 "$(json '[.[].interface] | join(" ")' ls)"
	assert_eq one "$(tell 7000)"
}

@test "a namespace that was deleted: a command in another one removes its state" {
	local cookie other=kf-o-$$
	ip netns add "$other"
	ip -n "$other" link add v0 type veth peer name v1
	ip -n "$other" link set dev v0 up
	"$KFAAS" -q --netns "$other" up v0
	"$KFAAS" -q --netns "$other" deploy v0 "$(object hooks)" # at TC, too: a link outlives its device
	cookie=$(nsenter --net="/run/netns/$other" /usr/bin/python3 -IS "$TESTS/wire.py" cookie)
	pinned_ids "$BPFFS/kfaas-net/$cookie" >"$BATS_TEST_TMPDIR/pinned"
	[ -s "$BATS_TEST_TMPDIR/pinned" ]
	ip netns del "$other"
	said_gone() {
		kf ls 2>"$BATS_TEST_TMPDIR/said"
		grep -q "removed the state of a network namespace that is gone (cookie $cookie)" "$BATS_TEST_TMPDIR/said"
	}
	# Its end comes a moment after its name's.
	wait_for 10 said_gone
	[ ! -e "$BPFFS/kfaas-net/$cookie" ]
	wait_for 5 pinned_gone
}

@test "a namespace without a name keeps its state as long as a process lives in it" {
	local cookie
	background unshare --net sh -c "ip link add v0 type veth peer name v1; ip link set v0 up; $KFAAS -q up v0; echo ready; exec sleep 600"
	wait_for 10 grep -q ready "$BG_LOG"
	cookie=$(nsenter --net="/proc/$BG_PID/ns/net" /usr/bin/python3 -IS "$TESTS/wire.py" cookie)
	kf -q ls
	[ -e "$BPFFS/kfaas-net/$cookie/v0/control" ]
	assert_eq ping "$("$KFAAS" --json --netns "/proc/$BG_PID/ns/net" ls | jq -r '.[0].functions[0].name')"
	kill "$BG_PID"
	swept() {
		kf -q ls
		[ ! -e "$BPFFS/kfaas-net/$cookie" ]
	}
	wait_for 10 swept
}

@test "interfaces of the same name in two namespaces are two" {
	kf -q up "$HOST_IF"
	ip -n "$CLIENT_NS" link set dev "$CLIENT_IF" xdpdrv off
	ip -n "$CLIENT_NS" link add "$HOST_IF" type veth peer name kf9
	ip -n "$CLIENT_NS" link set dev "$HOST_IF" up
	"$KFAAS" -q --netns "$CLIENT_NS" up "$HOST_IF"
	"$KFAAS" -q --netns "$CLIENT_NS" deploy "$HOST_IF" "$(object mark)"
	assert_eq ping "$(names)"
	assert_eq "mark ping" "$("$KFAAS" --json --netns "$CLIENT_NS" ls | jq -r '[.[0].functions[].name] | sort | join(" ")')"
	"$KFAAS" -q --netns "$CLIENT_NS" down "$HOST_IF"
	assert_eq ping "$(names)"
}

@test "the gate that somebody took off is noticed, and up attaches it again" {
	kf -q up "$HOST_IF" --mode native
	deploy mark
	if has ext; then
		in_host xdp-loader unload "$HOST_IF" --all 2>/dev/null || skip "xdp-tools is not installed"
	else
		in_host ip link set dev "$HOST_IF" xdp off
	fi
	kernel_has 7000
	run kf ls
	assert_match 'the xdp gate was detached by someone else: .kfaas-net up. attaches it again' "$output"
	assert_eq false "$(json '.[0].gates.xdp.attached' ls || true)"
	run kf up "$HOST_IF"
	assert_match "^$HOST_IF: gate attached at xdp .*"$'\n'"$HOST_IF is up$" "$output"
	assert_eq one "$(tell 7000)"
	assert_eq "mark ping" "$(json '[.[0].functions[].name] | sort | join(" ")' ls)"
}
