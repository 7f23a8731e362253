#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Kills a kfaas-net command at each of its system calls that could leave something behind, and judges
what is left: kill.py SCENARIO HOST_NAMESPACE IF ADDRESS, run in the client's namespace.

For each system call N of the command: the state before; the command, killed at the call; then
 - the interface answers as before or as after, asked with real packets;
 - `ls` agrees with the answers, and nothing is pinned that it does not name;
 - the command given again succeeds, or says that it is done;
 - `down` leaves nothing (each time if the scenario is up or down, else at its end).
Environment: KFAAS, KFAAS_VM (longer limits), KILL_CALLS (only these system calls), KILL_EVERY (only each so
manieth of a kind), OBJECTS.
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
VM = bool(os.environ.get("KFAAS_VM"))
EVERY = int(os.environ.get("KILL_EVERY", "1"))
LIMIT = 20 if VM else 3
CALLS = ["bpf", "sendto", "recvmsg", "recvfrom", "mkdir", "mkdirat", "unlink", "unlinkat", "rmdir", "rename", "renameat2",
         "mount", "write", "membarrier", "flock", "setns"]
CALLS = os.environ.get("KILL_CALLS", "").split() or CALLS
PORTS = [7777, 7778, 7779, 7780]
BPFFS = "/sys/fs/bpf"
SHARED = {"control", "policies", "meters", "locals", "index", "records"}
HOOKS = ["xdp", "tc-ingress", "tc-egress"]
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

    def killed(self, call, n, args):
        """False: the command ended before its Nth CALL."""
        inject = ["-e", f"trace={call}", "-e", f"inject={call}:signal=SIGKILL:when={n}"]
        p = subprocess.run(["strace", "-qq", "-o", "/dev/null", *inject, *self.argv(*args)],
                           capture_output=True, text=True, stdin=subprocess.DEVNULL)
        if p.returncode == -9:
            return True
        if p.returncode:
            raise Wrong(f"{' '.join(args)}: exit {p.returncode}: {p.stderr}")
        return False

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
    text = f"[function {name}]\nobject = {OBJECTS}/revision.bpf.o\non = udp/{port}\nset.revision = {revision}\n"
    return text + (f"limit = {limit}/s\n" if limit else "")


class Scenario:
    """ARGS: the command. AFTER(before): the answers when it is done. DONE: what it says then if given again."""

    done = None
    down_each_time = False

    def __init__(self, host):
        self.h = host

    def base(self):
        """To the state before the command, from that after it or from nothing."""

    def args(self):
        raise NotImplementedError

    def after(self, before):
        raise NotImplementedError

    def again(self, before, now):
        """The answers when the command is given again."""
        return self.after(before)

    def deploy(self, name, port, revision):
        self.h.must("-q", "deploy", self.h.interface, OBJECTS + "/revision.bpf.o", "--name", name, "--on", f"udp/{port}",
                    "--set", f"revision={revision}")


class Up(Scenario):
    down_each_time = True

    def base(self):
        self.conf = write(self.h.tmp + "/up.conf", section("a", 7777, 5))

    def args(self):
        return "up", self.h.interface, "-c", self.conf

    def after(self, before):
        return (5, 0, 0, 0)


class Down(Scenario):
    down_each_time = True
    done = r"is not up"

    def base(self):
        self.h.must("-q", "up", self.h.interface, "-c", write(self.h.tmp + "/down.conf", section("a", 7777, 5)))

    def args(self):
        return "down", self.h.interface

    def after(self, before):
        return (0, 0, 0, 0)


class OnUp(Scenario):
    first = True

    def base(self):
        if self.first:
            self.h.must("-q", "up", self.h.interface, "-c", write(self.h.tmp + "/base.conf", section("a", 7777, 1)))
            self.start()
        self.first = False

    def start(self):
        pass


class Deploy(OnUp):
    done = r"has a function named 'b'"

    def base(self):
        if not self.first:
            self.h.must("-q", "remove", self.h.interface, "b")
        super().base()

    def args(self):
        return ("deploy", self.h.interface, OBJECTS + "/revision.bpf.o", "--name", "b", "--on", "udp/7778", "--set",
                "revision=2")

    def after(self, before):
        return (1, 2, 0, 0)


class Remove(OnUp):
    done = r"no function 'b'"

    def base(self):
        super().base()
        self.deploy("b", 7778, 2)

    def args(self):
        return "remove", self.h.interface, "b"

    def after(self, before):
        return (1, 0, 0, 0)


class Replace(OnUp):
    revision = 1

    def base(self):
        super().base()
        self.revision = self.revision % 9 + 1

    def args(self):
        return "replace", self.h.interface, "a", "--set", f"revision={self.revision}"

    def after(self, before):
        return (self.revision, 0, 0, 0)


class Rollback(OnUp):
    def start(self):
        self.h.must("-q", "replace", self.h.interface, "a", "--set", "revision=2")

    def args(self):
        return "rollback", self.h.interface, "a"

    def after(self, before):
        return (3 - before[0], 0, 0, 0)

    def again(self, before, now):
        return self.after(now)


class Several(Scenario):
    """up -c with a function replaced, one removed, one deployed, and one whose limit changes."""

    first = section("a", 7777, 1) + section("b", 7778, 1) + section("d", 7780, 1, 1000)
    second = section("a", 7777, 2) + section("c", 7779, 3) + section("d", 7780, 1, 2000)
    result = (2, 0, 3, 1)

    def base(self):
        self.h.must("-q", "up", self.h.interface, "-c", write(self.h.tmp + "/several-1.conf", self.first))
        self.conf = write(self.h.tmp + "/several-2.conf", self.second)

    def args(self):
        return "up", self.h.interface, "-c", self.conf

    def after(self, before):
        return self.result


class Twins(Several):
    """up -c with functions in one slot: one is replaced, one removed, one stays, and one more is deployed into it."""

    first = section("a", 7777, 1) + section("b", 7778, 1) + section("c", 7779, 1)
    second = section("a", 7777, 2) + section("c", 7779, 1) + section("d", 7780, 1)
    result = (2, 0, 1, 1)


class DeployTc(OnUp):
    """A function for all hooks: its TC gates come with it."""

    done = r"has a function named 'watch'"

    def base(self):
        if not self.first:
            self.h.must("-q", "remove", self.h.interface, "watch")
        super().base()

    def args(self):
        return "deploy", self.h.interface, OBJECTS + "/watch.bpf.o", "--on", "any"

    def after(self, before):
        return (1, 0, 0, 0)


class RemoveTc(OnUp):
    done = r"no function 'watch'"

    def base(self):
        super().base()
        self.h.must("-q", "deploy", self.h.interface, OBJECTS + "/watch.bpf.o", "--on", "any")

    def args(self):
        return "remove", self.h.interface, "watch"

    def after(self, before):
        return (1, 0, 0, 0)


class DeployComponent(OnUp):
    done = r"has a function named 'c'"

    def base(self):
        if not self.first:
            self.h.must("-q", "remove", self.h.interface, "c")
        super().base()

    def args(self):
        return ("deploy", self.h.interface, OBJECTS + "/revision.bpf.o", "--name", "c", "--component", "60", "--set",
                "revision=3")

    def after(self, before):
        return (1, 3, 3, 3)


class ReplaceComponent(OnUp):
    revision = 3

    def start(self):
        self.h.must("-q", *DeployComponent.args(self))

    def base(self):
        super().base()
        self.revision = self.revision % 9 + 1

    def args(self):
        return "replace", self.h.interface, "c", "--set", f"revision={self.revision}"

    def after(self, before):
        return (1,) + (self.revision,) * 3


class RemoveComponent(OnUp):
    done = r"no function 'c'"

    def base(self):
        super().base()
        self.h.must("-q", *DeployComponent.args(self))

    def args(self):
        return "remove", self.h.interface, "c"

    def after(self, before):
        return (1, 0, 0, 0)


def kill_once(s, call, n):
    """False: there is no such call any more."""
    h = s.h
    s.base()
    before = h.wire.answers()
    was = h.listed()
    args = s.args()
    after = s.after(before)
    killed = h.killed(call, n, args)
    now = h.wire.answers()
    if now not in (before, after):
        raise Wrong(f"answers {now}; before {before}, after {after}")
    if not killed and now != after:
        raise Wrong(f"done, but answers {now}, not {after}")
    listed, now = h.listed(), h.wire.answers()  # ls puts in order what the killed one left: a component that
    if now not in (before, after):  # was attached, but not yet deployed, is gone again
        raise Wrong(f"after ls answers {now}; before {before}, after {after}")
    h.check_listed(listed, now)
    if listed is None and was is None and h.wire.folder and os.path.exists(h.state):
        raise Wrong("not up, but pins are there after ls")
    rc, _, err = h.run(*args)
    told = err.splitlines()[-1] if err else ""
    done = s.done and re.search(s.done, told) and re.match(r"kfaas-net: ", told)
    if rc and not (done and rc in (1, 2)):
        raise Wrong(f"given again: exit {rc}: {err}")
    want, now = s.again(before, now), h.wire.answers()
    if now != want:
        raise Wrong(f"given again, answers {now}, not {want}")
    listed = h.listed()
    h.check_listed(listed, now)
    if listed is not None:
        h.check_pins(listed)
    if s.down_each_time:
        if listed is not None:
            h.must("-q", "down", h.interface)
        h.check_nothing()
    return killed


def kill_everywhere(s):
    counts = {}
    for call in CALLS:
        n = 1
        while True:
            try:
                if not kill_once(s, call, n):
                    break
            except Wrong as e:
                print(f"killed at {call}() number {n} of `{' '.join(s.args())}`: {e}")
                return 1
            counts[call] = counts.get(call, 0) + 1
            n += EVERY
    if not s.down_each_time:
        s.h.must("-q", "down", s.h.interface)
        s.h.check_nothing()
    print(f"killed {sum(counts.values())} times:", ", ".join(f"{c} {n}" for c, n in counts.items()))
    return 0 if counts.get("bpf") else 1


SCENARIOS = {"up": Up, "deploy": Deploy, "replace": Replace, "rollback": Rollback, "remove": Remove, "down": Down,
             "several": Several, "twins": Twins, "deploy-tc": DeployTc, "remove-tc": RemoveTc,
             "deploy-component": DeployComponent, "replace-component": ReplaceComponent,
             "remove-component": RemoveComponent}


def main():
    scenario, namespace, interface, address = sys.argv[1:]
    return kill_everywhere(SCENARIOS[scenario](Host(namespace, interface, address)))


if __name__ == "__main__":
    sys.exit(main())
