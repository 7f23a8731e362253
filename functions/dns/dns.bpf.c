/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* dns.bpf.c - authoritative DNS answers over UDP: finds the row that kfaas-dns-rows rendered, and sends it. */
#include <kfaas.h>
#include "quick.h"
#include "send.h"

KFAAS_LICENSE("Dual BSD/GPL");
KFAAS_MANIFEST("on = udp/53\n");
KFAAS_SETTING(bool, refuse, false); /* answer names outside the zones with REFUSED, instead of passing them on */

/* Old resolvers ask from port 53; nothing else below 1024 has questions. */
static __always_inline bool dns_from_client(const struct udphdr *udp)
{
	return bpf_ntohs(udp->source) >= 1024 || udp->source == bpf_htons(53);
}

SEC("xdp")
int dns(struct xdp_md *ctx)
{
	const struct dns_answer *a;
	struct kfaas_packet p;
	struct dns_query *q;
	struct udphdr *udp;
	int row;

	if (!kfaas_parse(ctx, &p))
		return XDP_PASS;
	udp = kfaas_udp(&p);
	if (!udp || !dns_from_client(udp))
		return XDP_PASS;
	q = dns_query();
	if (!q)
		return XDP_PASS;
	row = dns_quick(ctx, dns_offset(&p), p.l4_len - sizeof(*udp));
	if (!row) {
		if (!dns_parse(ctx, dns_offset(&p), p.l4_len - sizeof(*udp)))
			return XDP_PASS;
		row = dns_find();
	}
	if (row == DNS_FOUND_OUTSIDE && refuse)
		return dns_send(ctx, &p, q, NULL);
	a = row < 0 ? NULL : dns_answer_row(row);
	if (!a || a->flags & DNS_PASS)
		return XDP_PASS;
	return dns_send(ctx, &p, q, a);
}
