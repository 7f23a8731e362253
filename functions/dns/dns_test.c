// SPDX-License-Identifier: Apache-2.0
/* dns_test.c - the packet table of functions/dns, over the rows of example.zone and child.zone. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "judge.h"
#include "rows.h"

#define EDNS(size, flags)	  "00 0029 " size " 00 00 " flags " 0000"
#define OPTION(size, len, option) "00 0029 " size " 00 00 0000 " len " " option
#define LEFT			  .left = true
#define Q(name_, type_)		  .name = name_, .type = type_
#define A			  1
#define AA			  0x8400
#define REFERRED		  0x8000
#define NXDOMAIN		  0x8403

struct test {
	const char *what;
	struct ask ask;
	bool left; /* for the server behind; else: */
	uint16_t flags, an, ns, ar;
	const char *body; /* hex behind the question, or NULL: not compared */
};

static const struct test tests[] = {
	/* answers, byte by byte */
	{"A", {Q("ns2.example.org", A)}, .flags = AA, .an = 1, .body = "c00c 0001 0001 00000e10 0004 c0000202"},
	{"the case stays",
	 {Q("nS2.ExAmPlE.oRg", A)},
	 .flags = AA,
	 .an = 1,
	 .body = "c00c 0001 0001 00000e10 0004 c0000202"},
	{"upper case in the zone", {Q("upper.case.example.org", A)}, .flags = AA, .an = 1},
	{"RD stays, AD and CD go", {Q("ns2.example.org", A), .flags = 0x0130}, .flags = AA | 0x0100, .an = 1},
	{"IPv6, VLAN",
	 {Q("ns2.example.org", A), .frame = {.family = 6, .vlans = 1, .vlan = {7}}},
	 .flags = AA,
	 .an = 1,
	 .body = "c00c 0001 0001 00000e10 0004 c0000202"},
	{"QinQ", {Q("ns2.example.org", A), .frame = {.vlans = 2, .vlan = {7, 8}}}, .flags = AA, .an = 1},
	{"two addresses",
	 {Q("www.example.org", A)},
	 .flags = AA,
	 .an = 2,
	 .body = "c00c 0001 0001 00000e10 0004 c0000250 c00c 0001 0001 00000e10 0004 c0000251"},
	{"CNAME, asked for",
	 {Q("alias.example.org", 5)},
	 .flags = AA,
	 .an = 1,
	 .body = "c00c 0005 0001 00000e10 0006 03777777 c012"},
	{"CNAME, followed",
	 {Q("alias.example.org", A)},
	 .flags = AA,
	 .an = 3,
	 .body = "c00c 0005 0001 00000e10 0006 03777777 c012 c02f 0001 0001 00000e10 0004 c0000250"
		 "c02f 0001 0001 00000e10 0004 c0000251"},
	{"CNAME of a CNAME", {Q("chain.example.org", 28)}, .flags = AA, .an = 3},
	{"CNAME to a name without the type", {Q("alias.example.org", 16)}, .flags = AA, .an = 1, .ns = 1},
	{"CNAME into another of our zones", {Q("up.child.example.org", A)}, .flags = AA, .an = 3},
	{"the apex: servers with addresses", {Q("example.org", 2)}, .flags = AA, .an = 2, .ar = 3},
	{"CNAME out of the zones", {Q("away.example.org", A)}, .flags = AA, .an = 1},
	{"CNAME to nothing", {Q("nowhere.example.org", A)}, .flags = NXDOMAIN, .an = 1, .ns = 1},
	{"CNAME to a wildcard", {Q("towild.example.org", A)}, .flags = AA, .an = 2},
	{"CNAME to a delegation", {Q("tocut.example.org", A)}, .flags = AA, .an = 1, .ns = 2, .ar = 4},
	{"CNAME to an empty non-terminal", {Q("toent.example.org", A)}, .flags = AA, .an = 1, .ns = 1},
	{"an unknown type's data",
	 {Q("unknown.example.org", 65400)},
	 .flags = AA,
	 .an = 1,
	 .body = "c00c ff78 0001 00000e10 0005 0102030405"},

	/* what is not there */
	{"NODATA: SOA, TTL its minimum",
	 {Q("ns2.example.org", 28)},
	 .flags = AA,
	 .ns = 1,
	 .body = "c010 0006 0001 0000012c 0027 036e7331c010 0a686f73746d6173746572c010 78c3fc94 00001c20 00000384"
		 "00127500 0000012c"},
	{"NXDOMAIN: the same, with another rcode",
	 {Q("a.b.nothing.example.org", A)},
	 .flags = NXDOMAIN,
	 .ns = 1,
	 .body = "c018 0006 0001 0000012c 0027 036e7331c018 0a686f73746d6173746572c018 78c3fc94 00001c20 00000384"
		 "00127500 0000012c"},
	{"NODATA at an empty non-terminal", {Q("ent.example.org", A)}, .flags = AA, .ns = 1},
	{"ANY at an empty non-terminal", {Q("ent.example.org", 255)}, .flags = AA, .ns = 1},
	{"NXDOMAIN below one", {Q("c.ent.example.org", A)}, .flags = NXDOMAIN, .ns = 1},
	{"NXDOMAIN below a host", {Q("x.www.example.org", A)}, .flags = NXDOMAIN, .ns = 1},
	{"ANY: RFC 8482",
	 {Q("www.example.org", 255)},
	 .flags = AA,
	 .an = 1,
	 .body = "c00c 000d 0001 00000e10 0009 0752464338343832 00"},
	{"ANY at a CNAME", {Q("alias.example.org", 255)}, .flags = AA, .an = 1},
	{"ANY at nothing", {Q("nothing.example.org", 255)}, .flags = NXDOMAIN, .ns = 1},

	/* wildcards */
	{"wildcard",
	 {Q("any.wild.example.org", A)},
	 .flags = AA,
	 .an = 1,
	 .body = "c00c 0001 0001 00000e10 0004 c0000264"},
	{"wildcard, deeper, and pointers to be shifted",
	 {Q("x.any.wild.example.org", 15)},
	 .flags = AA,
	 .an = 2,
	 .body = "c00c 000f 0001 00000e10 0009 0005 046d61696c c012 c00c 000f 0001 00000e10 000b 0006 046d61696c0178"
		 "c012"},
	{"wildcard, without the type", {Q("any.wild.example.org", 28)}, .flags = AA, .ns = 1},
	{"wildcard, itself", {Q("*.wild.example.org", A)}, .flags = AA, .an = 1},
	{"hidden by a name", {Q("host.wild.example.org", 16)}, .flags = AA, .ns = 1},
	{"hidden by a name above", {Q("x.host.wild.example.org", A)}, .flags = NXDOMAIN, .ns = 1},
	{"hidden by an empty non-terminal", {Q("x.host2.wild.example.org", A)}, .flags = NXDOMAIN, .ns = 1},
	{"wildcard CNAME", {Q("some.thing.alias.wild2.example.org", A)}, .flags = AA, .an = 3},
	{"wildcard CNAME to nothing", {Q("x.gone.wild2.example.org", A)}, .flags = NXDOMAIN, .an = 1, .ns = 1},
	{"wildcard that is an empty non-terminal", {Q("x.star.wild2.example.org", 16)}, .flags = AA, .ns = 1},
	{"ANY at a wildcard", {Q("any.wild.example.org", 255)}, .flags = AA, .an = 1},

	/* delegations */
	{"referral, not authoritative", {Q("sub.example.org", A)}, .flags = REFERRED, .ns = 2, .ar = 4},
	{"the same, deeper: all pointers are shifted",
	 {Q("a.b.c.sub.example.org", A)},
	 .flags = REFERRED,
	 .ns = 2,
	 .ar = 4},
	{"glue asked for", {Q("ns.sub.example.org", A)}, .flags = REFERRED, .ns = 2, .ar = 4},
	{"ANY at a delegation", {Q("sub.example.org", 255)}, .flags = REFERRED, .ns = 2, .ar = 4},
	{"DS at a delegation", {Q("signed.example.org", 43)}, .flags = AA, .an = 1},
	{"DS at one that has none", {Q("sub.example.org", 43)}, .flags = AA, .ns = 1},
	{"DS below it", {Q("x.sub.example.org", 43)}, .flags = REFERRED, .ns = 2, .ar = 4},
	{"the zone below", {Q("www.child.example.org", A)}, .flags = AA, .an = 1},
	{"its SOA", {Q("child.example.org", 6)}, .flags = AA, .an = 1},
	{"its DS is the parent's", {Q("child.example.org", 43)}, .flags = AA, .an = 1},
	{"its wildcard at the top", {Q("x.y.child.example.org", 28)}, .flags = AA, .an = 1},

	/* EDNS */
	{"EDNS, DO is returned, the size is ours",
	 {Q("ns2.example.org", A), .opt = EDNS("1000", "8000")},
	 .flags = AA,
	 .an = 1,
	 .ar = 1,
	 .body = "c00c 0001 0001 00000e10 0004 c0000202 000029 04d0 0000 8000 0000"},
	{"EDNS, other flags are not",
	 {Q("ns2.example.org", A), .opt = EDNS("0200", "7fff")},
	 .flags = AA,
	 .an = 1,
	 .ar = 1},
	{"an unknown option",
	 {Q("ns2.example.org", A), .opt = OPTION("04d0", "0007", "fde9 0003 010203")},
	 .flags = AA,
	 .an = 1,
	 .ar = 1},
	{"eight options",
	 {Q("ns2.example.org", A),
	  .opt = OPTION("04d0", "0020", "00010000 00010000 00010000 00010000 00010000 00010000 00010000 00010000")},
	 .flags = AA,
	 .an = 1,
	 .ar = 1},
	{"nine options",
	 {Q("ns2.example.org", A),
	  .opt = OPTION("04d0", "0024",
			"00010000 00010000 00010000 00010000 00010000 00010000 00010000 00010000 00010000")},
	 LEFT},
	{"an option beyond the end", {Q("ns2.example.org", A), .opt = OPTION("04d0", "0005", "fde9 0002 01")}, LEFT},
	{"half an option", {Q("ns2.example.org", A), .opt = OPTION("04d0", "0003", "fde900")}, LEFT},
	{"OPT beyond the end", {Q("ns2.example.org", A), .opt = OPTION("04d0", "0001", "")}, LEFT},
	{"bytes behind OPT", {Q("ns2.example.org", A), .opt = EDNS("04d0", "0000") "00"}, LEFT},
	{"OPT with a name", {Q("ns2.example.org", A), .opt = "0161 00 0029 04d0 00000000 0000"}, LEFT},
	{"another record", {Q("ns2.example.org", A), .opt = "00 0001 04d0 00000000 0000"}, LEFT},
	{"BADVERS",
	 {Q("ns2.example.org", A), .opt = "00 0029 04d0 00 01 8000 0000"},
	 .flags = REFERRED,
	 .ar = 1,
	 .body = "000029 04d0 01 00 8000 0000"},

	/* names at the limits */
	{"the longest of the short",
	 {Q("a23456789012345678901234567890123456789012345678.example.org", A)},
	 .flags = AA,
	 .an = 1},
	{"the shortest of the long",
	 {Q("b234567890123456789012345678901234567890123456789.example.org", A)},
	 .flags = AA,
	 .an = 1},
	{"a long wildcard for a longer name",
	 {Q("x.c2345678901234567890123456789012345678901234567.example.org", A)},
	 .flags = AA,
	 .an = 1},
	{"long, does not exist: up to a short one",
	 {Q("c.d.e.f.l23456789012345678901234567890123456789012345678901234567890123.nothing.example.org", A)},
	 .flags = NXDOMAIN,
	 .ns = 1},
	{"long, below a delegation",
	 {Q("l23456789012345678901234567890123456789012345678901234567890123.l2345678901234567890.sub.example.org", A)},
	 .flags = REFERRED,
	 .ns = 2,
	 .ar = 4},
	{"255 bytes",
	 {Q("l23456789012345678901234567890123456789012345678901234567890123."
	    "l23456789012345678901234567890123456789012345678901234567890123."
	    "l23456789012345678901234567890123456789012345678901234567890123."
	    "x234567890123456789012345678901234567890123456789.example.org",
	    A)},
	 .flags = AA,
	 .an = 1},
	{"256 bytes",
	 {Q("l23456789012345678901234567890123456789012345678901234567890123."
	    "l23456789012345678901234567890123456789012345678901234567890123."
	    "l23456789012345678901234567890123456789012345678901234567890123."
	    "x2345678901234567890123456789012345678901234567890.example.org",
	    A)},
	 LEFT},
	{"38 labels too many",
	 {Q("1.2.3.4.5.6.7.8.9.0.1.2.3.4.5.6.7.8.9.0.1.2.3.4.5.6.7.8.9.0.1.2.3.4.5.6.7.8.example.org", A)},
	 .flags = NXDOMAIN,
	 .ns = 1},
	{"40 labels too many",
	 {Q("1.2.3.4.5.6.7.8.9.0.1.2.3.4.5.6.7.8.9.0.1.2.3.4.5.6.7.8.9.0.1.2.3.4.5.6.7.8.9.0.example.org", A)},
	 LEFT},

	/* not ours */
	{"outside the zones", {Q("www.example.com", A)}, LEFT},
	{"above the zones", {Q("org", A)}, LEFT},
	{"the root", {Q("", 2)}, LEFT},
	{"below a DNAME", {Q("x.dname.example.org", A)}, LEFT},
	{"a DNAME asked for", {Q("dname.example.org", 39)}, .flags = AA, .an = 1},
	{"class CH", {Q("www.example.org", 16), .class = 3}, LEFT},
	{"class ANY", {Q("www.example.org", 1), .class = 255}, LEFT},
	{"AXFR", {Q("example.org", 252)}, LEFT},
	{"IXFR", {Q("example.org", 251)}, LEFT},
	{"type 0", {Q("alias.example.org", 0)}, LEFT},
	{"type OPT", {Q("example.org", 41)}, LEFT},
	{"type 127 is one", {Q("www.example.org", 127)}, .flags = AA, .ns = 1},
	{"type 65535 is one", {Q("www.example.org", 65535)}, .flags = AA, .ns = 1},
	{"NOTIFY", {Q("example.org", 6), .flags = 0x2400}, LEFT},
	{"UPDATE", {Q("example.org", 6), .flags = 0x2800}, LEFT},
	{"an answer", {Q("www.example.org", A), .flags = 0x8000}, LEFT},
	{"a truncated query", {Q("www.example.org", A), .flags = 0x0200}, LEFT},
	{"the Z bit", {Q("www.example.org", A), .flags = 0x0040}, LEFT},
	{"a query with an rcode", {Q("www.example.org", A), .flags = 0x0001}, LEFT},
	{"TCP", {Q("www.example.org", A), .frame = {.proto = IPPROTO_TCP}}, LEFT},
	{"from port 53", {Q("ns2.example.org", A), .frame = {.sport = 53}}, .flags = AA, .an = 1},
	{"from port 19", {Q("ns2.example.org", A), .frame = {.sport = 19}}, LEFT},
	{"from a multicast address", {Q("ns2.example.org", A), .frame = {.from = "224.0.0.1"}}, LEFT},
	{"a fragment", {Q("ns2.example.org", A), .frame = {.frag = 0x2000}}, LEFT},
	{"IPv4 options", {Q("ns2.example.org", A), .frame = {.options = "94040000"}}, LEFT},

	/* hostile */
	{"nothing", {.raw = ""}, LEFT},
	{"half a header", {.raw = "1234 0000 0001"}, LEFT},
	{"a header", {.raw = "1234 0000 0001 0000 0000 0000"}, LEFT},
	{"no question", {.raw = "1234 0000 0000 0000 0000 0000"}, LEFT},
	{"two questions",
	 {.raw = "1234 0000 0002 0000 0000 0000 036e7332076578616d706c65036f726700 0001 0001 c00c 001c 0001"},
	 LEFT},
	{"a question without a class",
	 {.raw = "1234 0000 0001 0000 0000 0000 036e7332076578616d706c65036f726700 0001"},
	 LEFT},
	{"a name without an end", {.raw = "1234 0000 0001 0000 0000 0000 036e7332"}, LEFT},
	{"a label beyond the end", {.raw = "1234 0000 0001 0000 0000 0000 3f6e7332 00 0001 0001"}, LEFT},
	{"a pointer to itself", {.raw = "1234 0000 0001 0000 0000 0000 c00c 0001 0001"}, LEFT},
	{"a pointer within the name", {.raw = "1234 0000 0001 0000 0000 0000 036e7332 c00c 0001 0001"}, LEFT},
	{"a label of type 01", {.raw = "1234 0000 0001 0000 0000 0000 4161 00 0001 0001"}, LEFT},
	{"bytes behind the question",
	 {.raw = "1234 0000 0001 0000 0000 0000 036e7332076578616d706c65036f726700 0001 0001 00"},
	 LEFT},
	{"an answer record in the query",
	 {.raw = "1234 0000 0001 0001 0000 0000 036e7332076578616d706c65036f726700 0001 0001 c00c 0001 0001 00000000 "
		 "0000"},
	 LEFT},
	{"two additional records",
	 {.raw = "1234 0000 0001 0000 0000 0002 036e7332076578616d706c65036f726700 0001 0001"
		 "000029 04d0 00000000 0000 000029 04d0 00000000 0000"},
	 LEFT},
	{"an additional record that is not there",
	 {.raw = "1234 0000 0001 0000 0000 0001 036e7332076578616d706c65036f726700 0001 0001"},
	 LEFT},
};

static const struct ask corpus_asks[] = {
	{Q("www.example.org", A)},
	{Q("any.wild.example.org", 15), .opt = EDNS("04d0", "8000")},
	{Q("nothing.example.org", A), .frame = {.family = 6}},
	{Q("x.sub.example.org", A), .frame = {.vlans = 2, .vlan = {9, 10}}},
	{Q("alias.example.org", 28), .opt = OPTION("0400", "0007", "fde9 0003 010203")},
	{Q("large.example.org", 16), .opt = EDNS("04d0", "0000")},
	{Q("big.example.org", 16)},
	{Q("huge.example.org", 16), .opt = EDNS("1000", "0000"), .frame = {.family = 6}},
	{Q("www.example.org", 255), .frame = {.sum = SUM_ZERO, .trailer = 5}},
	{Q("c.d.e.f.l23456789012345678901234567890123456789012345678901234567890123.nothing.example.org", A)},
	{Q("b234567890123456789012345678901234567890123456789.example.org", A), .opt = EDNS("04d0", "0000")},
	{Q("www.child.example.org", A), .opt = "00 0029 04d0 00 01 8000 0000"},
};

/* --- Running */

static bool put_row(void *ctx, enum rows_map map, const void *key, const void *value)
{
	return !bpf_map_update_elem(test_map(ctx, rows_names[map]), key, value, BPF_ANY);
}

static struct bpf_object *load(const char *path)
{
	struct zone *zones = NULL;
	struct bpf_object *obj = test_load(path);

	if (!zone_read(&zones, "functions/dns/example.zone") ||
	    !zone_read(&zones, "child.example.org=functions/dns/child.zone") || !rows_make(zones, put_row, obj)) {
		printf("Bail out! no rows: run it in the source folder\n");
		exit(1);
	}
	zones_free(zones);
	return obj;
}

static unsigned get16(const uint8_t *at)
{
	return at[0] << 8 | at[1];
}

/* What is wrong with the answer R to the frame IN, beyond what every answer must be. */
static const char *fault(const struct test *t, const uint8_t *in, size_t len, const struct test_run *r)
{
	const uint8_t *q, *a;
	size_t q_len, a_len, question;
	uint8_t body[1300];

	if (r->failed || r->verdict != (t->left ? XDP_PASS : XDP_TX))
		return "verdict";
	if (t->left)
		return test_bytes(r->frame, r->len, in, len) ? NULL : "passed on, but changed";
	if (answer_fault(in, len, r->frame, r->len))
		return answer_fault(in, len, r->frame, r->len);
	if (judge_answer(in, len, r->frame, r->len))
		return judge_answer(in, len, r->frame, r->len);
	q = judge_payload(in, &q_len);
	a = judge_payload(r->frame, &a_len);
	if (get16(a + 2) != t->flags)
		return "flags";
	if (get16(a + 6) != t->an || get16(a + 8) != t->ns || get16(a + 10) != t->ar)
		return "counts";
	for (question = 12; q[question]; question += q[question] + 1)
		;
	question += 5;
	if (t->body && !test_bytes(a + question, a_len - question, body, test_hex(t->body, body, sizeof(body))))
		return "records";
	return NULL;
}

static void run_tests(struct bpf_program *prog, const struct test *t, size_t n)
{
	static uint8_t in[TEST_FRAME];
	static struct test_run r;

	for (; n; n--, t++) {
		size_t len = ask_frame(in, &t->ask);
		const char *wrong;

		test_run(prog, in, len, NULL, 0, 1, &r);
		wrong = fault(t, in, len, &r);
		if (wrong)
			test_note("%s; verdict %d, DNS flags %04x", wrong, r.verdict,
				  r.verdict == XDP_TX ? get16(judge_payload(r.frame, &len) + 2) : 0);
		test_ok(!wrong, "%s", t->what);
	}
}

/* Ask for NAME's TXT with every size of EDNS: BYTES are needed, or it is truncated. */
static void run_sizes(struct bpf_program *prog, const char *name, unsigned bytes)
{
	static uint8_t in[TEST_FRAME];
	static struct test_run r;
	char opt[64];
	bool ok = true;

	for (unsigned size = 0; ok && size < 1400; size++) {
		bool fits = bytes <= 1232 && (bytes <= size || bytes <= 512);
		struct ask ask = {.name = name, .type = 16, .opt = opt};
		size_t len, a_len;
		const uint8_t *a;

		snprintf(opt, sizeof(opt), EDNS("%04x", "0000"), size);
		len = ask_frame(in, &ask);
		test_run(prog, in, len, NULL, 0, 1, &r);
		a = judge_payload(r.frame, &a_len);
		ok = r.verdict == XDP_TX && !answer_fault(in, len, r.frame, r.len) &&
		     !judge_answer(in, len, r.frame, r.len) && !(get16(a + 2) & 0x0200) == fits &&
		     (!fits || a_len == bytes);
		if (!ok)
			test_note("size %u: verdict %d, %zu bytes, DNS flags %04x", size, r.verdict, a_len,
				  get16(a + 2));
	}
	test_ok(ok, "%s, %u bytes, for every size from 0 to 1399", name, bytes);
}

static void fuzz(struct bpf_program *prog)
{
	static uint8_t payload[ARRAY_LEN(corpus_asks)][600];
	struct packet corpus[ARRAY_LEN(corpus_asks)];

	for (size_t i = 0; i < ARRAY_LEN(corpus); i++) {
		corpus[i] = corpus_asks[i].frame;
		corpus[i].proto = IPPROTO_UDP;
		corpus[i].sport = 40000;
		corpus[i].dport = 53;
		corpus[i].payload = (char *)payload[i];
		corpus[i].bytes = ask_payload(payload[i], &corpus_asks[i]);
	}
	test_judge = judge_answer;
	test_fuzz(prog, corpus, ARRAY_LEN(corpus), 20000, 1 << XDP_PASS | 1 << XDP_TX);
}

/* An answer is not answered again, so every packet is a run of its own, and the kernel's own count of the time is
 * taken. */
static void bench_one(struct bpf_program *prog, const char *what, const struct ask *ask)
{
	static uint8_t in[TEST_FRAME];
	static struct test_run r;
	uint32_t info_len = sizeof(struct bpf_prog_info);
	struct bpf_prog_info before = {0}, after = {0};
	int stats = bpf_enable_stats(BPF_STATS_RUN_TIME);
	size_t len = ask_frame(in, ask);
	double best = 1e9;

	for (int round = 0; round < 7; round++) {
		bpf_obj_get_info_by_fd(bpf_program__fd(prog), &before, &info_len);
		for (int i = 0; i < 50000; i++)
			test_run(prog, in, len, NULL, 0, 1, &r);
		bpf_obj_get_info_by_fd(bpf_program__fd(prog), &after, &info_len);
		double ns = (double)(after.run_time_ns - before.run_time_ns) / (after.run_cnt - before.run_cnt);

		best = ns < best ? ns : best;
	}
	test_note("%-44s %4zu bytes: %.0f ns a packet, verdict %d, %zu bytes out", what, len, best, r.verdict, r.len);
	close(stats);
}

static void bench(struct bpf_program *prog)
{
	static const struct {
		const char *what;
		struct ask ask;
	} packets[] = {
		{"not UDP", {Q("ns2.example.org", A), .frame = {.proto = IPPROTO_TCP}}},
		{"outside the zones", {Q("www.example.com", A)}},
		{"an address", {Q("ns2.example.org", A)}},
		{"the same over IPv6, with EDNS",
		 {Q("ns2.example.org", A), .opt = EDNS("04d0", "0000"), .frame = {.family = 6}}},
		{"a CNAME and two addresses", {Q("alias.example.org", A)}},
		{"NODATA", {Q("ns2.example.org", 28)}},
		{"NXDOMAIN, one label", {Q("nothing.example.org", A)}},
		{"NXDOMAIN, eight labels", {Q("1.2.3.4.5.6.7.nothing.example.org", A)}},
		{"a wildcard", {Q("any.wild.example.org", A)}},
		{"a referral with glue, shifted", {Q("a.b.sub.example.org", A)}},
		{"a TXT set of 1,000 bytes", {Q("large.example.org", 16), .opt = EDNS("04d0", "0000")}},
	};

	for (size_t i = 0; i < ARRAY_LEN(packets); i++)
		bench_one(prog, packets[i].what, &packets[i].ask);
}

int main(int argc, char **argv)
{
	struct bpf_object *obj = load(argc > 1 ? argv[1] : NULL);
	struct bpf_program *prog = test_prog(obj, "dns");

	run_tests(prog, tests, ARRAY_LEN(tests));
	run_sizes(prog, "big.example.org", 12 + 21 + 3 * 213 + 11);
	run_sizes(prog, "large.example.org", 12 + 23 + 5 * 213 + 11);
	run_sizes(prog, "huge.example.org", 12 + 22 + 7 * 213 + 11);
	fuzz(prog);
	if (test_wants_bench(argc, argv))
		bench(prog);
	bpf_object__close(obj);
	return test_end();
}
