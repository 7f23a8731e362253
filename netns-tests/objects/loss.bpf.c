/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* loss.bpf.c - drops one frame in 20 at random, and lets the rest on: attached to a client's interface, what is
 * answered gets lost; deployed in front of a function, what is asked. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("xdp")
int loss(struct xdp_md *ctx)
{
	return bpf_get_prandom_u32() % 20 ? XDP_PASS : XDP_DROP;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
