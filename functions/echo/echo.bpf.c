/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* echo.bpf.c - UDP echo (RFC 862): every datagram goes back to where it came from. */
#include <kfaas.h>

KFAAS_LICENSE("Dual BSD/GPL");
KFAAS_MANIFEST("on = udp/7\n");

SEC("xdp")
int echo(struct xdp_md *ctx)
{
	struct kfaas_packet p;

	if (!kfaas_parse(ctx, &p) || !kfaas_udp_any(&p))
		return XDP_PASS;
	return kfaas_return_udp(ctx, &p);
}
