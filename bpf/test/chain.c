// SPDX-License-Identifier: Apache-2.0
/* chain.c - functions one after the other: order, what goes on and what stands, odd verdicts, functions that change the
 * packet, and the two generations. */
#include "rig.h"

#include <stdio.h>
#include <string.h>

#define ALL "abcdefgh"

static const struct packet dns = {UDP(53), .bytes = 40};

static uint8_t frame[TEST_FRAME];
static size_t len;

/* The packet DNS, once. */
static struct test_run *run(struct gate *g)
{
	len = rig_frame(g, &dns, frame);
	return rig_run(g, frame, len, 1);
}

/* The same, and what must come of it; the frame stays as it is. */
static bool saw(struct gate *g, int verdict, const char *who)
{
	struct test_run *r = run(g);

	return rig_saw(r, verdict, who, frame, len);
}

/* Chains of 1 to 8; every verdict of each goes on but, once, that of the function at STOP. */
static void test_lengths(struct gate *g)
{
	struct function table[KF_CHAIN_LEN] = {0};
	bool ok;

	for (size_t n = 1; n <= KF_CHAIN_LEN; n++) {
		table[n - 1].on = "udp/53";
		ok = true;
		for (size_t stop = 0; stop <= n; stop++) {
			char who[KF_CHAIN_LEN + 1] = "";

			rig_install(g, table, n);
			for (size_t i = 0; i < n; i++)
				acts[i].verdict = i == stop ? g->final : g->go_on;
			memcpy(who, ALL, stop < n ? stop + 1 : n);
			ok &= saw(g, stop < n ? g->final : g->pass, who);
			for (size_t i = 0; i < n; i++)
				ok &= rig_account(g, i).packets == (i <= stop);
		}
		test_ok(ok, "%s: chain of %zu, ended by each of its functions and by none", g->name, n);
	}
}

static void test_order(struct gate *g)
{
	static const struct function table[] = {
		{"udp/53", .prio = 50},	   {"udp/53", .prio = 7}, {"udp/53", .prio = 50},
		{"udp/53", .prio = 65535}, {"udp/53", .prio = 0},
	};

	rig_install(g, table, ARRAY_LEN(table));
	for (size_t i = 0; i < ARRAY_LEN(table); i++)
		acts[i].verdict = g->go_on;
	test_ok(saw(g, g->pass, "ebacd"), "%s: by prio, then as given", g->name);
}

/* Two functions; A goes on after WANT alone: does it after VERDICT? */
static void test_continue(struct gate *g)
{
	int first = g->base ? TC_ACT_UNSPEC : 0, last = (int)KF_VERDICT_OTHER - 1 - g->base;
	struct function table[2] = {{"udp/53"}, {"udp/53"}};

	for (int want = first; want <= last; want++) {
		bool ok = true;

		table[0].cont = table[1].cont = 1 << (want + g->base);
		rig_install(g, table, 2);
		for (int verdict = first; verdict <= last; verdict++) {
			bool on = verdict == want;

			acts[0].verdict = verdict;
			acts[1].verdict = verdict == 0 ? 1 : 0; /* another, so it stands */
			if (acts[1].verdict == want)
				acts[1].verdict = verdict == 2 ? 3 : 2;
			ok &= saw(g, on ? acts[1].verdict : verdict, on ? "ab" : "a");
		}
		/* Both go on: no verdict stands, however harsh it is. */
		acts[0].verdict = acts[1].verdict = want;
		ok &= saw(g, g->pass, "ab");
		test_ok(ok, "%s: only verdict %d goes on", g->name, want);
	}
}

/* Nothing comes after it. Frames are looked up at first, and known then. */
static void test_continue_alone(struct gate *g)
{
	int first = g->base ? TC_ACT_UNSPEC : 0, last = (int)KF_VERDICT_OTHER - 1 - g->base;
	struct function table = {"udp/53"};

	rig_install(g, &table, 1);
	test_ok((g->tables[control->gen & 1].brief[53] & KF_BRIEF_SLOT) == FUNCTION_SLOT(0) + 1,
		"%s: the only function, that goes on as usual, is a plain one", g->name);
	for (int want = first; want <= last; want++) {
		bool ok = true;

		table.cont = 1 << (want + g->base);
		rig_install(g, &table, 1);
		for (int verdict = first; verdict <= last; verdict++) {
			acts[0].verdict = verdict;
			rig_changed();
			ok &= saw(g, verdict == want ? g->pass : verdict, "a");
			rig_run(g, frame, len, 2 * KF_CACHE_MISSES);
			ok &= saw(g, verdict == want ? g->pass : verdict, "a");
		}
		test_ok(ok, "%s: only verdict %d goes on, from the only function", g->name, want);
	}
}

/* What is no verdict is counted as such, and the gate answers for it. */
static void test_invalid(struct gate *g)
{
	static const struct function table[2] = {{"udp/53", .cont = 0xffff}, {"udp/53"}};
	static const int verdicts[] = {77, -5, 11, 0x7fffffff, -2000, -999};

	for (size_t i = 0; i < ARRAY_LEN(verdicts); i++) {
		struct kf_account a;
		bool ok;

		rig_install(g, table, 2);
		acts[0].verdict = verdicts[i];
		ok = saw(g, g->invalid, "a");
		a = rig_account(g, 0);
		ok &= a.packets == 1 && a.verdict[KF_VERDICT_OTHER] == 1 && !a.missing;
		test_ok(ok, "%s: verdict %d is none: counted as other, the gate returns %d", g->name, verdicts[i],
			g->invalid);
	}
}

static void test_missing(struct gate *g)
{
	static const struct function first[] = {{"udp/53", .missing = true}, {"udp/53"}};
	static const struct function last[] = {{"udp/53"}, {"udp/53", .missing = true}};
	static const struct function alone[] = {{"udp/53", .missing = true}};
	struct kf_account a;
	bool ok;

	rig_install(g, first, 2);
	ok = saw(g, g->final, "b");
	a = rig_account(g, 0);
	ok &= a.missing == 1 && a.packets == 1 && a.bytes == len;
	for (size_t i = 0; i < KF_VERDICTS; i++)
		ok &= !a.verdict[i];
	test_ok(ok, "%s: an empty slot is counted and the next function runs", g->name);
	rig_install(g, last, 2);
	acts[0].verdict = g->go_on;
	ok = saw(g, g->pass, "a") && rig_account(g, 1).missing == 1;
	test_ok(ok, "%s: an empty slot at the end", g->name);
	rig_install(g, alone, 1);
	ok = saw(g, g->pass, "") && rig_account(g, 0).missing == 1;
	rig_put(g, FUNCTION_SLOT(0), 'a');
	ok &= saw(g, g->final, "a") && rig_account(g, 0).missing == 1;
	rig_put(g, FUNCTION_SLOT(0), 0);
	ok &= saw(g, g->pass, "") && rig_account(g, 0).missing == 2;
	test_ok(ok, "%s: an empty slot alone, filled, emptied again", g->name);
}

static void test_any(struct gate *g)
{
	static const struct function table[] = {{"udp/53"}, {"any", .prio = 9}, {"any", .prio = 8}, {"udp"}};
	bool ok;

	rig_install(g, table, ARRAY_LEN(table));
	test_ok(saw(g, g->final, "c"), "%s: any comes first, its verdict stands", g->name);
	acts[1].verdict = acts[2].verdict = g->go_on;
	test_ok(saw(g, g->final, "cba"), "%s: any, then the one match", g->name);
	acts[0].verdict = g->go_on;
	test_ok(saw(g, g->pass, "cba"), "%s: any and the match go on", g->name);
	len = rig_frame(g, &(struct packet){.ether = 0x88cc}, frame);
	test_ok(rig_saw(rig_run(g, frame, len, 1), g->pass, "cb", frame, len), "%s: any without a match", g->name);
	rig_put(g, FUNCTION_SLOT(1), 0);
	rig_put(g, FUNCTION_SLOT(2), 0);
	ok = saw(g, g->pass, "a");
	test_ok(ok && rig_account(g, 1).missing == 1, "%s: any with empty slots", g->name);
}

/* Functions that write, and that move the packet's ends: the next sees what they left, accounts keep the frame's
 * length. */
static void test_changes(struct gate *g)
{
	static const struct function table[] = {{"udp/53"}, {"udp/53"}, {"udp/53"}};
	static const struct {
		const char *name;
		enum act_op op;
		int arg, grows;
		bool tc;
	} moves[] = {
		{"head outwards", ACT_HEAD, -16, 16, true},
		{"head inwards", ACT_HEAD, 4, -4, false},
		{"tail outwards", ACT_TAIL, 32, 32, true},
		{"tail inwards", ACT_TAIL, -20, -20, true},
	};
	struct test_run *r;
	bool ok;

	rig_install(g, table, 3);
	acts[0] = (struct act){g->go_on, ACT_WRITE, 50};
	acts[1] = (struct act){g->go_on, ACT_WRITE, 51};
	acts[2] = (struct act){g->final, ACT_WRITE, 52};
	r = run(g);
	memcpy(frame + 50, "abc", 3);
	test_ok(rig_saw(r, g->final, "abc", frame, len), "%s: three functions write a byte each", g->name);

	for (size_t i = 0; i < ARRAY_LEN(moves); i++) {
		if (g->base && !moves[i].tc)
			continue;
		rig_install(g, table, 3);
		acts[0] = (struct act){g->go_on, moves[i].op, moves[i].arg};
		acts[1] = (struct act){g->go_on, ACT_WRITE, 20};
		r = run(g);
		ok = !r->failed && r->verdict == g->final && !strcmp(trace->who, "abc") && !acts[0].rc && !acts[1].rc &&
		     r->len == len + moves[i].grows && trace->len[0] == len && trace->len[1] == r->len &&
		     trace->len[2] == r->len && r->frame[20] == 'b';
		for (size_t j = 0; j < 3; j++)
			ok &= rig_account(g, j).bytes == len;
		test_ok(ok, "%s: %s, then two more functions", g->name, moves[i].name);
		if (!ok)
			test_note("rc %d, ran %s, %zu bytes of %zu", acts[0].rc, trace->who, r->len, len);
	}
}

static void test_generations(struct gate *g)
{
	static const struct function old[] = {{"udp/53 to 192.0.2.0/24", .policy = {0}}, {"udp/53"}};
	static const struct function new[] = {{"tcp/80"}, {"udp/54"}, {"udp/53 to 192.0.2.2"}};
	bool ok = true;

	rig_fill(g, 0, old, ARRAY_LEN(old));
	rig_fill(g, 1, new, ARRAY_LEN(new));
	control->gen += control->gen & 1;
	for (unsigned i = 0; i < 200; i++, control->gen++) {
		ok &= saw(g, g->final, i & 1 ? "c" : "a") && saw(g, g->final, i & 1 ? "c" : "a");
	}
	test_ok(ok, "%s: 200 flips, each answered by its generation", g->name);
	rig_fill(g, 1, NULL, 0);
	ok = saw(g, g->final, "a");
	test_ok(ok, "%s: the other half is emptied, the one in force stays", g->name);
	control->gen++;
	test_ok(saw(g, g->pass, ""), "%s: an empty half in force", g->name);
}

void test_chain(void)
{
	for (struct gate *g = gates; g < gates + KF_HOOKS; g++) {
		test_lengths(g);
		test_order(g);
		test_continue(g);
		test_continue_alone(g);
		test_invalid(g);
		test_missing(g);
		test_any(g);
		test_changes(g);
		test_generations(g);
	}
}
