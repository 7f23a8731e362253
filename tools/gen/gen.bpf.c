/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* gen.bpf.c - both ends of the load, on the client's interface: `source` makes requests (run by BPF_PROG_TEST_RUN
 * with live frames, which XDP_TX sends), `sink` takes the answers, and in a closed loop turns them into requests. */
#include "check.h"

KFAAS_LICENSE("Dual BSD/GPL");

SEC("xdp")
int source(struct xdp_md *ctx)
{
	__u32 thread = 0;

	if (thread_count > 1)
		thread = thread_of[bpf_get_smp_processor_id() & (GEN_CPUS - 1)];
	return make(ctx, thread);
}

SEC("xdp")
int sink(struct xdp_md *ctx)
{
	__u32 cpu = bpf_get_smp_processor_id(), thread = 0;
	struct gen_figures *f;
	struct kfaas_packet p;

	if (kind == GEN_RAW || !kfaas_parse(ctx, &p) || !ours(&p))
		return XDP_PASS;
	f = bpf_map_lookup_elem(&figures, &cpu);
	if (!f)
		return XDP_PASS;
	if (take(ctx, &p, f, &thread) && closed_loop)
		return make(ctx, thread);
	return XDP_DROP;
}
