/* SPDX-License-Identifier: Apache-2.0 */
/* template.h - the frames that requests are made from: built in, or taken from captured ones. */
#ifndef GEN_TEMPLATE_H
#define GEN_TEMPLATE_H

#include <stdbool.h>
#include <stddef.h>

#include "../../loader/packets.h"
#include "queries.h"
#include "range.h"
#include "target.h"

#define TEMPLATES_MAX (1u << 22)

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
	struct queries queries;
	struct packets frames; /* to be used in place of the built-in ones */
	unsigned ping_id;      /* network order */
};

struct templates {
	void *rows;
	size_t n, row; /* bytes of one, as in the kernel's table */
};

static inline struct gen_template *template_at(const struct templates *t, size_t i)
{
	return (void *)((char *)t->rows + i * t->row);
}

int templates_make(struct templates *t, const struct request *r);
void templates_free(struct templates *t);

#endif
