/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* call.bpf.c - invokes a program as the gate does, by a tail call in a subprogram, so that the verdict comes back; and
 * does nothing else. No gate that sees verdicts of unmodified programs is cheaper. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 1);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(__u32));
} programs SEC(".maps");

__noinline int invoke(struct xdp_md *ctx)
{
	int missing;

	bpf_tail_call_static(ctx, &programs, 0);
	/* Behind the compiler's back, which else takes it for the only value there is to return. */
	asm volatile("%0 = %1" : "=r"(missing) : "i"(XDP_ABORTED));
	return missing;
}

SEC("xdp")
int call(struct xdp_md *ctx)
{
	int verdict = invoke(ctx);

	return verdict > XDP_REDIRECT ? XDP_ABORTED : verdict;
}

char _license[] SEC("license") = "Dual BSD/GPL";
