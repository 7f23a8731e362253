# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# story.bash - words that the stories of kfaas-net's own behaviour are told in, on top of lib.bash.

OBJECTS=$TOP/build/netns-tests/objects

# A namespace where the kernel's own answer "port unreachable" is never held back: it is what tells
# that a datagram was passed on.
story_setup() {
	topology "${KFAAS_TEST_TOPO:-veth}"
	in_host sh -c 'echo 0 >/proc/sys/net/ipv4/icmp_ratelimit; echo 0 >/proc/sys/net/ipv6/icmp/ratelimit'
}
setup() { story_setup; }

object() { echo "$OBJECTS/$1.bpf.o"; }

# up with nothing deployed.
up_empty() { # [INTERFACE LINE...]
	{
		echo '[interface]'
		[ $# = 0 ] || printf '%s\n' "$@"
	} >"$BATS_TEST_TMPDIR/empty.conf"
	kf -q up "$HOST_IF" -c "$BATS_TEST_TMPDIR/empty.conf"
}

deploy() { kf -q deploy "$HOST_IF" "$(object "$1")" "${@:2}"; } # OBJECT [OPTION...]

# --- What a UDP client sees

# tell PORT [ADDRESS]: the answer to a datagram, which is longer than any answer: a veth driver leaves
# little room to grow in.
tell() { udp --size 64 --answers "${2:-$HOST4}" "$1" | jq -r '.answers | keys[0]'; }

# kernel_has PORT [ADDRESS]: a datagram comes to the kernel, which says that nobody listens.
kernel_has() {
	local out
	out=$(udp --data question "${2:-$HOST4}" "$1") || true
	assert_match '"answered": 0, "wrong": 0, "refused": 1' "$out" "port $1"
}

# lost PORT [ADDRESS] [COUNT]: no answer of any kind.
lost() {
	local out
	out=$(udp --timeout "${KFAAS_VM:+2}.3" --count "${3:-1}" --window 100000 --data question "${2:-$HOST4}" "$1") || true
	assert_match '"answered": 0, "wrong": 0, "refused": 0' "$out" "port $1"
}

# --- What functions counted

# figure NAME FIELD [HOOK]: packets, bytes, verdicts.TX ...
figure() {
	local out
	out=$(kf --json stats "$HOST_IF" "$1") || return
	jq -er --arg field "$2" --arg hook "${3:-xdp}" \
		'.functions[0].hooks[$hook] | getpath($field | split("."))' <<<"$out"
}
figure_is() { assert_eq "$3" "$(figure "$1" "$2" "${4:-xdp}")" "$1 $2"; } # NAME FIELD VALUE [HOOK]

# of NAME FILTER: something of a function, from ls.
of() { json ".[0].functions[] | select(.name == \"$1\") | $2" ls "$HOST_IF"; }
names() { json '[.[0].functions[].name] | join(" ")' ls "$HOST_IF"; }

# prog_of NAME: the kernel's id of its XDP program.
prog_of() {
	local folder id revision
	folder=$(state_folder)/${HOST_IF//./%2e}
	id=$(of "$1" .id)
	revision=$(of "$1" .revision)
	bpftool -j prog show pinned "$folder/revisions/$id-$revision/xdp" | jq -er .id
}

# --- Frames

# packets LAYERS...: in hex, a line for each argument; see packet.py.
packets() {
	HOST4=$HOST4 HOST6=$HOST6 CLIENT4=$CLIENT4 CLIENT6=$CLIENT6 HOST_MAC=$HOST_MAC CLIENT_MAC=$CLIENT_MAC \
		/usr/bin/python3 -IS "$TESTS/packet.py" "$@"
}

# stamped ID LAYERS...: the function stamp, deployed with set.id = ID, sends each frame back, once.
stamped() {
	local sent got want="" id f
	printf -v id 0253544d50%02x "$1"
	shift
	mapfile -t sent < <(packets "$@")
	for f in "${sent[@]}"; do want+=${CLIENT_MAC//:/}$id${f:24}$'\n'; done
	got=$(frames --returned --match 0253544d50 "${sent[@]}") || true
	assert_eq "${want%$'\n'}" "$got" "frames back from ${id:10} for $*"
}

# unstamped LAYERS...: no instance of stamp sends any of the frames back.
unstamped() {
	local sent got
	mapfile -t sent < <(packets "$@")
	[ ${#sent[@]} = $# ] || return 1
	got=$(no_frames --returned --match 0253544d50 "${sent[@]}") || {
		echo "$*: came back as $got"
		return 1
	}
}

# --- What is in the kernel

# Everything of ours in the host's namespace, as text: two of these are equal if nothing changed.
everything() {
	local folder
	folder=$(state_folder)
	[ -z "$folder" ] || find "$folder" | sort
	bpf_on_host
	host_rules
}
bpf_on_host() {
	in_host bpftool net show
	tc -n "$HOST_NS" qdisc show | grep -E 'clsact|ingress' || true
}
host_rules() {
	ip -n "$HOST_NS" rule show
	ip -n "$HOST_NS" -6 rule show
	ip -n "$HOST_NS" route show table all | grep -E '253253|unreachable default' || true
	ip -n "$HOST_NS" -6 route show table all | grep -E '253253|unreachable default' || true
	in_host cat /proc/sys/net/ipv4/conf/lo/forwarding /proc/sys/net/ipv6/conf/lo/forwarding
}
