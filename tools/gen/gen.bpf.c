/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* gen.bpf.c - both ends of the load, on the client's interface: `source` makes requests (run by BPF_PROG_TEST_RUN
 * with live frames, which XDP_TX sends), `sink` takes the answers, and in a closed loop turns them into requests. */
#include "check.h"
#include "pace.h"

KFAAS_LICENSE("Dual BSD/GPL");

SEC("xdp")
int source(struct xdp_md *ctx)
{
	__u32 cpu = bpf_get_smp_processor_id(), thread = 0;
	struct gen_thread *t;
	__u64 due = 0;

	if (thread_count > 1)
		thread = thread_of[cpu & (GEN_CPUS - 1)];
	t = &threads[thread & (GEN_THREADS - 1)];
	if (!t->began)
		t->began = t->due = bpf_ktime_get_ns();
	if (interval_ns) {
		due = next_due(t, cpu);
		if (!due)
			return XDP_DROP;
	}
	return make(ctx, thread, due);
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
		return make(ctx, thread, 0);
	return XDP_DROP;
}
