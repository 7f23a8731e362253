/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* account.h - what the gate counts, and the two brakes that work on it: rate limit and fuse. */
#ifndef KF_ACCOUNT_H
#define KF_ACCOUNT_H

#include "maps.h"

#define KF_LIMIT_TRIES 8

/* Generic cell rate algorithm (ITU-T I.371): the token bucket as one number,
 * so that all CPUs can share it without a lock. A CPU that loses the race for
 * it that many times in a row counts as over the limit. */
static __always_inline bool kf_over_limit(const struct kf_policy *p, struct kf_meter *m)
{
	__u64 now = (p->flags & KF_LIMIT_COARSE ? bpf_ktime_get_coarse_ns() : bpf_ktime_get_ns()) << KF_LIMIT_SHIFT;

	for (int i = 0; i < KF_LIMIT_TRIES; i++) {
		__u64 seen = *(volatile __u64 *)&m->tat;
		__u64 base = seen > now ? seen : now;

		if (base - now > p->tolerance)
			return true;
		if (__sync_val_compare_and_swap(&m->tat, seen, base + p->interval) == seen)
			return false;
	}
	return true;
}

/* An average over about 8 samples; the fuse blows when it was over budget KF_FUSE_SAMPLES
 * samples in a row. Racing CPUs may lose a sample: that only delays it. */
static __always_inline void kf_feed_fuse(const struct kf_policy *p, struct kf_meter *m, __u64 ns)
{
	__u32 capped = ns > 0x7fffffff ? 0x7fffffff : ns;
	__u32 mean = m->mean_ns ? m->mean_ns - m->mean_ns / 8 + capped / 8 : capped;

	m->mean_ns = mean;
	if (mean <= p->budget_ns)
		m->over = 0;
	else if (++m->over >= KF_FUSE_SAMPLES)
		m->blown = 1;
}

static __always_inline __u32 kf_log2(__u64 v)
{
	__u32 r = 0;

	if (v >> 32)
		return KF_HIST - 1;
	if (v >> 16) {
		v >>= 16;
		r += 16;
	}
	if (v >> 8) {
		v >>= 8;
		r += 8;
	}
	if (v >> 4) {
		v >>= 4;
		r += 4;
	}
	if (v >> 2) {
		v >>= 2;
		r += 2;
	}
	return r + (v >> 1);
}

static __always_inline void kf_count_sample(struct kf_account *a, __u64 ns)
{
	__u32 bucket = kf_log2(ns);

	if (bucket < KF_HIST)
		a->hist[bucket]++;
}

#endif
