// SPDX-License-Identifier: Apache-2.0
/* http-frame.c - see http-frame.h. */
#include "http-frame.h"

#include <arpa/inet.h>
#include <linux/ip.h>
#include <linux/tcp.h>
#include <string.h>

#include "../gen/sum.h"

/* TCP's header and options, without what varies; returns its length. */
static size_t write_tcp(struct tcphdr *tcp, enum client_send kind)
{
	static const unsigned char mss[] = {2, 4, 1460 >> 8, 1460 & 255},
				   stamps[] = {1, 1, 8, 10, 0, 0, 0, 0, 0, 0, 0, 0};
	unsigned char *at = (unsigned char *)(tcp + 1);

	tcp->dest = htons(CLIENT_PORT);
	tcp->window = htons(65535);
	tcp->syn = kind == SEND_SYN;
	tcp->ack = kind != SEND_SYN;
	tcp->rst = kind == SEND_RST;
	tcp->psh = kind == SEND_GET;
	tcp->fin = kind == SEND_FIN;
	if (kind == SEND_SYN) {
		memcpy(at, mss, sizeof(mss));
		at += sizeof(mss);
	}
	memcpy(at, stamps, sizeof(stamps));
	at += sizeof(stamps);
	tcp->doff = (at - (unsigned char *)tcp) / 4;
	return at - (unsigned char *)tcp;
}

void frame_build(struct client_frame *f, enum client_send kind, const struct frame_ends *e, const char *request)
{
	struct ethhdr *eth = (void *)f->word;
	struct iphdr *ip = (void *)(eth + 1);
	struct tcphdr *tcp = (void *)(ip + 1);
	size_t len = write_tcp(tcp, kind);

	if (kind == SEND_GET) {
		memcpy((char *)tcp + len, request, strlen(request));
		len += strlen(request);
	}
	memcpy(eth->h_source, e->from_mac, ETH_ALEN);
	memcpy(eth->h_dest, e->to_mac, ETH_ALEN);
	eth->h_proto = htons(ETH_P_IP);
	*ip = (struct iphdr){.version = 4,
			     .ihl = 5,
			     .ttl = 64,
			     .protocol = IPPROTO_TCP,
			     .frag_off = htons(0x4000),
			     .tot_len = htons(sizeof(*ip) + len),
			     .saddr = e->from,
			     .daddr = e->to};
	ip->check = ~sum_fold(sum_of(ip, sizeof(*ip)));
	f->len = (char *)tcp + len - (char *)f->word;
	f->sum = sum_fold(sum_of(tcp, len) + sum_of(&ip->saddr, 8) + htons(IPPROTO_TCP) + htons(len));
	memcpy(&f->last, (char *)f->word + f->len - sizeof(f->last), sizeof(f->last));
}
