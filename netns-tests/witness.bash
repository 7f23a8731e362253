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
	CAPTURES=$((CAPTURES + 1))
	CAPTURE=$BATS_TEST_TMPDIR/capture-$CAPTURES.pcap
	background in_ns "$1" tcpdump -i "$2" --immediate-mode -U -Z root -s 0 -w "$CAPTURE"
	printf '%s\n' "$BG_PID" "$1" "$2" "$BG_LOG" "${3:-}" >"$CAPTURE.who"
	wait_for 10 grep -q 'listening on' "$BG_LOG"
}

# end_capture [PCAP]: ends CAPTURE, or the one named. The last packet is a mark of ours: when it is
# in the file, so is all that came before. The filter is applied to the file, tags and all: in the
# kernel, tags are not where a filter with `vlan` and `or` looks for them.
end_capture() {
	local file=${1:-$CAPTURE} who
	[ -e "$file.who" ] || return 0
	mapfile -t who <"$file.who"
	in_ns "${who[1]}" /usr/bin/python3 -IS "$TESTS/wire.py" mark "${who[2]}"
	wait_for 10 has_mark "$file" || {
		cat "${who[3]}"
		return 1
	}
	kill "${who[0]}" 2>/dev/null || true
	wait_for 10 gone "${who[0]}"
	mv "$file" "$file.all"
	tcpdump -r "$file.all" -w - 'not ether proto 0x88b5' 2>/dev/null | tcpdump -r - -w "$file" "${who[4]}" 2>/dev/null
	rm -f "$file.who" "$file.all"
}

# captured [TCPDUMP OPTION...] [PCAP]: ends the capture (CAPTURE unless named by its file) and prints its packets.
captured() {
	local file=$CAPTURE
	case ${*: -1} in
	*.pcap)
		file=${*: -1}
		set -- "${@:1:$#-1}"
		;;
	esac
	end_capture "$file" || return
	tcpdump -nn -t "$@" -r "$file" 2>/dev/null
}

# captured_count [PCAP] FILTER: ends the capture and says how many of its packets match.
captured_count() {
	local file=$CAPTURE
	[ $# = 1 ] || {
		file=$1
		shift
	}
	end_capture "$file" || return
	tcpdump -nn -r "$file" "$1" 2>/dev/null | wc -l
}

has_mark() { grep -qa 'kfaas-net capture end' "$1"; }
gone() {
	local stat
	stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 0
	[[ $stat == *") Z "* ]]
}
