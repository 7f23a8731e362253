#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Kills a kfaas-net command at each of its system calls that could leave something behind, and judges
what is left: kill.py SCENARIO HOST_NAMESPACE IF ADDRESS, run in the client's namespace.

For each system call N of the command: the state before; the command, killed at the call; then
 - the interface answers as before or as after, asked with real packets;
 - `ls` agrees with the answers, and nothing is pinned that it does not name;
 - the command given again succeeds, or says that it is done;
 - `down` leaves nothing (each time if the scenario is up or down, else at its end).
Environment: as for host.py, and KILL_CALLS (only these system calls), KILL_EVERY (only each so manieth of a kind).
"""
import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from host import Host, Wrong  # noqa: E402
from kill_scenarios import SCENARIOS  # noqa: E402

EVERY = int(os.environ.get("KILL_EVERY", "1"))
CALLS = ["bpf", "sendto", "recvmsg", "recvfrom", "mkdir", "mkdirat", "unlink", "unlinkat", "rmdir", "rename", "renameat2",
         "mount", "write", "membarrier", "flock", "setns"]
CALLS = os.environ.get("KILL_CALLS", "").split() or CALLS


def killed_at(h, call, n, args):
    """False: the command ended before its Nth CALL."""
    inject = ["-e", f"trace={call}", "-e", f"inject={call}:signal=SIGKILL:when={n}"]
    p = subprocess.run(["strace", "-qq", "-o", "/dev/null", *inject, *h.argv(*args)],
                       capture_output=True, text=True, stdin=subprocess.DEVNULL)
    if p.returncode == -9:
        return True
    if p.returncode:
        raise Wrong(f"{' '.join(args)}: exit {p.returncode}: {p.stderr}")
    return False


def kill_once(s, call, n):
    """False: there is no such call any more."""
    h = s.h
    s.base()
    before = h.wire.answers()
    was = h.listed()
    args = s.args()
    after = s.after(before)
    killed = killed_at(h, call, n, args)
    now = h.wire.answers()
    if now not in (before, after):
        raise Wrong(f"answers {now}; before {before}, after {after}")
    if not killed and now != after:
        raise Wrong(f"done, but answers {now}, not {after}")
    listed, now = h.listed(), h.wire.answers()  # ls puts in order what the killed one left: a component that
    if now not in (before, after):  # was attached, but not yet deployed, is gone again
        raise Wrong(f"after ls answers {now}; before {before}, after {after}")
    h.check_listed(listed, now)
    if listed is None and was is None and os.path.exists(h.state):
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


def main():
    scenario, namespace, interface, address = sys.argv[1:]
    return kill_everywhere(SCENARIOS[scenario](Host(namespace, interface, address)))


if __name__ == "__main__":
    sys.exit(main())
