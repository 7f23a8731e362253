#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# 90-readme.bats - README.md keeps its word: the tour, the commands, the configs, the keys of the JSON.

load lib
load story
bats_require_minimum_version 1.5.0

TOUR=(tour-host tour-client)

# The tour makes its own namespaces; what needs others calls story_setup.
setup() { all_ids >"$BATS_TEST_TMPDIR/ids"; }
teardown() {
	local ns
	for ns in "${TOUR[@]}"; do
		if [ -e "$BATS_TEST_TMPDIR/touring" ] && [ -e "/run/netns/$ns" ]; then
			"$KFAAS" -q --netns "$ns" down eth0 || true
			ip netns delete "$ns"
		fi
	done
	topology_down
}

readme() { /usr/bin/python3 -IS "$TESTS/readme.py" "${README:-$TOP/README.md}" "$@"; }

# The tour, in one shell that stops at the first failure. Sets `output`, each command after "TOUR> ".
# Before the last block it notes whose state to look for afterwards.
take_tour() {
	local script=$BATS_TEST_TMPDIR/tour.sh
	readme blocks sh Tour >"$BATS_TEST_TMPDIR/blocks"
	awk -v cookie="nsenter --net=/run/netns/tour-host /usr/bin/python3 -IS $TESTS/wire.py cookie >$BATS_TEST_TMPDIR/cookie" \
		-v n="$(grep -c '^----$' "$BATS_TEST_TMPDIR/blocks")" \
		'/^----$/ { if (++i == n - 1) print cookie; next } { print }' "$BATS_TEST_TMPDIR/blocks" >"$script"
	! compgen -G "/run/netns/tour-*" || return 1
	touch "$BATS_TEST_TMPDIR/touring"
	cd "$TOP" || return
	sed -i "1iPS4='TOUR> '" "$script" # root's shells take none from the environment
	run -0 bash -ex "$script"
}

# said REGEX [N]: what the N-th command that matches printed.
said() {
	awk -v regex="$1" -v n="${2:-1}" '/^TOUR> / { on = ($0 ~ regex && ++i == n); next } on' <<<"$output"
}

column() { awk -v name="$1" -v n="$2" '$1 == name { print $n }'; } # NAME N

@test "the tour works as pasted, and leaves nothing" {
	take_tour
	local tour="kfaas-net --netns tour-host"
	assert_match 'deploy ping \(icmp, icmp6\)' "$(said "$tour up eth0\$")"
	assert_match ' 2 received' "$(said "ping -c 2")"
	assert_match 'ping +xdp +2 +196 .*TX 2' "$(said "$tour stats")" "the function answered, not the kernel"
	assert_eq hello "$(said 'UDP4:10.78.0.1:7')"
	assert_eq again "$(said 'UDP4:10.78.0.1:2007')"
	assert_eq 2 "$(said "$tour ls eth0" 1 | column echo 2)" "revision after replace"
	assert_eq 1 "$(said "$tour ls eth0" 2 | column echo 2)" "revision after rollback"
	assert_eq "/tmp/tour.conf: valid, 4 functions" "$(said "kfaas-net check")"
	assert_match '\+ deploy count \(any\)' "$(said "$tour up eth0 -c" 1)"
	assert_no_match '(ping|echo)' "$(said "$tour up eth0 -c" 1)" "functions that had not changed"
	assert_eq "eth0 is up; nothing to change" "$(said "$tour up eth0 -c" 2)"
	assert_eq "- remove echo-slow" "$(said "$tour remove")"
	assert_match '^# key	value.arp.packets	' "$(said "$tour data dump")"
	assert_match '"ipv4":\{"icmp":\{"packets":3,"bytes":294\}' "$(said "$tour --json data get")"
	assert_eq ok "$(said "curl ")"
	assert_match $'^www.example.org.\n192.0.2.8[01]\n192.0.2.8[01]$' "$(said "dig ")"
	assert_match 'on +udp/7' "$(said "kfaas-net inspect")"
	assert_match '^packet 1: XDP_TX, 47 bytes, changed' "$(said "kfaas-net invoke")"
	assert_match 'ok +bpffs' "$(said "kfaas-net doctor")"
	assert_match 'eth0 is down$' "$(said "$tour down")"

	assert_match '^[0-9]+$' "$(<"$BATS_TEST_TMPDIR/cookie")"
	[ ! -e "$BPFFS/kfaas-net/$(<"$BATS_TEST_TMPDIR/cookie")" ]
	[ ! -e /run/netns/tour-host ] && [ ! -e /run/netns/tour-client ]
	[ ! -e /tmp/tour.conf ]
}

@test "the table of commands is what --help says" {
	local form command words option help edge=$'(^|[ \n])'
	assert_eq "$("$KFAAS" --help | sed -nE 's/^  ([a-z]+) .*/\1/p' | sort)" \
		"$(readme commands | cut -d ' ' -f 1 | sort)" "the commands"
	while read -r form; do
		command=${form%% *}
		help=$("$KFAAS" "$command" --help)
		# Without the options, and what they take.
		words=$(sed -E 's/\[--?[^]]*\](\.\.\.)?//g; s/ --[a-z]+ [^ ]+//g; s/ +/ /g; s/ $//' <<<"$form")
		assert_eq "$words" "$(sed -n '1s/usage: kfaas-net //;1s/ \[OPTION\]\.\.\.//;1p' <<<"$help")" "README: $form"
		for option in $(grep -oE '[[ ]--?[a-z][a-z-]*' <<<"$form" | tr -d '[ '); do
			assert_match "$edge${option}[ ,]" "$help" "README: $form"
		done
	done < <(readme commands)
}

@test "every command that a README mentions exists" {
	local command commands n=0
	commands=" $("$KFAAS" --help | sed -nE 's/^  ([a-z]+) .*/\1/p' | tr '\n' ' ') "
	for README in "$TOP/README.md" "$TOP"/functions/*/README.md; do
		for command in $(readme mentioned); do
			assert_match " $command " "$commands" "$README"
			n=$((n + 1))
		done
	done
	[ $n -gt 20 ]
}

@test "every make target and every tool that a README mentions exists" {
	local target tool targets n=0
	targets=" $(make -s -C "$TOP" help | awk '{ print $1 }' | tr '\n' ' ') "
	for README in "$TOP/README.md" "$TOP"/functions/*/README.md "$TOP"/tools/*/README.md; do
		for target in $(readme targets); do
			assert_match " $target " "$targets" "$README"
			n=$((n + 1))
		done
		for tool in $(readme tools); do
			[ -e "$TOP/$tool" ] || [ -e "$TOP/build/$tool" ] || assert_eq "$tool" "" "$README: is not there"
			n=$((n + 1))
		done
	done
	[ $n -gt 15 ]
}

@test "README's example of a config is valid" {
	readme blocks ini Config | grep -vx -e ---- >"$BATS_TEST_TMPDIR/example.conf"
	run -0 "$KFAAS" check "$BATS_TEST_TMPDIR/example.conf"
	assert_match 'valid, 1 function$' "$output"
	assert_eq "$output" "$("$KFAAS" check - <"$BATS_TEST_TMPDIR/example.conf" | sed "s|/dev/stdin|$BATS_TEST_TMPDIR/example.conf|")"
}

@test "each function's README has a config that is valid and deploys" {
	local conf=$BATS_TEST_TMPDIR/all.conf name
	story_setup
	for name in "$TOP"/functions/*/; do
		name=$(basename "$name")
		README=$TOP/functions/$name/README.md readme blocks ini | grep -vx -e ---- >"$BATS_TEST_TMPDIR/$name.conf"
		assert_eq "$name" "$("$KFAAS" --json check "$BATS_TEST_TMPDIR/$name.conf" | jq -r '.functions | join(" ")')"
		cat "$BATS_TEST_TMPDIR/$name.conf" >>"$conf"
	done
	kf -q up "$HOST_IF" -c "$conf"
	assert_eq "$(basename -a "$TOP"/functions/*/ | sort | tr '\n' ' ')" "$(names | tr ' ' '\n' | sort | tr '\n' ' ')"
	# The config is what the README says of the manifest: with or without it the same runs.
	kf save "$HOST_IF" | "$KFAAS" check -
	run -0 kf up "$HOST_IF" -c "$conf"
	assert_eq "$HOST_IF is up; nothing to change" "$output"
}

@test "what make install puts below DESTDIR works from there" {
	local root=$BATS_TEST_TMPDIR/root
	make -s -C "$TOP" -o all install PREFIX=/opt/kfaas DESTDIR="$root" >/dev/null
	cd / || return
	assert_eq "$root/opt/kfaas/lib/kfaas-net/functions/echo.bpf.o" \
		"$("$root/opt/kfaas/sbin/kfaas-net" --json inspect echo | jq -r .path)"
	assert_match "^$root/opt/kfaas/lib/kfaas-net/functions/xdp-dispatcher.o," \
		"$("$root/opt/kfaas/sbin/kfaas-net" --json doctor | jq -r '.checks[] | select(.subject == "dispatcher object").text')"
	[ -e "$root/opt/kfaas/include/kfaas.h" ]
	make -s -C "$TOP" uninstall PREFIX=/opt/kfaas DESTDIR="$root"
	assert_eq "" "$(find "$root" -type f)"
}

# --- The JSON

keep() { # NAME COMMAND...: a command's JSON, for readme keys
	local name=$BATS_TEST_TMPDIR/$1.json
	kf --json "${@:2}" >"$name" || return
	jq -e . "$name" >/dev/null
}

json_setup() {
	story_setup
	kf -q up "$HOST_IF"
	kf -q deploy "$HOST_IF" count
	deploy anatomy --limit 10/s --budget 1ms
	kf -q replace "$HOST_IF" ping
	in_client ping -c 1 -W "$(limit 2)" "$HOST4"
}

@test "the keys of ls, stats and check --json are the documented ones" {
	json_setup
	keep all ls
	keep one ls "$HOST_IF"
	readme keys ls "$BATS_TEST_TMPDIR"/{all,one}.json
	keep now stats "$HOST_IF"
	keep rate stats "$HOST_IF" -i 1
	readme keys stats "$BATS_TEST_TMPDIR"/{now,rate}.json
	kf save "$HOST_IF" >"$BATS_TEST_TMPDIR/saved.conf"
	keep check check "$BATS_TEST_TMPDIR/saved.conf"
	readme keys check "$BATS_TEST_TMPDIR/check.json"
}

@test "the keys of inspect, invoke and doctor --json are the documented ones" {
	json_setup
	keep anatomy inspect "$(object anatomy)"
	keep ping inspect ping
	readme keys inspect "$BATS_TEST_TMPDIR"/{anatomy,ping}.json
	keep invoked invoke ping --packet "$(packets "ip4 udp:7")"
	readme keys invoke "$BATS_TEST_TMPDIR/invoked.json"
	keep kernel doctor
	keep device doctor "$HOST_IF"
	readme keys doctor "$BATS_TEST_TMPDIR"/{kernel,device}.json
}

@test "a config has the same keys in ls and in inspect" {
	json_setup
	assert_eq "$("$KFAAS" --json inspect count | jq -c .manifest)" \
		"$(kf --json ls "$HOST_IF" | jq -c --argjson keys "$("$KFAAS" --json inspect count | jq -c '.manifest | keys')" \
			'.[0].functions[] | select(.name == "count") | with_entries(select(.key | IN($keys[])))')"
}
