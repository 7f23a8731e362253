# SPDX-License-Identifier: Apache-2.0
"""host.py - the host as kill.py and concurrency.py judge it: what answers on the wire, what `ls` says, what is pinned,
attached and routed there. For programs run in the client's namespace.
Environment: KFAAS, KFAAS_VM (longer limits), OBJECTS.
"""
import ctypes
import glob
import json
import os
import re
import select
import socket
import subprocess
import sys
import time

KFAAS = os.environ["KFAAS"]
OBJECTS = os.environ["OBJECTS"]
REVISION = OBJECTS + "/revision.bpf.o"
VM = bool(os.environ.get("KFAAS_VM"))
LIMIT = 20 if VM else 3
PORTS = [7777, 7778, 7779, 7780]
BPFFS = "/sys/fs/bpf"
SHARED = {"control", "policies", "meters", "locals", "index", "records"}
SO_NETNS_COOKIE = 71


class Wrong(Exception):
    pass


def enter(fd):
    if ctypes.CDLL(None, use_errno=True).setns(fd, 0):
        raise OSError(ctypes.get_errno(), "setns")


class Wire:
    """Asks the host on each port; what no function answers, a socket of ours behind the gate does."""

    def __init__(self, namespace, address):
        here, there = os.open("/proc/self/ns/net", os.O_RDONLY), os.open("/run/netns/" + namespace, os.O_RDONLY)
        self.address = address
        self.client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        enter(there)
        self.kernel = {port: socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for port in PORTS}
        for port, s in self.kernel.items():
            s.bind(("", port))
        cookie = self.kernel[PORTS[0]].getsockopt(socket.SOL_SOCKET, SO_NETNS_COOKIE, 8)
        self.folder = f"{BPFFS}/kfaas-net/{int.from_bytes(cookie, sys.byteorder)}"
        enter(here)
        self.number = 0

    def ask(self, port):
        """The revision that answers, or 0 if it is the kernel."""
        self.number += 1
        request = b"q%02x \0%08d" % (port & 0xFF, self.number)
        self.client.sendto(request, (self.address, port))
        until = time.monotonic() + LIMIT
        while time.monotonic() < until:
            ready, _, _ = select.select([self.client, self.kernel[port]], [], [], until - time.monotonic())
            for s in ready:
                data, _ = s.recvfrom(2048)
                if data[:4] + data[5:] == request[:4] + request[5:]:
                    return data[4]
        raise Wrong(f"no answer on port {port}")

    def answers(self):
        return tuple(self.ask(port) for port in PORTS)


class Host:
    def __init__(self, namespace, interface, address):
        self.namespace, self.interface = namespace, interface
        self.wire = Wire(namespace, address)
        self.state = f"{self.wire.folder}/{interface}"
        self.tmp = os.environ.get("BATS_TEST_TMPDIR", "/tmp")

    def argv(self, *args):
        return [KFAAS, "--netns", self.namespace, *args]

    def run(self, *args):
        p = subprocess.run(self.argv(*args), capture_output=True, text=True, stdin=subprocess.DEVNULL)
        return p.returncode, p.stdout, p.stderr

    def must(self, *args):
        rc, out, err = self.run(*args)
        if rc:
            raise Wrong(f"{' '.join(args)}: exit {rc}: {err}")
        return out

    def ip(self, *args, tool="ip"):
        return subprocess.run([tool, "-n", self.namespace, *args], capture_output=True, text=True, check=True).stdout

    def listed(self):
        """Functions by name, or None: not up."""
        rc, out, err = self.run("--json", "ls", self.interface)
        if rc == 1 and re.search(r"^kfaas-net: \S+ is not up", err.splitlines()[-1] if err else ""):
            return None
        if rc:
            raise Wrong(f"ls: exit {rc}: {err}")
        return {f["name"]: f for f in json.loads(out)[0]["functions"]}

    def check_listed(self, listed, answers):
        """Each port is answered by the function that ls says has it."""
        want = dict.fromkeys(PORTS, 0)
        for f in sorted((listed or {}).values(), key=lambda f: f["component"] is None):
            if f["component"] is not None:  # behind the gate: what no function of the gate answers
                want = dict.fromkeys(PORTS, int(f["set"].get("revision", 1)))
            for trigger in f["on"]:
                if f["hooks"] == ["xdp"] and trigger.startswith("udp/"):
                    want[int(trigger[4:])] = int(f["set"].get("revision", 1))
        if tuple(want.values()) != answers:
            raise Wrong(f"ls says that {tuple(want.values())} answer, but it is {answers}")
        self.check_slots(listed or {})

    def check_slots(self, listed):
        """Functions that are one program have one slot, others have their own."""
        gate = [f for f in listed.values() if f["component"] is None]
        program = {f["name"]: (f["sha256"], *sorted(f["set"].items())) for f in gate}
        pairs = {(f["slot"], program[f["name"]]) for f in gate}
        if not len(pairs) == len({slot for slot, _ in pairs}) == len(set(program.values())):
            raise Wrong(f"slots: {[(f['name'], f['slot'], f['set']) for f in gate]}")

    def check_pins(self, listed):
        """Exactly what belongs to what is listed."""
        want, used = set(SHARED), {"xdp"}
        for f in listed.values():
            used |= set(f["hooks"])
            for revision in (f["revision"], f["previous_revision"]):
                if revision and f["component"] is None:
                    want |= {f"revisions/{f['id']}-{revision}/{hook}" for hook in f["hooks"]}
        gate = os.listdir(f"{self.state}/xdp")  # the maps of every gate
        want |= {f"{hook}/{name}" for hook in used for name in gate}
        have = {os.path.relpath(os.path.join(d, f), self.state) for d, _, files in os.walk(self.state) for f in files}
        have -= {"link-tc-ingress", "link-tc-egress", "qdisc"}
        if have != want:
            raise Wrong(f"pins too many: {sorted(have - want)}, missing: {sorted(want - have)}")
        if used == {"xdp"}:
            self.check_no_tc()
            for name in ("link-tc-ingress", "link-tc-egress", "qdisc"):
                if os.path.exists(f"{self.state}/{name}"):
                    raise Wrong(f"{name} is pinned, but no function is for TC")

    def check_no_tc(self):
        left = self.ip("qdisc", "show", "dev", self.interface, tool="tc")
        net = subprocess.run(["nsenter", f"--net=/run/netns/{self.namespace}", "bpftool", "-j", "net", "show"],
                             capture_output=True, text=True, check=True).stdout
        tc = json.loads(net)[0]["tc"]
        if "clsact" in left or tc:
            raise Wrong(f"left at TC: {left} {tc}")

    def check_nothing(self):
        if os.path.exists(self.wire.folder):
            raise Wrong("pins left: " + " ".join(glob.glob(self.wire.folder + "/**", recursive=True)))
        link = json.loads(self.ip("-j", "link", "show", "dev", self.interface))[0]
        if "xdp" in link:
            raise Wrong(f"XDP program left: {link['xdp']}")
        if VM:
            pins = glob.glob(f"{BPFFS}/xdp/dispatch-{link['ifindex']}-*") + glob.glob(f"{BPFFS}/xdp/prog-test-link-*")
            if pins:
                raise Wrong(f"left in libxdp's folder: {pins}")
        self.check_no_tc()
        for family in "-4", "-6":
            rules = self.ip(family, "rule")
            if len(rules.splitlines()) > 3 or "iif lo" in rules:
                raise Wrong(f"rule left: {rules}")
            if "unreachable default" in self.ip(family, "route", "show", "table", "all"):
                raise Wrong("route left")
        command = "cat /proc/sys/net/ipv4/conf/lo/forwarding /proc/sys/net/ipv6/conf/lo/forwarding"
        values = subprocess.run(["nsenter", f"--net=/run/netns/{self.namespace}", "sh", "-c", command],
                                capture_output=True, text=True, check=True).stdout.split()
        if values != ["0", "0"]:
            raise Wrong(f"forwarding of lo left switched on: {values}")


def write(path, text):
    with open(path, "w", encoding="ascii") as f:
        f.write(text)
    return path


def section(name, port, revision, limit=None):
    text = f"[function {name}]\nobject = {REVISION}\non = udp/{port}\nset.revision = {revision}\n"
    return text + (f"limit = {limit}/s\n" if limit else "")
