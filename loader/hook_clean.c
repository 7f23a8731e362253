// SPDX-License-Identifier: Apache-2.0
/* hook_clean.c - what a killed process leaves in libxdp's pin folder. The folder's names hold an ifindex
 * and a program id only, so a folder with our ifindex may belong to another network namespace:
 * what cannot be told to be stale stays. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hook_internal.h"
#include "log.h"

/* libxdp's folder, a dispatcher's in it, and a pin in that */
#define FOLDER_SIZE 256
#define DIR_SIZE    (FOLDER_SIZE + 256)
#define PIN_SIZE    (DIR_SIZE + 256)
#define PROGRAMS    32 /* pins of one dispatcher: at most ten programs and ten links */

/* Programs pinned for a dispatcher, themselves or by their link. */
struct pinned {
	__u32 id[PROGRAMS];
	int n;
};

static void pin_folder(char path[FOLDER_SIZE])
{
	const char *bpffs = getenv("LIBXDP_BPFFS");

	snprintf(path, FOLDER_SIZE, "%s/xdp", bpffs ? bpffs : "/sys/fs/bpf");
}

static bool ends_with(const char *s, const char *end)
{
	size_t n = strlen(s), m = strlen(end);

	return n >= m && !strcmp(s + n - m, end);
}

static __u32 pin_program(const char *path)
{
	struct bpf_link_info info = {};
	__u32 len = sizeof(info), id = 0;
	int fd = bpf_obj_get(path);

	if (fd < 0)
		return 0;
	if (ends_with(path, "-prog"))
		id = hook_fd_prog_id(fd);
	else if (!bpf_obj_get_info_by_fd(fd, &info, &len))
		id = info.prog_id;
	close(fd);
	return id;
}

static void read_pins(const char *dir, struct pinned *p)
{
	char path[PIN_SIZE];
	struct dirent *e;
	DIR *d = opendir(dir);

	p->n = 0;
	while (d && (e = readdir(d)) && p->n < PROGRAMS) {
		if (e->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s", dir, e->d_name);
		p->id[p->n++] = pin_program(path);
	}
	if (d)
		closedir(d);
}

/* Does the process directory PROC have program ID open? */
static bool process_holds(int proc, const char *pid, __u32 id)
{
	char path[PIN_SIZE], target[64], text[512], want[32];
	struct dirent *e;
	bool holds = false;
	DIR *d;
	int fd;

	snprintf(want, sizeof(want), "\nprog_id:\t%u\n", id);
	snprintf(path, sizeof(path), "%s/fd", pid);
	fd = openat(proc, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	d = fd < 0 ? NULL : fdopendir(fd);
	while (d && !holds && (e = readdir(d))) {
		ssize_t n = readlinkat(fd, e->d_name, target, sizeof(target) - 1);
		int info;

		if (n < 0 || (target[n] = '\0', strcmp(target, "anon_inode:bpf-prog")))
			continue;
		snprintf(path, sizeof(path), "%s/fdinfo/%s", pid, e->d_name);
		info = openat(proc, path, O_RDONLY | O_CLOEXEC);
		n = info < 0 ? -1 : read(info, text, sizeof(text) - 1);
		if (info >= 0)
			close(info);
		if (n > 0) {
			text[n] = '\0';
			holds = strstr(text, want) != NULL;
		}
	}
	if (d)
		closedir(d);
	else if (fd >= 0)
		close(fd);
	return holds;
}

/* Whoever is at work on a dispatcher has it open, from loading it until its predecessor's pins are gone. */
static bool somebody_holds(__u32 id)
{
	DIR *d = opendir("/proc");
	struct dirent *e;
	bool holds = false;

	while (d && !holds && (e = readdir(d))) {
		if (e->d_name[0] >= '1' && e->d_name[0] <= '9')
			holds = process_holds(dirfd(d), e->d_name, id);
	}
	if (!d)
		return true; /* cannot tell */
	closedir(d);
	return holds;
}

static bool program_exists(__u32 id)
{
	int fd = bpf_prog_get_fd_by_id(id);

	if (fd >= 0)
		close(fd);
	return fd >= 0 || errno != ENOENT;
}

/* Are the pins in DIR, of a dispatcher that is not attached here, surely of no use to anybody? */
static bool is_stale(const struct hook_target *t, const char *dir, __u32 id, const struct pinned *attached)
{
	struct pinned pins;
	int known = 0;

	read_pins(dir, &pins);
	if (!program_exists(id))
		return true;
	for (int i = 0; i < pins.n; i++) {
		/* Programs with that map are only ever attached here. */
		if (t->owner_map && hook_prog_uses_map(pins.id[i], t->owner_map))
			return true;
		for (int j = 0; j < attached->n; j++) {
			if (pins.id[i] && pins.id[i] == attached->id[j]) {
				known++;
				break;
			}
		}
	}
	/* The same programs as in the dispatcher that is attached: its successor or predecessor. */
	return pins.n && known == pins.n;
}

static int remove_pins(const char *dir)
{
	char path[PIN_SIZE];
	struct dirent *e;
	DIR *d = opendir(dir);

	while (d && (e = readdir(d))) {
		if (e->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s", dir, e->d_name);
		unlink(path);
	}
	if (d)
		closedir(d);
	return rmdir(dir) && errno != ENOENT ? -errno : 0;
}

/* What DIR is, is decided in this order, while the lock is held: first whether somebody is at work on the
 * dispatcher, then whether it is attached. The other way round it could be attached in between. */
static int clean_dispatcher(const struct hook_target *t, const char *folder, const char *name, __u32 id)
{
	LIBBPF_OPTS(bpf_xdp_query_opts, now);
	struct pinned attached = {};
	char path[DIR_SIZE];
	int rc;

	if (somebody_holds(id))
		return 0;
	bpf_xdp_query(t->ifindex, 0, &now);
	if (id == now.drv_prog_id || id == now.skb_prog_id)
		return 0;
	if (now.drv_prog_id || now.skb_prog_id) {
		snprintf(path, sizeof(path), "%s/dispatch-%d-%u", folder, t->ifindex,
			 now.drv_prog_id ? now.drv_prog_id : now.skb_prog_id);
		read_pins(path, &attached);
	}
	snprintf(path, sizeof(path), "%s/%s", folder, name);
	if (!is_stale(t, path, id, &attached))
		return 0;
	rc = remove_pins(path);
	if (rc)
		return fail(rc, "cannot remove %s: %s", path, strerror(-rc));
	detail("%s: removed %s, left by a process that was killed", t->ifname, path);
	return 0;
}

static int clean_entry(const struct hook_target *t, const char *folder, const char *name)
{
	char path[DIR_SIZE], again[64];
	int ifindex;
	__u32 id;

	/* libxdp's trial of the kernel comes and goes while the lock is held, so this one was left. */
	if (!strncmp(name, "prog-test-link-", strlen("prog-test-link-"))) {
		snprintf(path, sizeof(path), "%s/%s", folder, name);
		unlink(path);
		return 0;
	}
	if (sscanf(name, "dispatch-%d-%u", &ifindex, &id) != 2 || ifindex != t->ifindex)
		return 0;
	snprintf(again, sizeof(again), "dispatch-%d-%u", ifindex, id);
	return strcmp(again, name) ? 0 : clean_dispatcher(t, folder, name, id);
}

int hook_xdp_clean(const struct hook_target *t)
{
	char folder[FOLDER_SIZE];
	struct dirent *e;
	int fd, rc = 0;
	DIR *d;

	pin_folder(folder);
	d = opendir(folder);
	if (!d)
		return 0; /* libxdp has not been at work here */
	fd = dirfd(d);
	if (flock(fd, LOCK_EX)) {
		rc = fail(-errno, "cannot lock %s: %s", folder, strerror(errno));
	} else {
		while (!rc && (e = readdir(d)))
			rc = clean_entry(t, folder, e->d_name);
		flock(fd, LOCK_UN);
	}
	closedir(d);
	return rc;
}
