// SPDX-License-Identifier: Apache-2.0
/* run.c - see run.h. A thread on each CPU makes the kernel send; this one waits for time, count or a signal. */
#include "run.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../../loader/log.h"
#include "load.h"

#define PER_CALL (1u << 24) /* as fast as possible: a call has a price, and a signal ends it */
#define BATCH	 64	    /* frames that are made before the first is sent */
#define PAUSE_NS 50000	    /* paced: between two looks at the clock */
#define SINGLES	 10000	    /* paced: up to this rate each request is a call of its own */
#define TICKS	 32	    /* in a timeout: how often a closed loop looks for lost ones */
#define POLL_NS	 1000000
#define NS	 1000000000ull

struct worker {
	const struct load *load;
	struct loaded *loaded;
	unsigned index;
	pthread_t thread;
	unsigned long long given_up;
	int rc; /* -errno */
	atomic_bool done;
};

static unsigned long long now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * NS + t.tv_nsec;
}

static void pause_ns(unsigned long long ns)
{
	nanosleep(&(struct timespec){.tv_sec = ns / NS, .tv_nsec = ns % NS}, NULL);
}

static struct gen_thread *thread_of(const struct worker *w)
{
	return &w->loaded->skel->bss->threads[w->index];
}

static bool stopped(const struct worker *w)
{
	return *(volatile __u32 *)&w->loaded->skel->bss->stop;
}

static unsigned long long sent_by(const struct gen_thread *t)
{
	unsigned long long next = *(volatile __u64 *)&t->next;

	return next < t->limit ? next : t->limit;
}

/* N runs of the program that makes requests, each on a frame that is sent when it says so. */
static int send_frames(struct worker *w, unsigned n)
{
	static const unsigned char frame[GEN_FRAME_MAX];
	unsigned len = w->load->templates.list[0].len;
	struct xdp_md ctx = {.data_end = len, .ingress_ifindex = w->load->request.target.ifindex};
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = frame, .data_size_in = len, .ctx_in = &ctx,
		    .ctx_size_in = sizeof(ctx), .repeat = n, .flags = BPF_F_TEST_XDP_LIVE_FRAMES,
		    .batch_size = n < BATCH ? n : BATCH);

	if (!bpf_prog_test_run_opts(bpf_program__fd(w->loaded->skel->progs.source), &opts) || errno == EINTR)
		return 0;
	return -errno;
}

/* --- Open loop. A call for more than one frame waits for an RCU grace period (the kernel changes its dispatcher of XDP
 * programs), some 20 ms; a call for one does not, but what it allocates is freed late, so many of them starve that. So
 * slow loads are even, fast ones come in bursts, each of what falls due until the call will be over. */

static unsigned long long due(const struct worker *w, unsigned long long elapsed, unsigned long long sent)
{
	double share = (double)w->load->rate / w->load->cpus.n, all;

	if (!w->load->rate)
		return PER_CALL;
	if (w->load->seconds > 0 && elapsed > w->load->seconds * NS)
		elapsed = w->load->seconds * NS;
	all = elapsed * share / NS;
	return all > sent ? all - sent : 0;
}

static void open_loop(struct worker *w)
{
	bool singles = w->load->rate && w->load->rate / w->load->cpus.n <= SINGLES;
	unsigned long long start = now(), sent = 0, took = 0, before, n;
	struct gen_thread *t = thread_of(w);

	while (!w->rc && !stopped(w) && sent < t->limit) {
		before = now();
		n = due(w, before - start + (singles ? 0 : took), sent);
		if (n > t->limit - sent)
			n = t->limit - sent;
		if (!n) {
			pause_ns(PAUSE_NS);
			continue;
		}
		w->rc = send_frames(w, singles ? 1 : n < PER_CALL ? n : PER_CALL);
		sent = sent_by(t);
		took = now() - before;
	}
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
	struct gen_thread *t = thread_of(w);
	unsigned n = w->load->outstanding / threads + (w->index < w->load->outstanding % threads);

	for (unsigned tick = 0; !w->rc && !stopped(w); tick = (tick + 1) % TICKS) {
		if (n)
			w->rc = send_frames(w, n);
		pause_ns(w->load->timeout_ms * 1000000 / TICKS);
		n = give_up(w, &oldest, before[tick]);
		w->given_up += n;
		before[tick] = sent_by(t);
		n += *(volatile __u64 *)&t->overrun - overrun;
		overrun = *(volatile __u64 *)&t->overrun;
	}
}

static void *work(void *arg)
{
	struct worker *w = arg;
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

/* --- The thread that waits */

static unsigned long long closed(const struct loaded *o)
{
	unsigned long long n = 0;

	for (size_t i = 0; i < o->n_figures; i++)
		n += *(volatile __u64 *)&o->figures[i].closed;
	return n;
}

static unsigned long long sent(const struct loaded *o, size_t threads)
{
	unsigned long long n = 0;

	for (size_t i = 0; i < threads; i++)
		n += sent_by(&o->skel->bss->threads[i]);
	return n;
}

/* In a closed loop, what has an answer or was given up makes room for the rest of the count. */
static bool finished(const struct worker *w, size_t n, const struct load *l)
{
	unsigned long long over = 0;
	size_t done = 0;

	for (size_t i = 0; i < n; i++) {
		over += w[i].given_up + w[i].loaded->skel->bss->threads[i].overrun;
		done += w[i].done;
	}
	return done == n || (l->outstanding && l->count && closed(w->loaded) + over >= l->count);
}

static void wait_for_end(const struct load *l, const struct worker *w, const sigset_t *signals)
{
	unsigned long long end = l->seconds > 0 ? now() + l->seconds * NS : ~0ull, at;

	while (!finished(w, l->cpus.n, l) && (at = now()) < end) {
		unsigned long long left = end - at < POLL_NS ? end - at : POLL_NS;

		if (sigtimedwait(signals, NULL, &(struct timespec){.tv_nsec = left}) > 0)
			break;
	}
}

/* Until all have their answer, or none can be expected any more. */
static void drain(const struct load *l, const struct loaded *o, const sigset_t *signals)
{
	unsigned long long end = now() + l->timeout_ms * 1000000;

	while (l->request.kind != GEN_RAW && closed(o) < sent(o, l->cpus.n) && now() < end)
		if (sigtimedwait(signals, NULL, &(struct timespec){.tv_nsec = POLL_NS}) > 0)
			break;
}

static int explain(const struct load *l, int rc)
{
	const char *ifname = l->request.target.ifname;

	if (rc == -EINVAL)
		return fail(rc, "this kernel does not send live frames (BPF_F_TEST_XDP_LIVE_FRAMES, Linux 5.18)");
	if (rc == -ENXIO)
		return fail_input("--cpus: this process may not run on one of them: `taskset -p $$` shows where");
	return fail(rc, "cannot send on %s: %s", ifname, strerror(-rc));
}

static void collect(const struct load *l, const struct loaded *o, struct result *out)
{
	__u64 *total = (__u64 *)&out->figures;

	for (size_t i = 0; i < o->n_figures; i++) {
		const __u64 *cpu = (const __u64 *)&o->figures[i];

		for (size_t k = 0; k < sizeof(out->figures) / sizeof(*total); k++)
			if (&total[k] != &out->figures.max_ns)
				total[k] += cpu[k];
			else if (cpu[k] > total[k])
				total[k] = cpu[k];
	}
	out->sent = sent(o, l->cpus.n);
}

/* A call into the kernel that is under way returns when its thread gets a signal. */
static void interrupt(int signal)
{
	(void)signal;
}

static int send_all(const struct load *l, struct loaded *o, struct worker *w, struct result *out)
{
	unsigned long long start;
	sigset_t signals;
	size_t n = 0;
	int rc = 0;

	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGHUP);
	pthread_sigmask(SIG_BLOCK, &signals, NULL);
	sigaction(SIGUSR1, &(struct sigaction){.sa_handler = interrupt}, NULL);
	start = now();
	for (; n < l->cpus.n && !rc; n++) {
		w[n] = (struct worker){.load = l, .loaded = o, .index = n};
		rc = -pthread_create(&w[n].thread, NULL, work, &w[n]);
	}
	if (rc)
		n--;
	else
		wait_for_end(l, w, &signals);
	*(volatile __u32 *)&o->skel->bss->stop = 1;
	out->seconds = (now() - start) / (double)NS;
	for (size_t i = 0; i < n; i++) {
		while (!w[i].done) { /* again, if it came just before the call */
			pthread_kill(w[i].thread, SIGUSR1);
			pause_ns(POLL_NS);
		}
		pthread_join(w[i].thread, NULL);
		if (w[i].rc && !rc)
			rc = explain(l, w[i].rc);
	}
	if (!rc)
		drain(l, o, &signals);
	return rc;
}

int run(const struct load *l, struct result *out)
{
	struct worker *w = calloc(l->cpus.n, sizeof(*w));
	struct loaded o;
	int rc;

	*out = (struct result){0};
	if (!w)
		return fail(-ENOMEM, "out of memory");
	rc = load_open(&o, l);
	if (!rc)
		rc = send_all(l, &o, w, out);
	if (!rc)
		collect(l, &o, out);
	load_close(&o);
	free(w);
	return rc;
}
