/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* quick.h - the short way for what is most common: a whole UDP datagram or TCP segment in untagged
 * IPv4 without options, to a chain of one plain function. It says what kf_parse and kf_dispatch
 * would say (bpf/test/mutate.c holds both against a third parser), in half the instructions: nothing
 * has to be kept in memory for the functions that the long way calls. */
#ifndef KF_QUICK_H
#define KF_QUICK_H

#include "chain.h"

/* The frame in words, so that what belongs together is tested at once. */
struct kf_quick {
	__u32 mac[3];
	__be32 start; /* ethertype, version and header length, type of service */
	__be16 total;
	__be16 id;
	__be32 middle; /* fragment, time to live, protocol */
	__be16 check;
	__be16 source[2], dest[2];
	__be16 sport, dport;
	__be16 rest[2]; /* as much as KF_PORTS asks for */
};
#define KF_QUICK_START	    bpf_htonl(ETH_P_IP << 16 | 0x4500)
#define KF_QUICK_START_MASK bpf_htonl(0xffffff00)
#define KF_QUICK_FRAGMENT   bpf_htonl(0x3fff0000)

_Static_assert(offsetof(struct kf_quick, sport) == sizeof(struct ethhdr) + sizeof(struct iphdr), "kf_quick");

/* KF_NOT_PLAIN: another kind of frame, chain or moment; nothing has happened. */
static __always_inline int kf_quick(kf_ctx *ctx, void *data, void *end, __u32 len, bool egress, __u32 gen_flags,
				    const struct kf_run *r)
{
	struct kf_flow f = {.ether = ETH_P_IP, .flags = KF_FLOW_IP | KF_FLOW_PORT, .len = len};
	const struct kf_quick *q = data;
	const struct kf_row *row;
	__u32 total, chain;

	if ((gen_flags & (KF_GEN_ANY | KF_GEN_L4)) != KF_GEN_L4 || data + sizeof(*q) > end)
		return KF_NOT_PLAIN;
	f.proto = bpf_ntohl(q->middle) & 0xff;
	total = bpf_ntohs(q->total);
	if ((q->start & KF_QUICK_START_MASK) != KF_QUICK_START || q->middle & KF_QUICK_FRAGMENT ||
	    *(__u8 *)q->mac & 1 || total > len - sizeof(struct ethhdr) || total < sizeof(struct iphdr) + KF_PORTS ||
	    (f.proto != IPPROTO_UDP && f.proto != IPPROTO_TCP))
		return KF_NOT_PLAIN;
	row = kf_row(r, bpf_ntohs(egress ? q->sport : q->dport));
	chain = f.proto == IPPROTO_UDP ? row->udp : row->tcp;
	if (chain == KF_CHAIN_NONE)
		return gen_flags & KF_GEN_ETHER ? KF_NOT_PLAIN : KF_GO_ON;
	f.addr[1] = kf_mapped(egress ? *(__be32 *)q->source : *(__be32 *)q->dest);
	return kf_plain_step(ctx, kf_chain(r, chain), &f, r);
}

#endif
