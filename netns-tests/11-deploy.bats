#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# 11-deploy.bats - functions come, change and go while the interface answers: deploy, replace, rollback, remove; settings; chains.

load lib
load story

# bats test_tags=nic
@test "deploy: the function answers, and what is not for it goes to the kernel" {
	up_empty
	kernel_has 7000
	run kf deploy "$HOST_IF" "$(object mark)"
	assert_eq "0 + deploy mark (udp/7000)" "$status $output"
	assert_eq one "$(tell 7000)"
	assert_eq one "$(tell 7000 "$HOST6")"
	kernel_has 7001
	kernel_has 7001 "$HOST6"
	figure_is mark packets 2
	figure_is mark verdicts.TX 2
}

@test "the same name twice is refused; the first answers on" {
	local before
	up_empty
	deploy mark
	before=$(everything)
	refused 2 "$HOST_IF has a function named 'mark': choose another with --name, or use .replace." deploy mark-two --name mark
	assert_eq "$before" "$(everything)"
	assert_eq one "$(tell 7000)"
	refused 2 "--name 'a b': letters, digits" deploy mark --name "a b"
	refused 2 "--name '.x': letters, digits" deploy mark --name .x
}

@test "instances of one object, each with its name, triggers, settings and counters" {
	up_empty
	deploy mark --name a --on udp/7001 --set text=first
	deploy mark --name b --on udp/7002 --set text=second
	deploy mark --name c --on udp/7003
	assert_eq first "$(tell 7001)"
	assert_eq second "$(tell 7002)"
	assert_eq one "$(tell 7003)"
	assert_eq one "$(tell 7003)"
	figure_is a packets 1
	figure_is c packets 2
	assert_eq "a b c" "$(names)"
}

@test "functions that are the same but for name and triggers are one program in one slot, until one is replaced; state is not shared" {
	local shared
	up_empty
	deploy mark --name a --on udp/7001
	deploy mark --name b --on udp/7002
	deploy mark --name other --on udp/7003 --set text=third
	deploy tally --name count-1 --on udp/7004
	deploy tally --name count-2 --on udp/7005
	shared=$(prog_of a)
	assert_eq "$shared" "$(prog_of b)"
	assert_eq "$(of a .slot)" "$(of b .slot)"
	assert_no_match "^$shared\$" "$(prog_of other)"
	assert_no_match "^$(of a .slot)\$" "$(of other .slot)"
	assert_no_match "^$(prog_of count-1)\$" "$(prog_of count-2)"
	assert_no_match "^$(of count-1 .slot)\$" "$(of count-2 .slot)"
	kf -q replace "$HOST_IF" a "$(object mark-two)"
	assert_eq two "$(tell 7001)"
	assert_eq one "$(tell 7002)"
	kf -q remove "$HOST_IF" a
	assert_eq one "$(tell 7002)"
	assert_eq third "$(tell 7003)"
	figure_is b packets 2
	deploy mark --name again --on udp/7006
	assert_eq "$(of b .slot)" "$(of again .slot)"
	kf -q remove "$HOST_IF" b
	assert_eq one "$(tell 7006)"
	kf -q replace "$HOST_IF" again "$(object mark-two)"
	kf -q rollback "$HOST_IF" again
	assert_eq one "$(tell 7006)"
}

@test "replace: the next answer is the new revision's" {
	up_empty
	deploy mark
	assert_eq one "$(tell 7000)"
	run kf replace "$HOST_IF" mark "$(object mark-two)"
	assert_eq 0 "$status"
	assert_match '~ replace mark' "$output"
	assert_eq two "$(tell 7000)"
	assert_eq 2 "$(of mark .revision)"
	assert_eq 1 "$(of mark .previous_revision)"
	figure_is mark packets 2
}

@test "help: deploy shows what is left to defaults, replace none, as all stays" {
	assert_match 'order in a chain, lower first \(50\)' "$("$KFAAS" deploy --help)"
	assert_eq "$("$KFAAS" --netns "$HOST_NS" help replace)" "$("$KFAAS" replace --help)"
	assert_match 'order in a chain, lower first'$'\n' "$("$KFAAS" replace --help)"
	assert_no_match '\((50|pass)\)' "$("$KFAAS" replace --help)"
}

@test "replace with the same object again, and with another setting" {
	up_empty
	deploy mark --on udp/7005 --limit "1000/s burst 50" --prio 7
	kf -q replace "$HOST_IF" mark --set text=again
	assert_eq again "$(tell 7005)"
	kf -q replace "$HOST_IF" mark
	assert_eq again "$(tell 7005)"
	assert_eq "3 7 1000 50 udp/7005" "$(of mark '"\(.revision) \(.prio) \(.limit) \(.limit_burst) \(.on[0])"')"
	kf -q replace "$HOST_IF" mark --on udp/7006
	assert_eq again "$(tell 7006)"
	kernel_has 7005
}

@test "the object's file may be gone: what runs goes on, also through a rollback" {
	up_empty
	cp "$(object mark)" "$BATS_TEST_TMPDIR/mine.bpf.o"
	kf -q deploy "$HOST_IF" "$BATS_TEST_TMPDIR/mine.bpf.o"
	kf -q replace "$HOST_IF" mine --set text=later
	rm "$BATS_TEST_TMPDIR/mine.bpf.o"
	assert_eq later "$(tell 7000)"
	refused 2 "cannot read the object $BATS_TEST_TMPDIR/mine.bpf.o" kf -q replace "$HOST_IF" mine
	kf -q rollback "$HOST_IF" mine
	assert_eq one "$(tell 7000)"
}

@test "rollback, and back again" {
	up_empty
	deploy mark
	refused 1 "'mark' has no revision before this one" kf -q rollback "$HOST_IF" mark
	kf -q replace "$HOST_IF" mark "$(object mark-two)"
	kf -q rollback "$HOST_IF" mark
	assert_eq one "$(tell 7000)"
	assert_eq "1 2" "$(of mark '"\(.revision) \(.previous_revision)"')"
	kf -q rollback "$HOST_IF" mark
	assert_eq two "$(tell 7000)"
	kf -q rollback "$HOST_IF" mark
	kf -q replace "$HOST_IF" mark --set text=three
	assert_eq three "$(tell 7000)"
	assert_eq "3 1" "$(of mark '"\(.revision) \(.previous_revision)"')"
	kf -q rollback "$HOST_IF" mark
	assert_eq one "$(tell 7000)"
	# Only what can still come back is kept.
	assert_eq 2 "$(find "$(state_folder)" -path '*/revisions/*' -type f | wc -l)"
}

@test "rollback keeps the triggers and limits of now" {
	up_empty
	deploy mark
	kf -q replace "$HOST_IF" mark "$(object mark-two)" --on udp/7009 --limit 500/s --prio 3
	kf -q rollback "$HOST_IF" mark
	assert_eq one "$(tell 7009)"
	kernel_has 7000
	assert_eq "500 3" "$(of mark '"\(.limit) \(.prio)"')"
}

@test "replace starts with new maps; --keep-data goes on with the old ones" {
	up_empty
	deploy tally
	assert_eq 00010001 "$(tell 7100)"
	assert_eq 00020002 "$(tell 7100)"
	kf -q replace "$HOST_IF" tally --keep-data
	assert_eq 2 "$(of tally .revision)"
	assert_eq 00030003 "$(tell 7100)"
	kf -q replace "$HOST_IF" tally
	assert_eq 00010001 "$(tell 7100)"
	kf -q rollback "$HOST_IF" tally
	assert_eq 00040004 "$(tell 7100)"
}

@test "--keep-data refuses maps of another layout, and nothing changes" {
	local before
	up_empty
	deploy tally
	assert_eq 00010001 "$(tell 7100)"
	before=$(everything)
	refused 2 "map answers cannot keep its data: its size is 2, it was 1; replace without --keep-data" \
		kf -q replace "$HOST_IF" tally "$(object tally-wide)" --keep-data
	assert_eq "$before" "$(everything)"
	assert_eq 00020002 "$(tell 7100)"
	kf -q replace "$HOST_IF" tally "$(object tally-wide)"
	assert_eq 00010001 "$(tell 7100)"
}

@test "--keep-data does not keep settings: a new revision has its own" {
	up_empty
	deploy mark
	kf -q replace "$HOST_IF" mark --keep-data --set text=fresh
	assert_eq fresh "$(tell 7000)"
}

@test "remove: the kernel has the packets again, and the programs are gone" {
	local id
	up_empty
	deploy mark
	deploy mark-two --on udp/7001
	id=$(prog_of mark)
	run kf remove "$HOST_IF" mark
	assert_eq "0 - remove mark" "$status $output"
	kernel_has 7000
	assert_eq two "$(tell 7001)"
	assert_eq mark-two "$(names)"
	no_prog() { ! bpftool prog show id "$id" >/dev/null 2>&1; }
	wait_for 5 no_prog
	deploy mark
	assert_eq one "$(tell 7000)"
	figure_is mark packets 1
}

@test "names that are not there are errors, with those that are" {
	up_empty
	deploy mark
	refused 2 "no function 'ghost' on $HOST_IF .deployed: mark." kf -q remove "$HOST_IF" ghost
	refused 2 "no function 'ghost' on $HOST_IF" kf -q rollback "$HOST_IF" ghost
	refused 2 "no function 'ghost' on $HOST_IF" kf -q replace "$HOST_IF" ghost
	refused 2 "no function 'ghost' on $HOST_IF" kf -q reset "$HOST_IF" ghost
	refused 2 "no function 'ghost' on $HOST_IF" kf stats "$HOST_IF" ghost
	refused 2 "no function 'ghost' in the function path .there: .*echo.*ping" kf deploy "$HOST_IF" ghost
	refused 2 "no interface 'nonesuch' here" kf deploy nonesuch ping
	assert_eq one "$(tell 7000)"
}

@test "settings of every type reach the program" {
	up_empty
	deploy settings
	assert_eq 01fffe00000000000000000005abc. "$(tell 7200)"
	kf -q remove "$HOST_IF" settings
	deploy settings --set small=255 --set number=-32768 --set flag=true --set color=GREEN --set big=18446744073709551615 --set word=xyz
	assert_eq ff80000107ffffffffffffffffxyz. "$(tell 7200)"
	kf -q replace "$HOST_IF" settings --set small=0x10 --set flag=0 --set color=BLUE --set word=q
	assert_eq 1080000008ffffffffffffffffq... "$(tell 7200)"
	assert_eq "0x10 BLUE" "$(of settings '"\(.set.small) \(.set.color)"')"
}

@test "settings out of range, of the wrong type or unknown are refused, and nothing is deployed" {
	local bad
	up_empty
	for bad in "small=256:set.small: '256' is not a whole number from 0 to 255" \
		"small=-1:set.small: '-1' is not a whole number from 0 to 255" \
		"small=1x:set.small: '1x' is not a whole number" \
		"number=32768:set.number: '32768' is not a whole number from -32768 to 32767" \
		"flag=2:set.flag: '2' is not a whole number from 0 to 1, true or false" \
		"color=PINK:set.color: 'PINK' is not one of RED, GREEN, BLUE" \
		"big=18446744073709551616:set.big: '18446744073709551616' is not a whole number" \
		"word=abcd:set.word: the text has 4 characters, at most 3 fit" \
		"ghost=1:has no setting 'ghost' .it has: .*small"; do
		refused 2 "${bad#*:}" deploy settings --set "${bad%%:*}"
	done
	refused 2 "--set 'small': it takes KEY=VALUE" deploy settings --set small
	kernel_has 7200
	assert_eq 0 "$(json '.[0].functions | length' ls "$HOST_IF")"
	assert_eq "" "$(find "$(state_folder)" -path '*/revisions/*' -type f)"
}

@test "objects that are none of ours to run are refused, in a line each" {
	local before
	up_empty
	deploy mark
	before=$(everything)
	refused 1 "verifier refused .*bad.bpf.o: .*outside of the packet.*-v shows its whole log" deploy bad --on any
	refused 2 "two programs for xdp .first and second." deploy two-programs --on any
	refused 2 "no-program.bpf.o has no program for xdp, tc-ingress or tc-egress" deploy no-program --on any
	refused 2 "cannot read the object .*/nonesuch.bpf.o" deploy nonesuch
	echo text >"$BATS_TEST_TMPDIR/text.o"
	refused 2 "not an object file" kf deploy "$HOST_IF" "$BATS_TEST_TMPDIR/text.o"
	refused 2 "not a BPF object" kf deploy "$HOST_IF" "$TOP/build/loader/main.o"
	refused 2 "pass" kf deploy "$HOST_IF" "$PASS_OBJECT"
	refused 1 "verifier refused" kf -q replace "$HOST_IF" mark "$(object bad)"
	assert_eq "$before" "$(everything)"
	assert_eq one "$(tell 7000)"
	run kf -v deploy "$HOST_IF" "$(object bad)" --on any
	assert_eq 1 "$status"
	assert_match 'R[0-9]+ invalid mem access|invalid access to packet' "$output"
	[ "${#lines[@]}" -gt 3 ]
}

@test "values that cannot be are refused before anything is loaded" {
	local bad
	up_empty
	for bad in "--on udp/99999" "--on ghost" "--prio 70000" "--prio x" "--limit 10" "--limit 0/s" "--budget 2s" \
		"--scope world" "--continue maybe" "--on-limit wait" "--on-fuse burn" "--on udp/1-0" "--on any,any" \
		"--component 70000" "--nonesuch 1"; do
		# shellcheck disable=SC2086 # two words
		refused 2 "${bad%% *}" deploy mark $bad
	done
	assert_eq 0 "$(json '.[0].functions | length' ls "$HOST_IF")"
}

# --- Chains

seen_by() { # NAME...: packets of each
	local n out=""
	for n in "$@"; do out+=" $(figure "$n" packets)"; done
	echo "${out# }"
}

@test "a chain runs in order of priority, and ends with the first verdict that stands" {
	up_empty
	deploy verdict --name late --on udp/7000 --prio 90 --set verdict=1
	deploy mark --prio 60
	deploy verdict --name early --on udp/7000 --prio 10 --set verdict=2
	assert_eq one "$(tell 7000)"
	assert_eq "1 1 0" "$(seen_by early mark late)"
	kf -q replace "$HOST_IF" late --prio 20
	lost 7000
	assert_eq "2 1 1" "$(seen_by early mark late)"
	figure_is late verdicts.DROP 1
	figure_is early verdicts.PASS 2
}

@test "equal priority: in the order they were deployed" {
	up_empty
	deploy mark --name first --set text=first
	deploy mark --name second --set text=second
	assert_eq first "$(tell 7000)"
	kf -q remove "$HOST_IF" first
	assert_eq second "$(tell 7000)"
}

@test "continue says after which verdicts the chain goes on" {
	up_empty
	deploy verdict --name v --on udp/7000 --prio 1 --set verdict=1 --continue drop
	deploy mark
	assert_eq one "$(tell 7000)"
	figure_is v verdicts.DROP 1
	kf -q replace "$HOST_IF" v --continue pass
	lost 7000
	kf -q replace "$HOST_IF" v --continue pass --set verdict=2
	assert_eq one "$(tell 7000)"
	kf -q replace "$HOST_IF" v --continue none
	kernel_has 7000
	kf -q replace "$HOST_IF" v --continue pass,drop,aborted,tx,redirect --set verdict=0
	assert_eq one "$(tell 7000)"
	figure_is v verdicts.ABORTED 1
	figure_is mark packets 3
}

@test "a verdict that no program can mean is counted and the packet dropped" {
	up_empty
	deploy verdict --name odd --on udp/7000 --set verdict=77
	lost 7000
	figure_is odd verdicts.INVALID 1
	kf -q replace "$HOST_IF" odd --set verdict=-5
	lost 7000
	figure_is odd verdicts.INVALID 2
}

@test "eight functions in a chain; the ninth is refused" {
	local i all=""
	up_empty
	for i in 1 2 3 4 5 6 7; do
		deploy verdict --name "v$i" --on udp/7000 --set verdict=2
		all+=" v$i"
	done
	deploy mark
	assert_eq one "$(tell 7000)"
	# shellcheck disable=SC2086 # words
	assert_eq "1 1 1 1 1 1 1 1" "$(seen_by $all mark)"
	refused 2 "9 functions on trigger 'udp/7000', 8 is the limit: v1, .*" deploy verdict --name v9 --on udp/7000
	assert_eq one "$(tell 7000)"
	deploy verdict --name v9 --on udp/7001 --set verdict=2
	refused 2 "8 is the limit" kf -q replace "$HOST_IF" v9 --on udp/7000
	assert_eq one "$(tell 7000)"
}

@test "a chain of 'any' functions runs before the match" {
	up_empty
	deploy mark
	deploy verdict --name guard --on any --set verdict=2
	assert_eq one "$(tell 7000)"
	kf -q replace "$HOST_IF" guard --set verdict=1
	lost 7000
	figure_is mark packets 1
}

# --- Programs of others, and programs that change the frame's size

XDPFILT=/usr/lib/$HOSTTYPE-linux-gnu/bpf

@test "objects that others wrote are functions as they are" {
	[ -e "$XDPFILT/xdpfilt_dny_all.o" ] || skip "xdp-tools is not installed"
	up_empty
	kf -q deploy "$HOST_IF" "$XDPFILT/xdpfilt_alw_all.o" --name allow --on udp/7000
	kf -q deploy "$HOST_IF" "$XDPFILT/xdpfilt_dny_all.o" --name deny --on udp/7001
	kernel_has 7000
	lost 7001
	kernel_has 7002
	figure_is allow verdicts.PASS 1
	figure_is deny verdicts.DROP 1
	deploy mark --on udp/7000 --prio 99
	assert_eq one "$(tell 7000)"
}

# bats test_tags=nic
@test "functions may move the frame's head and tail" {
	local sent back
	up_empty
	sent=$(packets "type:0x88b6 data:abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz")
	adjusted() { # HEAD TAIL
		kf -q deploy "$HOST_IF" "$(object adjust)" --on ether/0x88b6 --set "head=$1" --set "tail=$2"
		back=$(frames --match 88b7 "$sent")
		kf -q remove "$HOST_IF" adjust
		assert_eq $((${#sent} + 2 * ($2 - $1))) ${#back} "length in hex digits, head $1, tail $2"
		assert_match "88b7.*$(printf 'opqrstuv' | xxd -p)" "$back"
	}
	adjusted 0 0
	adjusted 4 0
	adjusted -4 0
	adjusted 0 -4
	adjusted 0 40
	adjusted -14 -10
}

@test "a function behind one that moved the head sees the moved frame" {
	up_empty
	# The first strips a tag's worth of bytes and gives the frame another ethertype, with a verdict after which it goes on.
	deploy adjust --on ether/0x88b6 --set head=4 --continue tx --prio 1
	deploy stamp --on ether/0x88b6 --set id=9 --prio 2
	local sent got
	sent=$(packets "type:0x88b6 data:0123abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz")
	got=$(frames --match 0253544d5009 "$sent")
	assert_eq "${HOST_MAC//:/}0253544d500988b7$(printf abcd | xxd -p)" "${got:0:36}"
	assert_eq $((${#sent} - 8)) ${#got}
}
