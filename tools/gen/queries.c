// SPDX-License-Identifier: Apache-2.0
/* queries.c - see queries.h. */
#include "queries.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "../../loader/conf.h" /* parse_u64 */
#include "../../loader/log.h"
#include "../../loader/util.h"

#define TYPE_DEFAULT 1
#define BLANKS	     " \t\r"

int dns_type(const char *text, unsigned *out)
{
	static const struct {
		const char *name;
		unsigned number;
	} types[] = {{"A", 1},	 {"NS", 2},	 {"CNAME", 5},	{"SOA", 6},   {"PTR", 12},
		     {"MX", 15}, {"TXT", 16},	 {"AAAA", 28},	{"SRV", 33},  {"NAPTR", 35},
		     {"DS", 43}, {"DNSKEY", 48}, {"HTTPS", 65}, {"ANY", 255}, {"CAA", 257}};
	unsigned long long n;

	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		if (!strcasecmp(text, types[i].name)) {
			*out = types[i].number;
			return 0;
		}
	if (parse_u64(text, 1, 65535, &n))
		return -EINVAL;
	*out = n;
	return 0;
}

int dns_name(const char *text, unsigned char wire[255])
{
	int n = 0;

	if (!strcmp(text, "."))
		text = "";
	while (*text) {
		size_t len = strcspn(text, ".");

		if (!len || len > 63 || n + 1 + len + 1 > 255)
			return -EINVAL;
		wire[n++] = len;
		memcpy(wire + n, text, len);
		n += len;
		text += len;
		text += *text == '.';
	}
	wire[n++] = 0;
	return n;
}

static int append(struct queries *q, const char *name, unsigned type)
{
	if (q->n == q->room) {
		size_t room = q->room ? 2 * q->room : 64;
		struct query *list = reallocarray(q->list, room, sizeof(*list));

		if (!list)
			return fail_memory();
		q->list = list;
		q->room = room;
	}
	q->list[q->n++] = (struct query){name, type};
	return 0;
}

int queries_add(struct queries *q, const char *name, const struct numbers *types, const char *where)
{
	unsigned char wire[255];
	int rc, len = dns_name(name, wire);

	if (len < 0)
		return fail_input("%s: '%s' is no DNS name: labels of 1 to 63 characters, 253 in all", where, name);
	if ((size_t)len > q->longest)
		q->longest = len;
	if (!types->n)
		return append(q, name, TYPE_DEFAULT);
	rc = 0;
	for (size_t i = 0; i < types->n && !rc; i++)
		rc = append(q, name, types->list[i]);
	return rc;
}

/* --- The file */

/* The next word of *LINE, or NULL. */
static char *next_word(char **line)
{
	char *word;

	do
		word = strsep(line, BLANKS);
	while (word && !*word);
	return word;
}

static int add_line(struct queries *q, char *line, const struct numbers *types, const char *where)
{
	char *name = next_word(&line), *type = next_word(&line);
	struct numbers one = {(uint32_t[1]){0}, 1};

	if (!name || *name == '#' || *name == ';')
		return 0;
	if (!type)
		return queries_add(q, name, types, where);
	if (dns_type(type, one.list) || next_word(&line))
		return fail_input("%s: '%s': behind the name only a type as A or AAAA, or its number", where, type);
	return queries_add(q, name, &one, where);
}

static int slurp(struct queries *q, const char *path)
{
	FILE *file = fopen(path, "re");
	size_t room = 0;
	ssize_t len;
	int rc = 0;

	if (!file)
		return fail_input("--names %s: %s", path, strerror(errno));
	errno = 0;
	len = getdelim(&q->text, &room, '\0', file);
	if (len < 0 && errno)
		rc = fail_input("--names %s: %s", path, strerror(errno));
	else if (getc(file) != EOF)
		rc = fail_input("--names %s: not a text", path);
	if (len < 0) { /* an empty file leaves a buffer that nothing was written to */
		free(q->text);
		q->text = NULL;
	}
	fclose(file);
	return rc;
}

int queries_read(struct queries *q, const char *path, const struct numbers *types)
{
	int rc = slurp(q, path);
	char *rest = q->text, *line, where[300];

	for (unsigned n = 1; !rc && (line = strsep(&rest, "\n")); n++) {
		snprintf(where, sizeof(where), "%s line %u", path, n);
		rc = add_line(q, line, types, where);
	}
	if (!rc && !q->n)
		rc = fail_input("--names %s: there is no name in it", path);
	return rc;
}

void queries_free(struct queries *q)
{
	free(q->list);
	free(q->text);
	*q = (struct queries){0};
}
