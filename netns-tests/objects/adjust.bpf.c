/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* adjust.bpf.c - moves the frame's head and tail (negative head: in front of it; negative tail: shorter), gives it an
 * Ethernet header of ethertype 0x88b7 and sends it back. */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

const volatile int head = 0;
const volatile int tail = 0;

SEC("xdp")
int adjust(struct xdp_md *ctx)
{
	struct ethhdr was, *eth = (void *)(long)ctx->data;

	if ((void *)(eth + 1) > (void *)(long)ctx->data_end)
		return XDP_PASS;
	was = *eth;
	if (bpf_xdp_adjust_head(ctx, head) || bpf_xdp_adjust_tail(ctx, tail))
		return XDP_ABORTED;
	eth = (void *)(long)ctx->data;
	if ((void *)(eth + 1) > (void *)(long)ctx->data_end)
		return XDP_ABORTED;
	__builtin_memcpy(eth->h_dest, was.h_source, ETH_ALEN);
	__builtin_memcpy(eth->h_source, was.h_dest, ETH_ALEN);
	eth->h_proto = bpf_htons(0x88b7);
	return XDP_TX;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
