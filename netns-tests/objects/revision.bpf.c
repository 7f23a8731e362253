// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* revision.bpf.c - sends UDP datagrams back with its setting in the payload's fifth byte: the answer
 * says which revision gave it. */
#include <stddef.h>
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/udp.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

const volatile __u8 revision = 1;

struct frame {
	struct ethhdr eth;
	struct iphdr ip;
	struct udphdr udp;
	__u8 payload[5];
} __attribute__((packed));

SEC("xdp")
int answer_revision(struct xdp_md *ctx)
{
	struct frame *f = (void *)(long)ctx->data;
	unsigned char mac[ETH_ALEN];
	__be32 address;
	__be16 port;

	if ((void *)(f + 1) > (void *)(long)ctx->data_end || f->eth.h_proto != bpf_htons(ETH_P_IP) || f->ip.ihl != 5 ||
	    f->ip.protocol != IPPROTO_UDP)
		return XDP_PASS;
	__builtin_memcpy(mac, f->eth.h_dest, ETH_ALEN);
	__builtin_memcpy(f->eth.h_dest, f->eth.h_source, ETH_ALEN);
	__builtin_memcpy(f->eth.h_source, mac, ETH_ALEN);
	address = f->ip.daddr;
	f->ip.daddr = f->ip.saddr;
	f->ip.saddr = address;
	port = f->udp.dest;
	f->udp.dest = f->udp.source;
	f->udp.source = port;
	f->udp.check = 0; /* none: allowed over IPv4 */
	f->payload[4] = revision;
	return XDP_TX;
}

char manifest[] SEC(".kfaas") = "on = udp/7777\n";
char LICENSE[] SEC("license") = "Dual BSD/GPL";
