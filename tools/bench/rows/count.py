# SPDX-License-Identifier: Apache-2.0
"""count.py - the function count, at XDP and both TC hooks, against counters of nftables by protocol, on the way in and
out. Datagrams to a port that nobody has: how many the kernel gets rid of a second."""
import contextlib

from load import flood_load
from row import Row, Side
from world import HOST_IF, tool

PROTOCOLS = "icmp", "tcp", "udp", "sctp"
CHAIN = """	chain {hook} {{
		type filter hook {hook} device "{dev}" priority 0;
		meta protocol arp counter accept
{ip}	}}
"""
IP = "".join(f"\t\tmeta l4proto {p} counter accept\n" for p in PROTOCOLS) + "\t\tcounter\n"


@contextlib.contextmanager
def nftables(world):
    chains = "".join(CHAIN.format(hook=hook, dev=HOST_IF, ip=IP) for hook in ("ingress", "egress"))
    rules = world.file("count.nft", "table netdev bench {\n" + chains + "}\n")
    with world.plain():
        world.in_host(tool("nft", "nftables"), "-f", rules)
        yield


ROWS = [
    Row("count: function / nftables", Side("count", lambda world: world.up("[function count]\n")),
        Side("nftables", nftables), flood_load("echo", "--port", 9), {"frames": None}),
]
