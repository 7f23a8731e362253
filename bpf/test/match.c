// SPDX-License-Identifier: Apache-2.0
/* match.c - which trigger a packet belongs to: every kind alone, which wins, and what matches none. */
#include "rig.h"

#include <arpa/inet.h>
#include <string.h>

static const struct function kinds[] = {
	{"udp/53"}, {"tcp/80"},	  {"udp/2000-2999"}, {"icmp"},	       {"icmp6"},
	{"sctp"},   {"proto/47"}, {"arp"},	     {"ether/0x88cc"},
};
static const struct row kind_rows[] = {
	{"UDP port, IPv4", {UDP(53)}, "a"},
	{"UDP port, IPv6", {UDP(53), V6}, "a"},
	{"UDP port, no payload", {UDP(53), .bytes = 0}, "a"},
	{"UDP port, large", {UDP(53), .bytes = 3000}, "a"},
	{"TCP port, IPv4", {TCP(80)}, "b"},
	{"TCP port, IPv6", {TCP(80), V6}, "b"},
	{"TCP's port over UDP", {UDP(80)}, ""},
	{"UDP's port over TCP", {TCP(53)}, ""},
	{"port as the other side's", {.proto = IPPROTO_UDP, .sport = 53, .dport = 40000}, ""},
	{"neighbours: 52", {UDP(52)}, ""},
	{"neighbours: 54", {UDP(54)}, ""},
	{"the port's bytes swapped", {UDP(53 << 8)}, ""},
	{"range: first", {UDP(2000)}, "c"},
	{"range: inside", {UDP(2500), V6}, "c"},
	{"range: last", {UDP(2999)}, "c"},
	{"range: before", {UDP(1999)}, ""},
	{"range: behind", {UDP(3000)}, ""},
	{"port 0", {UDP(0)}, ""},
	{"port 65535", {UDP(65535)}, ""},
	{"ICMP", {.proto = IPPROTO_ICMP, .type = 8, .bytes = 56}, "d"},
	{"ICMP in IPv6", {.proto = IPPROTO_ICMP, V6, .type = 8}, "d"},
	{"ICMPv6", {.proto = IPPROTO_ICMPV6, V6, .type = 128, .bytes = 56}, "e"},
	{"ICMPv6 in IPv4", {.proto = IPPROTO_ICMPV6, .type = 128}, "e"},
	{"SCTP with bytes like port 53", {.proto = IPPROTO_SCTP, .bytes = 12, .payload = "\0\65\0\65........"}, "f"},
	{"GRE, IPv4", {.proto = IPPROTO_GRE, .bytes = 4}, "g"},
	{"GRE, IPv6", {.proto = IPPROTO_GRE, V6, .bytes = 4}, "g"},
	{"GRE, empty", {.proto = IPPROTO_GRE}, "g"},
	{"UDP-Lite is not UDP", {.proto = IPPROTO_UDPLITE, .bytes = 12, .payload = "\0\65\0\65........"}, ""},
	{"protocol 255", {.proto = 255, .bytes = 20}, ""},
	{"ARP", {.ether = ETH_P_ARP, .bytes = 28}, "h"},
	{"LLDP", {.ether = ETH_P_LLDP, .bytes = 30}, "i"},
	{"another ethertype", {.ether = 0x88cd, .bytes = 30}, ""},
	{"an 802.3 length", {.ether = 53, .bytes = 53}, ""},
};

static const struct function levels[] = {
	{"udp/53"}, {"udp/50-59"}, {"udp/1-1000"}, {"udp"}, {"ip"}, {"ip6"}, {"tcp/1-65535"},
};
static const struct row level_rows[] = {
	{"port before range", {UDP(53)}, "a"},
	{"narrow range before wide", {UDP(54)}, "b"},
	{"its first", {UDP(50)}, "b"},
	{"its last", {UDP(59)}, "b"},
	{"wide range: before the narrow", {UDP(49)}, "c"},
	{"wide range: behind the narrow", {UDP(60), V6}, "c"},
	{"range before protocol", {UDP(1000)}, "c"},
	{"protocol before ethertype", {UDP(1001)}, "d"},
	{"protocol: port 0", {UDP(0)}, "d"},
	{"protocol: port 65535", {UDP(65535)}, "d"},
	{"protocol: IPv6", {UDP(1001), V6}, "d"},
	{"ethertype: another protocol", {.proto = IPPROTO_GRE, .bytes = 8}, "e"},
	{"ethertype: IPv6", {.proto = IPPROTO_GRE, V6, .bytes = 8}, "f"},
	{"all ports: 1", {TCP(1)}, "g"},
	{"all ports: 65535", {TCP(65535)}, "g"},
	{"all ports: 0 is none, so the ethertype", {TCP(0)}, "e"},
	{"no level", {.ether = ETH_P_ARP, .bytes = 28}, ""},
};

static const struct function prefixes[] = {
	{"udp/53 to 192.0.2.0/24"},
	{"udp/53 to 192.0.2.128/25"},
	{"udp/53 to 192.0.2.200"},
	{"udp/53 to 2001:db8::/32"},
	{"udp/53 to 2001:db8:0:1::/64"},
	{"udp/53 to 2001:db8:0:1::1"},
	{"udp/53"},
	{"tcp/80 to 192.0.2.0/24"},
	{"tcp to 192.0.2.0/25"},
	{"ip to 198.51.100.0/24"},
	{"icmp to 0.0.0.0/0"},
	{"icmp6 to ::/0"},
};
static const struct row prefix_rows[] = {
	{"IPv4 /24", {UDP(53), .to = "192.0.2.2"}, "a"},
	{"IPv4 /24, its first", {UDP(53), .to = "192.0.2.0"}, "a"},
	{"IPv4 /24, its last before the /25", {UDP(53), .to = "192.0.2.127"}, "a"},
	{"IPv4 /25 before /24", {UDP(53), .to = "192.0.2.128"}, "b"},
	{"IPv4 /25, its last", {UDP(53), .to = "192.0.2.255"}, "b"},
	{"IPv4 address before /25", {UDP(53), .to = "192.0.2.200"}, "c"},
	{"IPv6 /32", {UDP(53), .to = "2001:db8::2"}, "d"},
	{"IPv6 /64 before /32", {UDP(53), .to = "2001:db8:0:1::2"}, "e"},
	{"IPv6 address before /64", {UDP(53), .to = "2001:db8:0:1::1"}, "f"},
	{"port without prefix: IPv4", {UDP(53), .to = "192.0.3.0"}, "g"},
	{"port without prefix: IPv6", {UDP(53), .to = "2001:db9::"}, "g"},
	{"the other side's address does not count", {UDP(53), .from = "192.0.2.200", .to = "203.0.113.1"}, "g"},
	{"TCP port to prefix", {TCP(80), .to = "192.0.2.1"}, "h"},
	{"no prefix of the port fits: the protocol's", {TCP(81), .to = "192.0.2.1"}, "i"},
	{"no prefix of the protocol fits: none", {TCP(81), .to = "192.0.2.128"}, ""},
	{"down to the ethertype's prefix", {TCP(80), .to = "198.51.100.7"}, "j"},
	{"ethertype to prefix", {.proto = IPPROTO_GRE, .to = "198.51.100.7", .bytes = 8}, "j"},
	{"ethertype to another address", {.proto = IPPROTO_GRE, .to = "198.51.101.7", .bytes = 8}, ""},
	{"all of IPv4", {.proto = IPPROTO_ICMP, .type = 8, .to = "203.0.113.1"}, "k"},
	{"all of IPv4 is not IPv6", {.proto = IPPROTO_ICMP, .type = 8, .to = "2001:db8::1"}, ""},
	{"all of IPv6", {.proto = IPPROTO_ICMPV6, .type = 128, .to = "fe80::1"}, "l"},
	{"an IPv4-mapped IPv6 address is not IPv4's", {UDP(53), .from = "2001:db8::9", .to = "::ffff:192.0.2.200"}, ""},
	{"unknown for a broken header: total length", {TCP(80), .to = "198.51.100.7", .ip_len = 100}, ""},
	{"unknown for a broken header: header length", {TCP(80), .to = "198.51.100.7", .version_ihl = 0x44}, ""},
	{"unknown for a cut header", {TCP(80), .to = "198.51.100.7", .vlans = 1, .cut = 21}, ""},
};

/* Only prefixes: what fits none goes on to the wider level. */
static const struct function cover[] = {
	{"udp/53 to 192.0.2.1"}, {"udp/53-53 to 192.0.2.2"}, {"udp/50-60 to 192.0.2.3"},
	{"udp to 192.0.2.4"},	 {"ip to 192.0.2.5"},	     {"ip"},
};
static const struct row cover_rows[] = {
	{"port", {UDP(53), .to = "192.0.2.1"}, "a"},
	{"a range of one is the port", {UDP(53), .to = "192.0.2.2"}, "b"},
	{"range", {UDP(53), .to = "192.0.2.3"}, "c"},
	{"protocol", {UDP(53), .to = "192.0.2.4"}, "d"},
	{"ethertype to address", {UDP(53), .to = "192.0.2.5"}, "e"},
	{"ethertype", {UDP(53), .to = "192.0.2.6"}, "f"},
	{"ethertype for a header that is cut", {UDP(53), .to = "192.0.2.5", .vlans = 1, .cut = 20}, "f"},
	{"nothing for IPv6", {UDP(53), .to = "2001:db8::1"}, ""},
};

/* Several triggers of one function, several functions on one trigger. */
static const struct function lists[] = {
	{"udp/53, tcp/53, ether/0x88b5"},
	{"udp/67-68, icmp"},
};
static const struct row list_rows[] = {
	{"first of three", {UDP(53)}, "a"}, {"second", {TCP(53), V6}, "a"},	      {"third", {.ether = 0x88b5}, "a"},
	{"first of two", {UDP(68)}, "b"},   {"second", {.proto = IPPROTO_ICMP}, "b"}, {"none", {TCP(68)}, ""},
};

/* The row of port 17 holds what the row of protocol 17 and of ethertype 17 holds: they must not be mixed up. */
static const struct function same_number[] = {{"udp/1"}, {"tcp/6"}, {"udp/17"}, {"proto/1"}, {"udp/2048"}, {"ip"}};
static const struct row same_number_rows[] = {
	{"UDP port 1", {UDP(1)}, "a"},
	{"TCP port 1", {TCP(1)}, "f"},
	{"UDP port 6", {UDP(6)}, "f"},
	{"TCP port 6", {TCP(6)}, "b"},
	{"UDP port 17", {UDP(17)}, "c"},
	{"protocol 1", {.proto = 1, .type = 8}, "d"},
	{"protocol 6 as a fragment", {TCP(6), .frag = 0x2000}, "f"},
	{"UDP port 0x800", {UDP(2048)}, "e"},
	{"TCP port 0x800", {TCP(2048)}, "f"},
	{"IPv6", {TCP(17), V6}, ""},
};

static const struct function any[] = {{"any"}};
static const struct row any_rows[] = {
	{"UDP", {UDP(53)}, "a"},
	{"ARP", {.ether = ETH_P_ARP, .bytes = 28}, "a"},
	{"an 802.3 length", {.ether = 20, .bytes = 20}, "a"},
	{"a broken header", {UDP(53), .version_ihl = 0x41}, "a"},
};

static const struct row none_rows[] = {
	{"UDP", {UDP(53)}, ""},
	{"ARP", {.ether = ETH_P_ARP, .bytes = 28}, ""},
};

/* A frame without an address that makes sense, on a stack full of the one that a trigger names. */
static void test_soiled(struct gate *g)
{
	static const struct function table[] = {{"ip to 198.51.100.0/24"}, {"arp"}};
	static const struct packet broken = {UDP(53), .version_ihl = 0x44}, arp = {.ether = ETH_P_ARP};
	struct bpf_program *gate = g->prog;
	int entry = test_map(functions, g->hook == KF_XDP ? "xdp_entry" : "tc_entry"), fd = bpf_program__fd(gate);
	uint32_t zero = 0;
	bool ok = true;

	rig_install(g, table, ARRAY_LEN(table));
	if (bpf_map_update_elem(entry, &zero, &fd, 0))
		test_note("the gate cannot be called: %m");
	g->prog = test_prog(functions, g->hook == KF_XDP ? "xdp_soil" : "tc_soil");
	for (int parity = 0; parity < 2; parity++) {
		acts[ACTS - 1] = (struct act){.verdict = parity, .arg = htonl(0xc6336407)};
		ok &= rig_packet(g, &broken, 1)->verdict == g->pass && !trace->n;
		ok &= rig_packet(g, &arp, 1)->verdict == g->final && !strcmp(trace->who, "b");
	}
	g->prog = gate;
	bpf_map_delete_elem(entry, &zero);
	test_ok(ok, "%s: what a broken header does not say is not made up", g->name);
}

void test_match(void)
{
	test_note("every kind of trigger");
	RIG_ROWS(kinds, kind_rows);
	test_note("port, range, protocol, ethertype");
	RIG_ROWS(levels, level_rows);
	test_note("prefixes");
	RIG_ROWS(prefixes, prefix_rows);
	RIG_ROWS(cover, cover_rows);
	test_note("lists");
	RIG_ROWS(lists, list_rows);
	test_note("numbers that mean a port, a protocol and an ethertype");
	RIG_ROWS(same_number, same_number_rows);
	test_note("any, and nothing at all");
	RIG_ROWS(any, any_rows);
	rig_rows(NULL, 0, none_rows, ARRAY_LEN(none_rows));
	for (struct gate *g = gates; g < gates + KF_HOOKS; g++)
		test_soiled(g);
}
