/* SPDX-License-Identifier: Apache-2.0 */
/* netns.c - entering a network namespace, for the loader and the tools. */
#include "netns.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <string.h>
#include <unistd.h>

#include "log.h"
#include "util.h"

int netns_enter(const char *name)
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
