# SPDX-License-Identifier: Apache-2.0
"""client.py - what of the CPU time of a closed loop is the client's own, which is taken off.

A round trip is two hops: a frame is received, looked at by XDP, and sent back by it, at the side's end and at the client's.
Two programs like echo that turn the same frames round and round between them say what a hop with next to no work costs. A closed loop
of kfaas-gen against one of them, less that hop, is the client's. All of it is measured anew for each pair of runs, so that
what is wrong with it is in the spread of the ratios."""
import contextlib
import os
import sys
import time

from load import gen_load
from row import run
from world import CLIENT_IP, HOST_IP, TOP, World, built, cpu_seconds

ECHO, ROUND = built("functions/echo.bpf.o"), built("tools/bench/round.bpf.o")
FRAMES = 128  # under way; as many as a veth has room for without loss
CLOSED = gen_load("echo", "--port", 20000, "--outstanding", FRAMES)


def hop(world, seconds):
    """CPU seconds."""
    with world.xdp(ROUND), world.xdp(ROUND, client=True):
        world.in_host("taskset", "-c", "0", sys.executable, os.path.join(TOP, "tools/bench/inject.py"), HOST_IP,
                      CLIENT_IP, str(FRAMES))
        # Both are asked for in the same order at either end, so that they are of the same time.
        cpu, taken = cpu_seconds(), world.taken()
        time.sleep(seconds)
        cpu, taken = cpu_seconds() - cpu, world.taken() - taken
    if not taken:
        raise RuntimeError("what the client costs: no frame is turned round")
    return cpu / (2 * taken)


def own_cost(world, seconds):
    """CPU seconds of kfaas-gen for each answer, without its start."""
    world.client_cost, world.starts = 0.0, {}
    with world.xdp(ECHO):
        seen = run(CLOSED, world, seconds)
    if not seen.answered:
        raise RuntimeError("what the client costs: no answer from echo")
    return max(0.0, seen.value("cpu") / 1e9 - hop(world, seconds))


@contextlib.contextmanager
def measured(seconds):
    """Yields a function that measures own_cost() now."""
    with World() as world:
        yield lambda: own_cost(world, seconds)
