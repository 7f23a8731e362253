// SPDX-License-Identifier: Apache-2.0
/* test_table.c - tables of packets and what becomes of them; one packet cut at, or answered with, every length. */
#include <string.h>

#include "test.h"

void test_table(struct bpf_program *prog, const struct test_case *cases, size_t n)
{
	static uint8_t in[TEST_FRAME], want[TEST_FRAME];
	static struct test_run r;

	for (const struct test_case *c = cases; c < cases + n; c++) {
		size_t len = c->hex ? test_hex(c->hex, in, sizeof(in)) : packet_build(in, &c->in);
		size_t want_len = len;
		struct packet turned = packet_turned(c->in);
		bool same;

		memcpy(want, in, len);
		if (c->out_hex)
			want_len = test_hex(c->out_hex, want, sizeof(want));
		else if (c->has_out || c->turned)
			want_len = packet_build(want, c->has_out ? &c->out : &turned);
		test_run(prog, in, len, NULL, 0, 1, &r);
		same = !r.failed && test_bytes(r.frame, r.len, want, want_len);
		if (r.failed || r.verdict != c->verdict)
			test_note("verdict %d, want %d%s", r.verdict, c->verdict, r.failed ? " (the run failed)" : "");
		test_ok(same && r.verdict == c->verdict, "%s", c->name);
	}
}

void test_truncated(struct bpf_program *prog, const char *name, const struct packet *p, int verdict)
{
	static uint8_t in[TEST_FRAME];
	static struct test_run r;
	size_t len = packet_build(in, p);
	bool ok = true;

	for (size_t cut = ETH_HLEN; ok && cut < len; cut++) {
		test_run(prog, in, cut, NULL, 0, 1, &r);
		ok = !r.failed && r.verdict == verdict && test_bytes(r.frame, r.len, in, cut);
		if (!ok)
			test_note("cut to %zu bytes: verdict %d", cut, r.verdict);
	}
	test_ok(ok, "%s, cut at each of %zu lengths", name, len - ETH_HLEN);
}

void test_sizes(struct bpf_program *prog, const char *name, struct packet p, size_t from, size_t to)
{
	static uint8_t in[TEST_FRAME], want[TEST_FRAME];
	static struct test_run r;
	bool ok = true;

	for (p.bytes = from; ok && p.bytes <= to; p.bytes++) {
		struct packet turned = packet_turned(p);
		size_t len = packet_build(in, &p), want_len = packet_build(want, &turned);

		test_run(prog, in, len, NULL, 0, 1, &r);
		ok = !r.failed && r.verdict == XDP_TX && test_bytes(r.frame, r.len, want, want_len);
		if (!ok)
			test_note("%zu bytes of payload: verdict %d", p.bytes, r.verdict);
	}
	test_ok(ok, "%s, each payload of %zu to %zu bytes", name, from, to);
}
