/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* send.h - makes a frame with a query into one with its answer. */
#ifndef DNS_SEND_H
#define DNS_SEND_H

#include "query.h"

KFAAS_SETTING(__u32, max_size, DNS_SIZE); /* of answers, 512 to 1232 */

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 64);
	__type(key, __u32);
	__type(value, struct kfaas_bytes_dns_large);
} bodies SEC(".maps");

/* Put the first LEN bytes of A's body, which is in BYTES, into the frame at AT, and add DELTA to the pointers in it
 * that follow the name's length. */
static __always_inline int dns_put(struct xdp_md *ctx, const struct dns_answer *a, const __u8 *bytes, __u32 room,
				   __u32 at, __u32 len, __u32 delta)
{
	__u32 next = (a->len + 1) & ~1, last = len - 1;
	void *data, *end;

	/* Linux 6.1 takes a length for one of at least 1 only if it is the sum of 1 and a number with bounds. */
	barrier_var(last);
	if (last >= room || bpf_xdp_store_bytes(ctx, at, (void *)bytes, last + 1))
		return 0;
	if (!delta)
		return 1;
	data = (void *)(long)ctx->data + at;
	end = (void *)(long)ctx->data_end;
	for (__u32 i = 0; i < DNS_SHIFTS && i < a->shifts; i++, next += 2) {
		kfaas_u16 *pointer;
		__u32 offset;

		if (next > room - 2)
			return 0;
		offset = bpf_ntohs(*(kfaas_u16 *)(bytes + next));
		if (offset > DNS_BODY)
			return 0;
		if (offset + 2 > len) /* of a record that was left out */
			continue;
		pointer = data + offset;
		if ((void *)(pointer + 1) > end)
			return 0;
		*pointer = bpf_htons(bpf_ntohs(*pointer) + delta);
	}
	return 1;
}

__noinline int dns_put_body(struct xdp_md *ctx, const struct dns_answer *a, __u32 at, __u32 len, __u32 delta)
{
	struct kfaas_bytes_dns_large *large;
	__u32 row;

	if (!a || at > 512)
		return 0;
	if (!a->large)
		return dns_put(ctx, a, a->body.bytes, sizeof(a->body.bytes), at, len, delta);
	row = a->large - 1;
	large = bpf_map_lookup_elem(&bodies, &row);
	if (!large)
		return 0;
	return dns_put(ctx, a, large->bytes, sizeof(large->bytes), at, len, delta);
}

/* What an answer has besides its question. */
struct dns_rest {
	__u16 flags;
	__u16 an, ns, ar;
	__u32 len, extra;
	__u8 rcode; /* the part in OPT */
};

static __always_inline bool dns_write_head(const struct kfaas_packet *p, const struct dns_query *q,
					   const struct dns_rest *rest, __u32 opt_at)
{
	struct dns_header *h = kfaas_payload(p, 0, sizeof(*h));
	struct dns_opt *opt;

	if (!h)
		return false;
	h->flags = (h->flags & bpf_htons(DNS_RD)) | bpf_htons(DNS_QR | rest->flags);
	h->an = bpf_htons(rest->an);
	h->ns = bpf_htons(rest->ns);
	h->ar = bpf_htons(rest->ar + q->edns);
	if (!q->edns)
		return true;
	barrier_var(opt_at); /* or the verifier loses its bound */
	if (opt_at > DNS_SIZE)
		return false;
	opt = kfaas_payload(p, opt_at, sizeof(*opt));
	if (!opt)
		return false;
	*opt = (struct dns_opt){.type = bpf_htons(DNS_TYPE_OPT),
				.size = bpf_htons(DNS_SIZE),
				.rcode = rest->rcode,
				.flags = q->dnssec ? bpf_htons(DNS_DO) : 0};
	return true;
}

/* Of the DNS header in the frame; a packet that is answered has no options. */
static __always_inline __u32 dns_offset(const struct kfaas_packet *p)
{
	__u32 ip = p->family == 4 ? sizeof(struct iphdr) : sizeof(struct ipv6hdr);

	return kfaas_l3_offset(p) + ip + sizeof(struct udphdr);
}

/* A: NULL, to refuse. */
static __always_inline struct dns_rest dns_rest(const struct dns_query *q, const struct dns_answer *a)
{
	if (q->version)
		return (struct dns_rest){.rcode = DNS_RCODE_BADVERS >> 4};
	if (!a)
		return (struct dns_rest){.flags = DNS_RCODE_REFUSED};
	return (struct dns_rest){.flags = (a->flags & (DNS_AA | DNS_TC | DNS_RCODE)) | q->rcode,
				 .an = a->an,
				 .ns = a->ns,
				 .ar = a->ar,
				 .len = a->len,
				 .extra = a->extra};
}

static __always_inline int dns_send(struct xdp_md *ctx, struct kfaas_packet *p, const struct dns_query *q,
				    const struct dns_answer *a)
{
	struct dns_rest rest = dns_rest(q, a);
	__u32 limit = max_size < 512 ? 512 : max_size > DNS_SIZE ? DNS_SIZE : max_size;
	__u32 body_at = sizeof(struct dns_header) + q->len + 4, opt = q->edns ? sizeof(struct dns_opt) : 0;

	if (body_at > 512 || rest.len > DNS_BODY)
		return XDP_PASS;
	if (q->size < limit)
		limit = q->size;
	if (body_at + rest.len + opt > limit && a && a->flags & DNS_SIGNED && q->dnssec)
		return XDP_PASS;
	if (body_at + rest.len + opt > limit && rest.extra && rest.extra <= rest.len) {
		rest.len -= rest.extra;
		rest.ar = 0;
	}
	if (body_at + rest.len + opt > limit) {
		rest.flags |= DNS_TC;
		rest.an = rest.ns = rest.ar = rest.len = 0;
	}
	if (!kfaas_resize_udp(ctx, p, body_at + rest.len + opt))
		return XDP_PASS;
	if (a && rest.len && !dns_put_body(ctx, a, dns_offset(p) + body_at, rest.len, q->len - a->name_len))
		return XDP_DROP;
	if (!dns_write_head(p, q, &rest, body_at + rest.len))
		return XDP_DROP;
	return kfaas_reply_udp(ctx, p);
}

#endif
