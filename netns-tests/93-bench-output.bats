#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# 93-bench-output.bats - what is made of the benchmark's JSON: plots, tables, the comparison; README.md has the kept ones.

load lib
bats_require_minimum_version 1.5.0

COMPARE=$TOP/tools/bench/compare
PLOT=$TOP/tools/bench/plot
TABLE=$TOP/tools/bench/table

setup() { [ -z "${KFAAS_VM:-}" ] || skip "asks nothing of the kernel: tested outside VMs"; }
teardown() { :; }

# result ROW MEASURE UNIT A B RATIO GOAL HOLDS [MAIN]: values and faults are made up, A's is 3000 and B's is 1000.
result() {
	jq -nc --arg row "$1" --arg measure "$2" --arg unit "$3" --arg a "$4" --arg b "$5" \
		--argjson ratio "$6" --argjson goal "$7" --argjson holds "$8" --argjson main "${9:-true}" \
		'def flat: {"median": ., "min": ., "max": .};
		{$row, $measure, $unit, $a, $b, "group": "x", $main, "ratio": (if $ratio then {"median": $ratio, "min": ($ratio / 2),
		"max": ($ratio * 2)} else null end), $goal, $holds, "rounds": 3, "a_value": (3000 | flat), "b_value": (1000 | flat),
		"a_sent": 10000, "a_answered": 10000, "a_lost": 0, "a_errors": 0,
		"b_sent": 10000, "b_answered": 9500, "b_lost": 500, "b_errors": 1}'
}

# A report of two points a side, of which the second of B has lost 1 of 4, and whatever jq FILTER makes of that.
sample() { # [FILTER]
	{
		result "echo: kernel / user" answers "a second" "echo in here" "a \"quoted\" server" 3 2 true
		result "echo: kernel / user" cpu ns "echo in here" "a \"quoted\" server" null 40 null
		result "echo: idle" p99 ns "echo in here" "a \"quoted\" server" 4.5 10 false
		result "not main" answers "a second" no nobody 1 null null false
	} | jq -s '{"machine": {"kernel": "6.1.2", "cpu": "A CPU", "cpus": 2, "time": 86400, "busy": 0}, "command": "make bench", "rounds": 3, "seconds": 0.5,
		"results": ., "curves": [{"curve": "echo: load, p99", "x": "requests a second", "x_log": true, "y": "round trip",
		"unit": "ns", "sides": [{"name": "echo in here", "lost": 0, "y": 500}, {"name": "a \"quoted\" server", "lost": 1, "y": 9000}
			| {name, "points": [{"x": 1000, "y": {"median": .y, "min": .y, "max": (.y + 9)}, "sent": 4, "lost": 0},
				{"x": 5000, "y": {"median": (.y * 2), "min": .y, "max": (.y * 3)}, "sent": 4, lost}]}]}],
		"figures": [{"figure": "up", "group": "x", "unit": "ms", "value": {"median": 80, "min": 70, "max": 90}, "goal": 100,
			"holds": true}], "skipped": {}, "failed": {}}' | jq "${1:-.}"
}

texts() { sed -nE 's|^.*<text[^>]*>(.*)</text>.*$|\1|p' "$1"; } # of an SVG

png_size() { od -An -tu1 -j 16 -N 8 "$1" | awk '{ print $3 * 256 + $4, $7 * 256 + $8 }'; }

@test "plots say who was compared, by how much, on what, and what was lost" {
	local dir=$BATS_TEST_TMPDIR/plots name said
	sample >"$BATS_TEST_TMPDIR/in.json"
	"$PLOT" "$BATS_TEST_TMPDIR/in.json" "$dir"
	assert_eq "answers cpu echo-load-p99 latency" "$(basename -s .svg "$dir"/*.svg | sort | xargs)"
	for name in answers cpu latency echo-load-p99; do
		said=$(texts "$dir/$name.svg")
		assert_match $'(^|\n)echo in here(\n|$)' "$said" "$name"
		assert_match 'a .*quoted.* server' "$said" "$name"
		assert_match '2 x A CPU, Linux 6.1.2, 1970-01-02' "$said" "$name"
		assert_eq "137 80 78 71 13 10 26 10" "$(od -An -tu1 -N 8 "$dir/$name.png" | xargs)" "what a PNG begins with"
		assert_match '^800 [1-9][0-9]{2}$' "$(png_size "$dir/$name.png")" "$name"
	done
	said=$(texts "$dir/answers.svg")
	assert_match '3.00 x   echo: kernel / user   \(1.50 to 6.00\)' "$said"
	assert_match '1 k/s, 5 % lost, 1 wrong' "$said"
	assert_no_match 'not main' "$said"
	assert_match 'no ratio   echo: kernel / user' "$(texts "$dir/cpu.svg")"
	assert_match '4.50 x   echo: idle, p99' "$(texts "$dir/latency.svg")"
	assert_match 'some were lost' "$(texts "$dir/echo-load-p99.svg")"
	assert_match 'lost, %' "$(texts "$dir/echo-load-p99.svg")" "a panel of its own"
	sample '.curves[].sides[].points[].lost = 0' >"$BATS_TEST_TMPDIR/in.json"
	"$PLOT" "$BATS_TEST_TMPDIR/in.json" "$dir"
	assert_no_match 'lost' "$(texts "$dir/echo-load-p99.svg")"
}

@test "what a JSON lacks is said, not drawn" {
	local dir=$BATS_TEST_TMPDIR/plots
	sample 'del(.curves, .figures) | .results |= map(select(.measure == "answers"))' >"$BATS_TEST_TMPDIR/in.json"
	run -0 "$PLOT" "$BATS_TEST_TMPDIR/in.json" "$dir"
	assert_eq "answers.png answers.svg" "$(basename -a "$dir"/* | xargs)"
	assert_match 'no cpu: ' "$output"
	assert_match 'no latency: ' "$output"
	assert_match 'no curves: ' "$output"
	# The others used the machine: that is on the plot, too.
	sample '.machine.busy = 0.3' >"$BATS_TEST_TMPDIR/in.json"
	"$PLOT" "$BATS_TEST_TMPDIR/in.json" "$dir"
	assert_match 'Others used up to 30% of the machine' "$(texts "$dir/answers.svg")"
}

@test "bench-and-plot measures and draws, and keeps what was there if nothing is measured" {
	local dir=$BATS_TEST_TMPDIR/out
	"$TOP/tools/bench/bench-and-plot" "$dir" echo --only "1 thread" --rounds 1 --seconds 0.1 3>&-
	assert_eq "1" "$(jq '[.results[] | select(.measure == "answers" and .a_answered > 0)] | length' "$dir/bench.json")"
	assert_match "^tools/bench/bench echo --only '1 thread' " "$(jq -r .command "$dir/bench.json")"
	assert_match "echo: kernel / user space, 1 thread" "$(texts "$dir/answers.svg")"
	cp "$dir/bench.json" "$dir/before.json"
	run -2 "$TOP/tools/bench/bench-and-plot" "$dir" nonsense
	# A status that also tells of rows that failed, but here nothing was measured: old results are not drawn again.
	mkdir "$dir/rows"
	echo "def" >"$dir/rows/broken.py"
	rm "$dir/answers.svg"
	run -1 "$TOP/tools/bench/bench-and-plot" "$dir" --rows "$dir/rows"
	assert_match "broken.py: SyntaxError" "$output"
	[ ! -e "$dir/answers.svg" ]
	cmp "$dir/before.json" "$dir/bench.json"
}

@test "what is no result is one clear line for plot, table and compare" {
	local in=$BATS_TEST_TMPDIR/in.json out=$BATS_TEST_TMPDIR/plots filter
	refused 2 "none.json: No such file" "$PLOT" "$BATS_TEST_TMPDIR/none.json" "$out"
	echo '{"machine":' >"$in"
	refused 2 "in.json: not a result of bench --json: no JSON, from line 2, " "$PLOT" "$in" "$out"
	printf '"\377"' >"$in"
	refused 2 "in.json: not a result of bench --json: no text in UTF-8" "$COMPARE" "$in" "$in"
	echo '[]' >"$in"
	refused 2 "in.json: not a result of bench --json: no JSON object" "$COMPARE" "$in" "$in"
	: >"$in"
	refused 2 "in.json: not a result of bench --json: no JSON, from line 1, column 1 on" "$COMPARE" "$in" "$in"
	for filter in '[]' '"results"' 'del(.machine)' 'del(.machine.kernel)' 'del(.results[0].ratio)' '.results[0].a_value = 3' \
		'.results = 5' '.curves[0].sides[0].points[0].y = null' '.curves[0].sides[0].points[0].x = "1"' \
		'.figures[0].value.min = "x"'; do
		sample "$filter" >"$in"
		refused 2 "in.json: not a result of bench --json: " "$PLOT" "$in" "$out"
		refused 2 "in.json: not a result of bench --json: " "$TABLE" "$in"
		refused 2 "in.json: not a result of bench --json: " "$COMPARE" "$in" "$in"
	done
	# The check is the same one for all three.
	for filter in '.rounds = "3"' '.machine.time = 1e30' '.machine.cpu = 5' '.skipped = null' '.failed = []' \
		'.results[0].a_value.max = "INF"' '.results[0].goal = "2"' '.figures[0].holds = "yes"' '.figures[0].unit = 1' \
		'.curves[0].curve = 3' '.curves[0].sides[0].name = "a\nb"' '.curves[0].sides[0].points[0].share = []'; do
		sample "$filter" | sed 's/"INF"/Infinity/' >"$in"
		refused 2 "in.json: not a result of bench --json: " "$TABLE" "$in"
	done
	[ ! -e "$out" ]
	# A folder that cannot be made is no lack of gnuplot, which is said for itself.
	sample >"$in"
	refused 2 "/proc/x: cannot make this folder: No such file" "$PLOT" "$in" /proc/x
	refused 2 "in.json: cannot make this folder: File exists" "$PLOT" "$in" "$in"
	refused 1 "plot: needs gnuplot: the Debian package" env PATH="$BATS_TEST_TMPDIR" "$PLOT" "$in" "$out"
}

@test "the tables are in Markdown, and go between the marks of a file" {
	local file=$BATS_TEST_TMPDIR/file.md begin="<!-- made by tools/bench/table -->" end="<!-- end of what tools/bench/table made -->"
	sample >"$BATS_TEST_TMPDIR/in.json"
	cat >"$BATS_TEST_TMPDIR/want" <<'END'
`make bench` on 2 x A CPU, Linux 6.1.2, 1970-01-02.

Ratios are A over B, for times B over A: above 1, A is better. Medians of pairs of runs (least to greatest).

| A / B | what | ratio | A | B | goal |
| --- | --- | --- | --- | --- | --- |
| echo: kernel / user | answers | 3.00 (1.50 to 6.00) | 3 k/s | 1 k/s, 5 % lost, 1 wrong | 2: reached |
| echo: kernel / user | CPU time an answer | - | 3 us | 1 us, 5 % lost, 1 wrong | 40: not judged |
| echo: idle | p99 | 4.50 (2.25 to 9.00) | 3 us | 1 us, 5 % lost, 1 wrong | 10: missed |

What has no rival, as median (least to greatest):

| what | value | goal |
| --- | --- | --- |
| up | 80 ms (70 ms to 90 ms) | at most 100 ms: reached |
END
	assert_eq "$(<"$BATS_TEST_TMPDIR/want")" "$("$TABLE" "$BATS_TEST_TMPDIR/in.json")"
	sample '.failed = {"gate: no": "it broke"} | .skipped = {"dns: no": "needs"}' |
		"$TABLE" /dev/stdin | grep -qxF "Not measured: dns: no (skipped); gate: no (failed)."
	sample '.results[0] += {"measure": "lossless", "goal": 0.9, "share": {"median": 0.8, "min": 0.8, "max": 1}, "holds": false}' |
		"$TABLE" /dev/stdin | grep -qF "answers without loss | 3.00 (1.50 to 6.00) | 3 k/s | 1 k/s, 5 % lost, 1 wrong | 0.9 of A's maximum (it is 0.8): missed |"
	printf 'before\n%s\nold\n%s\nafter\n' "$begin" "$end" >"$file"
	"$TABLE" "$BATS_TEST_TMPDIR/in.json" --into "$file"
	assert_eq "$(printf 'before\n%s\n%s\n%s\nafter' "$begin" "$(<"$BATS_TEST_TMPDIR/want")" "$end")" "$(<"$file")"
	echo "no marks" >"$file"
	refused 2 "needs one line" "$TABLE" "$BATS_TEST_TMPDIR/in.json" --into "$file"
	assert_eq "no marks" "$(<"$file")"
}

@test "compare tells ratios, figures and curves apart, and machines" {
	local old=$BATS_TEST_TMPDIR/old.json new=$BATS_TEST_TMPDIR/new.json
	sample >"$old"
	sample '.figures[].value = {"median": 40, "min": 30, "max": 50} | .results[0].ratio = {"median": 1, "min": 1, "max": 1.1}
		| .curves[0].sides[0].points[].y = {"median": 2000, "min": 2000, "max": 2000} | del(.results[2])' >"$new"
	run -0 "$COMPARE" "$old" "$new"
	assert_match 'echo: kernel / user +answers +3.00 -> +1.00  x0.33  WORSE' "$output"
	assert_match 'echo: idle +p99 +only in OLD' "$output"
	assert_match 'up +80 ms -> 40 ms  x2.00  better' "$output"
	assert_match 'echo: load, p99: echo in here +2 points: x0.35 on average, 0 better, 2 WORSE' "$output"
	assert_match 'server +2 points: x1.00 on average, 0 better, 0 WORSE' "$output"
	assert_match 'up +40 ms -> 80 ms  x0.50  WORSE' "$("$COMPARE" "$new" "$old")"
	# What is judged of a rate without loss; a ratio that only one has.
	sample '.results[0].share = {"median": 1, "min": 1, "max": 1} | .results[1].ratio = {"median": 3, "min": 3, "max": 3}' >"$new"
	sample '.results[0].share = {"median": 0.5, "min": 0.5, "max": 0.5}' >"$old"
	run -0 "$COMPARE" "$new" "$old"
	assert_match 'echo: kernel / user +share +1.00 -> +0.50  x0.50  WORSE' "$output"
	assert_match 'echo: kernel / user +cpu +no ratio in NEW' "$output"
	sample >"$old"
	# None lost and some lost have no ratio, but differ.
	sample '.figures[].value = {"median": 0, "min": 0, "max": 0}' >"$new"
	assert_match 'up +0 ms -> 80 ms  WORSE' "$("$COMPARE" "$new" "$old")"
	sample '.machine.kernel = "6.12.1" | .machine.busy = 0.5' >"$new"
	run -0 "$COMPARE" "$old" "$new"
	assert_match 'NEW: Others used up to 50%' "$output"
	assert_match 'figures and curves cannot be compared: kernel 6.1.2 and 6.12.1' "$output"
	assert_no_match 'up +80 ms' "$output"
	assert_match 'x1.00  within the spread' "$output"
	assert_no_match 'rounds|seconds' "$output"
	# Spreads of other numbers of runs, or lengths.
	sample '.rounds = 9 | del(.seconds)' >"$new"
	assert_match 'rounds 3 and 9, seconds 0.5 and unknown: ' "$("$COMPARE" "$old" "$new")"
}

@test "the tables and the plot of README.md are those of the kept results" {
	local kept=$TOP/tools/bench/results.json copy=$BATS_TEST_TMPDIR/README.md
	cp "$TOP/README.md" "$copy"
	"$TABLE" "$kept" --into "$copy"
	assert_eq "" "$(diff "$copy" "$TOP/README.md")" "README.md and tools/bench/table"
	"$PLOT" "$kept" "$BATS_TEST_TMPDIR/plots"
	assert_eq "$(texts "$BATS_TEST_TMPDIR/plots/cpu.svg")" "$(texts "$TOP/tools/bench/cpu.svg")" "texts of cpu.svg"
	grep -qF '(tools/bench/cpu.svg)' "$TOP/README.md"
}

@test "the arithmetic of plots and tables holds" {
	local module
	for module in results chart; do /usr/bin/python3 -B -m doctest "$TOP/tools/bench/$module.py"; done
}
