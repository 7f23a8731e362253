/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* settings.bpf.c - answers UDP with its settings in hexadecimal: small short flag color big, then the text. */
#include <kfaas.h>

KFAAS_LICENSE("Dual BSD/GPL");
KFAAS_MANIFEST("on = udp/7200\n");

enum color { RED, GREEN = 7, BLUE };

KFAAS_SETTING(__u8, small, 1);
KFAAS_SETTING(__s16, number, -2);
KFAAS_SETTING(bool, flag, false);
KFAAS_SETTING(enum color, color, RED);
KFAAS_SETTING(__u64, big, 5);
const volatile char word[4] = "abc";

#define HEX(v, bytes)                                                                                                  \
	for (int i = (bytes)-1; i >= 0; i--) {                                                                         \
		__u8 b = (__u64)(v) >> (8 * i);                                                                        \
		*at++ = "0123456789abcdef"[b >> 4];                                                                    \
		*at++ = "0123456789abcdef"[b & 15];                                                                    \
	}

#define LEN (2 * (1 + 2 + 1 + 1 + 8) + 4)

SEC("xdp")
int settings(struct xdp_md *ctx)
{
	struct kfaas_packet p;
	char *at;

	if (!kfaas_parse(ctx, &p) || !kfaas_udp(&p) || !kfaas_resize_udp(ctx, &p, LEN))
		return XDP_PASS;
	at = kfaas_payload(&p, 0, LEN);
	if (!at)
		return XDP_DROP;
#pragma unroll
	HEX(small, 1)
#pragma unroll
	HEX(number, 2)
#pragma unroll
	HEX(flag, 1)
#pragma unroll
	HEX(color, 1)
#pragma unroll
	HEX(big, 8)
#pragma unroll
	for (int i = 0; i < 4; i++)
		*at++ = word[i] ? word[i] : '.';
	return kfaas_reply_udp(ctx, &p);
}
