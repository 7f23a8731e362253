// SPDX-License-Identifier: Apache-2.0
/* answer.c - finds the records of an answer: exact names, wildcards (RFC 4592), CNAMEs within the zones, delegations
 * with glue, what a zone does not have (RFC 2308), and the signatures and NSECs of all that. */
#include <arpa/inet.h>
#include <string.h>

#include "answer.h"

#define CHAIN 16 /* CNAMEs that are followed */

/* What a name is in its zone. */
struct found {
	const struct zone *zone; /* NULL: the name is in none of ours */
	const struct node *node; /* whose records they are; NULL: there is no such name */
	const struct node *cut;	 /* it is at or below this delegation */
	bool dname;		 /* it is below a DNAME */
	bool wild;		 /* the node is the wildcard that stands for it */
};

static struct found find(const struct zones *zones, const uint8_t *name)
{
	uint8_t lower[NAME_MAX_BYTES];
	const uint8_t *at = lower;
	struct found f = {.zone = zone_of(zones, name)};
	struct node *closest;

	if (!f.zone)
		return f;
	name_lower(lower, name);
	while (!(closest = zone_find(f.zone, at)))
		at = name_up(at);
	f.cut = node_cut_above(closest);
	for (const struct node *n = at == lower ? closest->parent : closest; n; n = n->parent)
		f.dname |= node_get(n, TYPE_DNAME) != NULL;
	f.wild = at != lower;
	f.node = f.wild ? closest->wildcard : closest;
	return f;
}

static uint32_t negative_ttl(const struct record *soa)
{
	uint32_t minimum;

	memcpy(&minimum, soa->data + soa->len - sizeof(minimum), sizeof(minimum));
	minimum = ntohl(minimum);
	return soa->ttl < minimum ? soa->ttl : minimum;
}

/* The RRSIGs of TYPE at NODE. */
static void add_signatures(struct message *m, enum section section, const uint8_t *owner, const struct node *node,
			   uint16_t type, uint32_t ttl)
{
	bool found = !m->dnssec || !node->zone->is_signed;

	for (const struct record *r = found ? NULL : node->records; r; r = r->next)
		if (record_covers(r, type)) {
			message_add(m, section, owner, r, ttl);
			found = true;
		}
	/* The servers and addresses of a delegation have none (RFC 4035 2.2). */
	if (!found && section != ADDITIONAL && !(type == TYPE_NS && node_is_cut(node)))
		m->unproved = true;
}

static void add_soa(struct message *m, const struct zone *zone)
{
	const struct record *soa = node_get(zone->apex, TYPE_SOA);

	message_add(m, AUTHORITY, soa->owner, soa, negative_ttl(soa));
	add_signatures(m, AUTHORITY, soa->owner, zone->apex, TYPE_SOA, negative_ttl(soa));
}

static void add_set(struct message *m, enum section section, const uint8_t *owner, const struct node *node,
		    uint16_t type)
{
	const struct record *first = node_get(node, type);

	for (const struct record *r = first; r; r = r->next)
		if (r->type == type)
			message_add(m, section, owner, r, r->ttl);
	if (first)
		add_signatures(m, section, owner, node, type, first->ttl);
}

/* That NODE has no TYPE. */
static void add_proof(struct message *m, const uint8_t *owner, const struct node *node)
{
	if (!m->dnssec || !node->zone->is_signed)
		return;
	add_set(m, AUTHORITY, owner, node, TYPE_NSEC);
	if (!node_get(node, TYPE_NSEC))
		m->unproved = true;
}

/* The addresses that the zone has for the servers of NODE, also if they are below another delegation. */
static void add_glue(struct message *m, const struct zone *zone, const struct node *node)
{
	for (const struct record *r = node->records; r; r = r->next) {
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

static void add_referral(struct message *m, const struct zone *zone, const struct node *cut)
{
	add_set(m, AUTHORITY, cut->name, cut, TYPE_NS);
	if (!node_get(cut, TYPE_DS))
		add_proof(m, cut->name, cut);
	else if (m->dnssec && zone->is_signed)
		add_set(m, AUTHORITY, cut->name, cut, TYPE_DS);
	add_glue(m, zone, cut);
}

/* The records of TYPE at F's node, or that there are none. */
static void add_answer(struct message *m, const struct found *f, const uint8_t *owner, uint16_t type)
{
	add_set(m, ANSWER, owner, f->node, type);
	if (!node_get(f->node, type)) {
		add_soa(m, f->zone);
		add_proof(m, owner, f->node);
	}
	if (type == TYPE_NS) {
		message_extra(m);
		add_glue(m, f->zone, f->node);
	}
}

static unsigned follow(struct message *m, const struct zones *zones, const struct zone *zone, const struct node *node,
		       uint16_t type)
{
	struct found f = {.zone = zone, .node = node, .cut = node_cut_above(node)};
	const uint8_t *owner = NULL; /* the name asked for */
	unsigned flags = DNS_AA;

	for (int i = 0; i < CHAIN && !f.dname; i++) {
		const struct record *cname;

		if (!f.zone)
			return flags;
		if (f.zone->is_signed)
			flags |= DNS_SIGNED;
		if (f.cut && !(f.node == f.cut && type == TYPE_DS)) {
			add_referral(m, f.zone, f.cut);
			return i ? flags : flags & ~DNS_AA;
		}
		if (m->dnssec && f.zone->is_signed && f.wild)
			return DNS_PASS; /* that there is no closer name is to be proved */
		if (!f.node) {
			add_soa(m, f.zone);
			return flags | DNS_RCODE_NXDOMAIN;
		}
		cname = node_get(f.node, TYPE_CNAME);
		if (node_get(f.node, type) || !cname) {
			add_answer(m, &f, owner, type);
			return flags;
		}
		add_set(m, ANSWER, owner, f.node, TYPE_CNAME);
		owner = cname->data;
		f = find(zones, owner);
	}
	return DNS_PASS;
}

unsigned answer_node(struct message *m, const struct zones *zones, const struct zone *zone, const struct node *node,
		     uint16_t type)
{
	unsigned flags = follow(m, zones, zone, node, type);

	return m->unproved ? DNS_PASS : flags;
}

unsigned answer_nothing(struct message *m, const struct zone *zone)
{
	add_soa(m, zone);
	return DNS_AA | (zone->is_signed ? DNS_SIGNED : 0);
}

const struct node *answer_target(const struct zones *zones, const struct node *node)
{
	struct found f = {.node = node};

	for (int i = 0; i < CHAIN && f.node && !f.cut && !f.dname; i++) {
		const struct record *cname = node_get(f.node, TYPE_CNAME);

		if (!cname)
			return f.node;
		f = find(zones, cname->data);
	}
	return NULL;
}
