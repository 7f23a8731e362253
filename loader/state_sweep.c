/* SPDX-License-Identifier: Apache-2.0 */
/* state_sweep.c - the state of network namespaces that are gone. */
#include "state.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "log.h"
#include "state_internal.h"
#include "util.h"

struct cookies {
	__u64 *list;
	size_t n;
};

static void add_cookie_of(struct cookies *c, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	__u64 *more;

	if (fd < 0)
		return;
	more = realloc(c->list, (c->n + 1) * sizeof(*more));
	if (more) {
		c->list = more;
		if (!setns(fd, CLONE_NEWNET) && (c->list[c->n] = state_netns_cookie()))
			c->n++;
	}
	close(fd);
}

static void add_cookies_below(struct cookies *c, const char *dir, const char *rest)
{
	DIR *d = opendir(dir);
	struct dirent *e;
	char path[PATH_MAX];
	ino_t *seen = NULL;
	size_t n = 0;

	while (d && (e = readdir(d))) {
		struct stat st;
		ino_t *more;
		size_t i;

		if (e->d_name[0] == '.' || path_join(path, sizeof(path), "%s/%s%s", dir, e->d_name, rest) ||
		    stat(path, &st))
			continue;
		for (i = 0; i < n && seen[i] != st.st_ino; i++)
			;
		if (i < n)
			continue; /* most processes share one namespace: enter each once */
		more = realloc(seen, (n + 1) * sizeof(*seen));
		if (!more)
			break;
		seen = more;
		seen[n++] = st.st_ino;
		add_cookie_of(c, path);
	}
	free(seen);
	if (d)
		closedir(d);
}

/* Every process of the machine is seen only from the first PID namespace. */
static bool sees_all_processes(void)
{
	const ino_t first = 0xeffffffc; /* PROC_PID_INIT_INO */
	struct stat st;

	return !stat("/proc/self/ns/pid", &st) && st.st_ino == first;
}

static bool live_cookies(struct cookies *live)
{
	int here = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	bool back;

	live->list = malloc(sizeof(*live->list));
	if (here < 0 || !live->list)
		return false;
	live->list[live->n++] = state_netns_cookie();
	add_cookies_below(live, "/run/netns", "");
	add_cookies_below(live, "/run/docker/netns", "");
	add_cookies_below(live, "/proc", "/ns/net");
	back = !setns(here, CLONE_NEWNET);
	close(here);
	return back;
}

/* Its interfaces: LOOSEN their folders of what holds a program that runs nowhere, then FN for each. False: a gate still
 * works with the maps of one: the namespace lives out of our sight, or the kernel is still taking it apart (then the
 * next command comes back to it). */
static bool visit_gone(const char *path, void (*loosen)(const char *dir), void (*fn)(struct state *s))
{
	DIR *dir = opendir(path);
	struct dirent *e;
	bool gone = true;

	while (dir && gone && (e = readdir(dir))) {
		char below[PATH_MAX];
		struct state s;

		if (e->d_name[0] == '.' || e->d_type != DT_DIR ||
		    path_join(below, sizeof(below), "%s/%s", path, e->d_name) || state_open_dir(&s, below))
			continue;
		loosen(below);
		gone = !state_map_in_use(state_map_id(s.control_fd));
		if (gone)
			fn(&s);
		state_close(&s);
	}
	if (dir)
		closedir(dir);
	return gone;
}

int state_sweep(void (*loosen)(const char *dir), void (*fn)(struct state *s))
{
	struct cookies live = {0};
	struct dirent *e;
	DIR *root = opendir(STATE_ROOT);
	char path[PATH_MAX];
	size_t i, others = 0;
	__u64 own = state_netns_cookie();
	int rc = 0;

	while (root && (e = readdir(root)))
		others += e->d_name[0] != '.' && strtoull(e->d_name, NULL, 10) != own;
	if (!root || !others || !sees_all_processes())
		goto out;
	if (!live_cookies(&live)) {
		rc = fail(-EIO, "cannot return to the network namespace the command began in: %s", strerror(errno));
		goto out;
	}
	rewinddir(root);
	while ((e = readdir(root))) {
		__u64 cookie = strtoull(e->d_name, NULL, 10);

		for (i = 0; i < live.n && live.list[i] != cookie; i++)
			;
		if (e->d_name[0] == '.' || i < live.n || path_join(path, sizeof(path), STATE_ROOT "/%s", e->d_name) ||
		    !visit_gone(path, loosen, fn))
			continue;
		state_remove_tree(path);
		say("removed the state of a network namespace that is gone (cookie %s)", e->d_name);
	}
out:
	free(live.list);
	if (root)
		closedir(root);
	return rc;
}
