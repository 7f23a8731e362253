#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Real clients for the tests: UDP requests with counting, raw frames out and back.

wire.py udp ADDR PORT ...     one line of JSON: sent, answered, wrong, refused, answers
wire.py frames IF HEX...      the frames that came back, one line of hex each
wire.py mark IF               one frame that says where a capture ends
wire.py cookie                this network namespace's cookie
"""
import collections
import select
import socket
import struct
import sys
import time

SO_NETNS_COOKIE = 71
SOL_PACKET = 263
PACKET_AUXDATA = 8
PACKET_OUTGOING = 4
ETH_P_ALL = 3
TP_STATUS_VLAN_VALID = 0x10
TP_STATUS_VLAN_TPID_VALID = 0x40
MARK_ETHERTYPE = 0x88B5  # set aside for local experiments


def udp_payload(args, number):
    if args.hex is not None:
        return bytes.fromhex(args.hex)
    if args.data is not None:
        return args.data.encode()
    head = b"%08d" % number
    return (head + b"." * args.size)[: max(args.size, 0)]


def udp_socket(args):
    family = socket.AF_INET6 if ":" in args.addr else socket.AF_INET
    s = socket.socket(family, socket.SOCK_DGRAM)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
    if args.source or args.sport:
        s.bind((args.source or ("::" if family == socket.AF_INET6 else ""), args.sport))
    if not args.unconnected:
        s.connect((args.addr, args.port))
    return s


def udp(args):
    """Keeps up to --window requests in flight; gives up on those in flight after --timeout of silence."""
    s = udp_socket(args)
    answers = collections.Counter()
    sent = answered = wrong = refused = flying = 0
    expected = collections.Counter()
    while sent < args.count or flying:
        while sent < args.count and flying < args.window:
            payload = udp_payload(args, sent)
            try:
                s.sendto(payload, (args.addr, args.port)) if args.unconnected else s.send(payload)
            except ConnectionRefusedError:  # the answer to an earlier one; this one was not sent
                refused += 1
                flying = max(flying - 1, 0)
                continue
            sent += 1
            flying += 1
            expected[payload] += 1
        if not select.select([s], [], [], args.timeout)[0]:
            flying = 0
            continue
        try:
            answer = s.recv(65536)
        except ConnectionRefusedError:
            refused += 1
            flying = max(flying - 1, 0)
            continue
        flying = max(flying - 1, 0)
        answered += 1
        if args.echo:
            if expected[answer] > 0:
                expected[answer] -= 1
            else:
                wrong += 1
        if args.answers:
            answers[answer.decode("utf-8", "backslashreplace")] += 1
    import json

    print(json.dumps({"sent": sent, "answered": answered, "wrong": wrong, "refused": refused, "answers": answers}))
    return 0 if answered == sent and not wrong and not refused else 1


def received_frame(s):
    """One frame as it was on the wire: the kernel hands a VLAN tag apart. None for our own."""
    data, ancillary, _, address = s.recvmsg(65536, 256)
    if address[2] == PACKET_OUTGOING:
        return None
    for level, kind, value in ancillary:
        if level == SOL_PACKET and kind == PACKET_AUXDATA:
            status, _, _, _, _, tci, tpid = struct.unpack("=IIIHHHH", value[:20])
            if status & TP_STATUS_VLAN_VALID:
                tpid = tpid if status & TP_STATUS_VLAN_TPID_VALID else 0x8100
                return data[:12] + struct.pack("!HH", tpid, tci) + data[12:]
    return data


def raw_socket(interface):
    s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
    s.setsockopt(SOL_PACKET, PACKET_AUXDATA, 1)
    s.bind((interface, ETH_P_ALL))
    return s


def frames(args):
    s = raw_socket(args.interface)
    match = bytes.fromhex(args.match)
    sent = [bytes.fromhex(text) for text in args.frames]
    for frame in sent:
        s.send(frame)
    wanted = len(args.frames) if args.expect is None else args.expect
    got = 0
    deadline = time.monotonic() + args.timeout
    # Nothing expected: look for the whole time. Else stop when all are there.
    while wanted == 0 or got < wanted:
        left = deadline - time.monotonic()
        if left <= 0 or not select.select([s], [], [], left)[0]:
            break
        frame = received_frame(s)
        if frame is None or match not in frame:
            continue
        if not args.returned or any(frame[12:].startswith(f[12:]) for f in sent):
            got += 1
            print(frame.hex(), flush=True)
    return 0 if got == wanted else 1


def mark(interface):
    frame = bytes.fromhex("0200000077ff0200000077fe") + struct.pack("!H", MARK_ETHERTYPE) + b"kfaas-net capture end"
    raw_socket(interface).send(frame.ljust(60, b"\0"))
    return 0


def cookie():
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    print(struct.unpack("=Q", s.getsockopt(socket.SOL_SOCKET, SO_NETNS_COOKIE, 8))[0])
    return 0


def parse(argv):
    import argparse

    parser = argparse.ArgumentParser(prog="wire.py")
    commands = parser.add_subparsers(required=True)

    p = commands.add_parser("udp")
    p.add_argument("addr")
    p.add_argument("port", type=int)
    p.add_argument("--count", type=int, default=1)
    p.add_argument("--window", type=int, default=1, help="requests in flight")
    p.add_argument("--timeout", type=float, default=2, help="seconds of silence until those in flight count as lost")
    p.add_argument("--size", type=int, default=32)
    p.add_argument("--data", help="this text instead of numbered payloads")
    p.add_argument("--hex", help="these bytes instead of numbered payloads")
    p.add_argument("--source", help="local address")
    p.add_argument("--sport", type=int, default=0)
    p.add_argument("--unconnected", action="store_true", help="take answers from any address and port")
    p.add_argument("--echo", action="store_true", help="an answer that is not a request sent is wrong")
    p.add_argument("--answers", action="store_true", help="count the distinct answers")
    p.set_defaults(run=udp)

    p = commands.add_parser("frames")
    p.add_argument("interface")
    p.add_argument("frames", nargs="+", metavar="HEX")
    p.add_argument("--expect", type=int, help="frames that should come back (as many as are sent)")
    p.add_argument("--timeout", type=float, default=2)
    p.add_argument("--match", default="", metavar="HEX", help="only frames that hold these bytes")
    p.add_argument("--returned", action="store_true", help="only frames that were sent, but for the MAC addresses")
    p.set_defaults(run=frames)

    return parser.parse_args(argv)


def main():
    # What every test runs starts without the import of argparse: a quarter of a second under emulation.
    simple = {"mark": mark, "cookie": cookie}
    if sys.argv[1:] and sys.argv[1] in simple:
        return simple[sys.argv[1]](*sys.argv[2:])
    args = parse(sys.argv[1:])
    return args.run(args)


if __name__ == "__main__":
    sys.exit(main())
