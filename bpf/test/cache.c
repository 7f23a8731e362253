// SPDX-License-Identifier: Apache-2.0
/* cache.c - what a CPU knows: a frame that this is true of leads where a look-up would, and one that only looks like it
 * does not. (scope.c says how long an address is known.) */
#include "rig.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

static const struct function table[] = {{"udp/53", .local = true}, {"tcp/53"}, {"udp/54"}, {"proto/47"}, {"tcp/54"},
					{"udp/56", .local = true}};
static const struct packet usual = {UDP(53), .bytes = 40};
static uint8_t frame[TEST_FRAME];
static bool v6; /* all packets below are IPv6 now, but for those that say otherwise */

static const char *family(void)
{
	return v6 ? "IPv6" : "IPv4";
}

static struct packet of_family(const struct packet *p)
{
	struct packet q = *p;

	if (!v6 || q.family)
		return q;
	q.family = 6;
	if (q.to) /* one of our own, or nobody's, as the other is */
		q.to = !strcmp(q.to, "198.51.100.1") ? "2001:db8:1::1" : "2001:db8:2::1";
	q.from = q.from ? "2001:db8:3::1" : NULL;
	return q;
}

static struct kf_known *known(const struct gate *g, size_t cpu)
{
	return v6 ? &g->cache6[cpu].known : &g->cache[cpu].known;
}

static __be16 known_port(const struct gate *g, size_t cpu)
{
	return v6 ? g->cache6[cpu].port : ((const __be16 *)&g->cache[cpu].end)[3];
}

static bool is_cached(const struct gate *g)
{
	for (size_t i = 0; i < KF_CPUS; i++)
		if (known(g, i)->gen == control->gen && known(g, i)->until > KF_CACHE_BUSY)
			return true;
	return false;
}

static struct test_run *run(struct gate *g, const struct packet *p, uint32_t repeat)
{
	struct packet q = of_family(p);

	return rig_packet(g, &q, repeat);
}

/* Enough of P that it is what the CPU matched last. */
static bool prime(struct gate *g, const struct packet *p)
{
	rig_changed();
	run(g, p, 2 * KF_CACHE_MISSES);
	if (is_cached(g))
		return true;
	test_note("%s: a frame is not cached", g->name);
	return false;
}

static bool saw(struct gate *g, const struct packet *p, const char *who)
{
	struct packet q = of_family(p);
	size_t len = rig_frame(g, &q, frame);
	uint64_t first = rig_account(g, 0).packets;
	bool ok = rig_saw(rig_run(g, frame, len, 1), *who ? g->final : g->pass, who, frame, len);

	/* Nor was a slot asked that happens to be empty: what is none counts for id 0, if for any. */
	return ok && (*who || rig_account(g, 0).packets == first);
}

static const struct row like[] = {
	{"the same", {UDP(53), .bytes = 40}, "a"},
	{"another length", {UDP(53), .bytes = 3}, "a"},
	{"another sender", {UDP(53), .from = "198.51.100.7", .bytes = 40}, "a"},
	{"a trailer", {UDP(53), .bytes = 4, .trailer = 20}, "a"},
	{"another port", {UDP(54), .bytes = 40}, "c"},
	{"a port that nobody asks for", {UDP(55), .bytes = 40}, ""},
	{"a port that is another in its upper half", {UDP(256 + 53), .bytes = 40}, ""},
	{"a port that is another in its lower half", {UDP(256), .bytes = 40}, ""},
	{"another protocol", {TCP(53), .bytes = 40}, "b"},
	{"a protocol without ports", {.proto = IPPROTO_GRE, .bytes = 40}, "d"},
	{"not an own address", {UDP(53), .to = "203.0.113.1", .bytes = 40}, ""},
	{"a tag", {UDP(53), .vlans = 1, .bytes = 40}, "a"},
	{"a broadcast frame", {UDP(53), .to_mac = mac_broadcast, .bytes = 40}, ""},
	{"a frame to another's MAC address", {UDP(53), .to_mac = mac_client, .bytes = 40}, ""},
};

static const struct row like4[] = {
	{"a first fragment", {UDP(53), .frag = 0x2000, .bytes = 40}, ""},
	{"a last fragment", {UDP(53), .frag = 0x0005, .bytes = 40}, ""},
	{"options", {UDP(53), .options = "94040000", .bytes = 40}, "a"},
	{"IPv6", {UDP(53), V6, .bytes = 40}, "a"},
};

static const struct row like6[] = {
	{"a first fragment", {UDP(53), V6, .ext_first = 44, .ext = "1100 0001 12345678", .bytes = 40}, ""},
	{"a last fragment", {UDP(53), V6, .ext_first = 44, .ext = "1100 0010 12345678", .bytes = 40}, ""},
	{"an extension header", {UDP(53), V6, .ext_first = 0, .ext = "1100 010400000000", .bytes = 40}, "a"},
	{"an extension header that looks like UDP", {UDP(0x1100), V6, .ext_first = 60, .ext = "1100 010400000000"}, ""},
	{"another flow and traffic class", {UDP(53), .tos = 0xff, .bytes = 40}, "a"},
	{"IPv4", {UDP(53), .family = 4, .bytes = 40}, "a"},
	{"not an own address by its first half", {UDP(53), V6, .to = "2001:db8:2::2", .bytes = 40}, ""},
	{"not an own address by its second half", {UDP(53), V6, .to = "2001:db8::3", .bytes = 40}, ""},
};

static void test_like(struct gate *g, const struct row *rows, size_t n)
{
	bool out = g->hook == KF_TC_EGRESS; /* has no scope */

	rig_install(g, table, ARRAY_LEN(table));
	for (const struct row *r = rows; r < rows + n; r++) {
		bool ok = prime(g, &usual);

		if (out && (r->in.to || r->in.to_mac))
			continue;
		ok &= saw(g, &r->in, r->want) && saw(g, &usual, "a");
		test_ok(ok, "%s, %s: after others, %s", g->name, family(), r->name);
	}
}

/* Lengths that do not fit the frame; what is cut off is not there. */
static void test_lengths(struct gate *g)
{
	static const struct {
		const char *name;
		uint16_t total; /* IPv4's; the payload of IPv6 is 20 less, the frame 20 more */
		size_t len;
		const char *want;
	} rows[] = {
		{"the frame is shorter than its packet", 68, 60, ""}, {"a packet as long as the frame", 46, 60, "a"},
		{"a packet longer than the frame", 47, 60, ""},	      {"a packet of headers alone", 28, 60, "a"},
		{"a packet without room for ports", 27, 60, ""},      {"a packet of no length", 0, 60, "a"},
		{"the frame ends behind the ports", 28, 42, "a"},     {"the frame ends before them", 28, 41, ""},
		{"one byte behind the ports", 29, 43, "a"},	      {"two bytes behind them", 30, 44, "a"},
	};

	rig_install(g, table, ARRAY_LEN(table));
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		uint16_t total = v6 && rows[i].total ? rows[i].total - 20 : rows[i].total;
		uint8_t *field = frame + (v6 ? 18 : 16);
		size_t len = rows[i].len + (v6 ? 20 : 0);
		struct packet p = of_family(&usual);
		bool ok = prime(g, &usual);

		rig_frame(g, &p, frame);
		field[0] = total >> 8;
		field[1] = total;
		ok &= rig_saw(rig_run(g, frame, len, 1), *rows[i].want ? g->final : g->pass, rows[i].want, frame, len);
		test_ok(ok, "%s, %s: after others, %s", g->name, family(), rows[i].name);
	}
}

static uint32_t misses(const struct gate *g)
{
	uint32_t n = 0;

	for (size_t i = 0; i < KF_CPUS; i++)
		n += known(g, i)->misses;
	return n;
}

/* A function without scope answers for every address, from the cache, too. */
static void test_any_address(struct gate *g)
{
	struct packet p = {UDP(54)}, mapped = {UDP(54), V6, .from = "2001:db8::1", .to = "::ffff:203.0.113.1"};
	uint32_t before;
	bool ok;

	rig_install(g, table, ARRAY_LEN(table));
	ok = prime(g, &p);
	before = misses(g);
	p.to = "203.0.113.1";
	p.to_mac = mac_broadcast;
	ok &= run(g, &p, 4 * KF_CACHE_MISSES)->verdict == g->final; /* (the shortest of frames) */
	ok &= rig_account(g, 2).packets == 6 * KF_CACHE_MISSES;
	test_ok(ok && misses(g) == before, "%s, %s: one entry for all addresses of a function without scope", g->name,
		family());
	if (v6)
		test_ok(prime(g, &p) && saw(g, &mapped, ""), "%s: but for what is none on the wire", g->name);
}

/* Two kinds of frame in turn: each is answered by its own. */
static uint32_t misses_in_turn(struct gate *g, const struct row *a, const struct row *b, uint32_t n, bool *ok)
{
	uint32_t before = misses(g);

	rig_install(g, table, ARRAY_LEN(table));
	for (uint32_t i = 0; i < n; i++)
		*ok = *ok && saw(g, i % 2 ? &a->in : &b->in, i % 2 ? a->want : b->want);
	test_note("%u misses of %u", misses(g) - before, n);
	return misses(g) - before;
}

static void test_turns(struct gate *g)
{
	static const struct row udp = {"", {UDP(53)}, "a"}, other = {"", {UDP(54)}, "c"}, tcp = {"", {TCP(53)}, "b"},
				other_tcp = {"", {TCP(54)}, "e"}, local = {"", {UDP(56)}, "f"};
	uint32_t n = 20 * KF_CACHE_MISSES;
	bool ok = true;

	/* (they are looked up anew when an entry gets old, too) */
	test_ok(misses_in_turn(g, &udp, &other, n, &ok) <= n / 4 && ok, "%s, %s: UDP ports in turn", g->name, family());
	test_ok(misses_in_turn(g, &udp, &local, n, &ok) <= n / 4 && ok, "%s, %s: local UDP ports in turn", g->name,
		family());
	test_ok(misses_in_turn(g, &tcp, &other_tcp, n, &ok) <= n / 4 && ok, "%s, %s: TCP ports in turn", g->name,
		family());
	test_ok(misses_in_turn(g, &other, &tcp, n, &ok) <= n / 4 && ok, "%s, %s: UDP and TCP in turn", g->name,
		family());
}

/* What an entry says of other ports: as much as the frame is compared for. */
static void test_ports(struct gate *g)
{
	static const struct function ports[] = {
		{"udp/53", .local = true},
		{"udp/54"},
		{"udp/55", .cont = 0xffff},
		{"udp/55"},
		{"udp/56 to 192.0.2.0/24, udp/56 to 2001:db8::/48"},
		{"proto/17", .local = true},
		{"udp/57", .flags = KF_STEP_LIMIT, .policy = {.interval = 1ull << 60, .flags = KF_LIMIT_DROP}},
		{"tcp/54"},
		{"tcp/59"},
		{"udp/60", .local = true, .cont = 0xffff},
		{"udp/60"},
		{"udp/61", .local = true, .flags = KF_STEP_FUSE, .policy = {.budget_ns = ~0u}},
	};
	static const struct row rows[] = {
		{"a plain one", {UDP(54)}, "b"},
		{"a plain one of TCP's", {TCP(54)}, "h"},
		{"a local one", {UDP(53)}, "a"},
		{"a chain of two", {UDP(55)}, "cd"},
		{"a chain of two, at another address", {UDP(55), .to = "203.0.113.1"}, "cd"},
		{"a chain half local", {UDP(60)}, "jk"},
		{"a chain half local, at another address", {UDP(60), .to = "203.0.113.1"}, "k"},
		{"a chain half local, at another MAC address", {UDP(60), .to_mac = mac_client}, "k"},
		{"a local one with a budget", {UDP(61)}, "l"},
		{"a local one with a budget, at another address", {UDP(61), .to = "203.0.113.1"}, ""},
		{"one by address", {UDP(56)}, "e"},
		{"the protocol's", {UDP(58)}, "f"},
		{"a plain one, at another address", {UDP(54), .to = "203.0.113.1"}, "b"},
		{"a local one, at another address", {UDP(53), .to = "203.0.113.1"}, ""},
		{"a local one, at another MAC address", {UDP(53), .to_mac = mac_client}, ""},
		{"one by address, at another address", {UDP(56), .to = "203.0.113.1"}, ""},
		{"the protocol's, at another address", {UDP(58), .to = "203.0.113.1"}, ""},
	};
	static const struct packet primes[] = {{UDP(53)}, {UDP(54)}, {UDP(54), .to = "203.0.113.1"},
					       {UDP(55)}, {UDP(57)}, {UDP(58)},
					       {TCP(59)}, {UDP(60)}, {UDP(61)}};
	bool out = g->hook == KF_TC_EGRESS, ok;

	rig_install(g, table, ARRAY_LEN(table)); /* the other half's */
	rig_install(g, ports, ARRAY_LEN(ports));
	for (const struct row *r = rows; r < rows + ARRAY_LEN(rows); r++) {
		if (out && (r->in.to || r->in.to_mac))
			continue;
		ok = true;
		for (size_t i = 0; i < ARRAY_LEN(primes); i++)
			ok = prime(g, &primes[i]) && saw(g, &r->in, r->want) && ok;
		test_ok(ok, "%s, %s: after another port, %s", g->name, family(), r->name);
	}
	ok = true;
	for (size_t i = 0; i < ARRAY_LEN(primes); i++) {
		ok = prime(g, &primes[i]) && ok;
		rig_account_reset(g, 6);
		run(g, &(struct packet){UDP(57)}, 1);
		ok = run(g, &(struct packet){UDP(57)}, 4)->verdict == g->drop && ok;
		ok &= rig_account(g, 6).packets <= 1 && rig_account(g, 6).limited >= 4;
	}
	test_ok(ok, "%s, %s: after another port, one with a limit", g->name, family());
	rig_install(g, table, ARRAY_LEN(table));
	ok = prime(g, &(struct packet){UDP(53)}) && saw(g, &(struct packet){UDP(54)}, "c");
	rig_install(g, ports, ARRAY_LEN(ports));
	test_ok(ok && saw(g, &(struct packet){UDP(54)}, "b"), "%s, %s: another port, in the next generation", g->name,
		family());
}

#define NOWHERE .to = "203.0.113.1"

/* The first N_KNOWN of ROWS are known once they have been looked up, and each row leads where it should after each of
 * them. ALWAYS runs first, and lets all pass. */
static void test_rows(struct gate *g, const char *what, const struct row *rows, size_t n_rows, size_t n_known,
		      const char *always)
{
	for (const struct row *r = rows; r < rows + n_rows; r++) {
		struct packet p = of_family(&r->in);
		bool ok = true;
		char want[4];
		size_t len;

		if (g->hook == KF_TC_EGRESS && (p.to || p.to_mac)) /* has no scope */
			continue;
		snprintf(want, sizeof(want), "%s%s", always, r->want);
		for (size_t i = 0; i < n_known; i++) {
			ok = prime(g, &rows[i].in) && ok;
			len = rig_frame(g, &p, frame);
			ok = rig_saw(rig_run(g, frame, len, 1), *r->want ? g->final : g->pass, want, frame, len) && ok;
		}
		test_ok(ok, "%s, %s: %s, after others, %s", g->name, family(), what, r->name);
	}
}

/* Where the address decides, an entry is of that address alone. */
static void test_by_address(struct gate *g)
{
	static const struct function by_address[] = {
		{"udp/53 to 192.0.2.2, udp/53 to 2001:db8::2"},
		{"udp/53 to 203.0.113.0/24, udp/53 to 2001:db8:2::/48"},
		{"udp/53", .local = true},
		{"udp/54"},
		{"udp/55 to 192.0.2.2, udp/55 to 2001:db8::2", .flags = KF_STEP_FUSE, .policy = {.budget_ns = ~0u}},
		{"udp/56", .local = true},
	};
	static const struct row rows[] = {
		{"an address", {UDP(53)}, "a"},
		{"a prefix", {UDP(53), NOWHERE}, "b"},
		{"an own address that has none", {UDP(53), .to = "198.51.100.1"}, "c"},
		{"an address, with a budget", {UDP(55)}, "e"},
		{"an address that has nothing", {UDP(55), NOWHERE}, ""},
		{"a port", {UDP(54)}, "d"},
		{"a local port", {UDP(56)}, "f"},
		{"an address, at another MAC address", {UDP(53), .to_mac = mac_client}, "a"},
		{"a port, at another address", {UDP(54), NOWHERE}, "d"},
		{"a local port, at another address", {UDP(56), NOWHERE}, ""},
		{"TCP", {TCP(53)}, ""},
	};
	struct packet p = {UDP(53)};
	uint32_t before;
	bool ok;

	rig_install(g, by_address, ARRAY_LEN(by_address));
	test_rows(g, "by address", rows, ARRAY_LEN(rows), 7, "");
	ok = prime(g, &p);
	before = misses(g);
	p.sport = 1;
	ok &= run(g, &p, 4 * KF_CACHE_MISSES)->verdict == g->final;
	test_ok(ok && misses(g) == before, "%s, %s: one entry for all senders to an address", g->name, family());
}

/* `any` comes first, whatever is known. */
static void test_any_first(struct gate *g)
{
	static const struct function first[] = {
		{"any", .cont = 0xffff},
		{"udp/53", .local = true},
		{"udp/54"},
		{"udp/55 to 192.0.2.2, udp/55 to 2001:db8::2"},
		{"ip, ip6"},
	};
	static const struct row rows[] = {
		{"a local port", {UDP(53)}, "b"},
		{"a port", {UDP(54)}, "c"},
		{"an address", {UDP(55)}, "d"},
		{"an address that has nothing", {UDP(55), NOWHERE}, ""},
		{"nothing", {UDP(57)}, ""},
		{"nothing of TCP's", {TCP(57)}, ""},
		{"a local port, at another address", {UDP(53), NOWHERE}, ""},
		{"a local port, at another MAC address", {UDP(53), .to_mac = mac_client}, ""},
		{"a protocol without ports", {.proto = IPPROTO_GRE, .bytes = 40}, ""},
		{"no IP", {.ether = ETH_P_ARP, .bytes = 28, .family = 4}, ""},
	};
	static const struct row others[] = {
		{"a local port", {UDP(53)}, "b"},
		{"an ethertype", {UDP(57)}, "e"},
		{"another port of it", {UDP(58)}, "e"},
		{"a protocol without ports", {.proto = IPPROTO_GRE, .bytes = 40}, "e"},
	};
	bool ok;

	rig_install(g, first, ARRAY_LEN(first) - 1);
	test_rows(g, "any first", rows, ARRAY_LEN(rows), 6, "a");
	rig_install(g, first, ARRAY_LEN(first));
	test_rows(g, "any first and an ethertype last", others, ARRAY_LEN(others), 3, "a");
	rig_install(g, (struct function[]){{"any"}, first[2]}, 2);
	ok = prime(g, &(struct packet){UDP(54)}) && saw(g, &(struct packet){UDP(54)}, "a");
	test_ok(ok && saw(g, &(struct packet){UDP(57)}, "a"), "%s, %s: any that answers all", g->name, family());
}

/* A chain that is known runs as one that is looked up, and each function counts. */
static void test_known_chain(struct gate *g)
{
	static const struct function chain[] = {
		{"udp/53", .local = true, .cont = 0xffff},
		{"udp/53", .local = true, .flags = KF_STEP_FUSE, .policy = {.budget_ns = ~0u}}};
	size_t len = ETH_HLEN + (v6 ? 48 : 28) + usual.bytes;
	unsigned n = 3 * KF_CACHE_MISSES;
	uint32_t before;
	bool ok;

	rig_install(g, chain, ARRAY_LEN(chain));
	ok = prime(g, &usual);
	for (unsigned i = 0; i < ARRAY_LEN(chain); i++)
		rig_account_reset(g, i);
	before = misses(g);
	ok &= run(g, &usual, n)->verdict == g->final && misses(g) - before < n / 2;
	for (unsigned i = 0; i < ARRAY_LEN(chain); i++) {
		struct kf_account a = rig_account(g, i);

		ok &= a.packets == n && a.bytes == n * len && a.verdict[g->final + g->base] == n;
	}
	test_ok(ok, "%s, %s: a chain of two is known, and each counts %u times", g->name, family(), n);
}

/* The chain of UDP's PORT is the one of this number now. */
static void renumber(struct gate *g, uint16_t port, uint16_t number)
{
	struct match *m = &g->tables[control->gen & 1];
	struct kf_chain *c = &m->chains[number];

	*c = m->chains[m->rows[port].udp];
	c->brief = match_brief(g->hook, c, number, m->flags & KF_GEN_ANY);
	m->rows[port].udp = number;
	m->brief[port] = c->brief;
}

/* Of numbers that differ in each bit, up to the last that there is. */
static void test_many_chains(struct gate *g)
{
	struct function many[13];
	char on[ARRAY_LEN(many)][16], who[2] = "";
	bool ok = true;

	for (unsigned i = 0; i < ARRAY_LEN(many); i++) {
		snprintf(on[i], sizeof(on[i]), "udp/%u", 100 + i);
		many[i] = (struct function){.on = on[i], .flags = KF_STEP_FUSE, .policy = {.budget_ns = ~0u}};
	}
	rig_install(g, many, ARRAY_LEN(many));
	for (unsigned i = 0; i < ARRAY_LEN(many); i++)
		renumber(g, 100 + i, i ? KF_CHAINS - 1 - (1u << (i - 1)) : KF_CHAINS - 1);
	for (unsigned i = 0; i < ARRAY_LEN(many); i++) {
		who[0] = 'a' + i;
		ok = prime(g, &(struct packet){UDP(100 + i)}) && saw(g, &(struct packet){UDP(100 + i)}, who) && ok;
	}
	test_ok(ok, "%s, %s: many chains, each is known", g->name, family());
}

/* Two own addresses in turn replace each other now and then, not each time. */
static void test_addresses(struct gate *g)
{
	static const struct packet own[] = {{UDP(53), .to = "192.0.2.2"},
					    {UDP(53), .to = "198.51.100.1"},
					    {UDP(53), .to = "2001:db8::2"},
					    {UDP(53), .to = "2001:db8:1::1"}};
	unsigned n = 20 * KF_CACHE_MISSES, changes = 0;
	bool ok = true;

	rig_install(g, table, ARRAY_LEN(table));
	for (size_t i = 0; i < KF_CPUS; i++)
		changes -= known(g, i)->changes;
	for (unsigned i = 0; i < n; i++) {
		struct packet p = own[2 * v6 + i % 2];

		p.family = v6 ? 6 : 4;
		ok = ok && saw(g, &p, "a");
	}
	for (size_t i = 0; i < KF_CPUS; i++)
		changes += known(g, i)->changes;
	test_ok(ok && changes && changes <= n / KF_CACHE_MISSES + 1, "%s, %s: addresses in turn, %u changes", g->name,
		family(), changes);
}

static uint64_t known_until(const struct gate *g)
{
	uint64_t until = 0;

	for (size_t i = 0; i < KF_CPUS; i++)
		if (known(g, i)->gen == control->gen && known(g, i)->until > until)
			until = known(g, i)->until;
	return until;
}

/* That an address is local holds as long as the kernel's word on it does, however late an entry is made from it. */
static void test_kept(struct gate *g)
{
	struct timespec nap = {.tv_nsec = 12000000}; /* some jiffies; if the word was asked for anew meanwhile, again */
	uint64_t until = 0, later = 1;
	bool ok = true;

	if (g->hook == KF_TC_EGRESS)
		return;
	rig_install(g, table, ARRAY_LEN(table));
	for (int i = 0; ok && i < 50 && until != later; i++) {
		ok = prime(g, &usual);
		until = known_until(g);
		nanosleep(&nap, NULL);
		ok = ok && prime(g, &usual);
		later = known_until(g);
	}
	test_ok(ok && until == later, "%s, %s: an entry is no younger than what it is made from", g->name, family());
}

/* The port that an entry is of was asked for long ago: before long the entry is of one that is asked for. */
static void test_renewed(struct gate *g)
{
	struct timespec nap = {.tv_nsec = 1000000};
	uint32_t before, tries = 0;
	bool ok;

	rig_install(g, table, ARRAY_LEN(table));
	ok = prime(g, &(struct packet){UDP(54)});
	for (before = misses(g); ok && misses(g) < before + KF_CACHE_MISSES && tries < 5000; tries++) {
		run(g, &usual, 1);
		nanosleep(&nap, NULL);
	}
	ok &= is_cached(g) && tries < 5000;
	for (size_t i = 0; i < KF_CPUS; i++)
		ok &= known(g, i)->gen != control->gen || known_port(g, i) == htons(53);
	test_ok(ok, "%s, %s: an entry of a port that is no longer asked for", g->name, family());
}

/* What is told of a frame to another port is put together elsewhere than for one like the last. */
static void test_other_port_counts(struct gate *g)
{
	static const struct {
		struct packet known, asked;
		unsigned function; /* of `table` */
	} rows[] = {{{UDP(53), .bytes = 40}, {UDP(54), .bytes = 41}, 2},
		    {{TCP(53), .bytes = 40}, {TCP(54), .bytes = 41}, 4},
		    {{TCP(53), .bytes = 40}, {UDP(54), .bytes = 41}, 2},
		    {{UDP(53), .bytes = 40}, {TCP(54), .bytes = 41}, 4}};
	struct packet p;
	struct kf_account a;
	unsigned n = 100;
	size_t len;
	bool ok;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		rig_install(g, table, ARRAY_LEN(table));
		rig_sample(4);
		ok = prime(g, &rows[i].known);
		p = of_family(&rows[i].asked);
		len = rig_frame(g, &p, frame);
		rig_run(g, frame, len, n);
		a = rig_account(g, rows[i].function);
		test_ok(ok && a.packets == n && a.bytes == n * len && rig_samples(&a) == n / 4 &&
				a.verdict[g->final + g->base] == n,
			"%s, %s: to another port than what is known, %zu: all is counted, each fourth is timed",
			g->name, family(), i);
	}
}

/* Each of these ways must count what it did, and nothing else. */
static void test_counts(struct gate *g)
{
	static const struct function one[] = {{"udp/53"}};
	const struct {
		int verdict, returns;
		unsigned index;
	} rows[] = {{g->final, g->final, g->final + g->base},
		    {g->go_on, g->pass, g->go_on + g->base},
		    {77, g->invalid, KF_VERDICT_OTHER}};
	size_t len = ETH_HLEN + (v6 ? 48 : 28) + usual.bytes;
	unsigned n = 3 * KF_CACHE_MISSES;
	struct kf_account a;
	bool ok = true;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		rig_install(g, one, 1);
		acts[0].verdict = rows[i].verdict;
		ok = run(g, &usual, n)->verdict == rows[i].returns && is_cached(g);
		a = rig_account(g, 0);
		ok &= a.packets == n && a.bytes == n * len && a.verdict[rows[i].index] == n && !a.missing;
		test_ok(ok, "%s, %s: verdict %d, %u times, is counted %u times", g->name, family(), rows[i].verdict, n,
			n);
	}
	ok = prime(g, &usual);
	rig_account_reset(g, 0);
	rig_put(g, FUNCTION_SLOT(0), 0);
	ok &= run(g, &usual, n)->verdict == g->pass;
	a = rig_account(g, 0);
	test_ok(ok && a.packets == n && a.missing == n && !a.verdict[g->final + g->base],
		"%s, %s: the slot that is cached is emptied", g->name, family());
}

/* Functions that are not plain, in generations that are like one another but for that. */
static void test_not_plain(struct gate *g)
{
	static const struct function plain[] = {{"udp/53"}}, two[] = {{"udp/53", .cont = 0xffff}, {"udp/53"}},
				     limited[] = {{"udp/53", .flags = KF_STEP_LIMIT,
						   .policy = {.interval = 1ull << 60,
							      .tolerance = 0,
							      .flags = KF_LIMIT_DROP}}};
	bool ok;

	rig_install(g, plain, 1);
	ok = prime(g, &usual);
	rig_install(g, two, 2);
	ok &= saw(g, &usual, "ab") && saw(g, &usual, "ab");
	rig_install(g, plain, 1);
	ok &= prime(g, &usual);
	rig_install(g, limited, 1);
	ok &= saw(g, &usual, "a");
	ok &= run(g, &usual, 1)->verdict == g->drop && !trace->n;
	test_ok(ok, "%s, %s: a chain of two and a limit take the place of a plain function at once", g->name, family());
}

static void test_gate(struct gate *g)
{
	test_like(g, like, ARRAY_LEN(like));
	test_like(g, v6 ? like6 : like4, v6 ? ARRAY_LEN(like6) : ARRAY_LEN(like4));
	test_lengths(g);
	test_any_address(g);
	test_turns(g);
	test_ports(g);
	rig_install(g, table, ARRAY_LEN(table));
	test_ports(g); /* in the other half */
	test_by_address(g);
	test_any_first(g);
	test_known_chain(g);
	test_many_chains(g);
	test_addresses(g);
	test_kept(g);
	test_renewed(g);
	test_counts(g);
	test_other_port_counts(g);
	test_not_plain(g);
}

void test_cache(void)
{
	rig_addresses();
	for (struct gate *g = gates; g < gates + KF_HOOKS; g++) {
		v6 = false;
		test_gate(g);
		v6 = true;
		test_gate(g);
	}
}
