/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* count.bpf.c - counts packets and bytes by hook and protocol, and lets everything go on. */
#include <kfaas.h>

KFAAS_LICENSE("Dual BSD/GPL");
KFAAS_MANIFEST("on = any\n"
	       "prio = 10\n"
	       "continue = pass\n");

struct tally {
	__u64 packets;
	__u64 bytes;
};

/* Named for whoever reads the map; ipv4 and ipv6 have the same order, see row(). */
struct protocols {
	struct tally icmp, tcp, udp, sctp, other, fragments;
};

struct tallies {
	struct tally arp;
	struct tally ether; /* any other ethertype */
	struct tally damaged;
	struct protocols ipv4, ipv6;
};

enum hook { XDP, TC_INGRESS, TC_EGRESS, HOOKS };

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, HOOKS);
	__type(key, __u32); /* enum hook */
	__type(value, struct tallies);
} packets SEC(".maps");

static __always_inline struct tally *row(struct tallies *all, const struct kfaas_packet *p, bool sound)
{
	struct protocols *ip = p->family == 6 ? &all->ipv6 : &all->ipv4;

	if (!sound)
		return &all->damaged;
	if (!p->family)
		return p->ether == ETH_P_ARP ? &all->arp : &all->ether;
	if (p->fragment)
		return &ip->fragments;
	switch (p->proto) {
	case IPPROTO_ICMP:
		return p->family == 4 ? &ip->icmp : &ip->other;
	case IPPROTO_ICMPV6:
		return p->family == 6 ? &ip->icmp : &ip->other;
	case IPPROTO_TCP:
		return &ip->tcp;
	case IPPROTO_UDP:
		return &ip->udp;
	case IPPROTO_SCTP:
		return &ip->sctp;
	}
	return &ip->other;
}

static __always_inline void tally(__u32 hook, const struct kfaas_packet *p, bool sound)
{
	struct tallies *all = bpf_map_lookup_elem(&packets, &hook);
	struct tally *t;

	if (!all)
		return;
	t = row(all, p, sound);
	t->packets++;
	t->bytes += p->len;
}

SEC("xdp")
int count_xdp(struct xdp_md *ctx)
{
	struct kfaas_packet p;
	bool sound = kfaas_parse(ctx, &p);

	tally(XDP, &p, sound);
	return XDP_PASS;
}

SEC("tc/ingress")
int count_ingress(struct __sk_buff *skb)
{
	struct kfaas_packet p;
	bool sound = kfaas_parse(skb, &p);

	tally(TC_INGRESS, &p, sound);
	return TC_ACT_UNSPEC;
}

SEC("tc/egress")
int count_egress(struct __sk_buff *skb)
{
	struct kfaas_packet p;
	bool sound = kfaas_parse(skb, &p);

	tally(TC_EGRESS, &p, sound);
	return TC_ACT_UNSPEC;
}
