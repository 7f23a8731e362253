/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* hooks.bpf.c - a program for each hook, one map for all: counts what it sees, and answers a UDP datagram that begins
 * with "read" with the counts, in three digits each: "x001i001e000". */
#include <kfaas.h>

KFAAS_LICENSE("Dual BSD/GPL");
KFAAS_MANIFEST("on = udp/7300\n");

const volatile int ingress_verdict = TC_ACT_UNSPEC;
const volatile int egress_verdict = TC_ACT_UNSPEC;

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__type(key, __u32);
	__type(value, __u64);
	__uint(max_entries, 3);
} seen SEC(".maps");

static __always_inline __u64 add(__u32 which, __u64 n)
{
	__u64 *count = bpf_map_lookup_elem(&seen, &which);

	return count ? __sync_fetch_and_add(count, n) : 0;
}

static __always_inline char *put(char *at, char letter, __u64 n)
{
	at[0] = letter;
	at[1] = '0' + n / 100 % 10;
	at[2] = '0' + n / 10 % 10;
	at[3] = '0' + n % 10;
	return at + 4;
}

SEC("xdp")
int hooks_xdp(struct xdp_md *ctx)
{
	struct kfaas_packet p;
	kfaas_u32 *word;
	char *at;

	if (!kfaas_parse(ctx, &p))
		return XDP_PASS;
	word = kfaas_payload(&p, 0, 4);
	if (!word || *word != bpf_htonl(0x72656164)) {
		add(0, 1);
		return XDP_PASS;
	}
	if (!kfaas_resize_udp(ctx, &p, 12))
		return XDP_DROP;
	at = kfaas_payload(&p, 0, 12);
	if (!at)
		return XDP_DROP;
	at = put(at, 'x', add(0, 0));
	at = put(at, 'i', add(1, 0));
	put(at, 'e', add(2, 0));
	return kfaas_reply_udp(ctx, &p);
}

SEC("tc/ingress")
int hooks_in(struct __sk_buff *skb)
{
	add(1, 1);
	return ingress_verdict;
}

SEC("tc/egress")
int hooks_out(struct __sk_buff *skb)
{
	add(2, 1);
	return egress_verdict;
}
