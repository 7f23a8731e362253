# SPDX-License-Identifier: Apache-2.0
"""chart.py - charts as input for gnuplot: Bars compares pairs, Lines draws a curve. Nothing here knows what is measured:
a chart is given texts, numbers, and a function that writes a number with its unit."""
import math
from dataclasses import dataclass

WIDTH, LINE = 800, 21  # pixels; a line of text or a bar
# Told apart by those who do not see all colours: of the set that M. Okabe and K. Ito proposed.
COLOURS = "#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#000000"
POINTS = 7, 5, 9, 13, 11, 15, 4  # gnuplot's numbers of shapes
CROSS = 2, 1.3, "#000000"        # shape, size, colour


def quoted(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


@dataclass
class Scale:
    """An axis from LOW to HIGH, and its ticks."""
    low: float
    high: float
    log: bool
    ticks: list

    def command(self, axis, show):
        ticks = ", ".join(f"{quoted(show(t))} {t!r}" for t in self.ticks)
        return (f"{f'set logscale {axis}' if self.log else f'unset logscale {axis}'}\n"
                f"set {axis}range [{self.low!r}:{self.high!r}]\nset {axis}tics ({ticks}) nomirror scale 0.5\n")


def log_scale(values, room):
    """From a power of ten below all values; ROOM: the part of the axis that is kept free above them.

    >>> log_scale([30, 900], 0).ticks, log_scale([20, 5e5], 0).ticks
    ([10, 20, 50, 100, 200, 500], [10, 100, 1000, 10000, 100000])
    """
    first = math.floor(math.log10(min(values) * 0.6))
    high = 10 ** first * (max(values) * 1.1 / 10 ** first) ** (1 / (1 - room))
    steps = (1, 2, 5) if math.log10(high) - first < 2.6 else (1,)
    ticks = [m * 10 ** e for e in range(first, math.floor(math.log10(high)) + 1) for m in steps]
    return Scale(10.0 ** first, high, True, [t for t in ticks if t <= high])


def linear_scale(values, room):
    """From 0, or a value below it.

    >>> linear_scale([3, 9.5], 0).ticks, linear_scale([-3, 4], 0).ticks
    ([0, 2, 4, 6, 8, 10], [-4, -2, 0, 2, 4])
    """
    low, top = min(0, *values), max(0, *values) or 1
    rough = (top - low) / 5
    unit = 10 ** math.floor(math.log10(rough))
    step = next(m * unit for m in (1, 2, 5, 10) if m * unit >= rough)
    first, last = math.floor(low / step), math.ceil(top / step)
    return Scale(first * step, max(last * step, low + (top - low) / (1 - room)), False,
                 [n * step for n in range(first, last + 1)])


def scale(values, log, room=0.0):
    return log_scale(values, room) if log else linear_scale(values, room)


FOOT, AXIS, TITLE = 15, 64, 30  # pixels: a line of the caption, what is below an axis, the title


def at(x, y, height):
    """Pixels from the left and from below, in gnuplot's words."""
    return f"at screen {x / WIDTH}, screen {y / height}"


def placed(entries):
    """Where the entries of a legend go, (x, line) each: gnuplot's own legends differ between its terminals.

    >>> placed(["a" * 20, "b" * 60, "c" * 20])
    [(18, 0), (204, 0), (18, 1)]
    """
    found, x, line = [], 18, 0
    for text in entries:
        if x > 18 and x + 26 + 7.5 * len(text) > WIDTH:
            x, line = 18, line + 1
        found.append((round(x), line))
        x += 36 + 7.5 * len(text)
    return found


def head(title, legend, caption, height, panel=0):
    """What all charts begin with: the title, a legend of (text, shape, size, colour), at the foot the lines of CAPTION.
    PANEL pixels are left free above that."""
    foot, places = FOOT * len(caption), placed([entry[0] for entry in legend])
    parts = [f"set label {quoted(title)} {at(10, height - 16, height)} font 'sans-serif:Bold,15'\n"]
    parts += [f"set label {quoted(text)} {at(x, height - 38 - 18 * line, height)} point pointtype {shape} pointsize {size} "
              f"linewidth 2 linecolor '{colour}' offset character 0.8,-0.2\n"
              for (text, shape, size, colour), (x, line) in zip(legend, places)]
    parts += [f"set label {quoted(text)} {at(10, foot - FOOT * i - 4, height)} font 'sans-serif,10' textcolor '#555555'\n"
              for i, text in enumerate(caption)]
    top = TITLE + 18 * (places[-1][1] + 1) + 8
    return "".join(parts) + (
        "unset key\nset border 3 linecolor '#888888'\nset tics textcolor '#000000'\n"
        f"set tmargin at screen {1 - top / height}\nset bmargin at screen {(foot + AXIS + panel) / height}\n")


@dataclass
class Bar:
    name: str
    value: float
    least: float
    most: float
    remark: str  # beside the value


@dataclass
class Pair:
    """Two bars under a heading."""
    heading: str
    a: Bar
    b: Bar


PAIR = 3.4  # lines that a pair takes: its heading, two bars, and a gap


@dataclass
class Bars:
    title: str
    axis: str
    names: tuple   # of both sides, for the legend
    pairs: list
    show: object   # a value with its unit
    caption: list

    def height(self):
        return round(LINE * PAIR * len(self.pairs)) + TITLE + 26 + AXIS + FOOT * len(self.caption)

    def script(self):
        sides = [[(PAIR * i + j, bar) for i, bar in enumerate(bars)] for j, bars in
                 ((1, [p.a for p in self.pairs]), (2, [p.b for p in self.pairs]))]
        both = sides[0] + sides[1]
        seen = [v for _, bar in both for v in (bar.value, bar.least, bar.most) if v > 0] or [1]
        x = scale(seen, max(seen) > 10 * min(seen), room=0.25)
        left = min(0.4, (20 + 7.2 * max(len(bar.name) for _, bar in both)) / WIDTH)
        legend = [(name, 5, 1.6, COLOURS[i]) for i, name in enumerate(self.names)]
        parts = [head(self.title, legend, self.caption, self.height()), x.command("x", self.show),
                 f"set lmargin at screen {left}\nset rmargin at screen 0.98\n",
                 f"set yrange [{PAIR * len(self.pairs) - 0.2}:-0.8]\nset border 2\n",
                 "set grid xtics linecolor '#dddddd' linetype 1\nset style fill solid noborder\n",
                 f"set xlabel {quoted(self.axis + (', logarithmic' if x.log else ''))}\n",
                 "set ytics (" + ", ".join(f"{quoted(bar.name)} {y}" for y, bar in both) + ") nomirror scale 0\n"]
        parts += [f"set label {quoted(p.heading)} at graph 0, first {PAIR * i} offset character 0.6,0 "
                  "font 'sans-serif:Bold,13'\n"
                  for i, p in enumerate(self.pairs)]
        parts += [f"set label {quoted(self.beside(bar))} at first {max(bar.value, bar.most, x.low)!r}, first {y} "
                  "offset character 0.6,0\n" for y, bar in both]
        # What is not above 0 has no place on a logarithmic axis: such a bar begins and ends at the axis.
        parts += [f"${'ab'[i]} << end\n" + "".join(
            f"{y} {max(bar.value, x.low)!r} {max(bar.least, x.low)!r} {max(bar.most, x.low)!r}\n" for y, bar in side) + "end\n"
            for i, side in enumerate(sides)]
        return "".join(parts) + self.plot(x.low)

    def beside(self, bar):
        return self.show(bar.value) + (f", {bar.remark}" if bar.remark else "")

    @staticmethod
    def plot(low):
        bars = [f"${side} using 2:1:({low!r}):2:($1-0.44):($1+0.44) with boxxyerror linecolor '{COLOURS[i]}'"
                for i, side in enumerate("ab")]
        spreads = [f"${side} using 2:1:3:4 with xerrorbars pointtype 0 linewidth 1.2 linecolor '#444444'" for side in "ab"]
        return "plot " + ", \\\n\t".join(bars + spreads) + "\n"


@dataclass
class Lines:
    """Sides are (name, points), points (x, y, least, greatest, percent that were lost). If any were, a panel below tells
    of it, and the points are crossed out."""
    title: str
    x_axis: str
    y_axis: str
    x_log: bool
    sides: list
    show_x: object
    show_y: object
    caption: list

    def __post_init__(self):
        self.points = [p for _, points in self.sides for p in points]
        self.panel = 130 if any(p[4] for p in self.points) else 0

    def height(self):
        return 480 + self.panel + FOOT * len(self.caption)

    def scales(self):
        least, most = min(p[2] for p in self.points), max(p[3] for p in self.points)
        y = scale([least, most], least > 0 and most > 30 * least)
        first = min(p[0] for p in self.points)
        x = scale([p[0] for p in self.points], self.x_log and first > 0, room=0.02)
        if x.log:
            x.low = first / 1.3
            x.ticks = [t for t in x.ticks if t >= x.low]
        return x, y

    def script(self):
        x, y = self.scales()
        legend = [(name, POINTS[i % 7], 1, COLOURS[i % 7]) for i, (name, _) in enumerate(self.sides)]
        legend += [("some were lost", *CROSS)] if self.panel else []
        parts = [head(self.title, legend, self.caption, self.height(), self.panel), y.command("y", self.show_y),
                 x.command("x", self.show_x if not self.panel else lambda _: ""),
                 "set lmargin at screen 0.12\nset rmargin at screen 0.97\nset grid linecolor '#dddddd' linetype 1\n",
                 f"set ylabel {quoted(self.y_axis + (', logarithmic' if y.log else ''))}\n"]
        for i, (_, points) in enumerate(self.sides):
            rows = "".join(" ".join(map(repr, (self.apart(p[0], i, x), *p[1:]))) + "\n" for p in points)
            parts.append(f"$s{i} << end\n{rows}end\n")
        axis = f"set xlabel {quoted(self.x_axis)}\n"
        if not self.panel:
            return "".join(parts) + axis + self.plot("1:2:3:4 with yerrorlines") + "\n"
        crosses = "".join(f", \\\n\t$s{i} using ($5 > 0 ? $1 : NaN):2 with points pointtype {CROSS[0]} pointsize {CROSS[1]} "
                          f"linewidth 2 linecolor '{CROSS[2]}'" for i in range(len(self.sides)))
        return ("".join(parts) + "set multiplot\n" + self.plot("1:2:3:4 with yerrorlines") + crosses + "\n"
                + self.losses(x, axis) + "unset multiplot\n")

    @staticmethod
    def apart(x, i, axis):
        """Where the point of the side number I is drawn, so that the spreads of several can be seen."""
        return x * 1.02 ** i if axis.log else x + 0.006 * i * (axis.high - axis.low)

    def plot(self, using):
        return "plot " + ", \\\n\t".join(
            f"$s{i} using {using} linecolor '{COLOURS[i % 7]}' linewidth 1.8 pointtype {POINTS[i % 7]} pointsize 0.9"
            for i in range(len(self.sides)))

    def losses(self, x, axis):
        foot, height = FOOT * len(self.caption) + AXIS, self.height()
        y = linear_scale([p[4] for p in self.points], 0)
        y.ticks, y.low = y.ticks[::2], -0.06 * y.high  # so that a line of zeros can be seen
        return (f"unset label\nset ylabel 'lost, %'\n{axis}{x.command('x', self.show_x)}{y.command('y', lambda v: f'{v:g}')}"
                f"set bmargin at screen {foot / height}\nset tmargin at screen {(foot + self.panel - 18) / height}\n"
                + self.plot("1:5 with linespoints") + "\n")
