#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# 16-config.bats - config files: plans, saving, all or nothing, mistakes in them.

load lib
load story

config() { cat >"$BATS_TEST_TMPDIR/config"; }
up_config() { kf "$@" up "$HOST_IF" -c "$BATS_TEST_TMPDIR/config"; }

@test "up -c brings about what the config says, and says it; what did not change is not touched" {
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
	run kf up "$HOST_IF" -c - <"$BATS_TEST_TMPDIR/config"
	assert_eq "0 $HOST_IF is up; nothing to change" "$status $output"
	assert_eq "/dev/stdin: valid, 4 functions" "$(kf check - <"$BATS_TEST_TMPDIR/config")"
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
	refused 1 'verifier refused' up_config
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
	refused 1 'verifier refused' up_config
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
