// SPDX-License-Identifier: Apache-2.0
/* data_json.c - rows as JSON lines. Numbers and booleans are JSON's own; all else is the text that its form has. */
#include <errno.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "data_form.h"
#include "data_rows.h"
#include "log.h"

#define SHOWN 60

struct reading {
	const struct data_type *t;
	const char *where; /* the file */
	__u32 line;
	char path[512];
};

static int wrong(const struct reading *r, const char *what)
{
	return fail_input("%s:%u:1: %s: %s", r->where, r->line, r->path, what);
}

/* --- In --- */

static int read_text(const struct reading *r, const struct data_column *c, const char *s, size_t n, void *at)
{
	char why[WHY_MAX];

	if (!data_form_read(c, s, n, at, why))
		return 0;
	return fail_input("%s:%u:1: %s: '%.*s' %s", r->where, r->line, r->path, n < SHOWN ? (int)n : SHOWN, s, why);
}

static int read_scalar(const struct reading *r, const struct data_column *c, struct json_object *o, void *at)
{
	const char *s;

	switch (json_object_get_type(o)) {
	case json_type_string:
		return read_text(r, c, json_object_get_string(o), json_object_get_string_len(o), at);
	case json_type_int:
	case json_type_boolean:
		if (data_form_plain(c->form) || c->form == FORM_ENUM) {
			s = json_object_to_json_string(o);
			return read_text(r, c, s, strlen(s), at);
		}
		return wrong(r, "this is written as text, in quotes");
	default:
		return wrong(r, "a number, true, false or text goes here");
	}
}

static int read_list(const struct reading *r, const struct data_column *c, struct json_object *o, char *base)
{
	struct data_column one = *c;
	int rc = 0;

	if (!json_object_is_type(o, json_type_array) || json_object_array_length(o) != c->count)
		return fail_input("%s:%u:1: %s: a list of %u goes here", r->where, r->line, r->path, c->count);
	one.list = false;
	one.count = 1;
	for (__u32 i = 0; i < c->count && !rc; i++) {
		one.offset = c->offset + i * c->size;
		rc = read_scalar(r, &one, json_object_array_get_idx(o, i), base);
	}
	return rc;
}

static int read_node(struct reading *r, const struct data_node *node, struct json_object *o, char *base);

static int read_child(struct reading *r, const struct data_node *child, struct json_object *o, char *base)
{
	size_t n = strlen(r->path);
	int rc;

	snprintf(r->path + n, sizeof(r->path) - n, "%s%s", *child->name == '[' ? "" : ".", child->name);
	rc = read_node(r, child, o, base);
	r->path[n] = 0;
	return rc;
}

static int read_struct(struct reading *r, const struct data_node *node, struct json_object *o, char *base)
{
	size_t found = 0;
	int rc = 0;

	if (!json_object_is_type(o, json_type_object))
		return wrong(r, "an object goes here, with a member for each field");
	for (__u32 i = 0; i < node->n && !rc; i++) {
		struct json_object *member;

		if (!json_object_object_get_ex(o, node->child[i].name, &member))
			return fail_input("%s:%u:1: %s: '%s' is missing", r->where, r->line, r->path,
					  node->child[i].name);
		found++;
		rc = read_child(r, &node->child[i], member, base);
	}
	if (rc || found == (size_t)json_object_object_length(o))
		return rc;
	json_object_object_foreach(o, name, ignored)
	{
		bool known = false;

		(void)ignored;
		for (__u32 i = 0; i < node->n; i++)
			known |= !strcmp(name, node->child[i].name);
		if (!known)
			return fail_input("%s:%u:1: %s: there is no field '%.60s'", r->where, r->line, r->path, name);
	}
	return 0;
}

static int read_array(struct reading *r, const struct data_node *node, struct json_object *o, char *base)
{
	int rc = 0;

	if (!json_object_is_type(o, json_type_array) || json_object_array_length(o) != node->n)
		return fail_input("%s:%u:1: %s: a list of %u goes here", r->where, r->line, r->path, node->n);
	for (__u32 i = 0; i < node->n && !rc; i++)
		rc = read_child(r, &node->child[i], json_object_array_get_idx(o, i), base);
	return rc;
}

static int read_node(struct reading *r, const struct data_node *node, struct json_object *o, char *base)
{
	const struct data_column *c = &r->t->column[node->column];

	if (node->kind == NODE_STRUCT)
		return read_struct(r, node, o, base);
	if (node->kind == NODE_ARRAY)
		return read_array(r, node, o, base);
	return c->list ? read_list(r, c, o, base) : read_scalar(r, c, o, base);
}

static int read_part(struct reading *r, const struct data_node *node, struct json_object *o, char *base)
{
	snprintf(r->path, sizeof(r->path), "%s", node->name);
	return read_node(r, node, o, base);
}

static int read_cpus(struct reading *r, struct json_object *cpus, char *value)
{
	const struct data_type *t = r->t;
	int rc = 0;

	if (!json_object_is_type(cpus, json_type_array) || json_object_array_length(cpus) != t->cpus)
		return fail_input(
			"%s:%u:1: per_cpu: a list of %u goes here, one for each CPU; without it, value is shared "
			"out",
			r->where, r->line, t->cpus);
	for (__u32 i = 0; i < t->cpus && !rc; i++)
		rc = read_part(r, &t->value, json_object_array_get_idx(cpus, i),
			       value + i * (t->value_stride / t->cpus));
	return rc;
}

static int read_row(struct reading *r, struct json_object *row, char *key, char *value)
{
	struct json_object *k, *v, *cpus = NULL;
	bool spread;
	int rc;

	if (!json_object_object_get_ex(row, "key", &k) || !json_object_object_get_ex(row, "value", &v))
		return fail_input("%s:%u:1: a row is {\"key\": ..., \"value\": ...}", r->where, r->line);
	spread = r->t->cpus && !json_object_object_get_ex(row, "per_cpu", &cpus);
	if (json_object_object_length(row) != (cpus ? 3 : 2))
		return fail_input("%s:%u:1: a row has a \"key\" and a \"value\", and nothing else%s", r->where, r->line,
				  r->t->cpus ? " but \"per_cpu\"" : "");
	rc = read_part(r, &r->t->key, k, key);
	if (!rc)
		rc = read_part(r, &r->t->value, v, value);
	if (!rc && spread)
		data_value_spread(r->t, value);
	if (!rc && cpus)
		rc = read_cpus(r, cpus, value);
	return rc;
}

int data_json_read(const struct data_type *t, struct json_tokener *tok, const char *line, size_t len, char *key,
		   char *value, const char *where, __u32 number)
{
	struct reading r = {.t = t, .where = where, .line = number};
	struct json_object *row;
	int rc;

	json_tokener_reset(tok);
	row = json_tokener_parse_ex(tok, line, len);
	if (!row || json_tokener_get_parse_end(tok) != len) { /* a zero byte ends it, too */
		enum json_tokener_error error = json_tokener_get_error(tok);

		json_object_put(row);
		return fail_input("%s:%u:%zu: not JSON: %s", where, number, json_tokener_get_parse_end(tok) + 1,
				  error == json_tokener_continue  ? "it ends too early"
				  : error == json_tokener_success ? "something stands behind the row"
								  : json_tokener_error_desc(error));
	}
	rc = read_row(&r, row, key, value);
	json_object_put(row);
	return rc;
}

/* --- Out --- */

/* As plain forms and lists of digits alone are: what JSON has as numbers. */
static struct json_object *scalar(const struct data_printer *p, const struct data_column *c, const char *base)
{
	size_t n = data_form_print(c, base, p->buf);

	p->buf[n] = 0;
	if (c->form == FORM_BOOL && n < 7 && *p->buf != '0')
		return json_object_new_boolean(*p->buf == 't');
	if (data_form_plain(c->form) && c->form != FORM_BOOL)
		return *p->buf == '-' ? json_object_new_int64(strtoll(p->buf, NULL, 10))
				      : json_object_new_uint64(strtoull(p->buf, NULL, 10));
	return json_object_new_string_len(p->buf, n);
}

static struct json_object *list(const struct data_printer *p, const struct data_column *c, const char *base)
{
	struct json_object *a = json_object_new_array();
	struct data_column one = *c;

	one.list = false;
	one.count = 1;
	for (__u32 i = 0; i < c->count; i++) {
		one.offset = c->offset + i * c->size;
		json_object_array_add(a, scalar(p, &one, base));
	}
	return a;
}

static struct json_object *node_json(const struct data_printer *p, const struct data_node *node, const char *base)
{
	const struct data_column *c = &p->type->column[node->column];
	struct json_object *o;

	switch (node->kind) {
	case NODE_STRUCT:
		o = json_object_new_object();
		for (__u32 i = 0; i < node->n; i++)
			json_object_object_add(o, node->child[i].name, node_json(p, &node->child[i], base));
		return o;
	case NODE_ARRAY:
		o = json_object_new_array();
		for (__u32 i = 0; i < node->n; i++)
			json_object_array_add(o, node_json(p, &node->child[i], base));
		return o;
	default:
		return c->list ? list(p, c, base) : scalar(p, c, base);
	}
}

void data_json_print(const struct data_printer *p, const char *key, const char *values)
{
	const struct data_type *t = p->type;
	struct json_object *row = json_object_new_object(), *cpus;
	const char *value = values;

	if (t->cpus) {
		data_value_sum(t, values, p->sum);
		value = p->sum;
	}
	json_object_object_add(row, "key", node_json(p, &t->key, key));
	json_object_object_add(row, "value", node_json(p, &t->value, value));
	if (t->cpus) {
		cpus = json_object_new_array();
		for (__u32 i = 0; i < t->cpus; i++)
			json_object_array_add(cpus, node_json(p, &t->value, values + i * (t->value_stride / t->cpus)));
		json_object_object_add(row, "per_cpu", cpus);
	}
	fprintf(p->out, "%s\n",
		json_object_to_json_string_ext(row, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(row);
}
