// SPDX-License-Identifier: Apache-2.0
/* object_btf.c - is an object's type information (BTF) sound: every name and type it refers to is
 * there, of a kind that makes sense, and nothing contains itself. The kernel checks the same, but
 * only after libbpf has used it. */
#include <linux/btf.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "object_check.h"

/* Kinds that linux/btf.h of older kernels does not name. */
#define KIND_FLOAT    16
#define KIND_DECL_TAG 17
#define KIND_TYPE_TAG 18
#define KIND_ENUM64   19
#define KIND_MAX      19

#define DEPTH_MAX 32 /* of types in types by value, as in the kernel */

struct btf_view {
	const char *strings;
	uint32_t strings_len;
	const char *types;
	uint32_t types_len;
	uint32_t n;	/* types, with 0, which is void */
	uint32_t *at;	/* where a type is, by id */
	uint8_t *depth; /* 0: not known yet */
};

static unsigned kind_of(const struct btf_type *t)
{
	return BTF_INFO_KIND(t->info);
}

static const struct btf_type *type_of(const struct btf_view *b, uint32_t id)
{
	return (const void *)(b->types + b->at[id]);
}

/* What follows a struct btf_type of this kind; -1: no such kind. */
static long tail_size(const struct btf_type *t)
{
	long vlen = BTF_INFO_VLEN(t->info);

	switch (kind_of(t)) {
	case BTF_KIND_INT:
	case BTF_KIND_VAR:
	case KIND_DECL_TAG:
		return sizeof(uint32_t);
	case BTF_KIND_ARRAY:
		return sizeof(struct btf_array);
	case BTF_KIND_STRUCT:
	case BTF_KIND_UNION:
		return vlen * sizeof(struct btf_member);
	case BTF_KIND_ENUM:
		return vlen * sizeof(struct btf_enum);
	case KIND_ENUM64:
		return vlen * 3 * sizeof(uint32_t);
	case BTF_KIND_FUNC_PROTO:
		return vlen * sizeof(struct btf_param);
	case BTF_KIND_DATASEC:
		return vlen * sizeof(struct btf_var_secinfo);
	case BTF_KIND_PTR:
	case BTF_KIND_FWD:
	case BTF_KIND_TYPEDEF:
	case BTF_KIND_VOLATILE:
	case BTF_KIND_CONST:
	case BTF_KIND_RESTRICT:
	case BTF_KIND_FUNC:
	case KIND_FLOAT:
	case KIND_TYPE_TAG:
		return 0;
	}
	return -1;
}

static const char *open_header(struct btf_view *b, const char *data, size_t size)
{
	struct btf_header h;
	uint64_t room;

	if (size < sizeof(h))
		return "its type information (BTF) is cut off";
	memcpy(&h, data, sizeof(h));
	room = size - sizeof(h);
	if (h.magic != BTF_MAGIC || h.version != BTF_VERSION || h.hdr_len != sizeof(h))
		return "its type information (BTF) is of another version";
	if (h.type_off % 4 || h.type_off > room || h.type_len > room - h.type_off || h.str_off > room ||
	    h.str_len > room - h.str_off || h.type_off + h.type_len > h.str_off)
		return "its type information (BTF) is cut off";
	b->types = data + sizeof(h) + h.type_off;
	b->types_len = h.type_len;
	b->strings = data + sizeof(h) + h.str_off;
	b->strings_len = h.str_len;
	if (!h.str_len || b->strings[0] || b->strings[h.str_len - 1])
		return "its type information (BTF) has no names";
	return NULL;
}

/* Find where each type is. */
static const char *index_types(struct btf_view *b)
{
	const uint32_t smallest = sizeof(struct btf_type);

	b->at = calloc(b->types_len / smallest + 2, sizeof(*b->at));
	b->depth = calloc(b->types_len / smallest + 2, 1);
	if (!b->at || !b->depth)
		return "out of memory";
	b->n = 1;
	for (uint32_t pos = 0; pos < b->types_len;) {
		const struct btf_type *t = (const void *)(b->types + pos);
		long tail;

		if (b->types_len - pos < smallest)
			return "its type information (BTF) is cut off";
		tail = tail_size(t);
		if (tail < 0)
			return "its type information (BTF) has kinds that are not known here";
		if (tail > (long)(b->types_len - pos - smallest))
			return "its type information (BTF) is cut off";
		b->at[b->n++] = pos;
		pos += smallest + tail;
	}
	return NULL;
}

static bool good_name(const struct btf_view *b, uint32_t offset)
{
	return offset < b->strings_len;
}

static bool good_members(const struct btf_view *b, const struct btf_type *t)
{
	const struct btf_member *m = (const void *)(t + 1);

	for (unsigned i = 0; i < BTF_INFO_VLEN(t->info); i++)
		if (!good_name(b, m[i].name_off) || !m[i].type || m[i].type >= b->n)
			return false;
	return true;
}

static bool good_enum(const struct btf_view *b, const struct btf_type *t, size_t words)
{
	const uint32_t *name = (const void *)(t + 1);

	for (unsigned i = 0; i < BTF_INFO_VLEN(t->info); i++)
		if (!good_name(b, name[i * words]))
			return false;
	return true;
}

static bool good_params(const struct btf_view *b, const struct btf_type *t)
{
	const struct btf_param *p = (const void *)(t + 1);

	for (unsigned i = 0; i < BTF_INFO_VLEN(t->info); i++)
		if (!good_name(b, p[i].name_off) || p[i].type >= b->n)
			return false;
	return t->type < b->n;
}

static bool good_datasec(const struct btf_view *b, const struct btf_type *t)
{
	const struct btf_var_secinfo *v = (const void *)(t + 1);

	for (unsigned i = 0; i < BTF_INFO_VLEN(t->info); i++) {
		unsigned kind;

		if (!v[i].type || v[i].type >= b->n)
			return false;
		kind = kind_of(type_of(b, v[i].type));
		if (kind != BTF_KIND_VAR && kind != BTF_KIND_FUNC)
			return false;
	}
	return true;
}

static bool good_type(const struct btf_view *b, const struct btf_type *t)
{
	const struct btf_array *a = (const void *)(t + 1);

	if (!good_name(b, t->name_off))
		return false;
	switch (kind_of(t)) {
	case BTF_KIND_STRUCT:
	case BTF_KIND_UNION:
		return good_members(b, t);
	case BTF_KIND_ENUM:
		return good_enum(b, t, 2);
	case KIND_ENUM64:
		return good_enum(b, t, 3);
	case BTF_KIND_ARRAY:
		return a->type && a->type < b->n && a->index_type && a->index_type < b->n;
	case BTF_KIND_FUNC_PROTO:
		return good_params(b, t);
	case BTF_KIND_DATASEC:
		return good_datasec(b, t);
	case BTF_KIND_FUNC:
		return t->type && t->type < b->n && kind_of(type_of(b, t->type)) == BTF_KIND_FUNC_PROTO;
	case BTF_KIND_VAR:
	case KIND_DECL_TAG:
		return t->type && t->type < b->n;
	case BTF_KIND_PTR:
	case BTF_KIND_TYPEDEF:
	case BTF_KIND_VOLATILE:
	case BTF_KIND_CONST:
	case BTF_KIND_RESTRICT:
	case KIND_TYPE_TAG:
		return t->type < b->n;
	}
	return true;
}

/* How deep types lie in type ID by value; more than DEPTH_MAX if it contains itself. */
static unsigned depth_of(struct btf_view *b, uint32_t id, unsigned level)
{
	const struct btf_type *t = type_of(b, id);
	const struct btf_member *m = (const void *)(t + 1);
	unsigned deepest = 0, d;

	if (!id || level > DEPTH_MAX)
		return level > DEPTH_MAX ? DEPTH_MAX + 1 : 0;
	if (b->depth[id])
		return b->depth[id];
	switch (kind_of(t)) {
	case BTF_KIND_TYPEDEF:
	case BTF_KIND_VOLATILE:
	case BTF_KIND_CONST:
	case BTF_KIND_RESTRICT:
	case BTF_KIND_VAR:
	case KIND_TYPE_TAG:
		deepest = depth_of(b, t->type, level + 1);
		break;
	case BTF_KIND_ARRAY:
		deepest = depth_of(b, ((const struct btf_array *)m)->type, level + 1);
		break;
	case BTF_KIND_STRUCT:
	case BTF_KIND_UNION:
		for (unsigned i = 0; i < BTF_INFO_VLEN(t->info) && deepest <= DEPTH_MAX; i++) {
			d = depth_of(b, m[i].type, level + 1);
			deepest = d > deepest ? d : deepest;
		}
	}
	if (deepest > DEPTH_MAX)
		return deepest; /* not kept: it may be the way here that was too long */
	return b->depth[id] = deepest + 1;
}

static const char *check_types(struct btf_view *b)
{
	for (uint32_t id = 1; id < b->n; id++)
		if (!good_type(b, type_of(b, id)))
			return "its type information (BTF) refers to what is not there";
	for (uint32_t id = 1; id < b->n; id++)
		if (depth_of(b, id, 0) > DEPTH_MAX)
			return "its type information (BTF) has types that contain themselves";
	return NULL;
}

const char *btf_wrong(const void *data, size_t size)
{
	struct btf_view b = {0};
	const char *wrong = open_header(&b, data, size);

	if (!wrong)
		wrong = index_types(&b);
	if (!wrong)
		wrong = check_types(&b);
	free(b.at);
	free(b.depth);
	return wrong;
}
