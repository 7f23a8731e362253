# SPDX-License-Identifier: Apache-2.0
"""report.py - results as lines for people, and where the benchmark is while it runs."""
import shutil

import results


class Progress:
    """One line on a terminal that is written over and leaves nothing behind; nothing where there is no terminal."""

    def __init__(self, stream):
        self.stream, self.on = stream, stream.isatty()

    def say(self, text):
        if self.on:
            width = shutil.get_terminal_size().columns - 1
            print(f"\r\033[K{text[:width]}", end="", file=self.stream, flush=True)

    def clear(self):
        self.say("")


def short(value):
    for least, letter in (1e9, "G"), (1e6, "M"), (1e3, "k"):
        if abs(value) >= least:
            return f"{value / least:.3g} {letter}"
    return f"{value:.3g} "


def quantity(value, unit):
    """
    >>> quantity(7.91e6, "a second"), quantity(413800, "a second"), quantity(2274, "ns"), quantity(56.4, "ns")
    ('7.91 M/s', '414 k/s', '2.27 us', '56.4 ns')
    >>> quantity(4.2e6, "bytes"), quantity(0.1, "ms"), quantity(3, "requests")
    ('4.2 MB', '0.1 ms', '3 requests')
    """
    if unit == "a second":
        return short(value) + "/s"
    if unit == "bytes":
        return short(value) + "B"
    if unit == "ns" and abs(value) >= 1000:
        return f"{value / 1000:.3g} us" if abs(value) < 1e6 else f"{value / 1e6:.3g} ms"
    return f"{value:.3g} {unit}" if unit in ("ns", "ms", "s") else f"{value:g} {unit}"


def goal(x, text):
    return f"  goal {text} {'holds' if x['holds'] else 'MISSED'}" if x["holds"] is not None else ""


def result(r):
    """
    >>> flat = {"median": 2e6, "min": 2e6, "max": 2e6}
    >>> r = {"row": "r", "measure": "answers", "unit": "a second", "ratio": None, "goal": None, "holds": None, "rounds": 3,
    ...      "pairs": 3, "a_value": flat, "b_value": flat, "a_sent": 50, "a_lost": 3, "a_errors": 0, "b_sent": 8, "b_lost": 0,
    ...      "b_errors": 1}
    >>> result(r).split(" - ")[1].strip(), result({**r, "measure": "frames"}).split(" - ")[1].strip()
    ('2 M/s / 2 M/s  A: 6 % lost  B: 12.5 % wrong', '2 M/s / 2 M/s')
    """
    q, unit = r["ratio"], r["unit"]
    ratio = f"{q['median']:8.2f}  ({q['min']:.2f} to {q['max']:.2f})" if q else "       -  "
    faults = "".join(f"  {side.upper()}: {text}" for side in "ab" if (text := results.faults(r, side)))
    if r["pairs"] < r["rounds"]:
        faults += f"  a ratio in {r['pairs']} of {r['rounds']} pairs"
    return (f"{r['row']:<52} {r['measure']:<8} {ratio:<28} {quantity(r['a_value']['median'], unit)} / "
            f"{quantity(r['b_value']['median'], unit)}{goal(r, results.wanted(r))}{faults}")


def figure(f):
    v, unit = f["value"], f["unit"]
    text = f"{quantity(v['median'], unit):<14}"
    if v["min"] != v["max"]:
        text += f"  ({quantity(v['min'], unit)} to {quantity(v['max'], unit)})"
    most = quantity(f["goal"], unit) if f["goal"] is not None else ""
    return f"{f['figure']:<61} {text}{goal(f, f'at most {most}')}"


def curve(c):
    """A line for each side: x and y of its points."""
    for side in c["sides"]:
        points = ", ".join(f"{quantity(p['y']['median'], c['unit'])} at {short(p['x']).strip()}"
                           + (f" ({p['lost']} lost)" if p["lost"] else "") for p in side["points"])
        yield f"{c['curve']}: {side['name']}: {points}"


def lines(part):
    """All that an item has measured."""
    yield from map(result, part.get("results", ()))
    yield from map(figure, part.get("figures", ()))
    for c in part.get("curves", ()):
        yield from curve(c)


def goals(report):
    """What became of the goals, in a line."""
    judged = [x for kind in ("results", "figures") for x in report[kind] if x["holds"] is not None]
    missed = sum(not x["holds"] for x in judged)
    return f"goals: {len(judged) - missed} hold, {missed} missed" if judged else ""
