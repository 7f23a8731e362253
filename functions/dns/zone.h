/* SPDX-License-Identifier: Apache-2.0 */
/* zone.h - zones as trees of names with their records, read from RFC 1035 zone files. */
#ifndef DNS_ZONE_H
#define DNS_ZONE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "name.h"

enum {
	TYPE_NS = 2,
	TYPE_CNAME = 5,
	TYPE_SOA = 6,
	TYPE_A = 1,
	TYPE_AAAA = 28,
	TYPE_KEY = 25,
	TYPE_DNAME = 39,
	TYPE_DS = 43,
	TYPE_RRSIG = 46,
	TYPE_NSEC = 47,
	TYPE_DNSKEY = 48,
	TYPE_NSEC3 = 50,
};

/* Names are in wire form. */
struct record {
	struct record *next;
	uint8_t *owner; /* as written in the file */
	uint32_t ttl;
	uint16_t type;
	uint16_t len;
	uint8_t data[];
};

/* The names in the data of TYPE that may be compressed (RFC 3597 4): how many, behind SKIP bytes. */
size_t record_names(uint16_t type, size_t *skip);
/* It is an RRSIG of TYPE. */
bool record_covers(const struct record *r, uint16_t type);

struct node {
	const struct zone *zone;
	struct node *parent;	/* one label less; NULL: this is the apex */
	struct node *wildcard;	/* the child *, if there is one */
	struct record *records; /* in the file's order; NULL: only names below have some */
	uint8_t name[];		/* lower case */
};

struct zone {
	struct zone *next;
	void *names; /* a tree of nodes */
	struct node *apex;
	bool is_signed;
	uint32_t index; /* from 1 */
};

struct zones {
	struct zone *first;
	void *apexes; /* a tree of nodes */
};

/* ARG is FILE or ORIGIN=FILE. False: one line says why, and ZONES are as they were. */
bool zone_read(struct zones *zones, const char *arg);
void zones_free(struct zones *zones);

struct node *zone_find(const struct zone *zone, const uint8_t *name); /* NAME in lower case */
/* The zone to which NAME belongs, and not to one above. */
const struct zone *zone_of(const struct zones *zones, const uint8_t *name);
bool zone_has(const struct zone *zone, const uint8_t *name);

const struct record *node_get(const struct node *node, uint16_t type);
/* A delegation; ABOVE: any of its ancestors or itself, the topmost; NULL: none. */
bool node_is_cut(const struct node *node);
const struct node *node_cut_above(const struct node *node);

#endif
