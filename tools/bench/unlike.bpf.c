/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* unlike.bpf.c - the function echo with a setting: two of another number are two programs, where echoes share one. */
#include <kfaas.h>

KFAAS_LICENSE("Dual BSD/GPL");
KFAAS_SETTING(__u32, number, 0);

SEC("xdp")
int unlike(struct xdp_md *ctx)
{
	struct kfaas_packet p;
	struct udphdr *udp;

	if (!kfaas_parse(ctx, &p))
		return XDP_PASS;
	udp = kfaas_udp(&p);
	if (!udp || bpf_ntohs(udp->source) < 1024 || udp->source == udp->dest || number == ~0u)
		return XDP_PASS;
	return kfaas_return_udp(ctx, &p);
}
