# SPDX-License-Identifier: Apache-2.0
"""million.py - a zone of a million names, in the kernel and from NSD: how long until it answers, what memory it takes,
and answers for random ones of the names."""
import contextlib
import random
import time
from dataclasses import dataclass

from load import gen_load
from row import compared, figure, run
from rows.dns import NSD, check, configured, rows_conf
from world import HOST_IP, kernel_memory, sh, unpacked

NAMES, ASKED, OUTSTANDING = 1000000, 100000, 32


def write_zone(world):
    path = f"{world.work}/million.zone"
    with open(path, "w") as f:
        f.write("$ORIGIN example.org.\n$TTL 3600\n@ SOA ns1 hostmaster 1 7200 900 1209600 300\n NS ns1\n"
                "ns1 A 192.0.2.1\nmail A 192.0.2.3\nsip A 192.0.2.5\nwww A 192.0.2.80\nwww A 192.0.2.81\n")
        f.writelines(f"host{i} A 10.{i >> 16}.{i >> 8 & 255}.{i & 255}\n" for i in range(NAMES))
    return path


def resident(world):
    """Bytes that the processes in the host's namespace take, shared ones divided among them."""
    total = 0
    for pid in sh("ip", "netns", "pids", world.host).split():
        with open(f"/proc/{pid}/smaps_rollup") as f:
            total += sum(int(line.split()[1]) for line in f if line.startswith("Pss:"))
    return total * 1024


def first(world):
    """Whether the last name of the zone has its address."""
    i = NAMES - 1
    return world.in_client("dig", "+short", "+tries=1", "+timeout=1", f"@{HOST_IP}", f"host{i}.example.org", check=False) \
        == f"10.{i >> 16}.{i >> 8 & 255}.{i & 255}\n"


@dataclass
class Million:
    name: str = "dns: a million names"
    main: bool = False

    def measure(self, bench):
        measures = "answers", "cpu"
        with (bench.client(measures) as tell_client, bench.world() as a, bench.world() as b,
              contextlib.ExitStack() as undo):
            zone = write_zone(a)
            figures = self.kernel(bench, a, zone, undo) + self.nsd(bench, b, zone, undo)
            names = a.file("names", "".join(f"host{i}.example.org\n" for i in random.Random(1).sample(range(NAMES), ASKED)))
            closed, pairs = gen_load("dns", "--names", names, "--outstanding", OUTSTANDING), []
            for i in range(bench.rounds):
                bench.progress(f"pair {i + 1} of {bench.rounds}")
                tell_client(a, b)
                pair = {side: run(closed, side, bench.seconds) for side in ((a, b) if i % 2 == 0 else (b, a))}
                pairs.append((pair[a], pair[b]))
            check(a)
            bench.progress("taking down")
        results = [compared("dns: a million names, random ones asked: kernel / NSD", pairs, "dns in the kernel", "NSD",
                            measure, None) for measure in measures]
        return {"results": results, "figures": figures}

    def kernel(self, bench, world, zone, undo):
        bench.progress("rendering the zone")
        start = time.monotonic()
        conf = rows_conf(f"{world.work}/rows", zone)
        rendered, before = time.monotonic(), kernel_memory()
        bench.progress("up")
        undo.enter_context(world.up(conf))
        up = time.monotonic()
        with world.takes_xdp():
            if not first(world):
                raise RuntimeError("dns: no answer for the last name of the zone")
        after = sum(size for key, size in kernel_memory().items() if key not in before)
        return [figure("dns: a million names, rendered", "s", [rendered - start]),
                figure("dns: a million names, up", "s", [up - rendered]),
                figure("dns: a million names, kernel memory", "bytes", [after])]

    def nsd(self, bench, world, zone, undo):
        bench.progress("NSD loads the zone")
        conf = configured(world, NSD, zone)
        undo.enter_context(world.plain())
        start = time.monotonic()
        undo.enter_context(world.server(unpacked("nsd", "usr/sbin/nsd"), "-d", "-c", conf, ready=lambda: first(world)))
        return [figure("dns: a million names, NSD until it answers", "s", [time.monotonic() - start]),
                figure("dns: a million names, memory of NSD", "bytes", [resident(world)])]


ROWS = [Million()]
