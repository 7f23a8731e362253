/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* two-programs.bpf.c - two programs for one hook: not a function. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("xdp")
int first(struct xdp_md *ctx)
{
	return XDP_PASS;
}

SEC("xdp")
int second(struct xdp_md *ctx)
{
	return XDP_DROP;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
