/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* verdict.bpf.c - returns its setting: drop unless told otherwise. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

const volatile int verdict = XDP_DROP;

SEC("xdp")
int give_verdict(struct xdp_md *ctx)
{
	return verdict;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
