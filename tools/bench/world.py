# SPDX-License-Identifier: Apache-2.0
"""world.py - where a side lives: two namespaces and a wire, the gate or a server in one, clients in the other."""
import contextlib
import glob
import itertools
import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.join(TOP, "build")
HOST_IP, CLIENT_IP, HOST_IF, CLIENT_IF = "10.99.0.1", "10.99.0.2", "host0", "client0"
PATIENCE = 120  # seconds that any command may take, beside those that a run takes
LONGEST = 100   # seconds of a run
TICK = os.sysconf("SC_CLK_TCK")
NUMBERS = itertools.count()


class Missing(Exception):
    """What a row needs and this machine has not: the row is skipped."""


def built(*parts):
    return os.path.join(BUILD, *parts)


def tool(name, package=None):
    """The path of an installed program."""
    path = shutil.which(name)
    if not path:
        raise Missing(f"needs {name}: the Debian package {package or name}, or tools/install-deps bench")
    return path


def unpacked(package, path):
    """The path of a server that was only unpacked, see netns-tests/servers.mk."""
    at = built("netns-tests/servers", package, path)
    if not os.path.exists(at):
        raise Missing(f"needs the server of the Debian package {package}: make {os.path.relpath(BUILD, TOP)}"
                      f"/netns-tests/servers/{package}")
    return at


def sh(*argv, check=True):
    done = subprocess.run(argv, capture_output=True, text=True, timeout=PATIENCE + LONGEST)
    if check and done.returncode:
        raise RuntimeError(f"{' '.join(argv[:12])}: {done.stderr.strip()[-500:] or done.returncode}")
    return done.stdout


def cpu_seconds():
    """CPU time used up on all CPUs, by anybody: user, nice, system, irq, softirq."""
    with open("/proc/stat") as f:
        t = [int(x) for x in f.readline().split()[1:]]
    return (t[0] + t[1] + t[2] + t[5] + t[6]) / TICK


def kernel_memory():
    """Bytes of each map and program in the kernel, by its own account, under (kind, id)."""
    found = {}
    for kind in "map", "prog":
        for x in json.loads(sh(tool("bpftool"), "-j", kind, "show")):
            found[kind, x["id"]] = x.get("bytes_memlock", 0) + x.get("bytes_jited", 0)
    return found


def remove(ns):
    """Take away a namespace with all that runs in it, and what kfaas-net has pinned for it."""
    for pid in sh("ip", "netns", "pids", ns, check=False).split():
        with contextlib.suppress(ProcessLookupError):
            os.kill(int(pid), signal.SIGKILL)
    sh(built("kfaas-net"), "--netns", ns, "-q", "down", HOST_IF, check=False)
    sh("ip", "netns", "del", ns, check=False)


def sweep():
    """Take away what benchmarks that were killed left behind, and what this one did if it was ended while it made or
    undid something."""
    def left(pattern):
        for path in glob.glob(pattern):
            pid = re.search(r"kf-bench-(?:[hc]-)?(\d+)(?:-|$)", path)
            if pid and (pid[1] == str(os.getpid()) or not os.path.exists(f"/proc/{pid[1]}")):
                yield path
    for path in left("/run/netns/kf-bench-*"):
        remove(os.path.basename(path))
    for path in *left(f"{tempfile.gettempdir()}/kf-bench-*"), *left("/sys/fs/bpf/kf-bench-*"):
        shutil.rmtree(path, ignore_errors=True)


class World:
    """Two network namespaces, joined by a veth pair. All that is started or made here goes with it."""

    def __init__(self):
        self.tag = f"{os.getpid()}-{next(NUMBERS)}"
        self.host, self.client = f"kf-bench-h-{self.tag}", f"kf-bench-c-{self.tag}"
        self.client_cost = None  # see client.own_cost; None: it is of no interest
        self.starts = {}         # see load.start_cost
        self.maxima = {}         # see load.maximum
        self.undo = contextlib.ExitStack()

    def __enter__(self):
        with contextlib.ExitStack() as undo:
            self.work = undo.enter_context(tempfile.TemporaryDirectory(prefix=f"kf-bench-{self.tag}-"))
            os.chmod(self.work, 0o755)
            for ns in self.host, self.client:
                undo.callback(remove, ns)
                sh("ip", "netns", "add", ns)
                sh("ip", "-n", ns, "link", "set", "lo", "up")
            sh("ip", "link", "add", HOST_IF, "netns", self.host, "type", "veth",
               "peer", "name", CLIENT_IF, "netns", self.client)
            for ns, dev, ip in (self.host, HOST_IF, HOST_IP), (self.client, CLIENT_IF, CLIENT_IP):
                sh("ip", "-n", ns, "addr", "add", f"{ip}/24", "dev", dev)
                sh("ip", "-n", ns, "link", "set", dev, "up")
            self.mac, client = self.address(self.host, HOST_IF), self.address(self.client, CLIENT_IF)
            sh("ip", "-n", self.host, "neigh", "replace", CLIENT_IP, "lladdr", client, "dev", HOST_IF)
            self.undo = undo.pop_all()
        return self

    def __exit__(self, *_):
        self.undo.close()

    @staticmethod
    def address(ns, dev):
        return json.loads(sh("ip", "-n", ns, "-j", "link", "show", dev))[0]["address"]

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
        try:
            self.kfaas("up", HOST_IF, "-c", self.file("bench.conf", conf))
            yield
        finally:
            # Also what an interrupted `up` left: its pins would outlive the namespace.
            self.kfaas("down", HOST_IF, check=False)

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

    def takes_xdp(self):
        """For clients that are no kfaas-gen: a veth sends what XDP answers only if the far end has XDP, too."""
        return self.xdp(built("tools/bench/empty.bpf.o"), client=True)

    def taken(self):
        """Frames that XDP at the host's end has seen so far."""
        said = self.in_host(tool("ethtool"), "-S", HOST_IF)
        return sum(int(n) for n in re.findall(r"rx_queue_\d+_xdp_packets: (\d+)", said))

    def queues(self, n):
        """As many of each kind at both ends. For before XDP is there."""
        for within, dev in (self.in_host, HOST_IF), (self.in_client, CLIENT_IF):
            within(tool("ethtool"), "-L", dev, "rx", str(n), "tx", str(n))

    @contextlib.contextmanager
    def server(self, *argv, ready):
        """A server in the host's namespace, once READY (a callable) is true."""
        with open(os.path.join(self.work, "server.log"), "w+") as log:
            p = subprocess.Popen(["nsenter", f"--net=/run/netns/{self.host}", *argv], stdout=log, stderr=log,
                                 stdin=subprocess.DEVNULL)
            try:
                end = time.monotonic() + PATIENCE / 2
                while not ready():
                    if p.poll() is not None or time.monotonic() > end:
                        log.seek(0)
                        raise RuntimeError(f"{argv[0]} does not serve: {log.read().strip()[-500:]}")
                    time.sleep(0.02)
                yield p
            finally:
                p.terminate()
                try:
                    p.wait(10)
                except subprocess.TimeoutExpired:
                    p.kill()
                    p.wait()

    def listens(self, port, kind="u"):
        """For ready=: somebody has the port, UDP (u) or TCP (t)."""
        return lambda: f":{port} " in self.in_host("ss", "-Hnl" + kind)

    def gen_command(self, kind, *argv, cpus="0"):
        to = () if kind == "raw" else ("--to", HOST_IP, "--to-mac", self.mac)
        return [built("tools/kfaas-gen"), "--netns", self.client, "--cpus", cpus, "--json", *to, CLIENT_IF, kind,
                *map(str, argv)]

    def gen(self, *argv, cpus="0"):
        """kfaas-gen: what it reports, and the CPU time that all CPUs used meanwhile."""
        before = cpu_seconds()
        out = json.loads(sh(*self.gen_command(*argv, cpus=cpus)))
        return out, cpu_seconds() - before
