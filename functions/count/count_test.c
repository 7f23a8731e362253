// SPDX-License-Identifier: Apache-2.0
/* count_test.c - the packet table of functions/count: which row of which hook a packet is counted in. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../test.h"

/* As in count.bpf.c. */
enum row {
	ARP,
	ETHER,
	DAMAGED,
	V4_ICMP,
	V4_TCP,
	V4_UDP,
	V4_SCTP,
	V4_OTHER,
	V4_FRAGMENTS,
	V6_ICMP,
	V6_TCP,
	V6_UDP,
	V6_SCTP,
	V6_OTHER,
	V6_FRAGMENTS,
	ROWS
};
struct tally {
	uint64_t packets, bytes;
};

static const struct count_case {
	const char *name;
	struct packet in;
	enum row row;
	bool xdp_only; /* the kernel gives no such thing to TC */
} cases[] = {
	{"ARP", {.ether = 0x0806, .bytes = 28}, .row = ARP},
	{"ARP in a VLAN", {.ether = 0x0806, .bytes = 28, .vlans = 1, .vlan = {10}}, .row = ARP},
	{"LLDP", {.ether = 0x88cc, .bytes = 46}, .row = ETHER},
	{"an 802.3 length", {.ether = 46, .bytes = 46}, .row = ETHER},
	{"three tags", {.proto = IPPROTO_UDP, .vlans = 3, .vlan = {1, 2, 3}}, .row = ETHER},
	{"ICMP", {.proto = IPPROTO_ICMP, .type = 8}, .row = V4_ICMP},
	{"ICMP, IPv6", {.family = 6, .proto = IPPROTO_ICMPV6, .type = 128}, .row = V6_ICMP},
	{"ICMPv6 over IPv4", {.proto = IPPROTO_ICMPV6}, .row = V4_OTHER},
	{"ICMP over IPv6", {.family = 6, .proto = IPPROTO_ICMP}, .row = V6_OTHER},
	{"TCP", {.proto = IPPROTO_TCP, .bytes = 100}, .row = V4_TCP},
	{"TCP, options, QinQ",
	 {.proto = IPPROTO_TCP, .options = "94040000", .vlans = 2, .vlan = {1, 2}},
	 .row = V4_TCP},
	{"TCP, IPv6", {.family = 6, .proto = IPPROTO_TCP}, .row = V6_TCP},
	{"UDP", {.proto = IPPROTO_UDP, .bytes = 1472}, .row = V4_UDP},
	{"UDP, multicast", {.proto = IPPROTO_UDP, .to = "224.0.0.1", .to_mac = mac_multicast}, .row = V4_UDP},
	{"UDP, wrong checksum", {.proto = IPPROTO_UDP, .sum = SUM_WRONG}, .row = V4_UDP},
	{"UDP, padded", {.proto = IPPROTO_UDP, .trailer = 18}, .row = V4_UDP},
	{"UDP, IPv6", {.family = 6, .proto = IPPROTO_UDP}, .row = V6_UDP},
	{"UDP, hop-by-hop",
	 {.family = 6, .proto = IPPROTO_UDP, .ext = "11000502 00000100", .ext_first = 0},
	 .row = V6_UDP},
	{"UDP, hop-by-hop, destination options, routing, AH",
	 {.family = 6,
	  .proto = IPPROTO_UDP,
	  .ext_first = 0,
	  .ext = "3c000502 00000100  2b000104 00000000  33000400 00000000  11020000 00000001 00000001 00000000"},
	 .row = V6_UDP},
	{"UDP, atomic fragment",
	 {.family = 6, .proto = IPPROTO_UDP, .ext = "11000000 00000001", .ext_first = 44},
	 .row = V6_UDP},
	{"eight extension headers",
	 {.family = 6,
	  .proto = IPPROTO_TCP,
	  .ext_first = 60,
	  .ext = "3c000104 00000000 3c000104 00000000 3c000104 00000000 3c000104 00000000"
		 "3c000104 00000000 3c000104 00000000 3c000104 00000000 06000104 00000000"},
	 .row = V6_TCP},
	{"nine extension headers",
	 {.family = 6,
	  .proto = IPPROTO_TCP,
	  .ext_first = 60,
	  .ext = "3c000104 00000000 3c000104 00000000 3c000104 00000000 3c000104 00000000 3c000104 00000000"
		 "3c000104 00000000 3c000104 00000000 3c000104 00000000 06000104 00000000"},
	 .row = DAMAGED},
	{"an extension header beyond the packet",
	 {.family = 6, .proto = IPPROTO_TCP, .ext_first = 60, .ext = "06ff0104 00000000"},
	 .row = DAMAGED},
	{"an extension header cut off",
	 {.family = 6, .proto = IPPROTO_UDP, .ext_first = 60, .ext = "11000104 00000000", .cut = 12, .ip_len = -12},
	 .row = DAMAGED},
	{"no next header", {.family = 6, .proto = 59}, .row = V6_OTHER},
	{"SCTP", {.proto = 132, .bytes = 12}, .row = V4_SCTP},
	{"SCTP, IPv6", {.family = 6, .proto = 132, .bytes = 12}, .row = V6_SCTP},
	{"GRE", {.proto = 47, .bytes = 12}, .row = V4_OTHER},
	{"ESP, IPv6", {.family = 6, .proto = 50, .bytes = 12}, .row = V6_OTHER},
	{"first fragment", {.proto = IPPROTO_UDP, .frag = 0x2000, .bytes = 64}, .row = V4_FRAGMENTS},
	{"later fragment", {.proto = IPPROTO_UDP, .frag = 0x00b9, .bytes = 64}, .row = V4_FRAGMENTS},
	{"first fragment, IPv6",
	 {.family = 6, .proto = IPPROTO_UDP, .ext = "11000001 00000001", .ext_first = 44},
	 .row = V6_FRAGMENTS},
	{"later fragment, IPv6, that looks like a header",
	 {.family = 6, .proto = 60, .ext = "3c0000b9 00000001", .ext_first = 44, .bytes = 16},
	 .row = V6_FRAGMENTS},
	{"IPv4 cut short", {.proto = IPPROTO_UDP, .cut = 20}, .row = DAMAGED, .xdp_only = true},
	{"IPv6 cut short", {.family = 6, .proto = IPPROTO_UDP, .cut = 9}, .row = DAMAGED, .xdp_only = true},
	{"IPv4 length 19", {.proto = IPPROTO_UDP, .ip_len = 19 - 28}, .row = DAMAGED},
	{"IPv4 header length 16", {.proto = IPPROTO_UDP, .version_ihl = 0x44}, .row = DAMAGED},
	{"IPv4 header beyond the packet", {.proto = IPPROTO_UDP, .version_ihl = 0x4f}, .row = DAMAGED},
	{"version 5", {.proto = IPPROTO_UDP, .version_ihl = 0x55}, .row = DAMAGED},
	{"a VLAN tag cut off", {.proto = IPPROTO_UDP, .vlans = 1, .cut = 29}, .row = DAMAGED},
};

static const struct hook {
	const char *prog;
	int verdict;
} hooks[] = {{"count_xdp", XDP_PASS}, {"count_ingress", TC_ACT_UNSPEC}, {"count_egress", TC_ACT_UNSPEC}};

/* The map's rows of HOOK, over all CPUs. */
static void read_rows(int map, uint32_t hook, struct tally sum[ROWS])
{
	int cpus = libbpf_num_possible_cpus();
	struct tally(*per_cpu)[ROWS] = calloc(cpus, sizeof(*per_cpu));

	memset(sum, 0, ROWS * sizeof(*sum));
	if (!per_cpu || bpf_map_lookup_elem(map, &hook, per_cpu))
		test_ok(false, "reading the map");
	else
		for (int c = 0; c < cpus; c++)
			for (int r = 0; r < ROWS; r++) {
				sum[r].packets += per_cpu[c][r].packets;
				sum[r].bytes += per_cpu[c][r].bytes;
			}
	free(per_cpu);
}

static void run_case(struct bpf_object *obj, uint32_t hook, const struct count_case *c)
{
	static uint8_t in[TEST_FRAME];
	static struct test_run r;
	struct tally before[ROWS], after[ROWS];
	int map = test_map(obj, "packets");
	size_t len = packet_build(in, &c->in);
	bool ok;

	read_rows(map, hook, before);
	test_run(test_prog(obj, hooks[hook].prog), in, len, NULL, 0, 1, &r);
	read_rows(map, hook, after);
	ok = !r.failed && r.verdict == hooks[hook].verdict && test_bytes(r.frame, r.len, in, len);
	if (!ok)
		test_note("verdict %d, want %d", r.verdict, hooks[hook].verdict);
	for (int row = 0; row < ROWS; row++) {
		uint64_t packets = after[row].packets - before[row].packets,
			 bytes = after[row].bytes - before[row].bytes;

		if (packets == (row == (int)c->row) && bytes == (row == (int)c->row ? len : 0))
			continue;
		test_note("row %d got %zu packets, %zu bytes", row, (size_t)packets, (size_t)bytes);
		ok = false;
	}
	test_ok(ok, "%s: %s", hooks[hook].prog, c->name);
}

int main(int argc, char **argv)
{
	struct bpf_object *obj = test_load(argc > 1 ? argv[1] : NULL);
	static struct packet corpus[ARRAY_LEN(cases)];

	for (uint32_t hook = 0; hook < ARRAY_LEN(hooks); hook++)
		for (size_t i = 0; i < ARRAY_LEN(cases); i++)
			if (!hook || !cases[i].xdp_only)
				run_case(obj, hook, &cases[i]);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		corpus[i] = cases[i].in;
	test_truncated(test_prog(obj, "count_xdp"), "IPv6 with an extension header", &cases[17].in, XDP_PASS);
	test_fuzz(test_prog(obj, "count_xdp"), corpus, ARRAY_LEN(corpus), 20000, 1 << XDP_PASS);
	test_fuzz(test_prog(obj, "count_ingress"), corpus, ARRAY_LEN(corpus), 20000, 1 << (TC_ACT_UNSPEC + 1));
	if (test_wants_bench(argc, argv))
		for (uint32_t hook = 0; hook < ARRAY_LEN(hooks); hook++) {
			test_bench(test_prog(obj, hooks[hook].prog), hooks[hook].prog,
				   &(struct packet){.proto = IPPROTO_UDP, .bytes = 22});
			test_bench(test_prog(obj, hooks[hook].prog), hooks[hook].prog,
				   &(struct packet){.family = 6, .proto = IPPROTO_TCP});
		}
	bpf_object__close(obj);
	return test_end();
}
