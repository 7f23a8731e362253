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
#include "log.h"
#include "util.h"

#define COLUMNS_MAX  4096
#define UNROLLED_MAX 256 /* elements of an array that get columns of their own */
#define DEPTH_MAX    32
#define FORM_PREFIX_ "kfaas:" /* of KFAAS_FORM's tags */

struct maker {
	struct data_type *t;
	const struct btf *btf;
	const char *what; /* the map, for errors */
	__u32 size;	  /* of the key or the value */
	char path[512];
	unsigned depth;
};

static int no_memory(void)
{
	return fail(-ENOMEM, "out of memory");
}

static int make_node(struct maker *m, struct data_node *node, __u32 id, const char *form, __u32 offset);

/* --- Pieces of a path --- */

static size_t path_enter(struct maker *m, const char *name)
{
	size_t n = strlen(m->path);

	snprintf(m->path + n, sizeof(m->path) - n, "%s%s", *name == '[' ? "" : ".", name);
	return n;
}

/* --- What BTF says --- */

/* The form that KFAAS_FORM gives type ID, or its member MEMBER (-1: the type itself). */
static const char *form_of(const struct maker *m, __u32 id, int member)
{
	for (__u32 i = 1; i < btf__type_cnt(m->btf); i++) {
		const struct btf_type *t = btf__type_by_id(m->btf, i);
		const char *tag;

		if (!btf_is_decl_tag(t) || t->type != id || btf_decl_tag(t)->component_idx != member)
			continue;
		tag = btf__name_by_offset(m->btf, t->name_off);
		if (!strncmp(tag, FORM_PREFIX_, strlen(FORM_PREFIX_)))
			return tag + strlen(FORM_PREFIX_);
	}
	return NULL;
}

/* Types of the kernel's headers that say what they are by their names. */
static const char *form_by_name(const char *name)
{
	static const char *const known[][2] = {
		{"__be16", "be"}, {"__be32", "be"}, {"__be64", "be"}, {"in_addr", "ip4"}, {"in6_addr", "ip6"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (!strcmp(name, known[i][0]))
			return known[i][1];
	return NULL;
}

/* What the kernel keeps in a value for itself. */
static bool is_kernels(const char *name)
{
	static const char *const known[] = {"bpf_spin_lock", "bpf_res_spin_lock", "bpf_timer",
					    "bpf_wq",	     "bpf_list_head",	  "bpf_list_node",
					    "bpf_rb_root",   "bpf_rb_node",	  "bpf_refcount"};

	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (!strcmp(name, known[i]))
			return true;
	return false;
}

/* Behind typedefs and qualifiers; the first form on the way goes to *FORM, unless there is one. */
static const struct btf_type *resolve(const struct maker *m, __u32 *id, const char **form)
{
	const struct btf_type *t = btf__type_by_id(m->btf, *id);

	for (unsigned i = 0; t && i < DEPTH_MAX; i++) {
		if (!*form)
			*form = form_of(m, *id, -1);
		if (!*form)
			*form = form_by_name(btf__name_by_offset(m->btf, t->name_off));
		if (!btf_is_mod(t) && !btf_is_typedef(t) && !btf_is_type_tag(t))
			return t;
		*id = t->type;
		t = btf__type_by_id(m->btf, *id);
	}
	return t && !btf_is_mod(t) && !btf_is_typedef(t) && !btf_is_type_tag(t) ? t : NULL;
}

static bool is_char(const struct maker *m, __u32 id)
{
	const char *form = "";
	const struct btf_type *t = resolve(m, &id, &form);

	return t && btf_is_int(t) && t->size == 1 && !strcmp(btf__name_by_offset(m->btf, t->name_off), "char");
}

/* --- Columns --- */

/* Takes over WORD. */
static int add_column(struct maker *m, struct data_node *node, const struct data_column *c)
{
	struct data_type *t = m->t;
	__u64 end = (__u64)c->offset + (__u64)c->size * c->count;

	if (end > m->size || !c->size)
		return fail_input("%s: its type information (BTF) is damaged: %s ends behind byte %u", m->what, m->path,
				  m->size);
	if (t->n == COLUMNS_MAX)
		return fail_input("%s: more than %u fields in a row", m->what, COLUMNS_MAX);
	if (!(t->n & (t->n - 1))) {
		struct data_column *more = realloc(t->column, (t->n ? 2 * t->n : 1) * sizeof(*more));

		if (!more)
			return no_memory();
		t->column = more;
	}
	t->column[t->n] = *c;
	t->column[t->n].path = strdup(m->path);
	node->kind = NODE_COLUMN;
	node->column = t->n++;
	return t->column[node->column].path ? 0 : no_memory();
}

static int add_raw(struct maker *m, struct data_node *node, __u32 offset, __u32 size)
{
	return add_column(m, node, &(struct data_column){.form = FORM_RAW, .offset = offset, .size = size, .count = 1});
}

static int make_words(struct maker *m, struct data_column *c, const struct btf_type *t)
{
	unsigned long long mask = c->bits ? (1ull << c->bits) - 1 : c->size >= 8 ? ~0ull : (1ull << 8 * c->size) - 1;

	c->word = calloc(btf_vlen(t) + 1, sizeof(*c->word));
	if (!c->word)
		return no_memory();
	for (int i = 0; i < btf_vlen(t); i++) {
		bool wide = btf_is_enum64(t);
		__u32 name = wide ? btf_enum64(t)[i].name_off : btf_enum(t)[i].name_off;
		unsigned long long v =
			wide ? btf_enum64_value(&btf_enum64(t)[i]) : (unsigned long long)(long long)btf_enum(t)[i].val;

		c->word[i] = (struct data_word){strdup(btf__name_by_offset(m->btf, name)), v & mask};
		if (!c->word[i].name)
			return no_memory();
		c->n_words++;
	}
	return 0;
}

static bool fits_number(const struct btf_type *t)
{
	return (btf_is_int(t) || btf_is_any_enum(t)) && t->size && t->size <= 8;
}

/* An integer or an enum. BITS: of a bit field, from bit BIT of the part on. */
static int add_number(struct maker *m, struct data_node *node, const struct btf_type *t, __u32 bit, __u32 bits)
{
	struct data_column c = {.offset = bit / 8, .size = t->size, .count = 1};
	int rc = 0;

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
		rc = make_words(m, &c, t);
	}
	if (!rc)
		rc = add_column(m, node, &c);
	if (rc && !(m->t->n && m->t->column[m->t->n - 1].word == c.word)) {
		for (size_t i = 0; i < c.n_words; i++)
			free(c.word[i].name);
		free(c.word);
	}
	return rc;
}

/* --- Forms --- */

static int wrong_form(const struct maker *m, const char *form, const char *of, __u32 size)
{
	return fail_input("%s: KFAAS_FORM(\"%s\") on %s: it is for %s, this has %u bytes", m->what, form, m->path, of,
			  size);
}

static int add_prefix(struct maker *m, struct data_node *node, const struct btf_type *t, __u32 offset, __u32 size)
{
	struct data_column c = {.form = FORM_PREFIX, .offset = offset, .size = size, .count = 1};
	const char *form = NULL;
	__u32 id;

	if (!btf_is_struct(t) || btf_vlen(t) != 2 || btf_members(t)[1].offset != 32 || (size != 8 && size != 20))
		return wrong_form(m, "prefix", "a struct of __u32 prefixlen and an address of 4 or 16 bytes", size);
	id = btf_members(t)[1].type;
	resolve(m, &id, &form);
	c.address = size == 8 ? FORM_IP4 : form && !strcmp(form, "ip") ? FORM_IP : FORM_IP6;
	return add_column(m, node, &c);
}

/* Of an array's elements rather than of the array: "ip4" on __be32[4], "hex" on __u8[4][32]. */
static bool form_is_elements(const struct maker *m, const struct btf_type *t, enum data_form form, __u32 size)
{
	const struct btf_type *element;
	const char *skip = "";
	__u32 id;

	if (!btf_is_array(t) || (data_form_size(form) && data_form_size(form) == size))
		return false;
	id = btf_array(t)->type;
	element = resolve(m, &id, &skip);
	return form != FORM_HEX && form != FORM_NAME ? true : element && btf_is_array(element);
}

static int make_array(struct maker *m, struct data_node *node, const struct btf_type *t, const char *form,
		      __u32 offset);

static int make_form(struct maker *m, struct data_node *node, const struct btf_type *t, __u32 id, const char *name,
		     __u32 offset)
{
	struct data_column c = {.offset = offset, .count = 1};
	long long size = btf__resolve_size(m->btf, id);
	int form = data_form_named(name);

	if (form < 0)
		return fail_input("%s: KFAAS_FORM(\"%s\") on %s: the forms are %s", m->what, name, m->path,
				  data_form_names);
	if (size <= 0)
		return wrong_form(m, name, "what has a size", 0);
	if (form_is_elements(m, t, form, size))
		return make_array(m, node, t, name, offset);
	c.form = form;
	c.size = size;
	switch (form) {
	case FORM_PREFIX:
		return add_prefix(m, node, t, offset, size);
	case FORM_BYTES:
		return wrong_form(m, name, "an array with its length (an integer) right before it in the struct", size);
	case FORM_BE:
		if (size != 2 && !(size == 4 && strcmp(name, "port")) && !(size == 8 && strcmp(name, "port")))
			return wrong_form(m, name, strcmp(name, "port") ? "2, 4 or 8 bytes" : "2 bytes", size);
		break;
	default:
		if (data_form_size(form) && data_form_size(form) != size)
			return wrong_form(m, name,
					  data_form_size(form) == 4   ? "4 bytes"
					  : data_form_size(form) == 6 ? "6 bytes"
								      : "16 bytes",
					  size);
	}
	return add_column(m, node, &c);
}

/* --- What is made of parts --- */

static struct data_node *add_child(struct data_node *node, const char *name)
{
	struct data_node *more = realloc(node->child, (node->n + 1) * sizeof(*more));

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

static void free_node(struct data_node *node)
{
	for (__u32 i = 0; i < node->n; i++)
		free_node(&node->child[i]);
	free(node->child);
	free(node->name);
}

static int make_element(struct maker *m, struct data_node *node, const struct btf_array *a, const char *form,
			__u32 offset, __u32 i, __u32 size)
{
	char name[16];
	struct data_node *child;
	size_t path;
	int rc;

	snprintf(name, sizeof(name), "[%u]", i);
	child = add_child(node, name);
	if (!child)
		return no_memory();
	path = path_enter(m, name);
	rc = make_node(m, child, a->type, form, offset + i * size);
	m->path[path] = 0;
	return rc;
}

/* The first element's column stands for all. */
static int make_list(struct maker *m, struct data_node *node, __u32 n)
{
	struct data_column *c = &m->t->column[node->child[0].column];

	if ((__u64)c->offset + (__u64)c->size * n > m->size)
		return fail_input("%s: its type information (BTF) is damaged: %s ends behind byte %u", m->what, m->path,
				  m->size);
	free(c->path);
	c->path = strdup(m->path);
	c->count = n;
	c->list = true;
	node->kind = NODE_COLUMN;
	node->column = node->child[0].column;
	free_node(&node->child[0]);
	free(node->child);
	node->child = NULL;
	node->n = 0;
	return c->path ? 0 : no_memory();
}

static int make_array(struct maker *m, struct data_node *node, const struct btf_type *t, const char *form, __u32 offset)
{
	const struct btf_array *a = btf_array(t);
	long long size = btf__resolve_size(m->btf, a->type);
	const struct data_column *first;
	__u32 before = m->t->n;
	int rc;

	node->kind = NODE_ARRAY;
	if (!a->nelems || size <= 0)
		return 0;
	if (!form && is_char(m, a->type))
		return add_column(
			m, node,
			&(struct data_column){.form = FORM_TEXT, .offset = offset, .size = a->nelems, .count = 1});
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
	const char *form = i + 1 < btf_vlen(t) && btf_is_struct(t) ? form_of(m, id, i + 1) : NULL, *skip = "";
	__u32 type = member->type;
	const struct btf_type *length;

	if (!form || strcmp(form, "bytes"))
		return false;
	length = resolve(m, &type, &skip);
	return length && btf_is_int(length) && length->size <= 4 &&
	       btf_member_bit_offset(t, i) + 8 * length->size == btf_member_bit_offset(t, i + 1);
}

static int make_bytes(struct maker *m, struct data_node *node, const struct btf_type *t, int length, __u32 offset)
{
	long long head = btf__resolve_size(m->btf, btf_members(t)[length].type);
	long long size = btf__resolve_size(m->btf, btf_members(t)[length + 1].type);

	if (head <= 0 || size <= 0)
		return wrong_form(m, "bytes", "an array with its length right before it", 0);
	return add_column(m, node,
			  &(struct data_column){.form = FORM_BYTES,
						.offset = offset + btf_member_bit_offset(t, length) / 8,
						.size = head + size,
						.head = head,
						.count = 1});
}

static int make_member(struct maker *m, struct data_node *node, const struct btf_type *t, __u32 id, int i, __u32 offset)
{
	const char *form = form_of(m, id, i), *none = "";
	__u32 bit = 8 * offset + btf_member_bit_offset(t, i), bits = btf_member_bitfield_size(t, i);
	__u32 type = btf_members(t)[i].type;
	const struct btf_type *of = resolve(m, &type, &none);

	if (bits && of && fits_number(of))
		return add_number(m, node, of, bit, bits);
	return make_node(m, node, btf_members(t)[i].type, form, bit / 8);
}

/* A union is its first member. Members of a struct without a name are those of the struct around it. */
static int make_struct(struct maker *m, struct data_node *node, const struct btf_type *t, __u32 id, __u32 offset)
{
	int n = btf_is_union(t) && btf_vlen(t) ? 1 : btf_vlen(t), rc = 0;

	node->kind = NODE_STRUCT;
	if (n == 2 && is_length(m, t, id, 0))
		return make_bytes(m, node, t, 0, offset);
	for (int i = 0; i < n && !rc; i++) {
		const char *name = btf__name_by_offset(m->btf, btf_members(t)[i].name_off), *skip = "";
		__u32 type = btf_members(t)[i].type;
		const struct btf_type *of = resolve(m, &type, &skip);
		bool bytes = is_length(m, t, id, i);
		struct data_node *child;
		size_t path;

		if (!of || (btf_is_composite(of) && is_kernels(btf__name_by_offset(m->btf, of->name_off))))
			continue;
		if (!*name && btf_is_composite(of)) {
			rc = make_struct(m, node, of, type, offset + btf_member_bit_offset(t, i) / 8);
			continue;
		}
		if (!*name)
			continue; /* a bit field that only fills */
		if (bytes)
			name = btf__name_by_offset(m->btf, btf_members(t)[i + 1].name_off);
		child = add_child(node, name);
		if (!child)
			return no_memory();
		path = path_enter(m, name);
		rc = bytes ? make_bytes(m, child, t, i, offset) : make_member(m, child, t, id, i, offset);
		m->path[path] = 0;
		i += bytes;
	}
	return rc;
}

static int make_node(struct maker *m, struct data_node *node, __u32 id, const char *form, __u32 offset)
{
	const struct btf_type *t = resolve(m, &id, &form);
	long long size;
	int rc;

	if (!t || m->depth > DEPTH_MAX)
		return fail_input("%s: its type information (BTF) is damaged at %s", m->what, m->path);
	m->depth++;
	size = btf__resolve_size(m->btf, id);
	if (form)
		rc = make_form(m, node, t, id, form, offset);
	else if (fits_number(t))
		rc = add_number(m, node, t, 8 * offset, 0);
	else if (btf_is_array(t))
		rc = make_array(m, node, t, NULL, offset);
	else if (btf_is_composite(t))
		rc = make_struct(m, node, t, id, offset);
	else
		rc = add_raw(m, node, offset, size > 0 ? size : 0);
	m->depth--;
	return rc;
}

static int make_part(struct maker *m, struct data_node *node, const char *name, __u32 id, __u32 size)
{
	node->name = strdup(name);
	if (!node->name)
		return no_memory();
	snprintf(m->path, sizeof(m->path), "%s", name);
	m->size = size;
	if (m->btf && id)
		return make_node(m, node, id, NULL, 0);
	if (m->t->is_array && m->t->n == 0 && size == 4)
		return add_column(m, node, &(struct data_column){.form = FORM_INT, .size = 4, .count = 1});
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
	for (__u32 i = 0; i < t->n; i++) {
		for (size_t k = 0; k < t->column[i].n_words; k++)
			free(t->column[i].word[k].name);
		free(t->column[i].word);
		free(t->column[i].path);
	}
	free(t->column);
	free_node(&t->key);
	free_node(&t->value);
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
