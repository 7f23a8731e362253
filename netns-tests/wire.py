#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Real clients for the tests: UDP requests with counting, raw frames out and back.

wire.py udp ADDR PORT ...     one line of JSON: sent, answered, wrong, refused, answers
wire.py frames IF HEX...      the frames that came back, one line of hex each
wire.py mark IF               one frame that says where a capture ends
wire.py cookie                this network namespace's cookie
"""
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
    address, port = args.words[0], int(args.words[1])
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    s = socket.socket(family, socket.SOCK_DGRAM)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
    if args.source or args.sport:
        s.bind((args.source or ("::" if family == socket.AF_INET6 else ""), args.sport))
    if not args.unconnected:
        s.connect((address, port))
    return s, (address, port)


def quoted(text):
    """As JSON has it; importing json costs more than asking the network, under emulation."""
    return '"' + "".join(c if c >= " " and c not in '"\\' else f"\\u{ord(c):04x}" for c in text) + '"'


def udp(args):
    """Keeps up to --window requests in flight; gives up on those in flight after --timeout of silence."""
    s, server = udp_socket(args)
    answers = {}
    sent = answered = wrong = refused = flying = 0
    expected = {}
    while sent < args.count or flying:
        while sent < args.count and flying < args.window:
            payload = udp_payload(args, sent)
            try:
                s.sendto(payload, server) if args.unconnected else s.send(payload)
            except ConnectionRefusedError:  # the answer to an earlier one; this one was not sent
                refused += 1
                flying = max(flying - 1, 0)
                continue
            sent += 1
            flying += 1
            expected[payload] = expected.get(payload, 0) + 1
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
            if expected.get(answer):
                expected[answer] -= 1
            else:
                wrong += 1
        if args.answers:
            text = answer.decode("utf-8", "backslashreplace")
            answers[text] = answers.get(text, 0) + 1
    texts = ", ".join(f"{quoted(text)}: {n}" for text, n in answers.items())
    print(f'{{"sent": {sent}, "answered": {answered}, "wrong": {wrong}, "refused": {refused}, "answers": {{{texts}}}}}')
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
    interface, *texts = args.words
    s = raw_socket(interface)
    match = bytes.fromhex(args.match)
    sent = [bytes.fromhex(text) for text in texts]
    for frame in sent:
        s.send(frame)
    wanted = len(texts) if args.expect is None else args.expect
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


# Options by command, with their defaults; a flag's is False.
OPTIONS = {
    "udp": {
        "count": 1,
        "window": 1,  # requests in flight
        "timeout": 2.0,  # seconds of silence until those in flight count as lost
        "size": 32,
        "data": None,  # this text instead of numbered payloads
        "hex": None,  # these bytes instead of numbered payloads
        "source": None,  # local address
        "sport": 0,
        "unconnected": False,  # take answers from any address and port
        "echo": False,  # an answer that is not a request sent is wrong
        "answers": False,  # count the distinct answers
    },
    "frames": {
        "expect": None,  # frames that should come back (as many as are sent)
        "timeout": 2.0,
        "match": "",  # only frames that hold these bytes, in hex
        "returned": False,  # only frames that were sent, but for the MAC addresses
    },
}
TYPES = {"timeout": float, "data": str, "hex": str, "source": str, "match": str}


class Arguments:
    """Options and words, in any order. (argparse takes a quarter of a second to import under emulation.)"""

    def __init__(self, command, argv):
        self.words = []
        options = OPTIONS[command]
        vars(self).update(options)
        argv = list(argv)
        while argv:
            word = argv.pop(0)
            name = word[2:]
            if not word.startswith("--"):
                self.words.append(word)
            elif name not in options:
                sys.exit(f"wire.py {command}: no option {word}; there are: --{' --'.join(options)}")
            elif options[name] is False:
                setattr(self, name, True)
            elif not argv:
                sys.exit(f"wire.py {command}: {word} needs a value")
            else:
                setattr(self, name, TYPES.get(name, int)(argv.pop(0)))


def main():
    commands = {"udp": udp, "frames": frames, "mark": mark, "cookie": cookie}
    command, *argv = sys.argv[1:] or [""]
    if command not in commands:
        sys.exit(__doc__)
    if command in OPTIONS:
        args = Arguments(command, argv)
        if len(args.words) < 2:
            sys.exit(__doc__)
        return commands[command](args)
    return commands[command](*argv)


if __name__ == "__main__":
    sys.exit(main())
