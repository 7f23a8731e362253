// SPDX-License-Identifier: Apache-2.0
/* frame.c - see frame.h. */
#include "frame.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include "../../loader/log.h"
#include "sum.h"

#define ETHER_IP4  0x0800
#define ETHER_IP6  0x86dd
#define DNS_HEADER 12u
#define NTP_BYTES  48u
#define TCP_FLAGS  13
#define TCP_SYN	   2

static unsigned get16(const unsigned char *p)
{
	return p[0] << 8 | p[1];
}

/* --- Captured frames */

static int bad_frame(size_t i, const char *why)
{
	return fail_input("frame %zu is not one to send: %s", i + 1, why);
}

/* Ethernet and IP: bytes from L4 on, or 0 with fail_input() said. */
static unsigned captured_ip(const struct gen_template *t, const struct request *r, size_t i)
{
	const unsigned char *b = (const void *)t->word, *ip = b + FRAME_ETHER;
	const struct kind *k = &kinds[r->kind];
	unsigned total, header = r->target.family == 4 ? 20 : 40, proto;

	if (t->len < FRAME_ETHER + header || get16(b + 12) != (r->target.family == 4 ? ETHER_IP4 : ETHER_IP6)) {
		bad_frame(i, r->target.family == 4 ? "no IPv4, as --to is" : "no IPv6, as --to is");
		return 0;
	}
	if (r->target.family == 4 && (ip[0] != 0x45 || get16(ip + 6) & 0x3fff)) {
		bad_frame(i, "with IP options, or a fragment");
		return 0;
	}
	total = r->target.family == 4 ? get16(ip + 2) : 40 + get16(ip + 4);
	proto = r->target.family == 4 ? ip[9] : ip[6];
	if (total > t->len - FRAME_ETHER || total < header + k->header) {
		bad_frame(i, "cut short");
		return 0;
	}
	if (proto != (r->target.family == 4 ? k->proto : k->proto6)) {
		bad_frame(i, "of another IP protocol");
		return 0;
	}
	return total - header;
}

/* The length of a DNS question; 0: not exactly one, or damaged. */
static unsigned question(const unsigned char *dns, unsigned len)
{
	unsigned at = DNS_HEADER;

	if (len < DNS_HEADER || get16(dns + 4) != 1)
		return 0;
	while (at < len && dns[at]) {
		if (dns[at] > 63)
			return 0;
		at += dns[at] + 1;
	}
	at += 5; /* the root, type and class */
	return at <= len ? at - DNS_HEADER : 0;
}

static int captured_l4(struct gen_template *t, const struct request *r, size_t i)
{
	const struct kind *k = &kinds[r->kind];
	unsigned char *l4 = frame_bytes(t) + FRAME_L4(r->target.family), *payload = l4 + k->header;
	unsigned len = t->l4_len - k->header;

	if (k->proto == IPPROTO_UDP && get16(l4 + 4) != t->l4_len)
		return bad_frame(i, "the lengths in IP and UDP differ");
	switch (r->kind) {
	case GEN_PING:
		if (l4[0] != (r->target.family == 4 ? 8 : 128))
			return bad_frame(i, "no echo request");
		/* fall through */
	case GEN_ECHO:
		t->checked = len - 8;
		return len < GEN_PAYLOAD ? bad_frame(i, "less than 16 bytes of payload") : 0;
	case GEN_DNS:
		t->checked = question(payload, len);
		return !t->checked ? bad_frame(i, "no DNS message with one question") : 0;
	case GEN_NTP:
		return len < NTP_BYTES || (payload[0] & 7) != 3 ? bad_frame(i, "no NTP client's request") : 0;
	case GEN_SYN:
		return (l4[TCP_FLAGS] & 0x3f) != TCP_SYN ? bad_frame(i, "no SYN") : 0;
	default:
		return 0;
	}
}

int frame_captured(struct gen_template *t, const struct request *r, size_t i)
{
	const struct packet *p = &r->frames.list[i];

	if (p->len > GEN_FRAME_MAX)
		return bad_frame(i, "too long");
	memcpy(t->word, p->bytes, p->len);
	t->len = p->len;
	if (r->kind == GEN_RAW)
		return 0;
	t->l4_len = captured_ip(t, r, i);
	return t->l4_len ? captured_l4(t, r, i) : -EINVAL;
}

/* --- The end of it */

static void put_addresses(unsigned char *b, const struct request *r)
{
	unsigned char *ip = b + FRAME_ETHER;
	size_t len = r->target.family == 4 ? 4 : 16;
	unsigned char *source = ip + (r->target.family == 4 ? 12 : 8);

	memcpy(b, r->target.mac, 6);
	memcpy(b + 6, r->target.own_mac, 6);
	memcpy(source + len, &r->target.server, len);
	if (r->from.n == 1)
		memcpy(source, &r->from.list[0], len);
	else if (r->from.n)
		memset(source, 0, len);
}

static void put_port(unsigned char *at, const struct numbers *ports)
{
	unsigned port = ports->n == 1 ? ports->list[0] : 0;

	if (ports->n)
		memcpy(at, (unsigned char[]){port >> 8, port}, 2);
}

static uint64_t pseudo(const unsigned char *b, const struct request *r, unsigned l4_len)
{
	const unsigned char *ip = b + FRAME_ETHER;
	unsigned proto = r->target.family == 4 ? kinds[r->kind].proto : kinds[r->kind].proto6;

	if (proto == IPPROTO_ICMP)
		return 0;
	return htons(proto) + htons(l4_len) + (r->target.family == 4 ? sum_of(ip + 12, 8) : sum_of(ip + 8, 32));
}

void frame_finish(struct gen_template *t, const struct request *r)
{
	const struct kind *k = &kinds[r->kind];
	unsigned char *b = frame_bytes(t), *ip = b + FRAME_ETHER, *l4 = b + FRAME_L4(r->target.family);
	uint16_t check;

	if (t->len < GEN_FRAME_MIN)
		t->len = GEN_FRAME_MIN;
	t->has_words = t->len / 8;
	if (r->kind == GEN_RAW)
		return;
	put_addresses(b, r);
	if (r->kind == GEN_PING) {
		memcpy(l4 + 4, (unsigned short[]){r->ping_id, 0}, 4);
	} else {
		put_port(l4, &r->source_ports);
		put_port(l4 + 2, &r->ports);
	}
	memset(l4 + k->token_at, 0, k->token_bytes);
	memset(l4 + k->check_at, 0, 2);
	if (r->target.family == 4) {
		memset(ip + 10, 0, 2);
		t->ip_sum = sum_fold(sum_of(ip, 20));
		check = ~t->ip_sum;
		memcpy(ip + 10, &check, 2);
	}
	t->l4_sum = sum_fold(sum_of(l4, t->l4_len) + pseudo(b, r, t->l4_len));
}
