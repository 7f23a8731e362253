/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* dispatcher-next.bpf.c - what a dispatcher of the next version of libxdp's protocol would look like from outside:
 * its name, and a constant that begins with the magic number and the version. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

const volatile struct {
	__u8 magic, version, programs, frags;
} conf = {236, 3, 1, 0};

SEC("xdp")
int xdp_dispatcher(struct xdp_md *ctx)
{
	return conf.programs ? XDP_PASS : XDP_ABORTED;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
