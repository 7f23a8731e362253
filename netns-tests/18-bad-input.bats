#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# 18-bad-input.bats - wrong words, files, objects, rights: one line that says what, why and the remedy; exit
# 2 for what the user wrote, 1 for what could not be done; nothing changes, the interface answers on.

load lib

REVISION=$TOP/build/netns-tests/objects/revision.bpf.o
O=$TOP/build/netns-tests/objects

setup() {
	topology veth
	kf -q up "$HOST_IF"
	kf -q deploy "$HOST_IF" "$REVISION" --name answer
	picture >"$BATS_TEST_TMPDIR/before"
}

# Each test ends here: all is as it was before its mistakes.
teardown() {
	local rc=0
	if [ -e "$BATS_TEST_TMPDIR/before" ]; then
		picture | diff "$BATS_TEST_TMPDIR/before" - || rc=1
		assert_eq 3 "$(udp --count 3 --data 'query.' --answers "$HOST4" 7777 | jq '.answers["quer\u0001."]')" answers || rc=1
	fi
	topology_down || rc=1
	return $rc
}

# Pins, programs, functions.
picture() {
	find "$(state_folder)" -printf '%p %i\n' | sort
	xdp_id "$HOST_NS" "$HOST_IF"
	json . ls "$HOST_IF"
}

# usage REGEX WORD...: what the user wrote is wrong. failed REGEX WORD...: it could not be done.
# Words mean the same to every kernel: under emulation, where a command takes a second, some are tried.
CASES=0
usage() {
	CASES=$((CASES + 1))
	[ -z "${KFAAS_VM:-}" ] || ((CASES % 5 == 1)) || return 0
	refused 2 "^kfaas-net: $1" kf "${@:2}"
}
failed() { refused 1 "^kfaas-net: $1" kf "${@:2}"; }
deploying() { usage "$1" deploy "$HOST_IF" "$REVISION" --name other "${@:2}"; }

conf() { # TEXT: sets CONF
	CONF=$BATS_TEST_TMPDIR/bad.conf
	printf '%b' "$1" >"$CONF"
}
bad_conf() { # REGEX TEXT: by `up` and by `check` alike
	conf "$2"
	usage "$1" up "$HOST_IF" -c "$CONF"
	usage "$1" check "$CONF"
}

@test "commands and words" {
	usage "unknown command 'deply': did you mean 'deploy'\?" deply "$HOST_IF" ping
	usage "unknown command 'xyzzy': .*--help" xyzzy
	usage "up: something is missing: kfaas-net up IFACE" up
	usage "up has nothing to tell as JSON: leave --json out" up "$HOST_IF" --json
	usage "save has nothing to tell as JSON" --json save "$HOST_IF"
	usage "remove has nothing to tell as JSON" --json remove "$HOST_IF" answer
	usage "data del has nothing to tell as JSON" --json data del "$HOST_IF" answer.x 1
	usage "data put has no line for each CPU to tell" data put "$HOST_IF" answer.x 1 2 --per-cpu
	usage "up: 'b' is too much: kfaas-net up IFACE" up "$HOST_IF" b
	usage "deploy: unknown option '--frob': see .*--help" deploy "$HOST_IF" ping --frob
	usage "deploy: --prio needs a value" deploy "$HOST_IF" ping --prio
	usage "ls: --json takes no value" ls --json=yes
	usage "ls: --quiet and --verbose contradict each other" ls -q -v
	usage "deploy: --name is there twice" deploy "$HOST_IF" ping --name a --name b
}

@test "output that cannot be written" {
	local words
	for words in --help help --version "up --help" "help up" "inspect echo" "--netns $HOST_NS ls"; do
		refused 1 "^kfaas-net: cannot write the output: No space left" sh -c "'$KFAAS' $words >/dev/full"
	done
}

@test "interfaces and namespaces" {
	local command
	for command in up down ls save stats; do
		usage "no interface 'nonesuch' here: .*ip link" $command nonesuch
	done
	usage "no interface '' here|'' is not an interface name" up ""
	usage "no interface '\.\./x' here|'\.\./x' is not an interface name" down ../x
	usage "no interface 'an-interface-of-a-long-name'|.*is not an interface name" up an-interface-of-a-long-name
	failed "lo is not up: run \`kfaas-net up lo\` first" ls lo
	failed "lo is not up: run \`kfaas-net up lo\` first" deploy lo ping
	failed "lo is not up: run \`kfaas-net up lo\` first" down lo
	refused 2 "^kfaas-net: no network namespace 'nonesuch' .*ip netns list" "$KFAAS" --netns nonesuch ls
}

@test "functions and names" {
	local command
	usage "no function 'nonesuch' in the function path \(there: .*ping" deploy "$HOST_IF" nonesuch
	for command in replace rollback remove reset stats; do
		usage "no function 'nix' on $HOST_IF" $command "$HOST_IF" nix
	done
	usage "$HOST_IF has a function named 'answer': .*--name.*replace" deploy "$HOST_IF" "$REVISION" --name answer
	usage "--name 'a/b': letters, digits" deploy "$HOST_IF" "$REVISION" --name a/b
	usage "--name '-x': letters" deploy "$HOST_IF" "$REVISION" --name=-x
	usage "--name 'a{64}': .*at most 63" deploy "$HOST_IF" "$REVISION" --name "$(printf 'a%.0s' {1..64})"
	failed "'ping' has no revision before this one" rollback "$HOST_IF" ping
}

@test "triggers" {
	deploying "--on: unknown trigger 'smtp': did you mean 'sctp'" --on smtp
	deploying "--on: unknown trigger 'x': write one of any, arp" --on x
	deploying "--on: .*'udp/99999': 1 to 65535" --on udp/99999
	deploying "--on: port 0" --on udp/0
	deploying "--on: .*9000-8000" --on tcp/9000-8000
	deploying "--on: .*ether/0x1ffff" --on ether/0x1ffff
	deploying "--on: .*proto/256" --on proto/256
	deploying "--on: .*'to 10.0.0.0/8'" --on 'udp/5 to 10.0.0.1/8'
	deploying "--on: .*arp" --on 'arp to 10.0.0.1'
}

@test "values of options" {
	deploying "--set revision is there twice: leave one out" --set revision=1 --set revision=2
	deploying "--data x is there twice: leave one out" --data x=a --data x=b
	deploying "--prio: bad value '70000' for 'prio': .* 0 to 65535" --prio 70000
	deploying "--prio: bad value '5x'" --prio 5x
	deploying "--prio: bad value '-1'" --prio=-1
	deploying "--limit: bad value '0/s' .*1/s to 1000000000/s" --limit 0/s
	deploying "--limit: bad value 'much' .*'200000/s'" --limit much
	deploying "--on-limit: bad value 'reject' .*pass or drop" --on-limit reject
	deploying "--budget: bad value '2' .*2us" --budget 2
	deploying "--on-fuse: bad value 'x' .*pass or drop" --on-fuse x
	deploying "--scope: bad value 'global' .*local or any" --scope global
	deploying "--continue: bad value 'maybe' .*pass, drop" --continue maybe
	deploying "--component: bad value '65536' .*0 to 65535" --component 65536
	usage "--mode 'turbo': it is auto, native, generic or offload" up "$HOST_IF" --mode turbo
	usage "--require 'speed': it is native, multiprog or frags" up "$HOST_IF" --require speed
}

@test "settings" {
	deploying ".*has no setting 'revsion' \(it has: revision\)" --set revsion=2
	deploying "set.revision: '256' is not a whole number from 0 to 255" --set revision=256
	deploying "set.revision: '-1' is not a whole number" --set revision=-1
	deploying "set.revision: 'x' is not a whole number" --set revision=x
	deploying "--set 'revision': it takes KEY=VALUE" --set revision
	deploying "--set '=2': it takes KEY=VALUE" --set =2
	usage ".*has no setting 'revsion'" replace "$HOST_IF" answer --set revsion=2
}

@test "files that are no BPF objects" {
	local f=$BATS_TEST_TMPDIR/f.bpf.o
	usage "cannot read the object .*nonesuch.bpf.o: No such file" deploy "$HOST_IF" ./nonesuch.bpf.o
	usage "cannot read the object .*: Is a directory" deploy "$HOST_IF" "$BATS_TEST_TMPDIR/"
	echo "just text" >"$f"
	usage "$f: not an object file: .*clang -target bpf" deploy "$HOST_IF" "$f"
	: >"$f"
	usage "$f: the file is empty" deploy "$HOST_IF" "$f"
	local size
	for size in 20 63 500 $(($(stat -c %s "$REVISION") - 100)); do
		head -c "$size" "$REVISION" >"$f"
		usage "$f: (not an object file|broken object file|not a valid ELF)" deploy "$HOST_IF" "$f" --on udp/1
	done
	usage "$KFAAS: not a BPF object" deploy "$HOST_IF" "$KFAAS"
	usage "/dev/null: .*" deploy "$HOST_IF" /dev/null
	usage "$f: " replace "$HOST_IF" answer "$f"
}

@test "objects without a program for a hook, or with two" {
	usage ".*no-program.bpf.o has no program for xdp, tc-ingress or tc-egress" \
		deploy "$HOST_IF" "$O/no-program.bpf.o" --on udp/1
	usage ".*two-programs.bpf.o has two programs for xdp \(.* and .*\)" deploy "$HOST_IF" "$O/two-programs.bpf.o" --on udp/1
	usage "watch: .*tc hooks: only a function for xdp alone|'watch' has programs for tc hooks" \
		deploy "$HOST_IF" "$O/watch.bpf.o" --component 10
	usage ".*no-program.bpf.o has no program" replace "$HOST_IF" answer "$O/no-program.bpf.o"
	usage "bad: function 'bad' has no trigger: .*on = udp/53" deploy "$HOST_IF" "$O/bad.bpf.o"
}

@test "the verifier's refusal: its last meaningful line; with -v, all it said" {
	failed "the kernel's verifier refused .*bad.bpf.o: R[0-9] offset is outside of the packet \(-v shows" \
		deploy "$HOST_IF" "$O/bad.bpf.o" --on udp/1
	failed "the kernel's verifier refused .*bad.bpf.o: R[0-9]" replace "$HOST_IF" answer "$O/bad.bpf.o"
	run kf -v deploy "$HOST_IF" "$O/bad.bpf.o" --on udp/1
	assert_eq 1 "$status"
	assert_match 'BEGIN PROG LOAD LOG.*processed [0-9]+ insns' "${output//$'\n'/ }"
	assert_match '^kfaas-net: the kernel.s verifier refused' "${lines[-1]}"
}

@test "a config's mistakes, with file and line" {
	bad_conf ".*bad.conf:2: .*'objct'" "[function answer]\nobjct = $REVISION\n"
	bad_conf ".*bad.conf:3: .*unknown trigger 'smtp'" "[function answer]\nobject = $REVISION\non = smtp\n"
	bad_conf ".*bad.conf:1: unknown section \[interfaces\]: did you mean 'interface'" "[interfaces]\nmode = auto\n"
	bad_conf ".*bad.conf:2: .*'turbo'" "[interface]\nmode = turbo\n"
	bad_conf ".*bad.conf:2: .*sample" "[interface]\nsample = 100\n"
	bad_conf ".*bad.conf:3: .*answer" "[function answer]\nobject = $REVISION\n[function answer]\nobject = $REVISION\n"
	bad_conf ".*bad.conf:1: " "no section\n"
	bad_conf ".*bad.conf:1: .*" "[function a/b]\n"
	bad_conf ".*bad.conf.*zero bytes" "[interface]\n\\0"
	conf "[interface]\n"
	truncate -s 17M "$CONF"
	usage ".*bad.conf is not a config: it has more than 16777216 bytes" check "$CONF"
	section() { bad_conf ".*bad.conf: \[function second\]: $1" "[function answer]\nobject = $REVISION\n[function second]\n$2\n"; }
	section "no function 'nonesuch'" "object = nonesuch"
	section "cannot read the object /nonesuch.o: No such file" "object = /nonesuch.o"
	section "set.revision: 'x'" "object = $REVISION\non = udp/5\nset.revision = x"
	section "data.x: .* has no map 'x'" "object = $REVISION\non = udp/5\ndata.x = /dev/null"
	section ".* has two programs for xdp" "object = $O/two-programs.bpf.o\non = udp/5"
	conf "[function second]\nobject = $O/bad.bpf.o\non = udp/1\n"
	failed ".*bad.conf: \[function second\]: the kernel's verifier refused .*bad.bpf.o" up "$HOST_IF" -c "$CONF"
	usage "cannot read the config /nonesuch.conf: No such file" up "$HOST_IF" -c /nonesuch.conf
	usage "cannot read the config /nonesuch.conf: No such file" check /nonesuch.conf
	usage "cannot read the config $BATS_TEST_TMPDIR: Is a directory" up "$HOST_IF" -c "$BATS_TEST_TMPDIR"
}

@test "rights that are missing, by name" {
	denied() { refused 1 "^kfaas-net: missing capability $1 \(.*\): run as root" "${@:2}"; }
	denied CAP_NET_ADMIN setpriv --bounding-set -net_admin "$KFAAS" --netns "$HOST_NS" deploy "$HOST_IF" ping --name p2
	denied CAP_BPF setpriv --bounding-set -bpf,-sys_admin "$KFAAS" --netns "$HOST_NS" deploy "$HOST_IF" ping --name p2
	denied CAP_SYS_ADMIN setpriv --bounding-set -sys_admin "$KFAAS" --netns "$HOST_NS" remove "$HOST_IF" answer
	denied CAP_NET_ADMIN setpriv --reuid 65534 --regid 65534 --clear-groups "$KFAAS" --netns "$HOST_NS" down "$HOST_IF"
}

@test "bpffs that is not there is mounted, and said; if it cannot be, that is the error" {
	run unshare -mpf --mount-proc sh -c "umount -l $BPFFS && '$KFAAS' --netns $HOST_NS ls && grep -q ' $BPFFS bpf ' /proc/mounts"
	assert_eq 0 "$status"
	assert_match "^mounted bpffs at $BPFFS" "${lines[0]}"
	refused 1 "^kfaas-net: bpffs is not mounted at $BPFFS and mounting it failed: .*mount -t bpf" \
		unshare -mpf --mount-proc sh -c "mount -t tmpfs none /sys && exec '$KFAAS' ls"
}
