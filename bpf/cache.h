/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* cache.h - what each CPU matched last: a cache of one match.
 *
 * To look a frame up, the processor must have read its port before it can ask the first table, and have
 * that table's answer before it can ask the next: dozens of cycles, one after the other. What a former
 * frame was matched to is there at once; that this one is like it takes compares alone, and these the
 * processor foretells.
 *
 * An entry is valid as long as its generation is in force, and the kernel's word on its address (local.h)
 * is. A frame that is not like it replaces it only now and then, so that ports that alternate cost little. */
#ifndef KF_CACHE_H
#define KF_CACHE_H

#include "maps.h"
#include "quick.h"

/* Read at once. */
union kf_step_word {
	struct kf_step step;
	__u64 word;
};

/* Entries are a CPU's own, yet another look-up on it may come between any two instructions: under PREEMPT_RT and
 * BPF_PROG_TEST_RUN. So one writer at a time changes an entry, from kf_cache_begin, which makes it invalid, until it
 * sets UNTIL. A reader looks at UNTIL first, and believes what it read if no writer has begun meanwhile. */
static __always_inline bool kf_cache_begin(__u64 *until)
{
	__u64 seen = KF_ONCE(*until);

	return seen != KF_CACHE_BUSY && __sync_val_compare_and_swap(until, seen, KF_CACHE_BUSY) == seen;
}

/* CPU: less than KF_CPUS. */
static __always_inline struct kf_cached *kf_cached(__u32 cpu)
{
	struct kf_cached *c;

	barrier_var(cpu); /* as in kf_row */
	c = &kf_cache[cpu & (KF_CPUS - 1)];
	barrier_var(c); /* else clang works the address out again for each field */
	return c;
}

/* Is K like what is cached? Then what that was matched to is in STEP and SAMPLE_MASK. If the entry changes while it is
 * read (kf_cache_begin), it says no. */
static __always_inline bool kf_cache_get(struct kf_cached *c, const struct kf_key *k, __u64 now,
					 union kf_step_word *step, __u32 *sample_mask)
{
	__u16 changes = KF_ONCE(c->changes);

	if (KF_UNLIKELY(KF_ONCE(c->until) <= now) || KF_UNLIKELY(KF_ONCE(c->gen) != k->gen) ||
	    KF_UNLIKELY((k->end.word & KF_ONCE(c->end_mask)) != KF_ONCE(c->end)) ||
	    KF_UNLIKELY((k->start & KF_ONCE(c->mac_mask)) != KF_ONCE(c->mac)) ||
	    KF_UNLIKELY(k->middle != KF_ONCE(c->middle)))
		return false;
	*sample_mask = KF_ONCE(c->sample_mask);
	step->word = KF_ONCE(c->step);
	return !KF_UNLIKELY(KF_ONCE(c->changes) != changes);
}

/* UNTIL: jiffies64. */
static __always_inline void kf_cache_put(struct kf_cached *c, const struct kf_key *k, __u64 until,
					 const union kf_step_word *step, __u32 sample_mask)
{
	bool local = step->step.flags & KF_STEP_LOCAL;
	union kf_end end_mask = {.addr = local ? ~0u : 0, .port = 0xffff};
	__u64 mac_mask = local ? KF_MAC_MASK : 0;

	if (++c->misses % KF_CACHE_MISSES || !kf_cache_begin(&c->until))
		return;
	KF_ONCE(c->changes)++;
	KF_ONCE(c->mac_mask) = mac_mask;
	KF_ONCE(c->mac) = k->start & mac_mask;
	KF_ONCE(c->end_mask) = end_mask.word;
	KF_ONCE(c->end) = k->end.word & end_mask.word;
	KF_ONCE(c->middle) = k->middle;
	KF_ONCE(c->gen) = k->gen;
	KF_ONCE(c->sample_mask) = sample_mask;
	KF_ONCE(c->step) = step->word;
	KF_ONCE(c->until) = until;
}

#endif
