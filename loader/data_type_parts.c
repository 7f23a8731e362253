// SPDX-License-Identifier: Apache-2.0
/* data_type_parts.c - arrays and structs taken apart. */
#include <bpf/btf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "data_form.h"
#include "data_type_internal.h"
#include "log.h"

#define UNROLLED_MAX 256 /* elements of an array that get columns of their own */

static int make_element(struct maker *m, struct data_node *node, const struct btf_array *a, const char *form,
			__u32 offset, __u32 i, __u32 size)
{
	char name[16];
	struct data_node *child;
	size_t path;
	int rc;

	snprintf(name, sizeof(name), "[%u]", i);
	child = maker_child(m, node, name);
	if (!child)
		return fail_memory();
	path = maker_enter(m, name);
	rc = maker_node(m, child, a->type, form, offset + i * size);
	m->path[path] = 0;
	return rc;
}

/* The first element's column stands for all. */
static int make_list(struct maker *m, struct data_node *node, __u32 n)
{
	struct data_column *c = &m->t->column[node->child[0].column];

	if ((__u64)c->offset + (__u64)c->size * n > m->size)
		return maker_damaged(m);
	free(c->path);
	c->path = strdup(m->path);
	c->count = n;
	c->list = true;
	node->kind = NODE_COLUMN;
	node->column = node->child[0].column;
	maker_drop_children(node);
	return c->path ? 0 : fail_memory();
}

int maker_array(struct maker *m, struct data_node *node, const struct btf_type *t, const char *form, __u32 offset)
{
	const struct btf_array *a = btf_array(t);
	long long size = btf__resolve_size(m->btf, a->type);
	const struct data_column *first;
	__u32 before = m->t->n;
	int rc;

	node->kind = NODE_ARRAY;
	if (!a->nelems || size <= 0)
		return 0;
	if (!form && data_btf_is_char(m->btf, a->type))
		return maker_column(
			m, node,
			(struct data_column){.form = FORM_TEXT, .offset = offset, .size = a->nelems, .count = 1});
	rc = make_element(m, node, a, form, offset, 0, size);
	if (rc)
		return rc;
	first = m->t->n == before + 1 ? &m->t->column[before] : NULL;
	if (first && node->child[0].kind == NODE_COLUMN && !first->list && first->size == size &&
	    data_form_in_list(first->form))
		return make_list(m, node, a->nelems);
	if (a->nelems > UNROLLED_MAX)
		return fail_input("%s: %s has %u elements: more than %u of structs or texts cannot be fields of a row",
				  m->what, m->path, a->nelems, UNROLLED_MAX);
	for (__u32 i = 1; i < a->nelems && !rc; i++)
		rc = make_element(m, node, a, form, offset, i, size);
	return rc;
}

/* Is member I the length of member I + 1? */
static bool is_length(const struct maker *m, const struct btf_type *t, __u32 id, int i)
{
	const struct btf_member *member = btf_members(t) + i;
	const char *form = i + 1 < btf_vlen(t) && btf_is_struct(t) ? data_btf_form(m->btf, id, i + 1) : NULL,
		   *skip = "";
	__u32 type = member->type;
	const struct btf_type *length;

	if (!form || strcmp(form, "bytes"))
		return false;
	length = data_btf_resolve(m->btf, &type, &skip);
	return length && btf_is_int(length) && length->size <= 4 &&
	       btf_member_bit_offset(t, i) + 8 * length->size == btf_member_bit_offset(t, i + 1);
}

static int make_member(struct maker *m, struct data_node *node, const struct btf_type *t, __u32 id, int i, __u32 offset)
{
	const char *form = data_btf_form(m->btf, id, i), *none = "";
	__u32 bit = 8 * offset + btf_member_bit_offset(t, i), bits = btf_member_bitfield_size(t, i);
	__u32 type = btf_members(t)[i].type;
	const struct btf_type *of = data_btf_resolve(m->btf, &type, &none);

	if (bits && of && maker_is_number(of))
		return maker_number(m, node, of, bit, bits);
	return maker_node(m, node, btf_members(t)[i].type, form, bit / 8);
}

/* A union is its first member. Members of a struct without a name are those of the struct around it. */
int maker_struct(struct maker *m, struct data_node *node, const struct btf_type *t, __u32 id, __u32 offset)
{
	int n = btf_is_union(t) && btf_vlen(t) ? 1 : btf_vlen(t), rc = 0;

	node->kind = NODE_STRUCT;
	if (n == 2 && is_length(m, t, id, 0))
		return maker_bytes(m, node, t, 0, offset);
	for (int i = 0; i < n && !rc; i++) {
		const char *name = btf__name_by_offset(m->btf, btf_members(t)[i].name_off), *skip = "";
		__u32 type = btf_members(t)[i].type;
		const struct btf_type *of = data_btf_resolve(m->btf, &type, &skip);
		bool bytes = is_length(m, t, id, i);
		struct data_node *child;
		size_t path;

		if (!of || (btf_is_composite(of) && data_btf_is_kernels(btf__name_by_offset(m->btf, of->name_off))))
			continue;
		if (!*name && btf_is_composite(of)) {
			rc = maker_struct(m, node, of, type, offset + btf_member_bit_offset(t, i) / 8);
			continue;
		}
		if (!*name)
			continue; /* a bit field that only fills */
		if (bytes)
			name = btf__name_by_offset(m->btf, btf_members(t)[i + 1].name_off);
		child = maker_child(m, node, name);
		if (!child)
			return fail_memory();
		path = maker_enter(m, name);
		rc = bytes ? maker_bytes(m, child, t, i, offset) : make_member(m, child, t, id, i, offset);
		m->path[path] = 0;
		i += bytes;
	}
	return rc;
}
