#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Many kfaas-net commands at once on one interface: concurrency.py HOST_NAMESPACE IF ADDRESS WORKERS SECONDS,
run in the client's namespace, with IF up.

Each worker gives random commands. Each must succeed or fail with one line that the state of the
moment explains; at the end what ls says, what answers and what is pinned agree.
Environment: as for host.py.
"""
import collections
import json
import os
import random
import re
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from host import OBJECTS, PORTS, REVISION, VM, Host, Wrong, section, write  # noqa: E402

NAMES = {"a": 7777, "b": 7778, "c": 7779, "d": 7780}
EXPECTED = {
    "deploy": r"has a function named '.'",
    "replace": r"no function '.' on",
    "rollback": r"no function '.' on|has no revision before",
    "remove": r"no function '.' on",
    "stats": r"no function '.' on",
}


class Workers:
    def __init__(self, host, seconds):
        self.h, self.until = host, time.monotonic() + seconds
        self.lock = threading.Lock()
        self.done, self.refused, self.wrong = collections.Counter(), collections.Counter(), []

    def command(self, rng, number):
        """Words of a random command."""
        name, face = rng.choice(list(NAMES)), self.h.interface
        revision = ["--set", f"revision={rng.randint(1, 250)}"]
        deploy = ["deploy", face, REVISION, "--name", name, "--on", f"udp/{NAMES[name]}", *revision]
        watch = ["deploy", face, OBJECTS + "/watch.bpf.o", "--name", "e", "--on", "udp/7000"]
        choices = [(deploy, 6), (["replace", face, name, *revision], 6), (["rollback", face, name], 2),
                   (["remove", face, name], 3), (["ls", face], 2), (["--json", "ls"], 2), (["stats", face], 2),
                   (["stats", face, name], 1), (watch, 1), (["remove", face, "e"], 1)]
        if number == 0:
            text = "".join(section(n, NAMES[n], rng.randint(1, 250)) for n in rng.sample(list(NAMES), 2))
            choices.append((["up", face, "-c", write(f"{self.h.tmp}/{number}.conf", text)], 3))
        return rng.choices([c for c, _ in choices], [w for _, w in choices])[0]

    def judge(self, words, rc, out, err):
        verb = words[1] if words[0] == "--json" else words[0]
        with self.lock:
            if rc == 0:
                self.done[verb] += 1
                if words[0] == "--json":
                    json.loads(out)
                return
            self.refused[verb] += 1
            lines = err.splitlines()
            last = lines[-1] if lines else ""
            clean = rc in (1, 2) and last.startswith("kfaas-net: ") and sum(x.startswith("kfaas-net: ") for x in lines) == 1
            if not clean or verb not in EXPECTED or not re.search(EXPECTED[verb], last):
                self.wrong.append(f"{' '.join(words)}: exit {rc}: {err}")

    def work(self, number):
        rng = random.Random(number)
        while time.monotonic() < self.until and not self.wrong:
            words = self.command(rng, number)
            try:
                p = subprocess.run(self.h.argv("-q", *words), capture_output=True, text=True, stdin=subprocess.DEVNULL,
                                   timeout=120)
                self.judge(words, p.returncode, p.stdout, p.stderr)
            except (subprocess.TimeoutExpired, ValueError) as e:
                self.wrong.append(f"{' '.join(words)}: {e}")

    def run(self, count):
        threads = [threading.Thread(target=self.work, args=(i,)) for i in range(count)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        for line in self.wrong:
            print(line)
        return not self.wrong


def check_slots(host, listed):
    """The gate's program array holds the programs of what is listed, and no others."""
    for hook in ("xdp", "tc-ingress", "tc-egress"):
        path = f"{host.state}/{hook}/functions"
        if not os.path.exists(path):
            continue
        p = subprocess.run(["bpftool", "-j", "map", "dump", "pinned", path], capture_output=True, text=True, check=True)
        have = {int.from_bytes(bytes(int(b, 16) for b in e["key"]), sys.byteorder)
                for e in json.loads(p.stdout) if "value" in e and "error" not in e["value"]}
        want = {f["slot"] for f in listed.values() if hook in f["hooks"]}
        if have != want:
            raise Wrong(f"program array of {hook} has slots {sorted(have)}, ls says {sorted(want)}")


def main():
    namespace, interface, address, count, seconds = sys.argv[1:]
    host = Host(namespace, interface, address)
    workers = Workers(host, float(seconds))
    good = workers.run(int(count))
    print(f"{sum(workers.done.values())} done:", dict(workers.done), f"{sum(workers.refused.values())} refused:",
          dict(workers.refused))
    if not good:
        return 1
    try:
        listed = host.listed()
        if listed is None:
            raise Wrong(f"{interface} is not up any more")
        host.check_listed(listed, host.wire.answers())
        host.check_pins(listed)
        check_slots(host, listed)
        for name in NAMES:  # and it still works
            if name not in listed:
                host.must("-q", "deploy", interface, REVISION, "--name", name, "--on",
                          f"udp/{NAMES[name]}", "--set", "revision=7")
            else:
                host.must("-q", "replace", interface, name, "--set", "revision=7")
        if host.wire.answers() != (7,) * len(PORTS):
            raise Wrong(f"after a replace of all, answers {host.wire.answers()}")
        host.must("-q", "down", interface)
        host.check_nothing()
    except Wrong as e:
        print(e)
        return 1
    if not VM and min(workers.done[verb] for verb in ("deploy", "replace", "remove", "ls", "stats")) == 0:
        print("not every command was given with success")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
