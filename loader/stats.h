/* SPDX-License-Identifier: Apache-2.0 */
/* stats.h - a function's counters, read from the gates and summed over CPUs. */
#ifndef KF_STATS_H
#define KF_STATS_H

#include "state.h"

/* Sum of function ID's accounts at HOOK. -ENOENT: no gate there. */
int stats_read(const struct state *s, enum kf_hook hook, __u32 id, struct kf_account *sum);
void stats_add(struct kf_account *to, const struct kf_account *a);
/* The time in ns below which PERCENT of the sampled invocations stayed (upper edge of the bucket);
 * 0 without samples. */
unsigned long long stats_percentile(const struct kf_account *a, double percent);
unsigned long long stats_samples(const struct kf_account *a);
/* "PASS", "TX", "SHOT"; NULL for an index that HOOK has no verdict for. */
const char *stats_verdict_name(enum kf_hook hook, unsigned index);

#endif
