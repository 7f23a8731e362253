/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* find.h - finds the answer to a query in the rows: of the name itself, of a wildcard, of a delegation above. */
#ifndef DNS_FIND_H
#define DNS_FIND_H

#include "query.h"

DNS_ARRAY(names, struct dns_name, 256);
DNS_ARRAY(names_long, struct dns_name_long, 16);
DNS_ARRAY(answers, struct dns_answer, 512);

/* What is found instead of a row. */
#define DNS_FOUND_NOTHING -1 /* not ours to answer */
#define DNS_FOUND_OUTSIDE -2 /* outside the zones */

static __always_inline const struct dns_name *dns_name_row(__u32 row)
{
	return bpf_map_lookup_elem(&names, &row);
}

static __always_inline const struct dns_answer *dns_answer_row(__u32 row)
{
	return bpf_map_lookup_elem(&answers, &row);
}

/* The answer at ROW of `answers`, or, with DNS_OWN, at that of `names`. */
#define DNS_OWN (1U << 30)
static __always_inline const struct dns_answer *dns_found_row(__u32 row)
{
	const struct dns_name *n;

	if (!(row & DNS_OWN))
		return dns_answer_row(row);
	n = dns_name_row(row & ~DNS_OWN);
	if (!n)
		return NULL;
	barrier_var(n); /* or clang adds first, and the verifier does not follow */
	return &n->own;
}

/* The LEN bytes at TEXT and the zeros behind them, in whole words, are those at NAME. */
static __always_inline bool dns_same(const __u8 *text, const __u8 *name, __u32 len, __u32 size)
{
	__u64 differ = 0;

	for (__u32 i = 0; i < size / 8 && i * 8 < len; i++)
		differ |= ((kfaas_u64 *)text)[i] ^ ((kfaas_u64 *)name)[i];
	return !differ;
}

static __always_inline bool dns_name_is(const struct dns_name *n, const __u8 *text, __u32 len)
{
	const struct dns_name_long *large;
	__u32 row = n->large - 1;

	if (len <= DNS_SHORT)
		return dns_same(text, n->name, len, sizeof(n->name));
	large = bpf_map_lookup_elem(&names_long, &row);
	return large && dns_same(text, large->name, len, sizeof(large->name));
}

/* 1 + the row of the name at AT of the query's, or 0. WHOLE: it is the name asked for, whose hash is known. */
__noinline int dns_name_at(__u32 at, __u32 whole)
{
	struct dns_query *q = dns_query();
	const struct dns_slot *how = dns_slot_row(0), *slot;
	__u32 offset = at - (DNS_AT - 2), len, row;
	const struct dns_name *n = NULL;
	const __u8 *text;
	__u64 h;

	if (!q || !how)
		return 0;
	barrier_var(offset); /* here and below: or Linux 6.1 does not see that what is compared is what is added */
	if (offset > DNS_TOP - (DNS_AT - 2))
		return 0;
	text = q->text + DNS_AT - 2 + offset;
	barrier_var(text);
	len = q->len + DNS_AT - at;
	h = whole ? q->hash : how->seed;
	for (__u32 i = 0; !whole && i < DNS_WORDS && i * 8 < len; i++)
		h = dns_hash(h, ((kfaas_u64 *)text)[i]);
	slot = dns_slot_row(dns_slot_of(h, how->mask));
	if (!slot)
		return 0;
	row = slot->first;
	for (int i = 0; i < DNS_RUN && row < slot->end; i++, row++) {
		n = dns_name_row(row);
		if (!n || n->hash == (__u32)h)
			break;
	}
	return n && n->hash == (__u32)h && dns_name_is(n, text, len) ? row + 1 : 0;
}

/* The row for ASK of the COUNT from FIRST on; 0 is none of them. */
__noinline int dns_answer_among(__u32 first, __u32 count, __u32 ask)
{
	for (int i = 0; i < 17 && count; i++) {
		__u32 half = count / 2, has;
		const struct dns_answer *a = dns_answer_row(first + half);

		if (!a)
			return 0;
		has = dns_ask(a->type, a->dnssec);
		if (has == ask)
			return first + half;
		if (has < ask)
			first += half + 1;
		count = has < ask ? count - half - 1 : half;
	}
	return 0;
}

/* The row for ASK at N, which is the row SELF of `names`; 0 is none. */
static __always_inline int dns_answer_at(const struct dns_name *n, __u32 self, __u32 ask)
{
	if (dns_ask(n->own.type, n->own.dnssec) == ask)
		return DNS_OWN | self;
	return dns_answer_among(n->first, n->count, ask);
}

/* The row of TYPE at N, 0, or DNS_FOUND_NOTHING. */
static __always_inline int dns_answer_of(const struct dns_query *q, const struct dns_name *n, __u32 self, __u16 type)
{
	const struct dns_answer *a;
	int row = dns_answer_at(n, self, dns_ask(type, 0));

	if (!row || !q->dnssec)
		return row;
	a = dns_found_row(row);
	if (!a || !dns_marked(a, DNS_SIGNED))
		return row;
	row = dns_answer_at(n, self, dns_ask(type, 1));
	return row ? row : DNS_FOUND_NOTHING;
}

/* The row at N for what has none of its own. */
static __always_inline int dns_fallback_of(const struct dns_query *q, const struct dns_name *n, __u32 self, __u16 type)
{
	int row = dns_answer_of(q, n, self, type);

	return row ? row : DNS_FOUND_NOTHING;
}

/* With the DO bit, N is of a signed zone, and above the name asked for, or, ITSELF, that name without the type. What
 * stands for many names needs a proof for each of them: only a delegation does not. */
static __always_inline int dns_signed_of(const struct dns_query *q, const struct dns_name *n, __u32 self, bool itself)
{
	bool cut = n->flags & DNS_NAME_CUT;
	__u16 type = cut && itself && q->type == DNS_TYPE_DS ? DNS_TYPE_DS : DNS_TYPE_FALLBACK;
	int row;

	if (q->type == DNS_TYPE_ANY || !(cut || itself))
		return DNS_FOUND_NOTHING;
	row = dns_answer_at(n, self, dns_ask(type, 1));
	return row ? row : DNS_FOUND_NOTHING;
}

/* N is the name asked for or the wildcard that stands for it. */
static __always_inline int dns_found(const struct dns_query *q, const struct dns_name *n, __u32 self)
{
	int row = dns_answer_of(q, n, self, q->type);

	if (row)
		return row;
	if (n->flags & DNS_NAME_SIGNED && q->dnssec)
		return dns_signed_of(q, n, self, true);
	if (n->flags & DNS_NAME_CUT && q->type != DNS_TYPE_DS)
		return dns_fallback_of(q, n, self, DNS_TYPE_FALLBACK);
	if (n->flags & DNS_NAME_ALIAS)
		return dns_fallback_of(q, n, self, q->type == DNS_TYPE_ANY ? DNS_TYPE_CNAME : DNS_TYPE_FALLBACK);
	return q->type == DNS_TYPE_ANY && !(n->flags & DNS_NAME_EMPTY) ? 0 : n->zone;
}

/* The row of the answer, of the closest name that exists (RFC 4592), or DNS_FOUND_... */
__noinline int dns_find(void)
{
	struct dns_query *q = dns_query();
	const struct dns_name *n;
	__u32 at = DNS_AT, row = 0;

	if (!q)
		return DNS_FOUND_NOTHING;
	for (int i = 0; i < DNS_LABELS; i++) {
		__u8 label;

		row = dns_name_at(at, !i);
		if (row || at > DNS_TOP)
			break;
		label = q->text[at];
		if (!label)
			return DNS_FOUND_OUTSIDE;
		at += label + 1;
	}
	n = row ? dns_name_row(row - 1) : NULL;
	if (!n)
		return DNS_FOUND_NOTHING;
	if (at == DNS_AT)
		return dns_found(q, n, row - 1);
	if (n->flags & DNS_NAME_SIGNED && q->dnssec)
		return dns_signed_of(q, n, row - 1, false);
	if (n->flags & DNS_NAME_DNAME)
		return DNS_FOUND_NOTHING;
	if (n->flags & DNS_NAME_CUT)
		return dns_fallback_of(q, n, row - 1, DNS_TYPE_FALLBACK);
	if (!(n->flags & DNS_NAME_WILD)) {
		q->rcode = DNS_RCODE_NXDOMAIN;
		return n->zone;
	}
	at -= 2;
	if (at < DNS_AT || at > DNS_TOP)
		return DNS_FOUND_NOTHING;
	q->text[at] = 1;
	q->text[at + 1] = '*';
	row = dns_name_at(at, false);
	n = row ? dns_name_row(row - 1) : NULL;
	return n ? dns_found(q, n, row - 1) : DNS_FOUND_NOTHING;
}

#endif
