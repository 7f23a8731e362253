// SPDX-License-Identifier: Apache-2.0
/* data_type.c - BTF into columns. The BTF may be an object's, so nothing in it is taken for granted. */
#include "data_type.h"

#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "data_form.h"
#include "data_type_internal.h"
#include "log.h"

#define COLUMNS_MAX 4096
#define NODES_MAX   8192

int maker_damaged(const struct maker *m)
{
	return fail_input("%s: its type information (BTF) is damaged at %s", m->what, m->path);
}

size_t maker_enter(struct maker *m, const char *name)
{
	size_t n = strlen(m->path);

	snprintf(m->path + n, sizeof(m->path) - n, "%s%s", *name == '[' ? "" : ".", name);
	return n;
}

struct data_node *maker_child(struct maker *m, struct data_node *node, const char *name)
{
	struct data_node *more = m->nodes++ < NODES_MAX ? realloc(node->child, (node->n + 1) * sizeof(*more)) : NULL;

	if (!more)
		return NULL;
	node->child = more;
	more += node->n;
	*more = (struct data_node){.name = strdup(name)};
	if (!more->name)
		return NULL;
	node->n++;
	return more;
}

void maker_drop_children(struct data_node *node)
{
	for (__u32 i = 0; i < node->n; i++) {
		maker_drop_children(&node->child[i]);
		free(node->child[i].name);
	}
	free(node->child);
	node->child = NULL;
	node->n = 0;
}

/* --- Columns --- */

static void free_column(struct data_column *c)
{
	for (size_t i = 0; i < c->n_words; i++)
		free(c->word[i].name);
	free(c->word);
	free(c->path);
}

static int add_column(struct maker *m, struct data_column *c)
{
	__u64 end = (__u64)c->offset + (__u64)c->size * c->count;
	struct data_type *t = m->t;

	c->path = strdup(m->path);
	if (!c->path)
		return fail_memory();
	if (end > m->size || !c->size)
		return maker_damaged(m);
	if (t->n == COLUMNS_MAX)
		return fail_input("%s: more than %u fields in a row", m->what, COLUMNS_MAX);
	if (!(t->n & (t->n - 1))) {
		struct data_column *more = realloc(t->column, (t->n ? 2 * t->n : 1) * sizeof(*more));

		if (!more)
			return fail_memory();
		t->column = more;
	}
	t->column[t->n++] = *c;
	return 0;
}

int maker_column(struct maker *m, struct data_node *node, struct data_column c)
{
	int rc = add_column(m, &c);

	if (rc) {
		free_column(&c);
		return rc;
	}
	node->kind = NODE_COLUMN;
	node->column = m->t->n - 1;
	return 0;
}

static int add_raw(struct maker *m, struct data_node *node, __u32 offset, __u32 size)
{
	return maker_column(m, node,
			    (struct data_column){.form = FORM_RAW, .offset = offset, .size = size, .count = 1});
}

static int make_words(struct maker *m, struct data_column *c, const struct btf_type *t)
{
	unsigned long long mask = c->bits ? (1ull << c->bits) - 1 : c->size >= 8 ? ~0ull : (1ull << 8 * c->size) - 1;

	c->word = calloc(btf_vlen(t) + 1, sizeof(*c->word));
	if (!c->word)
		return fail_memory();
	for (int i = 0; i < btf_vlen(t); i++) {
		bool wide = btf_is_enum64(t);
		__u32 name = wide ? btf_enum64(t)[i].name_off : btf_enum(t)[i].name_off;
		unsigned long long v =
			wide ? btf_enum64_value(&btf_enum64(t)[i]) : (unsigned long long)(long long)btf_enum(t)[i].val;

		c->word[i] = (struct data_word){strdup(btf__name_by_offset(m->btf, name)), v & mask};
		if (!c->word[i].name)
			return fail_memory();
		c->n_words++;
	}
	return 0;
}

bool maker_is_number(const struct btf_type *t)
{
	return (btf_is_int(t) || btf_is_any_enum(t)) && t->size && t->size <= 8;
}

int maker_number(struct maker *m, struct data_node *node, const struct btf_type *t, __u32 bit, __u32 bits)
{
	struct data_column c = {.offset = bit / 8, .size = t->size, .count = 1};

	if (bits) {
		c.bits = bits < 8 * t->size ? bits : 8 * t->size;
		c.shift = bit % 8;
		c.size = (c.shift + c.bits + 7) / 8;
		if (c.size > 8)
			return add_raw(m, node, c.offset, c.size);
	}
	if (c.bits == 64)
		c.bits = 0;
	if (btf_is_int(t)) {
		c.form = btf_int_encoding(t) & BTF_INT_BOOL ? FORM_BOOL : FORM_INT;
		c.is_signed = btf_int_encoding(t) & BTF_INT_SIGNED;
	} else {
		c.form = FORM_ENUM;
		c.is_signed = btf_kflag(t);
		if (make_words(m, &c, t)) {
			free_column(&c);
			return -ENOMEM;
		}
	}
	return maker_column(m, node, c);
}

int maker_node(struct maker *m, struct data_node *node, __u32 id, const char *form, __u32 offset)
{
	const struct btf_type *t = data_btf_resolve(m->btf, &id, &form);
	long long size;
	int rc;

	if (!t || m->depth > TYPE_DEPTH_MAX)
		return maker_damaged(m);
	m->depth++;
	size = btf__resolve_size(m->btf, id);
	if (form)
		rc = maker_form(m, node, t, id, form, offset);
	else if (maker_is_number(t))
		rc = maker_number(m, node, t, 8 * offset, 0);
	else if (btf_is_array(t))
		rc = maker_array(m, node, t, NULL, offset);
	else if (btf_is_composite(t))
		rc = maker_struct(m, node, t, id, offset);
	else
		rc = add_raw(m, node, offset, size > 0 ? size : 0);
	m->depth--;
	return rc;
}

static int make_part(struct maker *m, struct data_node *node, const char *name, __u32 id, __u32 size)
{
	node->name = strdup(name);
	if (!node->name)
		return fail_memory();
	snprintf(m->path, sizeof(m->path), "%s", name);
	m->size = size;
	if (m->btf && id)
		return maker_node(m, node, id, NULL, 0);
	if (m->t->is_array && m->t->n == 0 && size == 4)
		return maker_column(m, node, (struct data_column){.form = FORM_INT, .size = 4, .count = 1});
	return add_raw(m, node, 0, size);
}

static bool is_per_cpu(__u32 type)
{
	return type == BPF_MAP_TYPE_PERCPU_HASH || type == BPF_MAP_TYPE_PERCPU_ARRAY ||
	       type == BPF_MAP_TYPE_LRU_PERCPU_HASH;
}

int data_type_make(struct data_type *t, const struct data_layout *l, const char *what)
{
	struct maker m = {.t = t, .btf = l->btf, .what = what};
	int rc;

	*t = (struct data_type){.key_size = l->key_size, .value_size = l->value_size, .value_stride = l->value_size};
	t->is_array = l->map_type == BPF_MAP_TYPE_ARRAY || l->map_type == BPF_MAP_TYPE_PERCPU_ARRAY;
	if (is_per_cpu(l->map_type)) {
		t->cpus = libbpf_num_possible_cpus();
		t->value_stride = ((l->value_size + 7) & ~7u) * t->cpus;
	}
	rc = make_part(&m, &t->key, "key", l->key_id, l->key_size);
	t->n_key = t->n;
	if (!rc)
		rc = make_part(&m, &t->value, "value", l->value_id, l->value_size);
	if (rc)
		data_type_free(t);
	return rc;
}

void data_type_free(struct data_type *t)
{
	if (!t)
		return;
	for (__u32 i = 0; i < t->n; i++)
		free_column(&t->column[i]);
	free(t->column);
	maker_drop_children(&t->key);
	maker_drop_children(&t->value);
	free(t->key.name);
	free(t->value.name);
	*t = (struct data_type){0};
}

const char *data_type_refused(__u32 map_type)
{
	switch (map_type) {
	case BPF_MAP_TYPE_HASH:
	case BPF_MAP_TYPE_ARRAY:
	case BPF_MAP_TYPE_PERCPU_HASH:
	case BPF_MAP_TYPE_PERCPU_ARRAY:
	case BPF_MAP_TYPE_LRU_HASH:
	case BPF_MAP_TYPE_LRU_PERCPU_HASH:
	case BPF_MAP_TYPE_LPM_TRIE:
		return NULL;
	case BPF_MAP_TYPE_PROG_ARRAY:
		return "it holds programs";
	case BPF_MAP_TYPE_RINGBUF:
	case BPF_MAP_TYPE_USER_RINGBUF:
	case BPF_MAP_TYPE_PERF_EVENT_ARRAY:
		return "it is a buffer for messages";
	case BPF_MAP_TYPE_ARRAY_OF_MAPS:
	case BPF_MAP_TYPE_HASH_OF_MAPS:
		return "it holds maps, and not the one that KFAAS_REPLACEABLE declares";
	default:
		return "maps of its kind have no rows to read and write";
	}
}
