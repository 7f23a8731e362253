/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* mark.bpf.c - answers UDP with its setting `text`: an answer tells which revision or instance it is from. */
#include <kfaas.h>

#ifndef MARK_TEXT
#define MARK_TEXT "one"
#endif

KFAAS_LICENSE("Dual BSD/GPL");
KFAAS_MANIFEST("on = udp/7000\n");
const volatile char text[16] = MARK_TEXT;

SEC("xdp")
int mark(struct xdp_md *ctx)
{
	struct kfaas_packet p;
	__u32 len = 0;
	char *at;

	for (int i = 0; i < (int)sizeof(text) && text[i]; i++)
		len++;
	if (!kfaas_parse(ctx, &p) || !kfaas_udp(&p) || !kfaas_resize_udp(ctx, &p, len))
		return XDP_PASS;
	for (int i = 0; i < (int)sizeof(text) && text[i]; i++) {
		at = kfaas_payload(&p, i, 1);
		if (!at)
			return XDP_DROP;
		*at = text[i];
	}
	return kfaas_reply_udp(ctx, &p);
}
