/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* gate_xdp.bpf.c - the gate at the driver: matches frames to triggers and invokes functions. */
#include <linux/bpf.h>
#include <stdbool.h>
#include <stddef.h>
#include <bpf/bpf_helpers.h>

typedef struct xdp_md kf_ctx;
#define KF_VERDICT_BASE 0
#define KF_DROP		XDP_DROP
#define KF_INVALID	XDP_ABORTED
#define KF_AF_INET	2
#define KF_AF_INET6	10
#define KF_IFINDEX(ctx) ((ctx)->ingress_ifindex)

#include "quick.h"

/* Attached for frames of several buffers: then a frame is longer than the part that can be read. */
const volatile bool frags;

SEC("xdp")
int kfaas_gate(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	__u64 len = end - data;
	__u32 flags;
	struct kf_flow flow;
	struct kf_run run;
	int verdict;

	barrier_var(len); /* a scalar from here on: pointers do not outlive a call */
	flags = kf_begin(&run, KF_XDP);
	if (!flags)
		return XDP_PASS;
	if (frags)
		len = bpf_xdp_get_buff_len(ctx);
	verdict = kf_quick(ctx, data, end, len, false, flags, &run);
	if (verdict == KF_NOT_PLAIN) {
		data = (void *)(long)ctx->data;
		end = (void *)(long)ctx->data_end;
		kf_parse(data, end, len, false, &flow);
		verdict = kf_dispatch(ctx, flags, &flow, &run);
	}
	return verdict == KF_GO_ON ? XDP_PASS : verdict;
}

char _license[] SEC("license") = "Dual BSD/GPL";
