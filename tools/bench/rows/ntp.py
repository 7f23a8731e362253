# SPDX-License-Identifier: Apache-2.0
"""ntp.py - the function ntp against chronyd, which with -x leaves the machine's clock alone."""
import contextlib

from harness import HOST_IF, Row, SERVERS, Side, built, gen_load, sh

CHRONY = "allow\nlocal stratum 10\ncmdport 0\nbindcmdaddress /\npidfile {work}/chrony.pid\n"


@contextlib.contextmanager
def kernel(bench):
    with bench.up("[function ntp]\n"):
        sh(built("kfaas-ntp-clock"), "--local", "10", "--netns", bench.host, HOST_IF)
        yield


@contextlib.contextmanager
def chronyd(bench):
    conf = bench.file("chrony.conf", CHRONY.format(work=bench.work))
    argv = f"{SERVERS}/chrony/usr/sbin/chronyd", "-x", "-d", "-u", "root", "-f", conf
    with bench.plain(), bench.server(*argv, ready=bench.listens(123)):
        yield


ROWS = [
    Row("ntp: kernel / chronyd", Side("ntp in the kernel", kernel), Side("chronyd", chronyd),
        gen_load("ntp", "--outstanding", 32), {"answers": None, "cpu": 20}),
]
