/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* slow.bpf.c - burns time (some 20 microseconds or more), then drops: what a fuse is for. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("xdp")
int slow(struct xdp_md *ctx)
{
	__u64 sum = 0;

	for (int i = 0; i < 1000; i++)
		sum += bpf_ktime_get_ns();
	return sum ? XDP_DROP : XDP_ABORTED;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
