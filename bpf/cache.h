/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* cache.h - what each CPU has found out last: what one port leads to, at one address that is ours, or that decides on
 * it, or at all.
 *
 * To look a frame up, the processor must have read its port before it can ask the first table, and have
 * that table's answer before it can ask the next: dozens of cycles, one after the other. What a former
 * frame was matched to is there at once; that this one is like it takes compares alone, and these the
 * processor foretells. For another port of the same address one table is read, which has all that there
 * is to know of a function in a word, or which chain it is.
 *
 * An entry is valid as long as its generation is in force, and KF_LOCAL_JIFFIES at most: so long the kernel's
 * word on its address holds (local.h), and so soon a port that is asked for more often takes its place. A
 * frame that is not like it replaces it only now and then, so that addresses that alternate cost little. */
#ifndef KF_CACHE_H
#define KF_CACHE_H

#include "maps.h"
#include "quick.h"

/* Entries are a CPU's own, but those from KF_CPUS on share one, and another look-up may come between any two
 * instructions: under PREEMPT_RT and BPF_PROG_TEST_RUN. (x86 lets a CPU see what another writes in that order.) So one
 * writer at a time changes an entry, from kf_cache_begin, which makes it invalid, until it sets UNTIL. A reader looks
 * at CHANGES before and after all else: what it read is true if no writer has begun meanwhile. */
static __always_inline bool kf_cache_begin(__u64 *until)
{
	__u64 seen = KF_ONCE(*until);

	return seen != KF_CACHE_BUSY && __sync_val_compare_and_swap(until, seen, KF_CACHE_BUSY) == seen;
}

/* kf_tables.brief of a port. HALF: 0 for UDP, KF_ROWS for TCP. */
static __always_inline __u32 kf_brief_of(const struct kf_key *k, __u32 half)
{
	__u32 i = k->gen * 2 * KF_ROWS + half + bpf_ntohs(k->port); /* of the generation its lowest bit */

	barrier_var(i); /* as in kf_row */
	return KF_ONCE(kf_tables.brief[i & (4 * KF_ROWS - 1)]);
}

static __always_inline struct kf_cached *kf_cached(__u32 cpu)
{
	struct kf_cached *c = &kf_cache[cpu % KF_CPUS];

	barrier_var(c); /* else clang works the address out again for each field */
	return c;
}

static __always_inline struct kf_cached6 *kf_cached6(__u32 cpu)
{
	struct kf_cached6 *c = &kf_cache6[cpu % KF_CPUS];

	barrier_var(c);
	return c;
}

/* Is an entry of frames like this, as far as address, protocol and port do not matter? */
static __always_inline bool kf_known_holds(struct kf_known *c, const struct kf_key *k, __u64 now)
{
	return KF_ONCE(c->until) > now && KF_ONCE(c->gen) == k->gen &&
	       (k->start & KF_ONCE(c->mac_mask)) == KF_ONCE(c->mac);
}

/* In what the entry's address and port are others; of an address that does not matter, in nothing. */
static __always_inline union kf_end kf_cache_differs(struct kf_cached *c, union kf_end end)
{
	return (union kf_end){.word = (end.word ^ KF_ONCE(c->end)) & KF_ONCE(c->end_mask)};
}

static __always_inline bool kf_cache6_is_addr(struct kf_cached6 *c, const __u64 *addr)
{
	__u64 mask = KF_ONCE(c->addr_mask);

	return (addr[0] & mask) == KF_ONCE(c->addr[0]) && (addr[1] & mask) == KF_ONCE(c->addr[1]);
}

/* May the entry be replaced now? It is the caller's then, until kf_known_set. */
static __always_inline bool kf_known_begin(struct kf_known *c)
{
	if (++c->misses % KF_CACHE_MISSES || !kf_cache_begin(&c->until))
		return false;
	KF_ONCE(c->changes)++;
	return true;
}

/* Where a frame leads. */
struct kf_target {
	__u32 slot; /* of a plain function; KF_SLOT_CHAIN: to a chain */
	__u32 id;   /* or the chain's number */
	__u32 sample_mask;
	__u64 len; /* of the frame */
};

static __always_inline struct kf_target kf_target(__u32 brief, __u32 sample_mask, __u64 len)
{
	return (struct kf_target){
		.slot = (brief & KF_BRIEF_SLOT) - 1,
		.id = brief >> KF_BRIEF_ID & (KF_CHAINS - 1),
		.sample_mask = sample_mask,
		.len = len,
	};
}

static __always_inline void kf_known_set(struct kf_known *c, const struct kf_key *k, __u64 until, __u32 brief,
					 __u32 sample_mask)
{
	bool local = !(brief & KF_BRIEF_ANYWHERE);
	__u64 mac_mask = local ? KF_MAC_MASK : 0;
	struct kf_target t = kf_target(brief, sample_mask, 0);

	KF_ONCE(c->mac_mask) = mac_mask;
	KF_ONCE(c->mac) = k->start & mac_mask;
	KF_ONCE(c->slot) = t.slot;
	KF_ONCE(c->id) = t.id;
	KF_ONCE(c->proto) = k->proto;
	KF_ONCE(c->least) = local ? KF_BRIEF_NONE + 1 : KF_BRIEF_ANYWHERE;
	KF_ONCE(c->gen) = k->gen;
	KF_ONCE(c->sample_mask) = t.sample_mask;
	KF_ONCE(c->until) = until;
}

/* K was found to lead to BRIEF, if EXACT at this address alone. UNTIL: jiffies64. */
static __always_inline void kf_cache_put(struct kf_cached *c, const struct kf_key *k, union kf_end end, bool exact,
					 __u64 until, __u32 brief, __u32 sample_mask)
{
	union kf_end mask = {.addr = exact ? ~0u : 0, .port = 0xffff};

	if (!kf_known_begin(&c->known))
		return;
	KF_ONCE(c->end_mask) = mask.word;
	KF_ONCE(c->end) = end.word; /* (compared by what is in the mask) */
	kf_known_set(&c->known, k, until, brief, sample_mask);
}

static __always_inline void kf_cache6_put(struct kf_cached6 *c, const struct kf_key *k, const __u64 *addr, bool exact,
					  __u64 until, __u32 brief, __u32 sample_mask)
{
	__u64 mask = exact ? ~0ull : 0;

	if (!kf_known_begin(&c->known))
		return;
	KF_ONCE(c->addr_mask) = mask;
	KF_ONCE(c->addr[0]) = addr[0] & mask;
	KF_ONCE(c->addr[1]) = addr[1] & mask;
	KF_ONCE(c->port) = k->port;
	kf_known_set(&c->known, k, until, brief, sample_mask);
}

#endif
