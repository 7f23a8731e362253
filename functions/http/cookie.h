/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* cookie.h - sequence numbers that prove themselves: SipHash-2-4 of both ends under a secret. */
#ifndef HTTP_COOKIE_H
#define HTTP_COOKIE_H

#include "work.h"

/* How far a connection gets: bytes sent to the client, until it is closed. The larger, the likelier a guess is right.
 */
#define HTTP_REACH (1U << 20)

/* Of one connection, under one secret. The server's first sequence number is BASE, so that any later acknowledgement
 * lies less than HTTP_REACH above it: without state, it proves that its sender has seen our SYN-ACK. STAMP is what
 * timestamps are counted from, see tcp.h. */
struct http_numbers {
	__u32 base, stamp;
	bool before; /* under the secret before */
};

#define HTTP_ROTATE(x, n) ((x) << (n) | (x) >> (64 - (n)))

struct http_sip {
	__u64 a, b, c, d;
};

static __always_inline void http_sip_rounds(struct http_sip *v, int rounds)
{
#pragma unroll
	for (int i = 0; i < rounds; i++) {
		v->a += v->b;
		v->c += v->d;
		v->b = HTTP_ROTATE(v->b, 13) ^ v->a;
		v->d = HTTP_ROTATE(v->d, 16) ^ v->c;
		v->a = HTTP_ROTATE(v->a, 32);
		v->c += v->b;
		v->a += v->d;
		v->b = HTTP_ROTATE(v->b, 17) ^ v->c;
		v->d = HTTP_ROTATE(v->d, 21) ^ v->a;
		v->c = HTTP_ROTATE(v->c, 32);
	}
}

__noinline __u64 http_siphash(struct http_flow *flow, __u64 key0, __u64 key1)
{
	struct http_sip v = {key0 ^ 0x736f6d6570736575ULL, key1 ^ 0x646f72616e646f6dULL, key0 ^ 0x6c7967656e657261ULL,
			     key1 ^ 0x7465646279746573ULL};
	kfaas_u64 *word = (void *)flow;

	if (!flow)
		return 0;
#pragma unroll
	for (int i = 0; i < 5; i++) {
		v.d ^= word[i];
		http_sip_rounds(&v, 2);
		v.a ^= word[i];
	}
	v.c ^= 0xff;
	http_sip_rounds(&v, 4);
	return v.a ^ v.b ^ v.c ^ v.d;
}

static __always_inline struct http_numbers http_numbers(struct http_flow *flow, const kfaas_u64 *key)
{
	__u64 hash = http_siphash(flow, key[0], key[1]);

	return (struct http_numbers){.base = hash, .stamp = hash >> 32};
}

static __always_inline struct http_secret *http_secret(void)
{
	void *row = kfaas_data(&secret);
	__u32 zero = 0;

	return row ? bpf_map_lookup_elem(row, &zero) : NULL;
}

/* The secret's key in use, as two words. If nobody loaded one it is made here, once: each word that is zero is the work
 * of whichever CPU comes first, and all use that. bpf_get_prandom_u32() is seeded well, but no generator for secrets:
 * what it gave others must not be known to those who guess. `kfaas-http-rows --secret` is better. */
static __always_inline kfaas_u64 *http_key_in_use(struct http_secret *s)
{
	kfaas_u64 *key = (void *)s->current;

#pragma unroll
	for (int i = 0; i < 2; i++)
		if (!key[i])
			__sync_val_compare_and_swap(&key[i], 0,
						    (__u64)bpf_get_prandom_u32() << 32 | bpf_get_prandom_u32() | 1);
	return key;
}

/* How far the connection is that ACK proves, in bytes sent; HTTP_REACH or more: it proves nothing. */
static __always_inline __u32 http_place(struct http_flow *flow, __u32 ack, struct http_numbers *n)
{
	struct http_secret *s = http_secret();
	kfaas_u64 *key;
	__u32 place;

	if (!s)
		return HTTP_REACH;
	*n = http_numbers(flow, http_key_in_use(s));
	place = ack - 1 - n->base;
	key = (void *)s->previous;
	if (place < HTTP_REACH || !(key[0] | key[1]))
		return place;
	*n = http_numbers(flow, key);
	n->before = true;
	return ack - 1 - n->base;
}

#endif
