// SPDX-License-Identifier: Apache-2.0
/* match.c - from triggers to rows and chains: group the triggers by key, give each its chain, then
 * walk the ports and write into every cell what is most specific there. */
#include "match.h"

#include <errno.h>
#include <linux/if_ether.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "match_addr.h"

#define PORTS 65536u

/* One function's one trigger. */
struct entry {
	const struct trigger *t;
	const struct match_function *f;
};

struct build {
	struct match *m;
	enum kf_hook hook;
	struct entry *entries;
	size_t n_entries;
	struct match_key *keys;
	size_t n_keys;
	struct match_prefix *prefixes;
	const struct match_key *proto[256];
	struct match_addrs addrs;
	__u16 *same; /* chains by content, to share them */
	size_t n_same;
};

static int compare_entries(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;
	int cmp = trigger_compare(x->t, y->t);

	if (cmp)
		return cmp;
	if (x->f->prio != y->f->prio)
		return x->f->prio < y->f->prio ? -1 : 1;
	return (x->f > y->f) - (x->f < y->f);
}

static int collect(struct build *b, const struct match_function *functions, size_t n)
{
	size_t total = 0;

	for (size_t i = 0; i < n; i++)
		if (functions[i].hooks & 1u << b->hook)
			total += functions[i].n_on;
	if (total > KF_TRIGGERS)
		return fail_input("%zu triggers: an interface takes %u", total, KF_TRIGGERS);
	b->entries = calloc(total + 1, sizeof(*b->entries));
	b->keys = calloc(total + 1, sizeof(*b->keys));
	b->prefixes = calloc(total + 1, sizeof(*b->prefixes));
	b->n_same = 64;
	while (b->n_same < 2 * total)
		b->n_same *= 2;
	b->same = calloc(b->n_same, sizeof(*b->same));
	if (!b->entries || !b->keys || !b->prefixes || !b->same)
		return fail_memory();
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; functions[i].hooks & 1u << b->hook && j < functions[i].n_on; j++)
			b->entries[b->n_entries++] = (struct entry){&functions[i].on[j], &functions[i]};
	qsort(b->entries, b->n_entries, sizeof(*b->entries), compare_entries);
	return 0;
}

static struct kf_step make_step(const struct build *b, const struct entry *e)
{
	bool in = b->hook != KF_TC_EGRESS, l4 = e->t->kind == TRIGGER_PORT || e->t->kind == TRIGGER_PROTO;
	struct kf_step s = {
		.slot = e->f->slot,
		.id = e->f->id,
		.cont = b->hook == KF_XDP ? e->f->cont_xdp : e->f->cont_tc,
		.flags = e->f->flags & (KF_STEP_LIMIT | KF_STEP_FUSE),
	};

	/* A prefix is a scope of its own; ethertypes and `any` are about frames, not about addresses. */
	if (in && l4 && !e->t->has_prefix && e->f->local)
		s.flags |= KF_STEP_LOCAL;
	return s;
}

/* Does the same come out of it alone as with KF_CONT_*? At XDP what goes on to the end is PASS, too. */
static bool is_usual(enum kf_hook hook, __u16 cont)
{
	return hook == KF_XDP ? !(cont & ~KF_CONT_XDP) : cont == KF_CONT_TC;
}

__u32 match_brief(enum kf_hook hook, const struct kf_chain *c, __u32 number, bool any)
{
	const struct kf_step *s = c->step;
	__u32 anywhere = KF_BRIEF_ANYWHERE;

	for (__u16 i = 0; i < c->n; i++)
		if (s[i].flags & KF_STEP_LOCAL)
			anywhere = 0;
	if (any || c->n != 1 || s->flags & ~KF_STEP_LOCAL || !is_usual(hook, s->cont) || 1u + s->slot >= KF_BRIEF_CHAIN)
		return KF_BRIEF_CHAIN | number << KF_BRIEF_ID | anywhere;
	return (1u + s->slot) | (__u32)s->id << KF_BRIEF_ID | anywhere;
}

static int too_long(const struct entry *e, size_t n)
{
	char trigger[TRIGGER_TEXT_MAX], names[400] = "";

	for (size_t i = 0; i < n; i++) {
		size_t len = strlen(names);

		snprintf(names + len, sizeof(names) - len, "%s%s", i ? ", " : "", e[i].f->name);
	}
	return fail_input("%zu functions on trigger '%s', %u is the limit: %s", n,
			  trigger_print(e->t, trigger, sizeof(trigger)), KF_CHAIN_LEN, names);
}

/* A chain with these steps that is there already, or else C at the end of the chains. */
static int share_chain(struct build *b, const struct kf_chain *c, __u16 *chain)
{
	const __u64 *words = (const __u64 *)c;
	__u64 h = 0;
	size_t i;

	for (i = 0; i <= c->n; i++)
		h = (h ^ words[i]) * 0x9e3779b97f4a7c15ull;
	for (i = (h >> 32) & (b->n_same - 1); b->same[i]; i = (i + 1) & (b->n_same - 1)) {
		*chain = b->same[i];
		if (!memcmp(&b->m->chains[*chain], c, sizeof(*c)))
			return 0;
	}
	if (match_new_chain(b->m, chain))
		return -EINVAL;
	b->m->chains[*chain] = *c;
	b->same[i] = *chain;
	return 0;
}

static bool same_key(const struct match_key *k, const struct trigger *t)
{
	return k->kind == t->kind && k->proto == t->proto && k->lo == t->lo && k->hi == t->hi;
}

static bool is_v4(const struct trigger *t)
{
	static const __u8 mapped[12] = {[10] = 0xff, [11] = 0xff};

	return t->prefixlen >= MAPPED_BITS && !memcmp(t->addr, mapped, sizeof(mapped));
}

/* File the chain of trigger T under its key. Triggers come sorted: a key's are neighbours. */
static void file_chain(struct build *b, const struct trigger *t, __u16 chain)
{
	struct match_key *k = b->n_keys ? &b->keys[b->n_keys - 1] : NULL;
	struct match_prefix *p;

	if (!k || !same_key(k, t)) {
		p = k ? k->prefixes + k->n_prefixes : b->prefixes;
		k = &b->keys[b->n_keys++];
		*k = (struct match_key){.kind = t->kind, .proto = t->proto, .lo = t->lo, .hi = t->hi, .prefixes = p};
	}
	if (!t->has_prefix) {
		k->plain = chain;
		return;
	}
	p = &k->prefixes[k->n_prefixes++];
	*p = (struct match_prefix){.len = t->prefixlen, .v4 = is_v4(t), .chain = chain};
	memcpy(p->addr, t->addr, sizeof(p->addr));
}

/* A chain for each distinct trigger. */
static int make_chains(struct build *b)
{
	for (size_t i = 0, n; i < b->n_entries; i += n) {
		const struct entry *e = &b->entries[i];
		struct kf_chain c = {0};
		__u16 chain;

		for (n = 1; i + n < b->n_entries && !trigger_compare(e->t, e[n].t); n++)
			;
		if (n > KF_CHAIN_LEN)
			return too_long(e, n);
		for (size_t j = 0; j < n; j++)
			c.step[j] = make_step(b, &e[j]);
		c.n = n;
		if (e->t->kind == TRIGGER_ANY) {
			b->m->chains[KF_CHAIN_ANY] = c;
			b->m->flags |= KF_GEN_ANY;
			continue;
		}
		if (share_chain(b, &c, &chain))
			return -EINVAL;
		b->m->flags |= e->t->kind == TRIGGER_ETHER ? KF_GEN_ETHER : KF_GEN_L4;
		file_chain(b, e->t, chain);
	}
	return 0;
}

static int write_ethers(struct build *b)
{
	for (size_t i = 0; i < b->n_keys; i++) {
		const struct match_key *k = &b->keys[i];

		if (k->kind == TRIGGER_PROTO)
			b->proto[k->proto] = k;
		if (k->kind != TRIGGER_ETHER)
			continue;
		if (k->lo == ETH_P_IP)
			b->addrs.ip = k;
		else if (k->lo == ETH_P_IPV6)
			b->addrs.ip6 = k;
		if (match_levels(&b->addrs, &k, 1, false, &b->m->rows[k->lo].ether))
			return -EINVAL;
	}
	return 0;
}

static int write_protos(struct build *b)
{
	for (unsigned proto = 0; proto < 256; proto++)
		if (b->proto[proto] && match_levels(&b->addrs, &b->proto[proto], 1, true, &b->m->rows[proto].proto))
			return -EINVAL;
	return 0;
}

/* Narrower first, then the lower first port. */
static int compare_ranges(const void *a, const void *b)
{
	const struct match_key *x = *(const struct match_key *const *)a, *y = *(const struct match_key *const *)b;
	int width_x = x->hi - x->lo, width_y = y->hi - y->lo;

	return width_x != width_y ? width_x - width_y : (int)x->lo - (int)y->lo;
}

static int compare_edges(const void *a, const void *b)
{
	__u64 x = *(const __u64 *)a, y = *(const __u64 *)b;

	return (x > y) - (x < y);
}

#define WORD_BITS  64u
#define LEVELS_MAX 256u /* nobody needs as many; without a bound, crossing ranges take memory by the square */
/* Ranges of one protocol, the most specific first, and which of them hold the port at hand. */
struct ranges {
	const struct match_key **range;
	size_t n;
	__u64 *edges; /* port << 32 | index into range: there it begins or ends */
	__u64 here[KF_TRIGGERS / WORD_BITS];
	const struct match_key *levels[LEVELS_MAX + 1]; /* scratch */
};

/* The levels that apply at PORT, down to the first that takes every address. */
static int find_levels(struct ranges *r, const struct match_key *proto, unsigned port, size_t *n)
{
	*n = 0;
	for (size_t w = 0; w * WORD_BITS < r->n; w++) {
		for (__u64 bits = r->here[w]; bits; bits &= bits - 1) {
			if (*n == LEVELS_MAX)
				return fail_input("more than %u port ranges with 'to' addresses overlap on port %u: "
						  "give those with the same addresses the same range",
						  LEVELS_MAX, port);
			r->levels[*n] = r->range[w * WORD_BITS + __builtin_ctzll(bits)];
			if (r->levels[(*n)++]->plain)
				return 0;
		}
	}
	if (proto)
		r->levels[(*n)++] = proto;
	return 0;
}

/* Write the cells of PROTO's ports, from edge to edge. */
static int walk_ports(struct build *b, struct ranges *r, __u8 proto)
{
	unsigned port = 0;
	__u16 chain;
	size_t n;
	int rc;

	for (size_t e = 0;; e++) {
		unsigned until = e < 2 * r->n ? r->edges[e] >> 32 : PORTS;
		unsigned range = e < 2 * r->n ? (__u32)r->edges[e] : 0;

		if (until > port) {
			rc = find_levels(r, b->proto[proto], port, &n);
			if (!rc)
				rc = match_levels(&b->addrs, r->levels, n, true, &chain);
			if (rc)
				return rc;
			for (; chain && port < until; port++)
				*(proto == IPPROTO_UDP ? &b->m->rows[port].udp : &b->m->rows[port].tcp) = chain;
			port = until;
		}
		if (port == PORTS)
			return 0;
		r->here[range / WORD_BITS] ^= 1ull << range % WORD_BITS;
	}
}

static int write_ports(struct build *b, __u8 proto)
{
	struct ranges r = {0};
	int rc = 0;

	r.range = calloc(b->n_keys + 1, sizeof(*r.range));
	r.edges = calloc(2 * b->n_keys + 1, sizeof(*r.edges));
	if (!r.range || !r.edges)
		rc = fail_memory();
	for (size_t i = 0; !rc && i < b->n_keys; i++)
		if (b->keys[i].kind == TRIGGER_PORT && b->keys[i].proto == proto)
			r.range[r.n++] = &b->keys[i];
	if (!rc) {
		qsort(r.range, r.n, sizeof(*r.range), compare_ranges);
		for (size_t i = 0; i < r.n; i++) {
			r.edges[2 * i] = (__u64)r.range[i]->lo << 32 | i;
			r.edges[2 * i + 1] = ((__u64)r.range[i]->hi + 1) << 32 | i;
		}
		qsort(r.edges, 2 * r.n, sizeof(*r.edges), compare_edges);
		rc = walk_ports(b, &r, proto);
	}
	free(r.edges);
	free(r.range);
	return rc;
}

/* P and SIZE: multiples of 8. What is clear is not written to: the first write to a page may cost more than to read
 * all. */
static void clear(void *p, size_t size)
{
	__u64 *words = p;

	for (size_t i = 0; i < size / sizeof(*words); i++)
		if (words[i])
			words[i] = 0;
}

/* The word at I, of a port whose chain that is. */
static void write_word(struct match *m, unsigned i, __u16 chain)
{
	const struct kf_chain *c = &m->chains[chain];
	/* Of a port without a chain all that is known is that `any` comes first, if no ethertype has one. */
	bool known = chain ? !(c->flags & KF_CHAIN_ADDR) : (m->flags & (KF_GEN_ANY | KF_GEN_ETHER)) == KF_GEN_ANY;
	__u32 brief = known ? c->brief : KF_BRIEF_NONE;

	if (m->brief[i] != brief) /* as in clear() */
		m->brief[i] = brief;
}

static void write_brief(struct match *m, enum kf_hook hook)
{
	for (__u32 i = 0; i < m->n_chains; i++)
		if (!(m->chains[i].flags & KF_CHAIN_ADDR))
			m->chains[i].brief = match_brief(hook, &m->chains[i], i, m->flags & KF_GEN_ANY);
	for (unsigned port = 0; port < PORTS; port++) {
		write_word(m, port, m->rows[port].udp);
		write_word(m, PORTS + port, m->rows[port].tcp);
	}
}

int match_build(struct match *m, enum kf_hook hook, const struct match_function *functions, size_t n)
{
	struct build b = {.m = m, .hook = hook, .addrs.m = m};
	int rc;

	m->flags = 0;
	m->n_addrs = 0;
	m->n_chains = KF_CHAIN_ANY + 1;
	clear(m->rows, KF_ROWS * sizeof(*m->rows));
	memset(m->chains, 0, m->n_chains * sizeof(*m->chains));
	rc = collect(&b, functions, n);
	if (!rc)
		rc = make_chains(&b);
	if (!rc)
		rc = write_ethers(&b);
	if (!rc)
		rc = write_protos(&b);
	if (!rc)
		rc = write_ports(&b, IPPROTO_UDP);
	if (!rc)
		rc = write_ports(&b, IPPROTO_TCP);
	if (!rc)
		write_brief(m, hook);
	match_addrs_free(&b.addrs);
	free(b.entries);
	free(b.keys);
	free(b.prefixes);
	free(b.same);
	return rc;
}

void match_free(struct match *m)
{
	if (!m)
		return;
	free(m->addrs);
	m->addrs = NULL;
	m->n_addrs = m->room_addrs = 0;
}
