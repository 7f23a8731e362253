# SPDX-License-Identifier: Apache-2.0
"""commands.py - how long commands take, until a client has its first answer, what a replacement loses under full load,
and what the gate and a function take of the kernel's memory."""
import contextlib
import json
import math
import os
import subprocess
import sys
import time

from row import Figures, figure
from world import CLIENT_IF, HOST_IF, HOST_IP, TOP, kernel_memory, sh

ASK = os.path.join(TOP, "tools/bench/first-answer.py")


@contextlib.contextmanager
def asking(world):
    """A client that asks all the time; yields a function that tells when its first answer was there."""
    p = subprocess.Popen(["nsenter", f"--net=/run/netns/{world.client}", sys.executable, ASK, HOST_IP, "7"],
                         stdout=subprocess.PIPE, text=True)
    try:
        p.stdout.readline()
        yield lambda: float(p.stdout.readline() or "nan")
    finally:
        p.kill()
        p.wait()


def timed(world, *command):
    """ms that COMMAND took, and until the first answer was there."""
    with asking(world) as answered:
        start = time.monotonic()
        world.kfaas(*command)
        end, first = time.monotonic(), answered()
    if math.isnan(first):
        raise RuntimeError(f"no answer after {command[0]}")
    return (end - start) * 1e3, (first - start) * 1e3


def commands(bench):
    up, deploy, replace = [], [], []
    conf = "[function echo]\n"
    with bench.world() as world, world.takes_xdp(), world.up(conf):
        path = world.file("echo.conf", conf)
        for i in range(bench.rounds):
            bench.progress(f"round {i + 1} of {bench.rounds}")
            world.kfaas("down", HOST_IF)
            up.append(timed(world, "up", HOST_IF, "-c", path))
            world.kfaas("remove", HOST_IF, "echo")
            deploy.append(timed(world, "deploy", HOST_IF, "echo"))
            replace.append(timed(world, "replace", HOST_IF, "echo"))
    return [figure("up with one function", "ms", [t[0] for t in up], 100),
            figure("up with one function, until the first answer", "ms", [t[1] for t in up], 100),
            figure("deploy", "ms", [t[0] for t in deploy]),
            figure("deploy, until the first answer", "ms", [t[1] for t in deploy], 100),
            figure("replace", "ms", [t[0] for t in replace])]


def loaded(world, p):
    """Whether the generator P is at it: its program is on the client's end."""
    return p.poll() is None and "xdp" in json.loads(sh("ip", "-n", world.client, "-j", "link", "show", CLIENT_IF))[0]


def replaced(world, seconds):
    """A run of the generator, during which the function is replaced again and again: what was lost or wrong, and the ms
    that each replacement took."""
    p = subprocess.Popen(world.gen_command("echo", "--outstanding", 128, "--seconds", seconds, "--sample", 0),
                         stdout=subprocess.PIPE, text=True)
    took = []
    try:
        while p.poll() is None:
            if loaded(world, p):
                start = time.monotonic()
                world.kfaas("replace", HOST_IF, "echo")
                took.append((time.monotonic() - start) * 1e3)
        out = json.loads(p.stdout.read())
    finally:
        p.kill()
        p.wait()
    return out["lost"] + sum(out["wrong"].values()), took


def replace_under_load(bench):
    lost, took = [], []
    with bench.world() as world, world.up("[function echo]\n"):
        for i in range(bench.rounds):
            bench.progress(f"round {i + 1} of {bench.rounds}")
            gone, ms = replaced(world, 2 * bench.seconds)
            lost.append(gone)
            took += ms
    if not took:
        raise RuntimeError("no replacement fell into the load")
    return [figure("replace under full load: lost", "requests", lost, 0),
            figure("replace under full load", "ms", took)]


def new_bytes(before):
    now = kernel_memory()
    return [sum(size for (kind, i), size in now.items() if kind == what and (kind, i) not in before)
            for what in ("map", "prog")]


def memory(bench):
    gates, functions = [], []
    with bench.world() as world:
        for _ in range(3):
            before = kernel_memory()
            with world.up("[interface]\nsample = 256\n"):
                gates.append(new_bytes(before))
                before = kernel_memory()
                world.kfaas("deploy", HOST_IF, "echo")
                functions.append(new_bytes(before))
    return [figure("memory of a gate: maps", "bytes", [g[0] for g in gates]),
            figure("memory of a gate: programs", "bytes", [g[1] for g in gates]),
            figure("memory of the function echo", "bytes", [sum(f) for f in functions])]


ROWS = [
    Figures("commands: up, deploy, replace", commands, main=True),
    Figures("commands: replace under full load", replace_under_load, main=True),
    Figures("commands: memory", memory, main=True),
]
