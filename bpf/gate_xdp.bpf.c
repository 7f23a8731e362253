/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* gate_xdp.bpf.c - the gate at the driver: matches frames to triggers and invokes functions. */
#include <linux/bpf.h>
#include <stdbool.h>
#include <stddef.h>
#include <bpf/bpf_helpers.h>

typedef struct xdp_md kf_ctx;
#define KF_VERDICT_BASE 0
#define KF_PASS		XDP_PASS /* no verdict stands */
#define KF_DROP		XDP_DROP
#define KF_INVALID	XDP_ABORTED
#define KF_CONT		KF_CONT_XDP
#define KF_AF_INET	2
#define KF_AF_INET6	10
#define KF_IFINDEX(ctx) ((ctx)->ingress_ifindex)

#define KF_INGRESS KF_XDP
#define KF_EGRESS  false

#include "parse.h"

static __always_inline void kf_read(struct xdp_md *ctx, __u32 len, __u32 gen, struct kf_flow *f)
{
	kf_parse((void *)(long)ctx->data, (void *)(long)ctx->data_end, len, gen, false, f);
}

/* Attached for frames of several buffers: then a frame may be longer than the part that can be read. */
const volatile bool frags;

static __always_inline __u64 kf_len(struct xdp_md *ctx)
{
	return frags ? bpf_xdp_get_buff_len(ctx) : ctx->data_end - ctx->data;
}

#include "gate.h"

SEC("xdp")
int kfaas_gate(struct xdp_md *ctx)
{
	return kf_gate(ctx);
}

char _license[] SEC("license") = "Dual BSD/GPL";
