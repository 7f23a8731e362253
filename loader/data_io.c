// SPDX-License-Identifier: Apache-2.0
/* data_io.c - rows into a map and out of it, many at a time. */
#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "data_map.h"
#include "log.h"

#define UPDATE_ROWS 65536 /* of one call, between two looks at the clock */
#define LOOKUP_ROWS 4096
#define ENOTSUPP    524 /* the kernel's own, which it lets out where a map has no batches */

static bool no_batch(int error)
{
	return error == ENOTSUPP || error == EOPNOTSUPP || error == EINVAL;
}

/* --- Reading --- */

struct batch {
	char *keys, *values;
	__u32 room;
};

static int batch_room(const struct data_map *m, struct batch *b, __u32 room)
{
	char *keys = realloc(b->keys, (size_t)room * m->type.key_size), *values;

	b->keys = keys ? keys : b->keys;
	values = realloc(b->values, (size_t)room * m->type.value_stride);
	b->values = values ? values : b->values;
	if (!keys || !values)
		return fail_memory();
	b->room = room;
	return 0;
}

/* One by one. A row that goes while we are at it makes the kernel begin again: COUNT bounds that. */
static int each_alone(const struct data_map *m, struct batch *b, data_row_fn *row, void *arg)
{
	char *key = b->keys, *next = b->keys + m->type.key_size, *before = NULL;
	int rc = 0;

	for (__u64 count = 0; !rc && count < 2ull * m->info.max_entries + 1; count++) {
		if (bpf_map_get_next_key(m->fd, before, next))
			return errno == ENOENT ? 0 : fail(-errno, "cannot read map %s: %s", m->name, strerror(errno));
		before = key;
		memcpy(key, next, m->type.key_size);
		if (!bpf_map_lookup_elem(m->fd, key, b->values))
			rc = row(arg, key, b->values);
		else if (errno != ENOENT)
			rc = fail(-errno, "cannot read map %s: %s", m->name, strerror(errno));
	}
	return rc;
}

static int each_batch(const struct data_map *m, struct batch *b, data_row_fn *row, void *arg)
{
	size_t size = m->type.key_size > 8 ? m->type.key_size : 8;
	char *token = calloc(2, size);
	bool first = true, last = false;
	int rc = token ? 0 : fail_memory();

	while (!rc && !last) {
		__u32 count = b->room;
		int error = bpf_map_lookup_batch(m->fd, first ? NULL : token, token + size, b->keys, b->values, &count,
						 NULL)
				    ? errno
				    : 0;

		if (error == ENOSPC && b->room < 1u << 24) { /* a bucket with more rows than fit */
			rc = batch_room(m, b, 2 * b->room);
			continue;
		}
		if (error && error != ENOENT) {
			rc = first && no_batch(error)
				     ? each_alone(m, b, row, arg)
				     : fail(-error, "cannot read map %s: %s", m->name, strerror(error));
			break;
		}
		last = error == ENOENT;
		first = false;
		memcpy(token, token + size, size);
		for (__u32 i = 0; i < count && !rc; i++)
			rc = row(arg, b->keys + (size_t)i * m->type.key_size,
				 b->values + (size_t)i * m->type.value_stride);
	}
	free(token);
	return rc;
}

int data_map_each(const struct data_map *m, data_row_fn *row, void *arg)
{
	__u32 room = m->info.max_entries < LOOKUP_ROWS ? m->info.max_entries : LOOKUP_ROWS;
	struct batch b = {0};
	int rc = batch_room(m, &b, room < 2 ? 2 : room);

	if (!rc)
		rc = each_batch(m, &b, row, arg);
	free(b.keys);
	free(b.values);
	return rc;
}

/* --- Writing --- */

static long long now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000ll + t.tv_nsec / 1000000;
}

/* For who waits at a terminal, from the first second on. */
static void show_progress(const struct data_map *m, size_t done, size_t n, long long since)
{
	if (log_level < LOG_NORMAL || !isatty(STDERR_FILENO) || now_ms() - since < 1000)
		return;
	fprintf(stderr, "\r%s: %zu of %zu rows%s", m->name, done, n, done == n ? "\n" : "");
}

static int cannot_write(const struct data_map *m, int error, size_t done, size_t n)
{
	return fail(-error, "map %s: the kernel refused row %zu of %zu: %s%s", m->name, done + 1, n, strerror(error),
		    error == E2BIG ? "; it is full" : "");
}

static int write_rows(const struct data_map *m, int fd, const struct data_rows *r)
{
	long long since = now_ms();
	bool batches = true;

	for (size_t done = 0; done < r->n;) {
		const char *keys = r->keys + done * m->type.key_size;
		const char *values = r->values + done * m->type.value_stride;
		__u32 count = r->n - done < UPDATE_ROWS ? r->n - done : UPDATE_ROWS;

		if (batches && bpf_map_update_batch(fd, keys, values, &count, NULL)) {
			if (done || !no_batch(errno))
				return cannot_write(m, errno, done + count, r->n);
			batches = false;
		}
		if (!batches) {
			count = 1;
			if (bpf_map_update_elem(fd, keys, values, BPF_ANY))
				return cannot_write(m, errno, done, r->n);
		}
		done += count;
		if (batches || done % UPDATE_ROWS == 0 || done == r->n)
			show_progress(m, done, r->n, since);
	}
	return 0;
}

struct room {
	const struct data_rows *rows;
	size_t others; /* rows that the map has and the file has not */
};

static int count_other(void *arg, const char *key, const char *values)
{
	struct room *room = arg;

	(void)values;
	room->others += data_rows_find(room->rows, key) < 0;
	return 0;
}

/* Will R's rows all find a place, beside those that are there? An LRU map makes room itself. */
static int check_room(const struct data_map *m, const struct data_rows *r)
{
	struct room room = {.rows = r};
	int rc;

	if (m->type.is_array || m->info.type == BPF_MAP_TYPE_LRU_HASH || m->info.type == BPF_MAP_TYPE_LRU_PERCPU_HASH)
		return 0;
	rc = data_map_each(m, count_other, &room);
	if (!rc && room.others + r->n > m->info.max_entries)
		rc = fail(-E2BIG,
			  "map %s takes %u rows: %zu of the file and %zu others that it has are too many; `replace "
			  "--data "
			  "MAP=FILE` makes it larger",
			  m->name, m->info.max_entries, r->n, room.others);
	return rc;
}

/* A map like the one in force, but empty, with room for R. */
static int fresh_map(const struct data_map *m, const struct data_rows *r)
{
	const struct bpf_map_info *i = &m->info;
	LIBBPF_OPTS(bpf_map_create_opts, opts, .map_flags = i->map_flags, .map_extra = i->map_extra);
	__u32 max = r->n > i->max_entries ? data_rows_room(r) : i->max_entries;
	int fd, btf = m->btf ? bpf_btf_get_fd_by_id(i->btf_id) : -1;

	if (btf >= 0) {
		opts.btf_fd = btf;
		opts.btf_key_type_id = i->btf_key_type_id;
		opts.btf_value_type_id = i->btf_value_type_id;
	}
	fd = bpf_map_create(i->type, i->name, i->key_size, i->value_size, max, &opts);
	if (fd < 0)
		fd = fail(-errno, "cannot make a map of %u rows in place of %s: %s", max, m->name, strerror(errno));
	if (btf >= 0)
		close(btf);
	return fd;
}

static int replace_map(struct data_map *m, const struct data_rows *r)
{
	int rc, fd = fresh_map(m, r);
	__u32 zero = 0;

	if (fd < 0)
		return fd;
	rc = write_rows(m, fd, r);
	if (!rc && bpf_map_update_elem(m->outer, &zero, &fd, BPF_ANY))
		rc = fail(-errno, "cannot put the new rows of %s in force: %s", m->name, strerror(errno));
	close(fd); /* the outer map holds it now */
	return rc;
}

int data_map_load(struct data_map *m, const struct data_rows *r, const char *where)
{
	__u32 limit = m->info.max_entries;
	int rc;

	if (m->outer >= 0 && r->n > limit && data_map_grows(&m->type, m->info.map_flags))
		limit = data_rows_room(r);
	rc = data_rows_check_index(r, limit, where);
	if (rc)
		return rc;
	if (m->outer >= 0)
		return replace_map(m, r);
	rc = check_room(m, r);
	return rc ? rc : write_rows(m, m->fd, r);
}
