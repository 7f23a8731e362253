// SPDX-License-Identifier: Apache-2.0
/* judge.c - queries in words, and what every DNS answer has to be, whatever it says. */
#include <stdio.h>
#include <string.h>

#include "judge.h"

#define HEADER 12

static void put16(uint8_t *at, unsigned v)
{
	at[0] = v >> 8;
	at[1] = v;
}

static unsigned get16(const uint8_t *at)
{
	return at[0] << 8 | at[1];
}

size_t ask_payload(uint8_t *bytes, const struct ask *a)
{
	size_t len = HEADER;

	if (a->raw)
		return test_hex(a->raw, bytes, 600);
	memset(bytes, 0, HEADER);
	put16(bytes, 0x1234);
	put16(bytes + 2, a->flags);
	put16(bytes + 4, 1);
	put16(bytes + 10, a->opt != NULL);
	for (const char *label = a->name; *label; label += strcspn(label, "."), label += *label == '.') {
		size_t n = strcspn(label, ".");

		bytes[len++] = n;
		memcpy(bytes + len, label, n);
		len += n;
	}
	bytes[len++] = 0;
	put16(bytes + len, a->type);
	put16(bytes + len + 2, a->class ? a->class : 1);
	len += 4;
	return len + test_hex(a->opt, bytes + len, 600 - len);
}

size_t ask_frame(uint8_t *frame, const struct ask *a)
{
	static uint8_t payload[600];
	struct packet p = a->frame;

	p.proto = p.proto ? p.proto : IPPROTO_UDP;
	p.sport = p.sport ? p.sport : 40000;
	p.dport = 53;
	p.payload = (char *)payload;
	p.bytes = ask_payload(payload, a);
	return packet_build(frame, &p);
}

const uint8_t *judge_payload(const uint8_t *frame, size_t *len)
{
	const uint8_t *at = frame + 12;

	while (get16(at) == ETH_P_8021Q || get16(at) == ETH_P_8021AD)
		at += 4;
	at += get16(at) == ETH_P_IP ? 22 : 42;
	*len = get16(at + 4) - 8;
	return at + 8;
}

/* The end of the name at AT, or 0; pointers must go back, and to a sound name. */
static size_t name_end(const uint8_t *m, size_t len, size_t at)
{
	size_t end = 0, bytes = 0, floor = at;

	for (;;) {
		if (at >= len)
			return 0;
		if (m[at] >= 0xc0) {
			size_t to = at + 1 < len ? get16(m + at) & 0x3fff : len;

			if (to >= floor || to < HEADER)
				return 0;
			end = end ? end : at + 2;
			floor = at = to;
			continue;
		}
		bytes += m[at] + 1;
		if (m[at] > 63 || bytes > 255)
			return 0;
		if (!m[at])
			return end ? end : at + 1;
		at += m[at] + 1;
	}
}

/* Names in the data of the types that compress them. */
static bool data_sound(const uint8_t *m, size_t at, size_t end, unsigned type)
{
	size_t names = type == 6 || type == 14 ? 2 : type == 2 || type == 5 || type == 12 || type == 15;

	at += type == 15 ? 2 : 0;
	for (size_t i = 0; i < names; i++) {
		at = name_end(m, end, at);
		if (!at)
			return false;
	}
	return !names || at + (type == 6 ? 20 : 0) == end;
}

struct opt {
	bool there;
	unsigned size, flags;
};

/* The end of COUNT records from AT, or 0. */
static size_t records_end(const uint8_t *m, size_t len, size_t at, unsigned count, struct opt *opt)
{
	for (; count; count--) {
		size_t fields = name_end(m, len, at), end;

		if (!fields || fields + 10 > len)
			return 0;
		end = fields + 10 + get16(m + fields + 8);
		if (end > len || !data_sound(m, fields + 10, end, get16(m + fields)))
			return 0;
		if (get16(m + fields) == 41)
			*opt = (struct opt){true, get16(m + fields + 2), get16(m + fields + 6)};
		at = end;
	}
	return at;
}

const char *judge_answer(const uint8_t *in, size_t in_len, const uint8_t *out, size_t out_len)
{
	struct opt asked = {0}, answered = {0};
	size_t q_len, a_len, question, end, limit;
	const uint8_t *q, *a;

	(void)in_len, (void)out_len; /* answer_fault() has seen that all lengths agree */
	q = judge_payload(in, &q_len);
	a = judge_payload(out, &a_len);
	if (q_len < HEADER || get16(q + 2) & 0xfe4f || get16(q + 4) != 1 || get16(q + 6) || get16(q + 8))
		return "answered what is not a plain query";
	question = name_end(q, q_len, HEADER);
	if (!question || question + 4 > q_len || get16(q + question + 2) != 1)
		return "answered a query whose question is not sound";
	question += 4;
	if (records_end(q, q_len, question, get16(q + 10), &asked) != q_len || asked.there != get16(q + 10))
		return "answered a query that has other things behind its question";
	if (a_len < question || memcmp(a, q, 2) || memcmp(a + HEADER, q + HEADER, question - HEADER))
		return "id or question changed";
	if ((get16(a + 2) & 0xf9f0) != (0x8000 | (get16(q + 2) & 0x0100)) || get16(a + 4) != 1)
		return "wrong flags or count of questions";
	end = records_end(a, a_len, question, get16(a + 6) + get16(a + 8) + get16(a + 10), &answered);
	if (end != a_len)
		return "sections do not end where the datagram does, or have bad names";
	if (asked.there != answered.there || (asked.flags & 0x8000) != answered.flags)
		return "EDNS not as asked";
	limit = !asked.there || asked.size < 512 ? 512 : asked.size > 1232 ? 1232 : asked.size;
	if (a_len > limit)
		return "longer than allowed";
	if (get16(a + 2) & 0x0200 && get16(a + 6) + get16(a + 8))
		return "records in a truncated answer";
	return NULL;
}
