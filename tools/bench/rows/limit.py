# SPDX-License-Identifier: Apache-2.0
"""limit.py - a rate limit in front of a server, under a flood: ours against nftables'. The rest goes to echo-server."""
import contextlib

from load import flood_load
from row import Row, Side
from world import HOST_IF, built, tool

RATE, BURST = 50000, 5000
NFT = """table inet bench {{
	chain flood {{
		type filter hook {hook} priority -300;
		udp dport 7 limit rate over {rate}/second burst {burst} packets drop
	}}
}}
"""


def server(world):
    return world.server(built("tools/bench/echo-server"), "7", "1", ready=world.listens(7))


@contextlib.contextmanager
def ours(world):
    passes = built("tools/bench/empty.bpf.o")
    conf = f"[function limit]\nobject = {passes}\non = udp/7\nlimit = {RATE}/s burst {BURST}\non-limit = drop\n"
    with server(world), world.up(conf):
        yield


def nftables(hook):
    @contextlib.contextmanager
    def setup(world):
        rules = world.file("limit.nft", NFT.format(hook=hook, rate=RATE, burst=BURST))
        with world.plain(), server(world):
            world.in_host(tool("nft", "nftables"), "-f", rules)
            try:
                yield
            finally:
                world.in_host(tool("nft", "nftables"), "delete", "table", "inet", "bench")
    return setup


# What is lost, is what the limit dropped, or what the wire had no room for.
LOAD, OURS = flood_load("echo", "--port", 7), Side("limit of the gate", ours)

ROWS = [
    Row("limit: gate / nftables, prerouting", OURS, Side("nftables", nftables("prerouting")), LOAD, {"frames": None},
        main=True),
    Row("limit: gate / nftables, ingress", OURS, Side("nftables", nftables(f'ingress device "{HOST_IF}"')), LOAD,
        {"frames": None}),
]
