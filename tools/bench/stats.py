# SPDX-License-Identifier: Apache-2.0
"""stats.py - the arithmetic of the benchmark: medians, spreads, ratios, and when two of them differ."""
import statistics


def summary(values):
    """Median, least and greatest.

    >>> summary([3, 1, 2])
    {'median': 2, 'min': 1, 'max': 3}
    """
    return {"median": statistics.median(values), "min": min(values), "max": max(values)}


def ratios(pairs):
    """A over B of each pair of runs that were made one after the other.

    A pair whose B is 0 or less has no ratio: it is left out.

    >>> ratios([(2, 1), (9, 3), (1, 0)])
    [2.0, 3.0]
    """
    return [a / b for a, b in pairs if b > 0]


def holds(ratio, goal):
    """Whether the median reaches the goal; None without a goal or a ratio.

    >>> holds({'median': 0.96, 'min': 0.9, 'max': 1}, 0.95), holds(None, 1), holds({'median': 1}, None)
    (True, None, None)
    """
    return None if goal is None or ratio is None else ratio["median"] >= goal


def parts(n, at_most):
    """N in equal parts, the greater ones first.

    >>> parts(9, 3), parts(5, 3), parts(2, 3)
    ([3, 3, 3], [2, 2, 1], [1, 1])
    """
    k = min(n, at_most)
    return [n // k + (i < n % k) for i in range(k)]


def change(old, new, less=False):
    """By how much NEW is better than OLD, and whether their spreads lie apart. LESS: where less is better. What is not
    above 0 has no ratio.

    >>> change({'median': 2, 'min': 1.9, 'max': 2.1}, {'median': 3, 'min': 2.9, 'max': 3.1})
    (1.5, True)
    >>> change({'median': 2, 'min': 1.9, 'max': 3.0}, {'median': 3, 'min': 2.9, 'max': 3.1})
    (1.5, False)
    >>> change({'median': 2, 'min': 2, 'max': 2}, {'median': 4, 'min': 4, 'max': 4}, less=True)
    (0.5, True)
    >>> change({'median': 0, 'min': 0, 'max': 0}, {'median': 3, 'min': 3, 'max': 3}, less=True)
    (None, True)
    """
    apart = new["min"] > old["max"] or new["max"] < old["min"]
    worse, better = (new["median"], old["median"]) if less else (old["median"], new["median"])
    return better / worse if worse > 0 and better > 0 else None, apart
