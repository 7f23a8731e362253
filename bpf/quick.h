/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* quick.h - what is most common, from a few words of the frame: a whole UDP datagram or TCP segment in
 * untagged IPv4 without options. */
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

_Static_assert(offsetof(struct kf_quick, sport) == sizeof(struct ethhdr) + sizeof(struct iphdr), "kf_quick");

static __always_inline bool kf_is_quick(const struct kf_quick *q, __u32 len)
{
	__u32 behind = bpf_ntohs(q->total) - KF_QUICK_HEADERS; /* a total that is too small wraps, and is too large */

	return (q->start & KF_QUICK_START_MASK) == KF_QUICK_START && behind <= len - KF_QUICK_LEN;
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

/* The local address and port of a frame, the other side's port between them as on the wire. */
union kf_end {
	__u64 word;
	struct {
		__be32 addr;
		__be16 other;
		__be16 port;
	};
};

/* What such a frame is matched by. */
struct kf_key {
	__u64 start; /* the destination's MAC address, and two bytes of the source's */
	union kf_end end;
	__be32 middle; /* fragment and protocol */
	__u32 gen;     /* kf_control.gen */
};

static __always_inline union kf_end kf_quick_end(const struct kf_quick *q, bool egress)
{
	union kf_end e;

	if (egress) {
		e.addr = *(__be32 *)q->source;
		e.other = q->dport;
		e.port = q->sport;
	} else {
		e.word = *(__u64 *)((void *)q + offsetof(struct kf_quick, dest));
	}
	return e;
}

static __always_inline struct kf_key kf_quick_key(const struct kf_quick *q, bool egress, __u32 gen)
{
	return (struct kf_key){
		.start = *(__u64 *)(void *)q,
		.end = kf_quick_end(q, egress),
		.middle = q->middle & KF_QUICK_MIDDLE,
		.gen = gen,
	};
}

/* What kf_parse would say of such a frame; false: it is another kind. */
static __always_inline bool kf_quick_flow(const struct kf_key *k, __u32 len, struct kf_flow *f)
{
	f->addr[0] = 0;
	f->addr[1] = kf_mapped(k->end.addr);
	f->len = len;
	f->ether = ETH_P_IP;
	f->port = bpf_ntohs(k->end.port);
	f->proto = bpf_ntohl(k->middle);
	f->flags = KF_FLOW_IP | KF_FLOW_PORT | (kf_own_mac(k->start, k->gen) ? 0 : KF_FLOW_OTHER);
	return k->middle == bpf_htonl(IPPROTO_UDP) || k->middle == bpf_htonl(IPPROTO_TCP);
}

#endif
