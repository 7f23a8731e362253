# SPDX-License-Identifier: Apache-2.0
"""dns.py - the function dns against NSD, Knot (also with its XDP mode) and unbound. Each answer's id, question and
checksums are checked by the generator, its text before and after."""
import contextlib
import os
import re

from curve import Latency
from load import LEAST, Seen, gen_load, idle_load, one_load, rising, rising_load
from row import Row, Side
from world import HOST_IF, HOST_IP, TOP, built, sh, tool, unpacked

ZONE = os.path.join(TOP, "functions/dns/example.zone")
NAMES = {"www.example.org": ["192.0.2.80", "192.0.2.81"], "mail.example.org": ["192.0.2.3"],
         "sip.example.org": ["192.0.2.5"], "ns1.example.org": ["192.0.2.1"]}
NSD = """server:
	ip-address: {ip}
	server-count: {cpus}
	reuseport: yes
	username: ""
	database: ""
	zonesdir: "{work}"
	pidfile: "{work}/nsd.pid"
	xfrdfile: ""
	xfrdir: "{work}"
	zonelistfile: "{work}/nsd.zones"
	minimal-responses: yes
	rrl-ratelimit: 0
	receive-buffer-size: 4194304
	send-buffer-size: 4194304
remote-control:
	control-enable: no
zone:
	name: example.org
	zonefile: {zone}
"""
KNOT = """{xdp}server:
    listen: {ip}@53
    udp-workers: {cpus}
    rundir: {work}
    pidfile: {work}/knot.pid
database:
    storage: {work}
log:
  - target: stderr
    any: error
template:
  - id: default
    zonefile-sync: -1
    zonefile-load: whole
    journal-content: none
zone:
  - domain: example.org
    file: {zone}
"""
UNBOUND = """server:
	interface: {ip}
	access-control: 0.0.0.0/0 allow
	num-threads: {cpus}
	so-reuseport: yes
	so-rcvbuf: 4m
	so-sndbuf: 4m
	username: ""
	chroot: ""
	directory: "{work}"
	pidfile: "{work}/unbound.pid"
	use-syslog: no
	verbosity: 0
	minimal-responses: yes
	local-zone: "example.org." static
{data}remote-control:
	control-enable: no
"""


def right(world):
    """Whether each name has its addresses."""
    return all(sorted(world.in_client("dig", "+short", "+tries=1", "+timeout=1", f"@{HOST_IP}", name, check=False).split())
               == addresses for name, addresses in NAMES.items())


def check(world):
    with world.takes_xdp():
        if not right(world):
            raise RuntimeError(f"dns: wrong addresses, or no answer, for one of {', '.join(NAMES)}")


def rows_conf(folder, zone):
    """The function with the zone, rendered into FOLDER."""
    os.mkdir(folder)
    sh(built("kfaas-dns-rows"), "-o", folder, zone)
    return "[function dns]\n" + "".join(f"data.{m} = {folder}/{m}\n" for m in sorted(os.listdir(folder)))


@contextlib.contextmanager
def kernel(world):
    with world.up(rows_conf(f"{world.work}/rows", ZONE)):
        check(world)
        yield
        check(world)


def configured(world, conf, zone=ZONE, **more):
    data = "".join(f'\tlocal-data: "{name}. 3600 IN A {a}"\n' for name, found in NAMES.items() for a in found)
    return world.file("dns.conf", conf.format(ip=HOST_IP, cpus=os.cpu_count(), work=world.work, zone=zone, data=data,
                                              **more))


def server(package, path, conf, *options, xdp=None):
    """XDP: what makes Knot take frames itself; all others get them from the kernel's stack."""
    @contextlib.contextmanager
    def setup(world):
        argv = unpacked(package, path), *options, "-c", configured(world, conf, xdp=xdp or "")
        with contextlib.nullcontext() if xdp else world.plain(), world.server(*argv, ready=lambda: right(world)):
            yield
            check(world)
    return setup


def dnsperf(*options):
    """With sockets, as clients are: from 4 of them, and 100 queries under way unless OPTIONS say otherwise. Takes whole
    seconds only; of its CPU time nothing can be told, since what the kernel does for it and for the server, it does in the
    midst of it."""
    def load(world, seconds):
        if seconds < LEAST:
            return None
        names = world.file("names", "".join(f"{name} A\n" for name in NAMES))
        said = world.in_client(tool("dnsperf"), "-s", HOST_IP, "-d", names, "-l", str(max(1, round(seconds))), "-c", "4",
                               "-t", "1", *options)
        sent, done, lost = (int(re.search(rf"Queries {what}: +(\d+)", said).group(1))
                            for what in ("sent", "completed", "lost"))
        good = sum(map(int, re.findall(r"NOERROR (\d+)", said)))
        took = float(re.search(r"Run time \(s\): +([\d.]+)", said).group(1))
        return Seen(took, sent, good, done - good, lost)
    return load


def rising_dnsperf():
    """Open loops: up to what the side and dnsperf make in a closed one, and beyond. So many queries under way that it
    waits for none (with more it gets slow itself), and buffers that lose none of their answers."""
    return rising(lambda world: dnsperf()(world, 1).value("answers"),
                  lambda rate: dnsperf("-Q", str(max(1, round(rate))), "-q", "4000", "-b", "4096"))


@contextlib.contextmanager
def kernel_for_sockets(world):
    with world.takes_xdp(), world.up(rows_conf(f"{world.work}/rows", ZONE)):
        yield


ARGV = "dns", *(arg for name in NAMES for arg in ("--name", name))
# Few enough for Knot, too, which has the default buffers of sockets: a frame of the generator takes a whole page of them.
CLOSED = gen_load(*ARGV, "--outstanding", 32)
KERNEL, SOCKETS = Side("dns in the kernel", kernel), Side("dns in the kernel", kernel_for_sockets)
NSD_SIDE = Side("NSD", server("nsd", "usr/sbin/nsd", NSD, "-d"))
KNOT_SIDE = Side("Knot", server("knot", "usr/sbin/knotd", KNOT))
KNOT_XDP = Side("Knot, XDP", server("knot", "usr/sbin/knotd", KNOT, xdp=f"xdp:\n    listen: {HOST_IF}@53\n"))
UNBOUND_SIDE = Side("unbound, local data", server("unbound", "usr/sbin/unbound", UNBOUND, "-d"))

ROWS = [
    Row("dns: kernel / NSD", KERNEL, NSD_SIDE, CLOSED, {"answers": None, "cpu": 20}, main=True),
    Row("dns: kernel / Knot", KERNEL, KNOT_SIDE, CLOSED, {"answers": None, "cpu": 20}, main=True),
    Row("dns: kernel / Knot, XDP", KERNEL, KNOT_XDP, CLOSED, {"answers": None, "cpu": 20}),
    Row("dns: kernel / unbound, local data", KERNEL, UNBOUND_SIDE, CLOSED, {"answers": None, "cpu": 20}),
    Row("dns: kernel / NSD, dnsperf", SOCKETS, NSD_SIDE, dnsperf(), {"answers": None}, most=3),
    Row("dns: kernel / Knot, dnsperf", SOCKETS, KNOT_SIDE, dnsperf(), {"answers": None}, most=3),
    Row("dns: highest rate without loss, NSD, dnsperf", SOCKETS, NSD_SIDE, rising_dnsperf(), {"lossless": None}, most=3),
    Row("dns: highest rate without loss, Knot, dnsperf", SOCKETS, KNOT_SIDE, rising_dnsperf(), {"lossless": None}, most=3),
    Row("dns: round trip, idle", KERNEL, NSD_SIDE, idle_load(*ARGV), {"p50": None, "p99": 10, "p999": None}),
    Row("dns: round trip, one after the other", KERNEL, NSD_SIDE, one_load(*ARGV),
        {"p50": None, "p99": None, "p999": None}),
    Row("dns: highest rate without loss, NSD", KERNEL, NSD_SIDE, rising_load(CLOSED, *ARGV), {"lossless": 0.9}, most=3,
        setups=1),
    Row("dns: highest rate without loss, Knot", KERNEL, KNOT_SIDE, rising_load(CLOSED, *ARGV), {"lossless": 0.9}, most=3,
        setups=1),
    Latency("dns: round trip against load", [KERNEL, NSD_SIDE, KNOT_SIDE], CLOSED, ARGV),
]
