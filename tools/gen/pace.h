/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* pace.h - an open loop's schedule: when the next request is due, waiting for that, and how late it is. */
#ifndef GEN_PACE_H
#define GEN_PACE_H

#include "make.h"

#define WAIT_MAX 1000000 /* ns; user space is to sleep if it is longer */

/* A thread's, written before the load begins. */
const volatile __u64 interval_ns;   /* between two requests; 0: as fast as possible */
const volatile __u32 interval_part; /* and so many 2^-32 ns */
const volatile __u32 looks;	    /* at the clock, before a run comes back without a request; 0: one */

static long is_due(__u32 i, void *due)
{
	return bpf_ktime_get_ns() >= *(__u64 *)due;
}

static __always_inline void advance(struct gen_thread *t)
{
	__u64 part = (__u64)t->due_part + interval_part;

	t->due += interval_ns + (part >> 32);
	t->due_part = part;
}

/* When the next request of T was due by the schedule; 0: it is not yet. One that is late moves no later one. */
static __always_inline __u64 next_due(struct gen_thread *t, __u32 cpu)
{
	__u64 due = t->due, now = bpf_ktime_get_ns();
	struct gen_figures *f;

	if (stop || t->next >= t->limit)
		return 0;
	if (looks && now < due && due - now < WAIT_MAX) {
		bpf_loop(looks, is_due, &due, 0);
		now = bpf_ktime_get_ns();
	}
	if (now < due)
		return 0;
	f = bpf_map_lookup_elem(&figures, &cpu);
	if (f)
		count_time(&f->behind, now - due, sampled(t->next));
	advance(t);
	return due;
}

#endif
