# SPDX-License-Identifier: Apache-2.0
"""harness.py - what the rows stand on: two namespaces and a wire, sides, loads, alternating runs.

A file in rows/ has a list ROWS of Row. A row compares two sides under a load:

    Row(name, a, b, load, measures={"answers": GOAL})

A Side has a name and a setup: a context manager that is given the Bench, and undoes itself. A load is called
with (bench, seconds), puts the side under load and returns Figures. Measures, all greater when A is better:

    answers   answers a second, A over B
    frames    frames a second that the sender got rid of, A over B
    cpu       CPU time an answer, B over A
"""
import contextlib
import json
import os
import subprocess
import tempfile
import time
from dataclasses import dataclass, field

import stats

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.join(TOP, "build")
SERVERS = os.path.join(BUILD, "netns-tests/servers")
HOST_IP, CLIENT_IP, HOST_IF, CLIENT_IF = "10.99.0.1", "10.99.0.2", "host0", "client0"
TICK = os.sysconf("SC_CLK_TCK")


def built(*parts):
    return os.path.join(BUILD, *parts)


def sh(*argv, check=True):
    done = subprocess.run(argv, capture_output=True, text=True)
    if check and done.returncode:
        raise RuntimeError(f"{' '.join(argv)}: {done.stderr.strip() or done.returncode}")
    return done.stdout


def cpu_seconds():
    """CPU time used up on all CPUs, by anybody: user, nice, system, irq, softirq."""
    with open("/proc/stat") as f:
        t = [int(x) for x in f.readline().split()[1:]]
    return (t[0] + t[1] + t[2] + t[5] + t[6]) / TICK


@dataclass
class Figures:
    """What a load saw: errors are answers that were wrong, cpu is in seconds and without the sender's own."""
    seconds: float
    sent: int
    answered: int
    errors: int = 0
    lost: int = 0
    cpu: float = None

    def value(self, measure):
        if measure == "answers":
            return self.answered / self.seconds
        if measure == "frames":
            return self.sent / self.seconds
        return 1e9 * self.cpu / self.answered if self.answered and self.cpu is not None else 0


class Bench:
    """Two network namespaces, joined by a veth pair. All that is started or made here goes with it."""

    def __init__(self):
        self.host, self.client = f"kf-bench-h-{os.getpid()}", f"kf-bench-c-{os.getpid()}"
        self.undo = contextlib.ExitStack()
        self.sending = None

    def __enter__(self):
        with contextlib.ExitStack() as undo:
            self.work = undo.enter_context(tempfile.TemporaryDirectory(prefix="kf-bench-"))
            os.chmod(self.work, 0o755)
            for ns in self.host, self.client:
                sh("ip", "netns", "add", ns)
                undo.callback(sh, "ip", "netns", "del", ns, check=False)
                sh("ip", "-n", ns, "link", "set", "lo", "up")
            sh("ip", "link", "add", HOST_IF, "netns", self.host, "type", "veth",
               "peer", "name", CLIENT_IF, "netns", self.client)
            for ns, dev, ip in (self.host, HOST_IF, HOST_IP), (self.client, CLIENT_IF, CLIENT_IP):
                sh("ip", "-n", ns, "addr", "add", f"{ip}/24", "dev", dev)
                sh("ip", "-n", ns, "link", "set", dev, "up")
            link = json.loads(sh("ip", "-n", self.host, "-j", "link", "show", HOST_IF))[0]
            self.mac = link["address"]
            client = json.loads(sh("ip", "-n", self.client, "-j", "link", "show", CLIENT_IF))[0]
            sh("ip", "-n", self.host, "neigh", "replace", CLIENT_IP, "lladdr", client["address"], "dev", HOST_IF)
            self.cost_of_sending()
            self.undo = undo.pop_all()
        return self

    def __exit__(self, *_):
        self.undo.close()

    def in_host(self, *argv, check=True):
        return sh("nsenter", f"--net=/run/netns/{self.host}", *argv, check=check)

    def in_client(self, *argv, check=True):
        return sh("nsenter", f"--net=/run/netns/{self.client}", *argv, check=check)

    def kfaas(self, *argv, check=True):
        return sh(built("kfaas-net"), "--netns", self.host, "-q", *argv, check=check)

    def file(self, name, text):
        path = os.path.join(self.work, name)
        with open(path, "w") as f:
            f.write(text)
        return path

    @contextlib.contextmanager
    def up(self, conf):
        self.kfaas("up", HOST_IF, "-c", self.file("bench.conf", conf))
        try:
            yield
        finally:
            self.kfaas("down", HOST_IF)

    @contextlib.contextmanager
    def xdp(self, obj, client=False):
        """One program alone on the host's end, or the client's."""
        within, dev = (self.in_client, CLIENT_IF) if client else (self.in_host, HOST_IF)
        within("ip", "link", "set", dev, "xdpdrv", "obj", obj, "sec", "xdp")
        try:
            yield
        finally:
            within("ip", "link", "set", dev, "xdpdrv", "off")

    def plain(self):
        """For a side without the gate that gets frames of kfaas-gen. A veth takes what XDP sends only with XDP at
        this end (or GRO, but then nobody wakes it: frames wait for later ones), so here is a program that passes all."""
        return self.xdp(built("tools/bench/empty.bpf.o"))

    @contextlib.contextmanager
    def server(self, *argv, ready):
        """A server in the host's namespace, once READY (a callable) is true."""
        with open(os.path.join(self.work, "server.log"), "w+") as log:
            p = subprocess.Popen(["nsenter", f"--net=/run/netns/{self.host}", *argv], stdout=log, stderr=log,
                                 stdin=subprocess.DEVNULL)
            try:
                end = time.monotonic() + 10
                while not ready():
                    if p.poll() is not None or time.monotonic() > end:
                        log.seek(0)
                        raise RuntimeError(f"{argv[0]} does not serve: {log.read().strip()[-500:]}")
                    time.sleep(0.02)
                yield
            finally:
                p.terminate()
                p.wait(10)

    def listens(self, port, kind="u"):
        """For ready=: somebody has the port, UDP (u) or TCP (t)."""
        return lambda: f":{port} " in self.in_host("ss", "-Hnl" + kind)

    def gen(self, *argv):
        """kfaas-gen on the first CPU: what it reports, and the CPU time that all CPUs used meanwhile."""
        before = cpu_seconds()
        out = json.loads(sh(built("tools/kfaas-gen"), "--netns", self.client, "--to", HOST_IP, "--to-mac", self.mac,
                            "--cpus", "0", "--json", "--sample", "0", CLIENT_IF, *map(str, argv)))
        return out, cpu_seconds() - before

    def cost_of_sending(self):
        """CPU seconds of a start of kfaas-gen, and of each frame that it sends, if frames are dropped at once."""
        with self.xdp(built("tools/bench/drop.bpf.o")):
            _, start = self.gen("echo", "--count", 1, "--timeout", 1)
            out, cpu = self.gen("echo", "--seconds", 1, "--timeout", 1)
        self.sending = start, max(0.0, cpu - start) / out["sent"]


@dataclass
class Side:
    name: str
    setup: object


@dataclass
class Row:
    name: str
    a: Side
    b: Side
    load: object
    measures: dict
    b_load: object = None  # if it is another one
    quick: bool = True     # part of --quick
    pairs: list = field(default_factory=list)

    def once(self, bench, side, load, seconds):
        with side.setup(bench):
            load(bench, min(0.05, seconds))  # warm
            for _ in range(5):
                figures = load(bench, seconds)
                if figures.sent:  # else the generator never got a CPU: that run says nothing of the side
                    break
            return figures

    def measure(self, bench, rounds, seconds):
        for i in range(rounds):
            pair = [None, None]
            # Who goes first takes turns, so that a drift of the machine favours nobody.
            for side in (0, 1) if i % 2 == 0 else (1, 0):
                load = self.b_load if side and self.b_load else self.load
                pair[side] = self.once(bench, self.b if side else self.a, load, seconds)
            self.pairs.append(pair)

    def results(self):
        """One for each measure; the keys are in README.md."""
        for measure, goal in self.measures.items():
            values = [(a.value(measure), b.value(measure)) for a, b in self.pairs]
            found = stats.ratios([(b, a) for a, b in values] if measure == "cpu" else values)
            ratio = stats.summary(found) if found else None
            yield {"row": self.name, "measure": measure, "a": self.a.name, "b": self.b.name, "ratio": ratio,
                   "goal": goal, "holds": stats.holds(ratio, goal), "rounds": len(self.pairs),
                   "a_value": stats.summary([v[0] for v in values]), "b_value": stats.summary([v[1] for v in values]),
                   **self.faults()}

    def faults(self):
        return {f"{side}_{what}": sum(getattr(pair[i], what) for pair in self.pairs)
                for i, side in enumerate("ab") for what in ("sent", "answered", "lost", "errors")}


def gen_load(*argv):
    """A load by kfaas-gen, which checks every answer."""
    def load(bench, seconds):
        start, frame = bench.sending
        out, cpu = bench.gen(*argv, "--seconds", seconds, "--timeout", 200)
        net = max(0.0, cpu - start - frame * out["sent"])
        return Figures(out["seconds"], out["sent"], out["answered"], sum(out["wrong"].values()) + out["duplicates"],
                       out["lost"], net)
    return load


def nothing(_):
    """For a Side that needs no setup."""
    return contextlib.nullcontext()
