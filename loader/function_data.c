/* SPDX-License-Identifier: Apache-2.0 */
/* function_data.c - what a function is given before it is loaded: settings, and maps to go on with. */
#include "function.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "log.h"

/* --- Settings: constants in .rodata, by name --- */

static bool is_rodata(const struct bpf_map *m)
{
	const char *name = bpf_map__name(m);
	size_t len = strlen(name);

	return len >= 7 && !strcmp(name + len - 7, ".rodata") && bpf_map__is_internal(m);
}

static struct bpf_map *rodata_of(const struct function *f)
{
	struct bpf_map *m;

	bpf_object__for_each_map(m, f->obj) if (is_rodata(m)) return m;
	return NULL;
}

bool function_stateless(const struct function *f)
{
	struct bpf_map *m;

	bpf_object__for_each_map(m, f->obj) if (!is_rodata(m)) return false;
	return true;
}

struct setting {
	const struct btf_type *type; /* modifiers removed */
	__u32 offset, size;
};

static int find_setting(const struct btf *btf, const char *name, struct setting *out)
{
	const struct btf_var_secinfo *v;
	const struct btf_type *sec;
	int id = btf ? btf__find_by_name_kind(btf, ".rodata", BTF_KIND_DATASEC) : -ENOENT;

	if (id < 0)
		return -ENOENT;
	sec = btf__type_by_id(btf, id);
	v = btf_var_secinfos(sec);
	for (int i = 0; i < btf_vlen(sec); i++, v++) {
		const struct btf_type *var = btf__type_by_id(btf, v->type);
		int type;

		if (strcmp(btf__name_by_offset(btf, var->name_off), name) || btf_var(var)->linkage == BTF_VAR_STATIC)
			continue;
		type = btf__resolve_type(btf, v->type);
		if (type < 0)
			return type;
		*out = (struct setting){btf__type_by_id(btf, type), v->offset, v->size};
		return 0;
	}
	return -ENOENT;
}

static int unknown_setting(const struct function *f, const char *key)
{
	const struct btf *btf = bpf_object__btf(f->obj);
	int id = btf ? btf__find_by_name_kind(btf, ".rodata", BTF_KIND_DATASEC) : -ENOENT;
	char list[256] = "";

	if (id >= 0) {
		const struct btf_type *sec = btf__type_by_id(btf, id);
		const struct btf_var_secinfo *v = btf_var_secinfos(sec);

		for (int i = 0; i < btf_vlen(sec); i++, v++) {
			const struct btf_type *var = btf__type_by_id(btf, v->type);
			size_t n = strlen(list);

			if (btf_var(var)->linkage != BTF_VAR_STATIC)
				snprintf(list + n, sizeof(list) - n, "%s%s", n ? ", " : "",
					 btf__name_by_offset(btf, var->name_off));
		}
	}
	return fail_input("%s has no setting '%s' (it has: %s)", f->path, key, *list ? list : "none");
}

static int set_int(const struct setting *s, void *at, const struct pair *p)
{
	bool is_signed = btf_is_int(s->type) && btf_int_encoding(s->type) & BTF_INT_SIGNED;
	bool is_bool = btf_is_int(s->type) && btf_int_encoding(s->type) & BTF_INT_BOOL;
	unsigned bits = s->size * 8;
	unsigned long long max = bits >= 64 ? ~0ull : (1ull << bits) - 1, v = 0;
	long long low = 0;
	char *end = NULL;

	if (is_bool && (!strcmp(p->value, "true") || !strcmp(p->value, "false"))) {
		v = !strcmp(p->value, "true");
	} else if (is_signed) {
		long long n;

		errno = 0;
		n = strtoll(p->value, &end, 0);
		max >>= 1;
		low = -(long long)max - 1;
		if (!*p->value || *end || errno || n < low || n > (long long)max)
			return fail_input("set.%s: '%s' is not a whole number from %lld to %llu", p->key, p->value, low,
					  max);
		v = n;
	} else {
		if (is_bool)
			max = 1;
		errno = 0;
		v = strtoull(p->value, &end, 0);
		if (!*p->value || *end || errno || v > max || strchr(p->value, '-'))
			return fail_input("set.%s: '%s' is not a whole number from 0 to %llu%s", p->key, p->value, max,
					  is_bool ? ", true or false" : "");
	}
	memcpy(at, &v, s->size); /* little-endian, as every machine this runs on */
	return 0;
}

static int set_enum(const struct btf *btf, const struct setting *s, void *at, const struct pair *p)
{
	const struct btf_enum *e = btf_enum(s->type);
	char list[256] = "";

	for (int i = 0; i < btf_vlen(s->type); i++, e++) {
		const char *name = btf__name_by_offset(btf, e->name_off);
		size_t n = strlen(list);

		if (!strcmp(name, p->value)) {
			memcpy(at, &e->val, s->size < sizeof(e->val) ? s->size : sizeof(e->val));
			return 0;
		}
		snprintf(list + n, sizeof(list) - n, "%s%s", n ? ", " : "", name);
	}
	return fail_input("set.%s: '%s' is not one of %s", p->key, p->value, list);
}

static int set_string(const struct setting *s, void *at, const struct pair *p)
{
	size_t len = strlen(p->value);

	if (len >= s->size)
		return fail_input("set.%s: the text has %zu characters, at most %u fit", p->key, len, s->size - 1);
	memset(at, 0, s->size);
	memcpy(at, p->value, len);
	return 0;
}

static int set_one(const struct function *f, char *data, size_t size, const struct pair *p)
{
	const struct btf *btf = bpf_object__btf(f->obj);
	const struct btf_type *element;
	struct setting s;

	if (!data || find_setting(btf, p->key, &s) || s.offset + s.size > size)
		return unknown_setting(f, p->key);
	if (btf_is_int(s.type) && s.size <= 8)
		return set_int(&s, data + s.offset, p);
	if (btf_is_enum(s.type))
		return set_enum(btf, &s, data + s.offset, p);
	if (btf_is_array(s.type)) {
		element = btf__type_by_id(btf, btf__resolve_type(btf, btf_array(s.type)->type));
		if (element && btf_is_int(element) && element->size == 1)
			return set_string(&s, data + s.offset, p);
	}
	return fail_input("set.%s: settings of this kind cannot be set: only integers, bool, enums and char arrays",
			  p->key);
}

int function_settings(struct function *f, const struct function_conf *conf)
{
	struct bpf_map *m = rodata_of(f);
	size_t size = 0;
	const void *now = m ? bpf_map__initial_value(m, &size) : NULL;
	char *data = now ? malloc(size) : NULL;
	int rc = 0;

	if (now && !data)
		return -ENOMEM;
	if (data)
		memcpy(data, now, size);
	for (size_t i = 0; i < conf->n_set && !rc; i++)
		rc = set_one(f, data, size, &conf->set[i]);
	if (!rc && data)
		rc = bpf_map__set_initial_value(m, data, size);
	free(data);
	return rc;
}

/* --- Maps of the revision before --- */

static bool filled_from_file(const struct bpf_map *m, const struct function_conf *conf)
{
	for (size_t i = 0; i < conf->n_data; i++)
		if (!strncmp(conf->data[i].key, bpf_map__name(m), BPF_OBJ_NAME_LEN - 1))
			return true;
	return false;
}

static int same_layout(const struct bpf_map *m, const struct bpf_map_info *i, const struct function_conf *conf)
{
	bool larger = i->max_entries > bpf_map__max_entries(m) && filled_from_file(m, conf);
	const struct {
		const char *what;
		__u32 new, old;
	} parts[] = {
		{"type", bpf_map__type(m), i->type},
		{"key size", bpf_map__key_size(m), i->key_size},
		{"value size", bpf_map__value_size(m), i->value_size},
		{"size", larger ? i->max_entries : bpf_map__max_entries(m), i->max_entries},
	};

	for (size_t k = 0; k < sizeof(parts) / sizeof(parts[0]); k++)
		if (parts[k].new != parts[k].old)
			return fail_input(
				"map %s cannot keep its data: its %s is %u, it was %u; replace without --keep-data",
				bpf_map__name(m), parts[k].what, parts[k].new, parts[k].old);
	return 0;
}

/* The kernel keeps the first 15 characters of a map's name; what it makes equal, the type may tell apart. */
static struct bpf_map *map_named(const struct function *f, const struct bpf_map_info *info)
{
	struct bpf_map *m, *found = NULL;

	bpf_object__for_each_map(m, f->obj)
	{
		const char *name = bpf_map__name(m);

		/* Settings are constants of the revision; each gets its own. */
		if (strstr(name, ".rodata"))
			continue;
		if (strncmp(name, info->name, BPF_OBJ_NAME_LEN - 1))
			continue;
		if (bpf_map__type(m) == info->type)
			return m;
		found = m;
	}
	return found;
}

static int keep_map(struct function *f, __u32 id, const struct function_conf *conf)
{
	struct bpf_map_info info = {0};
	__u32 len = sizeof(info);
	struct bpf_map *m;
	int rc = 0, fd = bpf_map_get_fd_by_id(id);

	if (fd < 0)
		return fail(-errno, "cannot open the running revision's map %u: %s", id, strerror(errno));
	if (bpf_obj_get_info_by_fd(fd, &info, &len))
		rc = -errno;
	m = rc ? NULL : map_named(f, &info);
	if (m)
		rc = same_layout(m, &info, conf);
	if (m && !rc)
		rc = bpf_map__reuse_fd(m, fd);
	close(fd);
	return rc;
}

int function_keep_data(struct function *f, const int *other_progs, const struct function_conf *conf)
{
	for (int h = 0; h < KF_HOOKS; h++) {
		__u32 ids[64], len = sizeof(struct bpf_prog_info);
		struct bpf_prog_info info = {.nr_map_ids = 64, .map_ids = (unsigned long)ids};

		if (other_progs[h] < 0)
			continue;
		if (bpf_obj_get_info_by_fd(other_progs[h], &info, &len))
			return fail(-errno, "cannot ask for the running revision's maps: %s", strerror(errno));
		for (__u32 i = 0; i < info.nr_map_ids && i < 64; i++) {
			int rc = keep_map(f, ids[i], conf);

			if (rc)
				return rc;
		}
	}
	return 0;
}
