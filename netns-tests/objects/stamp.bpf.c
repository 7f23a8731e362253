/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* stamp.bpf.c - sends any frame back as it is, from MAC address 02:53:54:4d:50:<id>: shows which function a frame of
 * whatever kind came to. */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <bpf/bpf_helpers.h>

const volatile __u8 id = 1;

SEC("xdp")
int stamp(struct xdp_md *ctx)
{
	struct ethhdr *eth = (void *)(long)ctx->data;
	unsigned char from[ETH_ALEN] = {2, 'S', 'T', 'M', 'P', id};

	if ((void *)(eth + 1) > (void *)(long)ctx->data_end)
		return XDP_ABORTED;
	__builtin_memcpy(eth->h_dest, eth->h_source, ETH_ALEN);
	__builtin_memcpy(eth->h_source, from, ETH_ALEN);
	return XDP_TX;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
