# SPDX-License-Identifier: Apache-2.0
"""ping.py - the function ping against the kernel's own answers to echo requests."""
from load import gen_load
from row import Row, Side

ROWS = [
    Row("ping: function / the kernel's stack", Side("ping", lambda world: world.up("[function ping]\n")),
        Side("the kernel's stack", lambda world: world.plain()), gen_load("ping", "--outstanding", 32),
        {"answers": None, "cpu": None}),
]
