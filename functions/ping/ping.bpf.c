/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* ping.bpf.c - answers ICMP and ICMPv6 echo requests. */
#include <kfaas.h>

KFAAS_LICENSE("Dual BSD/GPL");
KFAAS_MANIFEST("on = icmp, icmp6\n");

SEC("xdp")
int ping(struct xdp_md *ctx)
{
	struct kfaas_packet p;

	if (!kfaas_parse(ctx, &p))
		return XDP_PASS;
	return kfaas_reply_ping(ctx, &p);
}
