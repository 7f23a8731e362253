/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* find.h - finds the answer to a query in the rows: of the name itself, of a wildcard, of a delegation above. */
#ifndef DNS_FIND_H
#define DNS_FIND_H

#include "query.h"

/* The loader makes maps as large as their files need. */
#define DNS_HASH(name, key_type, value_type, rows)                                                                     \
	struct {                                                                                                       \
		__uint(type, BPF_MAP_TYPE_HASH);                                                                       \
		__uint(map_flags, BPF_F_NO_PREALLOC);                                                                  \
		__uint(max_entries, rows);                                                                             \
		__type(key, key_type);                                                                                 \
		__type(value, value_type);                                                                             \
	} name SEC(".maps")

DNS_HASH(answers, struct dns_key, struct dns_answer, 1024);
DNS_HASH(answers_long, struct dns_key_long, struct dns_answer, 16);
DNS_HASH(answers_signed, struct dns_key, struct dns_answer, 64); /* for the DO bit; of short names */
DNS_HASH(owners, struct dns_name, struct dns_owner, 1024);
DNS_HASH(owners_long, struct dns_name_long, struct dns_owner, 16);

/* Row 0: the answer to ANY (RFC 8482). Others: what a zone says of names and types that it does not have. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 16);
	__type(key, __u32);
	__type(value, struct dns_answer);
} zones SEC(".maps");

static __always_inline const struct dns_owner *dns_owner_at(struct dns_query *q, __u32 at)
{
	if (at < DNS_AT - 2 || at > DNS_TOP)
		return NULL;
	if (q->len + DNS_AT - at <= DNS_SHORT)
		return bpf_map_lookup_elem(&owners, q->text + at);
	return bpf_map_lookup_elem(&owners_long, q->text + at);
}

static __always_inline const struct dns_answer *dns_answer_at(struct dns_query *q, __u32 at, __u16 type)
{
	if (at < DNS_AT - 2 || at > DNS_TOP)
		return NULL;
	at -= 2;
	*(kfaas_u16 *)(q->text + at) = type;
	if (q->len + DNS_AT - 2 - at <= DNS_SHORT)
		return bpf_map_lookup_elem(&answers, q->text + at);
	return bpf_map_lookup_elem(&answers_long, q->text + at);
}

static __always_inline const struct dns_answer *dns_signed_at(struct dns_query *q, __u32 at, __u16 type)
{
	if (at < DNS_AT - 2 || at > DNS_TOP)
		return NULL;
	at -= 2;
	*(kfaas_u16 *)(q->text + at) = type;
	if (q->len + DNS_AT - 2 - at > DNS_SHORT)
		return NULL;
	return bpf_map_lookup_elem(&answers_signed, q->text + at);
}

enum dns_found {
	DNS_FOUND_NOTHING, /* not ours to answer */
	DNS_FOUND_OUTSIDE, /* outside the zones */
	DNS_FOUND_ROW,	   /* of `answers`: key_at, key_type */
	DNS_FOUND_SIGNED,  /* the same, of `answers_signed` */
	DNS_FOUND_ZONE,	   /* of `zones`: zone, rcode */
};

static __always_inline int dns_found_row(struct dns_query *q, __u32 at, __u32 type)
{
	q->key_at = at;
	q->key_type = type;
	return DNS_FOUND_ROW;
}

/* Owner O, at AT, is the name asked for or the wildcard that stands for it, and has no row of the type asked for. */
static __always_inline int dns_found_owner(struct dns_query *q, const struct dns_owner *o, __u32 at)
{
	if (o->flags & DNS_OWNER_CUT && q->type != DNS_TYPE_DS)
		return dns_found_row(q, at, DNS_TYPE_FALLBACK);
	if (o->flags & DNS_OWNER_ALIAS)
		return dns_found_row(q, at, q->type == DNS_TYPE_ANY ? DNS_TYPE_CNAME : DNS_TYPE_FALLBACK);
	if (q->type == DNS_TYPE_ANY && !(o->flags & DNS_OWNER_EMPTY))
		q->zone = 0;
	return DNS_FOUND_ZONE;
}

/* The same in a signed zone, or O is above. What stands for many names needs a proof for each of them: only a
 * delegation does not. */
static __always_inline int dns_found_signed(struct dns_query *q, const struct dns_owner *o, __u32 at)
{
	bool cut = o->flags & DNS_OWNER_CUT, itself = at == DNS_AT;

	if (q->type == DNS_TYPE_ANY || !(cut || itself))
		return DNS_FOUND_NOTHING;
	dns_found_row(q, at, cut && itself && q->type == DNS_TYPE_DS ? DNS_TYPE_DS : DNS_TYPE_FALLBACK);
	return DNS_FOUND_SIGNED;
}

/* There is no row for exactly this name and type: go up to the closest name that exists (RFC 4592). */
__noinline int dns_closest(void)
{
	struct dns_query *q = dns_query();
	const struct dns_owner *o = NULL;
	__u32 at = DNS_AT;

	if (!q)
		return DNS_FOUND_NOTHING;
	for (int i = 0; i < DNS_LABELS; i++) {
		__u8 label;

		o = dns_owner_at(q, at);
		if (o || at > DNS_TOP)
			break;
		label = q->text[at];
		if (!label)
			return DNS_FOUND_OUTSIDE;
		at += label + 1;
	}
	if (!o)
		return DNS_FOUND_NOTHING;
	if (o->flags & DNS_OWNER_SIGNED && q->dnssec)
		return dns_found_signed(q, o, at);
	q->zone = o->zone;
	q->rcode = 0;
	if (at == DNS_AT)
		return dns_found_owner(q, o, at);
	if (o->flags & DNS_OWNER_DNAME)
		return DNS_FOUND_NOTHING;
	if (o->flags & DNS_OWNER_CUT)
		return dns_found_row(q, at, DNS_TYPE_FALLBACK);
	if (!(o->flags & DNS_OWNER_WILD)) {
		q->rcode = DNS_RCODE_NXDOMAIN;
		return DNS_FOUND_ZONE;
	}
	at -= 2;
	if (at < DNS_AT || at > DNS_TOP)
		return DNS_FOUND_NOTHING;
	q->text[at] = 1;
	q->text[at + 1] = '*';
	if (dns_answer_at(q, at, q->type))
		return dns_found_row(q, at, q->type);
	o = dns_owner_at(q, at);
	return o ? dns_found_owner(q, o, at) : DNS_FOUND_NOTHING;
}

#endif
