// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* flood.bpf.c - the two ends of flood.c: `generate` makes requests out of the frames it is given,
 * `take` is where their answers end. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "flood.h"

const volatile struct flood_frame request = {};
const volatile __u64 window = 128;

__u64 sent, answered, unanswered, changes;
__u64 by_revision[256];
__u32 last_revision;

/* No more under way than the wire's rings hold, so that none is lost for want of room. */
SEC("xdp")
int generate(struct xdp_md *ctx)
{
	struct flood_frame *f = (void *)(long)ctx->data;

	if ((void *)(f + 1) > (void *)(long)ctx->data_end)
		return XDP_ABORTED;
	if (sent - answered - unanswered >= window)
		return XDP_DROP;
	/* All of it anew: frames come back as the far side left them. */
	for (int i = 0; i < FLOOD_WORDS; i++)
		f->word[i] = request.word[i];
	sent++;
	return XDP_TX;
}

SEC("xdp")
int take(struct xdp_md *ctx)
{
	struct flood_frame *f = (void *)(long)ctx->data;
	__u32 revision;

	if ((void *)(f + 1) > (void *)(long)ctx->data_end || f->word[FLOOD_MARK_AT] != FLOOD_MARK)
		return XDP_PASS;
	revision = f->byte[FLOOD_REVISION_AT];
	if (!revision) { /* a request, or what was made of it by something else than our function */
		unanswered++;
		return XDP_DROP;
	}
	answered++;
	by_revision[revision & 0xff]++;
	if (revision != last_revision) {
		changes++;
		last_revision = revision;
	}
	return XDP_DROP;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
