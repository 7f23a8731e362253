// SPDX-License-Identifier: Apache-2.0
/* run.c - see run.h. A thread on each CPU makes the kernel send; this one waits for time, count or a signal. */
#include "run.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "../../loader/link.h"
#include "../../loader/log.h"
#include "send.h"

#define POLL_NS 1000000
#define NS	1000000000ull

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
		n += sent_by(o, i);
	return n;
}

/* There may be fewer requests than threads. */
static bool has_work(const struct load *l, const struct loaded *o, size_t thread)
{
	return o->skel->bss->threads[thread].limit && (!l->outstanding || thread < l->outstanding);
}

/* When the first thread began to send, and the last. False: not all have. */
static bool began(const struct load *l, const struct loaded *o, unsigned long long *first, unsigned long long *last)
{
	unsigned long long at;
	bool all = true;

	*first = *last = 0;
	for (size_t i = 0; i < l->cpus.n; i++) {
		at = began_by(o, i);
		if (!at) {
			all = all && !has_work(l, o, i);
			continue;
		}
		*first = !*first || at < *first ? at : *first;
		*last = at > *last ? at : *last;
	}
	return all;
}

/* Its count is reached. In a closed loop, what has an answer or was given up makes room for the rest of it. */
static bool finished(const struct worker *w, size_t n, const struct load *l)
{
	unsigned long long over = 0;
	size_t done = 0;

	for (size_t i = 0; i < n; i++) {
		over += w[i].given_up + w[i].loaded->skel->bss->threads[i].overrun;
		done += w[i].done;
	}
	if (done == n || !l->count)
		return done == n;
	return (l->outstanding ? closed(w->loaded) + over : sent(w->loaded, n)) >= l->count;
}

/* The seconds count from a thread's first request on: what the kernel needs to begin is no part of them. */
static void wait_for_end(const struct load *l, const struct worker *w, const sigset_t *signals)
{
	unsigned long long first, last, end, at;

	while (!finished(w, l->cpus.n, l)) {
		at = clock_now();
		end = at + POLL_NS;
		if (began(l, w->loaded, &first, &last) && l->seconds > 0)
			end = last + l->seconds * NS;
		if (end <= at)
			break;
		if (end > at + POLL_NS)
			end = at + POLL_NS;
		if (sigtimedwait(signals, NULL, &(struct timespec){.tv_nsec = end - at}) > 0)
			break;
	}
}

/* Until all have their answer, or none can be expected any more. */
static void drain(const struct load *l, const struct loaded *o, const sigset_t *signals)
{
	unsigned long long end = clock_now() + l->timeout_ms * 1000000;

	while (l->request.kind != GEN_RAW && closed(o) < sent(o, l->cpus.n) && clock_now() < end)
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

/* Requests that were due by the schedule at time END, and not sent. */
static unsigned long long unsent(const struct load *l, const struct loaded *o, unsigned long long end)
{
	unsigned long long n = 0, began, due, sent;

	for (size_t i = 0; i < l->cpus.n && l->rate; i++) {
		began = began_by(o, i);
		if (!began || end < began)
			continue;
		due = (end - began) * ((double)l->rate / l->cpus.n / NS) + 1;
		if (due > o->skel->bss->threads[i].limit)
			due = o->skel->bss->threads[i].limit;
		sent = sent_by(o, i);
		n += due > sent ? due - sent : 0;
	}
	return n;
}

static void collect(const struct load *l, const struct loaded *o, struct result *out)
{
	__u64 *total = (__u64 *)&out->figures;

	for (size_t i = 0; i < o->n_figures; i++) {
		const __u64 *cpu = (const __u64 *)&o->figures[i];

		for (size_t k = 0; k < sizeof(out->figures) / sizeof(*total); k++)
			if (&total[k] != &out->figures.latency.max && &total[k] != &out->figures.behind.max)
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
	unsigned long long first, last, end;
	sigset_t signals;
	size_t n = 0;
	int rc = 0;

	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGHUP);
	pthread_sigmask(SIG_BLOCK, &signals, NULL);
	sigaction(SIGUSR1, &(struct sigaction){.sa_handler = interrupt}, NULL);
	for (; n < l->cpus.n && !rc; n++) {
		w[n] = (struct worker){.load = l, .loaded = o, .index = n};
		rc = -pthread_create(&w[n].thread, NULL, worker_run, &w[n]);
	}
	if (rc)
		n--;
	else
		wait_for_end(l, w, &signals);
	end = clock_now();
	*(volatile __u32 *)&o->skel->bss->stop = 1;
	began(l, o, &first, &last);
	out->seconds = first ? (end - first) / (double)NS : 0;
	out->unsent = unsent(l, o, end);
	for (size_t i = 0; i < n; i++) {
		while (!w[i].done) { /* again, if it came just before the call */
			pthread_kill(w[i].thread, SIGUSR1);
			clock_sleep(POLL_NS);
		}
		pthread_join(w[i].thread, NULL);
		if (w[i].rc && !rc)
			rc = explain(l, w[i].rc);
	}
	if (!rc)
		drain(l, o, &signals);
	return rc;
}

/* The kernel does not say which frames a driver takes, only whether it could at all. BEFORE: its downs. */
static bool link_was_down(int ifindex, unsigned before)
{
	struct link now;

	return link_get(ifindex, -1, &now) || !(now.flags & IFF_RUNNING) || now.downs != before;
}

int run(const struct load *l, struct result *out)
{
	struct worker *w = calloc(l->cpus.n, sizeof(*w));
	int rc, ifindex = l->request.target.ifindex;
	struct link before = {0};
	struct loaded o;

	*out = (struct result){0};
	if (!w)
		return fail_memory();
	rc = load_open(&o, l);
	if (!rc) {
		rc = link_get(ifindex, -1, &before);
		if (rc)
			fail(rc, "the kernel does not tell of the interface: %s; try again", strerror(-rc));
	}
	if (!rc)
		rc = send_all(l, &o, w, out);
	if (!rc)
		collect(l, &o, out);
	out->link_down = !rc && link_was_down(ifindex, before.downs);
	load_close(&o);
	free(w);
	return rc;
}
