/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* query.h - reads a query: its header, its question's name as keys are made of, EDNS. */
#ifndef DNS_QUERY_H
#define DNS_QUERY_H

#include <kfaas.h>
#include "dns.h"

struct dns_header {
	__be16 id, flags, qd, an, ns, ar;
};
#define DNS_RD		0x0100
#define DNS_QUERY_FLAGS 0x0130 /* a query may have RD, AD and CD */

struct dns_opt {
	__u8 root;
	__be16 type;
	__be16 size;
	__u8 rcode; /* its upper part */
	__u8 version;
	__be16 flags;
	__be16 len;
} __attribute__((packed));
#define DNS_DO		  0x8000
#define DNS_COOKIE	  10 /* an option; with its head, a client's has 12 bytes, with a server's of 16 it has 28 */
#define DNS_COOKIE_CLIENT 12
#define DNS_COOKIE_BOTH	  28
#define DNS_OPTIONS	  8 /* in one OPT; more: for the server behind */

/* What an answer has besides its question. */
struct dns_rest {
	__be16 flags, an, ns, ar;
	__u16 len;     /* of the body */
	__u16 sum;     /* of all of it */
	bool whole;    /* nothing of it is left out */
	__u8 name_len; /* of the name for which it was rendered */
	__u8 rcode;    /* the part in OPT */
};

/* The name is kept in lower case with zeros behind, so that each of its suffixes is read in words where it stands; a
 * wildcard begins two bytes earlier. */
#define DNS_AT	  8
#define DNS_TOP	  (DNS_AT + DNS_NAME - 1)
#define DNS_WORDS 32 /* of a name, at most */
struct dns_query {
	__u32 len; /* of the name */
	__u32 size;
	__u16 type;
	bool edns, dnssec;
	__u8 version, rcode;
	__u64 sum;  /* of the name as asked */
	__u64 hash; /* of it in lower case */
	struct dns_rest rest;
	__u8 text[DNS_TOP + DNS_WORDS * 8 + 2] __attribute__((aligned(8)));
};

KFAAS_SCRATCH(struct dns_query, query);

/* The loader makes arrays as large as their files need. */
#define DNS_ARRAY(name, value_type, rows)                                                                              \
	struct {                                                                                                       \
		__uint(type, BPF_MAP_TYPE_ARRAY);                                                                      \
		__uint(max_entries, rows);                                                                             \
		__type(key, __u32);                                                                                    \
		__type(value, value_type);                                                                             \
	} name SEC(".maps")

DNS_ARRAY(slots, struct dns_slot, 1024);
static __always_inline const struct dns_slot *dns_slot_row(__u32 row)
{
	return bpf_map_lookup_elem(&slots, &row);
}

static __always_inline struct dns_query *dns_query(void)
{
	return kfaas_scratch(&query);
}

/* A to Z to lower case in eight bytes at once. Lengths of labels are below 64 and stay. */
static __always_inline __u64 dns_lower(__u64 w)
{
	const __u64 every = 0x0101010101010101ULL;
	__u64 low = w & (0x7f * every);
	__u64 upper = (low + (0x80 - 'A') * every) ^ (low + (0x7f - 'Z') * every);

	return w | (upper & ~w & (0x80 * every)) >> 2;
}

/* Of eight bytes; kfaas_fold() it. */
static __always_inline __u64 dns_sum(__u64 word)
{
	return (word >> 32) + (__u32)word;
}

/* The name of LEN bytes at FROM of the frame to dns_query(). At least 8 bytes of the frame precede it: what the whole
 * words leave is the upper part of a word that ends with them. A global subprogram: the verifier walks its loop once,
 * and not once for every row of labels. */
__noinline int dns_copy_name(struct xdp_md *ctx, __u32 from, __u32 len)
{
	void *end = (void *)(long)ctx->data_end, *at = (void *)(long)ctx->data;
	const struct dns_slot *how = dns_slot_row(0);
	struct dns_query *q = dns_query();
	__u32 whole = len / 8, rest = len % 8;
	__u64 *words, word, sum = 0, h;

	from -= sizeof(word);
	barrier_var(from);
	if (!q || !how || from > 255)
		return false;
	words = (void *)(q->text + DNS_AT);
	h = how->seed;
	at += from;
	for (__u32 i = 0; i < DNS_WORDS && i < whole; i++) {
		barrier_var(at); /* or clang counts in terms of `end`, and the verifier does not follow */
		if (at + 2 * sizeof(word) > end)
			return false;
		at += sizeof(word);
		word = *(kfaas_u64 *)at;
		sum += dns_sum(word);
		words[i] = dns_lower(word);
		h = dns_hash(h, words[i]);
	}
	at += rest;
	barrier_var(whole);
	if (whole >= DNS_WORDS || at + sizeof(word) > end)
		return false;
	word = rest ? *(kfaas_u64 *)at >> (64 - 8 * rest) : 0;
	words[whole] = dns_lower(word);
	words[whole + 1] = 0;
	q->sum = sum + dns_sum(word);
	q->hash = rest ? dns_hash(h, words[whole]) : h;
	return true;
}

/* The OPT record at AT, LEFT bytes from the end of the query. */
static __always_inline bool dns_parse_opt(struct dns_query *q, void *at, __u32 left, void *end)
{
	struct dns_opt *opt = at;
	__u32 size;

	if (left < sizeof(*opt) || at + sizeof(*opt) > end || opt->root || opt->type != bpf_htons(DNS_TYPE_OPT))
		return false;
	left -= sizeof(*opt);
	if (bpf_ntohs(opt->len) != left)
		return false;
	size = bpf_ntohs(opt->size);
	q->edns = true;
	q->dnssec = opt->flags & bpf_htons(DNS_DO);
	q->version = opt->version;
	q->size = size < 512 ? 512 : size;
	at += sizeof(*opt);
	for (int i = 0; left; i++) {
		__u32 option;

		if (i == DNS_OPTIONS || left < 4 || at + 4 > end)
			return false;
		option = 4 + bpf_ntohs(((kfaas_u16 *)at)[1]);
		barrier_var(option); /* or Linux 6.1 does not see that what is compared is what is added */
		if (option > left || option > 4096)
			return false;
		left -= option;
		at += option;
	}
	return true;
}

/* H is the header of a query with one question, and no records but perhaps OPT. */
static __always_inline bool dns_is_query(const struct dns_header *h)
{
	const void *from = &h->flags; /* read at once */
	__u64 counts = *(const kfaas_u64 *)from & ~(__u64)bpf_htons(DNS_QUERY_FLAGS);

	return counts == (__u64)bpf_htons(1) << 16 && !(h->ar & ~bpf_htons(1));
}

/* Old resolvers ask from port 53; nothing else below 1024 has questions. */
static __always_inline bool dns_from_client(const struct udphdr *udp)
{
	return bpf_ntohs(udp->source) >= 1024 || udp->source == bpf_htons(53);
}

/* Fill Q for a query without OPT. False: TYPE is none that records have. */
static __always_inline bool dns_begin(struct dns_query *q, __u32 len, __u16 type)
{
	q->len = len;
	q->type = type;
	q->edns = q->dnssec = false;
	q->version = q->rcode = 0;
	q->size = 512;
	return dns_is_type(type);
}

/* The query of BYTES bytes at FROM of the frame. 1: it is one to answer, and in dns_query(). */
__noinline int dns_parse(struct xdp_md *ctx, __u32 from, __u32 bytes)
{
	void *end = (void *)(long)ctx->data_end, *at = (void *)(long)ctx->data;
	struct dns_query *q = dns_query();
	struct dns_header *h;
	kfaas_u16 *question;
	__u32 len = 0, part, used;

	if (!q || from > 127)
		return 0;
	barrier_var(from); /* or Linux 6.1 does not see that what was compared is what is added */
	h = at + from;
	at = h + 1;
	if (at > end || !dns_is_query(h))
		return 0;
	for (int i = 0; i < 128; i++) {
		if (at + 1 > end)
			return 0;
		part = *(__u8 *)at + 1;
		at += part;
		len += part;
		if (part == 1 || part > 64)
			break;
	}
	question = at;
	used = sizeof(*h) + len + 4;
	if (part != 1 || len > DNS_NAME || used > bytes || (void *)(question + 2) > end || question[1] != bpf_htons(1))
		return 0;
	if (!dns_begin(q, len, bpf_ntohs(question[0])))
		return 0;
	if (h->ar ? !dns_parse_opt(q, question + 2, bytes - used, end) : used != bytes)
		return 0;
	return dns_copy_name(ctx, from + sizeof(*h), len);
}

#endif
