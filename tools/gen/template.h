/* SPDX-License-Identifier: Apache-2.0 */
/* template.h - the frames that requests are made from: built in, or taken from captured ones. */
#ifndef GEN_TEMPLATE_H
#define GEN_TEMPLATE_H

#include <stdbool.h>
#include <stddef.h>

#include "../../loader/packets.h"
#include "range.h"
#include "target.h"

#define TEMPLATES_MAX 16384u

/* What is known of a kind of request. Offsets are from the L4 header on. */
struct kind {
	const char *name, *about;
	unsigned proto, proto6; /* IP protocol */
	unsigned port;		/* default; 0: has none */
	unsigned header;	/* bytes before the payload */
	unsigned token_at, token_bytes, answer_at, check_at;
};
extern const struct kind kinds[GEN_KINDS];
/* -1: there is none of this name. */
int kind_find(const char *name);

/* All that decides what is sent. Tables of one row go into the template; those of none leave it as it is. */
struct request {
	enum gen_kind kind;
	struct target target;
	struct addresses from;
	struct numbers source_ports, ports, sizes, types;
	const char **name;
	size_t n_names;
	struct packets frames; /* to be used in place of the built-in ones */
	unsigned ping_id;      /* network order */
};

struct templates {
	struct gen_template *list;
	size_t n;
};

int templates_make(struct templates *t, const struct request *r);
void templates_free(struct templates *t);

/* DNS: a type's name or number; a name on the wire (its length, or -EINVAL). */
int dns_type(const char *text, unsigned *out);
int dns_name(const char *text, unsigned char wire[255]);

#endif
