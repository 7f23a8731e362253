# SPDX-License-Identifier: Apache-2.0
"""row.py - what most files in rows/ are made of: Row compares two sides under a load, Figures tells what has no rival.
curve.py has the rest. All have a name, main, and measure(bench), which returns parts of the JSON."""
import contextlib
from dataclasses import dataclass

import load as loads
import stats


@dataclass
class Side:
    """Setup is a context manager that is given the World, makes the side ready and undoes itself."""
    name: str
    setup: object


def nothing(_):
    """A setup that needs none."""
    return contextlib.nullcontext()


def run(load, world, seconds):
    """A short run for warmth, then the one that counts. Again, if the generator never got a CPU: that says nothing."""
    load(world, 0.05)
    for _ in range(5):
        seen = load(world, seconds)
        if seen.sent:
            break
    return seen


def compared(name, pairs, a, b, measure, goal):
    """A result as README.md has it, of pairs of runs (Seen, Seen)."""
    unit, less = loads.MEASURES[measure]
    if measure in ("p50", "p99", "p999") and any(not seen.answered for pair in pairs for seen in pair):
        raise RuntimeError(f"{a} or {b}: a run without any answer")
    values = [(x.value(measure), y.value(measure)) for x, y in pairs]
    found = stats.ratios([(y, x) for x, y in values] if less else values)
    ratio = stats.summary(found) if found else None
    faults = {f"{side}_{what}": sum(getattr(pair[i], what) for pair in pairs)
              for i, side in enumerate("ab") for what in ("sent", "answered", "lost", "errors")}
    result = {"row": name, "measure": measure, "unit": unit, "a": a, "b": b, "ratio": ratio, "goal": goal,
              "holds": stats.holds(ratio, goal), "rounds": len(pairs), "pairs": len(found),
              "a_value": stats.summary([v[0] for v in values]), "b_value": stats.summary([v[1] for v in values]), **faults}
    if measure == "lossless":  # judged by what A loses, whatever B does
        share = stats.summary([x.share for x, _ in pairs])
        result |= {"share": share, "holds": stats.holds(share, goal)}
        if goal is not None:
            result["main"] = True
    return result


@dataclass
class Row:
    """A against B. Each lives in a world of its own; who is loaded first takes turns, so that a drift of the machine
    favours nobody. Both are set up anew a few times: where the kernel puts code and rings makes a difference, too."""
    name: str
    a: Side
    b: Side
    load: object
    measures: dict          # name to the least median wanted, or None
    b_load: object = None   # if it is another one
    main: bool = False      # in the main table, and in --quick
    setups: int = 3         # at most; else one for three rounds
    most: int = None        # rounds
    lossless: bool = False  # A should lose nothing: a figure with a goal

    def measure(self, bench):
        pairs, rounds = [], min(bench.rounds, self.most or bench.rounds)
        for n in stats.parts(rounds, min(self.setups, -(-rounds // 3))):
            with (bench.client(self.measures) as tell_client, bench.world() as a, bench.world() as b,
                  self.a.setup(a), self.b.setup(b)):
                for _ in range(n):
                    bench.progress(f"pair {len(pairs) + 1} of {rounds}")
                    tell_client(a, b)
                    pairs.append(self.pair(a, b, bench.seconds, len(pairs) % 2))
        return {"results": [compared(self.name, pairs, self.a.name, self.b.name, measure, goal)
                            for measure, goal in self.measures.items()],
                "figures": [lost(self.name, self.a.name, [x.lost for x, _ in pairs])] if self.lossless else []}

    def pair(self, a, b, seconds, b_first):
        sides, seen = [(self.load, a), (self.b_load or self.load, b)], [None, None]
        for i in (1, 0) if b_first else (0, 1):
            seen[i] = run(*sides[i], seconds)
        return seen


@dataclass
class Figures:
    """What has no rival; take(bench) returns a list of what figure() makes."""
    name: str
    take: object
    main: bool = False

    def measure(self, bench):
        return {"figures": self.take(bench)}


def figure(name, unit, values, goal=None):
    """A figure as README.md has it; the goal is the greatest median wanted."""
    value = stats.summary(values)
    return {"figure": name, "unit": unit, "value": value, "goal": goal,
            "holds": None if goal is None else value["median"] <= goal}


def lost(name, side, counts):
    """A figure: what SIDE lost in each round, of which nothing should be."""
    return figure(f"{name}: lost by {side}", "requests", counts, 0)
