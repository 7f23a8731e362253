# SPDX-License-Identifier: Apache-2.0
"""gate.py - what the gate costs: a function through it, and attached bare. Generator, function and sink on one CPU."""
from harness import Row, Side, built, gen_load

FIRST = 20000  # none of the generator's source ports: echo answers nothing that comes from its own port
ECHO, EMPTY = built("functions/echo.bpf.o"), built("tools/bench/empty.bpf.o")
UNLIKE = built("tools/bench/unlike.bpf.o")


def gate(name, functions, extra="", sample=256, obj="echo"):
    """A function on each of so many ports; {i} in EXTRA is its number."""
    conf = f"[interface]\nsample = {sample}\n" + "".join(
        f"[function echo{i}]\nobject = {obj}\non = udp/{FIRST + i}\n{extra.format(i=i)}\n" for i in range(functions))
    return Side(name, lambda bench: bench.up(conf))


def bare(name, obj):
    return Side(name, lambda bench: bench.xdp(obj))


def to(ports):
    return gen_load("echo", "--port", ports)


ONE, ALL = to(FIRST), to(f"{FIRST}-{FIRST + 999}")
BARE, SINGLE = bare("echo, attached bare", ECHO), gate("1 function", 1)

ROWS = [
    Row("gate: echo through it / bare", gate("gate and echo", 1), BARE, ONE, {"answers": 0.95}),
    Row("gate: sampling off / bare", gate("gate and echo, not sampled", 1, sample=0), BARE, ONE, {"answers": None},
        quick=False),
    Row("gate: 1,000 functions, all asked / 1", gate("1,000 functions", 1000), SINGLE, ALL, {"answers": 0.95},
        b_load=ONE),
    # Each with code of its own, which the processor's caches must hold.
    Row("gate: 1,000 programs, one asked / 1", gate("1,000 programs", 1000, "set.number = {i}", obj=UNLIKE), SINGLE,
        ONE, {"answers": 0.95}, quick=False),
    Row("gate: 1,000 programs, all asked / 1", gate("1,000 programs", 1000, "set.number = {i}", obj=UNLIKE), SINGLE,
        ALL, {"answers": None}, b_load=ONE, quick=False),
    Row("gate: limit, never reached / none", gate("limit", 1, "limit = 100M/s burst 1000000"), SINGLE, ONE,
        {"answers": None}, quick=False),
    Row("gate: budget, never reached / none", gate("budget", 1, "budget = 1ms"), SINGLE, ONE, {"answers": None},
        quick=False),
    # What nobody answers, the stack has to throw away: how fast, is seen by how many go out.
    Row("gate: no match / empty program", gate("gate", 1), bare("empty program", EMPTY), to(9), {"frames": 0.95}),
]
