# SPDX-License-Identifier: Apache-2.0
"""echo.py - the function echo against a user-space server of ours, which does all that sockets have for speed."""
import contextlib

from curve import Latency
from load import gen_load, idle_load, one_load, rising_load, share_load
from row import Row, Side
from world import built

KERNEL = Side("echo in the kernel", lambda world: world.up("[function echo]\n"))


def server(threads):
    @contextlib.contextmanager
    def setup(world):
        argv = built("tools/bench/echo-server"), "7", str(threads)
        with world.plain(), world.server(*argv, ready=world.listens(7)):
            yield
    return Side(f"echo-server, {threads} thread{'s' * (threads > 1)}", setup)


ARGV = "echo", "--port", 7
# A closed loop: a socket that is flooded answers fewer than it could, and so would look worse than it is. A veth has room
# for 256 frames: 128 fit in with what replaces those that were given up.
CLOSED = gen_load(*ARGV, "--outstanding", 128)
ONE, TWO = server(1), server(2)

ROWS = [
    Row("echo: kernel / user space, 1 thread", KERNEL, ONE, CLOSED, {"answers": None, "cpu": 40}, main=True),
    Row("echo: kernel / user space, 2 threads", KERNEL, TWO, CLOSED, {"answers": None, "cpu": 40}, main=True),
    Row("echo: round trip, idle", KERNEL, ONE, idle_load(*ARGV), {"p50": None, "p99": 10, "p999": None}, main=True),
    # The server polls for 50 us, so here it never sleeps, and one CPU is busy with nothing else.
    Row("echo: round trip, one after the other", KERNEL, ONE, one_load(*ARGV), {"p50": None, "p99": None, "p999": None},
        main=True),
    Row("echo: round trip at 50 % of the open loop's maximum", KERNEL, ONE, share_load(0.5, CLOSED, *ARGV),
        {"p50": None, "p99": None, "p999": None}, main=True, lossless=True),
    Row("echo: highest rate without loss", KERNEL, ONE, rising_load(CLOSED, *ARGV), {"lossless": 0.9}, most=3),
    Latency("echo: round trip against load", [KERNEL, ONE, TWO], CLOSED, ARGV),
]
