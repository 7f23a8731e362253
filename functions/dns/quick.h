/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* quick.h - the most common queries, in a few words: without EDNS options, of a short name in lower case that exists,
 * for a type that it has. The long way would find the same row for them; all others go it. */
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

/* The name of LEN bytes from AT to QUESTION to WORDS. Returns its hash. */
static __always_inline __u64 dns_quick_name(const void *at, __u32 len, const void *question, const void *end,
					    __u64 hash, __u64 *words)
{
#pragma unroll
	for (__u32 i = 0; i < DNS_QUICK_WORDS; i++, at += sizeof(__u64)) {
		words[i] = 0;
		if (i * sizeof(__u64) >= len)
			continue;
		/* The latter is never false: the verifier wants it. */
		if ((i + 1) * sizeof(__u64) <= len && at + sizeof(__u64) <= end)
			words[i] = *(kfaas_u64 *)at;
		else
			words[i] = *(kfaas_u64 *)(question - sizeof(__u64)) >> (-len % 8 * 8);
		hash = dns_hash(hash, words[i]);
	}
	return hash;
}

/* The name of LEN bytes in WORDS, if it is among the first of its slot. */
static __always_inline const struct dns_name *dns_quick_find(const struct dns_slot *slot, __u64 hash,
							     const __u64 *words, __u32 len)
{
	const struct dns_name *n = NULL;
	__u32 row = slot->first;
	__u64 differ = 0;

	for (int i = 0; i < 4 && row < slot->end; i++, row++) {
		n = dns_name_row(row);
		if (!n || n->hash == (__u32)hash)
			break;
	}
	/* Of the same length and words: it is that name, and sound. The words alone would not tell it from one with
	 * zeros missing or too many. */
	if (!n || n->len != len)
		return NULL;
#pragma unroll
	for (int i = 0; i < DNS_QUICK_WORDS; i++)
		differ |= words[i] ^ ((kfaas_u64 *)n->name)[i];
	return differ ? NULL : n;
}

/* The row of the answer to the query of BYTES bytes at FROM of the frame, or 0: it is for the long way to tell. */
__noinline int dns_quick(struct xdp_md *ctx, __u32 from, __u32 bytes)
{
	void *end = (void *)(long)ctx->data_end, *at = (void *)(long)ctx->data;
	const struct dns_slot *how = dns_slot_row(0), *slot;
	struct dns_query *q = dns_query();
	__u64 words[DNS_QUICK_WORDS], hash;
	const kfaas_u16 *question;
	const struct dns_name *n;
	int row;

	if (!how || !q || from > 127)
		return 0;
	at += from;
	question = dns_quick_question(at, end, bytes, q);
	if (!question)
		return 0;
	hash = dns_quick_name(at + sizeof(struct dns_header), q->len, question, end, how->seed, words);
	slot = dns_slot_row(dns_slot_of(hash, how->mask));
	n = slot ? dns_quick_find(slot, hash, words, q->len) : NULL;
	if (!n)
		return 0;
	q->sum = bpf_htons(n->sum);
	row = dns_answer_of(q, n, q->type);
	return row > 0 ? row : 0;
}

#endif
