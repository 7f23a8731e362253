/* SPDX-License-Identifier: Apache-2.0 */
/* state_netns.c - network namespaces and the folder of each. */
#include "state.h"

#include <bpf/bpf.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "log.h"
#include "state_internal.h"
#include "util.h"

#ifndef SO_NETNS_COOKIE
#define SO_NETNS_COOKIE 71
#endif

__u64 state_netns_cookie(void)
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

int state_netns_dir(char *buf, size_t size, bool create)
{
	__u64 cookie = state_netns_cookie();

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
