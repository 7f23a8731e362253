// SPDX-License-Identifier: Apache-2.0
/* zone.c - reads zone files (libldns knows their syntax and all types) into trees of names, and checks them. */
#include <errno.h>
#include <ldns/ldns.h>
#include <search.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "zone.h"

struct source {
	const char *path;
	int line;
};

__attribute__((format(printf, 2, 3))) static bool fail(const struct source *at, const char *fmt, ...)
{
	va_list ap;

	fprintf(stderr, "kfaas-dns-rows: %s", at->path);
	if (at->line)
		fprintf(stderr, ":%d", at->line);
	fputs(": ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	return false;
}

/* P, unless there was no memory for it. */
static void *must(void *p)
{
	if (!p) {
		fputs("kfaas-dns-rows: out of memory\n", stderr);
		exit(1);
	}
	return p;
}

static void *get_memory(size_t size)
{
	return must(calloc(1, size));
}

static const char *name_text(const uint8_t *name)
{
	static char *text;
	ldns_rdf *rdf = ldns_rdf_new_frm_data(LDNS_RDF_TYPE_DNAME, name_len(name), name);

	free(text);
	text = ldns_rdf2str(rdf);
	ldns_rdf_deep_free(rdf);
	return text;
}

/* --- The tree --- */

static int compare_names(const void *a, const void *b)
{
	size_t len = name_len(a), other = name_len(b);

	return len != other ? (len > other) - (len < other) : memcmp(a, b, len);
}

/* The tree holds pointers to the nodes' names. */
static struct node *node_of(const uint8_t *name)
{
	return (struct node *)(name - offsetof(struct node, name));
}

static struct node *tree_find(void *const *tree, const uint8_t *name)
{
	uint8_t **found = tfind(name, tree, compare_names);

	return found ? node_of(*found) : NULL;
}

struct node *zone_find(const struct zone *zone, const uint8_t *name)
{
	return tree_find(&zone->names, name);
}

bool zone_has(const struct zone *zone, const uint8_t *name)
{
	size_t len = name_len(name), apex = name_len(zone->apex->name);
	const uint8_t *at = name;

	while (len > apex) {
		len -= *at + 1;
		at = name_up(at);
	}
	return name_equal(at, zone->apex->name);
}

const struct zone *zone_of(const struct zones *zones, const uint8_t *name)
{
	uint8_t lower[NAME_MAX_BYTES];
	const struct node *apex;

	name_lower(lower, name);
	for (name = lower; !(apex = tree_find(&zones->apexes, name)); name = name_up(name))
		if (!*name)
			return NULL;
	return apex->zone;
}

/* NAME's node, made if need be, with all its ancestors. */
static struct node *node_make(struct zone *zone, const uint8_t *name)
{
	struct node *node = zone_find(zone, name);
	size_t len = name_len(name);

	if (node)
		return node;
	node = get_memory(sizeof(*node) + len);
	memcpy(node->name, name, len);
	node->zone = zone;
	if (zone->apex)
		node->parent = node_make(zone, name_up(name));
	if (node->parent && name_is_wildcard(name))
		node->parent->wildcard = node;
	must(tsearch(node->name, &zone->names, compare_names));
	return node;
}

const struct record *node_get(const struct node *node, uint16_t type)
{
	const struct record *r = node->records;

	while (r && r->type != type)
		r = r->next;
	return r;
}

bool node_is_cut(const struct node *node)
{
	return node->parent && node_get(node, TYPE_NS);
}

const struct node *node_cut_above(const struct node *node)
{
	const struct node *cut = NULL;

	for (; node; node = node->parent)
		if (node_is_cut(node))
			cut = node;
	return cut;
}

static void record_free(struct record *r)
{
	free(r->owner);
	free(r);
}

static void free_node(void *p)
{
	struct node *node = node_of(p);

	while (node->records) {
		struct record *r = node->records;

		node->records = r->next;
		record_free(r);
	}
	free(node);
}

static void zone_free(struct zone *zone)
{
	tdestroy(zone->names, free_node);
	free(zone);
}

static void forget(void *apex)
{
	(void)apex; /* its zone frees it */
}

void zones_free(struct zones *zones)
{
	tdestroy(zones->apexes, forget);
	while (zones->first) {
		struct zone *zone = zones->first;

		zones->first = zone->next;
		zone_free(zone);
	}
}

/* --- Records --- */

size_t record_names(uint16_t type, size_t *skip)
{
	*skip = 0;
	switch (type) {
	case TYPE_NS:
	case TYPE_CNAME:
	case 3:	 /* MD */
	case 4:	 /* MF */
	case 7:	 /* MB */
	case 8:	 /* MG */
	case 9:	 /* MR */
	case 12: /* PTR */
		return 1;
	case TYPE_SOA:
	case 14: /* MINFO */
		return 2;
	case 15: /* MX */
		*skip = 2;
		return 1;
	}
	return 0;
}

/* All that is read of R later is there: libldns takes any bytes in the form of RFC 3597, and puts names together that
 * are too long. */
static bool record_sound(const struct record *r, size_t owner_len)
{
	size_t at, names = record_names(r->type, &at), len;

	if (name_check(r->owner, owner_len) != owner_len)
		return false;
	if (!names)
		return r->len == (r->type == TYPE_A ? 4 : r->type == TYPE_AAAA ? 16 : r->len);
	for (; names; names--, at += len) {
		len = at < r->len ? name_check(r->data + at, r->len - at) : 0;
		if (!len)
			return false;
	}
	return at + (r->type == TYPE_SOA ? 20 : 0) == r->len;
}

/* NULL: there is something wrong with it. */
static struct record *record_make(const ldns_rr *rr)
{
	const ldns_rdf *owner = ldns_rr_owner(rr);
	struct record *r;
	size_t len = 0;

	for (size_t i = 0; i < ldns_rr_rd_count(rr); i++)
		len += ldns_rdf_size(ldns_rr_rdf(rr, i));
	if (len > UINT16_MAX)
		return NULL;
	r = get_memory(sizeof(*r) + len);
	r->type = ldns_rr_get_type(rr);
	r->ttl = ldns_rr_ttl(rr);
	r->owner = get_memory(ldns_rdf_size(owner));
	memcpy(r->owner, ldns_rdf_data(owner), ldns_rdf_size(owner));
	for (size_t i = 0; i < ldns_rr_rd_count(rr); i++) {
		const ldns_rdf *part = ldns_rr_rdf(rr, i);

		memcpy(r->data + r->len, ldns_rdf_data(part), ldns_rdf_size(part));
		r->len += ldns_rdf_size(part);
	}
	if (record_sound(r, ldns_rdf_size(owner)))
		return r;
	record_free(r);
	return NULL;
}

/* Takes R; one that is there already is dropped (RFC 2181 5). */
static void node_add(struct node *node, struct record *r)
{
	struct record **at = &node->records;

	for (; *at; at = &(*at)->next)
		if ((*at)->type == r->type && (*at)->len == r->len && !memcmp((*at)->data, r->data, r->len)) {
			record_free(r);
			return;
		}
	*at = r;
}

bool record_covers(const struct record *r, uint16_t type)
{
	return r->type == TYPE_RRSIG && r->len >= 2 && (r->data[0] << 8 | r->data[1]) == type;
}

/* Names of hashes are not names that anybody can ask for (RFC 5155 7.2.8). */
static bool is_nsec3(const struct record *r)
{
	return r->type == TYPE_NSEC3 || record_covers(r, TYPE_NSEC3);
}

static bool add_rr(struct zone *zone, const ldns_rr *rr, const struct source *at)
{
	struct record *r;
	uint8_t lower[NAME_MAX_BYTES];

	if (ldns_rr_get_class(rr) != LDNS_RR_CLASS_IN)
		return fail(at, "a record of another class than IN: remove it");
	r = record_make(rr);
	if (!r)
		return fail(at, "a name is longer than 255 bytes, or the data does not have the form of its type");
	name_lower(lower, r->owner);
	if (!zone->apex) {
		if (r->type != TYPE_SOA) {
			record_free(r);
			return fail(at, "the first record of a zone is its SOA: put it first");
		}
		zone->apex = node_make(zone, lower);
	}
	if (!zone_has(zone, lower)) {
		fail(at, "%s is not in the zone: remove it, or see whether $ORIGIN is right", name_text(lower));
		record_free(r);
		return false;
	}
	zone->is_signed |= r->type == TYPE_DNSKEY || r->type == TYPE_RRSIG;
	if (is_nsec3(r))
		record_free(r);
	else
		node_add(node_make(zone, lower), r);
	return true;
}

/* --- Files --- */

static bool read_records(struct zone *zone, FILE *file, ldns_rdf **origin, struct source *at)
{
	uint32_t ttl = LDNS_DEFAULT_TTL;
	ldns_rdf *previous = NULL;
	bool ok = true;

	while (ok && !feof(file)) {
		ldns_rr *rr = NULL;
		ldns_status status = ldns_rr_new_frm_fp_l(&rr, file, &ttl, origin, &previous, &at->line);

		switch (status) {
		case LDNS_STATUS_OK:
			ok = add_rr(zone, rr, at);
			break;
		case LDNS_STATUS_SYNTAX_EMPTY:
		case LDNS_STATUS_SYNTAX_TTL:
		case LDNS_STATUS_SYNTAX_ORIGIN:
			break; /* a comment, $TTL, $ORIGIN */
		case LDNS_STATUS_SYNTAX_INCLUDE:
			ok = fail(at, "$INCLUDE is not followed: put the files together");
			break;
		default:
			ok = fail(at, "%s", ldns_get_errorstr_by_id(status));
		}
		ldns_rr_free(rr);
	}
	ldns_rdf_deep_free(previous);
	return ok;
}

static const struct source *checked;
static bool sound;

static void check_node(const void *p, VISIT visit, int depth)
{
	const struct node *node = node_of(*(uint8_t *const *)p);
	const struct record *cname = node_get(node, TYPE_CNAME), *soa = node_get(node, TYPE_SOA);
	bool twice = false;

	(void)depth;
	if ((visit != postorder && visit != leaf) || !sound)
		return;
	for (const struct record *r = node->records; r && sound; r = r->next)
		if (cname && r != cname && r->type != TYPE_RRSIG && r->type != TYPE_NSEC && r->type != TYPE_KEY)
			sound = fail(checked, "%s has a CNAME and other records: keep one kind", name_text(node->name));
		else if (r->type == TYPE_SOA && r != soa)
			twice = true;
	if (sound && soa && (node->parent || twice))
		sound = fail(checked, "%s: a zone has one SOA, at its top", name_text(node->name));
	if (sound && node_is_cut(node) && name_is_wildcard(node->name))
		sound = fail(checked, "%s: a wildcard cannot be delegated (RFC 4592 4.2)", name_text(node->name));
}

static bool zone_check(const struct zone *zone, const struct source *at)
{
	const struct source whole = {at->path, 0};

	checked = &whole;
	sound = true;
	twalk(zone->names, check_node);
	return sound;
}

/* Takes ZONE. */
static bool zone_add(struct zones *zones, struct zone *zone, const struct source *at)
{
	if (tree_find(&zones->apexes, zone->apex->name)) {
		fail(at, "zone %s comes twice", name_text(zone->apex->name));
		zone_free(zone);
		return false;
	}
	must(tsearch(zone->apex->name, &zones->apexes, compare_names));
	zone->index = zones->first ? zones->first->index + 1 : 1;
	zone->next = zones->first;
	zones->first = zone;
	return true;
}

bool zone_read(struct zones *zones, const char *arg)
{
	const char *equals = strchr(arg, '=');
	struct source at = {equals ? equals + 1 : arg, 0};
	char *text = must(equals ? strndup(arg, equals - arg) : strdup("."));
	ldns_rdf *origin = ldns_dname_new_frm_str(text);
	FILE *file = origin ? fopen(at.path, "r") : NULL;
	struct zone *zone = get_memory(sizeof(*zone));
	bool ok;

	if (!origin)
		ok = fail(&at, "'%s' is not the name of a zone", text);
	else if (!file)
		ok = fail(&at, "%s", strerror(errno));
	else
		ok = read_records(zone, file, &origin, &at);
	at.line = 0;
	if (ok && !zone->apex)
		ok = fail(&at, "no record: a zone begins with a SOA");
	ok = ok && zone_check(zone, &at);
	if (ok)
		ok = zone_add(zones, zone, &at);
	else
		zone_free(zone);
	if (file)
		fclose(file);
	ldns_rdf_deep_free(origin);
	free(text);
	return ok;
}
