// SPDX-License-Identifier: Apache-2.0
/* template.c - kinds of requests, and the built-in frames of each. */
#include "template.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "../../loader/log.h"
#include "frame.h"

#define DNS_HEADER	12
#define QUESTION_REST	4 /* type and class */
#define NTP_BYTES	48
#define NTP_VERSION4	0x23 /* and mode 3, client */
#define TCP_BYTES	24   /* with the option for the segment size */
#define ICMP_REQUEST	8
#define ICMP6_REQUEST	128
#define PAYLOAD_DEFAULT 22 /* of echo and ping: a frame of 64 bytes in IPv4 */

const struct kind kinds[GEN_KINDS] = {
	[GEN_ECHO] = {"echo", "UDP echo: the payload must come back", IPPROTO_UDP, IPPROTO_UDP, 7, 8, 8, 8, 8, 6},
	[GEN_PING] = {"ping", "ICMP echo", IPPROTO_ICMP, IPPROTO_ICMPV6, 0, 8, 8, 8, 8, 2},
	[GEN_DNS] = {"dns", "DNS over UDP: a response with our id and question", IPPROTO_UDP, IPPROTO_UDP, 53, 8, 8, 2,
		     8, 6},
	[GEN_NTP] = {"ntp", "NTP: a server's answer to our transmit time stamp", IPPROTO_UDP, IPPROTO_UDP, 123, 8, 48,
		     8, 32, 6},
	[GEN_SYN] = {"syn", "TCP SYN: a SYN-ACK of our number", IPPROTO_TCP, IPPROTO_TCP, 80, 20, 4, 4, 8, 16},
	[GEN_RAW] = {"raw", "frames as they are; answers are not looked at", 0, 0, 0, 0, 0, 0, 0, 0},
};

int kind_find(const char *name)
{
	for (int i = 0; i < GEN_KINDS; i++)
		if (!strcmp(name, kinds[i].name))
			return i;
	return -1;
}

/* --- Built-in frames: the payload of L4 by kind; each returns its length */

static size_t put_pattern(unsigned char *payload, size_t size)
{
	for (size_t i = 0; i < size; i++)
		payload[i] = 'a' + i % 26;
	return size;
}

static size_t put_tcp(unsigned char *l4)
{
	static const unsigned char rest[] = {6 << 4, 2 /* SYN */, 0xfa, 0xf0, 0, 0, 0, 0, 2, 4, 1460 >> 8, 1460 & 0xff};

	memcpy(l4 + 12, rest, sizeof(rest));
	return TCP_BYTES;
}

static size_t put_question(unsigned char *dns, const unsigned char *name, size_t len, unsigned type)
{
	static const unsigned char header[DNS_HEADER] = {0, 0, 1 /* recursion desired */, 0, 0, 1};
	unsigned char *at = dns + DNS_HEADER;

	memcpy(dns, header, sizeof(header));
	memcpy(at, name, len);
	memcpy(at + len, (unsigned char[]){type >> 8, type, 0, 1}, 4);
	return DNS_HEADER + len + 4;
}

/* Ethernet and IP around what is L4 already, and UDP's length. */
static void wrap(struct gen_template *t, const struct request *r, size_t l4_len)
{
	const struct kind *k = &kinds[r->kind];
	unsigned char *b = frame_bytes(t), *ip = b + FRAME_ETHER, *l4 = b + FRAME_L4(r->target.family);
	size_t total = 20 + l4_len;

	if (r->target.family == 4) {
		memcpy(b + 12, (unsigned char[]){8, 0}, 2);
		memcpy(ip, (unsigned char[]){0x45, 0, total >> 8, total, 0, 0, 0x40, 0, 64, k->proto}, 10);
	} else {
		memcpy(b + 12, (unsigned char[]){0x86, 0xdd}, 2);
		memcpy(ip, (unsigned char[]){0x60, 0, 0, 0, l4_len >> 8, l4_len, k->proto6, 64}, 8);
	}
	if (k->proto == IPPROTO_UDP)
		memcpy(l4 + 4, (unsigned char[]){l4_len >> 8, l4_len}, 2);
	t->l4_len = l4_len;
	t->len = l4 - b + l4_len;
}

static int built_in(struct gen_template *t, const struct request *r, size_t i)
{
	unsigned char *l4 = frame_bytes(t) + FRAME_L4(r->target.family), name[255];
	size_t size = r->sizes.n ? r->sizes.list[i] : PAYLOAD_DEFAULT;
	const struct kind *k = &kinds[r->kind];
	const struct query *q;

	switch (r->kind) {
	case GEN_PING:
		l4[0] = r->target.family == 4 ? ICMP_REQUEST : ICMP6_REQUEST;
		/* fall through */
	case GEN_ECHO:
		size = put_pattern(l4 + k->header, size);
		t->checked = size - 8;
		break;
	case GEN_DNS:
		q = &r->queries.list[i];
		size = put_question(l4 + k->header, name, dns_name(q->name, name), q->type);
		t->checked = size - DNS_HEADER;
		break;
	case GEN_NTP:
		l4[k->header] = NTP_VERSION4;
		size = NTP_BYTES;
		break;
	case GEN_SYN:
		size = put_tcp(l4) - k->header;
		break;
	default:
		return fail_input("raw: no frames: give them with --frames");
	}
	wrap(t, r, k->header + size);
	return 0;
}

/* --- All of them */

static size_t how_many(const struct request *r)
{
	if (r->frames.n)
		return r->frames.n;
	if (r->kind == GEN_DNS)
		return r->queries.n;
	return r->sizes.n ? r->sizes.n : 1;
}

/* Bytes that are enough for each frame: rows as short as can be, so that a million fit. */
static size_t longest(const struct request *r)
{
	size_t headers = FRAME_L4(r->target.family) + kinds[r->kind].header, most = 0;

	for (size_t i = 0; i < r->frames.n; i++)
		most = r->frames.list[i].len > most ? r->frames.list[i].len : most;
	for (size_t i = 0; i < r->sizes.n; i++)
		most = headers + r->sizes.list[i] > most ? headers + r->sizes.list[i] : most;
	if (r->queries.n)
		most = headers + DNS_HEADER + r->queries.longest + QUESTION_REST;
	if (most < headers + NTP_BYTES) /* all the other built-in ones */
		most = headers + NTP_BYTES;
	return most < GEN_FRAME_MAX ? (most + 7) / 8 * 8 : GEN_FRAME_MAX;
}

int templates_make(struct templates *t, const struct request *r)
{
	size_t n = how_many(r);
	int rc = 0;

	*t = (struct templates){.row = sizeof(struct gen_template) + longest(r)};
	if (!n)
		return fail_input("dns: no name to ask for: give --name NAME or --names FILE");
	if (n > TEMPLATES_MAX)
		return fail_input("%zu different requests are too many: %u at most", n, TEMPLATES_MAX);
	t->rows = calloc(n, t->row);
	if (!t->rows)
		return fail_memory();
	for (size_t i = 0; i < n && !rc; i++) {
		struct gen_template *f = template_at(t, t->n++);

		rc = r->frames.n ? frame_captured(f, r, i) : built_in(f, r, i);
		if (!rc && f->len > r->target.mtu + FRAME_ETHER)
			rc = fail_input("a request of %u bytes is longer than %s takes (MTU %u and 14 bytes)", f->len,
					r->target.ifname, r->target.mtu);
		if (!rc)
			frame_finish(f, r);
	}
	if (rc)
		templates_free(t);
	return rc;
}

void templates_free(struct templates *t)
{
	free(t->rows);
	*t = (struct templates){0};
}
