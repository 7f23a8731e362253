/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* hello.bpf.c - answers UDP datagrams with a number and keeps a note of it: the example to start from. */
#include <kfaas.h>

KFAAS_LICENSE("Dual BSD/GPL");
KFAAS_MANIFEST("on = udp/1717\n"
	       "limit = 10000/s\n");
KFAAS_SETTING(__u32, number, 42);
KFAAS_LOG_MAP(1 << 16);

SEC("xdp")
int hello(struct xdp_md *ctx)
{
	struct kfaas_packet p;
	__be32 *payload;

	if (!kfaas_parse(ctx, &p) || !kfaas_udp_any(&p) || !kfaas_payload(&p, 0, sizeof(*payload)) ||
	    !kfaas_resize_udp(ctx, &p, sizeof(*payload)))
		return XDP_PASS;
	payload = kfaas_payload(&p, 0, sizeof(*payload));
	if (!payload)
		return XDP_DROP;
	*payload = bpf_htonl(number);
	kfaas_log(KFAAS_NOTICE, "told IPv%u %u", p.family, number);
	return kfaas_reply_udp(ctx, &p);
}
