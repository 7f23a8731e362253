/* SPDX-License-Identifier: Apache-2.0 */
/* out.c - see out.h. */
#include "out.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"

bool out_json;

int out_flush(void)
{
	errno = 0;
	if (!fflush(stdout) && !ferror(stdout))
		return 0;
	return fail(-EIO, "cannot write the output: %s", errno ? strerror(errno) : "a part of it was lost");
}

void out_object(struct json_object *obj)
{
	puts(json_object_to_json_string_ext(obj, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(obj);
}

void json_str(struct json_object *o, const char *key, const char *value)
{
	json_object_object_add(o, key, value ? json_object_new_string(value) : NULL);
}

void json_num(struct json_object *o, const char *key, unsigned long long value)
{
	json_object_object_add(o, key, json_object_new_uint64(value));
}

void json_int(struct json_object *o, const char *key, long long value)
{
	json_object_object_add(o, key, json_object_new_int64(value));
}

void json_flag(struct json_object *o, const char *key, bool value)
{
	json_object_object_add(o, key, json_object_new_boolean(value));
}

struct table {
	size_t columns, n, room;
	char **cell;
};

static void add_cell(struct table *t, char *text)
{
	if (t->n == t->room) {
		size_t room = t->room ? t->room * 2 : 64;
		char **more = realloc(t->cell, room * sizeof(*more));

		if (!more) {
			free(text);
			return;
		}
		t->cell = more;
		t->room = room;
	}
	t->cell[t->n++] = text;
}

struct table *table_new(size_t columns, const char *const *heads)
{
	struct table *t = calloc(1, sizeof(*t));

	if (!t)
		abort();
	t->columns = columns;
	for (size_t i = 0; i < columns; i++)
		add_cell(t, strdup(heads[i]));
	return t;
}

void table_cell(struct table *t, const char *fmt, ...)
{
	char *text = NULL;
	va_list ap;

	va_start(ap, fmt);
	if (vasprintf(&text, fmt, ap) < 0)
		text = strdup("");
	va_end(ap);
	add_cell(t, text);
}

static void print_cell(const char *cell, int width, bool head, bool last)
{
	if (last)
		printf("%s\n", cell);
	else if (!head && isdigit((unsigned char)*cell))
		printf("%*s  ", width, cell);
	else
		printf("%-*s  ", width, cell);
}

void table_print(struct table *t)
{
	int *width = calloc(t->columns, sizeof(*width));

	for (size_t i = 0; width && i < t->n; i++) {
		int len = strlen(t->cell[i]);

		if (len > width[i % t->columns])
			width[i % t->columns] = len;
	}
	for (size_t i = 0; i < t->n; i++) {
		size_t c = i % t->columns;

		print_cell(t->cell[i], width ? width[c] : 0, i < t->columns, c + 1 == t->columns);
		free(t->cell[i]);
	}
	free(width);
	free(t->cell);
	free(t);
}

const char *out_short(unsigned long long v, char buf[16])
{
	static const char unit[] = "kMGTPE";
	double d = v;
	int i = -1;

	if (v < 10000) {
		snprintf(buf, 16, "%llu", v);
		return buf;
	}
	while (d >= 1000 && unit[i + 1]) {
		d /= 1000;
		i++;
	}
	snprintf(buf, 16, d < 10 ? "%.1f%c" : "%.0f%c", d, unit[i]);
	return buf;
}

const char *out_time(unsigned long long ns, char buf[16])
{
	if (ns < 1000)
		snprintf(buf, 16, "%lluns", ns);
	else if (ns < 1000000)
		snprintf(buf, 16, "%.1fus", ns / 1e3);
	else
		snprintf(buf, 16, "%.1fms", ns / 1e6);
	return buf;
}
