/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* dns.bpf.c - authoritative DNS answers over UDP: finds the row that kfaas-dns-rows rendered, and sends it. */
#include <kfaas.h>
#include "dns.h"

KFAAS_LICENSE("Dual BSD/GPL");
KFAAS_MANIFEST("on = udp/53\n");
KFAAS_SETTING(__u32, max_size, DNS_SIZE); /* of answers, 512 to 1232 */
KFAAS_SETTING(bool, refuse, false);	  /* answer names outside the zones with REFUSED, instead of passing them on */

/* --- Data. The loader makes maps as large as their files need. */

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
DNS_HASH(owners, struct dns_name, struct dns_owner, 1024);
DNS_HASH(owners_long, struct dns_name_long, struct dns_owner, 16);

/* Row 0: the answer to ANY (RFC 8482). Others: what a zone says of names and types that it does not have. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 16);
	__type(key, __u32);
	__type(value, struct dns_answer);
} zones SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 16);
	__type(key, __u32);
	__type(value, struct kfaas_bytes_dns_large);
} bodies SEC(".maps");

/* --- The query */

struct dns_header {
	__be16 id, flags, qd, an, ns, ar;
};
#define DNS_QR		0x8000
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
#define DNS_TYPE_OPT 41
#define DNS_DO	     0x8000
#define DNS_OPTIONS  8 /* in one OPT; more: for the server behind */

/* The name is kept with zeros behind, so that each of its suffixes is a key where it stands; keys of answers begin with
 * two bytes of type, and a wildcard's two bytes earlier. */
#define DNS_AT	8
#define DNS_TOP (DNS_AT + DNS_NAME - 1)
struct dns_query {
	__u32 len; /* of the name */
	__u32 size;
	__u16 type;
	bool edns, dnssec;
	__u8 version;
	/* where the answer is, if there is no row for exactly this name and type */
	__u32 key_at, key_type, zone, rcode;
	__u8 text[DNS_AT + 256 + sizeof(struct dns_key_long)] __attribute__((aligned(8)));
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct dns_query);
} query SEC(".maps");

static __always_inline struct dns_query *dns_query(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&query, &zero);
}

/* A to Z to lower case in eight bytes at once. Lengths of labels are below 64 and stay. */
static __always_inline __u64 dns_lower(__u64 w)
{
	const __u64 every = 0x0101010101010101ULL;
	__u64 low = w & (0x7f * every);
	__u64 upper = (low + (0x80 - 'A') * every) ^ (low + (0x7f - 'Z') * every);

	return w | (upper & ~w & (0x80 * every)) >> 2;
}

/* From the frame at FROM to q->text. */
static __always_inline bool dns_copy_name(struct xdp_md *ctx, struct dns_query *q, __u32 from, __u32 len)
{
	__u64 *words = (void *)(q->text + DNS_AT);

#pragma unroll
	for (int i = 0; i < 16; i++)
		words[i] = 0;
	if (len > DNS_SHORT)
		for (__u32 i = 16; i < (sizeof(q->text) - DNS_AT) / 8; i++)
			words[i] = 0;
	if (!len || len > DNS_NAME || bpf_xdp_load_bytes(ctx, from, words, len))
		return false;
	for (__u32 i = 0; i < 32 && i * 8 < len; i++)
		words[i] = dns_lower(words[i]);
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
		if (option > left || option > 4096)
			return false;
		left -= option;
		at += option;
	}
	return true;
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
	h = at + from;
	at = h + 1;
	if (at > end || h->flags & ~bpf_htons(DNS_QUERY_FLAGS) || h->qd != bpf_htons(1) || h->an || h->ns ||
	    h->ar & ~bpf_htons(1))
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
	q->len = len;
	q->type = bpf_ntohs(question[0]);
	q->edns = q->dnssec = false;
	q->version = q->rcode = 0;
	q->size = 512;
	/* 128 to 254 are no types of records, but ask for something else */
	if (!q->type || q->type == DNS_TYPE_OPT || q->type - 128U < 127)
		return 0;
	if (h->ar ? !dns_parse_opt(q, question + 2, bytes - used, end) : used != bytes)
		return 0;
	return dns_copy_name(ctx, q, from + sizeof(*h), len);
}

/* --- Finding the answer */

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

enum dns_found {
	DNS_FOUND_NOTHING, /* not ours to answer */
	DNS_FOUND_OUTSIDE, /* outside the zones */
	DNS_FOUND_ROW,	   /* of `answers`: key_at, key_type */
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
	if (!o || (o->flags & DNS_OWNER_SIGNED && q->dnssec))
		return DNS_FOUND_NOTHING;
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

/* --- Sending it */

/* Put the first LEN bytes of A's body, which is in BYTES, into the frame at AT, and add DELTA to the pointers in it
 * that follow the name's length. */
static __always_inline int dns_put(struct xdp_md *ctx, const struct dns_answer *a, const __u8 *bytes, __u32 room,
				   __u32 at, __u32 len, __u32 delta)
{
	__u32 next = (a->len + 1) & ~1;
	void *data, *end;

	if (!len || len > room || bpf_xdp_store_bytes(ctx, at, (void *)bytes, len))
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

	if (!a || at > 512)
		return 0;
	if (!a->large)
		return dns_put(ctx, a, a->body.bytes, sizeof(a->body.bytes), at, len, delta);
	large = bpf_map_lookup_elem(&bodies, &a->large);
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

/* Make the frame longer by BYTES at its front, and move its first LEN bytes there. Drivers keep 256 bytes free in
 * front; some, as veth since Linux 6.3, next to nothing behind. */
__noinline int dns_grow_front(struct xdp_md *ctx, __u32 bytes, __u32 len)
{
	struct dns_query *q = dns_query();

	if (!q || bytes > 256 || !len || len > sizeof(q->text) || bpf_xdp_adjust_head(ctx, -(int)bytes))
		return 0;
	return !bpf_xdp_load_bytes(ctx, bytes, q->text, len) && !bpf_xdp_store_bytes(ctx, 0, q->text, len);
}

/* kfaas_resize_udp(), with the first LEN bytes of the frame kept if it cannot grow but at its front. */
static __always_inline bool dns_resize(struct xdp_md *ctx, struct kfaas_packet *p, __u32 bytes, __u32 len)
{
	__u32 grow = dns_offset(p) + bytes - p->len;

	if (kfaas_resize_udp(ctx, p, bytes))
		return true;
	return dns_grow_front(ctx, grow, len) && kfaas_parse(ctx, p) && kfaas_resize_udp(ctx, p, bytes);
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
	if (body_at + rest.len + opt > limit && rest.extra && rest.extra <= rest.len) {
		rest.len -= rest.extra;
		rest.ar = 0;
	}
	if (body_at + rest.len + opt > limit) {
		rest.flags |= DNS_TC;
		rest.an = rest.ns = rest.ar = rest.len = 0;
	}
	if (!dns_resize(ctx, p, body_at + rest.len + opt, dns_offset(p) + body_at))
		return XDP_PASS;
	if (a && rest.len && !dns_put_body(ctx, a, dns_offset(p) + body_at, rest.len, q->len - a->name_len))
		return XDP_DROP;
	if (!dns_write_head(p, q, &rest, body_at + rest.len))
		return XDP_DROP;
	return kfaas_reply_udp(ctx, p);
}

/* Old resolvers ask from port 53; nothing else below 1024 has questions. */
static __always_inline bool dns_from_client(const struct udphdr *udp)
{
	return bpf_ntohs(udp->source) >= 1024 || udp->source == bpf_htons(53);
}

SEC("xdp")
int dns(struct xdp_md *ctx)
{
	const struct dns_answer *a = NULL;
	struct kfaas_packet p;
	struct dns_query *q;
	struct udphdr *udp;

	if (!kfaas_parse(ctx, &p))
		return XDP_PASS;
	udp = kfaas_udp(&p);
	if (!udp || !kfaas_answerable(&p) || !dns_from_client(udp))
		return XDP_PASS;
	q = dns_query();
	if (!q || !dns_parse(ctx, dns_offset(&p), p.l4_len - sizeof(*udp)))
		return XDP_PASS;
	a = dns_answer_at(q, DNS_AT, q->type);
	if (!a) {
		int found = dns_closest();

		if (found == DNS_FOUND_ROW)
			a = dns_answer_at(q, q->key_at, q->key_type);
		else if (found == DNS_FOUND_ZONE)
			a = bpf_map_lookup_elem(&zones, &q->zone);
		else if (found == DNS_FOUND_NOTHING || !refuse)
			return XDP_PASS;
		else
			return dns_send(ctx, &p, q, NULL);
		if (!a)
			return XDP_PASS;
	}
	if (a->flags & DNS_PASS || (a->flags & DNS_SIGNED && q->dnssec))
		return XDP_PASS;
	return dns_send(ctx, &p, q, a);
}
