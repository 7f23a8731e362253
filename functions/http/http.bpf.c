/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* http.bpf.c - small static answers over TCP, without state. The XDP program answers; where the driver leaves no room
 * for a frame to grow in, it passes the request on, and the program at tc-ingress answers it from the same maps. */
#include "tcp.h"

KFAAS_LICENSE("Dual BSD/GPL");
KFAAS_MANIFEST("on = tcp/80\n");

/* Segments of connections that are not ours: the kernel's (a server behind, or a reset), or nobody's. */
enum strays { PASS, DROP };
KFAAS_SETTING(enum strays, strays, PASS);

/* The ends of the connection, and the length of the segment. False: not to be answered by us. */
static __always_inline bool http_meet(const struct kfaas_packet *p, struct http_work *w)
{
	struct tcphdr *tcp = kfaas_tcp(p);
	struct http_flow *f = &w->flow;

	if (!tcp || !kfaas_answerable(p) || p->l4_len > HTTP_SEGMENT - 64)
		return false;
	if (p->family == 4) {
		struct iphdr *ip = p->l3;

		f->client = (struct in6_addr){.in6_u.u6_addr32 = {0, 0, bpf_htonl(0xffff), ip->saddr}};
		f->server = (struct in6_addr){.in6_u.u6_addr32 = {0, 0, bpf_htonl(0xffff), ip->daddr}};
	} else {
		struct ipv6hdr *ip6 = p->l3;

		f->client = ip6->saddr;
		f->server = ip6->daddr;
	}
	f->client_port = tcp->source;
	f->server_port = tcp->dest;
	f->end = HTTP_FLOW_END;
	w->in.len = p->l4_len;
	return true;
}

/* What TCP's checksum has in it besides the segment. */
static __always_inline __u64 http_pseudo(const struct http_flow *f, __u32 len)
{
	const kfaas_u32 *word = (const void *)f;
	__u64 sum = bpf_htons(IPPROTO_TCP) + bpf_htons(len);

#pragma unroll
	for (int i = 0; i < 8; i++)
		sum += word[i];
	return sum;
}

/* From the segment in `in`, that was loaded, to the one in `out`; enum http_verdict. A sender may have left the rest of
 * its checksum to hardware that the packet never met. An skb knows that and hands it on: the answer's, too, is
 * then only begun. */
static __always_inline int http_work_on(struct http_work *w, bool skb)
{
	struct tcphdr *in = (void *)w->in.bytes, *out = (void *)w->out.bytes;
	__u32 begun = kfaas_fold(http_pseudo(&w->flow, w->in.len));
	bool right, partial = in->check == begun;
	int verdict;

	http_end(&w->in);
	right = kfaas_fold(http_sum(&w->in) + begun) == 0xffff;
	if (!right && !partial)
		return HTTP_LEAVE;
	verdict = http_tcp(w);
	if (verdict != HTTP_SEND)
		return verdict;
	http_end(&w->out);
	begun = kfaas_fold(http_pseudo(&w->flow, w->out.len));
	out->check = skb && !right ? begun : ~kfaas_fold(http_sum(&w->out) + begun);
	return verdict;
}

/* True; the verifier wants to see it. (Both ends, one by one: clang would leave out the first, that was compared
 * before, or compare a difference, which the verifier does not follow.) */
static __always_inline bool http_fits(__u32 *len)
{
	barrier_var(*len);
	if (*len < sizeof(struct tcphdr))
		return false;
	barrier_var(*len);
	return *len <= HTTP_SEGMENT;
}

SEC("xdp")
int http(struct xdp_md *ctx)
{
	struct http_work *w = kfaas_scratch(&work);
	struct kfaas_packet p;
	__u32 len;
	int verdict;

	if (!w || !kfaas_parse(ctx, &p) || !http_meet(&p, w))
		return XDP_PASS;
	len = p.l4_len;
	if (!http_fits(&len) || bpf_xdp_load_bytes(ctx, p.l4 - p.data, w->in.bytes, len))
		return XDP_PASS;
	verdict = http_work_on(w, false);
	if (verdict == HTTP_TAKE || (verdict == HTTP_STRAY && strays == DROP))
		return XDP_DROP;
	len = w->out.len;
	if (verdict != HTTP_SEND || !http_fits(&len) || !kfaas_resize(ctx, &p, len, 0))
		return XDP_PASS;
	kfaas_turn(&p);
	return bpf_xdp_store_bytes(ctx, p.l4 - p.data, w->out.bytes, len) ? XDP_DROP : XDP_TX;
}

SEC("tc")
int http_tc(struct __sk_buff *skb)
{
	struct http_work *w = kfaas_scratch(&work);
	struct kfaas_packet p;
	__u32 len;
	int verdict;

	if (!w || !kfaas_parse(skb, &p) || !http_meet(&p, w))
		return TC_ACT_UNSPEC;
	len = p.l4_len;
	if (!http_fits(&len) || bpf_skb_load_bytes(skb, p.l4 - p.data, w->in.bytes, len))
		return TC_ACT_UNSPEC;
	verdict = http_work_on(w, true);
	if (verdict == HTTP_TAKE || (verdict == HTTP_STRAY && strays == DROP))
		return TC_ACT_SHOT;
	len = w->out.len;
	if (verdict != HTTP_SEND || !http_fits(&len) || !kfaas_resize(skb, &p, len, 0))
		return TC_ACT_UNSPEC;
	kfaas_turn(&p);
	if (bpf_skb_store_bytes(skb, p.l4 - p.data, w->out.bytes, len, 0))
		return TC_ACT_SHOT;
	return bpf_redirect(skb->ifindex, 0);
}
