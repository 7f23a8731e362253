/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* pad.bpf.c - tc egress: a client's frames with padding behind the datagram, as much as an answer needs. Since 6.3 or
 * so veth gives a frame on its way in no room to grow; the buffers of a NIC have it. */
#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <bpf/bpf_helpers.h>

SEC("tc")
int pad(struct __sk_buff *skb)
{
	if (skb->len < 1300)
		bpf_skb_change_tail(skb, 1300, 0);
	return TC_ACT_OK;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
