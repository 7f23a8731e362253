# SPDX-License-Identifier: Apache-2.0
"""others.py - what others use of this machine while we measure: their processes, and whoever the hypervisor gives our CPUs
to. What the kernel does for others, outside their processes, cannot be told from what it does for us."""
import collections
import ctypes
import glob
import os
import time
from dataclasses import dataclass

from world import TICK

PR_SET_CHILD_SUBREAPER = 36
PF_KTHREAD = 0x00200000


def adopt():
    """What our servers leave behind when they end stays ours, be it as zombies: else its CPU time would be init's."""
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1)


def stolen():
    """CPU seconds that the hypervisor gave to others so far."""
    with open("/proc/stat") as f:
        return int(f.readline().split()[8]) / TICK


@dataclass
class Process:
    """With the CPU seconds that it has used, and that those of its children had used that it has waited for."""
    parent: int
    own: float
    children: float
    kernel: bool = False


def processes():
    """All, by their pid."""
    found = {}
    for path in glob.glob("/proc/[0-9]*/stat"):
        try:
            with open(path) as f:
                t = f.read().rpartition(")")[2].split()
        except OSError:  # gone meanwhile
            continue
        own, children = (sum(map(int, t[i:i + 2])) / TICK for i in (11, 13))
        found[int(path.split("/")[2])] = Process(int(t[1]), own, children, bool(int(t[6]) & PF_KTHREAD))
    return found


def heir(pid, now, before):
    """Who is left of PID and those above it."""
    while pid not in now and pid in before:
        pid = before[pid].parent
    return pid


def used(before, now):
    """CPU seconds between the two that were used by processes that are neither ours nor the kernel's."""
    ours = {os.getpid()} | {pid for pid, p in now.items() if p.kernel}
    while more := {pid for pid, p in now.items() if p.parent in ours} - ours:
        ours |= more
    older = collections.Counter()  # what they had used before that have ended since
    for pid, p in before.items():
        if pid not in now:
            older[heir(pid, now, before)] += p.own + p.children
    seconds = 0
    for pid in now.keys() - ours:
        was = before.get(pid, Process(0, 0, 0))
        seconds += now[pid].own - was.own + max(0, now[pid].children - was.children - older[pid])
    return seconds


class Others:
    """From now on."""

    def __init__(self):
        self.start, self.before, self.stolen = time.monotonic(), processes(), stolen()

    def share(self):
        """Of all CPUs: what others have used. A tick or two in less than a moment are none."""
        seconds = used(self.before, processes()) + stolen() - self.stolen
        took = max(0.5, time.monotonic() - self.start)
        return min(1.0, max(0.0, seconds / took / os.cpu_count()))
