// SPDX-License-Identifier: Apache-2.0
/* account.c - what the gate counts of each function: packets, bytes, verdicts, samples. */
#include "rig.h"

#include <string.h>

static const struct function one[] = {{"udp/53"}};
static const struct function two[] = {{"udp/53"}, {"udp/53"}};

/* Exactly these counts, and no others. */
static bool counted(struct gate *g, unsigned n, uint64_t packets, uint64_t bytes, unsigned index)
{
	struct kf_account a = rig_account(g, n), want = {.packets = packets, .bytes = bytes};

	want.verdict[index] = packets;
	if (!memcmp(&a, &want, sizeof(a)))
		return true;
	test_note("function %c: %llu packets, %llu bytes, %llu of verdict [%u]; want %llu, %llu", 'a' + n, a.packets,
		  a.bytes, a.verdict[index], index, (unsigned long long)packets, (unsigned long long)bytes);
	return false;
}

static void test_verdicts(struct gate *g)
{
	for (int verdict = -g->base; verdict + g->base < (int)KF_VERDICT_OTHER; verdict++) {
		struct packet p = {UDP(53), .bytes = 10 + 10 * (verdict + 1)};
		size_t len = ETH_HLEN + 28 + p.bytes;

		rig_install(g, one, 1);
		acts[0].verdict = verdict;
		rig_packet(g, &p, 3);
		test_ok(counted(g, 0, 3, 3 * len, verdict + g->base), "%s: verdict %d, %zu bytes, three times", g->name,
			verdict, len);
	}
}

static void test_bytes_counted(struct gate *g)
{
	static const size_t sizes[] = {0, 1, 18, 1472, 3000};
	uint64_t bytes = 0;
	bool ok = true;

	rig_install(g, two, 2);
	acts[0].verdict = g->go_on;
	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		struct packet p = {UDP(53), .bytes = sizes[i], .vlans = (int)i % 3, .trailer = i};

		rig_packet(g, &p, 1);
		bytes += ETH_HLEN + 4 * p.vlans + 28 + p.bytes + p.trailer;
		ok &= counted(g, 0, i + 1, bytes, g->base + g->go_on) &&
		      counted(g, 1, i + 1, bytes, g->base + g->final);
	}
	test_ok(ok, "%s: bytes are the frames', tags and trailers included, for each function of the chain", g->name);
	rig_packet(g, &(struct packet){UDP(54)}, 5);
	rig_packet(g, &(struct packet){TCP(53)}, 5);
	ok = counted(g, 0, ARRAY_LEN(sizes), bytes, g->base + g->go_on);
	test_ok(ok, "%s: other packets are not counted", g->name);
}

/* Most of such a frame cannot be read, and is counted all the same, be it the packet's or padding behind it. */
static void test_several_buffers(struct gate *g, size_t bytes)
{
	static uint8_t frame[8000];
	struct packet p = {UDP(53), .bytes = bytes};
	LIBBPF_OPTS(bpf_test_run_opts, o, .data_in = frame, .data_size_in = sizeof(frame),
		    .repeat = 3 * KF_CACHE_MISSES);
	int rc;

	rig_install(g, one, 1);
	rig_frame(g, &p, frame);
	rc = bpf_prog_test_run_opts(bpf_program__fd(g->prog), &o);
	test_ok(!rc && (int)o.retval == g->final &&
			counted(g, 0, o.repeat, (uint64_t)o.repeat * sizeof(frame), g->base + g->final),
		"%s: frames of several buffers, a packet of %zu bytes in each", g->name, bytes);
}

static void test_samples(struct gate *g)
{
	static const struct {
		uint32_t one_in;
		uint64_t want; /* of 400 */
	} rows[] = {{0, 0}, {1, 400}, {4, 100}, {256, 2}, {65536, 1}};
	static const uint32_t rare[] = {0, 65536};
	struct kf_account a;
	uint64_t beyond = 0;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		rig_install(g, one, 1);
		rig_sample(rows[i].one_in);
		rig_packet(g, &(struct packet){UDP(53), .bytes = 40}, 400);
		a = rig_account(g, 0);
		test_ok(rig_samples(&a) == rows[i].want && a.packets == 400, "%s: sample %u: %llu of 400 are timed",
			g->name, rows[i].one_in, (unsigned long long)rig_samples(&a));
		rig_account_reset(g, 0);
		rig_packet(g, &(struct packet){UDP(53), V6, .bytes = 40}, 400);
		a = rig_account(g, 0);
		test_ok(rig_samples(&a) == rows[i].want && a.packets == 400,
			"%s: sample %u: %llu of 400 are timed, IPv6", g->name, rows[i].one_in,
			(unsigned long long)rig_samples(&a));
	}
	for (size_t i = 0; i < ARRAY_LEN(rare); i++) {
		rig_install(g, one, 1);
		rig_sample(rare[i]);
		rig_packet(g, &(struct packet){UDP(53), .bytes = 40}, 65537);
		a = rig_account(g, 0);
		test_ok(rig_samples(&a) == 2 * i && a.packets == 65537, "%s: sample %u: %llu of 65537 are timed",
			g->name, rare[i], (unsigned long long)rig_samples(&a));
	}
	rig_install(g, one, 1);
	rig_sample(1);
	acts[0].op = ACT_SPIN;
	acts[0].arg = 70000;
	rig_packet(g, &(struct packet){UDP(53)}, 20);
	a = rig_account(g, 0);
	for (size_t i = 0; i < KF_HIST; i++)
		if (i < 16 || i >= 30) /* 2^16 ns; a second, for machines that stand still now and then */
			beyond += a.hist[i];
	test_ok(rig_samples(&a) == 20 && !beyond, "%s: 70 us a packet are in the buckets from 65 us on", g->name);
	rig_install(g, two, 2);
	rig_sample(1);
	rig_put(g, FUNCTION_SLOT(0), 0);
	rig_packet(g, &(struct packet){UDP(53)}, 7);
	a = rig_account(g, 1);
	test_ok(rig_samples(&a) == 7 && rig_account(g, 0).missing == 7, "%s: samples behind an empty slot", g->name);
	rig_install(g, two, 2);
	acts[0].verdict = g->go_on;
	rig_sample(4);
	rig_packet(g, &(struct packet){UDP(53)}, 400);
	for (unsigned i = 0; i < 2; i++) {
		a = rig_account(g, i);
		test_ok(rig_samples(&a) == 100 && a.packets == 400, "%s: sample 4: 100 of 400 are timed, in a chain",
			g->name);
	}
}

void test_account(void)
{
	static const size_t packets[] = {40, 8000 - ETH_HLEN - 28};

	for (struct gate *g = gates; g < gates + KF_HOOKS; g++) {
		test_verdicts(g);
		test_bytes_counted(g);
		test_samples(g);
		if (g->hook == KF_XDP)
			for (size_t i = 0; i < ARRAY_LEN(packets); i++)
				test_several_buffers(g, packets[i]);
	}
}
