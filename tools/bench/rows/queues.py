# SPDX-License-Identifier: Apache-2.0
"""queues.py - how echo scales: two receive queues, each loaded by a CPU of its own, against one."""
import contextlib
import os

from load import gen_load
from row import Row, Side
from world import Missing


def queues(n):
    @contextlib.contextmanager
    def setup(world):
        if os.cpu_count() < n:
            raise Missing(f"needs {n} CPUs")
        world.queues(n)
        with world.up("[function echo]\n"):
            yield
    return Side(f"{n} queue{'s' * (n > 1)}", setup)


def load(cpus):
    """As many under way for each CPU."""
    return gen_load("echo", "--outstanding", 128 * len(cpus), cpus=",".join(cpus))


ROWS = [
    Row("queues: echo on 2 / on 1", queues(2), queues(1), load("01"), {"answers": None}, b_load=load("0")),
]
