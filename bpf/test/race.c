// SPDX-License-Identifier: Apache-2.0
/* race.c - what a CPU knows changes while a look-up reads it, as where another look-up comes in between (PREEMPT_RT). A
 * thread on another CPU stands in for that one: x86 lets a CPU see what another writes in that order. */
#include "rig.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#define ROUNDS 40
#define REPEAT 2000

static const struct function table[] = {{"udp/53", .local = true}, {"udp/54"}};

/* The entry of one CPU and family, and two states of it to change between. */
static struct {
	char *entry, *state;
	size_t size; /* of each */
	int cpu;     /* of who reads */
	bool away;   /* from it, who changes */
	atomic_bool stop;
} race;

static struct kf_cached state4[2];
static struct kf_cached6 state6[2];

static bool leave(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	for (int i = 0; i < CPU_SETSIZE; i++)
		if (i != cpu)
			CPU_SET(i, &set);
	return !sched_setaffinity(0, sizeof(set), &set);
}

/* As kf_known_begin, kf_cache_put and kf_known_set. */
static void change(void *entry, const void *state, size_t size)
{
	volatile struct kf_known *k = entry;
	const struct kf_known *to = state;
	uint64_t seen = k->until;

	if (seen == KF_CACHE_BUSY || !__sync_bool_compare_and_swap(&k->until, seen, KF_CACHE_BUSY))
		return;
	k->changes++;
	memcpy((char *)entry + sizeof(*k), (const char *)state + sizeof(*k), size - sizeof(*k));
	k->mac_mask = to->mac_mask;
	k->mac = to->mac;
	k->id = to->id;
	k->slot = to->slot;
	k->proto = to->proto;
	k->least = to->least;
	k->gen = to->gen;
	k->sample_mask = to->sample_mask;
	atomic_thread_fence(memory_order_seq_cst);
	k->until = to->until;
}

static void *change_always(void *arg)
{
	(void)arg;
	race.away = leave(race.cpu);
	for (unsigned i = 0; race.away && !race.stop; i++)
		change(race.entry, race.state + i % 2 * race.size, race.size);
	return NULL;
}

/* What the CPU knows after frames like P: STATE, for good. */
static bool learn(struct gate *g, const struct packet *p, void *state)
{
	struct kf_known *k = state;

	rig_packet(g, p, 2 * KF_CACHE_MISSES);
	memcpy(state, race.entry, race.size);
	if (k->gen != control->gen || k->until <= KF_CACHE_BUSY)
		return false;
	k->until = 1ull << 63;
	return true;
}

/* Frames to either port, and such as the first function must not see, from one who changes the entry and one who reads
 * it: each function ran for its own. */
static void test_gate(struct gate *g, const char *family, const struct packet *packets)
{
	uint64_t n = (uint64_t)ROUNDS * REPEAT;
	struct kf_account a, b;
	pthread_t thread;
	bool ok;

	rig_install(g, table, ARRAY_LEN(table));
	ok = learn(g, &packets[0], race.state);
	rig_changed();
	ok &= learn(g, &packets[1], race.state + race.size);
	((struct kf_known *)race.state)->gen = control->gen;
	for (unsigned i = 0; i < ARRAY_LEN(table); i++)
		rig_account_reset(g, i);
	race.stop = false;
	if (pthread_create(&thread, NULL, change_always, NULL)) {
		test_ok(false, "%s, %s: no thread", g->name, family);
		return;
	}
	for (unsigned i = 0; i < ROUNDS; i++)
		for (unsigned k = 0; k < 3; k++)
			rig_packet(g, &packets[k], REPEAT);
	race.stop = true;
	pthread_join(thread, NULL);
	a = rig_account(g, 0);
	b = rig_account(g, 1);
	if (g->hook == KF_TC_EGRESS) /* has no scope */
		a.packets -= n;
	test_ok(ok && race.away && a.packets == n && b.packets == n, "%s, %s: what is known changes while it is read",
		g->name, family);
	test_note("%llu and %llu of %llu", (unsigned long long)a.packets, (unsigned long long)b.packets,
		  (unsigned long long)n);
}

void test_race(void)
{
	static const struct packet v4[] = {{UDP(53)}, {UDP(54)}, {UDP(53), .to = "203.0.113.1"}},
				   v6[] = {{UDP(53), V6}, {UDP(54), V6}, {UDP(53), .to = "2001:db8:2::1"}};
	int cpu = race.cpu = sched_getcpu();

	rig_addresses();
#ifndef __x86_64__
	test_note("not x86: what is known is not changed while it is read");
	return;
#endif
	if (sysconf(_SC_NPROCESSORS_ONLN) < 2) {
		test_note("no other CPU: what is known is not changed while it is read");
		return;
	}
	for (struct gate *g = gates; g < gates + KF_HOOKS; g++) {
		race.entry = (char *)&g->cache[cpu % KF_CPUS];
		race.state = (char *)state4;
		race.size = sizeof(*state4);
		test_gate(g, "IPv4", v4);
		race.entry = (char *)&g->cache6[cpu % KF_CPUS];
		race.state = (char *)state6;
		race.size = sizeof(*state6);
		test_gate(g, "IPv6", v6);
	}
}
