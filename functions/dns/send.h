/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* send.h - makes a frame with a query into one with its answer. */
#ifndef DNS_SEND_H
#define DNS_SEND_H

#include "find.h"

KFAAS_SETTING(__u32, max_size, DNS_SIZE); /* of answers, 512 to 1232 */

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 64);
	__type(key, __u32);
	__type(value, struct kfaas_bytes_dns_large);
} bodies SEC(".maps");

#define DNS_SMALL sizeof(((struct kfaas_bytes_dns_small *)0)->bytes)

/* Sums of what is put behind a name of odd length are of bytes that are swapped: what a shift by 8 makes right. */
static __always_inline __u64 dns_sum_at(__u64 sum, __u32 offset)
{
	return sum << (8 * (offset & 1));
}

/* LEN bytes, at least 8, from a row's body to the frame at TO, in words: a call of bpf_xdp_store_bytes() costs as much
 * as some 50 bytes. The last word is of the last 8 bytes, and overlaps. */
static __always_inline bool dns_copy_body(const __u8 *bytes, __u32 len, void *to, void *end)
{
	__u32 last = len - sizeof(__u64);
	void *last_to = to;

	for (__u32 i = 0; i <= DNS_SMALL - sizeof(__u64) && i < last; i += sizeof(__u64)) {
		barrier_var(to); /* or clang counts in terms of `end`, and the verifier does not follow */
		if (to + sizeof(__u64) > end)
			return false;
		*(kfaas_u64 *)to = *(kfaas_u64 *)(bytes + i);
		to += sizeof(__u64);
	}
	barrier_var(last);
	if (last > DNS_SMALL - sizeof(__u64))
		return false;
	last_to += last;
	barrier_var(last_to);
	if (last_to + sizeof(__u64) > end)
		return false;
	*(kfaas_u64 *)last_to = *(kfaas_u64 *)(bytes + last);
	return true;
}

static __always_inline const struct kfaas_bytes_dns_large *dns_large(const struct dns_answer *a)
{
	__u32 row = a->large - 1;

	return bpf_map_lookup_elem(&bodies, &row);
}

/* Add DELTA to the pointers, listed behind a body of ROOM BYTES, that are in its first LEN bytes in the frame at AT. */
static __always_inline __u64 dns_shift_in(const struct dns_answer *a, const __u8 *bytes, __u32 room, void *at,
					  void *end, __u32 len, __u32 delta)
{
	__u32 next = (a->len + 1) & ~1;
	__u64 sum = 0;

	for (__u32 i = 0; i < DNS_SHIFTS && i < a->shifts; i++, next += 2) {
		kfaas_u16 *pointer;
		__u32 offset;

		if (next > room - 2)
			return KFAAS_SUM_NONE;
		offset = bpf_ntohs(*(kfaas_u16 *)(bytes + next));
		if (offset > DNS_BODY)
			return KFAAS_SUM_NONE;
		if (offset + 2 > len) /* of a record that was left out */
			continue;
		pointer = at + offset;
		if ((void *)(pointer + 1) > end)
			return KFAAS_SUM_NONE;
		*pointer = bpf_htons(bpf_ntohs(*pointer) + delta);
		sum += dns_sum_at(delta, offset + 1);
	}
	return sum;
}

/* The pointers that follow the name's length, in the body of the answer at ROW in the frame. Returns the sum of what
 * was added to them, or KFAAS_SUM_NONE. */
__noinline __u64 dns_shift(struct xdp_md *ctx, __u32 row, __u32 at, __u32 len, __u32 delta)
{
	const struct dns_answer *a = dns_found_row(row);
	void *body = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	const struct kfaas_bytes_dns_large *large;

	if (!a || at > 512)
		return KFAAS_SUM_NONE;
	body += at;
	if (!a->large)
		return dns_shift_in(a, a->body.bytes, sizeof(a->body.bytes), body, end, len, delta);
	large = dns_large(a);
	return large ? dns_shift_in(a, large->bytes, sizeof(large->bytes), body, end, len, delta) : KFAAS_SUM_NONE;
}

/* Put the first LEN bytes of A's body, which is within it, into the frame at AT. A global subprogram: the verifier
 * walks its loop once. */
__noinline int dns_put_small(struct xdp_md *ctx, const struct dns_answer *a, __u32 at, __u32 len)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;

	return a && at <= 512 && dns_copy_body(a->body.bytes, len, data + at, end);
}

/* Put the first LEN bytes of the body of the answer at ROW into the frame at AT. */
__noinline int dns_put_body(struct xdp_md *ctx, __u32 row, __u32 at, __u32 len)
{
	const struct dns_answer *a = dns_found_row(row);
	const struct kfaas_bytes_dns_large *large;
	__u32 last = len - 1;

	if (!a || at > 512)
		return false;
	if (!a->large)
		return dns_put_small(ctx, a, at, len);
	large = dns_large(a);
	/* Linux 6.1 takes a length for one of at least 1 only if it is the sum of 1 and a number with bounds. */
	barrier_var(last);
	return large && last < sizeof(large->bytes) && !bpf_xdp_store_bytes(ctx, at, (void *)large->bytes, last + 1);
}

/* The sum of LEN bytes of the frame from AT behind Ethernet on. A global subprogram, for what is rare and much for the
 * verifier. */
__noinline __u64 dns_sum_of(struct xdp_md *ctx, __u32 at, __u32 len)
{
	struct kfaas_packet p = {.data = (void *)(long)ctx->data, .end = (void *)(long)ctx->data_end};

	if (at > 512)
		return KFAAS_SUM_NONE;
	barrier_var(at); /* or clang moves the offset to the end, and the verifier does not follow */
	return kfaas_sum(ctx, &p, p.data + sizeof(struct ethhdr) + at, len);
}

/* The OPT record, of 11 bytes, at AT. Returns its sum. */
static __always_inline __u64 dns_write_opt(void *at, __u8 rcode, bool dnssec)
{
	__u64 word = (__u64)bpf_htons(DNS_TYPE_OPT) << 8 | (__u64)bpf_htons(DNS_SIZE) << 24 | (__u64)rcode << 40 |
		     (__u64)(dnssec ? bpf_htons(DNS_DO) : 0) << 56;

	*(kfaas_u64 *)at = word;
	*(kfaas_u32 *)(at + 7) = word >> 56; /* what overlaps is the same */
	return dns_sum(word);
}

/* All but the body. Returns the sum of what is not it. */
static __always_inline __u64 dns_write_head(const struct kfaas_packet *p, const struct dns_query *q,
					    const struct dns_rest *rest, __u32 opt_at)
{
	struct dns_header *h = kfaas_payload(p, 0, sizeof(*h));
	__u64 sum;
	void *opt;

	if (!h)
		return KFAAS_SUM_NONE;
	h->flags = (h->flags & bpf_htons(DNS_RD)) | bpf_htons(DNS_QR) | rest->flags;
	h->an = rest->an;
	h->ns = rest->ns;
	h->ar = bpf_htons(bpf_ntohs(rest->ar) + q->edns);
	sum = q->sum + dns_sum_at(bpf_htons(q->type) + bpf_htons(1), q->len) + h->id + h->flags + bpf_htons(1) + h->an +
	      h->ns + h->ar;
	if (!q->edns)
		return sum;
	barrier_var(opt_at); /* or the verifier loses its bound */
	if (opt_at > DNS_SIZE)
		return KFAAS_SUM_NONE;
	opt = kfaas_payload(p, opt_at, sizeof(struct dns_opt));
	if (!opt)
		return KFAAS_SUM_NONE;
	return sum + dns_sum_at(dns_write_opt(opt, rest->rcode, q->dnssec), opt_at);
}

/* Of the DNS header in the frame. With IP options it is elsewhere, but kfaas_resize_udp() has no answer to those. */
static __always_inline __u32 dns_offset(const struct kfaas_packet *p)
{
	__u32 ip = p->family == 4 ? sizeof(struct iphdr) : sizeof(struct ipv6hdr);

	return kfaas_l3_offset(p) + ip + sizeof(struct udphdr);
}

/* Make dns_query()'s answer that of ROW; DNS_FOUND_OUTSIDE: refuse. False: it is for the server behind. A global
 * subprogram: what comes after it is the same for the verifier, whatever it was. */
__noinline int dns_take(int row)
{
	__u32 limit = max_size < 512 ? 512 : max_size > DNS_SIZE ? DNS_SIZE : max_size, others;
	struct dns_query *q = dns_query();
	const struct dns_answer *a;
	struct dns_rest *rest;

	if (!q)
		return false;
	a = row < 0 ? NULL : dns_found_row(row);
	if (a ? dns_marked(a, DNS_PASS) : row != DNS_FOUND_OUTSIDE)
		return false;
	rest = &q->rest;
	*rest = (struct dns_rest){0};
	if (q->version) {
		rest->rcode = DNS_RCODE_BADVERS >> 4;
		return true;
	}
	if (!a) {
		rest->flags = bpf_htons(DNS_RCODE_REFUSED);
		return true;
	}
	*rest = (struct dns_rest){.flags = (a->flags & bpf_htons(DNS_AA | DNS_TC | DNS_RCODE)) | bpf_htons(q->rcode),
				  .an = a->an,
				  .ns = a->ns,
				  .ar = a->ar,
				  .len = a->len,
				  .sum = a->sum,
				  .whole = true,
				  .name_len = a->name_len};
	others = sizeof(struct dns_header) + q->len + 4 + (q->edns ? sizeof(struct dns_opt) : 0);
	if (q->size < limit)
		limit = q->size;
	if (others + rest->len > limit && dns_marked(a, DNS_SIGNED) && q->dnssec)
		return false;
	if (others + rest->len > limit && a->extra && a->extra <= rest->len) {
		rest->len -= a->extra;
		rest->ar = 0;
		rest->whole = false;
	}
	if (others + rest->len > limit) {
		rest->flags |= bpf_htons(DNS_TC);
		rest->an = rest->ns = rest->ar = rest->len = 0;
	}
	return true;
}

/* Send what dns_take() took at ROW. */
static __always_inline int dns_send(struct xdp_md *ctx, struct kfaas_packet *p, const struct dns_query *q, __u32 row)
{
	__u32 body_at = sizeof(struct dns_header) + q->len + 4, opt = q->edns ? sizeof(struct dns_opt) : 0;
	__u64 body = 0, shifted = 0, sum;
	__u32 len = q->rest.len;

	if (body_at > 512 || len > DNS_BODY || !kfaas_resize_udp(ctx, p, body_at + len + opt))
		return XDP_PASS;
	if (len) {
		__u32 at = dns_offset(p) + body_at, delta = q->len - q->rest.name_len;

		if (!dns_put_body(ctx, row, at, len))
			return XDP_DROP;
		body = q->rest.whole ? bpf_htons(q->rest.sum) : dns_sum_of(ctx, at - sizeof(struct ethhdr), len);
		if (delta)
			shifted = dns_shift(ctx, row, at, len, delta);
	}
	sum = dns_write_head(p, q, &q->rest, body_at + len);
	if (body == KFAAS_SUM_NONE || shifted == KFAAS_SUM_NONE || sum == KFAAS_SUM_NONE)
		return XDP_DROP;
	return kfaas_reply_udp_sum(p, sum + dns_sum_at(body + shifted, body_at));
}

#endif
