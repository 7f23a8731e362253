/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* bad.bpf.c - reads the frame without a look at its end: the verifier refuses it. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("xdp")
int bad(struct xdp_md *ctx)
{
	return *(__u8 *)(long)ctx->data ? XDP_DROP : XDP_PASS;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
