// SPDX-License-Identifier: Apache-2.0
/* rows.c - walks the zones and makes the rows of every name: what it is, and an answer for each type. */
#include <arpa/inet.h>
#include <search.h>
#include <string.h>

#include "answer.h"
#include "rows.h"

const char *const rows_names[ROWS_MAPS] = {
	[ROWS_ANSWERS] = "answers", [ROWS_ANSWERS_LONG] = "answers_long", [ROWS_ANSWERS_SIGNED] = "answers_signed",
	[ROWS_OWNERS] = "owners",   [ROWS_OWNERS_LONG] = "owners_long",	  [ROWS_ZONES] = "zones",
	[ROWS_BODIES] = "bodies",
};

struct maker {
	const struct zones *zones;
	const struct zone *zone;
	rows_put *put;
	void *ctx;
	uint32_t bodies;
	bool ok;
	struct message message;
};

/* Give ROW its body, if that is not within it. */
static bool put_body(struct maker *k, struct dns_answer *row, const struct kfaas_bytes_dns_large *large)
{
	if (!large->len)
		return true;
	row->large = k->bodies + 1; /* rows of an array begin with 0, or the loader does not make it larger */
	return k->put(k->ctx, ROWS_BODIES, &k->bodies, large) && ++k->bodies;
}

static void make_row(struct maker *k, uint16_t type, unsigned flags)
{
	static struct kfaas_bytes_dns_large large;
	const uint8_t *name = k->message.name;
	struct dns_key_long key_long = {.type = type};
	struct dns_key key = {.type = type};
	struct dns_answer row;
	size_t len = name_len(name);

	message_row(&k->message, flags, &row, &large);
	k->ok = k->ok && put_body(k, &row, &large);
	if (!k->ok)
		return;
	if (len <= DNS_SHORT) {
		memcpy(key.name, name, len);
		k->ok = k->put(k->ctx, ROWS_ANSWERS, &key, &row);
	} else {
		memcpy(key_long.name, name, len);
		k->ok = k->put(k->ctx, ROWS_ANSWERS_LONG, &key_long, &row);
	}
}

static void make_owner(struct maker *k, const struct node *node, uint32_t flags)
{
	struct dns_owner row = {.zone = k->zone->index, .flags = flags};
	struct dns_name_long name = {0};
	struct dns_name name_short = {0};
	size_t len = name_len(node->name);

	if (!k->ok)
		return;
	memcpy(name.name, node->name, len);
	if (len > DNS_SHORT) {
		k->ok = k->put(k->ctx, ROWS_OWNERS_LONG, &name, &row);
	} else {
		memcpy(name_short.name, node->name, len);
		k->ok = k->put(k->ctx, ROWS_OWNERS, &name_short, &row);
	}
}

/* Write the answer into the message; returns its flags. */
static unsigned write_message(struct maker *k, const struct node *node, uint16_t type, bool dnssec)
{
	enum audience audience = name_is_wildcard(node->name) ? FOR_WILD : FOR_NAME;

	if (type == DNS_TYPE_FALLBACK && node_is_cut(node))
		audience = FOR_BELOW;
	message_begin(&k->message, node->name, audience, dnssec);
	return answer_node(&k->message, k->zones, k->zone, node, type);
}

/* The answer with its signatures. There is none without them, and none to be truncated: for the server behind. */
static void make_signed(struct maker *k, const struct node *node, uint16_t type)
{
	static struct kfaas_bytes_dns_large large;
	struct dns_key key = {.type = type};
	size_t len = name_len(node->name);
	struct dns_answer row;

	if (!k->ok || len > DNS_SHORT || type == TYPE_RRSIG)
		return;
	message_row(&k->message, write_message(k, node, type, true), &row, &large);
	if (row.flags & (DNS_PASS | DNS_TC))
		return;
	memcpy(key.name, node->name, len);
	k->ok = put_body(k, &row, &large) && k->put(k->ctx, ROWS_ANSWERS_SIGNED, &key, &row);
}

static void make_answer(struct maker *k, const struct node *node, uint16_t type)
{
	unsigned flags = write_message(k, node, type, false);

	make_row(k, type, flags);
	if (flags & DNS_SIGNED)
		make_signed(k, node, type);
}

/* What a name of a signed zone does not have gets rows of its own: each name has its NSEC. */
static void make_nodata(struct maker *k, const struct node *node)
{
	if (!k->zone->is_signed)
		return;
	if (node_is_cut(node) && !node_get(node, TYPE_DS))
		make_signed(k, node, TYPE_DS);
	else if (!node_is_cut(node) && !node_get(node, TYPE_CNAME))
		make_signed(k, node, DNS_TYPE_FALLBACK);
}

/* R is the first of its type at its name. */
static bool is_first(const struct node *node, const struct record *r)
{
	return node_get(node, r->type) == r;
}

/* A CNAME answers for all types; those that its target has get rows of their own. */
static void make_alias(struct maker *k, const struct node *node)
{
	const struct node *target = answer_target(k->zones, node);

	make_answer(k, node, DNS_TYPE_FALLBACK);
	for (const struct record *r = target ? target->records : NULL; r; r = r->next)
		if (is_first(target, r) && !node_get(node, r->type))
			make_answer(k, node, r->type);
}

static uint32_t owner_flags(const struct maker *k, const struct node *node)
{
	uint32_t flags = k->zone->is_signed ? DNS_OWNER_SIGNED : 0;

	if (node_is_cut(node))
		return flags | DNS_OWNER_CUT;
	if (node_get(node, TYPE_CNAME))
		flags |= DNS_OWNER_ALIAS;
	if (node_get(node, TYPE_DNAME))
		flags |= DNS_OWNER_DNAME;
	if (node->wildcard)
		flags |= DNS_OWNER_WILD;
	if (!node->records)
		flags |= DNS_OWNER_EMPTY;
	return flags;
}

static void make_node(struct maker *k, const struct node *node)
{
	const struct zone *zone = zone_of(k->zones, node->name);
	bool cut = node_is_cut(node);

	if (node->parent && node_cut_above(node->parent))
		return;
	if (zone != k->zone) {
		/* Of a zone below this one, which we have, too, this one answers for the DS (RFC 4035 3.1.4.1). */
		if (cut && !memcmp(zone->apex->name, node->name, name_len(node->name)))
			make_answer(k, node, DNS_TYPE_DS);
		return;
	}
	make_owner(k, node, owner_flags(k, node));
	make_nodata(k, node);
	if (cut) {
		make_answer(k, node, DNS_TYPE_FALLBACK);
		if (node_get(node, DNS_TYPE_DS))
			make_answer(k, node, DNS_TYPE_DS);
		return;
	}
	for (const struct record *r = node->records; r; r = r->next)
		if (is_first(node, r))
			make_answer(k, node, r->type);
	if (node_get(node, TYPE_CNAME))
		make_alias(k, node);
}

/* Types may be asked for without knowing them, ANY only gets to know that it is not told (RFC 8482 4.2). */
static void make_any(struct maker *k)
{
	static const uint8_t record[] = {0xc0, 12, 0,	13,  0,	  1,   0,   0,	 0x0e, 0x10, 0,
					 9,    7,  'R', 'F', 'C', '8', '4', '8', '2',  0};
	struct dns_answer row = {.len = sizeof(record), .flags = DNS_AA, .an = 1, .body.len = sizeof(record)};
	uint32_t index = 0;

	memcpy(row.body.bytes, record, sizeof(record));
	k->ok = k->ok && k->put(k->ctx, ROWS_ZONES, &index, &row);
}

static void make_zone(struct maker *k)
{
	static struct kfaas_bytes_dns_large large;
	struct dns_answer row;

	message_begin(&k->message, k->zone->apex->name, FOR_BELOW, false);
	message_row(&k->message, answer_nothing(&k->message, k->zone), &row, &large);
	k->ok = k->ok && put_body(k, &row, &large) && k->put(k->ctx, ROWS_ZONES, &k->zone->index, &row);
}

static void visit(const void *p, VISIT order, void *maker)
{
	const uint8_t *name = *(uint8_t *const *)p;
	struct maker *k = maker;

	if ((order == postorder || order == leaf) && k->ok)
		make_node(k, (const struct node *)(name - offsetof(struct node, name)));
}

bool rows_make(const struct zones *zones, rows_put *put, void *ctx)
{
	static struct maker k;

	k = (struct maker){.zones = zones, .put = put, .ctx = ctx, .ok = true};
	make_any(&k);
	for (k.zone = zones->first; k.ok && k.zone; k.zone = k.zone->next) {
		make_zone(&k);
		twalk_r(k.zone->names, visit, &k);
	}
	return k.ok;
}
