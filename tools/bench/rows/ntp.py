# SPDX-License-Identifier: Apache-2.0
"""ntp.py - the function ntp against chronyd, which with -x leaves the machine's clock alone."""
import contextlib

from load import gen_load, idle_load, one_load
from row import Row, Side
from world import HOST_IF, built, sh, unpacked

CHRONY = "allow\nnoclientlog\nlocal stratum 10\ncmdport 0\nbindcmdaddress /\npidfile {work}/chrony.pid\n"


@contextlib.contextmanager
def kernel(world):
    with world.up("[function ntp]\n"):
        sh(built("kfaas-ntp-clock"), "--local", "10", "--netns", world.host, HOST_IF)
        yield


@contextlib.contextmanager
def chronyd(world):
    conf = world.file("chrony.conf", CHRONY.format(work=world.work))
    argv = unpacked("chrony", "usr/sbin/chronyd"), "-x", "-d", "-u", "root", "-f", conf
    with world.plain(), world.server(*argv, ready=world.listens(123)):
        yield


KERNEL, CHRONYD = Side("ntp in the kernel", kernel), Side("chronyd", chronyd)

ROWS = [
    Row("ntp: kernel / chronyd", KERNEL, CHRONYD, gen_load("ntp", "--outstanding", 32), {"answers": None, "cpu": 20},
        main=True),
    Row("ntp: round trip, idle", KERNEL, CHRONYD, idle_load("ntp"), {"p50": None, "p99": 10, "p999": None}),
    Row("ntp: round trip, one after the other", KERNEL, CHRONYD, one_load("ntp"), {"p50": None, "p99": None, "p999": None}),
]
