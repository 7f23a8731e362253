/* SPDX-License-Identifier: Apache-2.0 */
/* queries.h - what a DNS load asks for: names and types, from the command line and from a file. */
#ifndef GEN_QUERIES_H
#define GEN_QUERIES_H

#include "range.h"

struct query {
	const char *name;
	uint16_t type;
};

struct queries {
	struct query *list;
	size_t n, room;
	size_t longest; /* name, in bytes on the wire */
	char *text;	/* of the file */
};

/* NAME with each of TYPES; A if there are none. It must live as long as the queries. WHERE is named in errors. */
int queries_add(struct queries *q, const char *name, const struct numbers *types, const char *where);
/* A file with a name a line; behind it may stand the type, else it is TYPES. Lines without a name, and those that begin
 * with '#' or ';', are left out. Once. */
int queries_read(struct queries *q, const char *path, const struct numbers *types);
void queries_free(struct queries *q);

/* A type's name or number; a name on the wire (its length, or -EINVAL). */
int dns_type(const char *text, unsigned *out);
int dns_name(const char *text, unsigned char wire[255]);

#endif
