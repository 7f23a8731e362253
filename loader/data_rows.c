// SPDX-License-Identifier: Apache-2.0
/* data_rows.c - the rows of a file: lines into fields, fields into bytes, and no key twice. */
#include "data_rows.h"

#include <errno.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "data_form.h"
#include "log.h"

#define SHOWN	  60  /* characters of what was read, in errors */
#define NAMES_MAX 400 /* and of columns */

/* --- One row --- */

struct spot {
	const char *where;
	__u32 line;
};

/* The first N columns of T; "..." for those that have no room in NAMES (of NAMES_MAX). */
static const char *name_columns(const struct data_type *t, __u32 n, const char *between, char *names)
{
	size_t len = 0, room = NAMES_MAX - sizeof(", ...");

	names[0] = 0;
	for (__u32 i = 0; i < n; i++) {
		const char *comma = i ? between : "", *name = t->column[i].path;

		if (len + strlen(comma) + strlen(name) > room) {
			snprintf(names + len, NAMES_MAX - len, "%s...", comma);
			break;
		}
		len += snprintf(names + len, NAMES_MAX - len, "%s%s", comma, name);
	}
	return names;
}

static int wrong_count(const struct data_type *t, const struct spot *s, size_t at, size_t fields)
{
	char names[NAMES_MAX];

	return fail_input("%s:%u:%zu: %zu field%s, a row has %u with one tab between: %s", s->where, s->line, at,
			  fields, fields == 1 ? "" : "s", t->n, name_columns(t, t->n, ", ", names));
}

static size_t count_fields(const char *line, const char *end)
{
	size_t n = 1;

	while ((line = memchr(line, '\t', end - line))) {
		line++;
		n++;
	}
	return n;
}

static int read_fields(const struct data_type *t, const struct spot *s, const char *line, const char *end, char *key,
		       char *value)
{
	const char *at = line;
	char why[WHY_MAX];

	for (__u32 i = 0; i < t->n; i++) {
		const struct data_column *c = &t->column[i];
		const char *tab = memchr(at, '\t', end - at), *stop = tab ? tab : end;

		if (!tab != (i + 1 == t->n))
			return wrong_count(t, s, (tab ? tab : end) - line + 1, count_fields(line, end));
		if (data_form_read(c, at, stop - at, i < t->n_key ? key : value, why))
			return fail_input("%s:%u:%zu: %s: '%.*s' %s", s->where, s->line, at - line + 1, c->path,
					  stop - at < SHOWN ? (int)(stop - at) : SHOWN, at, why);
		at = stop + 1;
	}
	return 0;
}

int data_row_words(const struct data_type *t, int n, char **words, char *key, char *value)
{
	__u32 want = value ? t->n : t->n_key;
	char why[WHY_MAX], names[NAMES_MAX];

	if ((__u32)n != want)
		return fail_input("%d word%s behind the map's name, it takes %u: %s", n, n == 1 ? "" : "s", want,
				  name_columns(t, want, " ", names));
	for (__u32 i = 0; i < want; i++)
		if (data_form_read(&t->column[i], words[i], strlen(words[i]), i < t->n_key ? key : value, why))
			return fail_input("%s: '%.*s' %s", t->column[i].path, SHOWN, words[i], why);
	if (value && t->cpus)
		data_value_spread(t, value);
	return 0;
}

/* --- All rows --- */

static int make_room(struct data_rows *r)
{
	const struct data_type *t = r->type;
	size_t room = r->room ? 2 * r->room : 64;
	char *keys, *values;
	__u32 *line;

	if (r->n < r->room)
		return 0;
	if (r->n >= 1u << 31)
		return fail(-EFBIG, "too many rows");
	keys = realloc(r->keys, room * t->key_size);
	r->keys = keys ? keys : r->keys;
	values = realloc(r->values, room * t->value_stride);
	r->values = values ? values : r->values;
	line = realloc(r->line, room * sizeof(*line));
	r->line = line ? line : r->line;
	if (!keys || !values || !line)
		return fail_memory();
	r->room = room;
	return 0;
}

static int read_row(struct data_rows *r, struct json_tokener *tok, const struct spot *s, const char *line,
		    const char *end)
{
	const struct data_type *t = r->type;
	char *key, *value;
	int rc = make_room(r);

	if (rc)
		return rc;
	key = r->keys + r->n * t->key_size;
	value = r->values + r->n * t->value_stride;
	memset(key, 0, t->key_size); /* what lies between fields counts in a key */
	memset(value, 0, t->value_stride);
	if (*line == '{') {
		rc = data_json_read(t, tok, line, end - line, key, value, s->where, s->line);
	} else {
		rc = read_fields(t, s, line, end, key, value);
		if (!rc && t->cpus)
			data_value_spread(t, value);
	}
	r->line[r->n] = s->line;
	r->n += !rc;
	return rc;
}

static __u64 hash(const char *key, size_t n)
{
	__u64 h = 0x9e3779b97f4a7c15ull ^ n, word;

	for (; n >= 8; n -= 8, key += 8) {
		memcpy(&word, key, 8);
		h = (h ^ word) * 0xff51afd7ed558ccdull;
		h ^= h >> 32;
	}
	word = 0;
	memcpy(&word, key, n);
	h = (h ^ word) * 0xff51afd7ed558ccdull;
	return h ^ h >> 32;
}

/* The place of KEY in the index: that of its row, or the free one where it would be. */
static __u32 *place(const struct data_rows *r, const char *key)
{
	size_t size = r->type->key_size, at = hash(key, size) & r->mask;

	while (r->index[at] && memcmp(r->keys + (r->index[at] - 1) * size, key, size))
		at = (at + 1) & r->mask;
	return &r->index[at];
}

static int twice(const struct data_rows *r, size_t first, size_t second, const char *where)
{
	const struct data_type *t = r->type;
	char text[200] = "";
	size_t len = 0;

	for (__u32 i = 0; i < t->n_key; i++) {
		char *one = malloc(data_form_room(&t->column[i]));

		if (one)
			len += snprintf(text + len, sizeof(text) - len, "%s%.*s", i ? " " : "",
					(int)data_form_print(&t->column[i], r->keys + second * t->key_size, one), one);
		free(one);
		if (len >= sizeof(text))
			break;
	}
	return fail_input("%s:%u:1: key '%.80s' is there twice, first in line %u: leave one out", where,
			  r->line[second], text, r->line[first]);
}

static int make_index(struct data_rows *r, const char *where)
{
	size_t slots = 16;

	while (slots < 2 * r->n)
		slots *= 2;
	r->mask = slots - 1;
	r->index = calloc(slots, sizeof(*r->index));
	if (!r->index)
		return fail_memory();
	for (size_t i = 0; i < r->n; i++) {
		__u32 *at = place(r, r->keys + i * r->type->key_size);

		if (*at)
			return twice(r, *at - 1, i, where);
		*at = i + 1;
	}
	return 0;
}

int data_rows_read(struct data_rows *r, const struct data_type *t, const char *text, size_t len, const char *where)
{
	const char *end = text + len, *line = text;
	struct json_tokener *tok = json_tokener_new();
	struct spot s = {where, 0};
	int rc = tok ? 0 : fail_memory();

	*r = (struct data_rows){.type = t};
	if (tok)
		json_tokener_set_flags(tok, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	while (!rc && line < end) {
		const char *newline = memchr(line, '\n', end - line), *stop = newline ? newline : end;

		s.line++;
		if (stop > line && stop[-1] == '\r')
			stop--;
		if (stop > line && *line != '#')
			rc = read_row(r, tok, &s, line, stop);
		line = newline ? newline + 1 : end;
	}
	if (!rc)
		rc = make_index(r, where);
	if (tok)
		json_tokener_free(tok);
	if (rc)
		data_rows_free(r);
	return rc;
}

long data_rows_find(const struct data_rows *r, const char *key)
{
	return (long)*place(r, key) - 1;
}

int data_rows_check_index(const struct data_rows *r, __u32 limit, const char *where)
{
	for (size_t i = 0; r->type->is_array && i < r->n; i++) {
		__u32 row;

		memcpy(&row, r->keys + i * sizeof(row), sizeof(row));
		if (row >= limit)
			return fail_input("%s:%u:1: key: '%u' is not the number of a row of this array, 0 to %u", where,
					  r->line[i], row, limit - 1);
	}
	return 0;
}

__u32 data_rows_room(const struct data_rows *r)
{
	return r->type->is_array ? r->n : r->n + r->n / 8 + 16;
}

void data_rows_free(struct data_rows *r)
{
	if (!r)
		return;
	free(r->keys);
	free(r->values);
	free(r->line);
	free(r->index);
	*r = (struct data_rows){.type = r->type};
}
