// SPDX-License-Identifier: Apache-2.0
/* match_test.c - the resolved tables against a reference that reads the rules off the triggers, packet by packet. */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <netinet/in.h>

#include "../match.h"
#include "unit.h"

struct packet {
	__u16 ether;
	bool ip; /* proto and addr count */
	__u8 proto;
	bool has_port;
	__u16 port;
	__u8 addr[16];
};

/* --- The reference --- */

static bool same_family(const __u8 *a, const __u8 *b)
{
	static const __u8 mapped[12] = {[10] = 0xff, [11] = 0xff};

	return !memcmp(a, mapped, 12) == !memcmp(b, mapped, 12);
}

static bool is_v4_prefix(const struct trigger *t)
{
	static const __u8 mapped[12] = {[10] = 0xff, [11] = 0xff};

	return t->prefixlen >= 96 && !memcmp(t->addr, mapped, 12);
}

static bool prefix_holds(const struct trigger *t, const __u8 *addr)
{
	__u8 v4_probe[16] = {[10] = 0xff, [11] = 0xff}, v6_probe[16] = {[0] = 0x20};

	if (!same_family(is_v4_prefix(t) ? v4_probe : v6_probe, addr))
		return false;
	for (unsigned bit = 0; bit < t->prefixlen; bit++)
		if ((t->addr[bit / 8] ^ addr[bit / 8]) & 0x80 >> bit % 8)
			return false;
	return true;
}

static bool applies(const struct trigger *t, const struct packet *p)
{
	switch (t->kind) {
	case TRIGGER_PORT:
		if (!p->ip || !p->has_port || p->proto != t->proto || p->port < t->lo || p->port > t->hi)
			return false;
		break;
	case TRIGGER_PROTO:
		if (!p->ip || p->proto != t->proto)
			return false;
		break;
	case TRIGGER_ETHER:
		if (p->ether != t->lo)
			return false;
		break;
	default:
		return false;
	}
	return !t->has_prefix || prefix_holds(t, p->addr);
}

/* Is A more specific than B? Both apply to one packet. */
static bool beats(const struct trigger *a, const struct trigger *b)
{
	if (a->kind != b->kind)
		return a->kind > b->kind;
	if (a->kind == TRIGGER_PORT && a->hi - a->lo != b->hi - b->lo)
		return a->hi - a->lo < b->hi - b->lo;
	if (a->kind == TRIGGER_PORT && a->lo != b->lo)
		return a->lo < b->lo;
	if (a->has_prefix != b->has_prefix)
		return a->has_prefix;
	return a->has_prefix && a->prefixlen > b->prefixlen;
}

static const struct trigger *best_trigger(const struct match_function *f, size_t n, unsigned hook,
					  const struct packet *p)
{
	const struct trigger *best = NULL;

	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; f[i].hooks & 1u << hook && j < f[i].n_on; j++)
			if (applies(&f[i].on[j], p) && (!best || beats(&f[i].on[j], best)))
				best = &f[i].on[j];
	return best;
}

static bool has_trigger(const struct match_function *f, const struct trigger *t)
{
	for (size_t i = 0; i < f->n_on; i++)
		if (!trigger_compare(&f->on[i], t))
			return true;
	return false;
}

/* The chain that trigger T should have, by selection in order. */
static void expect_chain(const struct match_function *f, size_t n, unsigned hook, const struct trigger *t,
			 struct kf_chain *c)
{
	memset(c, 0, sizeof(*c));
	for (int prio = 0; t && prio < 4; prio++) {
		for (size_t i = 0; i < n; i++) {
			struct kf_step s = {.slot = f[i].slot, .id = f[i].id, .flags = f[i].flags};

			if (f[i].prio != prio || !(f[i].hooks & 1u << hook) || !has_trigger(&f[i], t))
				continue;
			s.cont = hook == KF_XDP ? f[i].cont_xdp : f[i].cont_tc;
			if (hook != KF_TC_EGRESS && f[i].local && !t->has_prefix &&
			    (t->kind == TRIGGER_PORT || t->kind == TRIGGER_PROTO))
				s.flags |= KF_STEP_LOCAL;
			c->step[c->n++] = s;
		}
	}
}

/* --- What the gate does with the tables --- */

static const struct kf_chain *gate(const struct match *m, const struct packet *p)
{
	__u16 chain = 0, hit;
	int best = -1;

	if (m->flags & KF_GEN_L4 && p->ip)
		chain = !p->has_port		  ? m->rows[p->proto].proto
			: p->proto == IPPROTO_UDP ? m->rows[p->port].udp
						  : m->rows[p->port].tcp;
	if (!chain && m->flags & KF_GEN_ETHER)
		chain = m->rows[p->ether].ether;
	hit = m->chains[chain].flags & KF_CHAIN_ADDR ? m->chains[chain].miss : chain;
	for (size_t i = 0; m->chains[chain].flags & KF_CHAIN_ADDR && i < m->n_addrs; i++) {
		const struct match_addr *a = &m->addrs[i];
		int bit = 0;

		if (a->chain != chain)
			continue;
		while (bit < a->prefixlen && !((a->addr[bit / 8] ^ p->addr[bit / 8]) & 0x80 >> bit % 8))
			bit++;
		if (bit < a->prefixlen || bit <= best)
			continue;
		best = bit;
		hit = a->target;
	}
	return &m->chains[hit];
}

static bool same_steps(const struct kf_chain *a, const struct kf_chain *b)
{
	return a->n == b->n && !memcmp(a->step, b->step, a->n * sizeof(a->step[0]));
}

/* --- Random sets --- */

static unsigned seed;
static unsigned rnd(unsigned n)
{
	seed = seed * 1103515245 + 12345;
	return (seed >> 12) % n;
}

static const char *const addresses[] = {
	"0.0.0.0",	   "10.0.0.0", "10.0.0.1",   "10.0.1.0",    "10.0.0.128", "192.0.2.1",
	"255.255.255.255", "::",       "2001:db8::", "2001:db8::1", "2001:db9::", "fe80::1",
};
#define N_ADDRESSES (sizeof(addresses) / sizeof(addresses[0]))

static unsigned pick_port(void)
{
	static const unsigned short ports[] = {1, 2, 3, 5, 6, 17, 58, 1000, 65534, 65535};

	return ports[rnd(10)];
}

static void random_trigger(struct trigger *t)
{
	static const char *const l4[] = {"udp", "tcp", "icmp",	       "icmp6", "proto/47",
					 "ip",	"ip6", "ether/0x88cc", "arp",	"any"};
	static const unsigned v4_len[] = {0, 8, 24, 25, 31, 32}, v6_len[] = {0, 16, 32, 80, 127, 128};
	const char *addr = addresses[rnd(N_ADDRESSES)];
	bool v6 = strchr(addr, ':');
	char text[160];
	unsigned lo, hi, kind = rnd(10);
	size_t n;

	do {
		lo = pick_port();
		hi = pick_port();
	} while (lo > hi);
	if (kind < 3)
		n = sprintf(text, "%s/%u", l4[rnd(2)], lo);
	else if (kind < 6)
		n = sprintf(text, "%s/%u-%u", l4[rnd(2)], lo, hi);
	else
		n = sprintf(text, "%s", l4[rnd(10)]);
	if (rnd(2)) {
		unsigned len = v6 ? v6_len[rnd(6)] : v4_len[rnd(6)];
		struct trigger right;
		const char *p;

		sprintf(text + n, " to %s/%u", addr, len);
		fail_clear();
		if (trigger_parse(t, text, "test") && (p = strstr(fail_text(), "did you mean 'to "))) {
			sscanf(p + 17, "%79[^']", text + n + 4);
			fail_clear();
			if (!trigger_parse(&right, text, "test")) {
				*t = right;
				return;
			}
		}
		if (!*fail_text())
			return;
		text[n] = '\0';
	}
	fail_clear();
	assert_int_equal(trigger_parse(t, text, "test"), 0);
}

static void random_packet(struct packet *p)
{
	static const __u16 ethers[] = {ETH_P_IP, ETH_P_IPV6, ETH_P_ARP, 0x88cc, 0x1234};
	static const __u8 protos[] = {IPPROTO_UDP, IPPROTO_TCP, IPPROTO_ICMP, IPPROTO_ICMPV6, 47, 3};
	const char *addr = addresses[rnd(N_ADDRESSES)];
	bool v6 = strchr(addr, ':');

	memset(p, 0, sizeof(*p));
	p->ether = ethers[rnd(5)];
	if (p->ether != ETH_P_IP && p->ether != ETH_P_IPV6)
		return;
	p->ether = v6 ? ETH_P_IPV6 : ETH_P_IP;
	p->ip = true;
	p->proto = protos[rnd(6)];
	p->has_port = (p->proto == IPPROTO_UDP || p->proto == IPPROTO_TCP) && rnd(5);
	p->port = p->has_port ? pick_port() + rnd(3) - 1 : 0;
	if (v6) {
		inet_pton(AF_INET6, addr, p->addr);
	} else {
		p->addr[10] = p->addr[11] = 0xff;
		inet_pton(AF_INET, addr, p->addr + 12);
	}
	if (!rnd(3))
		p->addr[15] ^= rnd(256);
	if (!rnd(6))
		p->addr[14] ^= rnd(256);
}

static struct kf_row rows[KF_ROWS];
static struct kf_chain chains[KF_CHAINS];
static __u32 brief[2 * KF_ROWS];

/* A port's word has all of its chain, or its number, or sends the gate there. */
static bool right_word(const struct match *m, unsigned port, bool udp)
{
	unsigned number = udp ? rows[port].udp : rows[port].tcp;
	const struct kf_chain *c = &chains[number];
	const struct kf_step *s = c->step;
	__u32 word = brief[udp ? port : KF_ROWS + port];
	bool anywhere = true;

	if (c->flags & KF_CHAIN_ADDR || (!number && (m->flags & (KF_GEN_ANY | KF_GEN_ETHER)) != KF_GEN_ANY))
		return word == KF_BRIEF_NONE;
	for (unsigned i = 0; i < c->n; i++)
		anywhere &= !(s[i].flags & KF_STEP_LOCAL);
	if (anywhere != word >> 31)
		return false;
	if (m->flags & KF_GEN_ANY || c->n > 1 || s->flags & (KF_STEP_LIMIT | KF_STEP_FUSE))
		return (word & 0x7ff) == 0x7ff && (word >> 11 & 0xfffff) == number;
	return s->slot + 1u == (word & 0x7ff) && s->id == (word >> 11 & 0xfffff);
}

static void one_set(unsigned s, unsigned n_packets)
{
	struct match m = {.rows = rows, .chains = chains, .brief = brief};
	struct match_function f[12] = {0};
	struct trigger on[12][10];
	struct kf_chain want;
	size_t n;

	seed = s;
	n = 1 + rnd(12);
	for (size_t i = 0; i < n; i++) {
		f[i] = (struct match_function){.name = "f",
					       .on = on[i],
					       .prio = rnd(4),
					       .hooks = 1 + rnd(7),
					       .id = i,
					       .slot = 100 + i,
					       .flags = rnd(2) ? (__u16[]){KF_STEP_LIMIT, KF_STEP_FUSE}[rnd(2)] : 0,
					       .local = rnd(2),
					       .cont_xdp = 4,
					       .cont_tc = 19};
		for (unsigned want_on = rnd(10) + 1, j = 0; j < want_on; j++) {
			random_trigger(&on[i][f[i].n_on]);
			if (!has_trigger(&f[i], &on[i][f[i].n_on]))
				f[i].n_on++;
		}
	}
	for (unsigned hook = 0; hook < KF_HOOKS; hook++) {
		int rc = match_build(&m, hook, f, n);

		if (rc) {
			assert_non_null(strstr(fail_text(), "is the limit: f"));
			fail_clear();
			continue;
		}
		for (unsigned i = 0; i < n_packets; i++) {
			struct packet p;

			random_packet(&p);
			expect_chain(f, n, hook, best_trigger(f, n, hook, &p), &want);
			if (p.has_port && !right_word(&m, p.port, p.proto == IPPROTO_UDP))
				fail_msg("set %u, hook %u: the word of port %u, proto %u", s, hook, p.port, p.proto);
			if (!same_steps(gate(&m, &p), &want))
				fail_msg("set %u, hook %u, packet %u: port %u proto %u ether %x", s, hook, i, p.port,
					 p.proto, p.ether);
		}
	}
	match_free(&m);
}

static void test_random_sets(void **state)
{
	(void)state;
	for (unsigned s = 1; s <= 1500; s++)
		one_set(s * 7919, 120);
}

/* --- What the random sets do not reach --- */

static void parse(struct trigger *t, const char *text)
{
	assert_int_equal(trigger_parse(t, text, "test"), 0);
}

static void test_any_and_flags(void **state)
{
	struct trigger on[2];
	struct match_function f = {
		.name = "f", .on = on, .n_on = 2, .hooks = 1, .id = 3, .slot = 9, .cont_xdp = 4, .local = true};
	struct match m = {.rows = rows, .chains = chains, .brief = brief};

	(void)state;
	parse(&on[0], "any");
	parse(&on[1], "arp");
	assert_int_equal(match_build(&m, KF_XDP, &f, 1), 0);
	assert_int_equal(m.flags, KF_GEN_ANY | KF_GEN_ETHER);
	assert_int_equal(chains[KF_CHAIN_ANY].n, 1);
	assert_int_equal(chains[KF_CHAIN_ANY].step[0].slot, 9);
	assert_int_equal(chains[KF_CHAIN_ANY].step[0].flags, 0);
	assert_int_equal(chains[rows[ETH_P_ARP].ether].step[0].id, 3);
	assert_int_equal(match_build(&m, KF_TC_INGRESS, &f, 1), 0);
	assert_int_equal(m.flags, 0);
	assert_int_equal(chains[KF_CHAIN_ANY].n, 0);
	match_free(&m);
}

static void test_local_flag(void **state)
{
	struct trigger on[2];
	struct match_function f = {.name = "f", .on = on, .n_on = 2, .hooks = 7, .local = true};
	struct match m = {.rows = rows, .chains = chains, .brief = brief};

	(void)state;
	parse(&on[0], "udp/7");
	parse(&on[1], "udp/7 to 192.0.2.1");
	assert_int_equal(match_build(&m, KF_XDP, &f, 1), 0);
	assert_int_equal(m.n_addrs, 1);
	assert_int_equal(chains[rows[7].udp].flags, KF_CHAIN_ADDR);
	assert_int_equal(chains[chains[rows[7].udp].miss].step[0].flags, KF_STEP_LOCAL);
	assert_int_equal(chains[m.addrs[0].target].step[0].flags, 0);
	assert_int_equal(m.addrs[0].prefixlen, 128);
	assert_int_equal(match_build(&m, KF_TC_EGRESS, &f, 1), 0);
	assert_int_equal(chains[chains[rows[7].udp].miss].step[0].flags, 0);
	match_free(&m);
}

/* The highest of all that a word has room for, and what it has none for. */
static void test_brief(void **state)
{
	struct trigger on;
	struct match_function f = {.name = "f",
				   .on = &on,
				   .n_on = 1,
				   .hooks = 7,
				   .id = KF_FUNCTIONS - 1,
				   .slot = KF_SLOTS - 1,
				   .cont_xdp = KF_CONT_XDP,
				   .cont_tc = KF_CONT_TC,
				   .local = true};
	struct match m = {.rows = rows, .chains = chains, .brief = brief};

	(void)state;
	parse(&on, "tcp/65535");
	assert_int_equal(match_build(&m, KF_XDP, &f, 1), 0);
	assert_int_equal(brief[2 * KF_ROWS - 1], (KF_FUNCTIONS - 1) << 11 | KF_SLOTS);
	assert_int_equal(brief[KF_ROWS - 1], KF_BRIEF_NONE);
	assert_int_equal(match_build(&m, KF_TC_EGRESS, &f, 1), 0);
	assert_int_equal(brief[2 * KF_ROWS - 1], 1u << 31 | (KF_FUNCTIONS - 1) << 11 | KF_SLOTS);
	f.id = f.slot = 0;
	assert_int_equal(match_build(&m, KF_XDP, &f, 1), 0);
	assert_int_equal(brief[2 * KF_ROWS - 1], 1); /* the lowest of all is not none */
	match_free(&m);
}

/* A word says nothing of what goes on: it is one only where that is as usual, or comes to the same. */
static void test_brief_continue(void **state)
{
	static const struct {
		__u16 cont;
		bool xdp, tc;
	} rows_of[] = {{KF_CONT_XDP, true, false},
		       {0, true, false},
		       {KF_CONT_TC, false, true},
		       {1u << 3, false, false},
		       {1u << 1, false, false},
		       {KF_CONT_XDP | 1u << 1, false, false},
		       {KF_CONT_TC | 1u << 3, false, false}};
	struct trigger on;
	struct match_function f = {.name = "f", .on = &on, .n_on = 1, .hooks = 7, .id = 3, .slot = 4};
	struct match m = {.rows = rows, .chains = chains, .brief = brief};

	(void)state;
	parse(&on, "udp/7");
	for (size_t i = 0; i < sizeof(rows_of) / sizeof(*rows_of); i++) {
		f.cont_xdp = f.cont_tc = rows_of[i].cont;
		for (unsigned hook = 0; hook < KF_HOOKS; hook++) {
			bool word = hook == KF_XDP ? rows_of[i].xdp : rows_of[i].tc;

			assert_int_equal(match_build(&m, hook, &f, 1), 0);
			assert_int_equal(brief[7], 1u << 31 | (word ? 3u << 11 | 5u : rows[7].udp * 0x800u + 0x7ff));
		}
	}
	match_free(&m);
}

static void test_chain_too_long(void **state)
{
	struct trigger on;
	struct match_function f[9];
	struct match m = {.rows = rows, .chains = chains, .brief = brief};
	char names[9][4];

	(void)state;
	parse(&on, "udp/7");
	for (int i = 0; i < 9; i++) {
		sprintf(names[i], "f%d", i);
		f[i] = (struct match_function){.name = names[i], .on = &on, .n_on = 1, .hooks = 1};
	}
	assert_int_equal(match_build(&m, KF_XDP, f, 9), -EINVAL);
	assert_string_equal(fail_text(),
			    "9 functions on trigger 'udp/7', 8 is the limit: f0, f1, f2, f3, f4, f5, f6, f7, f8");
	fail_clear();
	assert_int_equal(match_build(&m, KF_XDP, f, 8), 0);
	match_free(&m);
}

/* Every range crosses every other one; with one address, or an address each. */
static int build_crossing(unsigned n, bool one)
{
	static struct trigger on[1024];
	struct match_function f = {.name = "f", .on = on, .n_on = n, .hooks = 1};
	struct match m = {.rows = rows, .chains = chains, .brief = brief};
	char text[64];
	int rc;

	for (unsigned i = 0; i < n; i++) {
		sprintf(text, "udp/%u-%u to 10.%u.%u.1", 1 + i, 30000 + i, one ? 0 : i / 256, one ? 0 : i % 256);
		parse(&on[i], text);
	}
	rc = match_build(&m, KF_XDP, &f, 1);
	match_free(&m);
	return rc;
}

static void test_too_much_crossing(void **state)
{
	(void)state;
	assert_int_equal(build_crossing(50, false), 0);
	assert_int_equal(build_crossing(250, false), -EINVAL);
	assert_non_null(strstr(fail_text(), "too many 'to' addresses"));
	fail_clear();
	assert_int_equal(build_crossing(1024, true), -EINVAL);
	assert_non_null(strstr(fail_text(), "overlap on port"));
	fail_clear();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random_sets),
		cmocka_unit_test(test_any_and_flags),
		cmocka_unit_test(test_brief),
		cmocka_unit_test(test_brief_continue),
		cmocka_unit_test(test_local_flag),
		cmocka_unit_test(test_chain_too_long),
		cmocka_unit_test(test_too_much_crossing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
