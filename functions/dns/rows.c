// SPDX-License-Identifier: Apache-2.0
/* rows.c - walks the zones and makes the rows of every name: what it is, and an answer for each type. */
#include <arpa/inet.h>
#include <errno.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "answer.h"
#include "rows.h"

const char *const rows_names[ROWS_MAPS] = {
	[ROWS_SLOTS] = "slots",	    [ROWS_NAMES] = "names",   [ROWS_NAMES_LONG] = "names_long",
	[ROWS_ANSWERS] = "answers", [ROWS_BODIES] = "bodies",
};

#define SEEDS 1000 /* that are tried; one in thousands of zones needs a second one */

struct maker {
	const struct zones *zones;
	const struct zone *zone;
	rows_put *put;
	void *ctx;
	uint32_t rows[ROWS_MAPS]; /* so far */
	bool ok;
	struct message message;
	struct dns_answer *own; /* of the name at hand */
	size_t own_n, own_room;
	struct named *names;
	size_t names_n, names_room;
};

/* A name, kept until all are known and can be sorted. */
struct named {
	const uint8_t *name;
	uint32_t slot, hash, zone, first;
	uint16_t count;
	uint8_t flags;
	struct dns_answer *own; /* without the zeros behind its body; NULL: none */
};

/* Room for one more of SIZE bytes behind the N at P, which grows. */
static bool grow(void **p, size_t n, size_t *room, size_t size)
{
	void *larger = *p;

	if (n == *room) {
		larger = realloc(*p, (n ? 2 * n : 16) * size);
		if (!larger)
			return false;
		*p = larger;
		*room = n ? 2 * n : 16;
	}
	return true;
}

static void put_next(struct maker *k, enum rows_map map, const void *value)
{
	k->ok = k->ok && k->put(k->ctx, map, k->rows[map], value);
	k->rows[map]++;
}

/* Give ROW its body, if that is not within it. */
static void put_body(struct maker *k, struct dns_answer *row, const struct kfaas_bytes_dns_large *large)
{
	if (!large->len)
		return;
	row->large = k->rows[ROWS_BODIES] + 1;
	put_next(k, ROWS_BODIES, large);
}

static bool has_own(const struct maker *k, uint16_t type, bool dnssec)
{
	for (size_t i = 0; i < k->own_n; i++)
		if (k->own[i].type == type && k->own[i].dnssec == dnssec)
			return true;
	return false;
}

/* Complete the message at hand: R's header, the question's type. Returns the sum of all but its id. */
static uint16_t complete_message(struct maker *k, const struct dns_answer *r)
{
	uint16_t type[2] = {htons(r->type), htons(1)};

	memcpy(k->message.bytes + 2, &r->flags, 10);
	memcpy(k->message.bytes + k->message.body_at - sizeof(type), type, sizeof(type));
	return message_sum(k->message.bytes + 2, k->message.body_at + r->len - 2);
}

/* The message as an answer of the name at hand. With signatures there is none without them, and none to be truncated:
 * they are for the server behind. */
static void make_row(struct maker *k, uint16_t type, bool dnssec, unsigned flags)
{
	static struct kfaas_bytes_dns_large large;
	struct dns_answer row;

	message_row(&k->message, flags, &row, &large);
	if (dnssec && (dns_marked(&row, DNS_PASS) || row.flags & htons(DNS_TC)))
		return;
	k->ok = k->ok && grow((void **)&k->own, k->own_n, &k->own_room, sizeof(row));
	if (!k->ok)
		return;
	put_body(k, &row, &large);
	row.type = type;
	row.dnssec = dnssec;
	row.message_sum = htons(complete_message(k, &row));
	if (dns_is_type(type) && !dnssec && !row.large && row.len >= DNS_QUICK_BODY)
		row.marks |= DNS_QUICK >> DNS_MARKS;
	k->own[k->own_n++] = row;
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

static void make_signed(struct maker *k, const struct node *node, uint16_t type)
{
	if (type != TYPE_RRSIG)
		make_row(k, type, true, write_message(k, node, type, true));
}

static void make_answer(struct maker *k, const struct node *node, uint16_t type)
{
	unsigned flags;

	if (has_own(k, type, false))
		return;
	flags = write_message(k, node, type, false);
	make_row(k, type, false, flags);
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

static uint8_t name_flags(const struct maker *k, const struct node *node)
{
	uint8_t flags = k->zone->is_signed ? DNS_NAME_SIGNED : 0;

	if (node_is_cut(node))
		return flags | DNS_NAME_CUT;
	if (node_get(node, TYPE_CNAME))
		flags |= DNS_NAME_ALIAS;
	if (node_get(node, TYPE_DNAME))
		flags |= DNS_NAME_DNAME;
	if (node->wildcard)
		flags |= DNS_NAME_WILD;
	if (!node->records)
		flags |= DNS_NAME_EMPTY;
	return flags;
}

/* For the DS of a zone below one that we have, too, that one answers (RFC 4035 3.1.4.1). */
static void make_ds_above(struct maker *k, const struct node *apex)
{
	const struct zone *zone = k->zone, *above = *apex->name ? zone_of(k->zones, name_up(apex->name)) : NULL;
	const struct node *cut = above ? zone_find(above, apex->name) : NULL;

	if (!cut || !node_is_cut(cut) || node_cut_above(cut->parent))
		return;
	k->zone = above;
	make_answer(k, cut, DNS_TYPE_DS);
	k->zone = zone;
}

static void make_answers(struct maker *k, const struct node *node)
{
	if (!node->parent)
		make_ds_above(k, node);
	make_nodata(k, node);
	if (node_is_cut(node)) {
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

static int by_ask(const void *a, const void *b)
{
	const struct dns_answer *x = a, *y = b;
	uint32_t ask_x = dns_ask(x->type, x->dnssec), ask_y = dns_ask(y->type, y->dnssec);

	return (ask_x > ask_y) - (ask_x < ask_y);
}

static size_t answer_size(const struct dns_answer *a)
{
	return offsetof(struct dns_answer, body.bytes) + a->body.len;
}

static bool keep_own(struct named *e, const struct dns_answer *a)
{
	e->own = malloc(answer_size(a));
	return e->own && memcpy(e->own, a, answer_size(a));
}

static void make_node(struct maker *k, const struct node *node)
{
	struct named *e;

	if ((node->parent && node_cut_above(node->parent)) || zone_of(k->zones, node->name) != k->zone)
		return;
	k->own_n = 0;
	make_answers(k, node);
	k->ok = k->ok && grow((void **)&k->names, k->names_n, &k->names_room, sizeof(*k->names));
	if (!k->ok)
		return;
	if (k->own_n > UINT16_MAX) {
		errno = EOVERFLOW;
		k->ok = false;
		return;
	}
	e = &k->names[k->names_n++];
	*e = (struct named){.name = node->name, .zone = k->zone->index, .first = k->rows[ROWS_ANSWERS]};
	e->flags = name_flags(k, node);
	qsort(k->own, k->own_n, sizeof(*k->own), by_ask);
	if (k->own_n)
		k->ok = keep_own(e, k->own);
	for (size_t i = 1; i < k->own_n; i++, e->count++)
		put_next(k, ROWS_ANSWERS, &k->own[i]);
}

/* Types may be asked for without knowing them, ANY only gets to know that it is not told (RFC 8482 4.2). */
static void make_any(struct maker *k)
{
	static const uint8_t record[] = {0xc0, 12, 0,	13,  0,	  1,   0,   0,	 0x0e, 0x10, 0,
					 9,    7,  'R', 'F', 'C', '8', '4', '8', '2',  0};
	struct dns_answer row = {.len = sizeof(record),
				 .flags = htons(DNS_QR | DNS_AA),
				 .qd = htons(1),
				 .an = htons(1),
				 .body.len = sizeof(record)};

	memcpy(row.body.bytes, record, sizeof(record));
	row.sum = message_sum(record, sizeof(record));
	put_next(k, ROWS_ANSWERS, &row);
}

static void make_zone(struct maker *k)
{
	static struct kfaas_bytes_dns_large large;
	struct dns_answer row;

	message_begin(&k->message, k->zone->apex->name, FOR_BELOW, false);
	message_row(&k->message, answer_nothing(&k->message, k->zone), &row, &large);
	put_body(k, &row, &large);
	k->ok = k->ok && k->put(k->ctx, ROWS_ANSWERS, k->zone->index, &row);
	k->rows[ROWS_ANSWERS]++;
}

static void visit(const void *p, VISIT order, void *maker)
{
	const uint8_t *name = *(uint8_t *const *)p;
	struct maker *k = maker;

	if ((order == postorder || order == leaf) && k->ok)
		make_node(k, (const struct node *)(name - offsetof(struct node, name)));
}

static int by_slot(const void *a, const void *b)
{
	const struct named *x = a, *y = b;

	if (x->slot != y->slot)
		return x->slot > y->slot ? 1 : -1;
	return (x->hash > y->hash) - (x->hash < y->hash);
}

/* Sort the names by their slots. False: one has more than are looked through, or two of the same hash. */
static bool spread(struct maker *k, uint32_t seed, uint32_t mask)
{
	size_t run = 0;

	for (size_t i = 0; i < k->names_n; i++) {
		uint64_t words[NAME_MAX_BYTES / 8 + 1] = {0}, h = seed;
		size_t len = name_len(k->names[i].name);

		memcpy(words, k->names[i].name, len);
		for (size_t w = 0; w * 8 < len; w++)
			h = dns_hash(h, words[w]);
		k->names[i].slot = dns_slot_of(h, mask);
		k->names[i].hash = h;
	}
	qsort(k->names, k->names_n, sizeof(*k->names), by_slot);
	for (size_t i = 1; i < k->names_n && run < DNS_RUN; i++)
		if (k->names[i].slot != k->names[i - 1].slot)
			run = 0;
		else if (k->names[i].hash != k->names[i - 1].hash)
			run++;
		else
			return false;
	return run < DNS_RUN;
}

static void make_slots(struct maker *k)
{
	uint32_t mask = 0, seed = 0, name = 0;
	struct dns_slot row;

	while (mask + 1 < 2 * k->names_n)
		mask = 2 * mask + 1;
	while (!spread(k, seed, mask))
		if (++seed == SEEDS) {
			errno = EOVERFLOW;
			k->ok = false;
			return;
		}
	row = (struct dns_slot){.mask = mask, .seed = seed};
	put_next(k, ROWS_SLOTS, &row);
	for (uint64_t slot = 1; slot <= (uint64_t)mask + 1; slot++) {
		row.first = name;
		while (name < k->names_n && k->names[name].slot == slot)
			name++;
		row.end = name;
		put_next(k, ROWS_SLOTS, &row);
	}
}

static void make_names(struct maker *k)
{
	for (size_t i = 0; i < k->names_n; i++) {
		const struct named *e = &k->names[i];
		struct dns_name row = {.hash = e->hash,
				       .zone = e->zone,
				       .first = e->first,
				       .count = e->count,
				       .flags = e->flags,
				       .own.marks = DNS_PASS >> DNS_MARKS};
		struct dns_name_long large = {0};
		size_t len = name_len(e->name);

		row.len = len;
		if (e->own)
			memcpy(&row.own, e->own, answer_size(e->own));
		if (len <= sizeof(row.name)) {
			memcpy(row.name, e->name, len);
		} else {
			memcpy(large.name, e->name, len);
			row.large = k->rows[ROWS_NAMES_LONG] + 1;
			put_next(k, ROWS_NAMES_LONG, &large);
		}
		put_next(k, ROWS_NAMES, &row);
	}
}

bool rows_make(const struct zones *zones, rows_put *put, void *ctx)
{
	static struct maker k;

	k = (struct maker){.zones = zones, .put = put, .ctx = ctx, .ok = true};
	make_any(&k);
	for (k.zone = zones->first; k.zone; k.zone = k.zone->next)
		make_zone(&k);
	for (k.zone = zones->first; k.ok && k.zone; k.zone = k.zone->next)
		twalk_r(k.zone->names, visit, &k);
	if (k.ok)
		make_slots(&k);
	if (k.ok)
		make_names(&k);
	for (size_t i = 0; i < k.names_n; i++)
		free(k.names[i].own);
	free(k.own);
	free(k.names);
	return k.ok;
}
