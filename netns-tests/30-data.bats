#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# 30-data.bats - a function's maps: read and written in words, loaded from files, replaced as a whole, filled before a
# revision is put in force.

load lib
load story
bats_require_minimum_version 1.5.0

setup() {
	story_setup
	ROWS=$BATS_TEST_TMPDIR/rows
	kf -q up "$HOST_IF" -c /dev/null
}

with_data() { kf -q deploy "$HOST_IF" "$(object data)" --name d "$@"; } # [OPTION...]
data() { kf data "$1" "$HOST_IF" "${@:2}"; }                           # VERB NAME.MAP [WORD...]
rows() { printf '%b' "$*" >"$ROWS"; }                                  # TEXT
# Without the line that names the columns, in an order of their own.
dumped() { data dump "$@" | grep -v '^#' | sort; } # NAME.MAP [OPTION]

# map_id NAME MAP: what the kernel calls it.
map_id() {
	local folder id
	folder=$(state_folder)/$HOST_IF
	for id in $(bpftool -j prog show pinned "$folder/revisions/$(of "$1" .id)-$(of "$1" .revision)/xdp" | jq -r '.map_ids[]'); do
		[ "$(bpftool -j map show id "$id" | jq -r .name)" != "$2" ] || echo "$id"
	done
}
# bytes_of NAME MAP: its rows as the kernel has them, KEY=VALUE in hex.
bytes_of() {
	bpftool -j map dump id "$(map_id "$1" "$2")" | jq -r '.[] | [.key, .value] | map(map(.[2:]) | join("")) | join("=")' | sort
}

EVERYTHING='w.ex.\t53\t-5\t65535\t-7\t-9\t18446744073709551615\ttrue\tGREEN\t1\t2\t3\t1.2.3.4,5.6.7.8\t2001:db8::1\t1.2.3.4,::1\t02:00:00:00:00:01\ta\\tb\t6869\t686970\t3\t4000\t77\t1\tab\t2\tcd\t1,2,3\t0000000000000001
.\t0\t0\t0\t0\t0\t0\tfalse\tBLUE\t0\t0\t0\t0.0.0.0,0.0.0.0\t::\t0.0.0.0,::\t00:00:00:00:00:00\t\t-\t-\t0\t0\t0\t0\t\t0\t\t0,0,0\t0000000000000000\n'

fill() { # NAME: rows in each of its maps
	rows '0\tzero\n1\tone\n' && data load "$1.table" "$ROWS"
	rows '0\t7\n1\t8\n' && data load "$1.slots" "$ROWS"
	rows '7\t8\n9\t10\n' && data load "$1.plain" "$ROWS"
	rows '0\t\n1\t#\\\\\n2\ttwelve chars\n' && data load "$1.rows" "$ROWS"
	rows '02:00:00:00:00:01\t-1\n' && data load "$1.recent" "$ROWS"
	rows '10.0.0.0/8\t1\n10.1.0.0/16\t2\n0.0.0.0/0\t3\n' && data load "$1.nets4" "$ROWS"
	rows '2001:db8::/33\t1\n::/0\t2\n' && data load "$1.nets6" "$ROWS"
	rows '0\t5\t192.0.2.7\n1\t6\t192.0.2.8\n' && data load "$1.counts" "$ROWS"
	rows '255\t4000000000\n' && data load "$1.tallies" "$ROWS"
	rows "$EVERYTHING" && data load "$1.everything" "$ROWS"
	rows '010203\t0102030405\n' && data load "$1.untyped" "$ROWS"
} 2>/dev/null

MAPS=(table slots plain rows recent nets4 nets6 counts tallies everything untyped)

@test "put, get, del: words in, bytes in the kernel, words out" {
	with_data
	data put d.plain 7 258
	assert_eq 07000000=0201000000000000 "$(bytes_of d plain)"
	assert_eq $'# key\tvalue\n7\t258' "$(data get d.plain 7)"
	assert_eq '{"key":7,"value":258}' "$(kf --json data get "$HOST_IF" d.plain 7)"
	data del d.plain 7
	assert_eq "" "$(bytes_of d plain)"
	refused 1 'd.plain has no row with the key 7' data get d.plain 7
	refused 1 'd.plain has no row with the key 7' data del d.plain 7
	data put d.nets4 10.128.0.0/9 5
	assert_eq 090000000a800000=05000000 "$(bytes_of d nets4)"
	data put d.recent 02:00:00:00:00:01 -2
	assert_eq 020000000001=feff "$(bytes_of d recent)"
	data put d.rows 1 'two words'
	assert_eq "01000000=74776f20776f726473000000" "$(bytes_of d rows | grep ^01)"
	data put d.untyped 0a0b0c 0102030405
	assert_eq 0a0b0c=0102030405 "$(bytes_of d untyped)"
	data put d.table 1 here
	assert_eq nonehere "$(tell 7400)"
}

@test "a field of each form: bytes in the kernel" {
	with_data
	rows "$EVERYTHING"
	data load d.everything "$ROWS"
	# In the order of struct all, with zeros where the compiler leaves room.
	local value=017702657800000000000000000000000035=fb00fffff9fffffff7ffffffffffffffffffffffffffffff
	value+=0100000005000000000100000000000200000000000000030102030405060708
	value+=20010db800000000000000000000000100000000000000000000ffff01020304
	value+=00000000000000000000000000000001020000000001610962000000000068690000
	value+=0300686970000000000003fa00004d000000016162000002636400000000
	value+=010000000200000003000000000000000000000000000001
	assert_eq "$value" "$(bytes_of d everything | grep ^0177)"
}

@test "dump is what load reads, for each kind of map, by columns and as JSON" {
	local map
	with_data
	fill d
	kf -q deploy "$HOST_IF" "$(object data)" --name by-columns --on udp/7401
	kf -q deploy "$HOST_IF" "$(object data)" --name by.json --on udp/7402
	for map in "${MAPS[@]}"; do
		data dump "d.$map" >"$ROWS"
		[ "$(wc -l <"$ROWS")" -gt 1 ] || assert_eq "rows" "" "$map"
		kf -q data load "$HOST_IF" "by-columns.$map" "$ROWS"
		assert_eq "$(sort "$ROWS")" "$(data dump "by-columns.$map" | sort)" "$map by columns"
		kf --json data dump "$HOST_IF" "d.$map" | sort >"$ROWS"
		kf -q data load "$HOST_IF" "by.json.$map" - <"$ROWS"
		assert_eq "$(<"$ROWS")" "$(kf --json data dump "$HOST_IF" "by.json.$map" | sort)" "$map as JSON"
	done
	assert_eq "zeroone" "$(tell 7402)"
}

@test "dump into load of the same interface: neither waits for the other" {
	with_data
	fill d
	data dump d.plain | sed '/^#/!s/$/0/' | kf -q data load "$HOST_IF" d.plain -
	assert_eq $'7\t80\n9\t100' "$(dumped d.plain)"
}

@test "per-CPU maps: the sum, and each CPU" {
	local i cpus
	with_data
	for i in 1 2 3; do assert_eq nonenone "$(tell 7400)"; done
	assert_eq $'0\t3\t192.0.2.1' "$(dumped d.counts | head -1)"
	assert_eq $'# key\tvalue.packets\tvalue.last' "$(data dump d.counts | head -1)"
	cpus=$(data dump d.counts --per-cpu | grep -c $'^0\t')
	assert_eq "$(bpftool -j map dump id "$(map_id d counts)" | jq '.[0].values | length')" "$cpus"
	assert_eq 3 "$(data dump d.counts --per-cpu | awk '$1 == "0" { n += $3 } END { print n }')"
	assert_eq "3 3 $cpus" "$(kf --json data get "$HOST_IF" d.counts 0 | jq -r '"\(.value.packets) \(.per_cpu | map(.packets) | add) \(.per_cpu | length)"')"
	data put d.counts 0 40 192.0.2.9
	assert_eq nonenone "$(tell 7400)"
	assert_eq 41 "$(kf --json data get "$HOST_IF" d.counts 0 | jq .value.packets)"
}

@test "a bad row: file, line, column, what was read and what is allowed; nothing is written" {
	with_data
	data put d.plain 1 1
	rows '# a comment\n\n2\t2\n3\tx\n'
	refused 2 "$ROWS:4:3: value: 'x' is not a whole number from 0 to 18446744073709551615" data load d.plain "$ROWS"
	rows '2\t2\n4294967296\t1\n'
	refused 2 "$ROWS:2:1: key: '4294967296' is not a whole number from 0 to 4294967295" data load d.plain "$ROWS"
	rows '2\t2\n3\n'
	refused 2 "$ROWS:2:2: 1 field, a row has 2 with one tab between: key, value" data load d.plain "$ROWS"
	rows '2\t2\n3\t3\n2\t4\n'
	refused 2 "$ROWS:3:1: key '2' is there twice, first in line 1: leave one out" data load d.plain "$ROWS"
	rows '2\t2\n{"key":3,"value":-1}\n'
	refused 2 "$ROWS:2:1: value: '-1' is not a whole number from 0" data load d.plain "$ROWS"
	rows '{"key":3,"value":1,}\n'
	refused 2 "$ROWS:1:20: not JSON: " data load d.plain "$ROWS"
	refused 2 "standard input:1:1: key: 'a' is not" data load d.plain - <<<$'a\t1'
	rows '3\tx\n'
	refused 2 "$ROWS:1:1: key: '3' is not the number of a row of this array, 0 to 2" data load d.rows "$ROWS"
	refused 2 "cannot read /nonesuch: No such file" data load d.plain /nonesuch
	rows '2\t2\n3\t3\n4\t4\n5\t5\n'
	refused 1 'map plain takes 4 rows: 4 of the file and 1 others that it has are too many' data load d.plain "$ROWS"
	assert_eq $'1\t1' "$(dumped d.plain)"
	rows '1\t2\n2\t2\n3\t3\n4\t4\n'
	kf -q data load "$HOST_IF" d.plain "$ROWS"
	assert_eq $'1\t2\n2\t2\n3\t3\n4\t4' "$(dumped d.plain)"
	refused 1 'd.plain is full: it takes 4 rows' data put d.plain 5 5
}

@test "words that name no map, no row" {
	with_data
	refused 2 "d' names a function, not a map of it: write d.MAP \(it has: .*plain.*\)" data dump d
	refused 2 "'e.plain' is no NAME.MAP of a function on $HOST_IF \(deployed: d\)" data dump e.plain
	refused 2 "'d' has no map 'nix' that its programs use \(it has: .*plain.*\)" data dump d.nix
	refused 2 'map kfaas_log is not data: it is a buffer for messages' data dump d.kfaas_log
	kf -q deploy "$HOST_IF" "$(object mark)"
	refused 2 'map mark.rodata is not data: it holds constants and settings' data dump mark.mark.rodata
	refused 2 "data: 'list' is not get, put, del, load or dump" data list d.plain
	refused 2 "3 words behind the map's name, it takes 2: key value" data put d.nets4 10.0.0.0/8 1 1
	refused 2 'data put: something is missing' data put d.plain
	refused 2 'data dump: there is a word too much' data dump d.plain 1
	refused 2 "key: '10.0.0.1/8' has bits behind its length: write 10.0.0.0/8" data get d.nets4 10.0.0.1/8
	refused 2 'd.rows is an array: its rows are always there' data del d.rows 1
	refused 2 'd.rows has rows 0 to 2' data put d.rows 3 x
}

@test "a replaceable map: other rows and no others, as many as there are" {
	with_data
	rows '0\tzero\n1\tone\n'
	assert_eq "d.table: 2 rows in place of those before" "$(data load d.table "$ROWS" 2>&1)"
	assert_eq zeroone "$(tell 7400)"
	{
		printf '1\tuno\n'
		seq 10 1009 | sed 's/$/\trest/'
	} >"$ROWS"
	data load d.table "$ROWS"
	assert_eq noneuno "$(tell 7400)"
	assert_eq "$(sort "$ROWS")" "$(dumped d.table)"
	data put d.table 0 null
	data del d.table 1
	assert_eq nullnone "$(tell 7400)"
	rows '0\tnull\n1\ttoo long\n'
	refused 2 "$ROWS:2:3: value: 'too long' has 8 bytes, 4 fit" data load d.table "$ROWS"
	assert_eq nullnone "$(tell 7400)"
	rows ''
	data load d.table "$ROWS"
	assert_eq nonenone "$(tell 7400)"
	rows '0\t1\n1\t2\n2\t3\n'
	data load d.slots "$ROWS"
	assert_eq "$(<"$ROWS")" "$(dumped d.slots)"
	rows '0\t1\n4\t2\n'
	refused 2 "$ROWS:2:1: key: '4' is not the number of a row of this array, 0 to 2" data load d.slots "$ROWS"
}

@test "load while packets come: each sees the old rows or the new ones" {
	local i loads=${KFAAS_VM:+10} count=${KFAAS_VM:+3000}
	with_data
	rows '0\tgo00\n1\tgo00\n'
	data load d.table "$ROWS"
	background in_client /usr/bin/python3 -IS "$TESTS/wire.py" udp --timeout "$(limit 5)" --size 64 --count "${count:-40000}" \
		--window 8 --answers "$HOST4" 7400
	for ((i = 0; i < ${loads:-100}; i++)); do
		printf '0\tgo%02d\n1\tgo%02d\n' $i $i >"$ROWS"
		kf -q data load "$HOST_IF" d.table "$ROWS"
		[ -d "/proc/$BG_PID" ] || break
	done
	wait_for 60 sh -c "! kill -0 $BG_PID 2>/dev/null"
	assert_eq "${count:-40000} 0" "$(jq -r '"\(.answered) \(.wrong)"' "$BG_LOG")"
	assert_eq "" "$(jq -r '.answers | keys[] | select(.[:4] != .[4:])' "$BG_LOG")" "answers out of two maps"
	[ "$(jq '.answers | length' "$BG_LOG")" -gt 1 ]
}

# The number, among its calls of bpf(), of the first that is CALL.
call_of() { # CALL COMMAND...
	strace -qq -o "$BATS_TEST_TMPDIR/calls" -e trace=bpf "${@:2}" >/dev/null
	grep -n "$1" "$BATS_TEST_TMPDIR/calls" | head -n 1 | cut -d : -f 1
}

@test "a kernel without batches for a map: one row at a time" {
	local n dump=("$KFAAS" --netns "$HOST_NS" -q data dump "$HOST_IF" d.plain) load
	strace -qq -o /dev/null true || skip "kernel or container lacks ptrace"
	with_data
	rows '1\t2\n3\t4\n5\t6\n'
	load=("$KFAAS" --netns "$HOST_NS" -q data load "$HOST_IF" d.plain "$ROWS")
	n=$(call_of BPF_MAP_UPDATE_BATCH "${load[@]}")
	data put d.plain 1 7
	strace -qq -o /dev/null -e trace=bpf -e "inject=bpf:error=EOPNOTSUPP:when=$n" "${load[@]}"
	assert_eq "$(<"$ROWS")" "$(dumped d.plain)"
	n=$(call_of BPF_MAP_LOOKUP_BATCH "${dump[@]}")
	assert_eq "$(<"$ROWS")" \
		"$(strace -qq -o /dev/null -e trace=bpf -e "inject=bpf:error=EOPNOTSUPP:when=$n" "${dump[@]}" | grep -v '^#' | sort)"
}

@test "kill -9 at each call of a load: the old rows or the new ones" {
	local n every=${KFAAS_VM:+16} old=$'0\told\n1\told' new=$'0\tnew\n1\tnew\n2\tnew' now killed=0
	strace -qq -o /dev/null true || skip "kernel or container lacks ptrace"
	with_data
	for ((n = 1; ; n += ${every:-1})); do
		kf -q data load "$HOST_IF" d.table - <<<"$old"
		printf '%s\n' "$new" >"$ROWS"
		strace -qq -o /dev/null -e trace=bpf -e "inject=bpf:signal=SIGKILL:when=$n" \
			"$KFAAS" --netns "$HOST_NS" -q data load "$HOST_IF" d.table "$ROWS" && break
		killed=$((killed + 1))
		now=$(dumped d.table)
		[ "$now" = "$old" ] || assert_eq "$new" "$now" "rows after call $n"
		assert_match '^(oldXoldX|newXnewX)$' "$(tell 7400 | tr '\0' X | sed 's/\\u0000/X/g')"
	done
	assert_eq "$new" "$(dumped d.table)"
	[ $killed -gt $((20 / ${every:-1})) ]
}

# --- Files of a function

config() { cat >"$BATS_TEST_TMPDIR/conf"; }
up_config() { kf "$@" up "$HOST_IF" -c "$BATS_TEST_TMPDIR/conf"; }

@test "deploy --data: the rows are there before the first packet; a map grows with its file" {
	local i
	rows '0\tzero\n1\tone\n'
	seq 1 100 | sed 's/.*/&\t&/' >"$BATS_TEST_TMPDIR/plain"
	seq 0 4 | sed 's/.*/&\t&/' >"$BATS_TEST_TMPDIR/array"
	with_data --data "table=$ROWS" --data "plain=$BATS_TEST_TMPDIR/plain" --data "rows=$BATS_TEST_TMPDIR/array" \
		--data "slots=$BATS_TEST_TMPDIR/array"
	assert_eq zeroone "$(tell 7400)"
	assert_eq "$(sort "$BATS_TEST_TMPDIR/plain")" "$(dumped d.plain)"
	assert_eq "$(sort "$BATS_TEST_TMPDIR/array")" "$(dumped d.rows)"
	assert_eq "$(sort "$BATS_TEST_TMPDIR/array")" "$(dumped d.slots)"
	assert_eq "$ROWS" "$(of d .data.table)"
}

@test "a path that a config could not give back is refused, and nothing is deployed" {
	local folder
	for folder in "a ;b" $'a\nscope = any'; do
		mkdir "$BATS_TEST_TMPDIR/$folder"
		seq 1 4 | sed 's/.*/&\t&/' >"$BATS_TEST_TMPDIR/$folder/plain"
		up_empty
		cd "$BATS_TEST_TMPDIR/$folder" || return
		run -2 kf deploy "$HOST_IF" "$(object data)" --name d --data plain=plain
		assert_match "data.plain: the path .* cannot stand in a config: (a ';'|it holds a control character)" "$output"
		cp "$(object mark)" mark.bpf.o
		run -2 kf deploy "$HOST_IF" ./mark.bpf.o
		assert_match "the object's path .* cannot stand in a config" "$output"
		assert_eq "" "$(names)"
	done
}

@test "a bad file at deploy, replace, up, check: said with its line, nothing is changed" {
	local before
	rows '0\tzero\n1\tone\n'
	with_data --data "table=$ROWS"
	rows '0\tzero\n1\ttoo long\n'
	before=$(everything; kf --json ls)
	refused 2 "$ROWS:2:3: value: 'too long' has 8 bytes, 4 fit" kf -q replace "$HOST_IF" d
	refused 2 "$ROWS:2:3: value: 'too long' has 8 bytes, 4 fit" \
		kf -q deploy "$HOST_IF" "$(object data)" --name e --on udp/1 --data "table=$ROWS"
	config <<-END
		[function d]
		object = $(object data)
		data.table = rows
	END
	refused 2 "$ROWS:2:3: value: 'too long' has 8 bytes, 4 fit" up_config -q
	refused 2 "$ROWS:2:3: value: 'too long' has 8 bytes, 4 fit" "$KFAAS" check "$BATS_TEST_TMPDIR/conf"
	refused 2 'data.nix: .* has no map .nix. \(it has: .*table.*\)' kf -q replace "$HOST_IF" d --data nix=/dev/null
	refused 2 'data.kfaas_log: map kfaas_log is not data' kf -q replace "$HOST_IF" d --data kfaas_log=/dev/null
	refused 2 'data.plain: cannot read /nonesuch: No such file' kf -q replace "$HOST_IF" d --data plain=/nonesuch
	refused 2 "replace: --keep-data goes on with the data that runs" kf -q replace "$HOST_IF" d --keep-data --data "table=$ROWS"
	refused 2 "component of its own: its maps cannot be filled" \
		kf -q deploy "$HOST_IF" "$(object data)" --name e --component 10 --data "table=$ROWS"
	rows '7\tx\n'
	refused 2 "$ROWS:1:1: key: '7' is not the number of a row of this array, 0 to 2" \
		kf -q replace "$HOST_IF" d --data "rows=$ROWS"
	assert_eq "$before" "$(everything; kf --json ls)"
	assert_eq zeroone "$(tell 7400)"
}

@test "replace reads the files again, --keep-data does not, rollback has the rows of before" {
	rows '0\tzero\n1\tone\n'
	with_data --data "table=$ROWS" --data "plain=/dev/null"
	rows '0\tnull\n1\tuno\n'
	assert_eq zeroone "$(tell 7400)"
	kf -q replace "$HOST_IF" d
	assert_eq nulluno "$(tell 7400)"
	data put d.table 0 mine
	kf -q rollback "$HOST_IF" d
	assert_eq zeroone "$(tell 7400)"
	kf -q rollback "$HOST_IF" d
	assert_eq mineuno "$(tell 7400)"
	rows '0\tnil\n1\tnil\n'
	run kf replace "$HOST_IF" d --keep-data
	assert_eq 0 "$status"
	assert_match "d: map table goes on with its data, $ROWS is not read again" "$output"
	assert_eq mineuno "$(tell 7400)"
}

@test "--keep-data goes on with a map that its file had made larger" {
	seq 1 100 | sed 's/.*/&\t&/' >"$ROWS"
	with_data --data "plain=$ROWS"
	data put d.plain 1 7
	kf -q replace "$HOST_IF" d --keep-data
	assert_eq 100 "$(dumped d.plain | wc -l)"
	assert_eq $'1\t7' "$(data get d.plain 1 | tail -1)"
}

@test "up: files beside the config; what is in them counts; save names them so that it works from anywhere" {
	config <<-END
		[function d]
		object = $(object data)
		data.table = rows
	END
	rows '0\tzero\n1\tone\n'
	cd /
	"$KFAAS" check "$BATS_TEST_TMPDIR/conf"
	up_config -q
	assert_eq zeroone "$(tell 7400)"
	run up_config
	assert_eq "0 $HOST_IF is up; nothing to change" "$status $output"
	rows '0\tnull\n1\tuno\n'
	run up_config
	assert_eq "0 ~ replace d: data.table: $ROWS has changed" "$status $output"
	assert_eq nulluno "$(tell 7400)"
	assert_eq 2 "$(of d .revision)"
	cp "$ROWS" "$ROWS.2"
	sed -i 's/rows$/rows.2/' "$BATS_TEST_TMPDIR/conf"
	run up_config
	assert_eq "0 ~ update d: data.table $ROWS -> $ROWS.2" "$status $output"
	assert_eq 2 "$(of d .revision)"
	kf save "$HOST_IF" >"$BATS_TEST_TMPDIR/saved"
	assert_match "data.table = $ROWS.2" "$(cat "$BATS_TEST_TMPDIR/saved")"
	run kf up "$HOST_IF" -c "$BATS_TEST_TMPDIR/saved"
	assert_eq "0 $HOST_IF is up; nothing to change" "$status $output"
	kf -q down "$HOST_IF"
	kf -q up "$HOST_IF" -c "$BATS_TEST_TMPDIR/saved"
	assert_eq nulluno "$(tell 7400)"
	cd "$BATS_TEST_TMPDIR" && rows '0\there\n'
	kf -q replace "$HOST_IF" d --data table=rows
	assert_eq "herenone $ROWS" "$(tell 7400) $(of d .data.table)"
}

@test "the maps of a component" {
	need ext
	kf -q deploy "$HOST_IF" "$(object data)" --name d --component 40
	data put d.table 0 comp
	assert_eq compnone "$(tell 7400)"
	assert_eq $'0\tcomp' "$(dumped d.table)"
	rows '1\tload\n'
	kf -q data load "$HOST_IF" d.table "$ROWS"
	assert_eq noneload "$(tell 7400)"
}
