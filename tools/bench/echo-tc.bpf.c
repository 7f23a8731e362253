/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* echo-tc.bpf.c - UDP echo at tc-ingress: what the TC gate is measured with. What is swapped leaves checksums right. */
#include <kfaas.h>

KFAAS_LICENSE("Dual BSD/GPL");

SEC("tc/ingress")
int echo_tc(struct __sk_buff *skb)
{
	struct kfaas_packet p;
	struct udphdr *udp;
	__be16 port;

	if (!kfaas_parse(skb, &p))
		return TC_ACT_UNSPEC;
	udp = kfaas_udp(&p);
	if (!udp || bpf_ntohs(udp->source) < 1024 || udp->source == udp->dest || !kfaas_answerable(&p))
		return TC_ACT_UNSPEC;
	port = udp->source;
	udp->source = udp->dest;
	udp->dest = port;
	kfaas_turn(&p);
	return bpf_redirect(skb->ifindex, 0);
}
