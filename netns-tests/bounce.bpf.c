// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* bounce.bpf.c - sends frames of ethertype 0x88b6 (also tagged ones) back to their sender with
 * XDP_TX and passes the rest: shows that a topology carries frames both ways. */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

SEC("xdp")
int bounce(struct xdp_md *ctx)
{
	void *end = (void *)(long)ctx->data_end;
	struct ethhdr *eth = (void *)(long)ctx->data;
	__be16 *type = (void *)&eth->h_proto;
	unsigned char mac[ETH_ALEN];

	if ((void *)(eth + 1) + 4 > end)
		return XDP_PASS;
	if (*type == bpf_htons(ETH_P_8021Q))
		type += 2;
	if (*type != bpf_htons(0x88b6))
		return XDP_PASS;
	__builtin_memcpy(mac, eth->h_dest, ETH_ALEN);
	__builtin_memcpy(eth->h_dest, eth->h_source, ETH_ALEN);
	__builtin_memcpy(eth->h_source, mac, ETH_ALEN);
	return XDP_TX;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
