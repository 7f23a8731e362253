// SPDX-License-Identifier: Apache-2.0
/* test_fuzz.c - packets of a corpus mutated at random; a run is repeated by its seed. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "test_frame.h"

const char *(*test_judge)(const uint8_t *in, size_t in_len, const uint8_t *out, size_t out_len);
static uint64_t dice;

void test_roll_seed(unsigned seed)
{
	dice = 0x9e3779b97f4a7c15ull ^ seed;
}

unsigned test_roll(unsigned n)
{
	dice ^= dice << 13;
	dice ^= dice >> 7;
	dice ^= dice << 17;
	return (dice >> 16) % n;
}

/* Make checksums right again, so that a mutation gets beyond the first test. */
static void repair(uint8_t *f, size_t len)
{
	struct layout l;
	size_t at;

	frame_layout(f, len, &l);
	if (l.family == 4) {
		put16(f + l.l3 + 10, 0);
		put16(f + l.l3 + 10, ~frame_sum(f + l.l3, 20, 0) & 0xffff);
	}
	if (!frame_layout(f, len, &l))
		return;
	at = frame_check(&l);
	if (at)
		put16(f + at, frame_l4_sum(f + l.l3, f + l.l4, l.family, l.proto, l.end - l.l4));
}

/* A checksum as a sender leaves it to hardware, or as chance has it. */
static bool is_partial(const uint8_t *f, size_t len)
{
	struct layout l;
	size_t at = frame_layout(f, len, &l) ? frame_check(&l) : 0;

	return at && get16(f + at) == frame_pseudo(f + l.l3, l.family, l.proto, l.end - l.l4);
}

static size_t mutate(uint8_t *f, size_t len)
{
	static const uint8_t edges[] = {0, 1, 4, 5, 6, 7, 8, 17, 20, 40, 44, 58, 63, 64, 127, 128, 224, 254, 255};
	size_t head = len < 96 ? len : 96;

	switch (test_roll(6)) {
	case 0:
		f[test_roll(head)] ^= 1 << test_roll(8);
		break;
	case 1:
		f[test_roll(head)] = edges[test_roll(sizeof(edges))];
		break;
	case 2:
		f[test_roll(head)] = test_roll(256);
		break;
	case 3: /* another length for what the headers say */
		return ETH_HLEN + test_roll(len - ETH_HLEN + 1);
	case 4: {
		size_t more = test_roll(64);

		if (len + more > TEST_FRAME)
			break;
		for (size_t i = 0; i < more; i++)
			f[len + i] = test_roll(256);
		return len + more;
	}
	default: /* bytes moved within the headers */
		f[test_roll(head)] = f[test_roll(head)];
	}
	return len;
}

unsigned test_env(const char *name, unsigned fallback)
{
	const char *s = getenv(name);

	return s && *s ? strtoul(s, NULL, 0) : fallback;
}

/* What is wrong with an answer to IN. On TC it may leave to hardware what IN did: that is done here. */
static const char *judge(const uint8_t *in, size_t len, struct test_run *r, bool tc)
{
	const char *fault;

	if (tc && is_partial(in, len) && is_partial(r->frame, r->len))
		repair(r->frame, r->len);
	fault = answer_fault(in, len, r->frame, r->len);
	return fault || !test_judge ? fault : test_judge(in, len, r->frame, r->len);
}

void test_fuzz(struct bpf_program *prog, const struct packet *corpus, size_t n, unsigned rounds, unsigned allowed)
{
	static uint8_t in[TEST_FRAME];
	static struct test_run r;
	unsigned seed = test_env("KFAAS_SEED", time(NULL)), answers = 0, refused = 0, i;
	bool tc = bpf_program__type(prog) == BPF_PROG_TYPE_SCHED_CLS;
	const char *fault = NULL;

	rounds = test_env("KFAAS_ROUNDS", rounds);
	test_roll_seed(seed);
	for (i = 0; i < rounds && !fault; i++) {
		size_t len = packet_build(in, &corpus[test_roll(n)]);

		for (unsigned m = test_roll(4); m; m--)
			len = mutate(in, len);
		if (test_roll(2))
			repair(in, len);
		if (test_run(prog, in, len, NULL, 0, 1, &r)) {
			refused++; /* on TC the kernel takes no packet without a whole IP header */
			fault = tc && r.verdict == -EINVAL ? NULL : "the run failed";
		} else if (r.verdict + tc < 0 || r.verdict + tc > 31 || !(allowed & 1u << (r.verdict + tc))) {
			fault = "a verdict that is not allowed";
		} else if (r.verdict == (tc ? TC_ACT_REDIRECT : XDP_TX)) {
			fault = judge(in, len, &r, tc);
			answers++;
		} else if (!test_bytes(r.frame, r.len, in, len)) {
			fault = "passed on, but changed";
		}
		if (fault) {
			test_note("round %u, verdict %d, %zu bytes in:", i, r.verdict, len);
			for (size_t at = 0; at < len && at < 128; at += 16)
				test_dump(" ", in, len, at);
		}
	}
	if (refused == i && rounds)
		fault = "not one run";
	test_ok(!fault, "%s: %u mutated packets, %u answered, KFAAS_SEED=%u%s%s", bpf_program__name(prog), i - refused,
		answers, seed, fault ? ": " : "", fault ? fault : "");
}
