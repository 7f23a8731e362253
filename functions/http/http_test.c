// SPDX-License-Identifier: Apache-2.0
/* http_test.c - the packet table of functions/http, for its programs at xdp and tc-ingress alike. */
#include "client.h"
#include "asks.h"

/* --- Requests --- */

static bool same_text(const struct talk *t, const char *want)
{
	return test_bytes(t->got.text, t->got.text_len, want, strlen(want));
}

/* Ask on an open connection; the numbers of the answer must go on from ours. */
static bool asked(struct talk *t, const char *text, const char *answer, bool closed)
{
	uint32_t seq = t->p.tcp_seq, ack = t->p.tcp_ack;
	bool ok = send_text(t, ACK | PSH, text) && is_answer(t) && same_text(t, answer) && t->got.seq == ack &&
		  t->got.ack == seq + strlen(text) && t->got.flags == (ACK | PSH | (closed ? FIN : 0)) &&
		  t->got.stamped == t->stamps && (!t->stamps || t->got.echo == t->clock);

	if (!ok)
		test_note("verdict %d, flags %x, seq +%d, ack +%d: %.*s", t->verdict, t->got.flags,
			  (int)(t->got.seq - ack), (int)(t->got.ack - seq), (int)t->got.text_len, t->got.text);
	take(t);
	return ok;
}

static void requests(struct bpf_program *prog, const char *name, struct packet p, bool stamps)
{
	for (size_t i = 0; i < ARRAY_LEN(asks); i++) {
		struct talk t = {.prog = prog, .p = p, .stamps = stamps};

		t.p.sport = 40000 + i;
		test_ok(greet(&t) && asked(&t, asks[i].text, asks[i].answer, asks[i].closed), "%s: %s", name,
			asks[i].name);
	}
}

/* --- Handshakes --- */

static const struct greeting {
	const char *name, *options;
	uint8_t flags;
	unsigned mss; /* in the answer; with TS: timestamps, too */
	bool ts;
} greetings[] = {
	{"no options", NULL, SYN, 0, false},
	{"MSS", "02040200", SYN, 512, false},
	{"a large MSS", "02042328", SYN, 1460, false},
	{"as Linux", "020405b4 0402080a 00000001 00000000 01030307", SYN, 1460, true},
	{"as macOS", "020405b4 01030306 0101080a 00000001 00000000 04020000", SYN, 1460, true},
	{"as Windows", "020405b4 01030308 01010402", SYN, 1460, false},
	{"timestamps alone", "0101080a 00000001 00000000", SYN, 0, true},
	{"ECN", "020405b4", SYN | 0xc0, 1460, false},
	{"an option that is cut", "01010102", SYN, 0, false},
	{"an option without length", "1e000000 020405b4", SYN, 0, false},
	{"an MSS of another length", "02060200 00000000", SYN, 0, false},
	{"options behind the end", "00000000 020405b4", SYN, 0, false},
};

static void handshakes(struct bpf_program *prog, int family)
{
	for (const struct greeting *g = greetings; g < greetings + ARRAY_LEN(greetings); g++) {
		struct talk t = {.prog = prog,
				 .p = {.family = family,
				       .proto = IPPROTO_TCP,
				       .sport = 55555,
				       .dport = 80,
				       .tcp_seq = 0xffffffff,
				       .tcp_flags = g->flags,
				       .tcp_options = g->options}};
		unsigned mss = family == 6 && g->mss == 1460 ? 1440 : g->mss;
		bool ok = send_as_is(&t) && is_answer(&t);
		uint64_t c = cookie(secret_now, t.sent, 14);

		ok = ok && t.got.flags == (SYN | ACK) && t.got.ack == 0 && t.got.seq == (uint32_t)c &&
		     t.got.mss == mss && t.got.stamped == g->ts && t.run.len <= t.sent_len && t.got.window == 4096 &&
		     t.got.len == 20u + (mss ? 4 : 0) + (g->ts ? 12 : 0) &&
		     (!g->ts || (t.got.echo == 1 && t.got.value == (uint32_t)(c >> 32)));
		test_ok(ok, "IPv%d, SYN-ACK: %s", family, g->name);
	}
}

/* --- Numbers --- */

static struct talk talk_to(struct bpf_program *prog, int family, bool stamps)
{
	struct talk t = {.prog = prog, .p = {.family = family, .sport = 41000}, .stamps = stamps};

	test_ok(greet(&t), "IPv%d, a connection%s", family, stamps ? " with timestamps" : "");
	return t;
}

static void keep_alive(struct bpf_program *prog, bool stamps)
{
	struct talk t = talk_to(prog, 4, stamps);
	struct test_run first;
	unsigned sent = 0, rounds = 0;
	bool ok = true, same;

	send_text(&t, ACK | PSH, GET("/"));
	first = t.run;
	t.clock--;
	send_text(&t, ACK | PSH, GET("/"));
	same = is_answer(&t) && test_bytes(t.run.frame, t.run.len, first.frame, first.len);
	test_ok(same, "a request that comes again gets the same answer");
	take(&t);
	test_ok(send_text(&t, ACK, "") && is_taken(&t), "an acknowledgement is taken");
	test_ok(asked(&t, GET("/none"), MOVED "www.example.org/none" EMPTY KEEP, false), "the next request");
	sent = sizeof(HTML_KEEP MOVED "www.example.org/none" EMPTY KEEP) - 1;
	while (ok && sent <= (1 << 20) - 2 * 1400) {
		ok = send_text(&t, ACK | PSH, BIG) && is_answer(&t) && !(t.got.flags & FIN) && same_text(&t, big);
		take(&t);
		sent += 1400;
		rounds++;
	}
	test_ok(ok && rounds > 700, "%u requests with answers of 1,400 bytes on one connection", rounds);
	ok = send_text(&t, ACK | PSH, WITH("")) && is_answer(&t) && t.got.flags == (ACK | PSH | FIN) &&
	     same_text(&t, OK_CLOSE);
	test_ok(ok, "which is closed after 1 MiB");
	take(&t);
	test_ok(send_text(&t, ACK, "") && is_taken(&t), "its end is acknowledged");
	t.p.tcp_ack += 1 << 20;
	test_ok(send_text(&t, ACK | PSH, WITH("")) && is_left(&t), "nothing is proven beyond");
}

static void closing(struct bpf_program *prog, bool stamps)
{
	struct talk t = talk_to(prog, 6, stamps);
	uint32_t seq = t.p.tcp_seq, ack = t.p.tcp_ack;

	test_ok(send_text(&t, ACK | FIN, "") && is_answer(&t) && t.got.flags == (ACK | FIN) && t.got.seq == ack &&
			t.got.ack == seq + 1 && !t.got.text_len,
		"FIN is answered by FIN");
	test_ok(send_text(&t, ACK | FIN, "") && is_answer(&t) && t.got.flags == (ACK | FIN) && t.got.ack == seq + 1,
		"and again if that was lost");
	take(&t);
	test_ok(send_text(&t, ACK, "") && is_taken(&t), "the last acknowledgement is taken");

	t = talk_to(prog, 6, stamps);
	test_ok(send_text(&t, ACK | PSH | FIN, WITH("")) && is_answer(&t) && t.got.flags == (ACK | PSH | FIN) &&
			t.got.ack == seq + sizeof(WITH("")) && same_text(&t, OK_KEEP),
		"a request with FIN: answer and FIN");
	t = talk_to(prog, 6, stamps);
	test_ok(send_text(&t, ACK | PSH | FIN, "rubbish\r\n\r\n") && is_answer(&t) &&
			t.got.flags == (ACK | PSH | FIN) && t.got.ack == seq + 12 && same_text(&t, BAD),
		"rubbish with FIN");
	test_ok(send_text(&t, ACK | RST, "") && is_taken(&t), "RST is taken");
	test_ok(send_text(&t, RST, "") && is_left(&t), "RST without acknowledgement is the kernel's");
}

static void windows(struct bpf_program *prog, bool stamps)
{
	struct talk t = talk_to(prog, 4, stamps);
	uint32_t seq = t.p.tcp_seq;

	t.p.tcp_shut = true;
	test_ok(send_text(&t, ACK | PSH, GET("/")) && is_taken(&t), "a closed window: the client has to ask again");
	t.p.tcp_window = sizeof(HTML_KEEP) - 2;
	test_ok(send_text(&t, ACK | PSH, GET("/")) && is_taken(&t), "a window of a byte less than the answer");
	t.p.tcp_window = sizeof(HTML_KEEP) - 1;
	test_ok(asked(&t, GET("/"), HTML_KEEP, false), "a window that the answer fits");
	t = talk_to(prog, 4, stamps);
	t.p.tcp_window = sizeof(HTML_KEEP OK_KEEP) - 1;
	test_ok(send_text(&t, ACK | PSH, GET("/") WITH("") GET("/")) && is_answer(&t) &&
			same_text(&t, HTML_KEEP OK_KEEP) && t.got.ack == seq + sizeof(GET("/") WITH("")) - 1,
		"of three requests, two whose answers fit the window");
	t = talk_to(prog, 4, stamps);
	test_ok(send_text(&t, ACK | PSH | FIN, BIG GET("/")) && is_answer(&t) && same_text(&t, big) &&
			t.got.flags == (ACK | PSH) && t.got.ack == seq + sizeof(BIG) - 1,
		"answers for one segment only; FIN waits");
	take(&t);
	test_ok(asked(&t, GET("/"), HTML_KEEP, false), "the rest comes again and is answered");
	t = talk_to(prog, 4, stamps);
	test_ok(send_text(&t, ACK | PSH, "\r\n") && is_answer(&t) && t.got.flags == ACK && t.got.ack == seq + 2,
		"empty lines alone are acknowledged");
}

/* What a client with timestamps has not been told of is not in turn. */
static void turns(struct bpf_program *prog)
{
	struct talk t = talk_to(prog, 4, true);
	uint32_t len = sizeof(GET("/")) - 1;

	t.p.tcp_seq += len;
	test_ok(send_text(&t, ACK | PSH, WITH("")) && is_taken(&t),
		"the second of two requests, before the first is answered");
	test_ok(send_text(&t, ACK | FIN, "") && is_taken(&t), "FIN before the request is answered");
	t.p.tcp_seq -= len;
	test_ok(asked(&t, GET("/"), HTML_KEEP, false), "the first");
	test_ok(asked(&t, WITH(""), OK_KEEP, false), "then the second");
	t.p.tcp_seq--;
	test_ok(send_text(&t, ACK, "") && is_answer(&t) && t.got.flags == ACK && t.got.ack == t.p.tcp_seq + 1 &&
			t.got.seq == t.p.tcp_ack && !t.got.text_len,
		"TCP's keep-alive is answered");
	test_ok(send_text(&t, ACK, "x") && is_answer(&t) && t.got.flags == ACK && t.got.ack == t.p.tcp_seq + 1,
		"with a byte, too");
}

/* --- What proves nothing --- */

static void strangers(struct bpf_program *prog, bool stamps)
{
	struct talk t = talk_to(prog, 4, stamps), u;

	u = t;
	u.p.tcp_ack--;
	test_ok(send_text(&u, ACK | PSH, GET("/")) && is_left(&u), "an acknowledgement that lacks the SYN's");
	u.p.tcp_ack += 1 << 20;
	test_ok(send_text(&u, ACK | PSH, GET("/")) && is_answer(&u), "one that is 1 MiB on");
	u.p.tcp_ack++;
	test_ok(send_text(&u, ACK | PSH, GET("/")) && is_left(&u), "and a byte further");
	u = t;
	u.p.sport++;
	test_ok(send_text(&u, ACK | PSH, GET("/")) && is_left(&u), "from another port");
	u = t;
	u.p.from = "192.0.2.3";
	test_ok(send_text(&u, ACK | PSH, GET("/")) && is_left(&u), "from another address");
	u = t;
	u.p.to = "192.0.2.4";
	test_ok(send_text(&u, ACK | PSH, GET("/")) && is_left(&u), "to another address");
	u = t;
	u.p.tcp_ack = 0;
	test_ok(send_text(&u, PSH, GET("/")) && is_left(&u), "no acknowledgement");
	test_ok(send_text(&u, ACK | FIN, "") && is_left(&u), "a FIN from nowhere");
	test_ok(send_text(&u, ACK, "") && is_left(&u), "an ACK from nowhere");
	test_ok(send_text(&u, SYN | ACK, "") && is_left(&u), "SYN and ACK");
	test_ok(send_text(&u, SYN | FIN, "") && is_left(&u), "SYN and FIN");
	test_ok(send_text(&u, SYN | RST, "") && is_left(&u), "SYN and RST");
	test_ok(send_text(&u, 0, "") && is_left(&u), "no flags");
	u = t;
	u.p.sum = SUM_WRONG;
	test_ok(send_text(&u, ACK | PSH, GET("/")) && is_left(&u), "a wrong checksum");
	u.p.sum = SUM_PARTIAL;
	test_ok(asked(&u, GET("/"), HTML_KEEP, false), "a checksum left to hardware");
}

/* A connection that began under the secret before gets one more answer. */
static void secrets(struct bpf_program *prog, struct bpf_object *obj)
{
	static const uint8_t nothing[16], next[16] = {7, 7, 7, [15] = 7};
	struct talk t = talk_to(prog, 4, true), u;
	uint32_t first;

	put_secret(obj, next, secret_now);
	u = t;
	test_ok(asked(&u, GET("/"), HTML CLOSE "hello\n", true), "when the secret changes a connection ends in order");
	u = talk_to(prog, 4, true);
	test_ok(u.p.tcp_ack == (uint32_t)cookie(next, u.sent, 14) + 1, "a new one begins under the new secret");
	put_secret(obj, secret_before, next);
	test_ok(send_text(&t, ACK | PSH, GET("/")) && is_left(&t), "after two changes it proves nothing");
	put_secret(obj, nothing, NULL);
	u = talk_to(prog, 4, true);
	first = u.p.tcp_ack;
	test_ok(u.p.tcp_ack != (uint32_t)cookie(nothing, u.sent, 14) + 1, "without a secret, one is made");
	t = talk_to(prog, 4, true);
	test_ok(t.p.tcp_ack == first && asked(&u, GET("/"), HTML_KEEP, false), "once");
	u = t;
	u.p.tcp_ack = (uint32_t)cookie(nothing, u.sent, 14) + 1;
	test_ok(send_text(&u, ACK | PSH, GET("/")) && is_left(&u), "zeros as the secret before are none");
	put_secret(obj, secret_now, secret_before);
}

/* --- Frames --- */

#define SYN80 .proto = IPPROTO_TCP, .sport = 40000, .dport = 80, .tcp_flags = SYN
static const struct test_case frames[] = {
	{"to a broadcast MAC address", {SYN80, .to_mac = mac_broadcast}, .verdict = XDP_PASS},
	{"from a multicast address", {SYN80, .from = "224.0.0.1"}, .verdict = XDP_PASS},
	{"from a loopback address", {SYN80, .from = "127.0.0.1"}, .verdict = XDP_PASS},
	{"IPv4 options", {SYN80, .options = "94040000"}, .verdict = XDP_PASS},
	{"an extension header", {SYN80, .family = 6, .ext = "06000104 00000000", .ext_first = 60}, .verdict = XDP_PASS},
	{"a fragment", {SYN80, .frag = 0x2000}, .verdict = XDP_PASS},
	{"a wrong IPv4 checksum", {SYN80, .bad_ip_sum = true}, .verdict = XDP_PASS},
	{"a length beyond the frame", {SYN80, .ip_len = 1}, .verdict = XDP_PASS},
	{"a length that cuts the header", {SYN80, .ip_len = -1}, .verdict = XDP_PASS},
	{"UDP", {.proto = IPPROTO_UDP, .sport = 40000, .dport = 80, .bytes = 30}, .verdict = XDP_PASS},
	{"literal bytes: a SYN without options, padded",
	 .hex = "020000000002 020000000001 0800 45000028000040004006b6ccc0000201c0000202 9c400050 00000001 00000000 "
		"5002ffff 8f4d0000 000000000000",
	 .verdict = XDP_TX,
	 .out_hex = "020000000001 020000000002 0800 45000028000040004006b6ccc0000202c0000201 00509c40 095bd109 "
		    "00000002 50121000 a4d70000"},
};

static void heads(struct bpf_program *prog)
{
	static char text[3200];
	struct talk t = talk_to(prog, 4, true), u;
	size_t whole = sizeof(GET("/")) - 1;
	bool ok = true;

	for (size_t n = 1; ok && n < whole; n++) {
		u = t;
		ok = send_bytes(&u, ACK | PSH, GET("/"), n) && is_answer(&u) && u.got.flags == (ACK | PSH | FIN) &&
		     u.got.ack == t.p.tcp_seq + n && (n <= 1 || same_text(&u, LONG) || same_text(&u, NOT_SO));
	}
	test_ok(ok, "a request cut at each of %zu lengths is refused, and the connection closed", whole - 1);
	memset(text, 'a', sizeof(text));
	memcpy(text, "GET /?", 6);
	u = t;
	memcpy(text + 1350, " HTTP/1.0\r\nHost: example.org\r\n\r\n", 32);
	test_ok(send_bytes(&u, ACK | PSH, text, 1382) && is_answer(&u) && u.got.flags == (ACK | PSH | FIN) &&
			same_text(&u, HTML CLOSE "hello\n"),
		"a target of 1,346 bytes");
	memcpy(text, "GET /up", 7);
	memcpy(text + 1350, " HTTP/1.1\r\nHost: example.org\r\n\r\n", 32);
	u = t;
	test_ok(send_bytes(&u, ACK | PSH, text, 1382) && is_answer(&u) && same_text(&u, LONG),
		"a redirect that would be too long");
	/* Behind an answer of 1,400 bytes it would run round and over that, if it were copied to be measured. */
	memcpy(text, BIG, sizeof(BIG) - 1);
	memset(text + sizeof(BIG) - 1, 'a', 3000);
	memcpy(text + sizeof(BIG) - 1, "GET /up", 7);
	memcpy(text + sizeof(BIG) - 1 + 3000, " HTTP/1.1\r\nHost: example.org\r\n\r\n", 32);
	u = t;
	test_ok(send_bytes(&u, ACK | PSH, text, sizeof(BIG) - 1 + 3032) && is_answer(&u) && same_text(&u, big) &&
			u.got.ack == t.p.tcp_seq + sizeof(BIG) - 1,
		"a redirect that is longer still, in one jumbo frame behind a long answer, which stays as it is");
}

/* --- Fuzz --- */

/* Nothing but a SYN-ACK, no longer than the SYN, goes to whoever has not seen one. */
static const char *judge(const uint8_t *in, size_t in_len, const uint8_t *out, size_t out_len)
{
	struct segment asked, answer;
	uint32_t now, before;

	if (!read_segment(in, in_len, &asked) || !read_segment(out, out_len, &answer))
		return "no TCP segments";
	if ((asked.flags & (SYN | ACK | RST | FIN)) == SYN)
		return answer.flags != (SYN | ACK) || answer.len > asked.len || answer.text_len ? "a strange SYN-ACK"
												: NULL;
	now = asked.ack - 1 - (uint32_t)cookie(secret_now, in, asked.l3);
	before = asked.ack - 1 - (uint32_t)cookie(secret_before, in, asked.l3);
	if (now >= 1 << 20 && before >= 1 << 20)
		return "answered what proves nothing";
	if (!(answer.flags & ACK) || answer.flags & (SYN | RST) || answer.seq != asked.ack)
		return "strange numbers in the answer";
	if (answer.ack - asked.seq > asked.text_len + 1 || answer.text_len > asked.window || answer.text_len > 1400)
		return "acknowledged or sent too much";
	return NULL;
}

static size_t corpus(struct bpf_program *prog, struct packet *to, struct talk *talks, size_t n)
{
	static const char *const texts[] = {GET("/"), GET("/healthz") WITH("Connection: close\r\n"),
					    "GET /big HTTP/1.0\r\nHost: up.example\r\n\r\n", "", GET("/?")};

	for (size_t i = 0; i < n; i++) {
		struct talk *t = &talks[i];

		*t = (struct talk){
			.prog = prog,
			.stamps = i & 1,
			.p = {.family = i & 2 ? 6 : 4, .sport = 50000 + i, .vlans = i % 3 == 0, .vlan = {5}}};
		greet(t);
		send_text(t, i % 5 == 3 ? ACK | FIN : ACK | PSH, texts[i % ARRAY_LEN(texts)]);
		to[i] = t->p;
		if (i % 7 == 6)
			to[i].tcp_flags = SYN;
	}
	return n;
}

static void fuzz(struct bpf_program *prog, unsigned allowed)
{
	static struct talk talks[30];
	static struct packet packets[30];

	test_judge = judge;
	test_fuzz(prog, packets, corpus(prog, packets, talks, ARRAY_LEN(talks)), 1000000, allowed);
}

/* Runs change the frame, so each is one of its own; the middle of many, with what a single run costs besides. */
static unsigned median_ns(struct talk *t, uint8_t flags, const char *text)
{
	enum { RUNS = 20001 };
	static unsigned ns[RUNS];
	unsigned below = 0, v = 0;

	for (int i = 0; i < RUNS; i++) {
		send_text(t, flags, text);
		ns[i] = t->run.ns;
	}
	for (; below <= RUNS / 2; v++)
		for (int i = 0; i < RUNS; i++)
			below += ns[i] == v;
	return v - 1;
}

static void bench(struct bpf_program *prog)
{
	static const struct {
		const char *name, *text;
	} rows[] = {
		{"GET of 39 bytes, answer of 91", WITH("")},
		{"the same, 276 bytes of header lines more",
		 WITH("A: " TEXT64 "\r\nB: " TEXT64 "\r\nC: " TEXT64 TEXT64 "\r\n")},
		{"GET, answer of 1,400 bytes", BIG},
		{"404", "GET /none HTTP/1.1\r\nHost: a\r\n\r\n"},
		{"8 requests in one segment", WITH("") WITH("") WITH("") WITH("") WITH("") WITH("") WITH("") WITH("")},
	};
	struct talk t = talk_to(prog, 4, true), syn = t;

	test_note("no TCP: %u ns in a single run, which is to be taken off those below",
		  median_ns(&(struct talk){.prog = prog, .p = {.proto = IPPROTO_UDP}}, 0, ""));
	syn.stamps = false;
	syn.p.tcp_options = "020405b4 0402080a 00000001 00000000 01030307";
	test_note("SYN: %u ns", median_ns(&syn, SYN, ""));
	test_note("ACK: %u ns", median_ns(&t, ACK, ""));
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		test_note("%s: %u ns", rows[i].name, median_ns(&t, ACK | PSH, rows[i].text));
}

int main(int argc, char **argv)
{
	struct bpf_object *obj = test_load(argc > 1 ? argv[1] : NULL);
	struct bpf_program *xdp = test_prog(obj, "http"), *tc = test_prog(obj, "http_tc");

	put_data(obj);
	handshakes(xdp, 4);
	handshakes(xdp, 6);
	requests(xdp, "IPv4", (struct packet){.family = 4}, true);
	requests(xdp, "IPv6, no timestamps", (struct packet){.family = 6}, false);
	requests(tc, "TC, VLAN", (struct packet){.family = 4, .vlans = 1, .vlan = {7}}, true);
	for (int stamps = 0; stamps < 2; stamps++) {
		keep_alive(xdp, stamps);
		closing(xdp, stamps);
		windows(xdp, stamps);
		strangers(xdp, stamps);
	}
	turns(xdp);
	turns(tc);
	strangers(tc, true);
	secrets(xdp, obj);
	heads(xdp);
	test_table(xdp, frames, ARRAY_LEN(frames));
	fuzz(xdp, 1 << XDP_PASS | 1 << XDP_DROP | 1 << XDP_TX);
	fuzz(tc, 1 << (TC_ACT_UNSPEC + 1) | 1 << (TC_ACT_SHOT + 1) | 1 << (TC_ACT_REDIRECT + 1));
	if (test_wants_bench(argc, argv))
		bench(xdp);
	bpf_object__close(obj);
	return test_end();
}
