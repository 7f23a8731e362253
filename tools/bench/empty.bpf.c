/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* empty.bpf.c - the least an XDP program can do: what the gate is compared with. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("xdp")
int empty(struct xdp_md *ctx)
{
	return XDP_PASS;
}

char _license[] SEC("license") = "Dual BSD/GPL";
