/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* dns.bpf.c - authoritative DNS answers over UDP: finds the row that kfaas-dns-rows rendered, and sends it. */
#include <kfaas.h>
#include "find.h"
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
	const struct dns_answer *a = NULL;
	int found = DNS_FOUND_ROW;
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
	if (a) {
		dns_found_row(q, DNS_AT, q->type);
	} else {
		found = dns_closest();
		if (found == DNS_FOUND_ROW)
			a = dns_answer_at(q, q->key_at, q->key_type);
		else if (found == DNS_FOUND_ZONE)
			a = bpf_map_lookup_elem(&zones, &q->zone);
		else if (found == DNS_FOUND_OUTSIDE && refuse)
			return dns_send(ctx, &p, q, NULL);
	}
	if (found == DNS_FOUND_SIGNED || (a && a->flags & DNS_SIGNED && q->dnssec))
		a = dns_signed_at(q, q->key_at, q->key_type);
	if (!a || a->flags & DNS_PASS)
		return XDP_PASS;
	return dns_send(ctx, &p, q, a);
}
