# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# witness.bash - what went over the wire: captures, a UDP client that counts, raw frames.

# udp [OPTION...] ADDR PORT: requests from the client; one line of JSON; fails unless all were
# answered. See wire.py for the options.
udp() { in_client /usr/bin/python3 -IS "$TESTS/wire.py" udp --timeout "$(limit 2)" "$@"; }

# frames HEX...: sent as they are from the client's interface; prints the frames that came back.
frames() { in_client /usr/bin/python3 -IS "$TESTS/wire.py" frames --timeout "$(limit 2)" "$CLIENT_IF" "$@"; }

# no_frames HEX...: sent, and nothing comes back (that holds --match, if given) for as long as answers take, many times over.
no_frames() {
	in_client /usr/bin/python3 -IS "$TESTS/wire.py" frames --timeout "${KFAAS_VM:+2}.5" --expect 0 "$CLIENT_IF" "$@"
}

# capture NAMESPACE IF [FILTER]: a witness that has started when this returns. Sets CAPTURE (its
# pcap file). Call it directly, not with `run`. Watch from the client: what XDP answers is not seen
# by tcpdump on the host.
CAPTURES=0
capture() {
	local ns=$1 dev=$2 filter=${3:-}
	CAPTURES=$((CAPTURES + 1))
	CAPTURE=$BATS_TEST_TMPDIR/capture-$CAPTURES.pcap
	# The mark first: `vlan` in a filter moves all that follows it.
	[ -z "$filter" ] || filter="ether proto 0x88b5 or ($filter)"
	background in_ns "$ns" tcpdump -i "$dev" --immediate-mode -U -Z root -s 0 -w "$CAPTURE" "$filter"
	echo "$BG_PID $ns $dev $BG_LOG" >"$CAPTURE.who"
	wait_for 10 grep -q 'listening on' "$BG_LOG"
}

# captured [TCPDUMP OPTION...] [PCAP]: ends the capture (CAPTURE unless named by its file) and prints
# its packets. The last packet is a mark of ours: when it is in the file, so is all that came before.
captured() {
	local file=$CAPTURE pid ns dev log
	case ${*: -1} in
	*.pcap)
		file=${*: -1}
		set -- "${@:1:$#-1}"
		;;
	esac
	if [ -e "$file.who" ]; then
		read -r pid ns dev log <"$file.who"
		in_ns "$ns" /usr/bin/python3 -IS "$TESTS/wire.py" mark "$dev"
		wait_for 10 has_mark "$file" || {
			cat "$log"
			return 1
		}
		kill "$pid" 2>/dev/null || true
		wait_for 10 gone "$pid"
		rm -f "$file.who"
	fi
	tcpdump -nn -t "$@" -r "$file" 'not ether proto 0x88b5' 2>/dev/null
}

has_mark() { grep -qa 'kfaas-net capture end' "$1"; }
gone() {
	local stat
	stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 0
	[[ $stat == *") Z "* ]]
}

# captured_count [PCAP] FILTER: how many packets of an ended capture match.
captured_count() {
	local file=$CAPTURE
	[ $# = 1 ] || {
		file=$1
		shift
	}
	tcpdump -nn -r "$file" "not ether proto 0x88b5 and ($1)" 2>/dev/null | wc -l
}
