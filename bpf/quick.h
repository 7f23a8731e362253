/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* quick.h - what is most common, from a few words of the frame: a whole UDP datagram or TCP segment in
 * untagged IPv4 without options or IPv6 without extension headers. */
#ifndef KF_QUICK_H
#define KF_QUICK_H

#include "parse.h"

/* The frame in words, so that what belongs together is tested at once. */
struct kf_quick {
	__u16 mac[6];
	__be32 start; /* ethertype, version and header length, type of service */
	__be16 total;
	__be16 id;
	__be32 middle; /* fragment, time to live, protocol */
	__be16 check;
	__be16 source[2], dest[2];
	__be16 sport, dport;
};
#define KF_QUICK_START	    bpf_htonl(ETH_P_IP << 16 | 0x4500)
#define KF_QUICK_START_MASK bpf_htonl(0xffffff00)
#define KF_QUICK_MIDDLE	    bpf_htonl(0x3fff00ff)	  /* fragment and protocol */
#define KF_QUICK_HEADERS    28u				  /* IPv4's and KF_PORTS */
#define KF_QUICK_LEN	    (ETH_HLEN + KF_QUICK_HEADERS) /* of a frame, at least */

struct kf_quick6 {
	__u16 mac[6];
	__be32 start; /* ethertype, version, traffic class */
	__be16 flow;
	__be16 payload;
	__u8 next;
	__u8 hops;
	__be16 source[8], dest[8];
	__be16 sport, dport;
};
#define KF_QUICK6_START	     bpf_htonl(ETH_P_IPV6 << 16 | 0x6000)
#define KF_QUICK6_START_MASK bpf_htonl(0xfffff000)
#define KF_QUICK6_LEN	     (ETH_HLEN + 40u + KF_PORTS)

_Static_assert(offsetof(struct kf_quick, sport) == sizeof(struct ethhdr) + sizeof(struct iphdr), "kf_quick");
_Static_assert(offsetof(struct kf_quick6, sport) == sizeof(struct ethhdr) + sizeof(struct ipv6hdr), "kf_quick6");

static __always_inline bool kf_is_ip4(const struct kf_quick *q)
{
	return (q->start & KF_QUICK_START_MASK) == KF_QUICK_START;
}

/* Is all of the datagram there? (A total that is too small wraps, and is too large.) */
static __always_inline bool kf_is_whole(const struct kf_quick *q, __u32 len)
{
	return (__u32)bpf_ntohs(q->total) - KF_QUICK_HEADERS <= len - KF_QUICK_LEN;
}

static __always_inline bool kf_is_quick(const struct kf_quick *q, __u32 len)
{
	return kf_is_ip4(q) && kf_is_whole(q, len);
}

/* ADDR: of the local side. (As in kf_parse_ip6, a payload of no length is another kind, and a mapped address none.) */
static __always_inline bool kf_is_quick6(const struct kf_quick6 *q, __u32 len, const __u64 *addr)
{
	__u32 behind = bpf_ntohs(q->payload) - KF_PORTS;

	return (q->start & KF_QUICK6_START_MASK) == KF_QUICK6_START && behind <= len - KF_QUICK6_LEN &&
	       (addr[0] || bpf_be64_to_cpu(addr[1]) >> 32 != 0xffff);
}

/* Neither IP nor tagged: of no interest to triggers that name a port or a protocol. */
static __always_inline bool kf_is_stray(const void *data, const void *end)
{
	const struct ethhdr *eth = data;
	__be16 ether;

	if (data + sizeof(*eth) > end)
		return true;
	ether = ((__be16 *)(eth + 1))[-1];
	return ether != bpf_htons(ETH_P_IP) && ether != bpf_htons(ETH_P_IPV6) && ether != bpf_htons(ETH_P_8021Q) &&
	       ether != bpf_htons(ETH_P_8021AD);
}

/* The local address and port of a frame. */
union kf_end {
	__u64 word; /* read at once: on the wire the other side's port is between them */
	struct {
		__be32 addr;
		__be16 other;
		__be16 port;
	};
};

/* What such a frame is matched by, but for its address. */
struct kf_key {
	__u64 start;  /* the destination's MAC address, and two bytes of the source's */
	__be32 proto; /* of IPv4, whether it is a fragment, too */
	__be16 port;  /* the local one */
	__u32 gen;    /* kf_control.gen */
};

static __always_inline union kf_end kf_quick_end(const struct kf_quick *q, bool egress)
{
	union kf_end e;

	if (egress) {
		e.addr = *(__be32 *)q->source;
		e.other = 0;
		e.port = q->sport;
	} else {
		e.word = *(__u64 *)((void *)q + offsetof(struct kf_quick, dest));
	}
	return e;
}

static __always_inline struct kf_key kf_quick_key(const struct kf_quick *q, union kf_end end, __u32 gen)
{
	return (struct kf_key){
		.start = *(__u64 *)(void *)q,
		.proto = q->middle & KF_QUICK_MIDDLE,
		.port = end.port,
		.gen = gen,
	};
}

static __always_inline struct kf_key kf_quick6_key(const struct kf_quick6 *q, bool egress, __u32 gen)
{
	return (struct kf_key){
		.start = *(__u64 *)(void *)q,
		.proto = bpf_htonl(q->next),
		.port = egress ? q->sport : q->dport,
		.gen = gen,
	};
}

static __always_inline bool kf_is_udp(const struct kf_key *k)
{
	return k->proto == bpf_htonl(IPPROTO_UDP);
}

static __always_inline bool kf_is_tcp(const struct kf_key *k)
{
	return k->proto == bpf_htonl(IPPROTO_TCP);
}

static __always_inline void kf_quick6_addr(const struct kf_quick6 *q, bool egress, __u64 *addr)
{
	const __u64 *from = (const void *)(egress ? q->source : q->dest);

	addr[0] = from[0];
	addr[1] = from[1];
}

/* What kf_parse would say of such a frame; false: it is another kind. */
static __always_inline bool kf_quick_flow(const struct kf_key *k, __be32 addr, __u32 len, struct kf_flow *f)
{
	f->addr[0] = 0;
	f->addr[1] = kf_mapped(addr);
	f->len = len;
	f->ether = ETH_P_IP;
	f->port = bpf_ntohs(k->port);
	f->proto = kf_is_udp(k) ? IPPROTO_UDP : IPPROTO_TCP;
	f->flags = KF_FLOW_IP | KF_FLOW_PORT | (kf_own_mac(k->start, k->gen) ? 0 : KF_FLOW_OTHER);
	return kf_is_udp(k) || kf_is_tcp(k);
}

#endif
