/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* dns.bpf.c - authoritative DNS answers over UDP: finds the row that kfaas-dns-rows rendered, and sends it. */
#include <kfaas.h>
#include "plain.h"
#include "quick.h"

KFAAS_LICENSE("Dual BSD/GPL");
KFAAS_MANIFEST("on = udp/53\n");
KFAAS_SETTING(bool, refuse, false); /* answer names outside the zones with REFUSED, instead of passing them on */

/* A global subprogram: it parses anew, so that the quick way has all registers, and the verifier reads them apart. */
__noinline int dns_long(struct xdp_md *ctx)
{
	struct kfaas_packet p;
	struct udphdr *udp;
	struct dns_query *q;
	int row;

	if (!kfaas_parse(ctx, &p))
		return XDP_PASS;
	udp = kfaas_udp(&p);
	if (!udp || !dns_from_client(udp))
		return XDP_PASS;
	if (!dns_parse(ctx, dns_offset(&p), p.l4_len - sizeof(struct udphdr)))
		return XDP_PASS;
	row = dns_find();
	q = dns_query();
	if (!q)
		return XDP_PASS;
	if ((row == DNS_FOUND_OUTSIDE && !refuse) || !dns_take(row))
		return XDP_PASS;
	return dns_send(ctx, &p, q, row);
}

/* As what follows, but over IPv6. */
__noinline int dns_quick6(struct xdp_md *ctx)
{
	struct kfaas_packet p;

	return dns_plain6(ctx, &p) ? dns_quick(ctx, &p) : DNS_QUICK_NONE;
}

SEC("xdp")
int dns(struct xdp_md *ctx)
{
	struct kfaas_packet p;
	int verdict;

	verdict = dns_plain4(ctx, &p) ? dns_quick(ctx, &p) : dns_quick6(ctx);
	return verdict == DNS_QUICK_NONE ? dns_long(ctx) : verdict;
}
