// SPDX-License-Identifier: Apache-2.0
/* http_test.c - the packet table of functions/http, for its programs at xdp and tc-ingress alike. */
#include "client.h"

#define HTML  "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 6\r\nConnection: "
#define OK    "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 3\r\nConnection: "
#define MOVED "HTTP/1.1 301 Moved Permanently\r\nLocation: https://"
#define EMPTY "\r\nContent-Length: 0\r\nConnection: "
#define KEEP  "keep-alive\r\n\r\n"
#define CLOSE "close     \r\n\r\n"
#define OWN(line, fields, len, how)                                                                                    \
	"HTTP/1.1 " line "\r\n" fields "Content-Type: text/plain\r\nContent-Length: " len "\r\nConnection: " how line  \
	"\n"
#define HTML_KEEP HTML KEEP "hello\n"
#define OK_KEEP	  OK KEEP "ok\n"
#define OK_CLOSE  OK CLOSE "ok\n"
#define BAD	  OWN("400 Bad Request", "", "16", CLOSE)
#define NONE	  OWN("404 Not Found", "", "14", KEEP)
#define NOT_SO	  OWN("405 Method Not Allowed", "Allow: GET, HEAD\r\n", "23", CLOSE)
#define BODY	  OWN("413 Content Too Large", "", "22", CLOSE)
#define LONG	  OWN("431 Request Header Fields Too Large", "", "36", CLOSE)
#define CODING	  OWN("501 Not Implemented", "", "20", CLOSE)
#define VERSION	  OWN("505 HTTP Version Not Supported", "", "31", CLOSE)

#define GET(path)      "GET " path " HTTP/1.1\r\nHost: example.org\r\n\r\n"
#define GET_FROM(host) "GET / HTTP/1.1\r\nHost: " host "\r\n\r\n"
#define WITH(lines)    "GET /healthz HTTP/1.1\r\nHost: other\r\n" lines "\r\n"
#define TEXT64	       "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define TEXT512	       TEXT64 TEXT64 TEXT64 TEXT64 TEXT64 TEXT64 TEXT64 TEXT64

static const struct ask {
	const char *name, *text, *answer;
	bool closed;
} asks[] = {
	{"a page", GET("/"), HTML_KEEP, 0},
	{"its head", "HEAD / HTTP/1.1\r\nHost: example.org\r\n\r\n", HTML KEEP, 0},
	{"a query is none of the path", GET("/?a=b?c"), HTML_KEEP, 0},
	{"no such path", GET("/none"), MOVED "www.example.org/none" EMPTY KEEP, 0},
	{"a redirect keeps path and query", GET("/a/b?c=d&e"), MOVED "www.example.org/a/b?c=d&e" EMPTY KEEP, 0},
	{"a redirect that keeps the host", "GET /x HTTP/1.1\r\nHost: Up.Example:8080\r\n\r\n",
	 MOVED "up.example/x" EMPTY KEEP, 0},
	{"the head of a redirect", "HEAD /x HTTP/1.1\r\nHost: up.example\r\n\r\n", MOVED "up.example/x" EMPTY KEEP, 0},
	{"no such page, on any other host", "GET /none HTTP/1.1\r\nHost: other\r\n\r\n", NONE, 0},
	{"the head of what is not there", "HEAD /none HTTP/1.1\r\nHost: other\r\n\r\n",
	 "HTTP/1.1 404 Not Found\r\nContent-Type: text/plain\r\nContent-Length: 14\r\nConnection: " KEEP, 0},
	{"a path of 127 bytes", GET("/" TEXT64 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcd"),
	 HTML_KEEP, 0},
	{"a path of 128 bytes is in no table",
	 "GET /" TEXT64 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcde HTTP/1.1\r\nHost: a\r\n\r\n",
	 NONE, 0},
	{"path \"*\" is none", "GET * HTTP/1.1\r\nHost: a\r\n\r\n", BAD, 1},

	/* hosts */
	{"the host in capitals", GET_FROM("EXAMPLE.Org"), HTML_KEEP, 0},
	{"the host with a port", GET_FROM("example.org:8080"), HTML_KEEP, 0},
	{"an IPv6 address as host, with port", GET_FROM("[2001:DB8::2]:80"), HTML_KEEP, 0},
	{"an IPv6 address as host", GET_FROM("[2001:db8::2]"), HTML_KEEP, 0},
	{"blanks around the host", GET_FROM(" \t example.org \t"), HTML_KEEP, 0},
	{"no blank before the host", "GET / HTTP/1.1\r\nHost:example.org\r\n\r\n", HTML_KEEP, 0},
	{"any other host", WITH(""), OK_KEEP, 0},
	{"an empty host is any other", "GET /healthz HTTP/1.1\r\nHost:\r\n\r\n", OK_KEEP, 0},
	{"no host, HTTP/1.1", "GET /healthz HTTP/1.1\r\n\r\n", BAD, 1},
	{"two hosts", WITH("Host: other\r\n"), BAD, 1},
	{"a host of two words", GET_FROM("example.org b"), BAD, 1},
	{"a host of 63 bytes", GET_FROM("0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcde"), NONE, 0},
	{"a host of 64 bytes", GET_FROM(TEXT64), BAD, 1},
	{"a host that is no name, in a redirect", "GET / HTTP/1.1\r\nHost: up.example/@x\r\n\r\n", NONE, 0},
	{"a host that is no name, on any path", "GET /any HTTP/1.1\r\nHost: up.example/@x\r\n\r\n", NONE, 0},

	/* methods and versions */
	{"POST", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\na=b", NOT_SO, 1},
	{"OPTIONS", "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", NOT_SO, 1},
	{"methods have capitals", "get / HTTP/1.1\r\nHost: a\r\n\r\n", NOT_SO, 1},
	{"GETS", "GETS / HTTP/1.1\r\nHost: a\r\n\r\n", NOT_SO, 1},
	{"HTTP/1.0 closes", "GET /healthz HTTP/1.0\r\n\r\n", OK_CLOSE, 1},
	{"HTTP/1.0 with keep-alive", "GET /healthz HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", OK_KEEP, 0},
	{"HTTP/1.9 is as 1.1", "GET /healthz HTTP/1.9\r\nHost: a\r\n\r\n", OK_KEEP, 0},
	{"HTTP/2.0", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", NOT_SO, 1},
	{"HTTP/2.0 with GET", "GET /healthz HTTP/2.0\r\nHost: a\r\n\r\n", VERSION, 1},
	{"HTTP/1.x", "GET /healthz HTTP/1.x\r\nHost: a\r\n\r\n", BAD, 1},
	{"HTTP/1.10", "GET /healthz HTTP/1.10\r\nHost: a\r\n\r\n", BAD, 1},
	{"HTTP/0.9", "GET /healthz\r\n", BAD, 1},

	/* header lines */
	{"Connection: close", WITH("Connection: close\r\n"), OK_CLOSE, 1},
	{"Connection: CLOSE, in a list", WITH("cOnNection: foo,\tCLOSE , bar\r\n"), OK_CLOSE, 1},
	{"Connection: closed", WITH("Connection: closed, keep-alive, xclose\r\n"), OK_KEEP, 0},
	{"a name that begins like one", WITH("Connections: close\r\nHosts: b\r\nContent-Lengths: 9\r\n"), OK_KEEP, 0},
	{"names that end like one", WITH("XConnection: close\r\nXHost: b\r\n"), OK_KEEP, 0},
	{"an upgrade is not taken up",
	 WITH("Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n"), OK_KEEP, 0},
	{"a body", WITH("Content-Length: 5\r\n"), BODY, 1},
	{"no body", WITH("content-length: 0\r\n"), OK_KEEP, 0},
	{"a length that is no number", WITH("Content-Length: 0x0\r\n"), BODY, 1},
	{"chunks", WITH("Transfer-Encoding: chunked\r\n"), CODING, 1},
	{"lines that end with LF alone", "GET /healthz HTTP/1.1\nHost: a\n\n", OK_KEEP, 0},
	{"empty lines before", "\r\n\n\r\n" WITH(""), OK_KEEP, 0},
	{"empty lines behind", WITH("") "\r\n\r\n", OK_KEEP, 0},
	{"a tab in a value", WITH("A: b\tc\td\t\te\r\n"), OK_KEEP, 0},
	{"an empty value", WITH("A:\r\n"), OK_KEEP, 0},
	{"bytes beyond ASCII in a value", WITH("A: \x80\xff\xc3\xa4\r\n"), OK_KEEP, 0},
	{"a line that goes on (obs-fold)", WITH("A: b\r\n c\r\n"), BAD, 1},
	{"a blank before the colon", WITH("Content-Length : 5\r\n"), BAD, 1},
	{"a line without colon", WITH("abc\r\n"), BAD, 1},
	{"a line without name", WITH(": abc\r\n"), BAD, 1},
	{"CR in a value", WITH("A: b\rc\r\n"), BAD, 1},
	{"a control character in a value", WITH("A: \x01\r\n"), BAD, 1},
	{"two blanks before the target", "GET  / HTTP/1.1\r\nHost: a\r\n\r\n", BAD, 1},
	{"a tab in the target", "GET /\t HTTP/1.1\r\nHost: a\r\n\r\n", BAD, 1},
	{"a target that is a URL", "GET http://example.org/ HTTP/1.1\r\nHost: example.org\r\n\r\n", BAD, 1},
	{"a hundred header lines are too many",
	 WITH("a:\n"
	      "a:\na:\na:\na:\na:\na:\na:\na:\na:\na:\na:\na:\na:\na:\na:\na:\na:\na:\na:\na:\na:\na:\na:\na:\na:\n"
	      "a:\na:\na:\na:\na:\na:\na:\na:\na:\na:\na:\na:\na:\na:\na:\na:\na:\na:\na:\na:\na:\na:\na:\na:\na:\n"
	      "a:\na:\na:\na:\na:\na:\na:\na:\na:\na:\na:\na:\na:\na:\na:\na:\na:\na:\na:\na:\na:\na:\na:\na:\na:\n"
	      "a:\na:\na:\na:\na:\na:\na:\na:\na:\na:\na:\na:\na:\na:\na:\na:\na:\na:\na:\na:\na:\na:\na:\na:\na:\n"),
	 LONG, 1},
	{"a TLS hello", "\x16\x03\x01\x02", BAD, 1},
	{"blanks", "    \r\n\r\n", BAD, 1},
	{"SSH", "SSH-2.0-OpenSSH_9.2p1\r\n", BAD, 1},

	/* several in one segment */
	{"two requests", GET("/") WITH(""), HTML_KEEP OK_KEEP, 0},
	{"odd lengths before", WITH("") WITH("") GET("/") "HEAD / HTTP/1.1\r\nHost: example.org\r\n\r\n",
	 OK_KEEP OK_KEEP HTML_KEEP HTML KEEP, 0},
	{"nothing is answered behind a close", WITH("Connection: close\r\n") GET("/"), OK_CLOSE, 1},
	{"an error behind a page", GET("/") "nonsense\r\n\r\n", HTML_KEEP BAD, 1},
	{"a body is not taken for a request", WITH("Content-Length: 99\r\n") GET("/"), BODY, 1},
};

/* --- Data --- */

struct page_key {
	char host[64], path[128];
};
struct page {
	uint16_t head, splice;
	uint32_t insert; /* 1: the target; 2: host and target */
	uint16_t len;
	uint8_t bytes[1408];
};

static void put_page(int map, const char *host, const char *path, const char *before, const char *behind,
		     uint32_t insert, const char *body)
{
	struct page_key key = {0};
	struct page page = {.insert = insert, .splice = insert ? strlen(before) : 0};

	strncpy(key.host, host, sizeof(key.host) - 1);
	strncpy(key.path, path, sizeof(key.path) - 1);
	page.head = strlen(before) + strlen(behind);
	page.len = page.head + strlen(body);
	memcpy(page.bytes, before, strlen(before));
	memcpy(page.bytes + strlen(before), behind, strlen(behind));
	memcpy(page.bytes + page.head, body, strlen(body));
	if (bpf_map_update_elem(map, &key, &page, 0))
		exit(1);
}

static char big[1401];

static void put_secret(struct bpf_object *obj, const uint8_t *now, const uint8_t *before)
{
	uint8_t secret[32] = {0};
	uint32_t zero = 0;

	memcpy(secret, now, 16);
	if (before)
		memcpy(secret + 16, before, 16);
	bpf_map_update_elem(test_map(obj, "secret_0"), &zero, secret, 0);
}

static void put_data(struct bpf_object *obj)
{
	int map = test_map(obj, "pages_0");
	size_t head;

	put_page(map, "example.org", "/", HTML, KEEP, 0, "hello\n");
	put_page(map, "[2001:db8::2]", "/", HTML, KEEP, 0, "hello\n");
	put_page(map, "example.org", "/" TEXT64 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcd", HTML,
		 KEEP, 0, "hello\n");
	put_page(map, "example.org", "*", MOVED "www.example.org", EMPTY KEEP, 1, "");
	put_page(map, "up.example", "*", MOVED, EMPTY KEEP, 2, "");
	put_page(map, "bad/host", "*", MOVED, EMPTY KEEP, 2, "");
	put_page(map, "*", "/healthz", OK, KEEP, 0, "ok\n");
	head = snprintf(big, sizeof(big), "HTTP/1.1 200 OK\r\nContent-Length: 1337\r\nConnection: " KEEP);
	memset(big + head, 'x', sizeof(big) - 1 - head);
	put_page(map, "*", "/big", "HTTP/1.1 200 OK\r\nContent-Length: 1337\r\nConnection: ", KEEP, 0, big + head);
	put_secret(obj, secret_now, secret_before);
}

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
		ok = send_text(&t, ACK | PSH, "GET /big HTTP/1.1\r\nHost: a\r\n\r\n") && is_answer(&t) &&
		     !(t.got.flags & FIN) && same_text(&t, big);
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
	test_ok(send_text(&t, ACK | PSH | FIN, "GET /big HTTP/1.1\r\nHost: a\r\n\r\n" GET("/")) && is_answer(&t) &&
			same_text(&t, big) && t.got.flags == (ACK | PSH) &&
			t.got.ack == seq + sizeof("GET /big HTTP/1.1\r\nHost: a\r\n\r\n") - 1,
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

/* Connections go on under the secret before, and none begins under it. */
static void secrets(struct bpf_program *prog, struct bpf_object *obj)
{
	static const uint8_t nothing[16], next[16] = {7, 7, 7, [15] = 7};
	struct talk t = talk_to(prog, 4, true), u;
	uint32_t first;

	put_secret(obj, next, secret_now);
	u = t;
	test_ok(asked(&u, GET("/"), HTML_KEEP, false) && asked(&u, GET("/"), HTML_KEEP, false),
		"a connection goes on when the secret changes");
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
	 .hex = "020000000002 020000000001 0800 45000028 00004000 4006b6cc c0000201 c0000202 9c40 0050 00000001 "
		"00000000"
		"5002 ffff 0e6a 0000 000000000000",
	 .verdict = XDP_TX,
	 .out_hex = "020000000001 020000000002 0800 45000028 00004000 4006b6cc c0000202 c0000201 0050 9c40 COOKIE"},
};

static void heads(struct bpf_program *prog)
{
	static char text[1400];
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
	memcpy(text + sizeof(text) - 22, " HTTP/1.0\r\nA: bcdefg\r\n\r\n" + 3, 22);
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

	test_fuzz_judged(prog, packets, corpus(prog, packets, talks, ARRAY_LEN(talks)), 20000, allowed, judge);
}

static void bench(struct bpf_program *prog)
{
	struct talk t = talk_to(prog, 4, true);

	t.p.payload = "";
	t.p.bytes = 0;
	t.p.tcp_flags = SYN;
	t.p.tcp_options = "020405b4 0402080a 00000001 00000000 01030307";
	test_bench(prog, "SYN", &t.p);
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
	test_table(xdp, frames, ARRAY_LEN(frames) - 1);
	fuzz(xdp, 1 << XDP_PASS | 1 << XDP_DROP | 1 << XDP_TX);
	fuzz(tc, 1 << (TC_ACT_UNSPEC + 1) | 1 << (TC_ACT_SHOT + 1) | 1 << (TC_ACT_REDIRECT + 1));
	if (test_wants_bench(argc, argv))
		bench(xdp);
	bpf_object__close(obj);
	return test_end();
}
