#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# 14-lifecycle.bats - interfaces and namespaces that go, come back or change their names; config files: plans, saving, all or nothing.

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
	kf -q up "$HOST_IF"
	assert_eq one "$(tell 7000)"
	assert_eq "mark ping" "$(json '[.[0].functions[].name] | sort | join(" ")' ls)"
}

# --- Config files

config() { cat >"$BATS_TEST_TMPDIR/config"; }
up_config() { kf "$@" up "$HOST_IF" -c "$BATS_TEST_TMPDIR/config"; }

@test "up -c prints its plan and carries it out; what did not change is not touched" {
	local before_a before_b
	config <<-END
		[function a]
		object = $(object mark)
		on = udp/7001
		[function b]
		object = $(object tally)
		[function c]
		object = $(object mark)
		on = udp/7003
		set.text = three
		[function d]
		object = $(object mark)
		on = udp/7004
	END
	run up_config
	assert_eq 0 "$status"
	assert_eq "+ deploy a (udp/7001)
+ deploy b (udp/7100)
+ deploy c (udp/7003)
+ deploy d (udp/7004)" "$(grep '^[-+~]' <<<"$output")"
	assert_eq one "$(tell 7001)"
	assert_eq three "$(tell 7003)"
	assert_eq 00010001 "$(tell 7100)"
	before_a=$(prog_of a)
	before_b=$(prog_of b)
	config <<-END
		[function a]
		object = $(object mark)
		on = udp/7001
		[function b]
		object = $(object tally)
		limit = 100/s
		[function c]
		object = $(object mark)
		on = udp/7003
		set.text = drei
		[function e]
		object = $(object mark-two)
	END
	run up_config
	assert_eq 0 "$status"
	assert_eq "- remove d
~ update b: limit none -> 100/s
~ replace c: set.text three -> drei
+ deploy e (udp/7000)" "$(grep '^[-+~]' <<<"$output")"
	assert_eq "$before_a $before_b" "$(prog_of a) $(prog_of b)"
	assert_eq "1 1 2 1" "$(of a .revision) $(of b .revision) $(of c .revision) $(of e .revision)"
	assert_eq drei "$(tell 7003)"
	assert_eq two "$(tell 7000)"
	assert_eq 00020002 "$(tell 7100)"
	kernel_has 7004
	figure_is a packets 1
	figure_is b packets 2
	figure_is c packets 2
	run up_config
	assert_eq "0 $HOST_IF is up; nothing to change" "$status $output"
}

@test "up -c with a changed object file replaces that function alone" {
	local id
	cp "$(object mark)" "$BATS_TEST_TMPDIR/mine.bpf.o"
	config <<-END
		[function mine]
		object = $BATS_TEST_TMPDIR/mine.bpf.o
		[function other]
		object = $(object mark)
		on = udp/7001
	END
	up_config -q
	id=$(prog_of other)
	cp "$(object mark-two)" "$BATS_TEST_TMPDIR/mine.bpf.o"
	run up_config
	assert_eq "0 ~ replace mine: other object" "$status $output"
	assert_eq two "$(tell 7000)"
	assert_eq "$id" "$(prog_of other)"
	kf -q rollback "$HOST_IF" mine
	assert_eq one "$(tell 7000)"
}

@test "save prints a config that gives what runs" {
	local before
	up_empty "sample = 64"
	kf -q deploy "$HOST_IF" ping
	deploy mark --name m1 --on "udp/7001 to $HOST4" --prio 5 --limit "1000/s burst 7" --on-limit drop --set "text=a b"
	deploy mark --name m2 --on udp/7002-7010,tcp/80 --budget 2us --on-fuse drop --scope any --continue pass,aborted
	deploy hooks
	kf -q replace "$HOST_IF" m2 --set text=later
	kf save "$HOST_IF" >"$BATS_TEST_TMPDIR/config"
	essence() { json '[.[0] | .sample, (.functions | sort_by(.name)[] | {name, object, sha256, hooks, on, prio, scope, limit, limit_burst, budget_ns, set})] | tojson' ls "$HOST_IF"; }
	before=$(essence)
	run up_config
	assert_eq "0 $HOST_IF is up; nothing to change" "$status $output"
	kf -q down "$HOST_IF"
	up_config -q
	assert_eq "$before" "$(essence)"
	assert_eq "a b" "$(tell 7001)"
	assert_eq later "$(tell 7002)"
	assert_eq "$(cat "$BATS_TEST_TMPDIR/config")" "$(kf save "$HOST_IF")"
	kf check "$BATS_TEST_TMPDIR/config"
}

@test "a config with one bad step changes nothing at all" {
	local before
	config <<-END
		[function a]
		object = $(object mark)
		[function b]
		object = $(object hooks)
	END
	up_config -q
	before=$(everything; kf --json ls)
	config <<-END
		[function a]
		object = $(object mark-two)
		[function c]
		object = $(object tally)
		[function bad]
		object = $(object bad)
		on = udp/1
	END
	run up_config
	assert_eq 1 "$status"
	assert_match 'verifier refused' "$output"
	assert_match "$HOST_IF: nothing was changed" "$output"
	assert_eq "$before" "$(everything; kf --json ls)"
	assert_eq one "$(tell 7000)"
	assert_match '^x...i...e...$' "$(tell_read 7300)"
	kernel_has 7100
}
tell_read() { udp --hex "72656164$(printf '%0112d' 0)" --answers "$HOST4" "$1" | jq -r '.answers | keys[0]'; }

@test "a first up that fails leaves nothing, not even a gate" {
	local before
	before=$(everything)
	config <<-END
		[function a]
		object = $(object hooks)
		[function bad]
		object = $(object bad)
		on = udp/1
	END
	run up_config
	assert_eq 1 "$status"
	assert_eq "$before" "$(everything)"
	assert_eq "" "$(state_folder)"
}

@test "mistakes in a config are named with file and line, before anything happens" {
	local before
	kf -q up "$HOST_IF"
	before=$(everything)
	config <<-END
		[function a]
		object = $(object mark)
		colour = red
	END
	refused 2 "config:3: unknown key 'colour'" up_config -q
	config <<-END
		[function a]
		object = $(object mark)
		[function a]
		object = $(object tally)
	END
	refused 2 "config:3: .*a" up_config -q
	config <<-END
		[function a]
		object = $(object mark)
		set.nonesuch = 1
	END
	refused 2 "has no setting 'nonesuch'" up_config -q
	config <<-END
		[function a]
		object = /nonesuch.bpf.o
	END
	refused 2 "cannot read the object /nonesuch.bpf.o" up_config -q
	config <<-END
		[interface]
		sample = 3
	END
	refused 2 "config:2: .*sample.*power of two" up_config -q
	refused 2 "cannot read the config /nonesuch" kf -q up "$HOST_IF" -c /nonesuch
	assert_eq "$before" "$(everything)"
}

@test "what only a new attachment can change is refused" {
	up_empty
	config <<-END
		[interface]
		run-prio = 60
	END
	refused 1 "$HOST_IF is up with run-prio 50: .down. first, to attach it with 60" up_config -q
	config <<-END
		[interface]
		mode = generic
	END
	refused 1 "$HOST_IF is up in mode auto: .down. first" up_config -q
}

@test "check: valid without rights, and without touching anything" {
	config <<-END
		[function a]
		object = $(object mark)
		on = udp/1
	END
	chmod 755 "$BATS_TEST_TMPDIR"
	cp "$(object mark)" "$BATS_TEST_TMPDIR/mark.bpf.o"
	run "$KFAAS" check "$BATS_TEST_TMPDIR/config"
	assert_eq "0 $BATS_TEST_TMPDIR/config: valid, 1 function" "$status $output"
	assert_eq true "$("$KFAAS" --json check "$BATS_TEST_TMPDIR/config" | jq -r .valid)"
	config <<-END
		[function a]
		object = $(object two-programs)
		on = udp/1
	END
	refused 2 'two programs for xdp' "$KFAAS" check "$BATS_TEST_TMPDIR/config"
	assert_eq "" "$(state_folder)"
}
