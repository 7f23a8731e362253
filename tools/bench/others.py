# SPDX-License-Identifier: Apache-2.0
"""others.py - what others use of this machine while we measure: their processes, and whoever the hypervisor gives our CPUs
to. What the kernel does for others, outside their processes, cannot be told from what it does for us."""
import glob
import os
import time

from world import TICK

KTHREADD = 2


def stolen():
    """CPU seconds that the hypervisor gave to others so far."""
    with open("/proc/stat") as f:
        return int(f.readline().split()[8]) / TICK


def processes():
    """Of all processes, kernel threads among them: the parent, and the CPU seconds that it and those of its children that
    are gone have used."""
    found = {}
    for path in glob.glob("/proc/[0-9]*/stat"):
        try:
            with open(path) as f:
                t = f.read().rpartition(")")[2].split()
        except OSError:  # gone meanwhile
            continue
        found[int(path.split("/")[2])] = int(t[1]), sum(map(int, t[11:15])) / TICK
    return found


def used():
    """CPU seconds of processes that are neither ours nor the kernel's, so far."""
    found, ours = processes(), {os.getpid(), KTHREADD}
    while more := {pid for pid, (parent, _) in found.items() if parent in ours} - ours:
        ours |= more
    return sum(seconds for pid, (_, seconds) in found.items() if pid not in ours)


class Others:
    """From now on."""

    def __init__(self):
        self.start, self.used, self.stolen = time.monotonic(), used(), stolen()

    def share(self):
        """Of all CPUs: what others have used. A tick or two in less than a moment are none."""
        seconds, took = used() - self.used + stolen() - self.stolen, max(0.5, time.monotonic() - self.start)
        return min(1.0, max(0.0, seconds / took / os.cpu_count()))
