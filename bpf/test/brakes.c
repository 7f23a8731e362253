// SPDX-License-Identifier: Apache-2.0
/* brakes.c - rate limit and fuse: how many packets they let through, what becomes of the others. */
#include "rig.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define SECOND 1000000000ull

static const struct packet dns = {UDP(53), .bytes = 18};

/* As the loader computes it. */
static struct kf_policy limit(uint64_t rate, uint64_t burst, uint32_t flags)
{
	uint64_t interval = (SECOND << KF_LIMIT_SHIFT) / rate;

	if (interval * (burst - 1) >= KF_COARSE_TOLERANCE)
		flags |= KF_LIMIT_COARSE;
	return (struct kf_policy){.interval = interval, .tolerance = interval * (burst - 1), .flags = flags};
}

/* 250 packets at one a second and a burst of 100, fast enough that only the burst gets through. */
static void test_burst(struct gate *g, uint32_t flags)
{
	bool drop = flags & KF_LIMIT_DROP;
	struct function table[] = {
		{"udp/53", .flags = KF_STEP_LIMIT, .policy = limit(1, 100, flags)},
		{"udp/53"},
	};
	struct kf_account a, b;
	struct test_run *r;
	uint64_t start;
	int tries = 0;
	bool ok;

	do {
		rig_install(g, table, 2);
		acts[0].verdict = g->go_on;
		acts[1].verdict = g->go_on;
		start = rig_now();
		r = rig_packet(g, &dns, 250);
	} while (rig_now() - start >= SECOND && ++tries < 20);
	a = rig_account(g, 0);
	b = rig_account(g, 1);
	ok = !r->failed && r->verdict == (drop ? g->drop : g->pass) && a.packets == 100 && a.limited == 150 &&
	     a.bytes == 100 * r->len && a.verdict[g->base + g->go_on] == 100 && b.packets == (drop ? 100 : 250) &&
	     !b.limited;
	if (!ok)
		test_note("verdict %d; a: %llu packets, %llu limited; b: %llu packets", r->verdict, a.packets,
			  a.limited, b.packets);
	test_ok(ok, "%s: burst of 100 of 250, the others %s", g->name,
		drop ? "are dropped" : "go on to the next function");
	ok = a.packets + a.limited == 250;
	rig_install(g, table, 2);
	ok &= !rig_account(g, 0).limited;
	rig_packet(g, &(struct packet){UDP(54)}, 250);
	ok &= !meters[FUNCTION_ID(0)].tat;
	test_ok(ok, "%s: packets that do not match cost no tokens", g->name);
}

static void wait_until(uint64_t when)
{
	struct timespec t = {.tv_sec = when / SECOND, .tv_nsec = when % SECOND};

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL))
		;
}

/* Empty the bucket, let time pass, and ask again: what got through follows from the time between, which is measured. */
static void test_refill(struct gate *g, uint64_t rate, uint64_t burst, uint64_t pause)
{
	struct function table[] = {{"udp/53", .flags = KF_STEP_LIMIT, .policy = limit(rate, burst, 0)}};
	uint64_t before, drained, again, end, got, least, most, first;
	uint64_t tick = table[0].policy.flags & KF_LIMIT_COARSE ? 10000000 : 0;

	rig_install(g, table, 1);
	before = rig_now();
	rig_packet(g, &dns, 3 * burst);
	drained = rig_now();
	first = rig_account(g, 0).packets;
	wait_until(drained + pause);
	again = rig_now();
	rig_packet(g, &dns, 3 * burst);
	end = rig_now();
	got = rig_account(g, 0).packets - first;
	/* The bucket is never fuller than the burst; it fills while the packets run too. */
	least = (again - drained - tick) * rate / SECOND;
	least = least > burst ? burst : least;
	most = burst + (end - again + tick) * rate / SECOND + 1;
	if (most > (end - before + tick) * rate / SECOND + 1)
		most = (end - before + tick) * rate / SECOND + 1;
	if (got < least || got > most || first < burst)
		test_note("%llu packets, want %llu to %llu; before %llu", (unsigned long long)got,
			  (unsigned long long)least, (unsigned long long)most, (unsigned long long)first);
	test_ok(got >= least && got <= most && first >= burst &&
			first <= burst + (drained - before + tick) * rate / SECOND + 1,
		"%s: %llu/s burst %llu, refilled for %llu ms", g->name, (unsigned long long)rate,
		(unsigned long long)burst, (unsigned long long)pause / 1000000);
}

/* Every packet is timed. Returns after N packets of a function that takes TAKES ns. */
static struct test_run *burn(struct gate *g, int takes, uint32_t n)
{
	rig_sample(1);
	acts[0].op = takes ? ACT_SPIN : ACT_NONE;
	acts[0].arg = takes;
	acts[0].verdict = g->go_on;
	return rig_packet(g, &dns, n);
}

static void test_fuse(struct gate *g, uint32_t flags)
{
	bool drop = flags & KF_FUSE_DROP;
	struct function table[] = {
		{"udp/53", .flags = KF_STEP_FUSE, .policy = {.budget_ns = 5000, .flags = flags}},
		{"udp/53"},
	};
	struct kf_meter *m = &meters[FUNCTION_ID(0)];
	struct kf_account a;
	struct test_run *r;
	bool ok;

	rig_install(g, table, 2);
	r = burn(g, 20000, KF_FUSE_SAMPLES - 1);
	ok = !m->blown && m->over == KF_FUSE_SAMPLES - 1 && m->mean_ns >= 20000 && !rig_account(g, 0).fused;
	test_ok(ok && r->verdict == g->final, "%s: the fuse holds for %u slow packets", g->name, KF_FUSE_SAMPLES - 1);
	r = burn(g, 20000, 21);
	a = rig_account(g, 0);
	ok = m->blown && a.packets == KF_FUSE_SAMPLES && a.fused == 20 && r->verdict == (drop ? g->drop : g->final) &&
	     rig_account(g, 1).packets == KF_FUSE_SAMPLES + (drop ? 0 : 20);
	test_ok(ok, "%s: one more blows it, the next 20 %s", g->name,
		drop ? "are dropped" : "go on to the next function");
	*m = (struct kf_meter){0};
	burn(g, 0, 1);
	ok = !m->blown && rig_account(g, 0).packets == KF_FUSE_SAMPLES + 1 && rig_account(g, 0).fused == 20;
	test_ok(ok, "%s: after a reset it runs again", g->name);
}

static void test_fuse_holds(struct gate *g)
{
	struct function table[] = {{"udp/53", .flags = KF_STEP_FUSE, .policy = {.budget_ns = SECOND}}};
	struct kf_meter *m = &meters[FUNCTION_ID(0)];
	bool ok;

	rig_install(g, table, 1);
	burn(g, 0, 500);
	test_ok(!m->blown && !m->over && m->mean_ns && rig_account(g, 0).packets == 500, "%s: within budget it holds",
		g->name);
	m->over = KF_FUSE_SAMPLES - 1;
	burn(g, 0, 1);
	test_ok(!m->over, "%s: a mean within budget starts the count anew", g->name);
	table[0].policy.budget_ns = 1;
	rig_install(g, table, 1);
	rig_sample(0);
	rig_packet(g, &dns, 500);
	test_ok(!m->blown && !m->mean_ns, "%s: without samples it cannot blow", g->name);
	table[0].flags = 0;
	rig_install(g, table, 1);
	m->blown = 1;
	burn(g, 0, 10);
	table[0] = (struct function){"udp/53", .flags = KF_STEP_LIMIT, .policy = limit(1, 10, 0)};
	ok = rig_account(g, 0).packets == 10;
	rig_install(g, table, 1);
	m->blown = 1;
	burn(g, 0, 10);
	test_ok(ok && rig_account(g, 0).packets == 10, "%s: without a budget a blown meter means nothing", g->name);
}

/* A blown fuse comes before the limit, and takes no tokens. */
static void test_both(struct gate *g)
{
	struct function table[] = {
		{"udp/53", .flags = KF_STEP_FUSE | KF_STEP_LIMIT, .policy = limit(1, 5, KF_LIMIT_DROP)}};
	struct kf_account a;
	bool ok;

	table[0].policy.budget_ns = SECOND;
	rig_install(g, table, 1);
	meters[FUNCTION_ID(0)].blown = 1;
	ok = rig_packet(g, &dns, 9)->verdict == g->pass;
	a = rig_account(g, 0);
	ok &= a.fused == 9 && !a.limited && !a.packets && !meters[FUNCTION_ID(0)].tat;
	meters[FUNCTION_ID(0)].blown = 0;
	ok &= rig_packet(g, &dns, 9)->verdict == g->drop;
	a = rig_account(g, 0);
	ok &= a.fused == 9 && a.limited && a.packets >= 5 && a.packets + a.limited == 9;
	test_ok(ok, "%s: fuse and limit together", g->name);
}

void test_brakes(void)
{
	for (struct gate *g = gates; g < gates + KF_HOOKS; g++) {
		test_burst(g, 0);
		test_burst(g, KF_LIMIT_DROP);
		test_refill(g, 1000, 50, 20000000);
		test_refill(g, 1000, 50, 200000000);
		test_refill(g, 1000000, 1000, 500000);
		test_refill(g, 10, 1, 150000000);
		test_fuse(g, 0);
		test_fuse(g, KF_FUSE_DROP);
		test_fuse_holds(g);
		test_both(g);
	}
}
