// SPDX-License-Identifier: Apache-2.0
/* echo_test.c - the packet table of functions/echo. */
#include "../test.h"

#define UDP(from_port, to_port) .proto = IPPROTO_UDP, .sport = from_port, .dport = to_port, .bytes = 18
#define ASK			UDP(40000, 7)
#define V6			.family = 6
#define BACK			UDP(7, 40000), .from_mac = mac_host, .to_mac = mac_client, .from = "192.0.2.2", .to = "192.0.2.1"
#define ANSWERED		.verdict = XDP_TX, .turned = true
#define LEFT			.verdict = XDP_PASS

static const struct test_case cases[] = {
	{"IPv4", {ASK}, ANSWERED},
	{"IPv6", {ASK, V6}, ANSWERED},
	{"literal bytes: 'hi' over IPv4, no checksum, 12 bytes of padding",
	 .hex = "020000000002 020000000001 0800 4510001e123440003d11a787 c0000201 c0000202 9c40 0007 000a 0000 6869"
		"000000000000000000000000 0000",
	 .out_hex = "020000000001 020000000002 0800 4510001e123440003c11a887 c0000202 c0000201 0007 9c40 000a 7725 6869"
		    "000000000000000000000000 0000",
	 .verdict = XDP_TX},
	{"VLAN, with priority", {ASK, .vlans = 1, .vlan = {0x600a}}, ANSWERED},
	{"VLAN, IPv6", {ASK, V6, .vlans = 1, .vlan = {10}}, ANSWERED},
	{"QinQ", {ASK, .vlans = 2, .vlan = {100, 10}}, ANSWERED},
	{"QinQ, IPv6", {ASK, V6, .vlans = 2, .vlan = {100, 10}}, ANSWERED},
	{"three tags", {ASK, .vlans = 3, .vlan = {100, 10, 1}}, LEFT},
	{"Ethernet padding stays",
	 {.proto = IPPROTO_UDP, .sport = 40000, .dport = 7, .bytes = 1, .trailer = 17},
	 ANSWERED},
	{"DF, id and traffic class stay", {ASK, .frag = 0x4000, .id = 0xbeef, .tos = 0xb8}, ANSWERED},
	{"IPv6 flow label and traffic class stay", {ASK, V6, .id = 0xbeef, .tos = 0xb8}, ANSWERED},

	/* the hop limit of an answer, literally: a loop ends */
	{"TTL 2", {ASK, .ttl = 2}, .verdict = XDP_TX, .has_out = true, .out = {BACK, .ttl = 1}},
	{"TTL 64", {ASK, .ttl = 64}, .verdict = XDP_TX, .has_out = true, .out = {BACK, .ttl = 63}},
	{"TTL 65", {ASK, .ttl = 65}, .verdict = XDP_TX, .has_out = true, .out = {BACK, .ttl = 64}},
	{"TTL 66", {ASK, .ttl = 66}, .verdict = XDP_TX, .has_out = true, .out = {BACK, .ttl = 64}},
	{"TTL 255", {ASK, .ttl = 255}, .verdict = XDP_TX, .has_out = true, .out = {BACK, .ttl = 64}},
	{"TTL 1", {ASK, .ttl = 1}, LEFT},
	{"hop limit 2", {ASK, V6, .ttl = 2}, ANSWERED},
	{"hop limit 64", {ASK, V6, .ttl = 64}, ANSWERED},
	{"hop limit 255", {ASK, V6, .ttl = 255}, ANSWERED},
	{"hop limit 1", {ASK, V6, .ttl = 1}, LEFT},

	/* checksums */
	{"no checksum, IPv4", {ASK, .sum = SUM_ZERO}, ANSWERED},
	{"no checksum, IPv6", {ASK, V6, .sum = SUM_ZERO}, LEFT},
	{"checksum left to hardware, IPv4", {ASK, .sum = SUM_PARTIAL}, ANSWERED},
	{"checksum left to hardware, IPv6", {ASK, V6, .sum = SUM_PARTIAL}, ANSWERED},
	{"wrong checksum, IPv4", {ASK, .sum = SUM_WRONG}, LEFT},
	{"wrong checksum, IPv6", {ASK, V6, .sum = SUM_WRONG}, LEFT},
	{"wrong IPv4 header checksum", {ASK, .bad_ip_sum = true}, LEFT},

	/* what would loop or amplify */
	{"from port 1024", {UDP(1024, 7)}, ANSWERED},
	{"from port 1023", {UDP(1023, 7)}, LEFT},
	{"from port 7", {UDP(7, 7)}, LEFT},
	{"from port 0", {UDP(0, 7)}, LEFT},
	{"from its own port", {UDP(7007, 7007)}, LEFT},
	{"on another port, as the trigger says", {UDP(40000, 7007)}, ANSWERED},
	{"to a broadcast MAC address", {ASK, .to_mac = mac_broadcast}, LEFT},
	{"to a multicast MAC address", {ASK, .to_mac = mac_multicast}, LEFT},
	{"from a multicast MAC address", {ASK, .from_mac = mac_multicast}, LEFT},
	{"to 255.255.255.255", {ASK, .to = "255.255.255.255"}, LEFT},
	{"to 224.0.0.1", {ASK, .to = "224.0.0.1"}, LEFT},
	{"to 0.0.0.0", {ASK, .to = "0.0.0.0"}, LEFT},
	{"to 127.0.0.1", {ASK, .to = "127.0.0.1"}, LEFT},
	{"from 223.255.255.254", {ASK, .from = "223.255.255.254"}, ANSWERED},
	{"from 1.0.0.1", {ASK, .from = "1.0.0.1"}, ANSWERED},
	{"from 0.0.0.0", {ASK, .from = "0.0.0.0"}, LEFT},
	{"from 127.0.0.1", {ASK, .from = "127.0.0.1"}, LEFT},
	{"from 239.1.2.3", {ASK, .from = "239.1.2.3"}, LEFT},
	{"from 255.255.255.255", {ASK, .from = "255.255.255.255"}, LEFT},
	{"from ::", {ASK, .from = "::", .to = "2001:db8::2"}, LEFT},
	{"from ::1", {ASK, .from = "::1", .to = "2001:db8::2"}, LEFT},
	{"from ::ffff:192.0.2.1", {ASK, .from = "::ffff:192.0.2.1", .to = "2001:db8::2"}, LEFT},
	{"from ff02::1", {ASK, .from = "ff02::1"}, LEFT},
	{"from the address it is sent to, IPv4", {ASK, .from = "192.0.2.2"}, LEFT},
	{"from the address it is sent to, IPv6", {ASK, V6, .from = "2001:db8::2"}, LEFT},
	{"from almost that, IPv6", {ASK, V6, .from = "2001:db8::3"}, ANSWERED},
	{"from almost that, but for the network, IPv6", {ASK, V6, .from = "2001:db9::2"}, ANSWERED},
	{"to ff02::1", {ASK, .to = "ff02::1"}, LEFT},
	{"to ::", {ASK, .to = "::"}, LEFT},
	{"link-local", {ASK, .from = "fe80::1", .to = "fe80::2"}, ANSWERED},

	/* options, extension headers, fragments */
	{"router alert", {ASK, .options = "94040000"}, LEFT},
	{"forty bytes of options",
	 {ASK, .options = "0101010101010101010101010101010101010101"
			  "0101010101010101010101010101010101010101"},
	 LEFT},
	{"hop-by-hop options", {ASK, V6, .ext = "11000502 00000100", .ext_first = 0}, LEFT},
	{"destination options", {ASK, V6, .ext = "11000104 00000000", .ext_first = 60}, LEFT},
	{"routing header", {ASK, V6, .ext = "11000400 00000000", .ext_first = 43}, LEFT},
	{"first fragment, IPv4", {ASK, .frag = 0x2000}, LEFT},
	{"later fragment, IPv4", {ASK, .frag = 0x2010}, LEFT},
	{"last fragment, IPv4", {ASK, .frag = 0x0010}, LEFT},
	{"first fragment, IPv6", {ASK, V6, .ext = "11000001 00000001", .ext_first = 44}, LEFT},
	{"later fragment, IPv6", {ASK, V6, .ext = "11000010 00000001", .ext_first = 44}, LEFT},
	{"atomic fragment, IPv6", {ASK, V6, .ext = "11000000 00000001", .ext_first = 44}, LEFT},

	/* lengths and versions that lie */
	{"UDP length one less", {ASK, .l4_len = -1}, LEFT},
	{"UDP length one more", {ASK, .l4_len = 1}, LEFT},
	{"UDP length 0", {ASK, .l4_len = -26}, LEFT},
	{"UDP length 7", {ASK, .l4_len = -19}, LEFT},
	{"IP and UDP length 7", {ASK, .l4_len = -19, .ip_len = -19}, LEFT},
	{"UDP length 65535", {ASK, .l4_len = 65535 - 26}, LEFT},
	{"IPv4 length one more", {ASK, .ip_len = 1}, LEFT},
	{"IPv4 and UDP length one more", {ASK, .ip_len = 1, .l4_len = 1}, LEFT},
	{"IPv4 and UDP length into the padding, checksum wrong", {ASK, .ip_len = 4, .l4_len = 4, .trailer = 4}, LEFT},
	{"IPv4 length 19", {ASK, .ip_len = 19 - 46}, LEFT},
	{"IPv4 length 20", {ASK, .ip_len = 20 - 46}, LEFT},
	{"IPv4 length 0", {ASK, .ip_len = -46}, LEFT},
	{"IPv4 length 65535", {ASK, .ip_len = 65535 - 46}, LEFT},
	{"IPv6 length one more", {ASK, V6, .ip_len = 1}, LEFT},
	{"IPv6 length 0 (jumbogram)", {ASK, V6, .ip_len = -26}, LEFT},
	{"IPv6 length 65535", {ASK, V6, .ip_len = 65535 - 26}, LEFT},
	{"header length 16", {ASK, .version_ihl = 0x44}, LEFT},
	{"header length 60, beyond the end", {ASK, .version_ihl = 0x4f}, LEFT},
	{"version 6 under IPv4's ethertype", {ASK, .version_ihl = 0x65}, LEFT},
	{"version 4 under IPv6's ethertype", {ASK, V6, .version_ihl = 0x45}, LEFT},

	/* not for us */
	{"TCP", {.proto = IPPROTO_TCP, .sport = 40000, .dport = 7, .tcp_flags = 2}, LEFT},
	{"ICMP", {.proto = IPPROTO_ICMP, .type = 8}, LEFT},
	{"ARP", {.ether = 0x0806, .bytes = 28}, LEFT},
	{"LLDP", {.ether = 0x88cc, .bytes = 46}, LEFT},
};

/* Two ports above 1023, so that the answer, too, is answered: repeated runs go round and round, while hops are left. */
static const struct packet corpus[] = {
	{UDP(40000, 40001)},
	{UDP(40000, 7), .vlans = 1, .vlan = {10}},
	{UDP(40000, 7), .vlans = 2, .vlan = {100, 10}, .family = 6},
	{UDP(40000, 7), V6},
	{UDP(40000, 7), .options = "94040000"},
	{UDP(40000, 7), .sum = SUM_ZERO, .trailer = 5},
	{UDP(40000, 7), V6, .sum = SUM_PARTIAL},
	{UDP(40000, 7), V6, .ext = "11000502 00000100", .ext_first = 0},
	{.proto = IPPROTO_UDP, .sport = 40000, .dport = 7, .bytes = 1400},
	{.proto = IPPROTO_UDP, .sport = 40000, .dport = 7, .bytes = 333, .family = 6},
};

static void bench(struct bpf_program *prog)
{
	static const size_t sizes[] = {0, 22, 64, 128, 256, 512, 1024, 1472, 3000};

	for (size_t i = 0; i < ARRAY_LEN(sizes); i++)
		test_bench(prog, "echo, IPv4",
			   &(struct packet){.proto = IPPROTO_UDP, .sport = 40000, .dport = 40001, .bytes = sizes[i]});
	test_bench(prog, "echo, IPv6", &(struct packet){UDP(40000, 40001), V6});
	test_bench(prog, "not UDP", &(struct packet){.proto = IPPROTO_TCP, .bytes = 10});
}

int main(int argc, char **argv)
{
	struct bpf_object *obj = test_load(argc > 1 ? argv[1] : NULL);
	struct bpf_program *prog = test_prog(obj, "echo");
	struct packet zero4 = {UDP(40000, 7)}, zero6 = {UDP(40000, 7), V6};
	char text[2];

	test_hops_lowered = true;
	test_table(prog, cases, ARRAY_LEN(cases));
	test_sizes(prog, "IPv4", (struct packet){UDP(40000, 7)}, 0, 1600);
	test_sizes(prog, "IPv6", (struct packet){UDP(40000, 7), V6, .vlans = 1, .vlan = {1}}, 0, 1600);
	test_sizes(prog, "MTU 3000 and above", (struct packet){UDP(40000, 7)}, 2960, 3430);
	test_truncated(prog, "IPv4", &(struct packet){UDP(40000, 7), .vlans = 1, .vlan = {1}}, XDP_PASS);
	test_truncated(prog, "IPv6", &(struct packet){UDP(40000, 7), V6}, XDP_PASS);
	test_truncated(prog, "IPv6 with options", &(struct packet){UDP(40000, 7), V6, .ext = "11000502 00000100"},
		       XDP_PASS);
	packet_zero_sum(&zero4, text);
	test_table(prog, &(struct test_case){"a sum of zero is written 0xffff, IPv4", zero4, ANSWERED}, 1);
	packet_zero_sum(&zero6, text);
	test_table(prog, &(struct test_case){"a sum of zero is written 0xffff, IPv6", zero6, ANSWERED}, 1);
	test_fuzz(prog, corpus, ARRAY_LEN(corpus), 20000, 1 << XDP_PASS | 1 << XDP_TX);
	if (test_wants_bench(argc, argv))
		bench(prog);
	bpf_object__close(obj);
	return test_end();
}
