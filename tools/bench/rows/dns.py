# SPDX-License-Identifier: Apache-2.0
"""dns.py - the function dns against NSD and Knot with the same zone. Each answer's id, question and checksums are checked."""
import contextlib
import os

from harness import HOST_IP, Row, SERVERS, Side, TOP, built, gen_load, sh

ZONE = os.path.join(TOP, "functions/dns/example.zone")
MAPS = "answers", "answers_long", "owners", "owners_long", "zones", "bodies"
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
remote-control:
	control-enable: no
zone:
	name: example.org
	zonefile: {zone}
"""
KNOT = """server:
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


@contextlib.contextmanager
def kernel(bench):
    sh(built("kfaas-dns-rows"), "-o", bench.work, ZONE)
    with bench.up("[function dns]\n" + "".join(f"data.{m} = {bench.work}/{m}\n" for m in MAPS)):
        yield


def answers(bench):
    """A server listens before it has its zone."""
    return bench.in_client("dig", "+short", "+tries=1", "+timeout=1", f"@{HOST_IP}", "sip.example.org", check=False) \
        == "192.0.2.5\n"


def server(program, conf, *options):
    @contextlib.contextmanager
    def setup(bench):
        path = bench.file("dns.conf", conf.format(ip=HOST_IP, cpus=os.cpu_count(), work=bench.work, zone=ZONE))
        with bench.plain(), bench.server(program, *options, "-c", path, ready=lambda: answers(bench)):
            yield
    return setup


KERNEL = Side("dns in the kernel", kernel)
NAMES = "www.example.org", "mail.example.org", "sip.example.org", "ns1.example.org"
# Few enough for the sockets' default buffers, in which a frame of the generator takes a whole page.
LOAD = gen_load("dns", "--outstanding", 32, *(arg for name in NAMES for arg in ("--name", name)))

ROWS = [
    Row("dns: kernel / NSD", KERNEL, Side("NSD", server(f"{SERVERS}/nsd/usr/sbin/nsd", NSD, "-d")), LOAD,
        {"answers": None, "cpu": 20}),
    Row("dns: kernel / Knot", KERNEL, Side("Knot", server(f"{SERVERS}/knot/usr/sbin/knotd", KNOT)), LOAD,
        {"answers": None, "cpu": 20}),
]
