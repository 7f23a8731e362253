// SPDX-License-Identifier: Apache-2.0
/* price.c - what the gate costs: ns a packet, the best of many short runs, because the machine has other work too.
 * (Each run of XDP waits for all CPUs before and after, hence not more of them.) */
#include "rig.h"

#include <stdio.h>

#define RUNS	40
#define PACKETS 20000

static const struct packet dns = {UDP(53), .bytes = 18}, dns6 = {UDP(53), V6, .bytes = 18};
static const struct packet other = {UDP(54), .bytes = 18}, other6 = {UDP(54), V6, .bytes = 18};
static const struct packet arp = {.ether = ETH_P_ARP, .bytes = 28};

static void measure(struct gate *g, const char *what, const struct packet *p)
{
	uint32_t best = ~0u;
	int verdict = 0;

	for (int i = 0; i < RUNS; i++) {
		const struct test_run *r = rig_packet(g, p, PACKETS);

		if (!r->failed && r->ns < best)
			best = r->ns;
		verdict = r->verdict;
	}
	printf("%-10s %-44s %4u ns  verdict %d\n", g->name, what, best, verdict);
	fflush(stdout);
}

/* N functions that do nothing but answer, on TABLE. */
static void deploy(struct gate *g, const struct function *table, size_t n, bool go_on)
{
	rig_install(g, table, n);
	for (size_t i = 0; i < n; i++)
		rig_put_program(g, FUNCTION_SLOT(i),
				g->hook == KF_XDP ? go_on ? "xdp_pass" : "xdp_tx"
				: go_on		  ? "tc_unspec"
						  : "tc_shot");
}

static void measure_one(struct gate *g, const char *what, struct function f, uint32_t sample, const struct packet *p)
{
	deploy(g, &f, 1, false);
	rig_sample(sample);
	measure(g, what, p);
}

static void measure_bare(struct gate *g)
{
	struct bpf_program *gate = g->prog;

	g->prog = test_prog(functions, g->hook == KF_XDP ? "xdp_pass" : "tc_unspec");
	measure(g, "an empty program, attached bare", &dns);
	g->prog = gate;
}

static void measure_brakes(struct gate *g)
{
	struct kf_policy limit = {.interval = 64, .tolerance = 64ull << 40},
			 drop = {.interval = 1ull << 62, .flags = KF_LIMIT_DROP | KF_LIMIT_COARSE};
	struct kf_policy budget = {.budget_ns = 1000000000};

	measure_one(g, "limit with a short burst, within it",
		    (struct function){"udp/53", .flags = KF_STEP_LIMIT, .policy = limit}, 0, &dns);
	limit.flags |= KF_LIMIT_COARSE;
	measure_one(g, "limit, within it", (struct function){"udp/53", .flags = KF_STEP_LIMIT, .policy = limit}, 0,
		    &dns);
	measure_one(g, "limit, over it, dropped", (struct function){"udp/53", .flags = KF_STEP_LIMIT, .policy = drop},
		    0, &dns);
	measure_one(g, "fuse, sample 256", (struct function){"udp/53", .flags = KF_STEP_FUSE, .policy = budget}, 256,
		    &dns);
	measure_one(g, "fuse, sample 1", (struct function){"udp/53", .flags = KF_STEP_FUSE, .policy = budget}, 1, &dns);
}

static void measure_gate(struct gate *g)
{
	static const struct function chain[KF_CHAIN_LEN] = {
		{"udp/53"}, {"udp/53"}, {"udp/53"}, {"udp/53"}, {"udp/53"}, {"udp/53"}, {"udp/53"}, {"udp/53"},
	};
	static const struct function port = {"udp/53"}, local = {"udp/53", .local = true},
				     behind_any[] = {{"any"}, port};

	measure_bare(g);
	rig_install(g, NULL, 0);
	measure(g, "no function on this hook", &dns);
	deploy(g, &port, 1, false);
	measure(g, "no match: IPv4 UDP", &other);
	measure(g, "no match: IPv6 UDP", &other6);
	measure(g, "no match: ARP", &arp);
	measure(g, "a function by port, IPv4", &dns);
	measure(g, "a function by port, IPv6", &dns6);
	measure_one(g, "the same, sample 256", port, 256, &dns);
	measure_one(g, "the same, sample 1", port, 1, &dns);
	measure_one(g, "the same, scope local, IPv4", local, 0, &dns);
	measure_one(g, "the same, scope local, IPv6", local, 0, &dns6);
	measure_one(g, "by port to prefix, IPv4", (struct function){"udp/53 to 192.0.2.0/24"}, 0, &dns);
	measure_one(g, "by port to prefix, IPv6", (struct function){"udp/53 to 2001:db8::/32"}, 0, &dns6);
	measure_one(g, "any", (struct function){"any"}, 0, &dns);
	deploy(g, behind_any, 2, true);
	measure(g, "any, then a function by port", &dns);
	deploy(g, chain, KF_CHAIN_LEN, true);
	measure(g, "a chain of 8", &dns);
	measure_brakes(g);
	deploy(g, &port, 1, false);
	rig_point(g, 53, KF_SLOTS - 1);
	rig_put_program(g, KF_SLOTS - 1, g->hook == KF_XDP ? "xdp_tx" : "tc_shot");
	measure(g, "a function by port in a spare slot", &dns);
}

void test_price(void)
{
	/* For scope local: without its routing rule, an address that is nobody's counts as own, which costs the same.
	 */
	rig_sysctl("ipv4/conf/lo/forwarding", "1");
	rig_sysctl("ipv6/conf/lo/forwarding", "1");
	printf("ns a packet, the best of %u runs of %u packets each (BPF_PROG_TEST_RUN's own loop included)\n", RUNS,
	       PACKETS);
	for (struct gate *g = gates; g < gates + KF_HOOKS; g++)
		if (g->hook != KF_TC_EGRESS)
			measure_gate(g);
}
