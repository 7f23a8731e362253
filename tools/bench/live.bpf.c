/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* live.bpf.c - both ends of the load on the client's interface: `source` makes frames (run by
 * BPF_PROG_TEST_RUN with live frames, sent by XDP_TX), `sink` counts what comes back. */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/udp.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#define WORDS 8

/* Written before the load begins. */
const volatile __u64 template[WORDS]; /* the frame */
const volatile __u32 first_port;
const volatile __u32 ports;	/* the destination port goes round */
const volatile __u32 answer_ip; /* network order: whose answers count */

/* One core makes and takes all of it. */
__u64 sent, answered, other;
static __u32 turn;

SEC("xdp")
int source(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	__u64 *word = data;
	struct udphdr *udp = data + sizeof(struct ethhdr) + sizeof(struct iphdr);

	if (data + sizeof(template) > end)
		return XDP_DROP;
		/* The frame comes back as the far end left it: write all of it again. */
#pragma unroll
	for (int i = 0; i < WORDS; i++)
		word[i] = template[i];
	if (ports) {
		udp->dest = bpf_htons(first_port + turn);
		turn = turn + 1 < ports ? turn + 1 : 0;
	}
	sent++;
	return XDP_TX;
}

SEC("xdp")
int sink(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	struct ethhdr *eth = data;
	struct iphdr *ip = (void *)(eth + 1);

	if ((void *)(ip + 1) > end)
		return XDP_PASS;
	if (eth->h_proto == bpf_htons(ETH_P_IP) && ip->protocol == IPPROTO_UDP && ip->saddr == answer_ip) {
		answered++;
		return XDP_DROP;
	}
	other++;
	return XDP_PASS;
}

char _license[] SEC("license") = "Dual BSD/GPL";
