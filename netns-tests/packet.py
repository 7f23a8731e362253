#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Prints frames in hex, a line for each argument, made of the layers that it names:

packet.py "vlan:100 ip4:options=2 udp:53 data:hello" "arp"

eth:to=MAC,from=MAC        first, if it is not from the client to the host
vlan:ID svlan:ID           a tag
type:0x88b6                an ethertype, data behind it
arp                        a request for the host's address
ip4:to=A,from=A,options=WORDS,at=OFFSET,more,lie=N,proto=N     (at, more: a fragment; lie: N more in its length field)
ip6:to=A,from=A,lie=N,proto=N
hop dest routing auth frag:at=OFFSET,more                      IPv6 extension headers
udp:PORT,from=PORT tcp:PORT,from=PORT,flags=N,ack=N icmp icmp6 sctp:PORT
data:TEXT zeros:N          payload
cut:N                      the first N bytes of the frame

packet.py --flood COUNT SECONDS ADDRESS PORT sends datagrams as fast as it can, for so long if COUNT is 0.

HOST4, HOST6, CLIENT4, CLIENT6, HOST_MAC and CLIENT_MAC are the environment's.
"""
import os
import socket
import struct
import sys
import time

EXTENSIONS = {"hop": 0, "routing": 43, "frag": 44, "auth": 51, "dest": 60}


def mac(text):
    return bytes.fromhex(text.replace(":", ""))


def checksum(data):
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def split(word):
    """name:a,b=c -> name, {"": a, "b": c}"""
    name, _, rest = word.partition(":")
    if name == "data":
        return name, {"": rest}
    options = {}
    for part in rest.split(",") if rest else []:
        key, eq, value = part.partition("=")
        if eq:
            options[key] = value
        elif not options and key != "more":
            options[""] = key
        else:
            options[key] = "1"
    return name, options


def addresses(layers):
    """Network-order source and destination of the IP layer, for the checksums above it."""
    for name, o in layers:
        if name in ("ip4", "ip6"):
            family = socket.AF_INET if name == "ip4" else socket.AF_INET6
            return [
                socket.inet_pton(family, o.get(key, os.environ[default + name[2]]))
                for key, default in (("from", "CLIENT"), ("to", "HOST"))
            ]
    return [b"", b""]


def pseudo(layers, proto, length):
    source, destination = addresses(layers)
    return source + destination + struct.pack("!II", length, proto)


class Frame:
    def __init__(self, layers):
        self.layers = layers
        self.body = b""
        self.proto = 59  # nothing follows
        self.ether = 0x88B6

    def put(self, name, o):
        getattr(self, "put_" + (name if name not in EXTENSIONS else "extension"))(name, o)

    def put_data(self, _, o):
        self.body = o[""].encode() + self.body

    def put_zeros(self, _, o):
        self.body = b"\0" * int(o[""]) + self.body

    def summed(self, header, at, proto):
        length = len(header) + len(self.body)
        sum_ = checksum(pseudo(self.layers, proto, length) + header + self.body)
        self.body = header[:at] + struct.pack("!H", sum_ or 0xFFFF) + header[at + 2 :] + self.body
        self.proto = proto

    def put_udp(self, _, o):
        ports = int(o.get("from", 40000)), int(o[""])
        self.summed(struct.pack("!HHHH", *ports, 8 + len(self.body), 0), 6, 17)

    def put_tcp(self, _, o):
        ports = int(o.get("from", 40000)), int(o[""])
        self.summed(struct.pack("!HHIIBBHHH", *ports, 1, int(o.get("ack", 0)), 0x50, int(o.get("flags", 2)), 1024, 0, 0), 16, 6)

    def put_sctp(self, _, o):
        self.body = struct.pack("!HHII", 40000, int(o[""]), 0, 0) + self.body
        self.proto = 132

    def put_icmp(self, _, _o):
        header = struct.pack("!BBHHH", 8, 0, 0, 1, 1)
        self.body = struct.pack("!BBHHH", 8, 0, checksum(header + self.body), 1, 1) + self.body
        self.proto = 1

    def put_icmp6(self, _, _o):
        self.summed(struct.pack("!BBHHH", 128, 0, 0, 1, 1), 2, 58)

    def put_extension(self, name, o):
        if name == "frag":
            field = int(o.get("at", 0)) & ~7 | ("more" in o)
            header = struct.pack("!BBHI", self.proto, 0, field, 77)
        elif name == "auth":
            header = struct.pack("!BBHII", self.proto, 1, 0, 1, 1)
        elif name == "routing":
            header = struct.pack("!BBBBI", self.proto, 0, 4, 0, 0)
        else:
            header = struct.pack("!BBBBI", self.proto, 0, 1, 4, 0)
        self.body = header + self.body
        self.proto = EXTENSIONS[name]

    def put_ip4(self, _, o):
        words = int(o.get("options", 0))
        source, destination = addresses(self.layers)
        header = struct.pack(
            "!BBHHHBBH4s4s",
            0x45 + words,
            0,
            20 + 4 * words + len(self.body) + int(o.get("lie", 0)),
            77,
            int(o.get("at", 0)) // 8 | ("more" in o) << 13,
            64,
            int(o.get("proto", self.proto)),
            0,
            source,
            destination,
        ) + b"\1" * (4 * words)
        self.body = header[:10] + struct.pack("!H", checksum(header)) + header[12:] + self.body
        self.ether = 0x0800

    def put_ip6(self, _, o):
        source, destination = addresses(self.layers)
        length = len(self.body) + int(o.get("lie", 0))
        self.body = struct.pack("!IHBB", 6 << 28, length, int(o.get("proto", self.proto)), 64) + source + destination + self.body
        self.ether = 0x86DD

    def put_arp(self, _, _o):
        client = mac(os.environ["CLIENT_MAC"]), socket.inet_aton(os.environ["CLIENT4"])
        host = socket.inet_aton(os.environ["HOST4"])
        self.body = struct.pack("!HHBBH6s4s6s4s", 1, 0x0800, 6, 4, 1, *client, b"\0" * 6, host)
        self.ether = 0x0806

    def put_type(self, _, o):
        self.ether = int(o[""], 0)

    def tag(self, ether, o):
        self.body = struct.pack("!HH", int(o[""]), self.ether) + self.body
        self.ether = ether

    def put_vlan(self, _, o):
        self.tag(0x8100, o)

    def put_svlan(self, _, o):
        self.tag(0x88A8, o)

    def put_eth(self, _, _o):
        pass

    def put_cut(self, _, _o):
        pass

    def wire(self):
        eth = dict(self.layers).get("eth", {})
        to, source = eth.get("to", os.environ["HOST_MAC"]), eth.get("from", os.environ["CLIENT_MAC"])
        frame = mac(to) + mac(source) + struct.pack("!H", self.ether) + self.body
        cut = dict(self.layers).get("cut")
        return frame[: int(cut[""])] if cut else frame


def flood(count, seconds, address, port):
    """COUNT datagrams of 64 bytes, or as many as go in so many SECONDS; prints the microseconds that took."""
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    begin = time.monotonic()
    sent = 0
    while sent < count if count else time.monotonic() < begin + seconds:
        try:
            s.sendto(b"." * 64, (address, port))
            sent += 1
        except ConnectionRefusedError:
            pass
    print(int((time.monotonic() - begin) * 1e6))


def main():
    if sys.argv[1] == "--flood":
        return flood(int(sys.argv[2]), float(sys.argv[3]), sys.argv[4], int(sys.argv[5]))
    for text in sys.argv[1:]:
        layers = [split(word) for word in text.split()]
        frame = Frame(layers)
        for name, options in reversed(layers):
            frame.put(name, options)
        print(frame.wire().hex())


if __name__ == "__main__":
    main()
