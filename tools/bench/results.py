# SPDX-License-Identifier: Apache-2.0
"""results.py - reads what bench --json wrote, for plot, table and compare, and says what was measured and where."""
import json
import sys
import time

COUNTS = [f"{side}_{what}" for side in "ab" for what in ("sent", "lost", "errors")]
KEYS = {
    "results": ("row", "measure", "unit", "a", "b", "ratio", "goal", "holds", "a_value", "b_value"),
    "curves": ("curve", "x", "x_log", "y", "unit", "sides"),
    "figures": ("figure", "unit", "value", "goal", "holds"),
}
MEASURES = {"answers": "answers", "frames": "frames got rid of", "lossless": "answers without loss",
            "cpu": "CPU time an answer", "p999": "p99.9"}


class Unfit(Exception):
    """What is wrong with a result, in words of ours."""


def why(e):
    """What is wrong with the input, of what went wrong when it was read and checked.

    >>> why(UnicodeDecodeError("utf-8", b"", 0, 1, "")), why(json.JSONDecodeError("", "", 0)), why(KeyError("x"))
    ('no text in UTF-8', 'no JSON, from line 1, column 1 on', "no key 'x'")
    >>> why(Unfit("no machine")), why(TypeError("'int' object is not subscriptable"))
    ('no machine', 'values of other kinds than it has')
    """
    if isinstance(e, UnicodeDecodeError):
        return "no text in UTF-8"
    if isinstance(e, json.JSONDecodeError):
        return f"no JSON, from line {e.lineno}, column {e.colno} on"
    return f"no key {e}" if isinstance(e, KeyError) else str(e) if isinstance(e, Unfit) else "values of other kinds than it has"


def fail(text):
    """What is wrong with the input, in one line."""
    print(text, file=sys.stderr)
    sys.exit(2)


def fine(v):
    """A number that can be drawn: none of those that JSON writes as NaN and Infinity, and no other monster.

    >>> [fine(v) for v in (0, -2.5, 1e17, 1e30, 1e-300, float("inf"), float("nan"), 10 ** 400, True, "1", None)]
    [True, True, True, False, False, False, False, False, False, False, False]
    """
    return type(v) in (int, float) and (v == 0 or 1e-18 < abs(v) < 1e18)


def numbers(x, what, *keys):
    if not isinstance(x, dict) or not all(fine(x.get(key)) for key in keys):
        raise Unfit(f"{what} has not these numbers: {', '.join(keys)}")


def texts(x, what, *keys):
    """Of one line: gnuplot gets them as part of its commands."""
    if not all(isinstance(x[key], str) and x[key].isprintable() for key in keys):
        raise Unfit(f"{what} has not these texts: {', '.join(keys)}")


def judged(x, what):
    if not (x["goal"] is None or fine(x["goal"])) or x["holds"] not in (None, True, False):
        raise Unfit(f"goal and holds of {what}: neither null nor a number, or true or false")


def summary(x, what):
    numbers(x, what, "median", "min", "max")


def check(report):
    """Raises Unfit, or whatever reading values of other kinds raises, unless all is there that our tools use."""
    if not isinstance(report, dict):
        raise Unfit("no JSON object")
    numbers(report["machine"], "machine", "cpus", "time", "busy")
    texts(report["machine"], "machine", "kernel", "cpu")
    if not 0 <= report["machine"]["time"] < 1e11:
        raise Unfit("machine has no time that is one")
    numbers(report, "the benchmark", *(key for key in ("rounds", "seconds") if key in report))  # older ones do not say
    for key in "skipped", "failed":
        if not isinstance(report.setdefault(key, {}), dict):
            raise Unfit(f"{key} has no names")
    for kind, keys in KEYS.items():
        for i, x in enumerate(report.setdefault(kind, [])):
            for key in keys:
                if key not in x:
                    raise Unfit(f"{kind}[{i}] has no {key}")
    for i, r in enumerate(report["results"]):
        texts(r, f"results[{i}]", "row", "measure", "unit", "a", "b")
        judged(r, r["row"])
        numbers(r, r["row"], "rounds", *COUNTS)
        for key in ("a_value", "b_value") + ("ratio",) * (r["ratio"] is not None) + ("share",) * ("share" in r):
            summary(r[key], f"{key} of '{r['row']}'")
    for i, f in enumerate(report["figures"]):
        texts(f, f"figures[{i}]", "figure", "unit")
        judged(f, f["figure"])
        summary(f["value"], f"value of '{f['figure']}'")
    for i, c in enumerate(report["curves"]):
        texts(c, f"curves[{i}]", "curve", "x", "y", "unit")
        for side in c["sides"]:
            texts(side, f"a side of '{c['curve']}'", "name")
        for p in (p for side in c["sides"] for p in side["points"]):
            numbers(p, f"a point of '{c['curve']}'", "x", "sent", "lost", *(("share",) if "share" in p else ()))
            summary(p["y"], f"y of a point of '{c['curve']}'")


def read(path, tool):
    """The report in PATH, or one line and exit 2."""
    try:
        with open(path) as f:
            report = json.load(f)
        check(report)
    except OSError as e:
        fail(f"{tool}: {path}: {e.strerror}")
    except (Unfit, ValueError, TypeError, KeyError, AttributeError, RecursionError) as e:
        fail(f"{tool}: {path}: not a result of bench --json: {why(e)}")
    return report


def main_results(report, *measures):
    """Those of the main table; all measures if none is named."""
    return [r for r in report["results"] if r.get("main") and (not measures or r["measure"] in measures)]


def machine(report):
    """
    >>> machine({"machine": {"kernel": "6.18.1", "cpu": "A CPU", "cpus": 2, "time": 0, "busy": 0.3}})
    '2 x A CPU, Linux 6.18.1, 1970-01-01'
    """
    m = report["machine"]
    return f"{m['cpus']} x {m['cpu']}, Linux {m['kernel']}, {time.strftime('%Y-%m-%d', time.gmtime(m['time']))}"


BUSY = 0.05  # share of the machine that others may use; what is measured while they use more is not judged


def disturbed(report):
    """A warning if others used the machine, or nothing."""
    busy = report["machine"]["busy"]
    text = f"Others used up to {busy:.0%} of the machine: what was measured then is a hint, and not judged."
    return text if busy > BUSY else ""


def number(v):
    """Three digits, or all that are before the point.

    >>> number(1234.5), number(40.04), number(6.6), number(0.953), number(0.00417)
    ('1,234', '40.0', '6.60', '0.953', '0.00417')
    """
    for least, digits in (100, 0), (10, 1), (1, 2):
        if abs(v) >= least:
            return f"{v:,.{digits}f}"
    return f"{v:.3g}"


def ratio(r):
    """
    >>> ratio({"ratio": {"median": 6.6, "min": 5, "max": 7.25}}), ratio({"ratio": None})
    ('6.60 (5.00 to 7.25)', '-')
    """
    q = r["ratio"]
    return f"{number(q['median'])} ({number(q['min'])} to {number(q['max'])})" if q else "-"


def wanted(r):
    """What the goal of a result asks for: of the ratio, or of the rate without loss.

    >>> wanted({"goal": 40}), wanted({"goal": 0.9, "share": {"median": 1, "min": 0.5, "max": 1.1}}), wanted({"goal": None})
    ('40', "0.9 of A's maximum (it is 1.00)", '')
    """
    if r["goal"] is None:
        return ""
    return f"{r['goal']:g}" + (f" of A's maximum (it is {number(r['share']['median'])})" if "share" in r else "")


def faults(r, side):
    """What of SIDE's requests was lost or answered wrongly, if any. In a flood to see how fast frames are got rid of, all
    that has no answer counts as lost: that is no fault.

    >>> r = {"measure": "answers", "a_sent": 2000, "a_lost": 3, "a_errors": 0}
    >>> faults(r, "a"), faults({**r, "a_lost": 0}, "a"), faults({**r, "measure": "frames"}, "a")
    ('0.15 % lost', '', '')
    """
    said = [f"{part(r[f'{side}_{key}'], r[f'{side}_sent'])} {text}" for key, text in (("lost", "lost"), ("errors", "wrong"))
            if r[f"{side}_{key}"]]
    return ", ".join(said) if r["measure"] != "frames" else ""


def part(n, whole):
    """Percent, or where that is next to nothing the number itself.

    >>> part(1, 4), part(3, 10 ** 6), part(2, 0)
    ('25 %', '3', '2')
    """
    return f"{100 * n / whole:.3g} %" if n > whole / 10000 and whole else str(n)
