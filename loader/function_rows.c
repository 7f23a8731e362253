// SPDX-License-Identifier: Apache-2.0
/* function_rows.c - data.MAP = FILE: the files read and checked against the object's own types before anything is
 * loaded, and put into the maps before anything is in force. */
#include "function.h"

#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <sha256.h>
#include <stdlib.h>
#include <string.h>

#include "data_map.h"
#include "log.h"
#include "util.h"

#define FILE_MAX    ((size_t)1 << 40)
#define DIGEST_SIZE 72

struct function_rows {
	struct bpf_map *map;   /* as the config names it */
	struct bpf_map *holds; /* the one with the rows: itself, or what a replaceable one holds */
	char *file;
	struct data_type type;
	struct data_rows rows;
};

/* A data file's text; its digest goes into P. */
static int read_data(struct pair *p, char **text, size_t *len)
{
	int rc = read_file(p->value, FILE_MAX, text, len);

	if (rc)
		return fail_input("data.%s: cannot read %s: %s", p->key, p->value, strerror(-rc));
	free(p->digest);
	p->digest = calloc(1, DIGEST_SIZE);
	if (!p->digest)
		return -ENOMEM;
	SHA256Data((const uint8_t *)*text, *len, p->digest);
	return 0;
}

int function_rows_digest(struct function_conf *conf)
{
	int rc = 0;

	for (size_t i = 0; i < conf->n_data && !rc; i++) {
		char *text = NULL;
		size_t len;

		rc = read_data(&conf->data[i], &text, &len);
		free(text);
	}
	return rc;
}

static const char *refused(const struct bpf_map *m)
{
	return data_map_refused(bpf_map__name(m), bpf_map__type(m), bpf_map__max_entries(m));
}

/* Is M what a replaceable map begins with? KFAAS_REPLACEABLE names it after that one. */
static bool is_first(const struct function *f, const struct bpf_map *m)
{
	const char *name = bpf_map__name(m);
	size_t len = strlen(name);
	char outer[128];
	struct bpf_map *o;

	if (len < 3 || strcmp(name + len - 2, "_0") || path_join(outer, sizeof(outer), "%.*s", (int)len - 2, name))
		return false;
	o = bpf_object__find_map_by_name(f->obj, outer);
	return o && bpf_map__type(o) == BPF_MAP_TYPE_ARRAY_OF_MAPS;
}

static int unknown_map(const struct function *f, const char *name)
{
	char list[256] = "";
	struct bpf_map *m;

	bpf_object__for_each_map(m, f->obj)
	{
		size_t n = strlen(list);

		if (!refused(m) && !is_first(f, m))
			snprintf(list + n, sizeof(list) - n, "%s%s", n ? ", " : "", bpf_map__name(m));
	}
	return fail_input("data.%s: %s has no map '%s' (it has: %s)", name, f->path, name, *list ? list : "none");
}

static struct bpf_map *find_map(const struct function *f, const char *name)
{
	struct bpf_map *m = bpf_object__find_map_by_name(f->obj, name), *found = NULL;

	if (m || strlen(name) != BPF_OBJ_NAME_LEN - 1) /* else it may be as the kernel keeps it */
		return m;
	bpf_object__for_each_map(m, f->obj)
	{
		if (!data_map_named(name, bpf_map__name(m)))
			continue;
		if (found)
			return NULL;
		found = m;
	}
	return found;
}

static int make_type(struct function_rows *r, const struct function *f)
{
	const struct data_layout l = {
		.btf = bpf_object__btf(f->obj),
		.key_id = bpf_map__btf_key_type_id(r->holds),
		.value_id = bpf_map__btf_value_type_id(r->holds),
		.key_size = bpf_map__key_size(r->holds),
		.value_size = bpf_map__value_size(r->holds),
		.map_type = bpf_map__type(r->holds),
	};
	char what[96];

	snprintf(what, sizeof(what), "map %s", bpf_map__name(r->map));
	return data_type_make(&r->type, &l, what);
}

/* Room for the rows. What a replaceable map holds is made anew for them, with as much as they need. */
static int make_room(const struct function_rows *r)
{
	__u32 max = bpf_map__max_entries(r->holds), want = max;
	int rc;

	if (r->rows.n > max && (r->holds == r->map || data_map_grows(&r->type, bpf_map__map_flags(r->holds))))
		want = data_rows_room(&r->rows);
	rc = data_rows_check_index(&r->rows, want, r->file);
	if (rc || want == max || r->holds != r->map)
		return rc;
	rc = bpf_map__set_max_entries(r->map, want);
	return rc ? fail(rc, "map %s cannot be made larger: %s", bpf_map__name(r->map), strerror(-rc)) : 0;
}

static int read_rows(struct function *f, struct function_rows *r, struct pair *p)
{
	const char *why;
	char *text = NULL;
	size_t len;
	int rc;

	r->map = r->holds = find_map(f, p->key);
	if (!r->map)
		return unknown_map(f, p->key);
	why = refused(r->map);
	if (!why && bpf_map__type(r->map) == BPF_MAP_TYPE_ARRAY_OF_MAPS) {
		r->holds = bpf_map__inner_map(r->map);
		why = r->holds ? data_type_refused(bpf_map__type(r->holds)) : "it does not say what map it holds";
	}
	if (why)
		return fail_input("data.%s: map %s is not data: %s", p->key, bpf_map__name(r->map), why);
	r->file = strdup(p->value);
	rc = r->file ? make_type(r, f) : -ENOMEM;
	if (!rc)
		rc = read_data(p, &text, &len);
	if (!rc)
		rc = data_rows_read(&r->rows, &r->type, text, len, r->file);
	free(text);
	return rc ? rc : make_room(r);
}

int function_rows(struct function *f, struct function_conf *conf)
{
	int rc = 0;

	if (!conf->n_data || f->rows)
		return 0;
	f->rows = calloc(conf->n_data, sizeof(*f->rows));
	if (!f->rows)
		return -ENOMEM;
	for (size_t i = 0; i < conf->n_data && !rc; i++) {
		f->n_rows++;
		rc = read_rows(f, &f->rows[i], &conf->data[i]);
		for (size_t k = 0; k < i && !rc; k++)
			if (f->rows[k].map == f->rows[i].map)
				rc = fail_input("data.%s and data.%s are the same map: leave one out",
						conf->data[k].key, conf->data[i].key);
	}
	return rc;
}

int function_rows_load(struct function *f)
{
	int rc = 0;

	for (size_t i = 0; i < f->n_rows && !rc; i++) {
		const struct function_rows *r = &f->rows[i];
		int fd = fcntl(bpf_map__fd(r->map), F_DUPFD_CLOEXEC, 3);
		struct data_map m;

		rc = fd < 0 ? -errno : data_map_open(&m, fd);
		if (rc)
			break;
		rc = data_map_load(&m, &r->rows, r->file);
		data_map_close(&m);
	}
	return rc;
}

void function_rows_free(struct function *f)
{
	for (size_t i = 0; i < f->n_rows; i++) {
		data_rows_free(&f->rows[i].rows);
		data_type_free(&f->rows[i].type);
		free(f->rows[i].file);
	}
	free(f->rows);
	f->rows = NULL;
	f->n_rows = 0;
}
