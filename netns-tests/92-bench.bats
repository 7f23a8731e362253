#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# 92-bench.bats - the benchmark works: a short row, its JSON, the comparison, its arithmetic; figures are not judged.

load lib

BENCH=$TOP/tools/bench/bench
COMPARE=$TOP/tools/bench/compare

# The benchmark makes its own namespaces.
setup() { [ -z "${KFAAS_VM:-}" ] || skip "an emulated machine: what takes how long there means nothing"; }
teardown() { :; }

@test "a row is measured, told as JSON, compared with itself, and nothing is left" {
	local out=$BATS_TEST_TMPDIR/out.json row="gate: echo through it / bare" pid
	"$BENCH" --only "$row" --rounds 1 --seconds 0.2 --json "$out" >"$BATS_TEST_TMPDIR/table" 3>&- &
	pid=$!
	wait "$pid"
	assert_match "$row" "$(<"$BATS_TEST_TMPDIR/table")"
	jq -e --arg row "$row" '(.machine | has("kernel") and has("cpus") and has("busy")) and (.results | length == 1) and (.results[0] |
		.row == $row and .measure == "answers" and .rounds == 1 and has("ratio") and has("goal") and has("holds") and
		.a_sent > 0 and .b_sent > 0 and .a_answered + .a_lost <= .a_sent and .a_errors == 0 and .b_errors == 0)' "$out"
	compgen -G "/run/netns/kf-bench-?-$pid" && return 1
	# A pair in which nothing was answered, on a machine that had no time, has no ratio.
	jq '.results[0].ratio = {"median": 1, "min": 1, "max": 1}' "$out" >"$out.old"
	jq '.results[0].ratio = {"median": 2, "min": 2, "max": 2}' "$out" >"$out.new"
	assert_match "x1.00  within the spread" "$("$COMPARE" "$out.old" "$out.old")"
	assert_match "x2.00  better" "$("$COMPARE" "$out.old" "$out.new")"
	assert_match "x0.50  WORSE" "$("$COMPARE" "$out.new" "$out.old")"
}

@test "rows are named; what is no row and no result is refused" {
	local name
	for name in gate: echo: dns: http: ntp: limit:; do assert_match "$name" "$("$BENCH" --list)"; done
	refused 1 "no row has 'nonsense'" "$BENCH" --only nonsense
	refused 2 "not a result of bench" "$COMPARE" /dev/null /dev/null
}

@test "the arithmetic holds" {
	/usr/bin/python3 -B -m doctest "$TOP/tools/bench/stats.py"
}
