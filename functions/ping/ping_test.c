// SPDX-License-Identifier: Apache-2.0
/* ping_test.c - the packet table of functions/ping. */
#include "../test.h"

#define ECHO	 .icmp_id = 0x1234, .seq = 1
#define ASK4	 .proto = IPPROTO_ICMP, .type = 8, ECHO, .bytes = 56
#define ASK6	 .family = 6, .proto = IPPROTO_ICMPV6, .type = 128, ECHO, .bytes = 56
#define ANSWERED .verdict = XDP_TX, .turned = true
#define LEFT	 .verdict = XDP_PASS

static const struct test_case cases[] = {
	{"IPv4", {ASK4}, ANSWERED},
	{"IPv6", {ASK6}, ANSWERED},
	{"literal bytes, IPv4",
	 .hex = "020000000002 020000000001 0800 4500001e000040003d01b9db c0000201 c0000202 0800 765a 1234 0001 6f70",
	 .out_hex =
		 "020000000001 020000000002 0800 4500001e000040004001b6db c0000202 c0000201 0000 7e5a 1234 0001 6f70",
	 .verdict = XDP_TX},
	{"all zero but the type", {.proto = IPPROTO_ICMP, .type = 8}, ANSWERED},
	{"VLAN", {ASK4, .vlans = 1, .vlan = {0x200a}}, ANSWERED},
	{"VLAN, IPv6", {ASK6, .vlans = 1, .vlan = {10}}, ANSWERED},
	{"QinQ", {ASK4, .vlans = 2, .vlan = {100, 10}}, ANSWERED},
	{"QinQ, IPv6", {ASK6, .vlans = 2, .vlan = {100, 10}}, ANSWERED},
	{"three tags", {ASK6, .vlans = 3, .vlan = {100, 10, 1}}, LEFT},
	{"Ethernet padding stays", {.proto = IPPROTO_ICMP, .type = 8, ECHO, .bytes = 3, .trailer = 15}, ANSWERED},
	{"DF, id and traffic class stay", {ASK4, .frag = 0x4000, .id = 0xbeef, .tos = 0xb8}, ANSWERED},
	{"IPv6 flow label and traffic class stay", {ASK6, .id = 0xbeef, .tos = 0xb8}, ANSWERED},
	{"link-local", {ASK6, .from = "fe80::1", .to = "fe80::2"}, ANSWERED},
	{"TTL 1", {ASK4, .ttl = 1}, ANSWERED},
	{"hop limit 255", {ASK6, .ttl = 255}, ANSWERED},

	{"wrong ICMP checksum", {ASK4, .sum = SUM_WRONG}, LEFT},
	{"wrong ICMPv6 checksum", {ASK6, .sum = SUM_WRONG}, LEFT},
	{"zero for an ICMP checksum", {ASK4, .sum = SUM_ZERO}, LEFT},
	{"wrong IPv4 header checksum", {ASK4, .bad_ip_sum = true}, LEFT},

	{"to a broadcast MAC address", {ASK4, .to_mac = mac_broadcast}, LEFT},
	{"to a multicast MAC address", {ASK6, .to_mac = mac_multicast}, LEFT},
	{"from a multicast MAC address", {ASK4, .from_mac = mac_multicast}, LEFT},
	{"to 255.255.255.255", {ASK4, .to = "255.255.255.255"}, LEFT},
	{"to 224.0.0.1", {ASK4, .to = "224.0.0.1"}, LEFT},
	{"to ff02::1", {ASK6, .to = "ff02::1"}, LEFT},
	{"from 0.0.0.0", {ASK4, .from = "0.0.0.0"}, LEFT},
	{"from 127.0.0.1", {ASK4, .from = "127.0.0.1"}, LEFT},
	{"from 255.255.255.255", {ASK4, .from = "255.255.255.255"}, LEFT},
	{"from ::", {ASK6, .from = "::"}, LEFT},
	{"from ::1", {ASK6, .from = "::1"}, LEFT},
	{"from ff02::1", {ASK6, .from = "ff02::1"}, LEFT},
	{"from the address it is sent to, IPv4", {ASK4, .from = "192.0.2.2"}, LEFT},
	{"from the address it is sent to, IPv6", {ASK6, .from = "2001:db8::2"}, LEFT},

	{"record route", {ASK4, .options = "01070704 00000000"}, LEFT},
	{"source route", {ASK4, .options = "83070400 00000000"}, LEFT},
	{"hop-by-hop options", {ASK6, .ext = "3a000502 00000100", .ext_first = 0}, LEFT},
	{"destination options", {ASK6, .ext = "3a000104 00000000", .ext_first = 60}, LEFT},
	{"first fragment, IPv4", {ASK4, .frag = 0x2000}, LEFT},
	{"later fragment, IPv4", {ASK4, .frag = 0x0010}, LEFT},
	{"first fragment, IPv6", {ASK6, .ext = "3a000001 00000001", .ext_first = 44}, LEFT},
	{"later fragment, IPv6", {ASK6, .ext = "3a000010 00000001", .ext_first = 44}, LEFT},
	{"atomic fragment, IPv6", {ASK6, .ext = "3a000000 00000001", .ext_first = 44}, LEFT},

	{"IPv4 length one less", {ASK4, .ip_len = -1}, LEFT},
	{"IPv4 length one more", {ASK4, .ip_len = 1}, LEFT},
	{"IPv4 length for 7 bytes of ICMP", {ASK4, .ip_len = 27 - 84}, LEFT},
	{"IPv4 length 20", {ASK4, .ip_len = 20 - 84}, LEFT},
	{"IPv4 length 0", {ASK4, .ip_len = -84}, LEFT},
	{"IPv4 length 65535", {ASK4, .ip_len = 65535 - 84}, LEFT},
	{"IPv6 length one less", {ASK6, .ip_len = -1}, LEFT},
	{"IPv6 length one more", {ASK6, .ip_len = 1}, LEFT},
	{"IPv6 length 0", {ASK6, .ip_len = -64}, LEFT},
	{"header length 16", {ASK4, .version_ihl = 0x44}, LEFT},
	{"version 6 under IPv4's ethertype", {ASK4, .version_ihl = 0x65}, LEFT},

	{"echo reply", {.proto = IPPROTO_ICMP, .type = 0, ECHO}, LEFT},
	{"echo reply, IPv6", {.family = 6, .proto = IPPROTO_ICMPV6, .type = 129, ECHO}, LEFT},
	{"echo request with a code", {.proto = IPPROTO_ICMP, .type = 8, .code = 1}, LEFT},
	{"timestamp request", {.proto = IPPROTO_ICMP, .type = 13, .bytes = 12}, LEFT},
	{"unreachable", {.proto = IPPROTO_ICMP, .type = 3, .code = 4, .bytes = 28}, LEFT},
	{"neighbour solicitation", {.family = 6, .proto = IPPROTO_ICMPV6, .type = 135, .bytes = 16, .ttl = 255}, LEFT},
	{"router advertisement", {.family = 6, .proto = IPPROTO_ICMPV6, .type = 134, .bytes = 8, .ttl = 255}, LEFT},
	{"ICMP over IPv6", {.family = 6, .proto = IPPROTO_ICMP, .type = 8, ECHO}, LEFT},
	{"ICMPv6 over IPv4", {.proto = IPPROTO_ICMPV6, .type = 128, ECHO}, LEFT},
	{"UDP", {.proto = IPPROTO_UDP, .sport = 2048, .dport = 7}, LEFT},
	{"ARP", {.ether = 0x0806, .bytes = 28}, LEFT},
};

static const struct packet corpus[] = {
	{ASK4},
	{ASK6},
	{ASK4, .vlans = 1, .vlan = {10}, .trailer = 3},
	{ASK6, .vlans = 2, .vlan = {100, 10}},
	{ASK4, .options = "01070704 00000000"},
	{ASK6, .ext = "3a000502 00000100", .ext_first = 0},
	{.proto = IPPROTO_ICMP, .type = 8, .bytes = 1400},
	{.family = 6, .proto = IPPROTO_ICMPV6, .type = 128, .bytes = 331},
};

int main(int argc, char **argv)
{
	struct bpf_object *obj = test_load(argc > 1 ? argv[1] : NULL);
	struct bpf_program *prog = test_prog(obj, "ping");
	struct packet ask4 = {ASK4}, ask6 = {ASK6}, zero4 = {ASK4}, zero6 = {ASK6};
	char text[2];

	test_table(prog, cases, ARRAY_LEN(cases));
	test_sizes(prog, "IPv4", ask4, 0, 1600);
	test_sizes(prog, "IPv6", ask6, 0, 1600);
	test_sizes(prog, "MTU 3000 and above, IPv4", ask4, 2960, 3430);
	test_sizes(prog, "MTU 3000 and above, IPv6", ask6, 2940, 3410);
	test_truncated(prog, "IPv4", &ask4, XDP_PASS);
	test_truncated(prog, "IPv6", &ask6, XDP_PASS);
	packet_zero_sum(&zero4, text);
	test_table(prog, &(struct test_case){"a request whose checksum is zero, IPv4", zero4, ANSWERED}, 1);
	packet_zero_sum(&zero6, text);
	test_table(prog, &(struct test_case){"a request whose checksum is zero, IPv6", zero6, ANSWERED}, 1);
	test_fuzz(prog, corpus, ARRAY_LEN(corpus), 20000, 1 << XDP_PASS | 1 << XDP_TX);
	if (test_wants_bench(argc, argv)) {
		/* of fifty, all but the first see the reply: what it costs to leave a packet alone */
		test_bench(prog, "ping, an ICMP packet left alone", &ask4);
		test_bench(prog, "ping, not ICMP", &(struct packet){.proto = IPPROTO_TCP, .bytes = 10});
	}
	bpf_object__close(obj);
	return test_end();
}
