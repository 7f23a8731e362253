#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# 92-bench.bats - the benchmark works: short rows, their JSON, the comparison, its arithmetic; figures are not judged.

load lib

BENCH=$TOP/tools/bench/bench
COMPARE=$TOP/tools/bench/compare

# The benchmark makes its own namespaces.
setup() { [ -z "${KFAAS_VM:-}" ] || skip "an emulated machine: what takes how long there means nothing"; }
teardown() { [ -z "${HANGING:-}" ] || kill "$HANGING" || true; }

# measured STATUS ARGUMENTS...: a short run; its results are in $OUT, what it says in $TABLE. Nothing of it is left.
measured() {
	local pid status=0
	OUT=$BATS_TEST_TMPDIR/out.json TABLE=$BATS_TEST_TMPDIR/table
	"$BENCH" "${@:2}" --rounds 1 --seconds 0.2 --json "$OUT" >"$TABLE" 2>&1 3>&- &
	pid=$!
	wait "$pid" || status=$?
	assert_eq "$1" "$status" "exit status: $(<"$TABLE")"
	if compgen -G "/run/netns/kf-bench-?-$pid-*"; then return 1; fi
}

@test "a row is measured, told as JSON, compared with itself, and nothing is left" {
	local row="echo: kernel / user space, 1 thread"
	measured 0 --only "$row"
	assert_match "$row" "$(<"$TABLE")"
	jq -e --arg row "$row" '(.machine | has("kernel") and has("cpus") and has("busy")) and (.results | length == 2) and (.results[0] |
		.row == $row and .measure == "answers" and .unit == "a second" and .group == "echo" and .main and .rounds == 1 and
		has("ratio") and has("goal") and has("holds") and .a_sent > 0 and .b_sent > 0 and .a_answered + .a_lost <= .a_sent and
		.a_errors == 0 and .b_errors == 0) and (.client_ns | 0 <= .min and .min <= .median and .median <= .max) and
		.skipped == {} and .failed == {}' "$OUT"
	# A pair in which nothing was answered, on a machine that had no time, has no ratio.
	jq '.results[0].ratio = {"median": 1, "min": 1, "max": 1}' "$OUT" >"$OUT.old"
	jq '.results[0].ratio = {"median": 2, "min": 2, "max": 2}' "$OUT" >"$OUT.new"
	assert_match "x1.00  within the spread" "$("$COMPARE" "$OUT.old" "$OUT.old")"
	assert_match "x2.00  better" "$("$COMPARE" "$OUT.old" "$OUT.new")"
	assert_match "x0.50  WORSE" "$("$COMPARE" "$OUT.new" "$OUT.old")"
}

@test "a curve has a line of points for each side, and its rows" {
	measured 0 gate --only "length of the chain"
	jq -e '.curves[0] | .group == "gate" and .unit == "ns" and .x_log == false and has("x") and has("y") and (.sides[0] |
		has("name") and ([.points[].x] == [1, 2, 3, 4, 6, 8]) and
		(.points | all((.y | has("median") and has("min") and has("max")) and .sent > 0 and has("lost"))))' "$OUT"
	jq -e '[.results[].row] | length == 5 and index("gate: chain of 8 / chain of 1")' "$OUT"
}

@test "commands are timed until a client has its answer, and memory is told: figures with goals" {
	measured 0 commands
	jq -e '[.figures[] | {key: .figure, value: .}] | from_entries | (.["up with one function, until the first answer"] |
		.unit == "ms" and .goal == 100 and has("holds") and .value.median > 0 and .group == "commands") and
		(.["memory of a gate: maps"] | .unit == "bytes" and .value.median > 1e6)' "$OUT"
	jq -e '.figures | any(.figure | startswith("replace under full load: "))' "$OUT"
}

@test "groups are named; a row that fails or lacks something ends nothing but itself, and the status tells" {
	local rows=$BATS_TEST_TMPDIR/rows
	mkdir "$rows"
	cat >"$rows/bad.py" <<-'END'
		from row import Figures, Side, Row, nothing
		from world import tool
		def load(world, seconds):
		    raise RuntimeError("it broke")
		ROWS = [Row("bad: breaks", Side("a", nothing), Side("b", nothing), load, {"answers": None}),
		        Figures("bad: lacks", lambda bench: [tool("no-such-tool", "no-package")])]
	END
	cat >"$rows/good.py" <<-'END'
		from row import Figures, figure
		ROWS = [Figures("good", lambda bench: [figure("good", "ms", [1, 2, 3], 1)])]
	END
	echo "def" >"$rows/none.py"
	measured 1 --rows "$rows"
	assert_match "bad: breaks +failed: it broke" "$(<"$TABLE")"
	assert_match "bad: lacks +skipped: needs no-such-tool: the Debian package no-package" "$(<"$TABLE")"
	assert_match "none.py +failed: SyntaxError: " "$(<"$TABLE")"
	jq -e '.failed["bad: breaks"] == "it broke" and (.failed | has("none.py") and length == 2) and (.skipped | has("bad: lacks")) and
		(.figures[0] | .figure == "good" and .value == {"median": 2, "min": 1, "max": 3})' "$OUT"
	assert_match "good +good"$'\n'"bench: none.py: SyntaxError" "$("$BENCH" --rows "$rows" --list 2>&1 || true)"
	measured 0 --rows "$rows" good
	jq -e '.failed == {} and .skipped == {} and (.figures | length == 1)' "$OUT"
}

@test "what others use while a row is measured keeps its goals, and no others, from being judged" {
	local rows=$BATS_TEST_TMPDIR/rows
	mkdir "$rows"
	cat >"$rows/busy.py" <<-'END'
		import others
		from row import Figures, figure
		gone = {"used": 0, "stolen": 0}
		others.processes, others.stolen = lambda: {1: others.Process(0, gone["used"], 0)}, lambda: gone["stolen"]
		def row(name, what=None):
		    def take(bench):
		        if what:
		            gone[what] += 1000
		        return [figure(name, "ms", [1], 2)]
		    return Figures(name, take)
		ROWS = [row("before"), row("disturbed", "used"), row("robbed", "stolen"), row("after")]
	END
	measured 0 --rows "$rows"
	jq -e '[.figures[] | {key: .figure, value: .holds}] | from_entries ==
		{"before": true, "disturbed": null, "robbed": null, "after": true}' "$OUT"
	jq -e '.machine.busy == 1' "$OUT"
	assert_match $'warning: others used 100% [^\n]*\ndisturbed ' "$(<"$TABLE")"
	# Ours are this program, all that it started, and what the kernel does; another is 77, with its parent, and a real one.
	sleep 60 3>&- &
	HANGING=$!
	PYTHONPATH=$TOP/tools/bench /usr/bin/python3 -B - "$HANGING" <<-'END'
		import os
		import sys
		import subprocess
		import others
		from others import Process, processes, used
		found, me = processes(), os.getpid()
		assert found[me].parent == os.getppid() == found[int(sys.argv[1])].parent, found
		assert not found[me].kernel, found
		with open("/proc/2/comm") as f:  # in a container it is somebody else
		    assert found[2].kernel == (f.read() == "kthreadd\n"), found[2]
		while processes()[me].own == found[me].own:
		    pass
		before = {1: Process(0, 2, 1), 2: Process(0, 9, 0, True), me: Process(1, 5, 1), 77: Process(1, 6, 0), 78: Process(1, 50, 2)}
		now = {1: Process(0, 3, 1), 2: Process(0, 19, 0, True), 10: Process(2, 4, 0, True), me: Process(1, 15, 9),
		       30: Process(me, 7, 0), 20: Process(30, 3, 0), 77: Process(1, 10, 0), 79: Process(77, 1, 1)}
		assert used(before, now) == 1 + 4 + 2, used(before, now)
		now[1].children += 53 # it has waited for 78, of which it had used one second since
		assert used(before, now) == 1 + 4 + 2 + 1, used(before, now)
		# A shell that has waited for make, which had waited for a compiler.
		before = {1: Process(0, 1, 1), 50: Process(1, 2, 0), 60: Process(50, 1, 0), 70: Process(60, 300, 0)}
		assert used(before, {1: before[1], 50: Process(1, 2, 302)}) == 1
		# What a child of ours leaves behind becomes ours.
		others.adopt()
		pid = int(subprocess.run(["sh", "-c", "sleep 60 >&- 2>&- & echo $!"], capture_output=True, text=True).stdout)
		assert processes()[pid].parent == me, processes()[pid]
		os.kill(pid, 9)
	END
}

# ended SIGNAL STATUS: a benchmark whose second row hangs, ended then. What is left of it is what `left` tells.
ended() {
	local rows=$BATS_TEST_TMPDIR/rows host status=0
	OUT=$BATS_TEST_TMPDIR/out.json
	mkdir -p "$rows"
	rm -f "$rows/hangs"
	cat >"$rows/hang.py" <<-'END'
		import os, time
		from row import Figures, figure
		def hang(bench):
		    with bench.world() as world, world.up("[function echo]\n"), world.server("sleep", "1000", ready=lambda: True):
		        with open(os.path.dirname(__file__) + "/hangs", "w") as f:
		            f.write(world.host)
		        time.sleep(1000)
		ROWS = [Figures("good", lambda bench: [figure("good", "ms", [1])]), Figures("hangs", hang)]
	END
	env --default-signal=HUP,INT "$BENCH" --rows "$rows" --json "$OUT" >"$BATS_TEST_TMPDIR/table" 2>&1 3>&- &
	HANGING=$!
	wait_for 60 test -s "$rows/hangs"
	host=$(<"$rows/hangs") ENDED=$HANGING HANGING=
	SERVER=$(ip netns pids "$host") PINS=$BPFFS/kfaas-net/$(in_ns "$host" /usr/bin/python3 -IS "$TESTS/wire.py" cookie)
	assert_eq 5 "$(left | wc -l)" "two namespaces, a folder, pins, a server: $(left)"
	kill "-$1" "$ENDED"
	wait "$ENDED" || status=$?
	assert_eq "$2" "$status" "exit status: $(<"$BATS_TEST_TMPDIR/table")"
}

left() {
	compgen -G "/run/netns/kf-bench-*-$ENDED-*" || true
	compgen -G "${TMPDIR:-/tmp}/kf-bench-$ENDED-*" || true
	compgen -G "$PINS" || true
	ps -o pid= -p "$SERVER" || true
}

@test "ended by SIGHUP or SIGINT it takes all down, and has written what it measured" {
	local number
	for number in 1 2; do
		ended "$number" $((128 + number))
		assert_eq "" "$(left)"
		jq -e '.skipped == {"hangs": "not reached"} and .failed == {} and [.figures[].figure] == ["good"]' "$OUT"
		rm "$OUT"
	done
}

@test "what a killed one left is taken away by the next" {
	ended KILL 137
	assert_eq 5 "$(left | wc -l)" "$(left)"
	"$BENCH" commands --only nonsense || true
	assert_eq 5 "$(left | wc -l)" "nothing is measured, nothing is changed: $(left)"
	measured 0 ping
	assert_eq "" "$(left)"
}

@test "rows are named; what is no row, no group and no result is refused" {
	local name
	for name in gate: echo: dns: http: ntp: limit: ping: count: queues: commands: "dns: a million"; do
		assert_match "$name" "$("$BENCH" --list)"
	done
	assert_no_match "echo:" "$("$BENCH" --list dns ntp)"
	assert_eq "$("$BENCH" --list ping)" "$("$BENCH" --list ping ping)"
	refused 2 "no row has 'nonsense'" "$BENCH" --only nonsense
	refused 2 "no group 'nonsense', only" "$BENCH" nonsense
	refused 2 "--rounds -1: 1 at least" "$BENCH" --rounds -1
	refused 2 "--seconds 1e-05: 0.1 at least" "$BENCH" --seconds 0.00001
	refused 2 "--seconds nan: 0.1 at least" "$BENCH" --seconds nan
	refused 2 "--rows /nonexistent: no folder" "$BENCH" --rows /nonexistent
	refused 2 "--json /nonexistent/x.json: cannot write there: No such file" "$BENCH" --json /nonexistent/x.json
	refused 2 "--json /dev/null: no regular file" "$BENCH" --json /dev/null
	refused 2 "not a result of bench" "$COMPARE" /dev/null /dev/null
}

@test "all points of a series are set up anew for each round, of three once, and have a run in each" {
	PYTHONPATH=$TOP/tools/bench /usr/bin/python3 -B - <<-'END'
		import contextlib
		from types import SimpleNamespace
		from curve import Point, Series
		from load import Seen
		from row import Side

		ups = {}

		def side(name):
		    def setup(world):
		        ups[name] += 1
		        return contextlib.nullcontext()
		    return Side(name, setup)

		for rounds, want in (3, 1), (7, 7):
		    ups.update(base=0, side=0)
		    bench = SimpleNamespace(rounds=rounds, seconds=1, progress=lambda text: None, world=contextlib.nullcontext)
		    line = [Point(1, side("side"), lambda *_: Seen(1, 1, 1), "p")]
		    found = Series("s", "x", side("base"), {"line": line}).measure(bench)
		    assert ups == {"base": want, "side": want}, ups
		    assert found["results"][0]["rounds"] == rounds, found
		    assert found["curves"][0]["sides"][0]["points"][0]["sent"] == rounds, found
	END
}

@test "what the client costs is measured for each pair of a row that has CPU times, and taken off both runs" {
	PYTHONPATH=$TOP/tools/bench /usr/bin/python3 -B - <<-'END'
		import contextlib
		import itertools
		from types import SimpleNamespace
		from load import Seen
		from row import Row, Side, nothing

		asked, costs = [], itertools.count(1)

		@contextlib.contextmanager
		def client(measures):
		    asked.append(measures)
		    def tell(*worlds):
		        now = next(costs)
		        for world in worlds:
		            world.client_cost = now
		    yield tell

		def load(world, seconds):
		    return Seen(1, 100, 100, cpu=10 - world.client_cost)

		bench = SimpleNamespace(rounds=4, seconds=1, progress=lambda text: None, client=client,
		                        world=lambda: contextlib.nullcontext(SimpleNamespace()))
		sides = Side("a", nothing), Side("b", nothing)
		[found] = Row("r", *sides, load, {"cpu": None}).measure(bench)["results"]
		assert [list(m) for m in asked] == [["cpu"]] * 2, asked
		for side in "ab":
		    assert found[f"{side}_value"] == {"median": 75e6, "min": 60e6, "max": 90e6}, found
	END
}

@test "a client that has no answer, or frames that are not turned round, have no cost" {
	PYTHONPATH=$TOP/tools/bench /usr/bin/python3 -B - <<-'END'
		import contextlib
		import client
		from load import Seen

		class World:
		    frames = 0
		    def xdp(self, obj, client=False):
		        return contextlib.nullcontext()
		    def in_host(self, *argv):
		        pass
		    def taken(self):
		        self.frames += self.turns
		        return self.frames

		def cost(answered, turns):
		    world = World()
		    world.turns = turns
		    client.run = lambda load, world, seconds: Seen(1, answered, answered, cpu=10)
		    try:
		        return client.own_cost(world, 0)
		    except RuntimeError as e:
		        return str(e)

		times = [0, 4, 0]
		client.cpu_seconds = lambda: times.pop(0)
		assert cost(10, 20) == 1 - 4 / (2 * 20), times
		assert cost(0, 20) == "what the client costs: no answer from echo"
		times = [0, 4]
		assert cost(10, 0) == "what the client costs: no frame is turned round"
	END
}

@test "rates rise until something is lost twice; what is lost of A is judged, whatever B loses" {
	PYTHONPATH=$TOP/tools/bench /usr/bin/python3 -B - <<-'END'
		import contextlib
		from types import SimpleNamespace
		from load import Seen, rising
		from row import Row, Side, nothing, run

		class World:
		    def __init__(self):
		        self.asked = []

		def at(rate):
		    def load(world, seconds):
		        world.asked.append(rate)
		        # The first at 200 and at 300 have a moment without CPU.
		        first = world.asked.count(rate) == 1
		        n = int((90 if first and rate == 200 else min(rate, world.makes)) * seconds)
		        return Seen(seconds, n, n, lost=int(rate > world.loses or first and rate == 300))
		    return load

		def share(loses, makes, most=1000):
		    world = World()
		    world.loses, world.makes = loses, makes
		    seen = rising(lambda _: most, at)(world, 1)
		    assert seen.lost == 0
		    return seen.share, world.asked

		assert share(450, 9000) == (0.4, [100, 200, 200, 300, 300, 400, 500, 500]), share(450, 9000)
		assert share(50, 9000) == (0, [100, 100])
		assert share(9000, 960)[0] == 0.96
		world = World()
		world.loses, world.makes = 50, 9000
		assert run(rising(lambda _: 1000, at), world, 1).share == 0 and world.asked == [100, 100], world.asked
		assert share(9000, 1250)[0] == 1.25
		assert rising(lambda _: 1, at)(World(), 0.05) is None

		worlds = []
		def world():
		    worlds.append(World())
		    worlds[-1].loses, worlds[-1].makes = ((900, 1000), (300, 1000))[(len(worlds) - 1) % 2]
		    return contextlib.nullcontext(worlds[-1])
		bench = SimpleNamespace(rounds=1, seconds=1, progress=lambda text: None, world=world,
		                        client=lambda measures: contextlib.nullcontext(lambda *worlds: None))
		sides = Side("us", nothing), Side("them", nothing)
		for a, b, holds in (0, 1, True), (1, 0, False):
		    load = lambda w, seconds: rising(lambda _: 1000, at)(worlds[-2 + (a if w is worlds[-2] else b)], seconds)
		    [found] = Row("r", *sides, load, {"lossless": 0.9}).measure(bench)["results"]
		    assert found["holds"] is holds and found["share"]["median"] == (0.9 if holds else 0.3) and found["main"], found
		    [figure] = Row("r", *sides, at(500), {"answers": None}, lossless=True).measure(bench)["figures"]
		    assert figure["holds"] and figure["figure"] == "r: lost by us" and figure["goal"] == 0, figure
		[figure] = Row("r", *sides, at(950), {"answers": None}, lossless=True).measure(bench)["figures"]
		assert figure["holds"] is False and figure["value"]["median"] == 1, figure
	END
}

@test "dnsperf asks at rising rates in an open loop" {
	PYTHONPATH=$TOP/tools/bench /usr/bin/python3 -B - <<-'END'
		from rows import dns

		class World:
		    rates = []
		    def file(self, name, text):
		        return name
		    def in_client(self, *argv):
		        rate = int(argv[argv.index("-Q") + 1]) if "-Q" in argv else 1000
		        self.rates.append(rate)
		        lost = int(rate > 300)
		        return (f"Queries sent: {rate}\nQueries completed: {rate - lost}\nQueries lost: {lost}\n"
		                f"Response codes: NOERROR {rate - lost} (99%)\nRun time (s): 1.000\n")

		dns.tool = lambda name: name
		world = World()
		seen = dns.rising_dnsperf()(world, 0.5)
		assert world.rates == [1000, 100, 200, 300, 400, 400], world.rates
		assert (seen.answered, seen.share, seen.lost, seen.errors) == (300, 0.3, 0, 0), seen
	END
}

@test "the arithmetic holds" {
	local file
	for file in stats report; do /usr/bin/python3 -B -m doctest "$TOP/tools/bench/$file.py"; done
}
