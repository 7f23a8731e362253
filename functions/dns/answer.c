// SPDX-License-Identifier: Apache-2.0
/* answer.c - finds the records of an answer: exact names, wildcards (RFC 4592), CNAMEs within the zone, delegations
 * with glue, and what a zone does not have (RFC 2308). */
#include <arpa/inet.h>
#include <string.h>

#include "answer.h"

#define CHAIN 16 /* CNAMEs that are followed */

/* What a name is in a zone. */
struct found {
	const struct node *node; /* whose records they are; NULL: there is no such name */
	const struct node *cut;	 /* it is at or below this delegation */
	bool dname;		 /* it is below a DNAME */
};

static struct found find(const struct zone *zone, const uint8_t *name)
{
	uint8_t lower[NAME_MAX_BYTES];
	const uint8_t *at = lower;
	struct found f = {0};
	struct node *closest;

	name_lower(lower, name);
	while (!(closest = zone_find(zone, at)))
		at = name_up(at);
	f.cut = node_cut_above(closest);
	for (const struct node *n = at == lower ? closest->parent : closest; n; n = n->parent)
		f.dname |= node_get(n, TYPE_DNAME) != NULL;
	f.node = at == lower ? closest : closest->wildcard;
	return f;
}

static uint32_t negative_ttl(const struct record *soa)
{
	uint32_t minimum;

	memcpy(&minimum, soa->data + soa->len - sizeof(minimum), sizeof(minimum));
	minimum = ntohl(minimum);
	return soa->ttl < minimum ? soa->ttl : minimum;
}

static void add_soa(struct message *m, const struct zone *zone)
{
	const struct record *soa = node_get(zone->apex, TYPE_SOA);

	message_add(m, AUTHORITY, soa->owner, soa, negative_ttl(soa));
}

static void add_set(struct message *m, enum section section, const uint8_t *owner, const struct node *node,
		    uint16_t type)
{
	for (const struct record *r = node->records; r; r = r->next)
		if (r->type == type)
			message_add(m, section, owner, r, r->ttl);
}

/* The addresses that the zone has for the servers of a delegation, also of those that are below another one. */
static void add_referral(struct message *m, const struct zone *zone, const struct node *cut)
{
	add_set(m, AUTHORITY, cut->name, cut, TYPE_NS);
	for (const struct record *r = cut->records; r; r = r->next) {
		const struct node *server = NULL;
		uint8_t lower[NAME_MAX_BYTES];

		if (r->type != TYPE_NS)
			continue;
		name_lower(lower, r->data);
		if (zone_has(zone, lower))
			server = zone_find(zone, lower);
		if (!server)
			continue;
		add_set(m, ADDITIONAL, r->data, server, TYPE_A);
		add_set(m, ADDITIONAL, r->data, server, TYPE_AAAA);
	}
}

unsigned answer_node(struct message *m, const struct zone *zone, const struct node *node, uint16_t type)
{
	struct found f = {.node = node, .cut = node_cut_above(node)};
	const uint8_t *owner = NULL; /* the name asked for */

	for (int i = 0;; i++) {
		const struct record *cname;

		if (i == CHAIN || f.dname)
			return DNS_PASS;
		if (f.cut && !(f.node == f.cut && type == TYPE_DS)) {
			add_referral(m, zone, f.cut);
			return i ? DNS_AA : 0;
		}
		if (!f.node) {
			add_soa(m, zone);
			return DNS_AA | DNS_RCODE_NXDOMAIN;
		}
		cname = node_get(f.node, TYPE_CNAME);
		if (node_get(f.node, type) || !cname)
			break;
		add_set(m, ANSWER, owner, f.node, TYPE_CNAME);
		owner = cname->data;
		if (!zone_has(zone, owner))
			return DNS_AA;
		f = find(zone, owner);
	}
	add_set(m, ANSWER, owner, f.node, type);
	if (!node_get(f.node, type))
		add_soa(m, zone);
	return DNS_AA;
}

unsigned answer_nothing(struct message *m, const struct zone *zone)
{
	add_soa(m, zone);
	return DNS_AA;
}

const struct node *answer_target(const struct zone *zone, const struct node *node)
{
	for (int i = 0; i < CHAIN; i++) {
		const struct record *cname = node_get(node, TYPE_CNAME);
		struct found f;

		if (!cname)
			return node;
		if (!zone_has(zone, cname->data))
			return NULL;
		f = find(zone, cname->data);
		if (!f.node || f.cut || f.dname)
			return NULL;
		node = f.node;
	}
	return NULL;
}
