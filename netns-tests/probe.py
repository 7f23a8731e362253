#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Asks the running kernel for one feature: exit 0 it is there, 1 it is not, 2 unknown feature.

Asked by doing, never by version or configuration: a kernel may have a feature and refuse it."""
import ctypes
import os
import sys

SYS_BPF = {"x86_64": 321, "aarch64": 280}
BPF_PROG_QUERY = 16
BPF_TCX_INGRESS = 46
PROGRAM_TYPES = {"tracing": 26, "ext": 28, "lsm": 29}


def program_type(number):
    libbpf = ctypes.CDLL("libbpf.so.1")
    return libbpf.libbpf_probe_bpf_prog_type(number, None) == 1


def tcx():
    """Whether lo's TCX hook can be asked for its programs."""
    attr = (ctypes.c_uint32 * 32)(1, BPF_TCX_INGRESS)
    libc = ctypes.CDLL(None, use_errno=True)
    return libc.syscall(SYS_BPF[os.uname().machine], BPF_PROG_QUERY, attr, ctypes.sizeof(attr)) == 0


def kprobe():
    return os.path.exists("/sys/bus/event_source/devices/kprobe")


def main():
    name = sys.argv[1] if len(sys.argv) == 2 else ""
    if name in PROGRAM_TYPES:
        return 0 if program_type(PROGRAM_TYPES[name]) else 1
    if name in ("tcx", "kprobe"):
        return 0 if {"tcx": tcx, "kprobe": kprobe}[name]() else 1
    print(f"probe: unknown feature '{name}'", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
