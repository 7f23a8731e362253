# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# topology.bash - makes a test's namespaces and wires, takes them down, and tells what was left.
#
# topology veth|nic   host and client
# add_second          a second namespace (SECOND_NS, SECOND_IF) on a second host interface (HOST_IF2)
# make_router         add_second, and the host forwards between client and second
# vlan OUTER [INNER]  VLAN interfaces on both ends (INNER: QinQ)

NICS=() MAY_STAY="" HOST_NS="" CLIENT_NS="" SECOND_NS="" KFAAS_TEST_ID=none

topology() {
	# bats traces every command in every function and subshell, which took a fifth of a test's time. From
	# here on only the test's own lines are traced: a failure still names the one that failed.
	set +T
	local id=$$-${BATS_TEST_NUMBER:-0}
	HOST_NS=kf-h-$id CLIENT_NS=kf-c-$id SECOND_NS=""
	HOST_IF=kf0 CLIENT_IF=cl0
	HOST_MAC=02:00:00:00:77:01 CLIENT_MAC=02:00:00:00:77:02
	HOST4=10.77.0.1 CLIENT4=10.77.0.2 HOST6=fd77::1 CLIENT6=fd77::2
	NICS=() MAY_STAY=""
	if [ "$1" = nic ]; then
		need nic
		read -ra NICS <<<"$KFAAS_NICS"
	fi
	remove_stale
	export KFAAS_TEST_ID=$id
	watchdog
	all_ids >"$BATS_TEST_TMPDIR/ids"
	printf 'netns add %s\n' "$HOST_NS" "$CLIENT_NS" | ip -batch -
	case $1 in
	veth)
		{
			veth "$HOST_IF" "$HOST_MAC" "$CLIENT_IF" "$CLIENT_MAC" "$CLIENT_NS"
			addresses "$HOST_IF" $HOST4/24 $HOST6/64
		} | furnish "$HOST_NS"
		{
			let_pass "$CLIENT_IF"
			addresses "$CLIENT_IF" $CLIENT4/24 $CLIENT6/64
		} | furnish "$CLIENT_NS"
		;;
	nic)
		ip -batch - <<-END
			link set ${NICS[0]} netns $HOST_NS name $HOST_IF address $HOST_MAC
			link set ${NICS[1]} netns $CLIENT_NS name $CLIENT_IF address $CLIENT_MAC
		END
		addresses "$HOST_IF" $HOST4/24 $HOST6/64 | furnish "$HOST_NS"
		addresses "$CLIENT_IF" $CLIENT4/24 $CLIENT6/64 | furnish "$CLIENT_NS"
		;;
	*)
		echo "topology: unknown kind $1"
		return 1
		;;
	esac
	wait_for 5 link_up "$HOST_NS" "$HOST_IF"
	wait_for 5 link_up "$CLIENT_NS" "$CLIENT_IF"
}

# Namespaces of tests that were killed, teardown and all.
remove_stale() {
	local file pid
	for file in /run/netns/kf-[hcs]-*-*; do
		pid=${file%-*}
		pid=${pid##*-}
		if [ -e "$file" ] && [ ! -d "/proc/$pid" ]; then ip netns delete "${file##*/}"; fi
	done
}

# Sets NAMESPACE up by the `ip` commands on standard input, all in one process: under emulation
# processes are what costs. Its kernel sends nothing unasked: no router solicitation, no address
# detection. What a test counts is what the test sent.
furnish() {
	in_ns "$1" sh -c 'cd /proc/sys/net/ipv6/conf/default &&
		echo 0 >accept_ra && echo 0 >accept_dad && echo 0 >router_solicitations && echo 1 >addr_gen_mode &&
		{ echo link set lo up && cat; } | ip -batch -'
}

# Lines for furnish.
veth() { # IF MAC PEER_IF PEER_MAC PEER_NAMESPACE
	echo "link add $1 address $2 type veth peer name $3 address $4 netns $5"
}

# The veth driver drops what a function sends back unless the far end runs XDP as well.
let_pass() { echo "link set dev $1 xdpdrv obj $PASS_OBJECT sec xdp"; } # IF

addresses() { # IF ADDRESS...
	local dev=$1 a
	shift
	echo "link set $dev up"
	for a in "$@"; do
		case $a in
		*:*)
			echo "address add $a dev $dev nodad"
			# A router solicits its neighbours from a link-local address only.
			echo "address add fe80::${a#*::} dev $dev nodad"
			;;
		*) echo "address add $a dev $dev" ;;
		esac
	done
}

give_address() { addresses "${@:2}" | ip -n "$1" -batch -; } # NAMESPACE IF ADDRESS...

link_up() { [[ $(ip -n "$1" -o link show dev "$2") == *" state UP "* ]]; } # NAMESPACE IF
ifindex() { ip -n "$1" -o link show dev "$2" | cut -d : -f 1; }            # NAMESPACE IF

# The XDP program of an interface: its id, or nothing.
xdp_id() { ip -n "$1" -j link show dev "$2" | jq -r '.[0].xdp.prog.id // empty'; } # NAMESPACE IF

add_second() {
	SECOND_NS=kf-s-$$-${BATS_TEST_NUMBER:-0} HOST_IF2=kf1 SECOND_IF=cl0
	HOST_MAC2=02:00:00:00:78:01 SECOND_MAC=02:00:00:00:78:02
	HOST4_2=10.78.0.1 SECOND4=10.78.0.2 HOST6_2=fd78::1 SECOND6=fd78::2
	ip netns add "$SECOND_NS"
	{
		veth $HOST_IF2 $HOST_MAC2 $SECOND_IF $SECOND_MAC "$SECOND_NS"
		addresses $HOST_IF2 $HOST4_2/24 $HOST6_2/64
	} | ip -n "$HOST_NS" -batch -
	{
		let_pass $SECOND_IF
		addresses $SECOND_IF $SECOND4/24 $SECOND6/64
	} | furnish "$SECOND_NS"
	wait_for 5 link_up "$HOST_NS" $HOST_IF2
}

in_second() { in_ns "$SECOND_NS" "$@"; }

make_router() {
	add_second
	in_host sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward; echo 1 >/proc/sys/net/ipv6/conf/all/forwarding'
	ip -n "$CLIENT_NS" route add default via "$HOST4"
	ip -n "$CLIENT_NS" -6 route add default via "$HOST6"
	ip -n "$SECOND_NS" route add default via $HOST4_2
	ip -n "$SECOND_NS" -6 route add default via $HOST6_2
}

# Sets HOST4_VLAN and so on. The tag stays in the frame: handed to the driver apart from it (as
# offloads do), XDP would not see it.
vlan() {
	need vlan
	local ns dev name
	HOST4_VLAN=10.79.0.1 CLIENT4_VLAN=10.79.0.2 HOST6_VLAN=fd79::1 CLIENT6_VLAN=fd79::2
	for ns in "$HOST_NS" "$CLIENT_NS"; do
		dev=$HOST_IF
		[ "$ns" = "$HOST_NS" ] || dev=$CLIENT_IF
		in_ns "$ns" ethtool -K "$dev" txvlan off tx-vlan-stag-hw-insert off >/dev/null 2>&1 || true
		name=$dev.$1
		ip -n "$ns" link add link "$dev" name "$name" type vlan \
			protocol "$([ $# = 2 ] && echo 802.1ad || echo 802.1Q)" id "$1"
		if [ $# = 2 ]; then
			ip -n "$ns" link set "$name" up
			in_ns "$ns" ethtool -K "$name" txvlan off >/dev/null 2>&1 || true
			ip -n "$ns" link add link "$name" name "$name.$2" type vlan id "$2"
			name+=.$2
		fi
		if [ "$ns" = "$HOST_NS" ]; then
			HOST_VLAN_IF=$name
			give_address "$ns" "$name" $HOST4_VLAN/24 $HOST6_VLAN/64
		else
			CLIENT_VLAN_IF=$name
			give_address "$ns" "$name" $CLIENT4_VLAN/24 $CLIENT6_VLAN/64
		fi
	done
	export HOST4_VLAN CLIENT4_VLAN HOST6_VLAN CLIENT6_VLAN HOST_VLAN_IF CLIENT_VLAN_IF
}

# --- Taking down

# may_stay xdp|qdisc...: something on the host's interfaces is not ours, and stays until the namespace goes.
may_stay() { MAY_STAY+=" $*"; }

topology_down() {
	local left
	# After a time-out bats is killing this shell's children: let it finish, and take this sleep.
	[ -z "${BATS_TIMED_OUT+x}" ] || sleep 1 || true
	end_background
	left=$(
		ours_down
		kernel_leftovers
	) || left+=$'\n'"taking down failed"
	nics_back
	existing_ns | sed 's/^/netns delete /' | ip -batch - || left+=$'\n'"$(existing_ns)"
	left+=$(wait_for 10 ids_gone) || true
	[ -z "$left" ] || {
		printf 'left behind:\n%s\n' "$left"
		return 1
	}
}

existing_ns() {
	local ns
	for ns in "$HOST_NS" "$CLIENT_NS" "$SECOND_NS"; do
		if [ -n "$ns" ] && [ -e "/run/netns/$ns" ]; then echo "$ns"; fi
	done
}

# What the test started, and whatever that left running.
end_background() {
	local pid
	for pid in "${BACKGROUND[@]}"; do kill "$pid" 2>/dev/null || true; done
	kill_strays
	for pid in "${BACKGROUND[@]}"; do wait "$pid" 2>/dev/null || true; done
	BACKGROUND=()
}

# Every program that this test started has its id in the environment.
kill_strays() {
	local entry
	# shellcheck disable=SC2013 # names of files
	for entry in $(grep -lzsx "KFAAS_TEST_ID=$KFAAS_TEST_ID" /proc/[0-9]*/environ); do
		entry=${entry#/proc/}
		kill -9 "${entry%/environ}" 2>/dev/null || true
	done
}

# When its time is up bats ends the test's own children only. A grandchild would live on, and `run`
# wait for its output for ever. So this one, nobody's child, ends them; unless it was ended itself,
# as a stray, by way of its sleep.
watchdog() {
	[ -n "${BATS_TEST_TIMEOUT:-}" ] || return 0
	( (sleep $((BATS_TEST_TIMEOUT + 2)) && kill_strays) >/dev/null 2>&1 </dev/null 3>&- 4>&- &)
}

# The host namespace's state folder: nothing if there is none.
state_folder() {
	local cookie
	compgen -G "$BPFFS/kfaas-net/*" >/dev/null || return 0
	cookie=$(in_host /usr/bin/python3 -IS "$TESTS/wire.py" cookie)
	[ ! -e "$BPFFS/kfaas-net/$cookie" ] || echo "$BPFFS/kfaas-net/$cookie"
}

# `down` on every interface that has state; a line for each thing that survives it.
ours_down() {
	local folder dir dev
	[ -n "$HOST_NS" ] && [ -e "/run/netns/$HOST_NS" ] || return 0
	folder=$(state_folder)
	[ -n "$folder" ] || return 0
	# In a VM all ids are the tests' own, and ids_gone looks at them.
	[ -n "${KFAAS_VM:-}" ] || pinned_ids "$folder" >"$BATS_TEST_TMPDIR/pinned"
	for dir in "$folder"/*/; do
		[ -d "$dir" ] || continue
		dev=${dir%/}
		dev=${dev##*/}
		dev=${dev//%2e/.} # bpffs takes no dots
		kf -q down "$dev" || echo "down $dev failed"
	done
	if [ -e "$folder" ]; then find "$folder" -mindepth 1; fi
	[ -n "${KFAAS_VM:-}" ] || wait_for 5 pinned_gone || true
}

# Kinds and ids of what is pinned below FOLDER.
pinned_ids() {
	local kind
	for kind in map prog link; do
		bpftool -f "$kind" show | awk -v kind="$kind" -v folder="$1/" \
			'/^[0-9]+:/ { id = $1 + 0 } $1 == "pinned" && index($2, folder) == 1 { print kind, id }'
	done
}

pinned_gone() {
	local kind left
	[ -s "$BATS_TEST_TMPDIR/pinned" ] || return 0
	left=$(for kind in map prog link; do
		bpftool "$kind" show | sed -n "s/^\([0-9]*\):.*/$kind \1/p"
	done | grep -xFf "$BATS_TEST_TMPDIR/pinned") || return 0
	echo "pinned before down, still there:"
	echo "$left"
	return 1
}

# What is still on the host's interfaces.
kernel_leftovers() {
	local line dir
	[ -n "$HOST_NS" ] && [ -e "/run/netns/$HOST_NS" ] || return 0
	if [[ $MAY_STAY != *xdp* ]]; then
		ip -n "$HOST_NS" -o link | while read -r line; do
			[[ $line =~ ^([0-9]+):\ ([^:@]+).*\ mtu\ [0-9]+\ (xdp|$) ]] || [[ $line =~ ^([0-9]+):\ ([^:@]+) ]]
			[ -z "${BASH_REMATCH[3]:-}" ] || echo "XDP program on ${BASH_REMATCH[2]}"
			for dir in "$BPFFS/xdp/dispatch-${BASH_REMATCH[1]}-"*; do
				[ ! "$dir" -nt "$BATS_TEST_TMPDIR/ids" ] || echo "$dir"
			done
		done
	fi
	if [[ $MAY_STAY != *qdisc* ]]; then
		tc -n "$HOST_NS" qdisc show | sed -nE 's/^qdisc (clsact|ingress) .* dev ([^ ]+) .*/qdisc \1 on \2/p'
		# A list of programs by interface; clsact's and TCX's are below "tc:". (In a VM see all_ids.)
		[ -n "${KFAAS_VM:-}" ] || in_host bpftool net show | sed -n '/^tc:/,/^$/{/^tc:/d;/^$/d;s/^/TC program: /p}'
	fi
}

nics_back() {
	local i ns dev
	for i in "${!NICS[@]}"; do
		ns=$HOST_NS
		dev=$HOST_IF
		[ "$i" = 0 ] || ns=$CLIENT_NS dev=$CLIENT_IF
		ip -n "$ns" link show dev "$dev" >/dev/null 2>&1 || continue
		ip -n "$ns" link set dev "$dev" xdpdrv off
		ip -n "$ns" link set dev "$dev" down
		ip -n "$ns" link set dev "$dev" netns $$ name "${NICS[i]}"
	done
}

# In a VM every program and map is the tests' own: what is there after a test was there before.
all_ids() {
	[ -n "${KFAAS_VM:-}" ] || return 0
	bpftool prog show | grep '^[0-9]' || true
	bpftool map show | grep '^[0-9]' || true
}
ids_gone() {
	local new
	[ -s "$BATS_TEST_TMPDIR/ids" ] || [ -n "${KFAAS_VM:-}" ] || return 0
	new=$(all_ids | grep -vxFf "$BATS_TEST_TMPDIR/ids") || true
	echo "$new"
	[ -z "$new" ]
}
