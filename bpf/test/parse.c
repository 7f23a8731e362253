// SPDX-License-Identifier: Apache-2.0
/* parse.c - what the gate reads: tags, options, extension headers, fragments; frames that are cut off or lie. */
#include "rig.h"

#include <stdio.h>
#include <string.h>

static const struct function table[] = {
	{"udp/53"}, {"tcp/80"},	      {"udp"},		{"tcp"},      {"icmp"},	    {"ip"},
	{"ip6"},    {"ether/0x8100"}, {"ether/0x88a8"}, {"proto/60"}, {"proto/50"}, {"arp"},
};

static const struct row tag_rows[] = {
	{"VLAN, IPv4", {UDP(53), .vlans = 1, .vlan = {0x2064}}, "a"},
	{"VLAN, IPv6", {UDP(53), V6, .vlans = 1, .vlan = {0xffff}}, "a"},
	{"VLAN, TCP", {TCP(80), .vlans = 1}, "b"},
	{"VLAN, ARP", {.ether = ETH_P_ARP, .vlans = 1, .bytes = 28}, "l"},
	{"QinQ, IPv4", {UDP(53), .vlans = 2, .vlan = {5, 6}}, "a"},
	{"QinQ, IPv6", {UDP(53), V6, .vlans = 2}, "a"},
	{"QinQ, IPv4 options", {UDP(53), .vlans = 2, .options = "94040000"}, "a"},
	{"three tags: matched by the third alone", {UDP(53), .vlans = 3}, "h"},
	{"a tag, then nothing", {.vlans = 1, .proto = IPPROTO_GRE, .cut = 20}, "f"},
	{"a tag that is cut in two", {.vlans = 1, .proto = IPPROTO_GRE, .cut = 22}, ""},
	{"a second tag that is cut in two", {.vlans = 2, .proto = IPPROTO_GRE, .cut = 23}, ""},
	{"VLAN, total length beyond the frame", {UDP(53), .vlans = 1, .ip_len = 1}, "f"},
	{"QinQ, payload length beyond the frame", {UDP(53), V6, .vlans = 2, .ip_len = 1}, "g"},
};

#define NOPS10 "01010101010101010101"

static const struct row ip4_rows[] = {
	{"4 bytes of options", {UDP(53), .options = "94040000"}, "a"},
	{"12 bytes of options, TCP", {TCP(80), .options = "070b04000000000000000000"}, "b"},
	{"40 bytes of options", {UDP(53), .options = NOPS10 NOPS10 NOPS10 NOPS10}, "a"},
	{"bytes behind the packet", {UDP(53), .trailer = 30}, "a"},
	{"don't fragment", {UDP(53), .frag = 0x4000}, "a"},
	{"the reserved bit", {UDP(53), .frag = 0x8000}, "a"},
	{"first fragment: no port", {UDP(53), .frag = 0x2000, .bytes = 32}, "c"},
	{"a fragment in the middle", {UDP(53), .frag = 0x2001, .bytes = 32}, "c"},
	{"the last fragment", {UDP(53), .frag = 0x0100, .bytes = 32}, "c"},
	{"the highest offset", {TCP(80), .frag = 0x1fff}, "d"},
	{"the lowest offset", {TCP(80), .frag = 0x0001}, "d"},
	{"first fragment of ICMP", {.proto = IPPROTO_ICMP, .type = 8, .frag = 0x2000}, "e"},
	{"TTL 0", {UDP(53), .ttl = 1}, "a"},
	{"a wrong header checksum is the function's concern", {UDP(53), .bad_ip_sum = true}, "a"},
	{"a wrong UDP checksum too", {UDP(53), .sum = SUM_WRONG}, "a"},
};

#define EXT(first, hex) V6, .ext_first = (first), .ext = (hex)
#define PAD6		"010400000000" /* PadN over 6 bytes */

static const struct row ip6_rows[] = {
	{"hop-by-hop", {UDP(53), EXT(0, "1100" PAD6)}, "a"},
	{"routing", {UDP(53), EXT(43, "1100 040000000000")}, "a"},
	{"destination", {TCP(80), EXT(60, "0600" PAD6)}, "b"},
	{"authentication", {UDP(53), EXT(51, "1104 0000 00000001 00000002 000000000000000000000000")}, "a"},
	{"authentication, the shortest", {UDP(53), EXT(51, "1101 0000 00000001 00000002")}, "a"},
	{"16 bytes of hop-by-hop", {UDP(53), EXT(0, "1101" PAD6 "0106000000000000")}, "a"},
	{"64 bytes of destination",
	 {UDP(53), EXT(60, "1107" PAD6 "0106000000000000"
			   "0106000000000000"
			   "0106000000000000"
			   "0106000000000000"
			   "0106000000000000"
			   "0106000000000000"
			   "0106000000000000")},
	 "a"},
	{"atomic fragment", {UDP(53), EXT(44, "1100 0000 12345678")}, "a"},
	{"atomic fragment, reserved bits", {UDP(53), EXT(44, "11ff 0006 12345678")}, "a"},
	{"first fragment", {UDP(53), EXT(44, "1100 0001 12345678"), .bytes = 32}, "c"},
	{"a fragment in the middle", {TCP(80), EXT(44, "0600 0009 12345678"), .bytes = 32}, "d"},
	{"the last fragment", {UDP(53), EXT(44, "1100 fff8 12345678"), .bytes = 32}, "c"},
	{"hop-by-hop, then a first fragment", {UDP(53), EXT(0, "2c00" PAD6 "1100 0001 12345678"), .bytes = 32}, "c"},
	{"first fragment of a destination header", {UDP(53), EXT(44, "3c00 0001 12345678 1100" PAD6)}, "j"},
	{"a row of two", {UDP(53), EXT(0, "3c00" PAD6 "1100" PAD6)}, "a"},
	{"all kinds",
	 {UDP(53), EXT(0, "3c00" PAD6 "2b00" PAD6 "2c00 040000000000"
			  "3300 0000 12345678"
			  "3c01 0000 00000001 00000002"
			  "1100" PAD6)},
	 "a"},
	{"a row of six",
	 {TCP(80), EXT(60, "3c00" PAD6 "3c00" PAD6 "3c00" PAD6 "3c00" PAD6 "3c00" PAD6 "0600" PAD6)},
	 "b"},
	{"a row of seven is too long: the seventh is the protocol",
	 {TCP(80), EXT(60, "3c00" PAD6 "3c00" PAD6 "3c00" PAD6 "3c00" PAD6 "3c00" PAD6 "3c00" PAD6 "0600" PAD6)},
	 "j"},
	{"ESP is not looked into", {UDP(53), EXT(50, "1100" PAD6)}, "k"},
	{"no next header", {UDP(53), EXT(59, "1100" PAD6)}, "g"},
	{"mobility is not walked", {UDP(53), EXT(135, "1100" PAD6)}, "g"},
	{"bytes behind the packet", {UDP(53), V6, .trailer = 30}, "a"},
	{"payload length 0, in a frame that has more", {UDP(53), V6, .ip_len = -8}, "a"},
	{"traffic class and flow label", {UDP(53), V6, .tos = 0xff, .id = 0xffff}, "a"},
};

static const struct row hostile_rows[] = {
	{"IPv4: header length 0", {UDP(53), .version_ihl = 0x40}, "f"},
	{"IPv4: header length 16", {UDP(53), .version_ihl = 0x44, .bytes = 40}, "f"},
	{"IPv4: header length 60, of 28", {UDP(53), .version_ihl = 0x4f}, "f"},
	{"IPv4: header length 60, ends with the packet", {UDP(53), .version_ihl = 0x4f, .bytes = 32}, "c"},
	{"IPv4: header length 60, the ports cut in two", {UDP(53), .version_ihl = 0x4f, .bytes = 34}, "c"},
	{"IPv4: version 6", {UDP(53), .version_ihl = 0x65}, "f"},
	{"IPv4: version 0", {UDP(53), .version_ihl = 0x05}, "f"},
	{"IPv4: total length one too large", {UDP(53), .bytes = 18, .ip_len = 1}, "f"},
	{"IPv4: total length 65535", {UDP(53), .ip_len = 65535 - 28}, "f"},
	{"IPv4: total length below the header's", {UDP(53), .ip_len = -9}, "f"},
	{"IPv4: total length 1", {UDP(53), .ip_len = -27}, "f"},
	{"IPv4: total length 0 is offload's", {UDP(53), .ip_len = -28}, "a"},
	{"IPv4: total length ends with the header", {UDP(53), .ip_len = -8}, "c"},
	{"IPv4: total length ends in the ports' header", {UDP(53), .ip_len = -1}, "c"},
	{"IPv4: total length ends in TCP's ports", {TCP(80), .ip_len = -13}, "d"},
	{"IPv4: nothing behind the header", {UDP(53), .cut = 8, .ip_len = -8}, "c"},
	{"IPv4 called IPv6", {UDP(53), .ether = ETH_P_IPV6, .bytes = 40}, "g"},
	{"IPv6: version 4", {UDP(53), V6, .version_ihl = 0x45}, "g"},
	{"IPv6: version 15", {UDP(53), V6, .version_ihl = 0xf0}, "g"},
	{"IPv6: payload length one too large", {UDP(53), V6, .bytes = 9, .ip_len = 1}, "g"},
	{"IPv6: payload length 65535", {UDP(53), V6, .ip_len = 65535 - 8}, "g"},
	{"IPv6: payload ends in the ports' header", {UDP(53), V6, .ip_len = -1}, "c"},
	{"IPv6: payload ends in an extension header", {UDP(53), EXT(60, "1100" PAD6), .ip_len = -9}, "j"},
	{"IPv6: payload ends with an extension header", {UDP(53), EXT(60, "1100" PAD6), .ip_len = -8}, "c"},
	{"IPv6: an extension header of 2048 bytes", {UDP(53), EXT(60, "11ff" PAD6)}, "c"},
	{"IPv6: two of them", {UDP(53), EXT(60, "3cff" PAD6 "11ff" PAD6)}, "j"},
	{"IPv6: an authentication header of 1028 bytes", {UDP(53), EXT(51, "11ff" PAD6)}, "c"},
	{"IPv6: an authentication header of 8 bytes", {UDP(53), EXT(51, "1100" PAD6)}, "a"},
	{"IPv6: extension header, nothing else", {EXT(60, "1100" PAD6)}, "c"},
	{"IPv6: an extension header that is cut", {UDP(53), EXT(60, "1100" PAD6), .ip_len = -9, .cut = 9}, "j"},
};

/* The packet cut at every length: as if by a driver, the headers still claim the whole; and with lengths made right. */
static void test_cut(struct gate *g, const char *name, const struct packet *p, const char *whole, const char *header,
		     const char *ether)
{
	static uint8_t frame[TEST_FRAME];
	size_t len = rig_frame(g, p, frame), l3 = ETH_HLEN + 4 * p->vlans, cut = ETH_HLEN;
	bool v6 = frame[l3 - 2] == 0x86;
	bool ok = true;

	/* The kernel makes no run with less than an Ethernet header, nor one of TC with a part of an IP header right
	 * behind it: behind a tag it does. */
	if (g->hook != KF_XDP)
		cut = p->vlans ? ETH_HLEN + 1 : v6 ? ETH_HLEN + 40 : ETH_HLEN + 20;
	for (; ok && cut <= len; cut++) {
		const char *want = cut < l3 ? "" : cut < len ? ether : whole;

		ok = rig_saw(rig_run(g, frame, cut, 1), *want ? g->final : g->pass, want, frame, cut);
		if (!ok)
			test_note("cut to %zu bytes", cut);
	}
	test_ok(ok, "%s: %s, cut at every length", g->name, name);
	for (cut = l3 + (v6 ? 40 : 20); ok && cut < len; cut++) {
		unsigned says = cut - l3 - (v6 ? 40 : 0);
		const char *want = cut < len - p->bytes ? header : whole;

		frame[l3 + (v6 ? 4 : 2)] = says >> 8;
		frame[l3 + (v6 ? 5 : 3)] = says;
		ok = rig_saw(rig_run(g, frame, cut, 1), g->final, want, frame, cut);
		if (!ok)
			test_note("cut to %zu bytes, lengths say so", cut);
	}
	test_ok(ok, "%s: %s, shorter by every length", g->name, name);
}

void test_parse(void)
{
	test_note("tags");
	RIG_ROWS(table, tag_rows);
	test_note("IPv4");
	RIG_ROWS(table, ip4_rows);
	test_note("IPv6");
	RIG_ROWS(table, ip6_rows);
	test_note("hostile");
	RIG_ROWS(table, hostile_rows);
	for (struct gate *g = gates; g < gates + KF_HOOKS; g++) {
		rig_install(g, table, ARRAY_LEN(table));
		test_cut(g, "IPv4 UDP", &(struct packet){UDP(53), .bytes = 10}, "a", "c", "f");
		test_cut(g, "IPv6 UDP", &(struct packet){UDP(53), V6, .bytes = 10}, "a", "c", "g");
		test_cut(g, "QinQ IPv4 UDP", &(struct packet){UDP(53), .vlans = 2, .bytes = 10}, "a", "c", "f");
		test_cut(g, "VLAN IPv6 UDP", &(struct packet){UDP(53), V6, .vlans = 1, .bytes = 10}, "a", "c", "g");
	}
}
