/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* work.h - what a segment is worked on in: a scratch for each CPU, with the segment that came and the one that goes;
 * scanning, summing and copying in it. All loops are global subprograms, so that the verifier walks each once. */
#ifndef HTTP_WORK_H
#define HTTP_WORK_H

#include <kfaas.h>
#include "http.h"

/* From the TCP header on. Behind LEN bytes there are 32 zeros: words may be read across the end, and scans
 * stop there. */
struct http_segment {
	__u32 len;
	__u8 bytes[HTTP_SEGMENT + 64] __attribute__((aligned(8)));
};

/* Both ends of a connection, IPv4 mapped into IPv6; five words, as SipHash takes a message of 36 bytes, whose length is
 * the last byte. */
struct http_flow {
	struct in6_addr client, server;
	__be16 client_port, server_port;
	__u32 end;
};
#define HTTP_FLOW_END (36U << 24)
_Static_assert(sizeof(struct http_flow) == 40, "http_flow");

struct http_request {
	struct http_name name; /* what was asked for */
	struct http_key key;   /* its digests */
	__u32 at, end;	       /* offsets in `in`: how far it is read; the segment's end */
	__u32 target, target_len;
	__u32 host_len;
	bool head;  /* the method is HEAD */
	bool old;   /* HTTP/1.0 */
	bool keep;  /* Connection: keep-alive */
	bool close; /* Connection: close */
	bool named; /* the target names the host, which counts more than the Host line */
	__u8 hosts; /* Host lines seen */
};

struct http_work {
	struct http_flow flow;
	struct http_request request;
	struct http_segment in, out;
};

KFAAS_SCRATCH(struct http_work, work);

static __always_inline __u8 http_byte(const struct http_segment *s, __u32 at)
{
	return s->bytes[at & (HTTP_SEGMENT - 1)];
}

static __always_inline __u64 http_word(const struct http_segment *s, __u32 at)
{
	return *(kfaas_u64 *)(s->bytes + (at & (HTTP_SEGMENT - 1)));
}

/* Words of eight bytes, handled as eight lanes. */
#define HTTP_LANES	0x0101010101010101ULL
#define HTTP_TEXT(text) (*(const kfaas_u64 *)(text "\0\0\0\0\0\0\0\0"))
#define HTTP_FIRST(n)	(~0ULL >> (64 - 8 * (n))) /* the first n lanes, 1 to 8 */

static __always_inline __u64 http_lower(__u64 word)
{
	__u64 low = word & HTTP_LANES * 0x7f;
	__u64 from_a = low + HTTP_LANES * (0x80 - 'A'), above_z = low + HTTP_LANES * (0x7f - 'Z');

	return word | ((from_a & ~above_z & ~word & HTTP_LANES * 0x80) >> 2);
}

/* The first LEN lanes, zeros behind. */
static __always_inline __u64 http_first(__u64 word, __s32 len)
{
	if (len <= 0)
		return 0;
	return len >= 8 ? word : word & (~0ULL >> (64 - 8 * len));
}

/* The digest of a text, a word at a time. It need not be safe: what a look-up finds is compared with what was asked
 * for.
 */
#define HTTP_DIGEST	     0x9e3779b97f4a7c15ULL /* of no text */
#define HTTP_MIXED(d, word)  (((d) ^ (word)) * 0xff51afd7ed558ccdULL)
#define HTTP_DIGESTED(mixed) ((mixed) ^ (mixed) >> 32)
#define HTTP_ANY	     HTTP_DIGESTED(HTTP_MIXED(HTTP_DIGEST, '*'))

static __always_inline __u64 http_digest(__u64 digest, __u64 word)
{
	digest = HTTP_MIXED(digest, word);
	return HTTP_DIGESTED(digest);
}

/* Where, from AT on, the first byte is that equals STOP or is less than LEAST (1 to 128). */
__noinline __u32 http_scan(struct http_segment *s, __u32 at, __u32 stop, __u32 least)
{
	__u64 stops = HTTP_LANES * (stop & 255), leasts = HTTP_LANES * (least & 255), word, x, found;

	if (!s)
		return 0;
	for (int i = 0; i < HTTP_SEGMENT / 8 + 1; i++) {
		word = http_word(s, at);
		x = word ^ stops;
		found = (((x - HTTP_LANES) & ~x) | ((word - leasts) & ~word)) & HTTP_LANES * 0x80;
		if (found) /* right in its lowest lane: borrows run upwards only */
			return at + (((((found & -found) >> 7) - 1) & HTTP_LANES) * HTTP_LANES >> 56);
		at += 8;
	}
	return HTTP_SEGMENT;
}

/* Put the zeros behind a segment, as many as a block of http_sum() takes. */
static __always_inline void http_end(struct http_segment *s)
{
	kfaas_u64 *end = (void *)(s->bytes + (s->len & (HTTP_SEGMENT - 1)));

	end[0] = end[1] = end[2] = end[3] = 0;
}

/* The one's complement sum of a segment, not yet folded. (Linux 6.1 takes a million steps if blocks have other exits.)
 */
__noinline __u64 http_sum(struct http_segment *s)
{
	__u64 all = 0, high = 0, word;

	if (!s)
		return 0;
	for (__u32 i = 0; i < HTTP_SEGMENT / 32 && i * 32 < s->len; i++) {
#pragma unroll
		for (int k = 0; k < 4; k++) {
			word = *(kfaas_u64 *)(s->bytes + i * 32 + k * 8);
			all += word;
			high += word >> 32;
		}
	}
	return all - (high << 32) + high;
}

/* Append LEN bytes of what came, from FROM on, to what goes. */
__noinline int http_echo(struct http_work *w, __u32 from, __u32 len)
{
	__u32 at;

	if (!w)
		return 0;
	at = w->out.len;
	for (__u32 i = 0; i < HTTP_SEGMENT / 8 && i * 8 < len; i++)
		*(kfaas_u64 *)(w->out.bytes + ((at + i * 8) & (HTTP_SEGMENT - 1))) = http_word(&w->in, from + i * 8);
	w->out.len = at + len;
	return 0;
}

#endif
