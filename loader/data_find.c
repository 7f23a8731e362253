// SPDX-License-Identifier: Apache-2.0
/* data_find.c - a deployed function's map by its name, among those that its programs use. */
#include "data_find.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "log.h"

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
	int fd;		 /* found */
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
	rc = data_map_info(fd, &info);
	if (!rc && !data_map_refused(info.name, info.type, info.max_entries))
		snprintf(q->names + n, sizeof(q->names) - n, "%s%s", n ? ", " : "", info.name);
	if (!rc && data_map_named(q->map, info.name)) {
		if (q->fd < 0) {
			q->fd = fd;
			return 0;
		}
		rc = fail_input("the kernel keeps 15 characters of a map's name, and two begin with '%s': only the "
				"object's author can tell them apart, by other names",
				info.name);
	}
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

/* The function whose name NAME is or begins with, the longest one: names may have dots. */
static const struct deployed *function_of(const struct world *w, const char *name)
{
	const struct deployed *best = NULL;

	for (size_t i = 0; i < w->n; i++) {
		size_t len = strlen(w->fn[i].conf.name);

		if (!strncmp(name, w->fn[i].conf.name, len) && (name[len] == '.' || !name[len]) &&
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

		snprintf(list + n, sizeof(list) - n, "%s%s", i ? ", " : "", w->fn[i].conf.name);
	}
	return fail_input("'%s' is no NAME.MAP of a function on %s (deployed: %s)", name, s->ifname,
			  *list ? list : "none");
}

static int no_map(const struct search *q, const char *function)
{
	const char *names = *q->names ? q->names : "none";

	if (!*q->map)
		return fail_input("'%s' names a function, not a map of it: write %s.MAP (it has: %s)", function,
				  function, names);
	return fail_input("'%s' has no map '%s' that its programs use (it has: %s)", function, q->map, names);
}

int data_find(struct data_map *m, const struct state *s, const struct world *w, const char *name)
{
	const struct deployed *d = function_of(w, name);
	struct search q = {.fd = -1};
	int fds[KF_HOOKS], rc = 0;

	if (!d)
		return no_function(s, w, name);
	q.map = name + strlen(d->conf.name);
	q.map += *q.map == '.';
	open_programs(s, d, fds);
	for (int h = 0; h < KF_HOOKS; h++) {
		if (fds[h] < 0)
			continue;
		if (!rc)
			rc = look_at_program(&q, fds[h]);
		close(fds[h]);
	}
	if (!rc && q.fd < 0)
		rc = no_map(&q, d->conf.name);
	if (!rc)
		return data_map_open(m, q.fd);
	if (q.fd >= 0)
		close(q.fd);
	return rc;
}
