// SPDX-License-Identifier: Apache-2.0
/* test_packet.c - packets in words made into frames. */
#include <arpa/inet.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "test_frame.h"

const uint8_t mac_client[6] = {2, 0, 0, 0, 0, 1}, mac_host[6] = {2, 0, 0, 0, 0, 2};
const uint8_t mac_broadcast[6] = {255, 255, 255, 255, 255, 255}, mac_multicast[6] = {1, 0, 0x5e, 0, 0, 1};

#define TTL 61

bool test_hops_lowered;

uint8_t test_hops(uint8_t came)
{
	return !test_hops_lowered || came > 64 ? 64 : came - 1;
}

static void put32(uint8_t *at, uint32_t v)
{
	put16(at, v >> 16);
	put16(at + 2, v);
}

size_t test_hex(const char *hex, uint8_t *out, size_t size)
{
	size_t n = 0;
	unsigned v;

	for (; hex && *hex; hex++) {
		if (isspace((unsigned char)*hex))
			continue;
		if (n == size || sscanf(hex, "%2x", &v) != 1 || !isxdigit((unsigned char)hex[1])) {
			fprintf(stderr, "bad hex in a test: %s\n", hex);
			exit(2);
		}
		out[n++] = v;
		hex++;
	}
	return n;
}

static int family_of(const struct packet *p)
{
	if (p->family)
		return p->family;
	return (p->from && strchr(p->from, ':')) || (p->to && strchr(p->to, ':')) ? 6 : 4;
}

static void put_address(uint8_t *at, int family, const char *text, const char *v4, const char *v6)
{
	if (inet_pton(family == 4 ? AF_INET : AF_INET6, text ? text : family == 4 ? v4 : v6, at) != 1) {
		fprintf(stderr, "bad address in a test: %s\n", text);
		exit(2);
	}
}

static size_t build_l4(uint8_t *l4, const struct packet *p)
{
	size_t len = 0;

	switch (p->proto) {
	case IPPROTO_UDP:
		put16(l4, p->sport);
		put16(l4 + 2, p->dport);
		len = 8;
		break;
	case IPPROTO_TCP:
		put16(l4, p->sport);
		put16(l4 + 2, p->dport);
		put32(l4 + 4, p->tcp_seq);
		put32(l4 + 8, p->tcp_ack);
		len = 20 + test_hex(p->tcp_options, l4 + 20, 40);
		l4[12] = len / 4 << 4;
		l4[13] = p->tcp_flags;
		put16(l4 + 14, p->tcp_window ? p->tcp_window : p->tcp_shut ? 0 : 65535);
		break;
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		l4[0] = p->type;
		l4[1] = p->code;
		put16(l4 + 4, p->icmp_id);
		put16(l4 + 6, p->seq);
		len = 8;
		break;
	}
	for (size_t i = 0; i < p->bytes; i++)
		l4[len + i] = p->payload ? (uint8_t)p->payload[i] : (uint8_t)(i * 7 + 1);
	len += p->bytes;
	if (p->proto == IPPROTO_UDP)
		put16(l4 + 4, len + p->l4_len);
	return len;
}

static void build_sum(uint8_t *ip, uint8_t *l4, size_t len, int family, const struct packet *p)
{
	int place = frame_sum_place(family, p->proto);

	if (place < 0 || len < (size_t)place + 2)
		return;
	if (p->sum == SUM_RIGHT || p->sum == SUM_WRONG)
		put16(l4 + place, frame_l4_sum(ip, l4, family, p->proto, len));
	if (p->sum == SUM_WRONG)
		l4[place] ^= 0x55;
	if (p->sum == SUM_PARTIAL)
		put16(l4 + place, frame_pseudo(ip, family, p->proto, len));
}

/* IP with all that is in it; returns its length. */
static size_t build_ip(uint8_t *ip, const struct packet *p)
{
	int family = family_of(p);
	size_t header = family == 4 ? 20 : 40, len;
	uint8_t *l4;

	header += test_hex(family == 4 ? p->options : p->ext, ip + header, 256);
	l4 = ip + header;
	if (family == 4) {
		ip[0] = 0x40 | header / 4;
		ip[1] = p->tos;
		put16(ip + 4, p->id);
		put16(ip + 6, p->frag);
		ip[8] = p->ttl ? p->ttl : TTL;
		ip[9] = p->proto;
		put_address(ip + 12, 4, p->from, "192.0.2.1", NULL);
		put_address(ip + 16, 4, p->to, "192.0.2.2", NULL);
	} else {
		ip[0] = 0x60 | p->tos >> 4;
		ip[1] = p->tos << 4;
		put16(ip + 2, p->id);
		ip[6] = p->ext ? p->ext_first : p->proto;
		ip[7] = p->ttl ? p->ttl : TTL;
		put_address(ip + 8, 6, p->from, NULL, "2001:db8::1");
		put_address(ip + 24, 6, p->to, NULL, "2001:db8::2");
	}
	len = build_l4(l4, p);
	build_sum(ip, l4, len, family, p);
	if (family == 4)
		put16(ip + 2, header + len + p->ip_len);
	else
		put16(ip + 4, header - 40 + len + p->ip_len);
	if (p->version_ihl)
		ip[0] = p->version_ihl;
	if (family == 4)
		put16(ip + 10, (~frame_sum(ip, header, 0) & 0xffff) ^ (p->bad_ip_sum ? 0x0100 : 0));
	return header + len;
}

size_t packet_build(uint8_t *frame, const struct packet *p)
{
	uint8_t *at = frame + 12;

	memset(frame, 0, TEST_FRAME);
	memcpy(frame, p->to_mac ? p->to_mac : mac_host, 6);
	memcpy(frame + 6, p->from_mac ? p->from_mac : mac_client, 6);
	for (int i = 0; i < p->vlans; i++, at += 4) {
		put16(at, i + 1 < p->vlans ? ETH_P_8021AD : ETH_P_8021Q);
		put16(at + 2, p->vlan[i]);
	}
	put16(at, p->ether ? p->ether : family_of(p) == 4 ? ETH_P_IP : ETH_P_IPV6);
	at += 2;
	at += p->ether ? build_l4(at, p) : build_ip(at, p);
	memset(at, 0xa5, p->trailer);
	return at - frame + p->trailer - p->cut;
}

struct packet packet_turned(struct packet p)
{
	struct packet t = p;
	int family = family_of(&p);

	t.from_mac = p.to_mac ? p.to_mac : mac_host;
	t.to_mac = p.from_mac ? p.from_mac : mac_client;
	t.from = p.to ? p.to : family == 4 ? "192.0.2.2" : "2001:db8::2";
	t.to = p.from ? p.from : family == 4 ? "192.0.2.1" : "2001:db8::1";
	t.sport = p.dport;
	t.dport = p.sport;
	t.ttl = test_hops(p.ttl ? p.ttl : TTL);
	t.sum = SUM_RIGHT;
	if (p.proto == IPPROTO_ICMP || p.proto == IPPROTO_ICMPV6)
		t.type = p.proto == IPPROTO_ICMP ? 0 : 129;
	return t;
}

void packet_zero_sum(struct packet *p, char text[2])
{
	static uint8_t frame[TEST_FRAME];
	struct layout l;
	unsigned zero = p->proto == IPPROTO_UDP ? 0xffff : 0, sum;
	size_t len;

	p->payload = text;
	p->bytes = 2;
	for (unsigned i = 0; i < 65536; i++) {
		text[0] = i >> 8;
		text[1] = i;
		len = packet_build(frame, p);
		if (!frame_layout(frame, len, &l))
			break;
		sum = get16(frame + frame_check(&l));
		if (sum == zero)
			return;
	}
	printf("Bail out! no payload gives a zero checksum\n");
	exit(1);
}
