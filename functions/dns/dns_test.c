// SPDX-License-Identifier: Apache-2.0
/* dns_test.c - the packet table of functions/dns, over the rows of example.zone, child.zone and nsec.zone. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cases.h"
#include "rows.h"

/* --- Running */

static bool put_row(void *ctx, enum rows_map map, uint32_t row, const void *value)
{
	return !bpf_map_update_elem(test_map(ctx, rows_names[map]), &row, value, BPF_ANY);
}

static struct bpf_object *load(const char *path, const char *setting)
{
	struct zones zones = {0};
	struct bpf_object *obj = test_load_set(path, setting);

	if (!zone_read(&zones, "functions/dns/example.zone") ||
	    !zone_read(&zones, "child.example.org=functions/dns/child.zone") ||
	    !zone_read(&zones, "functions/dns/nsec.zone") || !rows_make(&zones, put_row, obj)) {
		printf("Bail out! no rows: run it in the source folder\n");
		exit(1);
	}
	zones_free(&zones);
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

/* Who knows the seed can ask for a name with the hash of one that exists: here a single label for WWW of three labels,
 * 17 bytes both. It is another name all the same. */
static void run_collision(struct bpf_program *prog, int slots)
{
	static const uint8_t www[24] = "\3www\7example\3org";
	uint32_t row = 0, seed;
	struct dns_slot how;
	uint64_t name[3], words[2];
	static uint8_t in[TEST_FRAME];
	struct ask ask = {.type = A};
	static struct test_run r;
	char label[16] = {0};
	size_t len;
	bool same;

	bpf_map_lookup_elem(slots, &row, &how);
	seed = how.seed;
	memcpy(name, www, sizeof(name));
	for (unsigned n = 0; strlen(label) != 15 || strpbrk(label, ".ABCDEFGHIJKLMNOPQRSTUVWXYZ"); n++) {
		words[0] = 15 | (uint64_t)n << 8 | (uint64_t)0x616161 << 40;
		words[1] = name[1] ^ dns_hash(seed, name[0]) ^ dns_hash(seed, words[0]);
		memcpy(label, (uint8_t *)words + 1, 15);
	}
	ask.name = label;
	len = ask_frame(in, &ask);
	test_run(prog, in, len, NULL, 0, 1, &r);
	same = dns_hash(dns_hash(seed, words[0]), words[1]) == dns_hash(dns_hash(seed, name[0]), name[1]);
	test_ok(same && r.verdict == XDP_PASS, "another name with the same hash");
}

/* --- Two ways to the same answer (quick.h): a name in upper case goes the long one */

/* The name in wire form as text. False: it has characters that text is not made of. */
static bool name_text(char *text, const uint8_t *name)
{
	*text = 0;
	for (; *name; name += *name + 1) {
		for (int i = 1; i <= *name; i++)
			if (!isgraph(name[i]) || name[i] == '.')
				return false;
		sprintf(text + strlen(text), "%s%.*s", *text ? "." : "", *name, (const char *)name + 1);
	}
	return true;
}

/* Where in the text the first lower case letter is, or its end. */
static size_t letter_at(const char *text)
{
	return strcspn(text, "abcdefghijklmnopqrstuvwxyz");
}

/* Ask. What is wrong with the answer, as any function's, or NULL, also if there is none. */
static const char *asked_fault(struct bpf_program *prog, const struct ask *ask, struct test_run *r)
{
	static uint8_t in[TEST_FRAME];
	size_t len = ask_frame(in, ask);

	test_run(prog, in, len, NULL, 0, 1, r);
	return r->verdict == XDP_TX ? answer_fault(in, len, r->frame, r->len) : NULL;
}

/* ASK is answered alike with its name's letter AT in upper case; *SENT counts answers. */
static bool same_ways(struct bpf_program *prog, struct ask *ask, char *name, size_t at, unsigned *sent)
{
	static struct test_run r[2];
	size_t text = ask->frame.family == 6 ? 74 : 54, check = text - 14;

	for (int i = 0; i < 2; i++) {
		name[at] = i ? toupper(name[at]) : tolower(name[at]);
		if (asked_fault(prog, ask, &r[i]))
			return false;
	}
	name[at] = tolower(name[at]);
	*sent += r[0].verdict == XDP_TX;
	/* The first label's length precedes the name. */
	memcpy(r[1].frame + check, r[0].frame + check, 2);
	r[1].frame[text + 1 + at] = tolower(r[1].frame[text + 1 + at]);
	return r[0].verdict == r[1].verdict && test_bytes(r[0].frame, r[0].len, r[1].frame, r[1].len);
}

/* That the short way is taken only its rows can tell: the sum in them, which it alone reads. NAMES with a sum spoiled
 * are answered with a wrong checksum then, but in upper case with a right one. */
static void run_short_way(struct bpf_program *prog, int names, const char *opt, const char *what)
{
	static struct test_run r;
	unsigned wrong = 0, taken = 0;
	struct dns_name n;

	for (uint32_t row = 0; !bpf_map_lookup_elem(names, &row, &n); row++) {
		char name[DNS_NAME];
		struct ask ask = {.name = name, .type = n.own.type, .opt = opt};
		size_t at;

		if (!dns_marked(&n.own, DNS_QUICK) || n.len > 32 || !name_text(name, n.name))
			continue;
		at = letter_at(name);
		n.own.message_sum ^= 1;
		bpf_map_update_elem(names, &row, &n, BPF_ANY);
		for (ask.frame.family = 4; ask.frame.family <= 6; ask.frame.family += 2) {
			taken += asked_fault(prog, &ask, &r) != NULL;
			name[at] = toupper(name[at]);
			wrong += name[at] && (asked_fault(prog, &ask, &r) || r.verdict != XDP_TX);
			name[at] = tolower(name[at]);
		}
		n.own.message_sum ^= 1;
		bpf_map_update_elem(names, &row, &n, BPF_ANY);
	}
	test_ok(taken >= 2 * 50 && !wrong, "the short way is taken for %u answers, %s", taken, what);
}

/* Ask for every name with a letter, for types that are there and such as never are, with and without EDNS and DO, over
 * IPv4 and IPv6. */
static void run_ways(struct bpf_program *prog, int names)
{
	static const uint16_t types[] = {0,  1,	 2,  5,	 6,  12, 13, 15, 16,  17,  24,	25,  28,  29,
					 33, 35, 39, 41, 43, 46, 47, 48, 127, 128, 200, 252, 255, 257};
	static const char *const opts[] = {
		NULL,
		EDNS("04d0", "0000"),
		EDNS("0000", "8000"),
		COOKIE("0102030405060708"),
		COOKIES("0102030405060708 1112131415161718191a1b1c1d1e1f20"),
		/* what looks like an OPT record without options, or as if it were the last option, is neither */
		COOKIES("0102030405060708 1112131415 000029 04d0 00000000 0000"),
		OPTION("04d0", "0014", "0003 0000 000a 000c 000a0008 0102030405060708"),
		OPTION("04d0", "000c", "fde9 0008 0102030405060708"),
		"00 0029 04d0 00 01 0000 000c 000a 0008 0102030405060708",
	};
	const unsigned n_opts = ARRAY_LEN(opts);
	struct dns_name n;
	unsigned sent = 0, asked = 0;
	bool ok = true;

	for (uint32_t row = 0; ok && !bpf_map_lookup_elem(names, &row, &n); row++) {
		char name[DNS_NAME];

		if (n.large || !n.len || !name_text(name, n.name) || !name[letter_at(name)])
			continue;
		for (unsigned i = 0; ok && i < 2 * n_opts * ARRAY_LEN(types); i++, asked++) {
			struct ask ask = {.name = name,
					  .type = types[i / n_opts / 2],
					  .opt = opts[i % n_opts],
					  .flags = i % 5 ? 0 : 0x0100};

			ask.frame.family = i / n_opts % 2 ? 6 : 4;
			ok = same_ways(prog, &ask, name, letter_at(name), &sent);
			if (!ok)
				test_note("%s, type %u, OPT %s, IPv%d", name, ask.type, ask.opt ? ask.opt : "none",
					  ask.frame.family);
		}
	}
	test_ok(ok && sent > asked / 10, "%u questions, %u answers, the same by both ways", asked, sent);
}

/* What is outside the zones is refused if the settings say so, and only that. */
static void run_refused(struct bpf_program *prog)
{
	static const struct test refused[] = {
		{"refused: outside the zones", {Q("www.example.com", A)}, .flags = 0x8005},
		{"refused: the same with EDNS",
		 {Q("www.example.com", A), .opt = EDNS("04d0", "8000"), .frame = {.family = 6}},
		 .flags = 0x8005,
		 .ar = 1},
		{"not refused: an address", {Q("ns2.example.org", A)}, .flags = AA, .an = 1},
		{"not refused: NXDOMAIN", {Q("nothing.example.org", A)}, .flags = NXDOMAIN, .ns = 1},
		{"not refused: passed on", {Q("www.nsec.test", 46), DO}, LEFT},
	};

	run_tests(prog, refused, ARRAY_LEN(refused));
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
	test_fuzz(prog, corpus, ARRAY_LEN(corpus), 1000000, 1 << XDP_PASS | 1 << XDP_TX);
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
		{"with a cookie, as dig asks", {Q("ns2.example.org", A), .opt = COOKIE("0102030405060708")}},
		{"a CNAME and two addresses", {Q("alias.example.org", A)}},
		{"NODATA", {Q("ns2.example.org", 28)}},
		{"NXDOMAIN, one label", {Q("nothing.example.org", A)}},
		{"NXDOMAIN, eight labels", {Q("1.2.3.4.5.6.7.nothing.example.org", A)}},
		{"a wildcard", {Q("any.wild.example.org", A)}},
		{"a referral with glue, shifted", {Q("a.b.sub.example.org", A)}},
		{"DO, an address and its signature", {Q("www.nsec.test", A), DO}},
		{"DO, NXDOMAIN of a signed zone", {Q("nothing.nsec.test", A), DO}},
		{"a TXT set of 1,000 bytes", {Q("large.example.org", 16), .opt = EDNS("04d0", "0000")}},
	};

	for (size_t i = 0; i < ARRAY_LEN(packets); i++)
		bench_one(prog, packets[i].what, &packets[i].ask);
}

int main(int argc, char **argv)
{
	const char *path = argc > 1 ? argv[1] : NULL;
	struct bpf_object *obj = load(path, NULL), *refuses = load(path, "refuse");
	struct bpf_program *prog = test_prog(obj, "dns");

	run_tests(prog, tests, ARRAY_LEN(tests));
	run_sizes(prog, "big.example.org", 12 + 21 + 3 * 213 + 11);
	run_sizes(prog, "large.example.org", 12 + 23 + 5 * 213 + 11);
	run_sizes(prog, "huge.example.org", 12 + 22 + 7 * 213 + 11);
	run_collision(prog, test_map(obj, "slots"));
	run_ways(prog, test_map(obj, "names"));
	run_short_way(prog, test_map(obj, "names"), NULL, "without EDNS");
	run_short_way(prog, test_map(obj, "names"), EDNS("04d0", "0000"), "with EDNS");
	run_short_way(prog, test_map(obj, "names"), COOKIE("0102030405060708"), "with a client's cookie");
	run_short_way(prog, test_map(obj, "names"), COOKIES("0102030405060708 1112131415161718191a1b1c1d1e1f20"),
		      "with a server's, too");
	run_refused(test_prog(refuses, "dns"));
	fuzz(prog);
	if (test_wants_bench(argc, argv))
		bench(prog);
	bpf_object__close(refuses);
	bpf_object__close(obj);
	return test_end();
}
