/* SPDX-License-Identifier: Apache-2.0 */
/* match_addr.h - what match.c and match_addr.c share: the keys of one hook, and the chains that ask
 * the address table. */
#ifndef KF_MATCH_ADDR_H
#define KF_MATCH_ADDR_H

#include "match.h"

#define MAPPED_BITS 96 /* an IPv4 /N is a /(96 + N) of ::ffff:0:0 */

struct match_prefix {
	__u8 addr[16];
	__u8 len;
	bool v4;
	__u16 chain;
};

/* All triggers of one port, range, protocol or ethertype. */
struct match_key {
	__u8 kind, proto;
	__u16 lo, hi;
	__u16 plain; /* chain of the trigger without prefix, or KF_CHAIN_NONE */
	struct match_prefix *prefixes;
	size_t n_prefixes;
};

/* The prefixes of the levels seen so far, for "is this one covered". */
struct match_cover {
	const struct match_prefix **slots;
	size_t size, used;    /* size: a power of two */
	bool lengths[2][129]; /* which prefix lengths are in there, by family */
};

/* Chains with KF_CHAIN_ADDR made so far, by the levels they stand for. */
struct match_node {
	struct match_node *next;
	__u16 chain;
	size_t n;
	const struct match_key *levels[];
};
#define MATCH_NODE_BUCKETS 1024u

struct match_addrs {
	struct match *m;
	const struct match_key *ip, *ip6; /* the ethertype level, or NULL */
	struct match_node *nodes[MATCH_NODE_BUCKETS];
	struct match_cover cover;
};

/* The chain for a packet that the N LEVELS apply to, the most specific first; only the last may have
 * a trigger without prefix. FALL_BACK: to the ethertype level. */
int match_levels(struct match_addrs *a, const struct match_key **levels, size_t n, bool fall_back, __u16 *chain);
void match_addrs_free(struct match_addrs *a);

/* The next free chain, empty. */
int match_new_chain(struct match *m, __u16 *chain);

#endif
