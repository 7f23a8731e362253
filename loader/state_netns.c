/* SPDX-License-Identifier: Apache-2.0 */
/* state_netns.c - bpffs, network namespaces and the folder of each. */
#include "state.h"

#include <bpf/bpf.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "log.h"
#include "state_internal.h"
#include "util.h"

#ifndef SO_NETNS_COOKIE
#define SO_NETNS_COOKIE 71
#endif

#define BPFFS "/sys/fs/bpf"

int state_enter_netns(const char *name)
{
	char path[PATH_MAX];
	int fd, rc = 0;

	if (strchr(name, '/'))
		path_join(path, sizeof(path), "%s", name);
	else
		path_join(path, sizeof(path), "/run/netns/%s", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return fail_input("no network namespace '%s' (%s: %s): `ip netns list` shows them", name, path,
				  strerror(errno));
	/* Only the network changes: /sys/fs/bpf stays the one we see, which `ip netns exec` hides. */
	if (setns(fd, CLONE_NEWNET))
		rc = fail(-errno, "cannot enter the network namespace %s: %s", path, strerror(errno));
	close(fd);
	return rc;
}

int state_mount_bpffs(void)
{
	struct statfs st;

	if (!statfs(BPFFS, &st) && (unsigned long)st.f_type == BPF_FS_MAGIC)
		return 0;
	if (mount("bpf", BPFFS, "bpf", 0, "mode=0700"))
		return fail(-errno, "bpffs is not mounted at %s and mounting it failed: %s; see why: `mount -t bpf bpf %s`",
			    BPFFS, strerror(errno), BPFFS);
	say("mounted bpffs at %s", BPFFS);
	return 0;
}

static __u64 socket_cookie(void)
{
	__u64 cookie = 0;
	socklen_t len = sizeof(cookie);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return 0;
	if (getsockopt(fd, SOL_SOCKET, SO_NETNS_COOKIE, &cookie, &len))
		cookie = 0;
	close(fd);
	return cookie;
}

__u64 state_netns_cookie(void)
{
	return socket_cookie();
}

int state_netns_dir(char *buf, size_t size, bool create)
{
	__u64 cookie = socket_cookie();

	if (!cookie)
		return fail(-EOPNOTSUPP, "the kernel gives no network namespace cookie (SO_NETNS_COOKIE, Linux 5.14)");
	if (path_join(buf, size, STATE_ROOT "/%llu", (unsigned long long)cookie))
		return -ENAMETOOLONG;
	while (create) {
		if (mkdir(STATE_ROOT, 0700) && errno != EEXIST)
			return -errno;
		if (!mkdir(buf, 0700) || errno == EEXIST)
			break;
		if (errno != ENOENT) /* else another command's `down` took the root away meanwhile */
			return -errno;
	}
	return 0;
}

int state_netns_lock(void)
{
	struct stat locked, named;
	char path[PATH_MAX];
	int fd, rc = state_netns_dir(path, sizeof(path), false);

	while (!rc) {
		fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (fd < 0)
			return -errno;
		while ((rc = flock(fd, LOCK_EX) ? -errno : 0) == -EINTR)
			;
		/* Removed while we waited: it may have been made anew. */
		if (!rc && !fstat(fd, &locked) && !stat(path, &named) && locked.st_ino == named.st_ino)
			return fd;
		close(fd);
	}
	return rc;
}

int state_iface_dir(const char *ifname, char *buf, size_t size, bool create)
{
	char name[3 * IF_NAMESIZE + 1], *out = name;
	int rc = state_netns_dir(buf, size, create);

	for (const char *p = ifname; *p && p - ifname < IF_NAMESIZE; p++) {
		if (*p == '.' || *p == '%')
			out += sprintf(out, "%%%02x", *p);
		else
			*out++ = *p;
	}
	*out = 0;
	return rc ? rc : path_join(buf + strlen(buf), size - strlen(buf), "/%s", name);
}

/* In place. */
static void decode_name(char *name)
{
	char *out = name;
	unsigned c;

	for (; *name; name++) {
		if (*name == '%' && sscanf(name + 1, "%2x", &c) == 1) {
			*out++ = c;
			name += 2;
		} else {
			*out++ = *name;
		}
	}
	*out = 0;
}

int state_remove_tree(const char *path)
{
	struct dirent *e;
	DIR *dir = opendir(path);
	int rc = 0;

	if (!dir)
		return errno == ENOENT ? 0 : -errno;
	while ((e = readdir(dir))) {
		char below[PATH_MAX];

		if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, ".."))
			continue;
		if (path_join(below, sizeof(below), "%s/%s", path, e->d_name))
			continue;
		if (unlink(below) && errno == EISDIR)
			state_remove_tree(below);
	}
	closedir(dir);
	if (rmdir(path) && errno != ENOENT)
		rc = -errno;
	return rc;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

int state_list(char ***names, size_t *n)
{
	char path[PATH_MAX];
	struct dirent *e;
	DIR *dir;
	int rc = state_netns_dir(path, sizeof(path), false);

	*names = NULL;
	*n = 0;
	if (rc)
		return rc;
	dir = opendir(path);
	if (!dir)
		return errno == ENOENT
			       ? 0
			       : fail(-errno, "cannot read %s: %s; kfaas-net needs root", path, strerror(errno));
	while ((e = readdir(dir))) {
		char **more;

		if (e->d_name[0] == '.' || e->d_type != DT_DIR)
			continue;
		more = realloc(*names, (*n + 1) * sizeof(**names));
		if (!more)
			break;
		*names = more;
		if (!((*names)[*n] = strdup(e->d_name)))
			break;
		decode_name((*names)[*n]);
		++*n;
	}
	closedir(dir);
	if (*n)
		qsort(*names, *n, sizeof(**names), compare_names);
	return 0;
}

int state_rename(const char *from, const char *to)
{
	char old[PATH_MAX], new[PATH_MAX];
	int rc = state_iface_dir(from, old, sizeof(old), false);

	if (!rc)
		rc = state_iface_dir(to, new, sizeof(new), false);
	return rc ? rc : rename(old, new) ? -errno : 0;
}

/* The namespace's number: a pinned array of one. */
static int netns_map(bool create)
{
	char base[PATH_MAX - 64], path[PATH_MAX];
	int fd, rc = state_netns_dir(base, sizeof(base), create);

	if (rc)
		return rc;
	path_join(path, sizeof(path), "%s/netns", base);
	fd = bpf_obj_get(path);
	if (fd >= 0 || !create)
		return fd >= 0 ? fd : -errno;
	fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, "kf_netns", 4, 4, 1, NULL);
	if (fd >= 0 && bpf_obj_pin(fd, path)) {
		rc = -errno;
		close(fd);
		return rc;
	}
	return fd >= 0 ? fd : -errno;
}

int state_netns_get(__u32 *value)
{
	__u32 zero = 0;
	int fd = netns_map(false);

	*value = 0;
	if (fd < 0)
		return fd == -ENOENT ? 0 : fd;
	bpf_map_lookup_elem(fd, &zero, value);
	close(fd);
	return 0;
}

int state_netns_set(__u32 value)
{
	__u32 zero = 0;
	int rc, fd = netns_map(true);

	if (fd < 0)
		return fail(fd, "cannot pin the namespace's state below " STATE_ROOT ": %s", strerror(-fd));
	rc = bpf_map_update_elem(fd, &zero, &value, BPF_ANY) ? -errno : 0;
	close(fd);
	return rc;
}

void state_netns_remove(void)
{
	char base[PATH_MAX - 64], path[PATH_MAX];

	if (state_netns_dir(base, sizeof(base), false))
		return;
	path_join(path, sizeof(path), "%s/netns", base);
	unlink(path);
	rmdir(base);
	rmdir(STATE_ROOT); /* fails while others are in it */
}

/* --- Namespaces that are gone --- */

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
		if (!setns(fd, CLONE_NEWNET) && (c->list[c->n] = socket_cookie()))
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
	live->list[live->n++] = socket_cookie();
	add_cookies_below(live, "/run/netns", "");
	add_cookies_below(live, "/run/docker/netns", "");
	add_cookies_below(live, "/proc", "/ns/net");
	back = !setns(here, CLONE_NEWNET);
	close(here);
	return back;
}

/* The kernel takes a namespace apart in the background: give it a moment. */
static bool map_released(__u32 map_id)
{
	for (int ms = 0; ms < 1000; ms += 20) {
		if (!state_map_in_use(map_id))
			return true;
		usleep(20000);
	}
	return false;
}

/* Its interfaces: FN for each. False: a gate still works with the maps of one. */
static bool visit_gone(const char *path, void (*fn)(struct state *s))
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
		gone = map_released(state_map_id(s.control_fd));
		if (gone)
			fn(&s);
		state_close(&s);
	}
	if (dir)
		closedir(dir);
	return gone;
}

int state_sweep(void (*fn)(struct state *s))
{
	struct cookies live = {0};
	struct dirent *e;
	DIR *root = opendir(STATE_ROOT);
	char path[PATH_MAX];
	size_t i, others = 0;
	__u64 own = socket_cookie();
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
		    !visit_gone(path, fn))
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
