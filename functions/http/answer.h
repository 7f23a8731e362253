/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* answer.h - from a request to the bytes of its answer, behind those of the answers before it. */
#ifndef HTTP_ANSWER_H
#define HTTP_ANSWER_H

#include "request.h"

#define HTTP_PIPELINE 32 /* requests answered in one segment */

static __always_inline bool http_same(const char *a, const char *b, __u32 words)
{
	const kfaas_u64 *x = (void *)a, *y = (void *)b;
	__u64 differ = 0;

	for (__u32 i = 0; i < words && (x[i] | y[i]); i++)
		differ |= x[i] ^ y[i];
	return !differ;
}

/* Are the host (unless ANY & 2) and the path (unless ANY & 1) that were asked for those of the page? */
__noinline int http_is(struct http_work *w, struct http_page *page, __u32 any)
{
	struct http_name *asked;

	if (!w || !page)
		return false;
	asked = &w->request.name;
	return (any & 2 || http_same(asked->host, page->name.host, sizeof(asked->host) / 8)) &&
	       (any & 1 || http_same(asked->path, page->name.path, sizeof(asked->path) / 8));
}

/* Rows may be made by hand. */
static __always_inline bool http_sound(const struct http_page *page)
{
	return page->head && page->head <= page->answer.len && page->splice <= page->head &&
	       page->answer.len <= HTTP_ANSWER;
}

/* Of the pages, the one for this host and path; else the host's "*"; else the same of host "*". */
static __always_inline struct http_page *http_find(struct http_work *w)
{
	void *in_force = kfaas_data(&pages);
	struct http_page *page = NULL;

	if (!in_force)
		return NULL;
	for (__u32 any = 0; any < 4 && !page; any++) {
		struct http_key key = {.host = any & 2 ? HTTP_ANY : w->request.key.host,
				       .path = any & 1 ? HTTP_ANY : w->request.key.path};

		page = bpf_map_lookup_elem(in_force, &key);
		if (page && !http_is(w, page, any))
			page = NULL;
	}
	return page && http_sound(page) ? page : NULL;
}

/* Append the page's bytes FROM to TO. */
__noinline int http_copy(struct http_work *w, struct http_page *page, __u32 from, __u32 to)
{
	__u32 at;

	if (!w || !page || from > to || to > HTTP_ANSWER)
		return 0;
	at = w->out.len - from;
	w->out.len = at + to;
	for (__u32 i = 0; i < HTTP_ANSWER / 8 + 1 && from < to; i++, from += 8) {
		__u32 offset = from;

		barrier_var(offset); /* or clang reads by another register than the one that was compared */
		if (offset >= HTTP_ANSWER)
			break;
		*(kfaas_u64 *)(w->out.bytes + ((at + from) & (HTTP_SEGMENT - 1))) =
			*(kfaas_u64 *)(page->answer.bytes + offset);
	}
	return 0;
}

/* Append the host that was asked for. False: it is none that may stand in a URL. */
__noinline int http_put_host(struct http_work *w)
{
	__u32 at;
	__u8 c;

	if (!w)
		return false;
	at = w->out.len;
	for (int i = 0; i < sizeof(w->request.name.host); i++) {
		c = w->request.name.host[i];
		if (!c)
			break;
		if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= ':') || c == '-' || c == '.' || c == '_' ||
		      c == '[' || c == ']'))
			return false;
		w->out.bytes[at & (HTTP_SEGMENT - 1)] = c;
		at++;
	}
	w->out.len = at;
	return w->request.host_len;
}

/* Our own answers: plain text that says what the status line says. */
struct http_own {
	__u32 status, head, len;
	char text[176] __attribute__((aligned(8)));
};
#define HTTP_OWN_HEAD(line, fields, size)                                                                              \
	"HTTP/1.1 " line "\r\n" fields "Content-Type: text/plain\r\nContent-Length: " size "\r\nConnection:"           \
	" " HTTP_KEEP
#define HTTP_OWN(status, line, fields, size)                                                                           \
	{                                                                                                              \
		HTTP_##status, sizeof(HTTP_OWN_HEAD(line, fields, size)) - 1,                                          \
			sizeof(HTTP_OWN_HEAD(line, fields, size) line "\n") - 1,                                       \
			HTTP_OWN_HEAD(line, fields, size) line "\n",                                                   \
	}
static const struct http_own http_own[] = {
	HTTP_OWN(BAD_REQUEST, "400 Bad Request", "", "16"),
	HTTP_OWN(NOT_FOUND, "404 Not Found", "", "14"),
	HTTP_OWN(METHOD_NOT_ALLOWED, "405 Method Not Allowed", "Allow: GET, HEAD\r\n", "23"),
	HTTP_OWN(CONTENT_TOO_LARGE, "413 Content Too Large", "", "22"),
	HTTP_OWN(HEAD_TOO_LARGE, "431 Request Header Fields Too Large", "", "36"),
	HTTP_OWN(NOT_IMPLEMENTED, "501 Not Implemented", "", "20"),
	HTTP_OWN(VERSION_NOT_SUPPORTED, "505 HTTP Version Not Supported", "", "31"),
};
#define HTTP_OWNS (sizeof(http_own) / sizeof(*http_own))

/* Append one of them. Returns the end of its head. */
__noinline int http_put_own(struct http_work *w, __u32 status)
{
	__u32 row = 0, at;

	if (!w)
		return 0;
	for (__u32 i = 1; i < HTTP_OWNS; i++)
		if (http_own[i].status == status)
			row = i;
	barrier_var(row);
	if (row >= HTTP_OWNS)
		return 0;
	at = w->out.len;
	for (__u32 i = 0; i < sizeof(http_own[0].text) / 8; i++)
		*(kfaas_u64 *)(w->out.bytes + ((at + i * 8) & (HTTP_SEGMENT - 1))) =
			((const kfaas_u64 *)http_own[row].text)[i];
	w->out.len = at + (w->request.head ? http_own[row].head : http_own[row].len);
	return at + http_own[row].head;
}

/* Append a page. Returns the end of its head; 0: what was asked for cannot be put into it. */
static __always_inline __u32 http_put_page(struct http_work *w, struct http_page *page)
{
	struct http_request *r = &w->request;
	__u32 behind;

	if (page->insert != NOTHING) {
		http_copy(w, page, 0, page->splice);
		if (page->insert == HOST_AND_TARGET && !http_put_host(w))
			return 0;
		http_echo(w, r->target, r->target_len);
		http_copy(w, page, page->splice, page->head);
	} else {
		http_copy(w, page, 0, page->head);
	}
	behind = w->out.len;
	if (!r->head)
		http_copy(w, page, page->head, page->answer.len);
	return behind;
}

/* The head that ends at BEHIND says "keep-alive": say that the connection is closed. */
static __always_inline void http_say_close(struct http_segment *out, __u32 behind)
{
	__u32 at = (behind - (sizeof(HTTP_KEEP) - 1)) & (HTTP_SEGMENT - 1);

	if (*(kfaas_u64 *)(out->bytes + at) != HTTP_TEXT("keep-ali"))
		return;
	/* Blanks before it: some clients do not take off those behind a value. */
	*(kfaas_u64 *)(out->bytes + at) = HTTP_TEXT("     clo");
	*(kfaas_u16 *)(out->bytes + at + 8) = 's' | 'e' << 8;
}

/* Append the answer to a request that was read with STATUS. True: the connection is closed after it. */
__noinline int http_answer(__u32 status)
{
	struct http_work *w = kfaas_scratch(&work); /* no argument: the verifier wants keys in a map that it knows */
	struct http_page *page = NULL;
	__u32 behind = 0, before;
	struct http_request *r;

	if (!w)
		return true;
	r = &w->request;
	before = w->out.len;
	if (status == HTTP_WHOLE) {
		bool fits;

		page = http_find(w);
		/* Asked before copying: a long target would run over the answers before. */
		fits = !page || page->insert == NOTHING || page->answer.len + r->target_len <= HTTP_ANSWER;
		behind = page && fits ? http_put_page(w, page) : 0;
		status = page ? HTTP_BAD_REQUEST : HTTP_NOT_FOUND;
		if (!fits || w->out.len - before > HTTP_ANSWER) { /* what was put into it was too long */
			behind = 0;
			status = HTTP_HEAD_TOO_LARGE;
		}
	}
	if (!behind) {
		w->out.len = before;
		behind = http_put_own(w, status);
		if (status != HTTP_NOT_FOUND)
			r->close = true;
	}
	if (r->close)
		http_say_close(&w->out, behind);
	return r->close;
}

/* Answer the requests in `in` from `at` to `end`, as many as ROOM bytes of answers allow; `at` is how far it came.
 * LAST: the connection is closed with the next. True: the connection is closed. */
__noinline int http_requests(__u32 room, __u32 last)
{
	struct http_work *w = kfaas_scratch(&work);
	__u32 first, before, at;
	bool close = false;

	if (!w)
		return false;
	first = w->out.len;
	for (int i = 0; i < HTTP_PIPELINE && w->request.at < w->request.end && !close; i++) {
		int status;

		before = w->out.len;
		at = w->request.at;
		status = http_read(w);
		if (status == HTTP_NOTHING)
			break;
		w->request.close |= !!last;
		close = http_answer(status);
		if (w->out.len - first > room) {
			w->out.len = before;
			w->request.at = at;
			return false;
		}
	}
	if (close)
		w->request.at = w->request.end;
	return close;
}

#endif
