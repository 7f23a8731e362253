/* SPDX-License-Identifier: Apache-2.0 */
/* message.h - writes the records of an answer behind its question, with compressed names. */
#ifndef DNS_MESSAGE_H
#define DNS_MESSAGE_H

#include "dns.h"
#include "zone.h"

enum section { ANSWER, AUTHORITY, ADDITIONAL };

/* Who will get it: the pointers to be shifted differ. */
enum audience {
	FOR_NAME,  /* who asks for the name itself */
	FOR_WILD,  /* the name is a wildcard, and stands for another */
	FOR_BELOW, /* who asks for that name, or any below it */
};

#define MESSAGE_BYTES  4096
#define MESSAGE_PLACES 512

struct message {
	enum audience audience;
	uint8_t bytes[MESSAGE_BYTES];
	size_t len, body_at;
	size_t extra_at; /* 0: none */
	uint16_t count[3];
	const uint8_t *name;		/* asked for, lower case */
	uint16_t place[MESSAGE_PLACES]; /* of names that a pointer may go to */
	size_t places;
	uint16_t shift[MESSAGE_PLACES]; /* pointers to be shifted, from the body on */
	size_t shifts;
	bool full;
	bool dnssec;   /* with signatures and proofs */
	bool unproved; /* but one of them is not in the zone */
};

void message_begin(struct message *m, const uint8_t *name, enum audience audience, bool dnssec);
/* OWNER NULL: the name asked for. Records of M beyond what fits set m->full. */
void message_add(struct message *m, enum section section, const uint8_t *owner, const struct record *r, uint32_t ttl);
/* What is added from here on, to ADDITIONAL, may be left out for want of room. */
void message_extra(struct message *m);
/* The sum of LEN BYTES as checksums have it (RFC 1071). */
uint16_t message_sum(const uint8_t *bytes, size_t len);
/* As a row of the function; LARGE: where the body goes if it does not fit into the row itself. */
void message_row(const struct message *m, unsigned flags, struct dns_answer *row, struct kfaas_bytes_dns_large *large);

#endif
