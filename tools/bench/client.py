# SPDX-License-Identifier: Apache-2.0
"""client.py - what of the CPU time of a closed loop is the client's own, which is taken off.

A round trip is two hops: a frame is received, looked at by XDP, and sent back by it, at the side's end and at the client's.
Two echoes that turn the same frames round and round between them say what a hop with next to no work costs. A closed loop
of kfaas-gen against one of them, less that hop, is the client's."""
import os
import sys
import time

from world import CLIENT_IP, HOST_IP, TOP, World, built, cpu_seconds

ECHO = built("functions/echo.bpf.o")
FRAMES = 128  # under way; as many as a veth has room for without loss
RUNS, SECONDS = 3, 0.5


def hop():
    """CPU seconds."""
    with World() as world, world.xdp(ECHO), world.xdp(ECHO, client=True):
        world.in_host("taskset", "-c", "0", sys.executable, os.path.join(TOP, "tools/bench/inject.py"), HOST_IP,
                      CLIENT_IP, str(FRAMES))
        taken, cpu = world.taken(), cpu_seconds()
        time.sleep(SECONDS)
        return (cpu_seconds() - cpu) / (2 * (world.taken() - taken))


def round_trip(start):
    with World() as world, world.xdp(ECHO):
        out, cpu = world.gen("echo", "--port", 20000, "--outstanding", FRAMES, "--seconds", SECONDS, "--timeout", 200,
                             "--sample", 0)
        return (cpu - start) / out["answered"]


def starting():
    with World() as world, world.xdp(ECHO):
        return world.gen("echo", "--port", 20000, "--count", 1, "--timeout", 1, "--sample", 0)[1]


def own_cost():
    """CPU seconds of a start of kfaas-gen, and of its part in each answer: in doubt less, since that is better for the
    dearer side."""
    start = min(starting() for _ in range(RUNS))
    return start, max(0.0, min(round_trip(start) for _ in range(RUNS)) - max(hop() for _ in range(RUNS)))
