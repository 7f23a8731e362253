/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* gate_tc.bpf.c - the gate behind the driver (tc-ingress) and before it (tc-egress): the XDP
 * gate's match over a socket buffer. Loaded once per direction. */
#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <stdbool.h>
#include <stddef.h>
#include <bpf/bpf_helpers.h>

typedef struct __sk_buff kf_ctx;
#define KF_VERDICT_BASE 1
#define KF_PASS		TC_ACT_UNSPEC
#define KF_DROP		TC_ACT_SHOT
#define KF_INVALID	TC_ACT_UNSPEC
#define KF_CONT		KF_CONT_TC
#define KF_AF_INET	2
#define KF_AF_INET6	10
#define KF_IFINDEX(ctx) ((ctx)->ifindex)

#define KF_INGRESS KF_TC_INGRESS
#define KF_EGRESS  egress

#include "parse.h"

#define KF_PULL 256 /* headers that the match may need */

const volatile bool egress;

__noinline int kf_parse_skb(struct __sk_buff *skb, __u32 gen, struct kf_flow *f)
{
	if (!f)
		return 0;
	kf_parse((void *)(long)skb->data, (void *)(long)skb->data_end, skb->len, gen, egress, f);
	return f->flags & KF_FLOW_SHORT;
}

/* Headers may lie in a fragment of the buffer; seldom, so try without moving them first. */
static __always_inline void kf_read(struct __sk_buff *skb, __u32 len, __u32 gen, struct kf_flow *f)
{
	if (kf_parse_skb(skb, gen, f) && skb->data_end - skb->data < len) {
		bpf_skb_pull_data(skb, len < KF_PULL ? len : KF_PULL);
		kf_parse_skb(skb, gen, f);
	}
}

static __always_inline __u64 kf_len(struct __sk_buff *skb)
{
	return skb->len;
}

#include "gate.h"

SEC("tc")
int kfaas_gate_tc(struct __sk_buff *skb)
{
	return kf_gate(skb);
}

char _license[] SEC("license") = "Dual BSD/GPL";
