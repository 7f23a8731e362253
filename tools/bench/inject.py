#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""inject.py - sends N times out of INTERFACE the frame that is given in hexadecimal."""
import socket
import sys

with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as s:
    s.bind((sys.argv[1], 0))
    for _ in range(int(sys.argv[3])):
        s.send(bytes.fromhex(sys.argv[2]))
