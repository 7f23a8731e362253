/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* quick.h - the most common queries, in a few words: without EDNS options, of a short name that exists, for a type that
 * it has. All others go the long way, which would find the same row. */
#ifndef DNS_QUICK_H
#define DNS_QUICK_H

#include "find.h"

#define DNS_QUICK	32 /* bytes of a name, at most */
#define DNS_QUICK_WORDS (DNS_QUICK / 8)

/* The end of the question's name, which is as long as the query of BYTES bytes at H says by its own length, or NULL:
 * not such a query. Fills Q but for what depends on the name. */
static __always_inline kfaas_u16 *dns_quick_question(struct dns_header *h, void *end, __u32 bytes, struct dns_query *q)
{
	__u32 len = bytes - sizeof(*h) - 4;
	kfaas_u16 *question;

	if ((void *)(h + 1) > end || !dns_is_query(h))
		return NULL;
	if (h->ar)
		len -= sizeof(struct dns_opt);
	barrier_var(len); /* or Linux 6.1 does not see that what is compared is what is added */
	if (len > DNS_QUICK)
		return NULL;
	question = (void *)(h + 1) + len;
	if ((void *)(question + 2) > end || question[1] != bpf_htons(1) || !dns_begin(q, len, bpf_ntohs(question[0])))
		return NULL;
	return h->ar && !dns_parse_opt(q, question + 2, sizeof(struct dns_opt), end) ? NULL : question;
}

/* The name from AT to QUESTION to WORDS, in lower case, its sum and its hash to Q. */
static __always_inline void dns_quick_name(struct dns_query *q, const void *at, const void *question, const void *end,
					   __u64 hash, __u64 *words)
{
	__u32 len = q->len;
	__u64 word, sum = 0;

#pragma unroll
	for (__u32 i = 0; i < DNS_QUICK_WORDS; i++, at += sizeof(word)) {
		words[i] = 0;
		if (i * sizeof(word) >= len)
			continue;
		if ((i + 1) * sizeof(word) <= len && at + sizeof(word) <= end)
			word = *(kfaas_u64 *)at;
		else
			word = *(kfaas_u64 *)(question - sizeof(word)) >> (-len % 8 * 8);
		sum += dns_sum(word);
		words[i] = dns_lower(word);
		hash = dns_hash(hash, words[i]);
	}
	q->sum = sum;
	q->hash = hash;
}

/* The name of WORDS, if it is among the first of its slot. */
static __always_inline const struct dns_name *dns_quick_find(const struct dns_slot *how, __u64 hash, const __u64 *words)
{
	const struct dns_slot *slot = dns_slot_row(dns_slot_of(hash, how->mask));
	const struct dns_name *n = NULL;
	__u64 differ = 0;
	__u32 row;

	if (!slot)
		return NULL;
	row = slot->first;
	for (int i = 0; i < 4 && row < slot->end; i++, row++) {
		n = dns_name_row(row);
		if (!n || n->hash == (__u32)hash)
			break;
	}
	if (!n)
		return NULL;
#pragma unroll
	for (int i = 0; i < DNS_QUICK_WORDS; i++)
		differ |= words[i] ^ ((kfaas_u64 *)n->name)[i];
	return differ || ((kfaas_u64 *)n->name)[DNS_QUICK_WORDS] ? NULL : n;
}

/* The row of the answer to the query of BYTES bytes at FROM of the frame, or 0: it is for the long way to tell. */
__noinline int dns_quick(struct xdp_md *ctx, __u32 from, __u32 bytes)
{
	void *end = (void *)(long)ctx->data_end, *at = (void *)(long)ctx->data;
	const struct dns_slot *how = dns_slot_row(0);
	struct dns_query *q = dns_query();
	__u64 words[DNS_QUICK_WORDS];
	const kfaas_u16 *question;
	const struct dns_answer *a;
	const struct dns_name *n;
	int row;

	if (!how || !q || from > 127)
		return 0;
	at += from;
	question = dns_quick_question(at, end, bytes, q);
	if (!question)
		return 0;
	dns_quick_name(q, at + sizeof(struct dns_header), question, end, how->seed, words);
	n = dns_quick_find(how, q->hash, words);
	row = n ? dns_answer_of(q, n, q->type) : 0;
	a = row > 0 ? dns_answer_row(row) : NULL;
	/* Names end in a zero, but not all zeros are a name's end. */
	return a && a->name_len == q->len ? row : 0;
}

#endif
