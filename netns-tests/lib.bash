# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# lib.bash - what the tests stand on: namespaces joined by a wire, clients, witnesses, assertions.
#
#   load lib
#   @test "ping is answered" {
#           kf up "$HOST_IF"
#           in_client ping -c 1 -W "$(limit 2)" "$HOST4"
#           assert_eq 1 "$(counter ping packets)"
#   }
#
# Without a setup of its own a file gets HOST_NS (where kfaas-net works, on HOST_IF) and CLIENT_NS
# (CLIENT_IF), joined by a veth pair, or by two NICs if KFAAS_TEST_TOPO=nic. teardown takes
# everything down and fails the test if anything of ours is left.
#
# KFAAS            the binary under test (build/kfaas-net)
# KFAAS_TEST_TOPO  veth (default) or nic; tests tagged "nic" are run again with it
# KFAAS_NICS       two NICs on one wire, for `nic`: "eth0 eth1" (tools/vm --nic sets it)
# KFAAS_VM         set in a VM: limits are ten times as long, and all programs and maps are ours

TESTS=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
TOP=$(dirname "$TESTS")
KFAAS=${KFAAS:-$TOP/build/kfaas-net}
PASS_OBJECT=$TOP/build/netns-tests/pass.bpf.o
BPFFS=/sys/fs/bpf
SLOW=${KFAAS_VM:+10}
SLOW=${SLOW:-1}
export KFAAS

# shellcheck source=topology.bash
. "$TESTS/topology.bash"
# shellcheck source=witness.bash
. "$TESTS/witness.bash"

setup() { topology "${KFAAS_TEST_TOPO:-veth}"; }
teardown() { topology_down; }

# --- Where commands run. nsenter keeps bpffs; `ip netns exec` would mount a fresh /sys over it.

in_ns() { # NAMESPACE COMMAND...
	nsenter --net="/run/netns/$1" -- "${@:2}"
}
in_host() { in_ns "$HOST_NS" "$@"; }
in_client() { in_ns "$CLIENT_NS" "$@"; }
kf() { "$KFAAS" --netns "$HOST_NS" "$@"; }

# Starts COMMAND in the background; sets BG_PID and BG_LOG (its output). teardown ends it. Call it
# directly, not with `run` or in $(...).
BACKGROUND=()
background() {
	BG_LOG=$BATS_TEST_TMPDIR/background-${#BACKGROUND[@]}.log
	# A function would run in a subshell, and BG_PID be that one's.
	case $1 in
	in_host) set -- nsenter --net="/run/netns/$HOST_NS" -- "${@:2}" ;;
	in_client) set -- nsenter --net="/run/netns/$CLIENT_NS" -- "${@:2}" ;;
	in_second) set -- nsenter --net="/run/netns/$SECOND_NS" -- "${@:2}" ;;
	in_ns) set -- nsenter --net="/run/netns/$2" -- "${@:3}" ;;
	kf) set -- "$KFAAS" --netns "$HOST_NS" "${@:2}" ;;
	esac
	"$@" >"$BG_LOG" 2>&1 </dev/null 3>&- 4>&- &
	BG_PID=$!
	BACKGROUND+=("$BG_PID")
}

# --- Time

limit() { echo $(($1 * SLOW)); } # SECONDS, longer in a VM

# wait_for SECONDS COMMAND...: until it succeeds. Fails, with its last output, when time is up.
wait_for() {
	local until=$((SECONDS + $(limit "$1"))) text
	shift
	until text=$("$@" 2>&1); do
		if ((SECONDS > until)); then
			echo "waited in vain for: $*"
			[ -z "$text" ] || echo "$text"
			return 1
		fi
		sleep 0.05
	done
}

# --- Judgements

assert_eq() { # EXPECTED ACTUAL [WHAT]
	[ "$1" = "$2" ] || {
		printf '%s\n  expected: %s\n  actual:   %s\n' "${3:-not equal}" "$1" "$2"
		return 1
	}
}

assert_match() { # REGEX TEXT [WHAT]
	[[ $2 =~ $1 ]] || {
		printf '%s\n  expected: %s\n  actual:   %s\n' "${3:-no match}" "$1" "$2"
		return 1
	}
}

assert_no_match() { # REGEX TEXT [WHAT]
	[[ ! $2 =~ $1 ]] || {
		printf '%s\n  unwanted: %s\n  actual:   %s\n' "${3:-unwanted match}" "$1" "$2"
		return 1
	}
}

# refused STATUS REGEX COMMAND...: fails with STATUS, one line on standard error that matches, no other output.
refused() {
	local status=0 want=$1 regex=$2 out err=$BATS_TEST_TMPDIR/refused
	shift 2
	out=$("$@" 2>"$err") || status=$?
	assert_eq "$want" "$status" "exit status of $*: $(cat "$err")" || return
	assert_eq "" "$out" "standard output of $*" || return
	assert_eq 1 "$(wc -l <"$err")" "lines on standard error of $*: $(cat "$err")" || return
	assert_match "$regex" "$(cat "$err")" "error of $*"
}

# The one that is installed: it starts in a fifth of jq's time, and tests ask often. Keys come sorted.
jq() { gojq "$@"; }

# json FILTER COMMAND...: kf --json COMMAND..., through jq -r.
json() {
	local out
	out=$(kf --json "${@:2}") || return
	jq -er "$1" <<<"$out"
}

# counter NAME FIELD [IFACE]: a function's figure, all hooks together: packets, verdicts.TX, missing ...
counter() {
	local out
	out=$(kf --json stats "${3:-$HOST_IF}" "$1") || return
	jq -er --arg field "$2" '[.functions[0].hooks[] | getpath($field | split(".")) // empty] |
		if . == [] then error("no figure \($field)") else add end' <<<"$out"
}

counter_is() { # NAME FIELD VALUE: for wait_for
	assert_eq "$3" "$(counter "$1" "$2")" "$1 $2"
}

# --- What this kernel can do

# need FEATURE...: skip the test, naming the first feature that the kernel lacks.
need() {
	local f rc
	for f in "$@"; do
		rc=0
		has "$f" || rc=$?
		[ $rc != 1 ] || skip "kernel lacks $(feature_name "$f")"
		[ $rc = 0 ] || return 1
	done
}

feature_name() {
	case $1 in
	ext) echo "BPF_PROG_TYPE_EXT (libxdp multiprog)" ;;
	tracing) echo "BPF_PROG_TYPE_TRACING (fentry)" ;;
	lsm) echo "BPF_PROG_TYPE_LSM" ;;
	kprobe) echo "kprobe events" ;;
	tcx) echo "TCX links" ;;
	no-tcx) echo "clsact as the only TC hook: it has TCX" ;;
	clsact) echo "the clsact qdisc" ;;
	vlan) echo "VLAN devices (8021q)" ;;
	macvlan) echo "macvlan devices" ;;
	nic) echo "two NICs on one wire (KFAAS_NICS)" ;;
	pktgen) echo "pktgen" ;;
	clock) echo "a clock that a test may set: it is the machine's" ;;
	esac
}

# has FEATURE: asks the kernel once a run. 0 yes, 1 no, 2 no such feature.
has() {
	local memo=$BATS_RUN_TMPDIR/has-$1 rc=0
	if [ ! -e "$memo" ]; then
		ask_kernel "$1" || rc=$?
		echo $rc >"$memo"
	fi
	return "$(<"$memo")"
}

ask_kernel() {
	case $1 in
	ext | tracing | lsm | kprobe | tcx) /usr/bin/python3 -IS "$TESTS/probe.py" "$1" ;;
	no-tcx) if has tcx; then return 1; fi ;;
	nic) [ -n "${KFAAS_NICS:-}" ] ;;
	clock) [ -n "${KFAAS_VM:-}" ] ;;
	clsact) in_scratch tc qdisc add dev lo clsact ;;
	vlan) in_scratch sh -c 'ip link add name v0 type veth && ip link add link v0 name v0.1 type vlan id 1' ;;
	macvlan) in_scratch sh -c 'ip link add name v0 type veth && ip link add link v0 name v1 type macvlan' ;;
	pktgen) [ -d /proc/net/pktgen ] || modprobe -q pktgen || return 1 ;;
	*)
		echo "unknown feature $1" >&2
		return 2
		;;
	esac
}

# Runs COMMAND in a namespace that vanishes with it.
in_scratch() { unshare --net -- "$@" >/dev/null 2>&1 || return 1; }
