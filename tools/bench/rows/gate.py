# SPDX-License-Identifier: Apache-2.0
"""gate.py - what the gate costs: a function through it, and attached bare. Generator, function and sink on one CPU."""
import contextlib
import os
import shutil

from curve import Point, Series
from load import flood_load, gen_load
from row import Row, Side
from world import HOST_IF, HOST_IP, built, sh, tool

FIRST = 20000  # none of the generator's source ports: echo answers nothing that comes from its own port
ECHO, EMPTY = built("functions/echo.bpf.o"), built("tools/bench/empty.bpf.o")
UNLIKE, ECHO_TC = built("tools/bench/unlike.bpf.o"), built("tools/bench/echo-tc.bpf.o")
STRAY = "020000000001020000000002" "88b5" + "00" * 50  # an ethertype for experiments: the stack drops it at once


def gate(name, functions, extra="", sample=256, obj="echo", to=""):
    """A function on each of so many ports, for packets TO there; {i} in EXTRA is its number."""
    conf = f"[interface]\nsample = {sample}\n" + "".join(
        f"[function f{i}]\nobject = {obj}\non = udp/{FIRST + i}{to}\n{extra.format(i=i)}\n" for i in range(functions))
    return Side(name, lambda world: world.up(conf))


def chain(length):
    """All but the last do nothing and let the packet go on."""
    conf = "".join(f"[function f{i}]\nobject = {EMPTY if i < length - 1 else 'echo'}\non = udp/{FIRST}\nprio = {i}\n"
                   for i in range(length))
    return Side(f"chain of {length}", lambda world: world.up(conf))


def bare(name, obj):
    return Side(name, lambda world: world.xdp(obj))


@contextlib.contextmanager
def bare_tc(world):
    with world.plain():
        world.in_host("tc", "qdisc", "add", "dev", HOST_IF, "clsact")
        try:
            world.in_host("tc", "filter", "add", "dev", HOST_IF, "ingress", "bpf", "da", "obj", ECHO_TC, "sec", "tc/ingress")
            yield
        finally:
            world.in_host("tc", "qdisc", "del", "dev", HOST_IF, "clsact")


@contextlib.contextmanager
def called(world):
    """Echo, invoked as the gate does, by a program that does nothing else: what no gate can be cheaper than."""
    bpftool, pins = tool("bpftool"), f"/sys/fs/bpf/kf-bench-{os.getpid()}"
    os.mkdir(pins)
    try:
        sh(bpftool, "prog", "load", built("tools/bench/call.bpf.o"), f"{pins}/call", "type", "xdp", "pinmaps", f"{pins}/maps")
        sh(bpftool, "prog", "load", ECHO, f"{pins}/echo", "type", "xdp")
        sh(bpftool, "map", "update", "pinned", f"{pins}/maps/programs", "key", "0", "0", "0", "0", "value", "pinned",
           f"{pins}/echo")
        world.in_host(bpftool, "net", "attach", "xdpdrv", "pinned", f"{pins}/call", "dev", HOST_IF)
        yield
    finally:
        shutil.rmtree(pins, ignore_errors=True)


def to(ports):
    return gen_load("echo", "--port", ports)


ONE, TEN, HUNDRED, ALL = (to(f"{FIRST}-{FIRST + n - 1}") for n in (1, 10, 100, 1000))
BARE, SINGLE = bare("echo, attached bare", ECHO), gate("1 function", 1)
# They are the same program with the same settings, which is in the kernel once, in one slot.
MANY = {n: gate(f"{n:,} functions, one program", n) for n in (10, 100, 1000)}
# Each with code of its own, which the processor's caches must hold.
PROGRAMS = gate("1,000 programs", 1000, "set.number = {i}", obj=UNLIKE)
ALONE = Point(1, chain(1), ONE)

ROWS = [
    Series("gate: cost by functions", "functions", BARE, {
        "one program, one asked": [
            Point(1, SINGLE, ONE, "gate: 1 function / bare", 0.95, main=True),
            Point(10, MANY[10], ONE, "gate: 10 functions, one program, one asked / bare"),
            Point(100, MANY[100], ONE, "gate: 100 functions, one program, one asked / bare"),
            Point(1000, MANY[1000], ONE, "gate: 1,000 functions, one program, one asked / bare", 0.95, main=True)],
        "one program, all asked in turn": [
            Point(1, SINGLE, ONE),
            Point(10, MANY[10], TEN, "gate: 10 functions, one program, all asked / bare"),
            Point(100, MANY[100], HUNDRED, "gate: 100 functions, one program, all asked / bare"),
            Point(1000, MANY[1000], ALL, "gate: 1,000 functions, one program, all asked / bare", 0.95, main=True)],
        "programs of their own, one asked": [
            Point(1000, PROGRAMS, ONE, "gate: 1,000 programs, one asked / bare", 0.95, main=True)],
        "programs of their own, all asked in turn": [
            Point(1000, PROGRAMS, ALL, "gate: 1,000 programs, all asked / bare")]}, main=True),
    Series("gate: cost by length of the chain", "functions in the chain", BARE, {
        "chain": [ALONE] + [Point(n, chain(n), ONE, f"gate: chain of {n} / chain of 1", against=ALONE)
                            for n in (2, 3, 4, 6, 8)]}),
    Row("gate: a call that comes back, alone / bare", Side("echo, called by a program", called), BARE, ONE,
        {"answers": None}, main=True),
    Row("gate: sampling off / bare", gate("gate and echo, not sampled", 1, sample=0), BARE, ONE, {"answers": None}),
    Row("gate: to an address / to all", gate("to an address", 1, to=f" to {HOST_IP}"), SINGLE, ONE, {"answers": None}),
    Row("gate: limit, never reached / none", gate("limit", 1, "limit = 20M/s"), SINGLE, ONE,
        {"answers": None}),
    Row("gate: budget, never reached / none", gate("budget", 1, "budget = 1ms"), SINGLE, ONE, {"answers": None}),
    # What nobody answers, the stack has to throw away.
    Row("gate: unmatched port / empty program", gate("gate", 1), bare("empty program", EMPTY),
        flood_load("echo", "--port", 9), {"frames": 0.95}, main=True),
    Row("gate: unmatched ethertype / empty program", gate("gate", 1), bare("empty program", EMPTY),
        flood_load("raw", "--frames", STRAY), {"frames": 0.95}),
    Row("gate: TC, echo through it / bare", gate("gate and echo at TC", 1, obj=ECHO_TC), Side("echo at TC, bare", bare_tc),
        ONE, {"answers": 0.95}),
]
