/* SPDX-License-Identifier: Apache-2.0 */
/* caps.c - see caps.h. */
#include "caps.h"

#include <errno.h>
#include <linux/capability.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

const struct capability caps_needed[] = {
	{CAP_BPF, "CAP_BPF", "load programs"},
	{CAP_NET_ADMIN, "CAP_NET_ADMIN", "load and attach XDP and TC programs"},
	{CAP_SYS_ADMIN, "CAP_SYS_ADMIN", "use bpffs and find attached programs"},
	{0},
};

static bool effective(int bit)
{
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2] = {0};

	return !syscall(SYS_capget, &head, data) && data[bit / 32].effective & 1u << (bit % 32);
}

bool caps_have(const struct capability *c)
{
	/* CAP_SYS_ADMIN includes what later became CAP_BPF. */
	return effective(c->bit) || (c->bit == CAP_BPF && effective(CAP_SYS_ADMIN));
}

int caps_may_load(char *buf, size_t size)
{
	int rc = 0;

	*buf = 0;
	for (const struct capability *c = caps_needed; c->name; c++) {
		size_t n = strlen(buf);

		if (c->bit == CAP_SYS_ADMIN || caps_have(c))
			continue;
		snprintf(buf + n, size - n, "%s%s", n ? " and " : "", c->name);
		rc = -EPERM;
	}
	return rc;
}
