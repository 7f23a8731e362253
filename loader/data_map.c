// SPDX-License-Identifier: Apache-2.0
/* data_map.c - find a function's map by name, and its types by the BTF that the kernel has of it. */
#include "data_map.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "log.h"

bool data_map_named(const char *name, const char *kernel_name)
{
	return !strncmp(name, kernel_name, BPF_OBJ_NAME_LEN - 1);
}

static int map_info(int fd, struct bpf_map_info *info)
{
	__u32 len = sizeof(*info);

	*info = (struct bpf_map_info){0};
	if (bpf_obj_get_info_by_fd(fd, info, &len))
		return fail(-errno, "cannot ask the kernel about a map: %s", strerror(errno));
	return 0;
}

/* --- What a map is --- */

/* Sections of the object as maps: NAME.rodata, NAME.bss, .data.x */
static bool is_internal(const char *name)
{
	return strchr(name, '.');
}

static const char *refused(const struct bpf_map_info *info)
{
	if (is_internal(info->name))
		return strstr(info->name, ".rodata") ? "it holds constants and settings (--set changes those)"
						     : "it holds the program's variables";
	if (info->type == BPF_MAP_TYPE_ARRAY_OF_MAPS && info->max_entries == 1)
		return NULL;
	return data_type_refused(info->type);
}

/* The map in force of a replaceable one. */
static int open_inner(struct data_map *m, int fd)
{
	__u32 zero = 0, id;

	m->outer = fd;
	m->fd = -1;
	if (bpf_map_lookup_elem(fd, &zero, &id))
		return fail(-errno, "map %s holds no map of rows: %s", m->name, strerror(errno));
	m->fd = bpf_map_get_fd_by_id(id);
	if (m->fd < 0)
		return fail(-errno, "cannot open the map that %s holds: %s", m->name, strerror(errno));
	return 0;
}

static int read_type(struct data_map *m)
{
	struct data_layout l = {
		.key_id = m->info.btf_key_type_id,
		.value_id = m->info.btf_value_type_id,
		.key_size = m->info.key_size,
		.value_size = m->info.value_size,
		.map_type = m->info.type,
	};
	char what[64];

	if (m->info.btf_id && l.value_id) {
		m->btf = btf__load_from_kernel_by_id(m->info.btf_id);
		if (!m->btf)
			return fail(-errno, "cannot read the types of map %s from the kernel: %s", m->name,
				    strerror(errno));
	}
	l.btf = m->btf;
	snprintf(what, sizeof(what), "map %s", m->name);
	return data_type_make(&m->type, &l, what);
}

int data_map_open(struct data_map *m, int fd)
{
	const char *why;
	int rc;

	*m = (struct data_map){.fd = fd, .outer = -1};
	rc = map_info(fd, &m->info);
	strcpy(m->name, m->info.name);
	why = rc ? NULL : refused(&m->info);
	if (!rc && !why && m->info.type == BPF_MAP_TYPE_ARRAY_OF_MAPS) {
		rc = open_inner(m, fd);
		if (!rc)
			rc = map_info(m->fd, &m->info);
		why = rc ? NULL : data_type_refused(m->info.type);
	}
	if (why)
		rc = fail_input("map %s is not data: %s", m->name, why);
	if (!rc)
		rc = read_type(m);
	if (rc)
		data_map_close(m);
	return rc;
}

void data_map_close(struct data_map *m)
{
	data_type_free(&m->type);
	btf__free(m->btf);
	m->btf = NULL;
	if (m->fd >= 0)
		close(m->fd);
	if (m->outer >= 0)
		close(m->outer);
	m->fd = m->outer = -1;
}

/* --- Which map is meant --- */

/* The programs of D, as fds (-1: none). */
static void open_programs(const struct state *s, const struct deployed *d, int fds[KF_HOOKS])
{
	for (int h = 0; h < KF_HOOKS; h++) {
		fds[h] = -1;
		if (!(d->head.hooks & 1u << h))
			continue;
		fds[h] = d->head.component >= 0 ? bpf_prog_get_fd_by_id(d->head.prog_id[h])
						: state_revision_get(s, d->id, d->at.revision, h);
	}
}

struct search {
	const char *map;
	int fd;		/* found */
	char names[400]; /* those that are data */
	__u32 seen[64 * KF_HOOKS];
	size_t n_seen;
};

static bool seen(struct search *q, __u32 id)
{
	for (size_t i = 0; i < q->n_seen; i++)
		if (q->seen[i] == id)
			return true;
	q->seen[q->n_seen++] = id;
	return false;
}

static int look_at(struct search *q, __u32 id)
{
	int fd = bpf_map_get_fd_by_id(id), rc;
	struct bpf_map_info info;
	size_t n = strlen(q->names);

	if (fd < 0)
		return fail(-errno, "cannot open map %u: %s", id, strerror(errno));
	rc = map_info(fd, &info);
	if (!rc && !refused(&info))
		snprintf(q->names + n, sizeof(q->names) - n, "%s%s", n ? ", " : "", info.name);
	if (!rc && q->fd < 0 && data_map_named(q->map, info.name))
		q->fd = fd;
	else
		close(fd);
	return rc;
}

static int look_at_program(struct search *q, int prog)
{
	__u32 ids[64], len = sizeof(struct bpf_prog_info);
	struct bpf_prog_info info = {.nr_map_ids = 64, .map_ids = (unsigned long)ids};
	int rc = 0;

	if (bpf_obj_get_info_by_fd(prog, &info, &len))
		return fail(-errno, "cannot ask the kernel for a program's maps: %s", strerror(errno));
	for (__u32 i = 0; i < info.nr_map_ids && i < 64 && !rc; i++)
		if (!seen(q, ids[i]))
			rc = look_at(q, ids[i]);
	return rc;
}

/* The function whose name NAME begins with, the longest one: names may have dots. */
static const struct deployed *function_of(const struct world *w, const char *name)
{
	const struct deployed *best = NULL;

	for (size_t i = 0; i < w->n; i++) {
		size_t len = strlen(w->fn[i].conf.name);

		if (!strncmp(name, w->fn[i].conf.name, len) && name[len] == '.' &&
		    (!best || len > strlen(best->conf.name)))
			best = &w->fn[i];
	}
	return best;
}

static int no_function(const struct state *s, const struct world *w, const char *name)
{
	char list[400] = "";

	for (size_t i = 0; i < w->n; i++) {
		size_t n = strlen(list);

		if (!strcmp(name, w->fn[i].conf.name))
			return fail_input("'%s' names a function, not a map of it: write %s.MAP", name, name);
		snprintf(list + n, sizeof(list) - n, "%s%s", i ? ", " : "", w->fn[i].conf.name);
	}
	return fail_input("'%s' is no NAME.MAP of a function on %s (deployed: %s)", name, s->ifname,
			  *list ? list : "none");
}

int data_map_find(struct data_map *m, const struct state *s, const struct world *w, const char *name)
{
	const struct deployed *d = function_of(w, name);
	struct search q = {.fd = -1};
	int fds[KF_HOOKS], rc = 0;

	if (!d)
		return no_function(s, w, name);
	q.map = name + strlen(d->conf.name) + 1;
	open_programs(s, d, fds);
	for (int h = 0; h < KF_HOOKS; h++) {
		if (fds[h] < 0)
			continue;
		if (!rc)
			rc = look_at_program(&q, fds[h]);
		close(fds[h]);
	}
	if (!rc && q.fd < 0)
		rc = fail_input("'%s' has no map '%s' that its programs use (it has: %s)", d->conf.name, q.map,
				*q.names ? q.names : "none");
	if (!rc)
		return data_map_open(m, q.fd);
	if (q.fd >= 0)
		close(q.fd);
	return rc;
}
