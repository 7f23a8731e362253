#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# 32-http.bats - the function http and real clients: curl, wget, ab, wrk, Python and nmap over the kernel's TCP; loss,
# strangers, a server behind, and pages and secrets that change under load.

load lib
load story

setup() {
	topology "${KFAAS_TEST_TOPO:-veth}"
	SITE=$BATS_TEST_TMPDIR/site.http ROWS=$BATS_TEST_TMPDIR/site.rows SECRET=$BATS_TEST_TMPDIR/secret.rows
	printf 'x%.0s' {1..1280} >"$BATS_TEST_TMPDIR/big.txt"
	cat >"$SITE" <<-'END'
		host example.org www.example.org
			/          html <h1>hello</h1>
			/robots.txt text User-agent: *
			/version   json {"version": "1.2.3"}
			/old       301  https://example.org/new
			/gone      410  text it was here
			*          302  https://www.example.org$target
		host *
			header     Cache-Control: no-store
			/healthz   text ok
			/more      text 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
			/big       file big.txt
			/moved     308  https://$host$target
	END
	"$TOP/build/kfaas-http-rows" "$SITE" >"$ROWS"
	"$TOP/build/kfaas-http-rows" --secret "$SECRET"
}

deploy_http() {
	up_empty
	kf -q deploy "$HOST_IF" http --data "pages=$ROWS" --data "secret=$SECRET"
}

curl4() { in_client curl -sS -m "$(limit 5)" "$@"; }
client() { in_client /usr/bin/python3 -I "$TESTS/http_client.py" "$@"; }
as_example() { curl4 --resolve "example.org:80:$HOST4" "$@"; }
# Answers sent, at either hook: a driver without room for a frame to grow in leaves long ones to tc-ingress.
answered() { echo $(($(figure http verdicts.TX) + $(figure http verdicts.REDIRECT tc-ingress))); }

@test "curl is answered over IPv4 and IPv6, and the kernel has no part in it" {
	deploy_http
	assert_eq ok "$(curl4 "http://$HOST4/healthz")"
	assert_eq ok "$(curl4 "http://[$HOST6]/healthz")"
	assert_eq ok "$(curl4 --http1.0 "http://$HOST4/healthz")"
	assert_eq "$(<"$BATS_TEST_TMPDIR/big.txt")" "$(curl4 "http://$HOST4/big")"
	assert_eq "$(<"$BATS_TEST_TMPDIR/big.txt")" "$(curl4 "http://[$HOST6]/big")"
	# For each: SYN-ACK, answer, FIN. (HTTP/1.0: FIN with the answer, and one for the client's.)
	assert_eq 15 "$(answered)"
	assert_eq 0 "$(in_host ss -Htan | wc -l)" "sockets of the kernel's"
}

@test "an answer that is somewhat longer than its request is made at XDP, whatever room there is behind the frame" {
	local i
	deploy_http
	for i in {1..10}; do # a veth's frames have some room now and then
		assert_match '^(0123456789abcdef){4}$' "$(curl4 "http://$HOST4/more")"
		assert_match '^(0123456789abcdef){4}$' "$(curl4 "http://[$HOST6]/more")"
	done
	figure_is http verdicts.TX 60
	figure_is http packets 0 tc-ingress
}

@test "checksums are right, whoever finishes them" {
	local host client
	deploy_http
	for host in on off; do
		in_host ethtool -K "$HOST_IF" tx $host >/dev/null
		for client in on off; do
			in_client ethtool -K "$CLIENT_IF" tx $client rx $client >/dev/null
			assert_eq "200 1280" "$(curl4 -o /dev/null -w '%{http_code} %{size_download}' "http://$HOST4/big")"
			assert_eq "200 1280" "$(curl4 -o /dev/null -w '%{http_code} %{size_download}' "http://[$HOST6]/big")"
		done
	done
	assert_eq "" "$(in_client nstat -as | grep InCsumErrors)"
}

@test "a site: types, codes, redirects, hosts, HEAD" {
	deploy_http
	assert_eq '<h1>hello</h1>' "$(as_example http://example.org/)"
	assert_eq '{"version": "1.2.3"}' "$(as_example "http://example.org/version?verbose=1")"
	assert_eq '200 text/html; charset=utf-8' "$(as_example -o /dev/null -w '%{http_code} %{content_type}' http://example.org/)"
	assert_eq '301 https://example.org/new' "$(as_example -o /dev/null -w '%{http_code} %{redirect_url}' http://example.org/old)"
	assert_eq '302 https://www.example.org/a/b?c=d' \
		"$(as_example -o /dev/null -w '%{http_code} %{redirect_url}' 'http://example.org/a/b?c=d')"
	assert_eq "308 https://$HOST4/moved?x" "$(curl4 -o /dev/null -w '%{http_code} %{redirect_url}' "http://$HOST4/moved?x")"
	assert_eq "308 https://[$HOST6]/moved" "$(curl4 -o /dev/null -w '%{http_code} %{redirect_url}' "http://[$HOST6]/moved")"
	assert_eq 410 "$(as_example -o /dev/null -w '%{http_code}' http://example.org/gone)"
	assert_eq 404 "$(curl4 -o /dev/null -w '%{http_code}' "http://$HOST4/")"
	assert_eq 405 "$(curl4 -o /dev/null -w '%{http_code}' -d a=b "http://$HOST4/healthz")"
	assert_eq 413 "$(curl4 -o /dev/null -w '%{http_code}' -X GET -d a=b "http://$HOST4/healthz")"
	assert_eq 431 "$(curl4 -o /dev/null -w '%{http_code}' -H "A: $(printf 'a%.0s' {1..2000})" "http://$HOST4/healthz")"
	run curl4 -I "http://$HOST4/big"
	assert_match 'Content-Length: 1280' "$output"
	assert_match 'Cache-Control: no-store' "$output"
}

@test "one connection for many requests: curl, http.client, wget" {
	deploy_http
	assert_eq "1 0 0 0" "$(curl4 -o /dev/null -o /dev/null -o /dev/null -o /dev/null -w '%{num_connects} ' \
		"http://$HOST4"/{healthz,big,none,healthz} | sed 's/ $//')"
	assert_eq "200:50" "$(client ask "$HOST6" 50 /healthz)"
	in_client wget -q -T "$(limit 5)" -t 1 -P "$BATS_TEST_TMPDIR/got" "http://$HOST4/big" "http://$HOST4/healthz"
	cmp "$BATS_TEST_TMPDIR/got/big" "$BATS_TEST_TMPDIR/big.txt"
	assert_eq ok "$(<"$BATS_TEST_TMPDIR/got/healthz")"
}

@test "requests in one segment, in several without waiting, and with the sending side closed" {
	local ask='GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n' last='GET /healthz HTTP/1.0\r\n\r\n' i
	deploy_http
	assert_eq 3 "$(client say "$HOST4" 80 "$ask$ask$last" | grep -cx ok)"
	assert_eq 3 "$(client say "$HOST4" 80 "$ask" "$ask" "$last" | grep -cx ok)"
	assert_eq 1 "$(client say "$HOST6" 80 "$ask" --shut | grep -cx ok)"
	assert_eq 2 "$(client say "$HOST6" 80 "$ask" "$ask" --shut | grep -cx ok)"
	# More answers than one segment takes.
	assert_eq 20 "$(client say "$HOST4" 80 "$(for i in {1..19}; do printf '%s' "$ask"; done)$last" | grep -cx ok)"
	# What it cannot serve is refused, and the connection closed.
	assert_match '^HTTP/1.1 431 ' "$(client say "$HOST4" 80 'GET /healthz HTTP/1.1\r\nHost:')"
	assert_match '^HTTP/1.1 400 ' "$(client say "$HOST4" 80 '\x16\x03\x01')"
}

@test "ab, with and without keep-alive, wrk with 100 connections, and nmap: not one error" {
	local n=2000
	[ -z "${KFAAS_VM:-}" ] || n=200
	deploy_http
	run in_client ab -q -k -n $n -c 20 "http://$HOST4/healthz"
	assert_match "Complete requests: +$n" "$output"
	assert_match "Failed requests: +0" "$output"
	assert_match "Keep-Alive requests: +$n" "$output"
	run in_client ab -q -n $((n / 4)) -c 20 "http://[$HOST6]/big"
	assert_match "Complete requests: +$((n / 4))" "$output"
	assert_match "Failed requests: +0" "$output"
	run in_client wrk -t 1 -c 100 -d 2s --timeout "$(limit 5)" "http://$HOST4/healthz"
	assert_match '[0-9]+ requests in' "$output"
	assert_no_match '(Socket errors|Non-2xx)' "$output"
	run in_client nmap -sT -Pn -n -p 79-81 "$HOST4"
	assert_match '79/tcp closed' "$output"
	assert_match '80/tcp open ' "$output"
	assert_match '81/tcp closed' "$output"
}

@test "a client that loses one packet in 20 both ways gets every answer" {
	local n=100
	[ -z "${KFAAS_VM:-}" ] || n=30
	deploy_http
	deploy loss --on tcp/80 --prio 1
	in_client ip link set "$CLIENT_IF" xdpdrv off
	in_client ip link set "$CLIENT_IF" xdpdrv obj "$(object loss)" sec xdp
	assert_eq "200:$n" "$(client ask "$HOST4" $n /big)"
	assert_eq "" "$(for _ in {1..10}; do curl4 -m 60 --http1.0 -o /dev/null -w '%{http_code}\n' "http://$HOST4/healthz"; done | grep -vx 200)"
	[ "$(figure loss verdicts.DROP)" -gt 0 ]
}

@test "a server of the kernel's on another port, and connections that it had on this one, go on" {
	deploy_http
	kf -q remove "$HOST_IF" http
	mkfifo "$BATS_TEST_TMPDIR/words"
	background in_host /usr/bin/python3 -I "$TESTS/http_client.py" serve 80 "$BATS_TEST_TMPDIR/words"
	background in_host socat TCP4-LISTEN:8080,fork SYSTEM:'echo kernel'
	wait_for 5 in_host sh -c '[ "$(ss -Htln | wc -l)" = 2 ]'
	background in_client /usr/bin/python3 -I "$TESTS/http_client.py" wait "$HOST4" 80
	wait_for 5 grep -q connected "$BG_LOG"
	kf -q deploy "$HOST_IF" http --data "pages=$ROWS"
	assert_eq ok "$(curl4 "http://$HOST4/healthz")"
	echo before >"$BATS_TEST_TMPDIR/words"
	wait_for 5 grep -q "got before" "$BG_LOG"
	assert_eq kernel "$(in_client socat -u "TCP4:$HOST4:8080" -)"
}

@test "who has not seen a SYN-ACK gets that, or a reset by the kernel, or nothing; never data" {
	local f=() syn=()
	deploy_http
	mapfile -t syn < <(packets "ip4 tcp:80" "ip6 tcp:80")
	capture "$CLIENT_NS" "$CLIENT_IF" "tcp src port 80"
	frames --match 00509c40 "${syn[@]}" >"$BATS_TEST_TMPDIR/came"
	assert_eq 2 "$(captured | grep -c 'Flags \[S.\]')"
	assert_eq "54 74" "$(awk '{ print length($0) / 2 }' "$BATS_TEST_TMPDIR/came" | paste -sd ' ')" "as long as the SYNs"
	assert_eq 2 "$(answered)"
	mapfile -t f < <(packets "ip4 tcp:80,flags=16,ack=1 data:GET" "ip6 tcp:80,flags=16,ack=77 data:GET" \
		"ip4 tcp:80,flags=17" "ip4 tcp:80,flags=18" "ip4 tcp:80,flags=24,ack=123456 data:GET")
	capture "$CLIENT_NS" "$CLIENT_IF" "tcp src port 80"
	frames --match 00509c40 "${f[@]}"
	assert_eq 5 "$(captured | grep -c 'Flags \[R')"
	assert_eq 2 "$(answered)"
	kf -q replace "$HOST_IF" http --set strays=DROP
	no_frames --match 00509c40 "${f[@]}"
	assert_eq 5 "$(figure http verdicts.DROP)"
}

@test "pages are swapped as a whole while they are asked for" {
	local i
	deploy_http
	printf 'a%.0s' {1..1099} >"$BATS_TEST_TMPDIR/a.txt"
	printf 'b%.0s' {1..1100} >"$BATS_TEST_TMPDIR/b.txt"
	for i in a b; do
		printf 'host *\n/page file %s.txt\n' $i >"$BATS_TEST_TMPDIR/$i.http"
		"$TOP/build/kfaas-http-rows" "$BATS_TEST_TMPDIR/$i.http" >"$BATS_TEST_TMPDIR/$i.rows"
	done
	kf -q data load "$HOST_IF" http.pages "$BATS_TEST_TMPDIR/a.rows"
	cat >"$BATS_TEST_TMPDIR/swap" <<-END
		#!/bin/sh -e
		for i in 1 2 3 4 5 6 7 8; do
			"$KFAAS" -q --netns $HOST_NS data load $HOST_IF http.pages $BATS_TEST_TMPDIR/b.rows
			"$KFAAS" -q --netns $HOST_NS data load $HOST_IF http.pages $BATS_TEST_TMPDIR/a.rows
		done
	END
	chmod +x "$BATS_TEST_TMPDIR/swap"
	assert_eq $'200 a 1099 1\n200 b 1100 1' "$(client swap "$HOST4" /page "$BATS_TEST_TMPDIR/swap")"
}

@test "the secret is renewed, by load or replace, and open connections end in order" {
	deploy_http
	cat >"$BATS_TEST_TMPDIR/renew" <<-END
		#!/bin/sh -e
		$TOP/build/kfaas-http-rows --secret $SECRET
		"$KFAAS" -q --netns $HOST_NS data load $HOST_IF http.secret $SECRET
	END
	cat >"$BATS_TEST_TMPDIR/reload" <<-END
		#!/bin/sh -e
		$TOP/build/kfaas-http-rows --secret $SECRET
		"$KFAAS" -q --netns $HOST_NS replace $HOST_IF http
	END
	chmod +x "$BATS_TEST_TMPDIR"/{renew,reload}
	assert_eq "200 200 same close" "$(client held "$HOST4" "$BATS_TEST_TMPDIR/renew")"
	assert_eq "200 200 same close" "$(client held "$HOST6" "$BATS_TEST_TMPDIR/reload")"
	# Zeros at the end of a key are not dumped.
	assert_eq "$(sed -E '/^#/d; s/(00)+(\t|$)/\2/g' "$SECRET")" "$(kf data dump "$HOST_IF" http.secret | sed '/^#/d')"
}

@test "kfaas-http-rows: a folder, an error in a line, a secret" {
	local rows=$TOP/build/kfaas-http-rows d=$BATS_TEST_TMPDIR/sites
	mkdir -p "$d/example.org/sub" "$d/default"
	echo page >"$d/example.org/index.html"
	echo '{}' >"$d/example.org/sub/a.json"
	echo robots >"$d/default/robots.txt"
	"$rows" "$d" >"$ROWS"
	assert_eq $'*\t/robots.txt\nexample.org\t/\nexample.org\t/index.html\nexample.org\t/sub/a.json' \
		"$(grep -v '^#' "$ROWS" | cut -f 3,4 | LC_ALL=C sort)"
	deploy_http
	assert_eq page "$(as_example http://example.org/)"
	assert_eq 'application/json' "$(as_example -o /dev/null -w '%{content_type}' http://example.org/sub/a.json)"
	bad() { refused 2 "^kfaas-http-rows: $1" "$rows" - <<<"$2"; }
	bad "-:1: '/x' before the first line with .host." "/x text a"
	bad "-:2: 'none': want text" $'host a\n/x none'
	bad "-:2: 'x' is no path" $'host a\nx text a'
	bad "-:3: a second page for host 'a', path '/x'" $'host a\n/x text a\n/x text b'
	bad "-:2: the answer for '/x' has [0-9]+ bytes, with its head; 1400 at most" "host a"$'\n'"/x text $(<"$BATS_TEST_TMPDIR/big.txt")$(<"$BATS_TEST_TMPDIR/big.txt")"
	bad "-:2: 'ftp://x' is no URL" $'host a\n/x 301 ftp://x'
	bad "-:1: 'a_b:80' is no host name" "host a_b:80"
	bad "-:2: header Connection is made here" $'host a\nheader Connection: close'
	bad "-:2: cannot read none.txt: No such file" $'host a\n/x file none.txt'
	refused 2 "holds no secret" "$rows" --secret "$ROWS"
	assert_eq 600 "$(stat -c %a "$SECRET")"
	assert_match $'^0\t[0-9a-f]{32}\t-$' "$(<"$SECRET")"
}

@test "the README's configuration works as pasted" {
	local readme=$TOP/functions/http/README.md
	mkdir "$BATS_TEST_TMPDIR/etc"
	/usr/bin/python3 -IS "$TESTS/readme.py" "$readme" blocks sh | grep -v '^----$' |
		sed "s|/etc/kfaas-net|$BATS_TEST_TMPDIR/etc|g; s|kfaas-http-rows|$TOP/build/&|g; s|kfaas-net |$KFAAS --netns $HOST_NS |g; s|eth0|$HOST_IF|g" \
			>"$BATS_TEST_TMPDIR/paste.sh"
	/usr/bin/python3 -IS "$TESTS/readme.py" "$readme" blocks text | grep -v '^----$' >"$BATS_TEST_TMPDIR/etc/site.http"
	sh -ex "$BATS_TEST_TMPDIR/paste.sh"
	assert_eq ok "$(curl4 "http://$HOST4/healthz")"
	assert_eq "308 https://$HOST4/x" "$(curl4 -o /dev/null -w '%{http_code} %{redirect_url}' "http://$HOST4/x")"
}
