// SPDX-License-Identifier: Apache-2.0
/* match_addr.c - chains that ask the address table, and that table's entries.
 *
 * A port or protocol ranks above the length of a prefix. So a wider level's prefix goes into the
 * table only where no prefix of a more specific level covers it; then the longest one that fits is
 * the right one. */
#include "match_addr.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"

static const __u8 mapped[16] = {[10] = 0xff, [11] = 0xff};

int match_new_chain(struct match *m, __u16 *chain)
{
	if (m->n_chains >= KF_CHAINS)
		return fail_input(
			"too many triggers overlap: more than %u chains; use fewer port ranges with 'to' addresses",
			KF_CHAINS);
	*chain = m->n_chains++;
	memset(&m->chains[*chain], 0, sizeof(m->chains[*chain]));
	return 0;
}

/* The first LEN bits of FROM, zeroes behind. */
static void cut(__u8 *to, const __u8 *from, unsigned len)
{
	memset(to, 0, 16);
	memcpy(to, from, len / 8);
	if (len % 8)
		to[len / 8] = from[len / 8] & (0xff << (8 - len % 8));
}

static size_t hash_prefix(const __u8 *addr, unsigned len, bool v4)
{
	__u64 half[2], h;

	memcpy(half, addr, sizeof(half));
	h = (half[0] * 0x9e3779b97f4a7c15ull) ^ (half[1] + len * 2 + v4);
	h *= 0xff51afd7ed558ccdull;
	return h ^ h >> 29;
}

static const struct match_prefix **cover_slot(const struct match_cover *c, const __u8 *addr, unsigned len, bool v4)
{
	size_t i = hash_prefix(addr, len, v4) & (c->size - 1);
	const struct match_prefix *p;

	while ((p = c->slots[i]) && (p->len != len || p->v4 != v4 || memcmp(p->addr, addr, 16)))
		i = (i + 1) & (c->size - 1);
	return &c->slots[i];
}

static void cover_clear(struct match_cover *c)
{
	if (c->used)
		memset(c->slots, 0, c->size * sizeof(*c->slots));
	c->used = 0;
	memset(c->lengths, 0, sizeof(c->lengths));
}

static int cover_grow(struct match_cover *c)
{
	struct match_cover bigger = {.size = c->size ? 2 * c->size : 64};

	bigger.slots = calloc(bigger.size, sizeof(*bigger.slots));
	if (!bigger.slots)
		return fail_memory();
	for (size_t i = 0; i < c->size; i++)
		if (c->slots[i])
			*cover_slot(&bigger, c->slots[i]->addr, c->slots[i]->len, c->slots[i]->v4) = c->slots[i];
	free(c->slots);
	c->slots = bigger.slots;
	c->size = bigger.size;
	return 0;
}

static int cover_add(struct match_cover *c, const struct match_prefix *p)
{
	const struct match_prefix **slot;

	if (2 * c->used >= c->size && cover_grow(c))
		return -ENOMEM;
	slot = cover_slot(c, p->addr, p->len, p->v4);
	c->used += !*slot;
	*slot = p;
	c->lengths[p->v4][p->len] = true;
	return 0;
}

static bool covered(const struct match_cover *c, const struct match_prefix *p)
{
	__u8 addr[16];

	for (unsigned len = p->v4 ? MAPPED_BITS : 0; c->used && len <= p->len; len++) {
		if (!c->lengths[p->v4][len])
			continue;
		cut(addr, p->addr, len);
		if (*cover_slot(c, addr, len, p->v4))
			return true;
	}
	return false;
}

static int emit(struct match *m, __u16 chain, const struct match_prefix *p)
{
	struct match_addr *a;

	if (m->n_addrs >= KF_ADDRS / 2)
		return fail_input("too many 'to' addresses, or they overlap on too many ports: more than %u entries",
				  KF_ADDRS / 2);
	if (m->n_addrs == m->room_addrs) {
		size_t room = m->room_addrs ? 2 * m->room_addrs : 64;

		a = realloc(m->addrs, room * sizeof(*a));
		if (!a)
			return fail_memory();
		m->addrs = a;
		m->room_addrs = room;
	}
	a = &m->addrs[m->n_addrs++];
	*a = (struct match_addr){.chain = chain, .target = p->chain, .prefixlen = p->len};
	memcpy(a->addr, p->addr, sizeof(a->addr));
	return 0;
}

/* The prefixes of one level that no level before covers. */
static int emit_level(struct match_addrs *a, __u16 chain, const struct match_prefix *p, size_t n)
{
	int rc = 0;

	for (size_t i = 0; !rc && i < n; i++)
		if (!covered(&a->cover, &p[i]))
			rc = emit(a->m, chain, &p[i]);
	for (size_t i = 0; !rc && i < n; i++)
		rc = cover_add(&a->cover, &p[i]);
	return rc;
}

/* KEY's triggers, the one without prefix as the family's widest prefix. */
static int emit_ether(struct match_addrs *a, __u16 chain, const struct match_key *key, struct match_prefix *widest)
{
	int rc;

	if (!key)
		return 0;
	rc = emit_level(a, chain, key->prefixes, key->n_prefixes);
	widest->chain = key->plain;
	return rc || !key->plain ? rc : emit_level(a, chain, widest, 1);
}

/* A short IPv6 prefix (::/0) takes in the mapped IPv4 addresses, which it does not mean: an entry of
 * their own leads them to what a miss gives. */
static int guard_v4(struct match_addrs *a, __u16 chain, size_t first_addr, struct match_prefix *all_v4, __u16 miss)
{
	struct match *m = a->m;
	bool taken_in = false;
	__u8 addr[16];

	for (size_t i = first_addr; i < m->n_addrs; i++) {
		unsigned len = m->addrs[i].prefixlen;

		cut(addr, mapped, len);
		if (len > MAPPED_BITS || memcmp(addr, m->addrs[i].addr, 16))
			continue;
		if (len == MAPPED_BITS)
			return 0;
		taken_in = true;
	}
	all_v4->chain = miss;
	return taken_in ? emit(m, chain, all_v4) : 0;
}

static int fill(struct match_addrs *a, const struct match_key **levels, size_t n, bool fall_back, __u16 chain)
{
	struct match_prefix all_v4 = {.len = MAPPED_BITS, .v4 = true}, all_v6 = {0};
	__u16 miss = levels[n - 1]->plain;
	size_t first_addr = a->m->n_addrs;
	int rc = 0;

	memcpy(all_v4.addr, mapped, sizeof(mapped));
	a->m->chains[chain].flags = KF_CHAIN_ADDR;
	a->m->chains[chain].miss = miss;
	cover_clear(&a->cover);
	for (size_t i = 0; !rc && i < n; i++)
		rc = emit_level(a, chain, levels[i]->prefixes, levels[i]->n_prefixes);
	if (!rc && fall_back && !miss)
		rc = emit_ether(a, chain, a->ip, &all_v4);
	if (!rc && fall_back && !miss)
		rc = emit_ether(a, chain, a->ip6, &all_v6);
	if (!rc)
		rc = guard_v4(a, chain, first_addr, &all_v4, miss);
	cover_clear(&a->cover); /* it points to our locals */
	return rc;
}

int match_levels(struct match_addrs *a, const struct match_key **levels, size_t n, bool fall_back, __u16 *chain)
{
	struct match_node *node, **bucket;
	size_t hash = n;
	int rc;

	*chain = KF_CHAIN_NONE;
	if (!n)
		return 0;
	*chain = levels[0]->plain;
	if (n == 1 && !levels[0]->n_prefixes)
		return 0;
	for (size_t i = 0; i < n; i++)
		hash = (hash ^ (size_t)levels[i]) * 0x9e3779b97f4a7c15ull;
	bucket = &a->nodes[(hash >> 32) % MATCH_NODE_BUCKETS];
	for (node = *bucket; node; node = node->next) {
		*chain = node->chain;
		if (node->n == n && !memcmp(node->levels, levels, n * sizeof(*levels)))
			return 0;
	}
	node = malloc(sizeof(*node) + n * sizeof(*levels));
	if (!node)
		return fail_memory();
	node->next = *bucket;
	*bucket = node;
	node->n = n;
	memcpy(node->levels, levels, n * sizeof(*levels));
	rc = match_new_chain(a->m, &node->chain);
	*chain = node->chain;
	return rc ? rc : fill(a, levels, n, fall_back, node->chain);
}

void match_addrs_free(struct match_addrs *a)
{
	struct match_node *node, *next;

	for (size_t i = 0; i < MATCH_NODE_BUCKETS; i++) {
		for (node = a->nodes[i]; node; node = next) {
			next = node->next;
			free(node);
		}
	}
	free(a->cover.slots);
}
