/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* round.bpf.c - echo without what ends a loop of two: they turn a frame round for as long as they are asked to. */
#include <kfaas.h>

KFAAS_LICENSE("Dual BSD/GPL");

SEC("xdp")
int turn_round(struct xdp_md *ctx)
{
	struct kfaas_packet p;

	if (!kfaas_parse(ctx, &p) || !kfaas_udp(&p))
		return XDP_PASS;
	return kfaas_return_udp(ctx, &p);
}
