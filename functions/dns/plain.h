/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* plain.h - parses what is most common in few instructions: untagged UDP datagrams, whole, over IPv4 without options or
 * IPv6 without extension headers. True: P is as kfaas_parse() leaves it, and UDP's length is IP's. What is constant in
 * P clang knows, and leaves out of the code behind what other packets would need. */
#ifndef DNS_PLAIN_H
#define DNS_PLAIN_H

#include <kfaas.h>

/* FAMILY, and where its headers are, are constants. False: P is cut short, or its lengths are wrong. */
static __always_inline bool dns_plain_udp(struct xdp_md *ctx, struct kfaas_packet *p, __u32 family, __u32 header)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	struct udphdr *udp = data + sizeof(struct ethhdr) + header;

	if ((void *)(udp + 1) > end)
		return false;
	*p = (struct kfaas_packet){.data = data,
				   .end = end,
				   .l3 = data + sizeof(struct ethhdr),
				   .l4 = udp,
				   .len = end - data,
				   .l4_len = bpf_ntohs(udp->len),
				   .ether = family == 4 ? ETH_P_IP : ETH_P_IPV6,
				   .family = family,
				   .proto = IPPROTO_UDP,
				   .hops = KFAAS_TTL};
	return p->l4_len >= sizeof(*udp) && p->len >= sizeof(struct ethhdr) + header + p->l4_len;
}

static __always_inline bool dns_plain4(struct xdp_md *ctx, struct kfaas_packet *p)
{
	struct iphdr *ip;

	if (!dns_plain_udp(ctx, p, 4, sizeof(*ip)))
		return false;
	ip = p->l3;
	return ((kfaas_u16 *)ip)[-1] == bpf_htons(ETH_P_IP) && *(__u8 *)ip == 0x45 &&
	       !(ip->frag_off & bpf_htons(0x3fff)) && ip->protocol == IPPROTO_UDP &&
	       bpf_ntohs(ip->tot_len) == sizeof(*ip) + p->l4_len;
}

static __always_inline bool dns_plain6(struct xdp_md *ctx, struct kfaas_packet *p)
{
	struct ipv6hdr *ip6;

	if (!dns_plain_udp(ctx, p, 6, sizeof(*ip6)))
		return false;
	ip6 = p->l3;
	return ((kfaas_u16 *)ip6)[-1] == bpf_htons(ETH_P_IPV6) && *(__u8 *)ip6 >> 4 == 6 &&
	       ip6->nexthdr == IPPROTO_UDP && bpf_ntohs(ip6->payload_len) == p->l4_len;
}

#endif
