#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# 93-http-client.bats - the benchmark's HTTP client: right answers count as such, others do not, and nothing is left.

load lib
load story

setup() {
	[ -z "${KFAAS_VM:-}" ] || skip "an emulated machine: the benchmark is not run there"
	topology veth
	in_client ip link set "$CLIENT_IF" xdpdrv off # the client brings its own
	printf 'host *\n/page text right\n' | "$TOP/build/kfaas-http-rows" - >"$BATS_TEST_TMPDIR/rows"
	up_empty
	kf -q deploy "$HOST_IF" http --data "pages=$BATS_TEST_TMPDIR/rows"
}

# http_client [OPTION...]: expects the page, unless the variables page and expect say otherwise.
http_client() {
	"$TOP/build/tools/bench/http-client" --netns "$CLIENT_NS" "$CLIENT_IF" --from "$CLIENT4" --to "$HOST4" --to-mac "$HOST_MAC" \
		--path "${page:-/page}" --expect "${expect:-$'right\n'}" --seconds 0.2 "$@" >"$BATS_TEST_TMPDIR/said"
}

said() { # CONDITION
	jq -e "$1" "$BATS_TEST_TMPDIR/said" || { cat "$BATS_TEST_TMPDIR/said" && return 1; }
}

@test "connections that are kept: each answer is right, and the server's count agrees" {
	http_client --connections 8
	said '.answered > 100 and .answered <= .sent and .sent - .answered <= 8 and .wrong + .lost + .resets + .repeated == 0'
	# A connection ends after 1 MiB of answers; each begins with a SYN-ACK and ends with a FIN.
	[ "$(figure http verdicts.TX)" -ge "$(jq '.answered + .connections' "$BATS_TEST_TMPDIR/said")" ]
	assert_eq null "$(in_client ip -j link show "$CLIENT_IF" | jq '.[0].xdp.prog')"
}

@test "connections that are closed after each answer: as many as answers" {
	http_client --close
	said '.answered > 100 and .connections - .answered <= 32 and .answered <= .connections and .wrong + .lost + .resets + .repeated == 0'
}

@test "round trips are timed: each right answer" {
	http_client --connections 1 --latency
	said '.latency | .samples > 100 and 0 < .p50_ns and .p50_ns <= .p99_ns and .p99_ns <= .p999_ns and .p999_ns <= .max_ns'
	said '.latency.samples == .answered'
}

@test "connections rest between an answer and the next request" {
	http_client --connections 2 --pause 5000 --latency
	said '.answered > 10 and .answered <= 2 * (.seconds / 0.005 + 1) and .wrong + .lost + .resets + .repeated == 0'
	said '.latency.samples == .answered'
	http_client --connections 1 --pause 100000 --timeout 50
	said '.answered >= 1 and .answered <= .seconds / 0.1 + 1 and .lost == 0'
}

@test "another text, another status, and no server are no right answers" {
	expect=$'wrong\n' http_client
	said '.answered == 0 and .wrong > 100'
	page=/none expect=$'404 Not Found\n' http_client
	said '.answered == 0 and .wrong > 100'
	kf -q remove "$HOST_IF" http
	http_client
	said '.answered == 0 and .connections == 0 and .resets > 0'
}

@test "a server of the kernel's is asked, too, and no connection is left to it" {
	kf -q remove "$HOST_IF" http
	cat >"$BATS_TEST_TMPDIR/serve.py" <<-'END'
		import socket
		listening = socket.create_server(("", 80))
		while True:
		    with listening.accept()[0] as asked:
		        asked.recv(4096)
		        asked.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\nConnection: close\r\n\r\nright\n")
	END
	background in_host /usr/bin/python3 -I "$BATS_TEST_TMPDIR/serve.py"
	wait_for 5 in_host sh -c '[ "$(ss -Htln | wc -l)" = 1 ]'
	http_client --close --connections 4
	said '.answered > 10 and .wrong + .lost + .resets == 0'
	wait_for 5 in_host sh -c '[ -z "$(ss -Htn state established)" ]'
}

@test "what is lost is given up, and asked for anew" {
	deploy loss --on tcp/80 --prio 1
	http_client --timeout 10
	said '.answered > 100 and .lost > 0'
}

@test "wrong options are refused in a line" {
	refuse() { # REASON OPTION...
		run http_client "${@:2}"
		assert_eq 2 "$status"
		assert_match "$1" "$output"
	}
	refuse "bad value 'x' for --timeout" --timeout x
	refuse "connections 3: a power of two" --connections 3
	refuse "pause is for connections that are kept" --pause 100 --close
	refuse "unknown option" --dev "$CLIENT_IF"
}
