/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* wrong.bpf.c - a UDP echo that answers wrongly, in the way that its setting names, for tests of kfaas-gen. */
#include <kfaas.h>

KFAAS_LICENSE("Dual BSD/GPL");
KFAAS_MANIFEST("on = udp/7\n");

enum fault { NONE, CONTENT, SUM, IP_SUM, ADDRESS, UNKNOWN, LENGTH, SWALLOW };

KFAAS_SETTING(enum fault, fault, NONE);
KFAAS_SETTING(__u32, every, 1);	     /* one answer in so many is wrong, the rest are right */
KFAAS_SETTING(__u32, before_end, 0); /* CONTENT: so many bytes before the end; 0: soon behind the token */

__u32 seen;

#define TOKEN	8  /* in the datagram */
#define PAYLOAD 18 /* behind the token */

SEC("xdp")
int wrong(struct xdp_md *ctx)
{
	struct kfaas_packet p;
	__u32 at = PAYLOAD;
	kfaas_u16 *word;
	int verdict;

	if (!kfaas_parse(ctx, &p) || !kfaas_udp(&p))
		return XDP_PASS;
	verdict = kfaas_return_udp(ctx, &p);
	word = p.l4;
	if (verdict != XDP_TX || __sync_fetch_and_add(&seen, 1) % every || (void *)(word + 15) > p.end)
		return verdict;
	switch (fault) {
	case NONE:
		break;
	case CONTENT: /* two words swapped: no checksum sees that */
		if (before_end)
			at = p.l4_len - before_end;
		barrier_var(at);
		word = p.l4 + (at & 0x7ff);
		if ((void *)(word + 2) > p.end)
			break;
		word[0] ^= word[1];
		word[1] ^= word[0];
		word[0] ^= word[1];
		break;
	case SUM:
		word[PAYLOAD / 2] ^= 1;
		break;
	case IP_SUM:
		if (p.family == 4)
			((struct iphdr *)p.l3)->check ^= 1;
		break;
	case ADDRESS:
		word[1] ^= bpf_htons(1);
		break;
	case UNKNOWN:
		word[TOKEN / 2] ^= 0xffff;
		break;
	case LENGTH:
		word[2] = bpf_htons(12);
		break;
	case SWALLOW:
		return XDP_DROP;
	}
	return XDP_TX;
}
