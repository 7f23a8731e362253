#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""first-answer.py - asks ADDRESS PORT (UDP) all the time. Says that it asks, and when the first answer was there; nothing
more if none was in a minute."""
import socket
import sys
import time

with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
    s.settimeout(0.0003)
    to = sys.argv[1], int(sys.argv[2])
    print("asking", flush=True)
    end = time.monotonic() + 60
    while time.monotonic() < end:
        try:
            s.sendto(b"first", to)
            s.recv(64)
            print(time.monotonic(), flush=True)
            break
        except TimeoutError:
            pass
