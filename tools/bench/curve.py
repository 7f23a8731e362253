# SPDX-License-Identifier: Apache-2.0
"""curve.py - what gives curves: Series, what a packet costs on many sides more than on one; Latency, round trips
against load."""
import contextlib
import itertools
from dataclasses import dataclass, field

import load as loads
import stats
from row import Side, compared, lost, run


@dataclass(eq=False)
class Point:
    """Of a Series. With a name it is a row as well, compared with the base or the point `against`."""
    x: int
    side: Side
    load: object
    name: str = None
    goal: float = None
    against: object = None
    main: bool = False


@dataclass
class Series:
    """Points, on lines of a curve: ns of a frame, less those of the base under the same load. All are set up at once
    and loaded in turn, and set up anew for each round, of three or fewer once: set-ups differ more than rounds do."""
    name: str
    x: str
    base: Side
    lines: dict             # name of a line to its points
    main: bool = False

    def measure(self, bench):
        points = [p for line in self.lines.values() for p in line]
        # What the base makes of a load is kept under the load, what a point makes under the point.
        plan = [(id(load), self.base, load) for load in dict.fromkeys(p.load for p in points)]
        plan += [(id(p), p.side, p.load) for p in points]
        seen, rounds = {key: [] for key, _, _ in plan}, iter(range(bench.rounds))
        for n in stats.parts(bench.rounds, bench.rounds if bench.rounds > 3 else 1):
            with contextlib.ExitStack() as undo:
                worlds = self.set_up(bench, {id(side): side for _, side, _ in plan}, undo)
                for i in itertools.islice(rounds, n):
                    bench.progress(f"round {i + 1} of {bench.rounds}")
                    for key, side, load in plan if i % 2 == 0 else plan[::-1]:
                        seen[key].append(run(load, worlds[id(side)], bench.seconds))
                bench.progress("taking down")
        return {"results": [self.result(p, seen) for p in points if p.name], "curves": [self.curve(seen)]}

    @staticmethod
    def set_up(bench, sides, undo):
        worlds = {}
        for key, side in sides.items():
            bench.progress(f"setting up: {side.name}")
            worlds[key] = undo.enter_context(bench.world())
            undo.enter_context(side.setup(worlds[key]))
        return worlds

    def result(self, p, seen):
        rival = p.against
        pairs = list(zip(seen[id(p)], seen[id(rival or p.load)]))
        return {**compared(p.name, pairs, p.side.name, (rival.side if rival else self.base).name, "answers", p.goal),
                "main": p.main}

    def curve(self, seen):
        top = max(p.x for line in self.lines.values() for p in line)
        sides = [{"name": name, "points": [self.point(p, seen) for p in line]} for name, line in self.lines.items()]
        return {"curve": self.name, "x": self.x, "x_log": top > 50, "y": f"ns a packet, less {self.base.name}",
                "unit": "ns", "sides": sides}

    @staticmethod
    def point(p, seen):
        mine, base = seen[id(p)], seen[id(p.load)]
        cost = [1e9 / a.value("answers") - 1e9 / b.value("answers") for a, b in zip(mine, base)
                if a.answered and b.answered]
        if not cost:
            raise RuntimeError(f"{p.side.name}: nothing was answered")
        return {"x": p.x, "y": stats.summary(cost), "sent": sum(s.sent for s in mine), "lost": sum(s.lost for s in mine)}


SHARES = 0.1, 0.3, 0.5, 0.7, 0.9


@dataclass
class Latency:
    """Round trips of some sides in an open loop of ARGV, at shares of what each makes at most, see
    load.maximum. The first side is ours: it should lose nothing."""
    name: str
    sides: list
    closed: object
    argv: tuple
    main: bool = False
    seen: dict = field(default_factory=dict)  # (side's number, share) to what was seen

    def measure(self, bench):
        rounds = min(bench.rounds, 3)
        with contextlib.ExitStack() as undo:
            worlds = []
            for side in self.sides:
                worlds.append(undo.enter_context(bench.world()))
                undo.enter_context(side.setup(worlds[-1]))
            for i in range(rounds):
                for share in SHARES:
                    bench.progress(f"round {i + 1} of {rounds}, {share:.0%}")
                    for n, world in enumerate(worlds):
                        load = loads.share_load(share, self.closed, *self.argv)
                        self.seen.setdefault((n, share), []).append(run(load, world, bench.seconds))
            most = [loads.maximum(world, self.closed, *self.argv) for world in worlds]
        gone = [sum(self.seen[0, share][i].lost for share in SHARES) for i in range(rounds)]
        return {"curves": [self.curve(measure, most) for measure in ("p50", "p99")],
                "figures": [lost(f"{self.name}, up to {SHARES[-1]:.0%}", self.sides[0].name, gone)]}

    def curve(self, measure, most):
        sides = [{"name": side.name, "points": [self.point(n, share, measure, most[n]) for share in SHARES]}
                 for n, side in enumerate(self.sides)]
        return {"curve": f"{self.name}, {measure}", "x": "requests a second", "x_log": True,
                "y": f"round trip, {measure}", "unit": "ns", "sides": sides}

    def point(self, n, share, measure, most):
        seen = self.seen[n, share]
        return {"x": round(share * most), "share": share, "y": stats.summary([s.value(measure) for s in seen]),
                "sent": sum(s.sent for s in seen), "lost": sum(s.lost for s in seen)}
