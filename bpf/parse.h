/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* parse.h - one pass over the headers: what the gate matches a frame by.
 *
 * A header that is cut off or contradicts itself ends the parse: what was
 * understood before it still counts, so such a frame reaches only functions
 * that asked for less. */
#ifndef KF_PARSE_H
#define KF_PARSE_H

#include "maps.h"

#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <bpf/bpf_endian.h>

#define KF_VLAN_TAGS   2
#define KF_EXT_HEADERS 6
#define KF_PORTS       8 /* bytes of UDP or TCP that there must be */

enum kf_flow_flags {
	KF_FLOW_IP = 1 << 0,   /* addr and proto are set */
	KF_FLOW_PORT = 1 << 1, /* port is set: UDP or TCP, not a fragment */
	KF_FLOW_OTHER =
		1 << 2, /* not for us: to a MAC address of another, a group, everyone; or kf_find asked for addr */
	KF_FLOW_SHORT = 1 << 3,	  /* the parse ended where the (linear) data does */
	KF_FLOW_OWN = 1 << 4,	  /* addr is known to be ours, and need not be set */
	KF_FLOW_BY_ADDR = 1 << 5, /* addr decided on the chain */
};

struct kf_flow {
	__u64 addr[2]; /* local side, IPv4-mapped, network order */
	__u32 len;
	__u16 ether; /* host order */
	__u16 port;  /* local side, host order */
	__u8 proto;
	__u8 flags;
	__u16 chain; /* that the gate found, or KF_CHAIN_NONE */
	__u16 any;   /* the `any` chain comes first */
};

struct kf_vlan {
	__be16 tci;
	__be16 next;
};

struct kf_ext {
	__u8 next;
	__u8 len;
	__be16 frag_off; /* of a fragment header */
};

#define KF_NEXT_HOP	 0
#define KF_NEXT_ROUTING	 43
#define KF_NEXT_FRAGMENT 44
#define KF_NEXT_AUTH	 51
#define KF_NEXT_DEST	 60

/* The lower half of an IPv4-mapped address. */
static __always_inline __u64 kf_mapped(__be32 addr)
{
	return bpf_be64_to_cpu(0xffff00000000ull) | (__u64)addr << 32;
}

#define KF_MAC_MASK bpf_cpu_to_be64(0xffffffffffff0000ull)

/* Any but the first. Global, and so looked at once by the verifier. */
__noinline int kf_further_mac(__u64 mac, __u32 gen)
{
	for (__u32 i = 1; i < KF_MACS; i++)
		if (mac == kf_control.g[gen & 1].mac[i])
			return true;
	return false;
}

/* START: a frame's first eight bytes. */
static __always_inline bool kf_own_mac(__u64 start, __u32 gen)
{
	__u64 mac = start & KF_MAC_MASK;

	return mac == kf_control.g[gen & 1].mac[0] || kf_further_mac(mac, gen);
}

static __always_inline void kf_parse_ports(void *l4, void *end, bool egress, struct kf_flow *f)
{
	__be16 *port = l4;

	if (f->proto != IPPROTO_UDP && f->proto != IPPROTO_TCP)
		return;
	if (l4 + KF_PORTS > end) {
		f->flags |= KF_FLOW_SHORT;
		return;
	}
	f->port = bpf_ntohs(port[egress ? 0 : 1]);
	f->flags |= KF_FLOW_PORT;
}

static __always_inline void kf_parse_ip4(void *l3, void *end, __u32 room, bool egress, struct kf_flow *f)
{
	struct iphdr *ip = l3;
	__u32 header, total;

	if (l3 + sizeof(*ip) > end) {
		f->flags |= KF_FLOW_SHORT;
		return;
	}
	header = ip->ihl * 4;
	total = bpf_ntohs(ip->tot_len);
	if (ip->version != 4 || header < sizeof(*ip))
		return;
	/* Length 0: segmentation offload beyond 64 KiB, seen by TC only. */
	if (total && (total < header || total > room))
		return;
	f->addr[0] = 0;
	f->addr[1] = kf_mapped(egress ? ip->saddr : ip->daddr);
	f->proto = ip->protocol;
	f->flags |= KF_FLOW_IP;
	if (ip->frag_off & bpf_htons(0x3fff))
		return;
	if (total && total < header + KF_PORTS) /* what lies behind is not the packet's */
		return;
	kf_parse_ports(l3 + header, end, egress, f);
}

static __always_inline void kf_parse_ip6(void *l3, void *end, __u32 room, bool egress, struct kf_flow *f)
{
	struct ipv6hdr *ip = l3;
	struct kf_ext *ext;
	void *pos;
	__u64 *addr;
	__u32 size;
	int left; /* of the payload, as far as its length says */
	__u8 next;

	if (l3 + sizeof(*ip) > end) {
		f->flags |= KF_FLOW_SHORT;
		return;
	}
	left = bpf_ntohs(ip->payload_len);
	if (ip->version != 6 || sizeof(*ip) + left > room)
		return;
	if (!left) /* as in IPv4 */
		left = room - sizeof(*ip);
	addr = (__u64 *)(egress ? &ip->saddr : &ip->daddr);
	/* An IPv4-mapped address is none on the wire; taken for one, it would pass for IPv4's own. */
	if (!addr[0] && bpf_be64_to_cpu(addr[1]) >> 32 == 0xffff)
		return;
	f->addr[0] = addr[0];
	f->addr[1] = addr[1];
	f->flags |= KF_FLOW_IP;
	next = ip->nexthdr;
	pos = ip + 1;
#pragma unroll
	for (int i = 0; i < KF_EXT_HEADERS; i++) {
		f->proto = next;
		if (next != KF_NEXT_HOP && next != KF_NEXT_ROUTING && next != KF_NEXT_FRAGMENT &&
		    next != KF_NEXT_AUTH && next != KF_NEXT_DEST)
			break;
		ext = pos;
		if (left < 8)
			return;
		if (pos + 8 > end) {
			f->flags |= KF_FLOW_SHORT;
			return;
		}
		size = next == KF_NEXT_FRAGMENT ? 8 : next == KF_NEXT_AUTH ? (ext->len + 2) * 4 : (ext->len + 1) * 8;
		if (next == KF_NEXT_FRAGMENT && ext->frag_off & bpf_htons(0xfff9)) {
			f->proto = ext->next;
			return;
		}
		next = ext->next;
		pos += size;
		left -= size;
	}
	f->proto = next;
	if (left < KF_PORTS)
		return;
	kf_parse_ports(pos, end, egress, f);
}

static __always_inline void kf_parse(void *data, void *end, __u32 len, __u32 gen, bool egress, struct kf_flow *f)
{
	struct ethhdr *eth = data;
	void *pos = eth + 1;
	__be16 ether;

	f->len = len;
	f->ether = 0;
	f->port = 0;
	f->proto = 0;
	f->flags = 0;
	if (pos > end) {
		f->flags = KF_FLOW_SHORT;
		return;
	}
	if (!kf_own_mac(*(__u64 *)data, gen))
		f->flags |= KF_FLOW_OTHER;
	ether = ((__be16 *)pos)[-1]; /* h_proto: the struct is packed, clang would read it by bytes */
	len -= sizeof(*eth);
#pragma unroll
	for (int i = 0; i < KF_VLAN_TAGS; i++) {
		struct kf_vlan *tag = pos;

		if (ether != bpf_htons(ETH_P_8021Q) && ether != bpf_htons(ETH_P_8021AD))
			break;
		if (pos + sizeof(*tag) > end) {
			f->flags |= KF_FLOW_SHORT;
			return;
		}
		ether = tag->next;
		pos += sizeof(*tag);
		len -= sizeof(*tag);
	}
	f->ether = bpf_ntohs(ether);
	if (ether == bpf_htons(ETH_P_IP))
		kf_parse_ip4(pos, end, len, egress, f);
	else if (ether == bpf_htons(ETH_P_IPV6))
		kf_parse_ip6(pos, end, len, egress, f);
}

#endif
