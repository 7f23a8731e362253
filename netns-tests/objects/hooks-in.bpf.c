/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* hooks-in.bpf.c - for tc-ingress alone, in the section that older objects use. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

const volatile int verdict = -1; /* TC_ACT_UNSPEC */

SEC("classifier")
int hooks_in(struct __sk_buff *skb)
{
	return verdict;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
