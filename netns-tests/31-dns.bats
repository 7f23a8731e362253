#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# 31-dns.bats - the function dns: real clients, real servers to compare with, reload, bad zones.

load lib

ROWS_TOOL=$TOP/build/kfaas-dns-rows
ZONES=$TOP/functions/dns
PATH=$(printf '%s:' "$TOP"/build/netns-tests/servers/{nsd,knot,unbound}/usr/sbin)$PATH

setup() {
	topology "${KFAAS_TEST_TOPO:-veth}"
	WORK=$BATS_TEST_TMPDIR
	mkdir "$WORK/rows" "$WORK/zones"
	cp "$ZONES"/*.zone "$WORK/zones"
}

# rows [ZONE...]: renders them to $WORK/rows.
rows() {
	[ $# -gt 0 ] || set -- "$WORK/zones/example.zone" "child.example.org=$WORK/zones/child.zone"
	"$ROWS_TOOL" -o "$WORK/rows" "$@" >/dev/null
}

# Brings the function up with the rows.
serve() {
	local map
	{
		echo "[function dns]"
		for map in slots names names_long answers bodies; do echo "data.$map = $WORK/rows/$map"; done
	} >"$WORK/dns.conf"
	kf -q up "$HOST_IF" -c "$WORK/dns.conf"
}

# Room for any answer in every frame that the client sends: a veth frame gets none on its way in.
pad() {
	[ "${KFAAS_TEST_TOPO:-veth}" = veth ] || return 0
	need clsact
	in_client tc qdisc add dev "$CLIENT_IF" clsact
	in_client tc filter add dev "$CLIENT_IF" egress bpf da obj "$TOP/build/netns-tests/pad.bpf.o" sec tc
}

ask() { in_client dig +tries=1 +timeout="$(limit 2)" "@${SERVER:-$HOST4}" "$@"; }
told() { ask +short "$@" | sort | paste -sd ' '; } # in one line

# sign_zone ZONE [OPTION...]: signed.zone, named ZONE, as $WORK/zones/ZONE.zone; the key to trust is $WORK/zones/ZONE.key.
# With NSEC; option -n: NSEC3.
sign_zone() {
	local ksk zsk
	cd "$WORK/zones" || return
	sed "s/signed\\.test/$1/" signed.zone >"$1"
	ksk=$(ldns-keygen -a ECDSAP256SHA256 -k "$1")
	zsk=$(ldns-keygen -a ECDSAP256SHA256 "$1")
	ldns-signzone "${@:2}" -f "$1.zone" "$1" "$ksk" "$zsk"
	cp "$ksk.key" "$1.key"
}

# The servers to compare with, in the client's namespace.
SERVED=(example.org example.zone child.example.org child.zone signed.test signed.test.zone nsec3.test nsec3.test.zone)

start_nsd() {
	cat >"$WORK/nsd.conf" <<-END
		server:
			ip-address: 127.0.0.1@5301
			server-count: 1
			username: ""
			zonesdir: "$WORK/zones"
			database: ""
			logfile: "$WORK/nsd.log"
			pidfile: "$WORK/nsd.pid"
			xfrdfile: ""
			xfrdir: "$WORK"
			zonelistfile: "$WORK/nsd.zones"
			minimal-responses: yes
			rrl-ratelimit: 0
		remote-control:
			control-enable: no
		$(printf 'zone:\n\tname: %s\n\tzonefile: %s\n' "${SERVED[@]}")
	END
	background in_client nsd -d -c "$WORK/nsd.conf"
	wait_for 20 in_client dig +tries=1 +timeout=1 +short -p 5301 @127.0.0.1 signed.test. SOA
}

start_knot() {
	mkdir "$WORK/knot"
	cat >"$WORK/knot.conf" <<-END
		server:
		    listen: 127.0.0.1@5302
		    rundir: $WORK/knot
		    pidfile: $WORK/knot/pid
		database:
		    storage: $WORK/knot
		log:
		  - target: stderr
		    any: warning
		template:
		  - id: default
		    storage: $WORK/zones
		    zonefile-sync: -1
		    zonefile-load: whole
		    journal-content: none
		zone:
		$(printf '  - domain: %s\n    file: %s\n' "${SERVED[@]}")
	END
	background in_client knotd -c "$WORK/knot.conf"
	wait_for 20 in_client dig +tries=1 +timeout=1 +short -p 5302 @127.0.0.1 signed.test. SOA
}

# A resolver in the client's namespace, on port 5353, that asks the function for ZONE.
start_unbound() { # ZONE MODULES [LINE...]
	cat >"$WORK/unbound.conf" <<-END
		server:
			interface: 127.0.0.1@5353
			directory: "$WORK"
			chroot: ""
			username: ""
			pidfile: "$WORK/unbound.pid"
			use-syslog: no
			module-config: "$2"
			do-not-query-localhost: no
			root-hints: ""
			num-threads: 1
			$(printf '%s\n' "${@:3}")
		remote-control:
			control-enable: no
		stub-zone:
			name: $1
			stub-addr: $HOST4
			stub-addr: $HOST6
	END
	background in_client unbound -d -c "$WORK/unbound.conf"
}

compare() { # [OPTION...] NAME=FILE...
	in_client /usr/bin/python3 "$TESTS/dns-compare.py" compare --slow "$SLOW" \
		--reference nsd=127.0.0.1/5301 --reference knot=127.0.0.1/5302 "$HOST4" "$@"
}

# bats test_tags=nic
@test "dig, kdig and drill are answered, over IPv4 and IPv6, with no server behind" {
	rows
	serve
	assert_eq "192.0.2.80 192.0.2.81" "$(told www.example.org)"
	assert_eq "2001:db8::80" "$(SERVER=$HOST6 told www.example.org AAAA)"
	assert_eq "192.0.2.80 192.0.2.81 www.example.org." "$(told alias.example.org)"
	assert_eq "192.0.2.100" "$(told any.thing.wild.example.org)"
	assert_eq "192.0.2.4" "$(told upper.CASE.example.org)"
	assert_eq "192.0.2.24" "$(told www.child.example.org)"
	assert_match "status: NXDOMAIN.*flags: qr aa rd; QUERY: 1, ANSWER: 0, AUTHORITY: 1.*SOA.ns1.example.org" \
		"$(ask nothing.example.org | tr '\n\t' ' .')"
	assert_match "NOERROR.*flags: qr rd; QUERY: 1, ANSWER: 0, AUTHORITY: 2, ADDITIONAL: 5.*ns.sub.example.org.*192.0.2.20" \
		"$(ask x.y.sub.example.org | tr '\n' ' ')"
	assert_match 'status: BADVERS' "$(ask +edns=1 +noednsneg www.example.org)"
	assert_match 'flags: qr aa tc rd; QUERY: 1, ANSWER: 0' "$(ask +ignore +noedns huge.example.org TXT)"
	assert_match '192.0.2.80' "$(in_client kdig +retry=0 +time="$(limit 2)" @"$HOST6" www.example.org)"
	assert_match 'NXDOMAIN.*ns1.example.org' "$(in_client kdig +retry=0 +time="$(limit 2)" @"$HOST4" no.example.org MX | tr '\n' ' ')"
	assert_match '192.0.2.80' "$(in_client drill -4 @"$HOST4" www.example.org)"
	assert_match 'RFC8482' "$(in_client drill -6 @"$HOST6" www.example.org ANY)"
	assert_eq 0 "$(counter dns verdicts.PASS || echo 0)" "passed on"
	wait_for 5 counter_is dns verdicts.TX "$(counter dns packets)"
}

# bats test_tags=nic
@test "an answer of 1,100 bytes is sent whole, or with TC to a client that takes less" {
	pad
	{
		printf '%s\n' '$ORIGIN big.test.' '$TTL 300' '@ SOA n1 h 1 7200 900 1209600 300' '* CNAME @'
		seq -f '@ NS n%g' 1 20
		seq 1 20 | sed 's|.*|n& A 192.0.2.&|'
	} >"$WORK/zones/big.zone"
	rows "$WORK/zones/example.zone" "$WORK/zones/big.zone"
	serve
	# The addresses, whose owners are pointers that move with the length of the name asked for, do not fit.
	assert_match 'flags: qr aa rd; QUERY: 1, ANSWER: 21, AUTHORITY: 0, ADDITIONAL: 0' "$(ask +noedns longer.big.test NS)"
	assert_eq "n20.big.test." "$(ask +noedns +short longer.big.test NS | grep n20)"
	assert_match 'flags: qr aa rd; QUERY: 1, ANSWER: 5,.*rcvd: 1111' "$(ask +bufsize=1232 large.example.org TXT | tr '\n' ' ')"
	assert_match 'flags: qr aa tc rd; QUERY: 1, ANSWER: 0,' "$(ask +ignore +bufsize=1110 large.example.org TXT)"
	assert_match 'flags: qr aa rd; QUERY: 1, ANSWER: 20, AUTHORITY: 0, ADDITIONAL: 0' "$(ask +noedns x.many.example.org MX)" \
		"additional records that do not fit"
	assert_eq "1 m01.many.example.org. 1 m02.many.example.org." "$(told +noedns x.y.many.example.org MX | cut -d ' ' -f 1-4)"
	kf -q replace "$HOST_IF" dns --set max_size=1000
	assert_match 'flags: qr aa tc rd; QUERY: 1, ANSWER: 0,' "$(ask +ignore +bufsize=1232 large.example.org TXT)"
}

@test "unbound resolves through it" {
	rows
	serve
	start_unbound example.org iterator
	unbound() { in_client dig +tries=1 +timeout="$(limit 5)" +short @127.0.0.1 -p 5353 "$@" | sort | paste -sd ' '; }
	unbound_is() { assert_eq "$1" "$(unbound "${@:2}")" "${*:2}"; }
	wait_for 20 unbound_is "192.0.2.80 192.0.2.81" www.example.org
	assert_eq "192.0.2.80 192.0.2.81 alias.example.org. www.example.org." "$(unbound chain.example.org)"
	assert_eq "192.0.2.100" "$(unbound a.b.c.wild.example.org)"
	assert_eq "10 mail.example.org. 20 mail.example.net." "$(unbound example.org MX)"
	assert_match NXDOMAIN "$(in_client dig +tries=1 @127.0.0.1 -p 5353 nothing.example.org)"
	assert_eq 0 "$(counter dns verdicts.PASS || echo 0)" "passed on"
}

# bats test_tags=nic
@test "signed answers: dig gets them whole or from behind, unbound validates them" {
	pad
	sign_zone signed.test
	rows "$WORK/zones/example.zone" "$WORK/zones/signed.test.zone"
	serve
	assert_match 'flags: qr aa rd; QUERY: 1, ANSWER: 2, .*flags: do; udp: 1232.*RRSIG.A 13 3 600' \
		"$(ask +dnssec mail.signed.test | tr '\n\t' ' .')"
	assert_match 'ANSWER: 1, AUTHORITY: 0,' "$(ask mail.signed.test)"
	assert_match 'ANSWER: 0, AUTHORITY: 4,.*NSEC.* A RRSIG NSEC' "$(ask +dnssec mail.signed.test AAAA | tr '\n' ' ')"
	assert_match 'flags: qr rd; .* AUTHORITY: 3, ADDITIONAL: 2' "$(ask +dnssec x.sub.signed.test | tr '\n' ' ')"
	assert_match 'ANSWER: 5, .*RRSIG' "$(ask +dnssec long.signed.test TXT | tr '\n' ' ')"
	assert_eq 0 "$(counter dns verdicts.PASS || echo 0)" "passed on"
	assert_match 'timed out|no servers' "$(ask +dnssec +bufsize=800 long.signed.test TXT)"
	assert_match 'timed out|no servers' "$(ask +dnssec nothing.signed.test)"
	assert_eq 2 "$(counter dns verdicts.PASS)" "passed on"
	start_unbound signed.test "validator iterator" "trust-anchor-file: \"$WORK/zones/signed.test.key\"" \
		"trust-anchor-signaling: no" 'local-zone: "test." nodefault'
	validated() { assert_match "status: NOERROR.*flags: qr rd ra ad; QUERY: 1, ANSWER: $1, " \
		"$(in_client dig +tries=1 +timeout="$(limit 5)" +adflag @127.0.0.1 -p 5353 "${@:2}" | tr '\n' ' ')"; }
	wait_for 20 validated 1 mail.signed.test
	validated 2 alias.signed.test
	validated 0 mail.signed.test AAAA
	validated 0 signed.test CAA
	validated 4 long.signed.test TXT
	validated 1 secure.signed.test DS
	validated 0 sub.signed.test DS
	assert_eq 2 "$(counter dns verdicts.PASS)" "passed on"
}

@test "names of every kind and damaged queries: answered as NSD or Knot does, or passed on" {
	local size=(--share 0.5 --damaged 1500)
	pad
	sign_zone signed.test
	sign_zone nsec3.test -n
	rows "$WORK/zones/example.zone" "child.example.org=$WORK/zones/child.zone" "$WORK"/zones/*.test.zone
	serve
	background in_host /usr/bin/python3 "$TESTS/dns-compare.py" behind
	wait_for 10 grep -q ready "$BG_LOG"
	start_nsd
	start_knot
	[ -z "${KFAAS_VM:-}" ] || size=(--names 0.15 --share 0.02 --damaged 50 --least 250)
	run compare "${size[@]}" "example.org=$WORK/zones/example.zone" "child.example.org=$WORK/zones/child.zone" \
		"signed.test=$WORK/zones/signed.test.zone" "nsec3.test=$WORK/zones/nsec3.test.zone"
	echo "$output"
	assert_eq 0 "$status"
	assert_match " [1-9][0-9]* as " "$output"
	[ -n "${KFAAS_VM:-}" ] || assert_match "signed set +[1-9][0-9]+ +0.signed name +[1-9][0-9]+ +0" "$(tr '\n' '.' <<<"$output")"
	# The comparison finds out if the servers have another zone.
	kf -q remove "$HOST_IF" dns
	sed -i 's/192.0.2.80/192.0.2.88/' "$WORK/zones/example.zone"
	rows
	serve
	printf '%s\n' "@ 300 SOA ns host 1 2 3 4 5" "@ 300 NS ns" "www 300 A 192.0.2.88" >"$WORK/few.zone"
	run compare --share 0 --damaged 0 --least 0 "example.org=$WORK/few.zone"
	assert_match "192.0.2.88.*192.0.2.80" "$(tr '\n' ' ' <<<"$output")"
	assert_eq 1 "$status"
}

@test "names outside the zones go to the server behind, or are refused if the settings say so" {
	cat >"$WORK/zones/other.zone" <<-END
		@ 300 SOA ns host 1 7200 900 1209600 300
		@ 300 NS ns.example.net.
		www 300 A 192.0.2.200
	END
	mkdir "$WORK/knot"
	cat >"$WORK/knot.conf" <<-END
		server:
		    listen: [$HOST4@53]
		    rundir: $WORK/knot
		database:
		    storage: $WORK/knot
		zone:
		  - domain: example.com
		    file: $WORK/zones/other.zone
		    zonefile-sync: -1
		    journal-content: none
	END
	background in_host knotd -c "$WORK/knot.conf"
	rows
	serve
	other_is() { assert_eq "$1" "$(told www.example.com)"; }
	wait_for 20 other_is 192.0.2.200
	assert_eq 192.0.2.200 "$(told +tcp www.example.com)"
	assert_eq "192.0.2.80 192.0.2.81" "$(told www.example.org)"
	kf -q replace "$HOST_IF" dns --set refuse=true
	assert_match "status: REFUSED.*flags: qr rd;" "$(ask www.example.com | tr '\n' ' ')"
	assert_eq "192.0.2.80 192.0.2.81" "$(told www.example.org)"
}

# 20 zones, the first with 70 answers that are large.
many() {
	local i
	mkdir "$WORK/many"
	for i in {1..20}; do
		printf '%s\n' "\$ORIGIN z$i.test." "@ 300 SOA ns host 1 2 3 4 5" "@ 300 NS ns" "ns 300 A 192.0.2.1" >"$WORK/many/z$i"
	done
	for i in {1..70}; do echo "h$i 300 TXT $(printf 'x%.0s' {1..200})"; done >>"$WORK/many/z1"
}

@test "replace puts new rows in force at once, under load; a damaged row changes nothing" {
	local completed lost
	rows
	serve
	printf '%s A\n' www.example.org alias.example.org nothing.example.org x.wild.example.org >"$WORK/queries"
	background in_client dnsperf -s "$HOST4" -d "$WORK/queries" -l "${KFAAS_VM:+1}3" -t "$(limit 2)" -q 20 -Q 2000
	sed -i 's/192.0.2.80/192.0.2.88/; s/192.0.2.81/192.0.2.89/' "$WORK/zones/example.zone"
	rows
	assert_eq "192.0.2.80 192.0.2.81" "$(told www.example.org)"
	kf -q replace "$HOST_IF" dns
	assert_eq "192.0.2.88 192.0.2.89" "$(told www.example.org)"
	assert_eq "192.0.2.88 192.0.2.89 www.example.org." "$(told alias.example.org)"
	cp "$WORK/rows/names" "$WORK/names"
	echo "not.a.row." >>"$WORK/rows/names"
	refused 2 "names:[0-9]+:11: 1 field, a row has 25 with one tab between: key, value.name, " kf replace "$HOST_IF" dns
	assert_eq "192.0.2.88 192.0.2.89" "$(told www.example.org)"
	cp "$WORK/names" "$WORK/rows/names"
	kf -q rollback "$HOST_IF" dns
	assert_eq "192.0.2.80 192.0.2.81" "$(told www.example.org)"
	# More zones and large answers than there is room for without the files.
	many
	rows "$WORK/zones/example.zone" "child.example.org=$WORK/zones/child.zone" "$WORK"/many/*
	kf -q replace "$HOST_IF" dns
	assert_eq "192.0.2.1" "$(told ns.z20.test)"
	assert_match " ANSWER: 1," "$(ask h70.z1.test TXT | tr '\n' ' ')"
	wait "$BG_PID"
	completed=$(awk '/Queries completed:/ { print $3 }' "$BG_LOG")
	lost=$(awk '/Queries lost:/ { print $3 }' "$BG_LOG")
	[ "$completed" -gt 100 ]
	assert_eq 0 "$lost" "queries lost of $completed"
}

# zone_is_refused REGEX LINE...: a zone of these lines is refused with one line on standard error.
zone_is_refused() {
	printf '%s\n' "${@:2}" >"$WORK/bad.zone"
	refused 2 "bad.zone$1" "$ROWS_TOOL" -o "$WORK/rows" "$WORK/zones/example.zone" "example.com=$WORK/bad.zone"
}

@test "kfaas-dns-rows says what it has written" {
	printf '%s\n' "@ 300 SOA ns host 1 2 3 4 5" "@ 300 NS ns" "ns 300 A 192.0.2.1" "www 300 A 192.0.2.2" \
		"www 300 AAAA 2001:db8::2" "a.b 300 TXT $(printf '%0200d' 0)" >"$WORK/zone"
	run "$ROWS_TOOL" -o "$WORK/rows" "example.com=$WORK/zone"
	# Three addresses, SOA, NS and TXT; ANY, and what the zone does not have.
	assert_eq "5 names, 8 answers, 1 of them large" "$output"
	assert_eq 5 "$(grep -vc '^#' "$WORK/rows/names")" "rows of names"
}

@test "kfaas-dns-rows: a wrong zone is one line, and nothing is written" {
	local soa="@ 300 SOA ns host 1 2 3 4 5" before
	zone_is_refused ": no record: a zone begins with a SOA" ""
	assert_eq "" "$(ls "$WORK/rows")"
	rows
	before=$(cksum "$WORK"/rows/*)
	zone_is_refused ":1: the first record of a zone is its SOA" "@ 300 NS ns" "$soa"
	zone_is_refused ":2: other.example.org. is not in the zone" "$soa" "other.example.org. 300 A 192.0.2.1"
	zone_is_refused ":3: Syntax error, could not parse the RR's rdata" "$soa" "" "www 300 A 192.0.2.300"
	zone_is_refused ":2: .INCLUDE is not followed" "$soa" "\$INCLUDE other.zone"
	zone_is_refused ": www.example.com. has a CNAME and other records" "$soa" "www 300 A 192.0.2.1" "www 300 CNAME x"
	zone_is_refused ": example.com.: a zone has one SOA" "$soa" "@ 300 SOA ns host 2 2 3 4 5"
	zone_is_refused ": \*.x.example.com.: a wildcard cannot be delegated" "$soa" "*.x 300 NS ns"
	zone_is_refused ":2: a record of another class" "$soa" "www 300 CH TXT x"
	refused 2 "No such file" "$ROWS_TOOL" -o "$WORK/rows" "$WORK/nonesuch"
	refused 2 "'a..b' is not the name of a zone" "$ROWS_TOOL" -o "$WORK/rows" "a..b=$WORK/bad.zone"
	refused 2 "zone example.org. comes twice" "$ROWS_TOOL" -o "$WORK/rows" "$WORK/zones/example.zone" "$WORK/zones/example.zone"
	refused 1 "nonesuch: No such file" "$ROWS_TOOL" -o "$WORK/nonesuch" "$WORK/zones/example.zone"
	run "$ROWS_TOOL" -o "$WORK/rows"
	assert_eq 2 "$status"
	assert_eq "$before" "$(cksum "$WORK"/rows/*)"
	assert_eq 5 "$(find "$WORK/rows" -type f | wc -l)" "files"
}

@test "the README's configuration works as pasted" {
	local readme=$ZONES/README.md etc=$WORK/etc
	mkdir "$etc"
	cp "$WORK/zones/example.zone" "$etc"
	/usr/bin/python3 -IS "$TESTS/readme.py" "$readme" blocks sh | grep -v '^----$' |
		sed "s|/etc/kfaas-net|$etc|g; s|kfaas-dns-rows|$ROWS_TOOL|g; s|kfaas-net up|$KFAAS --netns $HOST_NS up|g; s|eth0|$HOST_IF|g" \
			>"$WORK/paste.sh"
	sh -ex "$WORK/paste.sh"
	assert_eq "192.0.2.80 192.0.2.81" "$(told www.example.org)"
}
