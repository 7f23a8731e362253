#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""NTP by hand, for the tests.

ntp.py ask ADDRESS [FIRST]        one question; the answer's fields, a line each, as NAME=VALUE
ntp.py watch ADDRESS SECONDS [STATE]   ask all the time: a line whenever who answers, leap or clock change; up to STATE
ntp.py offset ADDRESS COUNT       what a client measures, in ns: how wrong the clock seems, round trip, time in the server
ntp.py sweep ADDRESS              every mode and version, every length, other ports: which ones got an NTP answer
ntp.py behind                     a server on port 123 that answers `behind`: what it is asked has been passed on
ntp.py step SECONDS               set the clock, so much from now
ntp.py eve SECONDS                set the clock to so much before midnight (UTC)
ntp.py adjust WHAT                the kernel's discipline: sound, leap (sound, and a leap second at midnight), none
ntp.py tai SECONDS                the kernel's TAI offset

FIRST: the first byte, in hex (23: version 4, client). Times are compared with this machine's clock.
"""
import os
import socket
import struct
import sys
import time

PORT = 123
EPOCH = 2208988800
TIMEOUT = 20 if "KFAAS_VM" in os.environ else 2
ADJ_MAXERROR, ADJ_STATUS, ADJ_TAI = 0x4, 0x10, 0x80
STATUS = {"sound": 0, "leap": 0x10, "none": 0x40}


def connect(address, source=0):
    s = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM)
    s.bind(("", source))
    s.connect((address, PORT))
    # No select: what it takes would be measured as the clock's error.
    s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("@ll", TIMEOUT, 0))
    return s


def stamp(ns):
    return (ns // 10**9 + EPOCH) % 2**32 << 32 | (ns % 10**9 << 32) // 10**9


def unix_ns(value):
    return ((value >> 32) - EPOCH) % 2**32 * 10**9 + ((value & 0xFFFFFFFF) * 10**9 >> 32)


def exchange(s, message):
    """The answer, or b"": nobody listens, or nothing came."""
    try:
        s.send(message)
        return s.recv(2048)
    except (ConnectionRefusedError, BlockingIOError):
        return b""


def question(first, size=48):
    """All fields in use; the transmit time is what the answer must return."""
    message = bytes([first, 0, 6, 0xE9]) + bytes(range(4, 40)) + os.urandom(8)
    return (message + bytes(range(100, 100 + max(size - 48, 0))))[:size]


def asked(s, first=0x23):
    """The answer's fields, and by how much its times fall outside of question and answer, in ns."""
    message = question(first)
    before = time.time_ns()
    answer = exchange(s, message)
    after = time.time_ns()
    if len(answer) != 48:
        return {"answer": answer.decode("latin-1") or "none"}
    lvm, stratum, poll, precision, delay, dispersion, refid, reference, origin, receive, transmit = struct.unpack(
        "!BBbbIIIQQQQ", answer
    )
    receive, transmit = unix_ns(receive), unix_ns(transmit)
    return {
        "answer": "ntp",
        "leap": lvm >> 6,
        "version": lvm >> 3 & 7,
        "mode": lvm & 7,
        "stratum": stratum,
        "poll": poll,
        "precision": precision,
        "delay": delay,
        "dispersion": dispersion,
        "refid": f"{refid:08x}",
        "reference": unix_ns(reference),
        "origin": "returned" if struct.pack("!Q", origin) == message[40:] else "wrong",
        "beside": max(before - receive - 1, receive - transmit, transmit - after, 0),
        "took": after - before,
        "offset": ((receive - before) + (transmit - after)) // 2,
        "inside": transmit - receive,
    }


def ask(address, first="23"):
    for name, value in asked(connect(address), int(first, 16)).items():
        print(f"{name}={value}")


def watch(address, seconds, last_state=""):
    """Times must be between question and answer, by a clock that may be set or make a leap second meanwhile."""
    s, last = connect(address), None
    until = time.monotonic() + float(seconds)
    while time.monotonic() < until and last != last_state:
        a = asked(s)
        # A question that the clock was set in has no times to compare with.
        wrong = a.get("beside", 0) > 0 and a["took"] > 0
        state = f"{a['answer']} leap={a.get('leap', '-')}{' WRONG TIME' if wrong else ''}"
        if state != last:
            print(state, flush=True)
        last = state


def offset(address, count):
    s = connect(address)
    answers = [asked(s) for _ in range(int(count))]
    for name in ("offset", "took", "inside"):
        values = sorted(abs(a[name]) for a in answers)
        print(f"{name}: p50 {values[len(values) // 2]}, p99 {values[len(values) * 99 // 100]}")


def sweep(address):
    """Asks in turn; what the server behind says, or silence, is no answer of ours."""
    plain, from_123 = connect(address), connect(address, PORT)
    cases = [(f"first={first:02x} length=48", plain, question(first)) for first in range(64)]
    cases += [(f"first=23 length={n}", plain, question(0x23, n)) for n in range(100) if n != 48]
    cases += [("first=23 length=48 from port 123", from_123, question(0x23))]
    for name, s, message in cases:
        answer = exchange(s, message)
        if len(answer) > len(message) and answer[:6] != b"behind":
            print(f"{name}: a longer answer")
        elif answer == b"":
            print(f"{name}: lost")
        elif answer[:6] != b"behind":
            print(f"{name}: {len(answer)} bytes")


def behind():
    s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    s.bind(("::", PORT))
    print("ready", flush=True)
    while True:
        data, client = s.recvfrom(2048)
        s.sendto(b"behind", client)


def adjtimex(modes, status=0, constant=0):
    import ctypes

    # struct timex: modes, offset, freq, maxerror, esterror, status, constant ... 208 bytes.
    t = ctypes.create_string_buffer(struct.pack("=IxxxxqqqqixxxxQ", modes, 0, 0, 0, 0, status, constant), 256)
    if ctypes.CDLL(None, use_errno=True).adjtimex(t) < 0:
        sys.exit(os.strerror(ctypes.get_errno()))


def adjust(what):
    adjtimex(ADJ_STATUS | ADJ_MAXERROR, status=STATUS[what])


def tai(seconds):
    adjtimex(ADJ_TAI, constant=int(seconds))


def step(seconds):
    time.clock_settime_ns(time.CLOCK_REALTIME, time.time_ns() + int(float(seconds) * 1e9))


def eve(seconds):
    step(86400 - time.time() % 86400 - float(seconds))


COMMANDS = {f.__name__: f for f in (ask, watch, offset, sweep, behind, step, eve, adjust, tai)}
if sys.argv[1:2] == [] or sys.argv[1] not in COMMANDS:
    sys.exit(__doc__)
COMMANDS[sys.argv[1]](*sys.argv[2:])
