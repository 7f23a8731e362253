/* SPDX-License-Identifier: Apache-2.0 */
/* state_bpffs.c - bpffs, and whether what is mounted here lasts. */
#include "state.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "log.h"
#include "util.h"

#define BPFFS "/sys/fs/bpf"

/* `ip netns exec NAME` mounts a /sys of its own, called NAME, over the one that has bpffs; it ends
 * with the command, and what is pinned in it as well. */
static bool below_ip_netns(char *name, size_t size)
{
	FILE *f = fopen("/proc/self/mountinfo", "re");
	char line[1024], source[64], path[96];
	bool found = false;

	while (f && fgets(line, sizeof(line), f)) {
		const char *rest = strstr(line, " - sysfs ");

		if (!strstr(line, " / /sys ") || !rest || sscanf(rest, " - sysfs %63s", source) != 1)
			continue;
		path_join(path, sizeof(path), "/run/netns/%s", source);
		found = !access(path, F_OK); /* the last one is on top */
		path_join(name, size, "%s", source);
	}
	if (f)
		fclose(f);
	return found;
}

/* A mount lasts if process 1 sees it, the machine's or a container's. Its number is that of no other, in any
 * mount namespace. Where that cannot be told it may last. */
static bool mounts_last(void)
{
	FILE *f = fopen("/proc/1/mountinfo", "re");
	struct statx st;
	char line[4096];
	bool last = !f || statx(AT_FDCWD, BPFFS, 0, STATX_MNT_ID, &st) || !(st.stx_mask & STATX_MNT_ID);

	while (!last && fgets(line, sizeof(line), f))
		last = strtoull(line, NULL, 10) == st.stx_mnt_id;
	if (f)
		fclose(f);
	return last;
}

enum state_bpffs state_bpffs(char *netns, size_t size)
{
	struct statfs st;

	if (!statfs(BPFFS, &st) && (unsigned long)st.f_type == BPF_FS_MAGIC)
		return BPFFS_MOUNTED;
	if (mounts_last())
		return BPFFS_MISSING;
	return below_ip_netns(netns, size) ? BPFFS_IP_NETNS : BPFFS_FLEETING;
}

int state_mount_bpffs(void)
{
	char netns[64];

	switch (state_bpffs(netns, sizeof(netns))) {
	case BPFFS_MOUNTED:
		return 0;
	case BPFFS_IP_NETNS:
		return fail(-ENOTSUP,
			    "`ip netns exec` hides " BPFFS " from its command, and what is deployed from here would be "
			    "lost when that ends: run `kfaas-net --netns %s ...` outside of it",
			    netns);
	case BPFFS_FLEETING:
		return fail(
			-ENOTSUP,
			"bpffs is not mounted at " BPFFS " in this mount namespace, of which process 1 sees nothing: "
			"what is deployed would be lost with it. Run kfaas-net outside of it (--netns NAME enters a "
			"network namespace), or, if it lasts, `mount -t bpf bpf " BPFFS "` first");
	case BPFFS_MISSING:
		break;
	}
	if (mount("bpf", BPFFS, "bpf", 0, "mode=0700"))
		return fail(-errno,
			    "bpffs is not mounted at %s and mounting it failed: %s; see why: `mount -t bpf bpf %s`",
			    BPFFS, strerror(errno), BPFFS);
	say("mounted bpffs at %s", BPFFS);
	return 0;
}
