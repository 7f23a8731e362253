/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* request.h - reads one request (RFC 9112): method, target, host, and whether the connection stays. */
#ifndef HTTP_REQUEST_H
#define HTTP_REQUEST_H

#include "work.h"

/* What comes of reading: go on, a whole request, or the status of an error, after which the connection is closed. */
enum http_status {
	HTTP_MORE = 0,
	HTTP_WHOLE = 1,
	HTTP_NOTHING = 2, /* but empty lines */
	HTTP_BAD_REQUEST = 400,
	HTTP_NOT_FOUND = 404,
	HTTP_METHOD_NOT_ALLOWED = 405,
	HTTP_CONTENT_TOO_LARGE = 413,
	HTTP_HEAD_TOO_LARGE = 431,
	HTTP_NOT_IMPLEMENTED = 501,
	HTTP_VERSION_NOT_SUPPORTED = 505,
};

#define HTTP_LINES 100 /* in one head */

/* A head that is not whole looks like one with something wrong at its end. */
static __always_inline int http_wrong(const struct http_request *r, __u32 at, int status)
{
	return at >= r->end ? HTTP_HEAD_TOO_LARGE : status;
}

/* Behind the end of the line that ends at AT: CR LF, or LF alone. 0: it does not end there. */
static __always_inline __u32 http_next_line(const struct http_segment *s, __u32 at)
{
	if (http_byte(s, at) == '\r')
		at++;
	return http_byte(s, at) == '\n' ? at + 1 : 0;
}

/* Take the LEN bytes at AT, if WORDS hold them and a zero; returns their digest. What does not fit leaves it empty,
 * which is in no table. */
static __always_inline __u64 http_take(char *to, int words, const struct http_segment *s, __u32 at, __s32 len,
				       bool lower)
{
	__s32 fits = len < words * 8 ? len : 0;
	__u64 digest = HTTP_DIGEST;

#pragma unroll
	for (int i = 0; i < words; i++) {
		__u64 word = 0;

		if (i * 8 < fits) {
			word = http_word(s, at + i * 8);
			word = http_first(lower ? http_lower(word) : word, fits - i * 8);
			digest = http_digest(digest, word);
		}
		((kfaas_u64 *)to)[i] = word;
	}
	return digest;
}

/* The host at AT, up to its port or END. */
static __always_inline int http_host(struct http_work *w, __u32 at, __u32 end)
{
	struct http_request *r = &w->request;
	__u32 behind = http_scan(&w->in, at, http_byte(&w->in, at) == '[' ? ']' : ':', '!');

	behind += http_byte(&w->in, behind) == ']';
	if (behind > end)
		behind = end;
	if ((behind < end && http_byte(&w->in, behind) != ':') || behind - at >= sizeof(r->name.host))
		return HTTP_BAD_REQUEST;
	r->host_len = behind - at;
	r->key.host = http_take(r->name.host, sizeof(r->name.host) / 8, &w->in, at, behind - at, true);
	return HTTP_MORE;
}

/* "GET /path?query HTTP/1.1"; the target may have http://host before the path. */
__noinline int http_request_line(struct http_work *w)
{
	struct http_request *r;
	__u32 at, query, behind, host;
	__u64 word;

	if (!w)
		return HTTP_BAD_REQUEST;
	r = &w->request;
	at = r->at;
	word = http_word(&w->in, at);
	behind = http_scan(&w->in, at, ' ', '!');
	if (http_byte(&w->in, behind) != ' ' || behind == at)
		return http_wrong(r, behind, HTTP_BAD_REQUEST);
	r->head = (word & HTTP_FIRST(5)) == HTTP_TEXT("HEAD ");
	if (!r->head && (word & HTTP_FIRST(4)) != HTTP_TEXT("GET "))
		return HTTP_METHOD_NOT_ALLOWED;
	at = behind + 1;
	if ((http_lower(http_word(&w->in, at)) & HTTP_FIRST(7)) == HTTP_TEXT("http://")) {
		host = at + 7;
		at = http_scan(&w->in, host, '/', '!');
		r->named = true;
		if (http_host(w, host, at))
			return HTTP_BAD_REQUEST;
	}
	query = http_scan(&w->in, at, '?', '!');
	behind = http_scan(&w->in, query, ' ', '!');
	if (http_byte(&w->in, at) != '/' || http_byte(&w->in, behind) != ' ')
		return http_wrong(r, behind, HTTP_BAD_REQUEST);
	r->target = at;
	r->target_len = behind - at;
	r->key.path = http_take(r->name.path, sizeof(r->name.path) / 8, &w->in, at, query - at, false);
	at = behind + 1;
	word = http_word(&w->in, at);
	if ((word & HTTP_FIRST(5)) != HTTP_TEXT("HTTP/"))
		return http_wrong(r, at + 8, HTTP_BAD_REQUEST);
	if ((word & HTTP_FIRST(7)) != HTTP_TEXT("HTTP/1."))
		return http_wrong(r, at + 8, HTTP_VERSION_NOT_SUPPORTED);
	r->old = word >> 56 == '0';
	r->at = http_next_line(&w->in, at + 8);
	if (!r->at || word >> 56 < '0' || word >> 56 > '9')
		return http_wrong(r, at + 9, HTTP_BAD_REQUEST);
	return HTTP_MORE;
}

/* A list of words with commas between. */
__noinline int http_connection(struct http_work *w, __u32 at, __u32 end)
{
	if (!w)
		return 0;
	for (int i = 0; i < 16 && at < end; i++) {
		__u32 behind = http_scan(&w->in, at, ',', '!');
		__u64 word = http_lower(http_word(&w->in, at));

		if (behind - at == 5 && (word & HTTP_FIRST(5)) == HTTP_TEXT("close"))
			w->request.close = true;
		if (behind - at == 10 && word == HTTP_TEXT("keep-ali") &&
		    (http_lower(http_word(&w->in, at + 8)) & HTTP_FIRST(2)) == HTTP_TEXT("ve"))
			w->request.keep = true;
		at = behind + 1;
	}
	return 0;
}

/* One header line that is whole: name from AT to COLON, value from VALUE to END. */
static __always_inline int http_field(struct http_work *w, __u32 at, __u32 colon, __u32 value, __u32 end)
{
	__u64 first = http_lower(http_word(&w->in, at)), second = http_lower(http_word(&w->in, at + 8));
	__u32 len = colon - at;

	if (len == 4 && (first & HTTP_FIRST(4)) == HTTP_TEXT("host")) {
		if (w->request.hosts++)
			return HTTP_BAD_REQUEST;
		return w->request.named ? HTTP_MORE : http_host(w, value, end);
	}
	if (len == 10 && first == HTTP_TEXT("connecti") && (second & HTTP_FIRST(2)) == HTTP_TEXT("on"))
		http_connection(w, value, end);
	if (len == 14 && first == HTTP_TEXT("content-") && (second & HTTP_FIRST(6)) == HTTP_TEXT("length") &&
	    (http_byte(&w->in, value) != '0' || value + 1 != end))
		return HTTP_CONTENT_TOO_LARGE;
	if (len == 17 && first == HTTP_TEXT("transfer") && second == HTTP_TEXT("-encodin"))
		return HTTP_NOT_IMPLEMENTED;
	return HTTP_MORE;
}

/* The next line of the head; an empty one ends it. */
__noinline int http_line(struct http_work *w)
{
	struct http_request *r;
	__u32 at, colon, value, end, next;

	if (!w)
		return HTTP_BAD_REQUEST;
	r = &w->request;
	at = r->at;
	next = http_next_line(&w->in, at);
	if (next) {
		r->at = next;
		return HTTP_WHOLE;
	}
	colon = http_scan(&w->in, at, ':', '!');
	if (http_byte(&w->in, colon) != ':' || colon == at)
		return http_wrong(r, http_byte(&w->in, colon) == '\r' ? colon + 1 : colon, HTTP_BAD_REQUEST);
	end = colon + 1;
	for (int i = 0; i < 32; i++) { /* a tab is no control character in a value */
		end = http_scan(&w->in, end, '\n', ' ');
		if (http_byte(&w->in, end) != '\t')
			break;
		end++;
	}
	next = http_next_line(&w->in, end);
	if (!next)
		return http_wrong(r, http_byte(&w->in, end) == '\r' ? end + 1 : end, HTTP_BAD_REQUEST);
	r->at = next;
	value = colon + 1;
	for (int i = 0; i < 8 && (http_byte(&w->in, value) == ' ' || http_byte(&w->in, value) == '\t'); i++)
		value++;
	for (int i = 0;
	     i < 8 && end > value && (http_byte(&w->in, end - 1) == ' ' || http_byte(&w->in, end - 1) == '\t'); i++)
		end--;
	return http_field(w, at, colon, value, end);
}

/* Read the request at `at`, and set `at` behind it. HTTP_WHOLE, or the status of an error. */
__noinline int http_read(struct http_work *w)
{
	struct http_request *r;
	int status;

	if (!w)
		return HTTP_BAD_REQUEST;
	r = &w->request;
	r->close = r->keep = r->head = r->old = r->named = false;
	r->hosts = 0;
	r->host_len = 0;
	r->key.host = HTTP_DIGEST;
	__builtin_memset(r->name.host, 0, sizeof(r->name.host));
	for (int i = 0; i < 4; i++) { /* empty lines before a request are none of it */
		__u32 next = http_next_line(&w->in, r->at);

		if (!next)
			break;
		r->at = next;
	}
	if (r->at >= r->end)
		return HTTP_NOTHING;
	status = http_request_line(w);
	for (int i = 0; i < HTTP_LINES && status == HTTP_MORE; i++)
		status = http_line(w);
	if (status == HTTP_MORE)
		return HTTP_HEAD_TOO_LARGE;
	if (status == HTTP_WHOLE && !r->hosts && !r->old)
		return HTTP_BAD_REQUEST;
	if (r->old && !r->keep)
		r->close = true;
	return status;
}

#endif
