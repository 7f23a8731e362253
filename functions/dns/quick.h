/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* quick.h - the most common queries, in few instructions: of a short name in lower case that exists, for a type that it
 * has with a short answer, without EDNS options but a cookie. The long way would send the same; all others go it. */
#ifndef DNS_QUICK_H
#define DNS_QUICK_H

#include "find.h"
#include "send.h"

#define DNS_QUICK_NAME	32 /* bytes of a name, at most */
#define DNS_QUICK_WORDS (DNS_QUICK_NAME / 8)
#define DNS_QUICK_ROWS	4  /* of a slot that are looked at; at most 1 in 2,600 names is not among them */
#define DNS_QUICK_NONE	-1 /* in place of a verdict: the long way */

/* A query, as it stands in the frame. */
struct dns_quick {
	struct dns_header *h;
	kfaas_u16 *question; /* behind the name */
	__u32 len;	     /* of the name */
	__u32 opt;	     /* bytes of the OPT record */
	bool dnssec;
};

/* Bytes of the options of an OPT record that ends at END: a cookie (RFC 7873), as clients send it to servers that they
 * have none of, or with one of 16 bytes; or none. */
static __always_inline __u32 dns_quick_options(const void *end)
{
	if (*(kfaas_u32 *)(end - DNS_COOKIE_CLIENT) == bpf_htonl(DNS_COOKIE << 16 | (DNS_COOKIE_CLIENT - 4)))
		return DNS_COOKIE_CLIENT;
	if (*(kfaas_u32 *)(end - DNS_COOKIE_BOTH) == bpf_htonl(DNS_COOKIE << 16 | (DNS_COOKIE_BOTH - 4)))
		return DNS_COOKIE_BOTH;
	return 0;
}

/* An OPT record of EDNS version 0 with so many bytes of options. Any size will do: quick answers are below 512. */
static __always_inline bool dns_quick_opt(const struct dns_opt *opt, __u32 options)
{
	return !opt->root && opt->type == bpf_htons(DNS_TYPE_OPT) && !opt->version && opt->len == bpf_htons(options);
}

/* How long the name is, the query's own length says, and the last option's. (What looks like one, but is in another or
 * in the name, makes a name that no row has.) */
static __always_inline bool dns_quick_parse(const struct kfaas_packet *p, struct dns_quick *q)
{
	__u32 len = p->l4_len - sizeof(struct udphdr) - sizeof(*q->h) - 4;
	struct dns_opt *opt;
	__u32 options = 0;
	void *rest;

	q->h = p->l4 + sizeof(struct udphdr);
	q->opt = 0;
	q->dnssec = false;
	if ((void *)(q->h + 1) > p->end || !dns_is_query(q->h))
		return false;
	if (q->h->ar) {
		if (len > DNS_QUICK_NAME + sizeof(*opt) + DNS_COOKIE_BOTH)
			return false;
		barrier_var(len);
		len &= 4 * DNS_QUICK_NAME - 1; /* as below */
		rest = (void *)(q->h + 1) + len + 4;
		if (rest > p->end)
			return false;
		options = dns_quick_options(rest);
		q->opt = sizeof(*opt) + options;
		len -= q->opt;
	}
	if (len > DNS_QUICK_NAME)
		return false;
	barrier_var(len);
	len &= 2 * DNS_QUICK_NAME - 1; /* nothing new to us; Linux 6.1 forgets what was compared */
	q->len = len;
	rest = (void *)(q->h + 1) + len;
	q->question = rest;
	if (rest + 4 > p->end || q->question[1] != bpf_htons(1))
		return false;
	if (!q->opt)
		return true;
	opt = rest + 4;
	if ((void *)(opt + 1) > p->end || !dns_quick_opt(opt, options))
		return false;
	q->dnssec = opt->flags & bpf_htons(DNS_DO);
	return true;
}

/* The name to WORDS. Returns its hash. */
static __always_inline __u64 dns_quick_name(const struct kfaas_packet *p, const struct dns_quick *q, __u32 seed,
					    __u64 *words)
{
	const void *at = q->h + 1;
	__u64 hash = seed;

#pragma unroll
	for (__u32 i = 0; i < DNS_QUICK_WORDS; i++, at += sizeof(__u64)) {
		words[i] = 0;
		if (i * sizeof(__u64) >= q->len)
			continue;
		/* The latter is never false: the verifier wants it. */
		if ((i + 1) * sizeof(__u64) <= q->len && at + sizeof(__u64) <= p->end)
			words[i] = *(kfaas_u64 *)at;
		else
			words[i] = *((kfaas_u64 *)q->question - 1) >> (-q->len % 8 * 8);
		hash = dns_hash(hash, words[i]);
	}
	return hash;
}

/* N is the name of LEN bytes in WORDS, so that is sound. The words alone would not tell it from one with zeros missing
 * or too many. */
static __always_inline bool dns_quick_same(const struct dns_name *n, const __u64 *words, __u32 len)
{
	__u64 differ = n->len ^ len;
	const void *name = n->name; /* or clang reads it in halves */

#pragma unroll
	for (int i = 0; i < DNS_QUICK_WORDS; i++)
		differ |= words[i] ^ ((const kfaas_u64 *)name)[i];
	return !differ;
}

/* The name, if it is among the first of its slot. */
static __always_inline const struct dns_name *dns_quick_find(const struct kfaas_packet *p, const struct dns_quick *q)
{
	const struct dns_slot *how = dns_slot_row(0), *slot;
	__u64 words[DNS_QUICK_WORDS], hash;
	const struct dns_name *n;
	__u32 row;

	if (!how)
		return NULL;
	hash = dns_quick_name(p, q, how->seed, words);
	slot = dns_slot_row(dns_slot_of(hash, how->mask));
	if (!slot)
		return NULL;
	row = slot->first;
	for (int i = 0; i < DNS_QUICK_ROWS && row < slot->end; i++, row++) {
		n = dns_name_row(row);
		if (!n || dns_quick_same(n, words, q->len))
			return n;
	}
	return NULL;
}

/* N's row for the question, if it can be sent quickly. */
static __always_inline const struct dns_answer *dns_quick_answer(const struct dns_quick *q, const struct dns_name *n)
{
	const struct dns_answer *a = &n->own;
	__u32 marks = (DNS_QUICK | DNS_PASS | (q->dnssec ? DNS_SIGNED : 0)) >> DNS_MARKS;
	__u16 type = bpf_ntohs(q->question[0]);

	/* A is the lowest type that is common, so mostly there, and asked for most. */
	if (a->type != type) {
		int row = dns_answer_among(n->first, n->count, dns_ask(type, 0));

		a = row > 0 ? dns_answer_row(row) : NULL;
	}
	return a && (a->marks & marks) == DNS_QUICK >> DNS_MARKS ? a : NULL;
}

/* To, and FROM, are of 16 bytes. */
static __always_inline void dns_quick_copy(void *to, const void *from)
{
	((kfaas_u64 *)to)[0] = ((const kfaas_u64 *)from)[0];
	((kfaas_u64 *)to)[1] = ((const kfaas_u64 *)from)[1];
}

/* A body of LEN bytes, 16 to 32, to the frame at TO; what is copied twice is the same. */
static __always_inline bool dns_quick_body(const void *body, __u32 len, void *to, void *end)
{
	if (to + DNS_QUICK_BODY > end)
		return false;
	dns_quick_copy(to, body);
	len -= DNS_QUICK_BODY;
	if (!len)
		return true;
	barrier_var(len); /* here and below: or clang counts otherwise, and the verifier does not follow */
	if (len > DNS_QUICK_BODY)
		return false;
	to += len;
	barrier_var(to);
	if (to + DNS_QUICK_BODY > end)
		return false;
	dns_quick_copy(to, body + len);
	return true;
}

/* Flags, and all counts but the last, from A, and the query's RD to the DNS header at TO. An answer it is, whatever A
 * says. */
static __always_inline void dns_quick_head(void *to, const struct dns_answer *a, __u64 rd)
{
	const void *from = &a->flags; /* or clang reads and writes it in parts */

	*(kfaas_u64 *)(to + offsetof(struct dns_header, flags)) = *(const kfaas_u64 *)from | bpf_htons(DNS_QR) | rd;
}

/* Send A, whose body is of LEN bytes. */
static __always_inline int dns_quick_send(struct xdp_md *ctx, struct kfaas_packet *p, const struct dns_quick *q,
					  const struct dns_answer *a, __u32 len)
{
	__u32 body_at = sizeof(*q->h) + q->len + 4;
	struct dns_header *h;
	struct udphdr *udp;
	void *body;
	__u64 sum;

	if (!kfaas_resize(ctx, p, p->l4_len - q->opt + len + (q->opt ? sizeof(struct dns_opt) : 0), p->l4_len - q->opt))
		return XDP_PASS;
	udp = p->l4;
	h = (void *)(udp + 1);
	if ((void *)(h + 1) > p->end)
		return XDP_DROP;
	udp->len = bpf_htons(p->l4_len);
	sum = h->flags & bpf_htons(DNS_RD);
	dns_quick_head(h, a, sum);
	h->ar = a->ar;
	sum += a->message_sum + h->id;
	body = (void *)h + body_at;
	if (len > 2 * DNS_QUICK_BODY ? !dns_put_small(ctx, a, dns_offset(p) + body_at, len)
				     : !dns_quick_body(a->body.bytes, len, body, p->end))
		return XDP_DROP;
	if (q->opt) {
		barrier_var(len); /* Linux 6.1 has forgotten its bound */
		if (len > DNS_SMALL)
			return XDP_DROP;
		body += len;
		barrier_var(body);
		if (body + sizeof(struct dns_opt) > p->end)
			return XDP_DROP;
		h->ar += bpf_htons(1);
		sum += bpf_htons(1) + dns_sum_at(dns_write_opt(body, 0, q->dnssec), body_at + len);
	}
	return kfaas_send_udp(p, udp, sum);
}

/* Answer the query in P, if it is one of these: the verdict, or DNS_QUICK_NONE. */
static __always_inline int dns_quick(struct xdp_md *ctx, struct kfaas_packet *p)
{
	const struct dns_answer *a;
	const struct dns_name *n;
	struct dns_quick q;
	__u32 len;

	if (!dns_from_client(p->l4) || !dns_quick_parse(p, &q))
		return DNS_QUICK_NONE;
	n = dns_quick_find(p, &q);
	a = n ? dns_quick_answer(&q, n) : NULL;
	if (!a)
		return DNS_QUICK_NONE;
	len = a->len - DNS_QUICK_BODY;
	if (len > DNS_SMALL - DNS_QUICK_BODY)
		return DNS_QUICK_NONE;
	barrier_var(len); /* or Linux 6.12 does not see that what was compared is what is added */
	return dns_quick_send(ctx, p, &q, a, len + DNS_QUICK_BODY);
}

#endif
