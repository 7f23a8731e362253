// SPDX-License-Identifier: Apache-2.0
/* send.c - see send.h. */
#include "send.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <sched.h>
#include <stdbool.h>
#include <sys/prctl.h>
#include <time.h>

#define PER_CALL (1u << 24) /* as fast as possible: a call has a price, and a signal ends it */
#define BATCH	 64	    /* frames that are made before the first is sent */
#define AHEAD_NS 100000	    /* at a low rate: the kernel is called so long before a request is due */
#define TICKS	 32	    /* in a timeout: how often a closed loop looks for lost ones */
#define NS	 1000000000ull

unsigned long long clock_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * NS + t.tv_nsec;
}

void clock_sleep(unsigned long long ns)
{
	nanosleep(&(struct timespec){.tv_sec = ns / NS, .tv_nsec = ns % NS}, NULL);
}

static bool stopped(const struct worker *w)
{
	return *(volatile __u32 *)&w->loaded->skel->bss->stop;
}

unsigned long long sent_by(const struct loaded *o, unsigned index)
{
	const struct gen_thread *t = &o->skel->bss->threads[index];
	unsigned long long next = *(volatile __u64 *)&t->next;

	return next < t->limit ? next : t->limit;
}

unsigned long long began_by(const struct loaded *o, unsigned index)
{
	return *(volatile __u64 *)&o->skel->bss->threads[index].began;
}

/* N runs of the program that makes requests, each on a frame that is sent when it says so, BATCH at a time. */
static int send_frames(struct worker *w, unsigned n, unsigned batch)
{
	static const unsigned char frame[GEN_FRAME_MAX];
	unsigned len = template_at(&w->load->templates, 0)->len;
	struct xdp_md ctx = {.data_end = len, .ingress_ifindex = w->load->request.target.ifindex};
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = frame, .data_size_in = len, .ctx_in = &ctx,
		    .ctx_size_in = sizeof(ctx), .repeat = n, .flags = BPF_F_TEST_XDP_LIVE_FRAMES,
		    .batch_size = n < batch ? n : batch);

	if (!bpf_prog_test_run_opts(bpf_program__fd(w->loaded->skel->progs.source), &opts) || errno == EINTR)
		return 0;
	return -errno;
}

/* --- Open loop. A call for more than one frame waits for an RCU grace period (the kernel changes its dispatcher of XDP
 * programs), some 20 ms, so it must be a long one; the program comes back without a request until the next is due. A
 * call for one does not wait, but what it allocates is freed late, so many of them starve that. */

static void as_fast_as_possible(struct worker *w)
{
	unsigned long long limit = w->loaded->skel->bss->threads[w->index].limit, left;

	while (!w->rc && !stopped(w) && (left = limit - sent_by(w->loaded, w->index)))
		w->rc = send_frames(w, left < PER_CALL ? left : PER_CALL, BATCH);
}

static void at_high_rate(struct worker *w)
{
	while (!w->rc && !stopped(w))
		w->rc = send_frames(w, PER_CALL, w->loaded->pace.batch);
}

/* When the limit is reached, it waits for the end. */
static void at_low_rate(struct worker *w)
{
	const struct gen_thread *t = &w->loaded->skel->bss->threads[w->index];
	unsigned long long due, at;

	prctl(PR_SET_TIMERSLACK, 1);
	while (!w->rc && !stopped(w)) {
		at = clock_now() + AHEAD_NS;
		due = sent_by(w->loaded, w->index) < t->limit ? *(volatile __u64 *)&t->due : at + NS;
		if (due > at)
			clock_sleep(due - at);
		if (due < at + NS && !stopped(w))
			w->rc = send_frames(w, 1, 1);
	}
}

static void open_loop(struct worker *w)
{
	if (!w->load->rate)
		as_fast_as_possible(w);
	else if (w->loaded->pace.single)
		at_low_rate(w);
	else
		at_high_rate(w);
}

/* --- Closed loop: the answers keep it going in the kernel; here only lost ones are replaced */

/* Give up those before number TO; how many that were. */
static unsigned give_up(struct worker *w, unsigned long long *oldest, unsigned long long to)
{
	struct gen_slot *slots = w->loaded->slots + (size_t)w->index * GEN_WINDOW;
	__u32 mask = w->loaded->skel->rodata->window_mask;
	unsigned n = 0;

	if (to - *oldest > mask)
		*oldest = to - mask;
	for (; *oldest < to; ++*oldest) {
		struct gen_slot *s = &slots[*oldest & mask];
		__u32 open = GEN_OPEN;

		if (s->seq == (__u32)*oldest && __atomic_compare_exchange_n(&s->open, &open, GEN_GIVEN_UP, false,
									    __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
			n++;
	}
	return n;
}

static void closed_loop(struct worker *w)
{
	unsigned long long before[TICKS] = {0}, oldest = 0, overrun = 0, threads = w->load->cpus.n;
	const struct gen_thread *t = &w->loaded->skel->bss->threads[w->index];
	unsigned n = w->load->outstanding / threads + (w->index < w->load->outstanding % threads);

	for (unsigned tick = 0; !w->rc && !stopped(w); tick = (tick + 1) % TICKS) {
		if (n)
			w->rc = send_frames(w, n, BATCH);
		clock_sleep(w->load->timeout_ms * 1000000 / TICKS);
		n = give_up(w, &oldest, before[tick]);
		w->given_up += n;
		before[tick] = sent_by(w->loaded, w->index);
		n += *(volatile __u64 *)&t->overrun - overrun;
		overrun = *(volatile __u64 *)&t->overrun;
	}
}

void *worker_run(void *worker)
{
	struct worker *w = worker;
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(w->load->cpus.list[w->index], &set);
	if (pthread_setaffinity_np(pthread_self(), sizeof(set), &set))
		w->rc = -ENXIO;
	else if (w->load->outstanding)
		closed_loop(w);
	else
		open_loop(w);
	w->done = true;
	return NULL;
}
