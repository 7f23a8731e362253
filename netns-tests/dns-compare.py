#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Compares the DNS answers of a function with those of real servers, for every name and type of some zones.

dns-compare.py behind                                    stand in for the server behind: says so to every datagram, on port 53
dns-compare.py compare [--reference NAME=ADDRESS/PORT]... SERVER ORIGIN=FILE...
                                                 ask the function at SERVER and the references the same

A query is answered as at least one of the references answers it, or passed on to the server behind. What a class of
queries may do is in PASSED. Prints a table, and each difference; fails if there is one, or too few queries.
"""
import argparse
import collections
import random
import select
import socket
import sys

import dns.edns
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.rrset
import dns.zone

BEHIND = b"the server behind"
TYPES = "A AAAA NS CNAME SOA MX TXT PTR SRV DS DNSKEY CAA ANY TYPE65399".split()

# Classes of queries, and whether they are to be passed on: never, always, or as it comes.
NEVER, ALWAYS, MAYBE = "never", "always", "maybe"
PASSED = {
    "name": NEVER, "below": NEVER, "edns": NEVER, "badvers": NEVER,
    "case": NEVER, "dname": ALWAYS, "outside": ALWAYS, "signed": MAYBE, "signed set": NEVER, "signed name": NEVER,
    "not a query": ALWAYS, "damaged": MAYBE,
}


def behind():
    sockets = []
    for family, address in (socket.AF_INET, "0.0.0.0"), (socket.AF_INET6, "::"):
        s = socket.socket(family, socket.SOCK_DGRAM)
        if family == socket.AF_INET6:
            s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        s.bind((address, 53))
        sockets.append(s)
    print("ready", flush=True)
    while True:
        for s in select.select(sockets, [], [])[0]:
            _, client = s.recvfrom(65535)
            s.sendto(BEHIND, client)


class Server:
    def __init__(self, name, address, port, timeout):
        self.name = name
        self.socket = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.connect((address, port))
        self.timeout = timeout

    def ask(self, wire, patience=1):
        """The answer to WIRE, or None; late answers to others are left out."""
        self.socket.settimeout(self.timeout * patience)
        self.socket.send(wire)
        try:
            while True:
                answer = self.socket.recv(65535)
                if answer == BEHIND or answer[:2] == wire[:2]:
                    return answer
        except socket.timeout:
            return None


# --- Queries

class Queries:
    """Yields (class, wire)."""

    def __init__(self, zones, dice, share, part):
        self.zones, self.dice, self.share, self.part = zones, dice, share, part
        self.number = 0
        self.types = sorted({rdataset.rdtype for z in zones for node in z.values() for rdataset in node}
                            - {dns.rdatatype.NSEC3}) + [dns.rdatatype.from_text(t) for t in TYPES]
        self.types = sorted(set(self.types))

    def wire(self, name, rdtype, **options):
        self.number = (self.number + 1) % 65536
        query = dns.message.make_query(name, rdtype, **options)
        query.id = self.number
        query.flags = self.dice.choice([0, dns.flags.RD, dns.flags.RD | dns.flags.CD, dns.flags.AD])
        return query.to_wire()

    def some(self, items):
        """All, or a share of them."""
        return [i for i in items if self.dice.random() < self.share]

    def few(self):
        return self.dice.sample(self.types, 3) + [dns.rdatatype.A, dns.rdatatype.ANY]

    def names(self, zone):
        return [name.derelativize(zone.origin) for name in zone]

    def ancestors(self, zone):
        """All names that exist in ZONE, with or without records."""
        every = set()
        for name in self.names(zone):
            while name != zone.origin:
                every.add(name)
                name = name.parent()
        return sorted(every | {zone.origin})

    def cased(self, wire):
        """The letters of the question in random case."""
        at = 12
        wire = bytearray(wire)
        while wire[at]:
            for i in range(at + 1, at + 1 + wire[at]):
                if chr(wire[i]).isascii() and chr(wire[i]).isalpha() and self.dice.random() < 0.5:
                    wire[i] ^= 0x20
            at += wire[at] + 1
        return bytes(wire)

    def prefixed(self, name, *labels):
        try:
            return dns.name.Name([label.encode() for label in labels] + list(name.labels))
        except dns.name.NameTooLong:
            return None

    def is_signed(self, zone):
        return zone.get_rdataset(zone.origin, dns.rdatatype.DNSKEY) is not None

    def kind_signed(self, zone, name, rdtype):
        """Of a query with DO, for an answer of up to 1232 bytes."""
        if not self.is_signed(zone):
            return "edns"
        if rdtype in (dns.rdatatype.ANY, dns.rdatatype.RRSIG):
            return "signed"
        if zone.get_rdataset(name, dns.rdatatype.RRSIG, rdtype):
            return "signed set"
        alias = zone.get_rdataset(name, dns.rdatatype.CNAME)
        return "signed name" if zone.get_rdataset(name, dns.rdatatype.NSEC) and not alias else "signed"

    def of_name(self, zone, name):
        for rdtype in self.some(self.types):
            yield "name", self.wire(name, rdtype)
        for rdtype in self.few():
            yield "case", self.cased(self.wire(name, rdtype))
            yield "edns", self.wire(name, rdtype, payload=self.dice.choice([0, 300, 512, 700, 1232, 1500, 4096, 65535]),
                                    options=self.dice.choice(OPTIONS))
        for rdtype in self.some(self.types):
            yield self.kind_signed(zone, name, rdtype), self.wire(name, rdtype, want_dnssec=True, payload=1232)
            yield "signed" if self.is_signed(zone) else "edns", self.wire(
                name, rdtype, want_dnssec=True, payload=self.dice.choice([512, 700, 4096]))
        yield "badvers", self.wire(name, dns.rdatatype.A, use_edns=1, payload=1232)
        for labels in ["nope"], ["x", "y"], ["a"], ["zz", "*"], ["L" * 63]:
            longer = self.prefixed(name, *labels)
            for rdtype in self.some(self.few()) if longer else []:
                yield "below", self.cased(self.wire(longer, rdtype))
                yield "signed" if self.is_signed(zone) else "edns", self.wire(longer, rdtype, want_dnssec=True)

    def of_zone(self, zone):
        dname = [n for n in self.names(zone) if zone.get_rdataset(n, dns.rdatatype.DNAME)]
        for name in self.ancestors(zone):
            if self.dice.random() >= self.part:
                continue
            for kind, wire in self.of_name(zone, name):
                asked = dns.message.from_wire(wire[:2] + b"\0\0" + wire[4:]).question[0].name
                below = any(asked.is_subdomain(d) and asked != d for d in dname)
                yield "dname" if below else kind, wire

    def outside(self):
        for name in "com", "example.com", "www.example.net", ".", "org", "xample.org", "aexample.org":
            for rdtype in self.few():
                yield "outside", self.wire(name, rdtype)

    def not_queries(self):
        name = self.names(self.zones[0])[0]
        good = self.wire(name, dns.rdatatype.A)
        for flags in 0x8000, 0x2000, 0x2800, 0x0400, 0x0200, 0x0080, 0x0040, 0x0001, 0x000F:
            yield "not a query", good[:2] + flags.to_bytes(2, "big") + good[4:]
        for rdclass in 3, 4, 254, 255:
            yield "not a query", good[:-2] + rdclass.to_bytes(2, "big")
        for rdtype in 0, 41, 128, 249, 250, 251, 252, 253, 254:
            yield "not a query", good[:-4] + rdtype.to_bytes(2, "big") + good[-2:]
        for at in range(len(good)):
            yield "not a query", good[:at]

    def damaged(self, count):
        names = self.names(self.zones[0])
        for _ in range(count):
            wire = bytearray(self.wire(self.dice.choice(names), self.dice.choice(self.types), payload=1232,
                                       use_edns=self.dice.choice([False, 0]), options=self.dice.choice(OPTIONS)))
            for _ in range(self.dice.randint(1, 3)):
                wire[self.dice.randrange(2, len(wire))] = self.dice.choice([0, 1, 2, 63, 64, 192, 255, self.dice.randrange(256)])
            if self.dice.random() < 0.2:
                del wire[self.dice.randrange(len(wire)):]
            yield "damaged", bytes(wire)

    def all(self, damaged):
        for zone in self.zones:
            yield from self.of_zone(zone)
        yield from self.outside()
        yield from self.not_queries()
        yield from self.damaged(damaged)


OPTIONS = [
    [],
    [dns.edns.GenericOption(3, b"")],  # NSID
    [dns.edns.GenericOption(10, b"12345678")],  # COOKIE
    [dns.edns.ECSOption("192.0.2.0", 24)],
    [dns.edns.GenericOption(65001, b"unknown"), dns.edns.GenericOption(12, bytes(20))],
]


# --- Answers

def sections(message):
    return [sorted(str(rrset.to_rdataset().rdtype) + str(rrset).lower() for rrset in s)
            for s in (message.answer, message.authority, message.additional)]


def digest(wire):
    """What two servers have to agree on; in a truncated answer that is no record."""
    m = dns.message.from_wire(wire, ignore_trailing=False)
    flags = m.flags & ~dns.flags.AD
    edns = (m.edns, m.ednsflags & dns.flags.DO) if m.edns >= 0 else None
    tc = m.flags & dns.flags.TC
    return flags, m.rcode(), edns, [str(q) for q in m.question], None if tc else sections(m)


def is_any(wire, answer):
    """To ANY at a name with records there is an answer of our own (RFC 8482)."""
    m = dns.message.from_wire(answer)
    return (m.question and m.question[0].rdtype == dns.rdatatype.ANY and
            [str(r).split(" ", 1)[1] for r in m.answer] == ['3600 IN HINFO "RFC8482" ""'] and not m.authority)


class Comparison:
    def __init__(self, server, references, shown=15):
        self.server, self.references, self.shown = server, references, shown
        self.answered, self.passed = collections.Counter(), collections.Counter()
        self.like = collections.Counter()
        self.faults = 0

    def fault(self, kind, wire, text):
        self.faults += 1
        if self.faults <= self.shown:
            try:
                what = dns.message.from_wire(wire, ignore_trailing=True, continue_on_error=True)
                what = what.question[0] if what.question else ""
            except Exception:  # noqa: BLE001 # it was damaged on purpose
                what = ""
            print(f"{kind}: {text}\n  query {what} {wire.hex()}")

    def query(self, kind, wire):
        answer = self.server.ask(wire)
        if answer is None:
            self.fault(kind, wire, "no answer, neither by the function nor from behind")
        elif answer == BEHIND:
            self.passed[kind] += 1
            if PASSED[kind] == NEVER:
                self.fault(kind, wire, "passed on")
        else:
            self.answered[kind] += 1
            if PASSED[kind] == ALWAYS:
                self.fault(kind, wire, f"answered: {answer.hex()}")
            else:
                self.compare(kind, wire, answer)

    def compare(self, kind, wire, answer):
        mine, others = digest(answer), {}
        for patience in 1, 10:  # a busy machine may make a reference slow; a damaged query, silent
            for reference in self.references:
                theirs = reference.ask(wire, patience)
                if theirs is None:
                    continue
                others[reference.name] = digest(theirs)
                if others[reference.name] == mine:
                    self.like[reference.name] += 1
                    return
            if others and is_any(wire, answer):
                self.like["RFC 8482"] += 1
                return
            if len(others) == len(self.references):
                break
        self.fault(kind, wire, "\n  ".join([f"function {mine}"] + [f"{n} {d}" for n, d in others.items()]))

    def report(self):
        print(f"{'queries':14} {'answered':>9} {'passed on':>9}")
        for kind in PASSED:
            print(f"{kind:14} {self.answered[kind]:9} {self.passed[kind]:9}")
        agreed = ", ".join(f"{n} as {w}" for w, n in self.like.items())
        print(f"{self.total()} queries, {sum(self.answered.values())} answered ({agreed}), "
              f"{sum(self.passed.values())} passed on, {self.faults} faults")

    def total(self):
        return sum(self.answered.values()) + sum(self.passed.values())


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("command", choices=["behind", "compare"])
    parser.add_argument("words", nargs="*")
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 30))
    parser.add_argument("--share", type=float, default=1.0, help="of each name's types")
    parser.add_argument("--names", type=float, default=1.0, help="share of the names")
    parser.add_argument("--damaged", type=int, default=2000)
    parser.add_argument("--least", type=int, default=5000)
    parser.add_argument("--slow", type=float, default=1.0, help="how much longer to wait than usual")
    parser.add_argument("--reference", action="append", default=[])
    args = parser.parse_intermixed_args()
    if args.command == "behind":
        behind()
    print(f"seed {args.seed}")
    server = Server("function", args.words[0], 53, 5 * args.slow)
    references = []
    for word in args.reference:
        name, address = word.split("=")
        references.append(Server(name, *address.rsplit("/", 1)[:1], int(address.rsplit("/", 1)[1]), 0.3 * args.slow))
    zones = []
    for word in args.words[1:]:
        origin, path = word.split("=")
        zones.append(dns.zone.from_file(path, origin, relativize=False, check_origin=True))
    comparison = Comparison(server, references)
    for kind, wire in Queries(zones, random.Random(args.seed), args.share, args.names).all(args.damaged):
        comparison.query(kind, wire)
    comparison.report()
    if comparison.total() < args.least:
        print(f"fewer than {args.least} queries")
    return comparison.faults > 0 or comparison.total() < args.least


if __name__ == "__main__":
    sys.exit(main())
