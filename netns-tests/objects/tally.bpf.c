/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* tally.bpf.c - answers UDP with how many it has answered, 1 to 9999 in four digits; two counts, one in a map of its
 * own and one in a global variable: "00120012". */
#include <kfaas.h>

#ifndef TALLY_ENTRIES
#define TALLY_ENTRIES 1
#endif

KFAAS_LICENSE("Dual BSD/GPL");
KFAAS_MANIFEST("on = udp/7100\n");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__type(key, __u32);
	__type(value, __u64);
	__uint(max_entries, TALLY_ENTRIES);
} answers SEC(".maps");

__u64 answered;

static __always_inline void digits(char *at, __u64 n)
{
	at[0] = '0' + n / 1000 % 10;
	at[1] = '0' + n / 100 % 10;
	at[2] = '0' + n / 10 % 10;
	at[3] = '0' + n % 10;
}

SEC("xdp")
int tally(struct xdp_md *ctx)
{
	struct kfaas_packet p;
	__u32 zero = 0;
	__u64 *n;
	char *at;

	if (!kfaas_parse(ctx, &p) || !kfaas_udp(&p) || !kfaas_resize_udp(ctx, &p, 8))
		return XDP_PASS;
	n = bpf_map_lookup_elem(&answers, &zero);
	at = kfaas_payload(&p, 0, 8);
	if (!n || !at)
		return XDP_DROP;
	digits(at, __sync_fetch_and_add(n, 1) + 1);
	digits(at + 4, __sync_fetch_and_add(&answered, 1) + 1);
	return kfaas_reply_udp(ctx, &p);
}
