/* SPDX-License-Identifier: Apache-2.0 */
/* asks.h - the table of requests and their answers for http_test.c, and the pages that these are made of. */
#ifndef HTTP_ASKS_H
#define HTTP_ASKS_H

#include "client.h"

#define HTML  "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 6\r\nConnection: "
#define OK    "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 3\r\nConnection: "
#define MOVED "HTTP/1.1 301 Moved Permanently\r\nLocation: https://"
#define EMPTY "\r\nContent-Length: 0\r\nConnection: "
#define KEEP  "keep-alive\r\n\r\n"
#define CLOSE "     close\r\n\r\n"
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
#define BIG	       "GET /big HTTP/1.1\r\nHost: a\r\n\r\n"
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

	{"a target with a host, which counts", "GET HTTP://Example.org:80/?a HTTP/1.1\r\nHost: other\r\n\r\n",
	 HTML_KEEP, 0},
	{"a target with a host, in a redirect", "GET http://example.org/x HTTP/1.1\r\nHost: other\r\n\r\n",
	 MOVED "www.example.org/x" EMPTY KEEP, 0},
	{"a target with a host, and no Host line", "GET http://example.org/ HTTP/1.1\r\n\r\n", BAD, 1},
	{"a target with a host without path", "GET http://example.org HTTP/1.1\r\nHost: other\r\n\r\n", BAD, 1},
	{"a target of another scheme", "GET ftp://example.org/ HTTP/1.1\r\nHost: other\r\n\r\n", BAD, 1},

	{"a page whose head is longer than all of it", GET("/bad"), NONE, 0},
	{"a page of another path with the same digest", GET("/like"), MOVED "www.example.org/like" EMPTY KEEP, 0},
	{"a page of another host with the same digest", GET_FROM("like.example"), NONE, 0},

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

/* --- Data: as the maps have it --- */

struct page_key {
	uint64_t host, path;
};
struct page {
	char host[64], path[128];
	uint16_t head, splice;
	uint32_t insert; /* 1: the target; 2: host and target */
	uint16_t len;
	uint8_t bytes[1408];
};

/* The bytes of a text, eight at a time as a number, the last one filled up with zeros. */
static uint64_t digest(const char *text)
{
	uint64_t d = 0x9e3779b97f4a7c15, word;

	for (size_t len = strlen(text); len; len -= len < 8 ? len : 8) {
		word = 0;
		memcpy(&word, text, len < 8 ? len : 8);
		text += len < 8 ? len : 8;
		d = (d ^ word) * 0xff51afd7ed558ccd;
		d ^= d >> 32;
	}
	return d;
}

static struct page_key page_key(const char *host, const char *path)
{
	return (struct page_key){digest(host), digest(path)};
}

static void put_page(int map, const char *host, const char *path, const char *before, const char *behind,
		     uint32_t insert, const char *body)
{
	struct page_key key = page_key(host, path);
	struct page page = {.insert = insert, .splice = insert ? strlen(before) : 0};

	strncpy(page.host, host, sizeof(page.host) - 1);
	strncpy(page.path, path, sizeof(page.path) - 1);
	page.head = strlen(before) + strlen(behind);
	page.len = page.head + strlen(body);
	memcpy(page.bytes, before, strlen(before));
	memcpy(page.bytes + strlen(before), behind, strlen(behind));
	memcpy(page.bytes + page.head, body, strlen(body));
	if (bpf_map_update_elem(map, &key, &page, 0))
		exit(1);
}

/* A page whose digests are those of another host and path. */
static void put_like(int map, const char *host, const char *path, const char *like_host, const char *like_path)
{
	struct page_key key = page_key(host, path), like = page_key(like_host, like_path);
	struct page page;

	if (bpf_map_lookup_elem(map, &key, &page) || bpf_map_update_elem(map, &like, &page, 0))
		exit(1);
}

/* A row as no tool makes it. */
static void spoil(int map, const char *host, const char *path)
{
	struct page_key key = page_key(host, path);
	struct page page;

	bpf_map_lookup_elem(map, &key, &page);
	page.head = page.len + 1;
	bpf_map_update_elem(map, &key, &page, 0);
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
	put_page(map, "example.org", "/bad", HTML, KEEP, 0, "hello\n");
	spoil(map, "example.org", "/bad");
	put_like(map, "example.org", "/", "example.org", "/like");
	put_like(map, "example.org", "/", "like.example", "/");
	head = snprintf(big, sizeof(big), "HTTP/1.1 200 OK\r\nContent-Length: 1337\r\nConnection: " KEEP);
	memset(big + head, 'x', sizeof(big) - 1 - head);
	put_page(map, "*", "/big", "HTTP/1.1 200 OK\r\nContent-Length: 1337\r\nConnection: ", KEEP, 0, big + head);
	put_secret(obj, secret_now, secret_before);
}

#endif
