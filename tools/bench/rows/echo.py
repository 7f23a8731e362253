# SPDX-License-Identifier: Apache-2.0
"""echo.py - the function echo against a user-space server of ours, which does all that sockets have for speed."""
import contextlib

from harness import Row, Side, built, gen_load

KERNEL = Side("echo in the kernel", lambda bench: bench.up("[function echo]\n"))


def server(threads):
    @contextlib.contextmanager
    def setup(bench):
        argv = built("tools/bench/echo-server"), "7", str(threads)
        with bench.plain(), bench.server(*argv, ready=bench.listens(7)):
            yield
    return Side(f"echo-server, {threads} thread{'s' * (threads > 1)}", setup)


# A closed loop: a socket that is flooded answers fewer than it could, and so would look worse than it is.
LOAD = gen_load("echo", "--port", 7, "--outstanding", 256)

ROWS = [
    Row("echo: kernel / user space, 1 thread", KERNEL, server(1), LOAD, {"answers": None, "cpu": 40}),
    Row("echo: kernel / user space, 2 threads", KERNEL, server(2), LOAD, {"answers": None, "cpu": 40}),
]
