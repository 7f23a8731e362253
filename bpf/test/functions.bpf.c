// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* functions.bpf.c - what the gate's tests put into its slots: sixteen functions, a to p, for XDP and for TC. Each
 * writes its letter into the trace and then does what its act says. Below them the few that the benchmark needs, and
 * those that test kfaas_resize(). */
#include <kfaas.h>

#include "act.h"

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, ACTS);
	__type(key, __u32);
	__type(value, struct act);
} acts SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct trace);
} traces SEC(".maps");

static __always_inline void trace(char who, __u32 len, __u32 linear)
{
	__u32 zero = 0, at;
	struct trace *t = bpf_map_lookup_elem(&traces, &zero);

	if (!t)
		return;
	at = *(volatile __u32 *)&t->n; /* read once, so that the bound holds */
	if (at >= TRACE_MAX)
		return;
	t->who[at] = who;
	t->len[at] = len;
	t->linear[at] = linear;
	t->n = at + 1;
}

static long is_past(__u32 i, void *until)
{
	(void)i;
	return bpf_ktime_get_ns() >= *(__u64 *)until;
}

static __always_inline void spin(__s32 ns)
{
	__u64 until = bpf_ktime_get_ns() + ns;

	bpf_loop(1 << 20, is_past, &until, 0);
}

static __always_inline int act_xdp(struct xdp_md *ctx, char who)
{
	__u32 key = who - 'a';
	struct act *a = bpf_map_lookup_elem(&acts, &key);
	__u64 linear;

	linear = (void *)(long)ctx->data_end - (void *)(long)ctx->data;
	barrier_var(linear); /* a scalar before the call */
	trace(who, bpf_xdp_get_buff_len(ctx), linear);
	if (!a)
		return XDP_ABORTED;
	switch (a->op) {
	case ACT_WRITE:
		a->rc = bpf_xdp_store_bytes(ctx, a->arg, &who, 1);
		break;
	case ACT_HEAD:
		a->rc = bpf_xdp_adjust_head(ctx, a->arg);
		break;
	case ACT_TAIL:
		a->rc = bpf_xdp_adjust_tail(ctx, a->arg);
		break;
	case ACT_SPIN:
		spin(a->arg);
		break;
	}
	return a->verdict;
}

static __always_inline int act_tc(struct __sk_buff *skb, char who)
{
	__u32 key = who - 'a';
	struct act *a = bpf_map_lookup_elem(&acts, &key);
	__u64 linear;

	linear = (void *)(long)skb->data_end - (void *)(long)skb->data;
	barrier_var(linear);
	trace(who, skb->len, linear);
	if (!a)
		return TC_ACT_SHOT;
	switch (a->op) {
	case ACT_WRITE:
		a->rc = bpf_skb_store_bytes(skb, a->arg, &who, 1, 0);
		break;
	case ACT_HEAD:
		a->rc = bpf_skb_change_head(skb, -a->arg, 0);
		break;
	case ACT_TAIL:
		a->rc = bpf_skb_change_tail(skb, skb->len + a->arg, 0);
		break;
	case ACT_SPIN:
		spin(a->arg);
		break;
	}
	return a->verdict;
}

#define FUNCTION(letter, who)                                                                                          \
	SEC("xdp")                                                                                                     \
	int xdp_##letter(struct xdp_md *ctx)                                                                           \
	{                                                                                                              \
		return act_xdp(ctx, who);                                                                              \
	}                                                                                                              \
	SEC("tc")                                                                                                      \
	int tc_##letter(struct __sk_buff *skb)                                                                         \
	{                                                                                                              \
		return act_tc(skb, who);                                                                               \
	}

FUNCTION(a, 'a')
FUNCTION(b, 'b')
FUNCTION(c, 'c')
FUNCTION(d, 'd')
FUNCTION(e, 'e')
FUNCTION(f, 'f')
FUNCTION(g, 'g')
FUNCTION(h, 'h')
FUNCTION(i, 'i')
FUNCTION(j, 'j')
FUNCTION(k, 'k')
FUNCTION(l, 'l')
FUNCTION(m, 'm')
FUNCTION(n, 'n')
FUNCTION(o, 'o')
FUNCTION(p, 'p')

SEC("xdp")
int xdp_pass(struct xdp_md *ctx)
{
	return XDP_PASS;
}

SEC("xdp")
int xdp_tx(struct xdp_md *ctx)
{
	return XDP_TX;
}

SEC("tc")
int tc_unspec(struct __sk_buff *skb)
{
	return TC_ACT_UNSPEC;
}

SEC("tc")
int tc_shot(struct __sk_buff *skb)
{
	return TC_ACT_SHOT;
}

/* Run the gate (entry 0) on a stack where every word pair is an IPv4-mapped address, ACT p's ARG: to see that the gate
 * takes nothing for an address that it did not read. VERDICT says in which word the pairs begin. */
struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 1);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(__u32));
} xdp_entry SEC(".maps"), tc_entry SEC(".maps");

#define STACK_WORDS 60

static __always_inline int soil(void *ctx, void *entry)
{
	__u32 key = ACTS - 1;
	struct act *a = bpf_map_lookup_elem(&acts, &key);
	volatile __u64 stack[STACK_WORDS];
	__u64 word[2] = {0, 0};

	if (!a)
		return 0;
	word[!(a->verdict & 1)] = 0xffff0000ull | (__u64)(__u32)a->arg << 32;
#pragma unroll
	for (int i = 0; i < STACK_WORDS; i++)
		stack[i] = word[i & 1];
	bpf_tail_call(ctx, entry, 0);
	return 0;
}

SEC("xdp")
int xdp_soil(struct xdp_md *ctx)
{
	return soil(ctx, &xdp_entry);
}

SEC("tc")
int tc_soil(struct __sk_buff *skb)
{
	return soil(skb, &tc_entry);
}

/* Act a's ARG says how many bytes above IP the packet is to have, act b's how many of those it has are kept. */
SEC("xdp")
int xdp_resize(struct xdp_md *ctx)
{
	__u32 size = 0, keep = 1;
	struct act *to = bpf_map_lookup_elem(&acts, &size), *kept = bpf_map_lookup_elem(&acts, &keep);
	struct kfaas_packet p;

	if (!to || !kept || !kfaas_parse(ctx, &p) || !kfaas_resize(ctx, &p, to->arg, kept->arg))
		return XDP_PASS;
	/* P is good without being parsed anew. */
	return p.l4_len == to->arg && p.end - p.l4 == to->arg ? XDP_TX : XDP_ABORTED;
}

KFAAS_LICENSE("Dual BSD/GPL");
