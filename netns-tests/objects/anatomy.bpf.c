// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* anatomy.bpf.c - a function for two hooks, with all that `inspect` tells of. XDP sends a packet back with
 * MARK as its first byte when that is 2, passes it on unchanged when it is 1, and drops any other. */
#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <bpf/bpf_helpers.h>

enum colour { RED, GREEN, BLUE = 7 };

const volatile __u8 mark = 0x5a;
const volatile int low = -3;
const volatile _Bool loud = 1;
const volatile enum colour colour = BLUE;
const volatile char greeting[16] = "hello";

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__type(key, __u32);
	__type(value, __u64);
	__uint(max_entries, 128);
} seen SEC(".maps");

static __attribute__((noinline)) long long count(__u32 key)
{
	__u64 one = 1, *n = bpf_map_lookup_elem(&seen, &key);

	if (n)
		return __sync_fetch_and_add(n, 1);
	return bpf_map_update_elem(&seen, &key, &one, BPF_ANY);
}

SEC("xdp")
int anatomy_xdp(struct xdp_md *ctx)
{
	__u8 *p = (void *)(long)ctx->data;

	if (p + 14 > (__u8 *)(long)ctx->data_end)
		return XDP_ABORTED;
	count(p[0]);
	if (p[0] == 1)
		return XDP_PASS;
	if (p[0] != 2)
		return XDP_DROP;
	p[0] = mark + (loud ? 0 : low) + (colour == RED) + (greeting[0] == 'x');
	return XDP_TX;
}

SEC("tc/egress")
int anatomy_egress(struct __sk_buff *skb)
{
	count(bpf_get_smp_processor_id());
	return skb->len > 100 ? TC_ACT_SHOT : TC_ACT_OK;
}

char manifest[] SEC(".kfaas") = "on = udp/9\ndescription = takes itself apart\nprio = 7\nset.mark = 0x66\n";
char LICENSE[] SEC("license") = "Dual BSD/GPL";
