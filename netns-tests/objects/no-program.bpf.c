/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* no-program.bpf.c - a program, but for no hook of an interface. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("socket")
int filter(struct __sk_buff *skb)
{
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
