#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""inject.py - sends N datagrams FROM TO that two of round.bpf.c turn for ever."""
import socket
import sys

with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
    s.bind((sys.argv[1], 20000))
    for _ in range(int(sys.argv[3])):
        s.sendto(bytes(18), (sys.argv[2], 40000))
