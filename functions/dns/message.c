// SPDX-License-Identifier: Apache-2.0
/* message.c - the wire form of an answer: names, compression (RFC 1035 4.1.4), and which pointers move when the name
 * asked for is longer than the one it was written for. */
#include <arpa/inet.h>
#include <string.h>

#include "message.h"

#define QUESTION_AT 12
#define POINTER	    0xc000

static void put(struct message *m, const void *bytes, size_t len)
{
	if (m->len + len > sizeof(m->bytes))
		m->full = true;
	else
		memcpy(m->bytes + m->len, bytes, len);
	m->len += m->full ? 0 : len;
}

static void put16(struct message *m, uint16_t value)
{
	uint16_t net = htons(value);

	put(m, &net, sizeof(net));
}

static void remember(struct message *m, size_t at)
{
	if (m->places < MESSAGE_PLACES && at < 0x3fff && !m->full)
		m->place[m->places++] = at;
}

static void put_pointer(struct message *m, size_t to)
{
	bool moves = m->audience == FOR_BELOW || (m->audience == FOR_WILD && to != QUESTION_AT);

	if (moves && m->shifts < MESSAGE_PLACES)
		m->shift[m->shifts++] = m->len - m->body_at;
	put16(m, POINTER | to);
}

/* The name in M at AT is NAME. */
static bool name_at(const struct message *m, size_t at, const uint8_t *name)
{
	uint8_t whole[NAME_MAX_BYTES];
	size_t len = 0;

	for (;;) {
		const uint8_t *label = m->bytes + at;

		if (*label >= 0xc0) {
			at = (label[0] & 0x3f) << 8 | label[1];
			continue;
		}
		memcpy(whole + len, label, *label + 1);
		len += *label + 1;
		at += *label + 1;
		if (!*label)
			return name_equal(whole, name);
	}
}

static void put_name(struct message *m, const uint8_t *name, bool compress)
{
	size_t known = m->places;

	for (; *name; name = name_up(name)) {
		for (size_t i = 0; compress && i < known; i++)
			if (name_at(m, m->place[i], name)) {
				put_pointer(m, m->place[i]);
				return;
			}
		remember(m, m->len);
		put(m, name, *name + 1);
		if (m->full)
			return;
	}
	put(m, name, 1);
}

void message_begin(struct message *m, const uint8_t *name, enum audience audience, bool dnssec)
{
	m->audience = audience;
	m->len = QUESTION_AT;
	m->extra_at = m->places = m->shifts = 0;
	m->full = m->unproved = false;
	m->dnssec = dnssec;
	m->name = name;
	memset(m->count, 0, sizeof(m->count));
	put(m, name, name_len(name));
	/* Of a wildcard's question only what is above it will be there; the name itself is pointed to as owner. */
	if (*name && audience == FOR_WILD)
		name = name_up(name);
	for (size_t at = QUESTION_AT + name_len(m->name) - name_len(name); *name; name = name_up(name)) {
		remember(m, at);
		at += *name + 1;
	}
	m->len += 4;
	m->body_at = m->len;
}

void message_add(struct message *m, enum section section, const uint8_t *owner, const struct record *r, uint32_t ttl)
{
	size_t skip, names = record_names(r->type, &skip), len_at, start = m->len;
	const uint8_t *data = r->data;
	uint32_t net_ttl = htonl(ttl);
	uint16_t len;

	if (!owner || name_equal(owner, m->name))
		put_pointer(m, QUESTION_AT);
	else
		put_name(m, owner, true);
	put16(m, r->type);
	put16(m, 1);
	put(m, &net_ttl, sizeof(net_ttl));
	len_at = m->len;
	put16(m, 0);
	put(m, data, skip);
	for (data += skip; names; names--) {
		put_name(m, data, true);
		data += name_len(data);
	}
	put(m, data, r->data + r->len - data);
	if (m->full) {
		m->len = start;
		return;
	}
	len = htons(m->len - len_at - 2);
	memcpy(m->bytes + len_at, &len, sizeof(len));
	m->count[section]++;
}

void message_extra(struct message *m)
{
	m->extra_at = m->len;
}

uint16_t message_sum(const uint8_t *bytes, size_t len)
{
	uint32_t all = 0;

	for (size_t i = 0; i < len; i++)
		all += i % 2 ? bytes[i] : bytes[i] << 8;
	all = (all >> 16) + (all & 0xffff);
	return (all >> 16) + all;
}

void message_row(const struct message *m, unsigned flags, struct dns_answer *row, struct kfaas_bytes_dns_large *large)
{
	size_t len = m->len - m->body_at, list = (len + 1) & ~(size_t)1;
	size_t all = m->shifts ? list + 2 * m->shifts : len;
	uint8_t *bytes = all > sizeof(row->body.bytes) ? large->bytes : row->body.bytes;

	*row = (struct dns_answer){.flags = htons(DNS_QR | (flags & 0xffff)),
				   .marks = flags >> DNS_MARKS,
				   .qd = htons(1),
				   .name_len = name_len(m->name)};
	memset(large, 0, sizeof(*large));
	if (m->shifts > DNS_SHIFTS) {
		row->marks = DNS_PASS >> DNS_MARKS;
		return;
	}
	if (m->full || len > DNS_BODY) {
		row->flags |= htons(DNS_TC);
		return;
	}
	row->len = len;
	row->an = htons(m->count[ANSWER]);
	row->ns = htons(m->count[AUTHORITY]);
	row->ar = htons(m->count[ADDITIONAL]);
	row->extra = m->extra_at ? m->len - m->extra_at : 0;
	row->shifts = m->shifts;
	row->sum = message_sum(m->bytes + m->body_at, len);
	memcpy(bytes, m->bytes + m->body_at, len);
	for (size_t i = 0; i < m->shifts; i++) {
		uint16_t at = htons(m->shift[i]);

		memcpy(bytes + list + 2 * i, &at, sizeof(at));
	}
	if (bytes == large->bytes)
		large->len = all;
	else
		row->body.len = all;
}
