// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* watch.bpf.c - a program for every hook, with a map they share; lets all pass. */
#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 3);
	__type(key, __u32);
	__type(value, __u64);
} seen SEC(".maps");

static __always_inline void count(__u32 hook)
{
	__u64 *n = bpf_map_lookup_elem(&seen, &hook);

	if (n)
		__sync_fetch_and_add(n, 1);
}

SEC("xdp")
int watch_xdp(struct xdp_md *ctx)
{
	count(0);
	return XDP_PASS;
}

SEC("tc/ingress")
int watch_ingress(struct __sk_buff *skb)
{
	count(1);
	return TC_ACT_UNSPEC;
}

SEC("tc/egress")
int watch_egress(struct __sk_buff *skb)
{
	count(2);
	return TC_ACT_UNSPEC;
}

char manifest[] SEC(".kfaas") = "on = udp/7778\n";
char LICENSE[] SEC("license") = "Dual BSD/GPL";
