/* SPDX-License-Identifier: Apache-2.0 */
/* anatomy_settings.c - an object's `const volatile` globals in words, by BTF. */
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "anatomy.h"
#include "function.h"
#include "util.h"

static const struct btf_type *skip_qualifiers(const struct btf *btf, __u32 id, bool *is_volatile)
{
	const struct btf_type *t = btf__type_by_id(btf, id);

	while (t && (btf_is_const(t) || btf_is_volatile(t))) {
		*is_volatile |= btf_is_volatile(t);
		t = btf__type_by_id(btf, t->type);
	}
	return t;
}

/* Of an array it is the elements that are. */
static bool volatile_type(const struct btf *btf, __u32 id)
{
	bool is_volatile = false;
	const struct btf_type *t = skip_qualifiers(btf, id, &is_volatile);

	while (t && btf_is_array(t) && !is_volatile)
		t = skip_qualifiers(btf, btf_array(t)->type, &is_volatile);
	return is_volatile;
}

/* As its author wrote it: typedefs stay. */
static void type_text(const struct btf *btf, __u32 id, char *buf, size_t size)
{
	bool is_volatile = false;
	const struct btf_type *t = skip_qualifiers(btf, id, &is_volatile);
	const char *name = t ? btf__name_by_offset(btf, t->name_off) : NULL, *kind = "";
	char element[48];

	if (t && btf_is_array(t)) {
		type_text(btf, btf_array(t)->type, element, sizeof(element));
		snprintf(buf, size, "%s[%u]", element, btf_array(t)->nelems);
		return;
	}
	if (t && btf_is_any_enum(t))
		kind = "enum ";
	else if (t && btf_is_composite(t))
		kind = btf_is_union(t) ? "union " : "struct ";
	snprintf(buf, size, "%s%s", kind, name && *name ? name : "?");
}

static void int_text(const struct btf_type *t, const unsigned char *at, char *buf, size_t size)
{
	unsigned long long v = 0;
	unsigned spare = (8 - t->size) * 8;

	memcpy(&v, at, t->size); /* little-endian, as every machine this runs on */
	if (btf_int_encoding(t) & BTF_INT_BOOL)
		snprintf(buf, size, "%s", v ? "true" : "false");
	else if (btf_int_encoding(t) & BTF_INT_SIGNED)
		snprintf(buf, size, "%lld", (long long)(v << spare) >> spare);
	else
		snprintf(buf, size, "%llu", v);
}

static void enum_text(const struct btf *btf, const struct btf_type *t, const unsigned char *at, char *buf, size_t size)
{
	const struct btf_enum *e = btf_enum(t);
	__s32 v = 0;

	memcpy(&v, at, t->size < sizeof(v) ? t->size : sizeof(v));
	snprintf(buf, size, "%d", v);
	for (int i = 0; i < btf_vlen(t); i++, e++)
		if (e->val == v)
			snprintf(buf, size, "%s", btf__name_by_offset(btf, e->name_off));
}

static void bytes_text(const unsigned char *at, size_t n, char *buf, size_t size)
{
	*buf = 0;
	for (size_t i = 0; i < n && 2 * i + 2 < size; i++)
		snprintf(buf + 2 * i, 3, "%02x", at[i]);
}

static void value_text(const struct btf *btf, __u32 id, const unsigned char *at, size_t n, char *buf, size_t size)
{
	int resolved = btf__resolve_type(btf, id);
	const struct btf_type *t = resolved < 0 ? NULL : btf__type_by_id(btf, resolved), *element = NULL;

	if (t && btf_is_array(t)) {
		resolved = btf__resolve_type(btf, btf_array(t)->type);
		element = resolved < 0 ? NULL : btf__type_by_id(btf, resolved);
	}
	if (t && btf_is_int(t) && t->size <= 8 && t->size <= n)
		int_text(t, at, buf, size);
	else if (t && btf_is_enum(t) && t->size <= n)
		enum_text(btf, t, at, buf, size);
	else if (element && btf_is_int(element) && element->size == 1 && memchr(at, 0, n))
		snprintf(buf, size, "%s", (const char *)at);
	else
		bytes_text(at, n, buf, size);
}

static const unsigned char *constants(const struct function *f, size_t *size)
{
	struct bpf_map *m;

	bpf_object__for_each_map(m, f->obj)
	{
		const char *name = bpf_map__name(m);
		size_t len = strlen(name);

		if (len >= 7 && !strcmp(name + len - 7, ".rodata") && bpf_map__is_internal(m))
			return bpf_map__initial_value(m, size);
	}
	return NULL;
}

int anatomy_settings(const struct function *f, struct setting_text **list, size_t *n)
{
	const struct btf *btf = bpf_object__btf(f->obj);
	int id = btf ? btf__find_by_name_kind(btf, ".rodata", BTF_KIND_DATASEC) : -ENOENT;
	const struct btf_var_secinfo *v;
	const struct btf_type *section;
	const unsigned char *data;
	size_t size = 0;

	*list = NULL;
	*n = 0;
	data = id < 0 ? NULL : constants(f, &size);
	if (!data)
		return 0;
	section = btf__type_by_id(btf, id);
	*list = calloc(btf_vlen(section) + 1, sizeof(**list));
	if (!*list)
		return -ENOMEM;
	v = btf_var_secinfos(section);
	for (int i = 0; i < btf_vlen(section); i++, v++) {
		const struct btf_type *var = btf__type_by_id(btf, v->type);
		struct setting_text *s = &(*list)[*n];

		if (!var || !btf_is_var(var) || btf_var(var)->linkage == BTF_VAR_STATIC || v->offset > size ||
		    v->size > size - v->offset)
			continue;
		if (!volatile_type(btf, var->type))
			continue; /* a constant that the compiler has used up */
		snprintf(s->name, sizeof(s->name), "%s", btf__name_by_offset(btf, var->name_off));
		type_text(btf, var->type, s->type, sizeof(s->type));
		value_text(btf, var->type, data + v->offset, v->size, s->value, sizeof(s->value));
		++*n;
	}
	return 0;
}
