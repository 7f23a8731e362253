/* SPDX-License-Identifier: Apache-2.0 */
/* doctor_namespace.c - bpffs, and what `up` keeps for this network namespace. */
#include <errno.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>

#include "doctor.h"
#include "log.h"
#include "runtime.h"
#include "scope.h"
#include "state.h"
#include "util.h"

static bool bpffs(struct checks *c)
{
	char netns[64];

	switch (state_bpffs(netns, sizeof(netns))) {
	case BPFFS_MOUNTED:
		check_ok(c, "bpffs", "mounted at /sys/fs/bpf");
		return true;
	case BPFFS_MISSING:
		check_note(c, "bpffs", "not mounted at /sys/fs/bpf");
		check_remedy(c, "`mount -t bpf bpf /sys/fs/bpf`; `up` does that, too");
		break;
	case BPFFS_IP_NETNS:
		check_wrong(c, "bpffs",
			    "`ip netns exec` hides /sys/fs/bpf from its command: what is deployed from here would be "
			    "lost when that ends, so `up` refuses");
		check_remedy(c, "`kfaas-net --netns %s ...` outside of it", netns);
		break;
	case BPFFS_FLEETING:
		check_wrong(c, "bpffs",
			    "not mounted at /sys/fs/bpf in this mount namespace, of which process 1 sees nothing: what "
			    "is deployed would be lost with it, so `up` refuses");
		check_remedy(c, "run kfaas-net outside of it, or, if it lasts, `mount -t bpf bpf /sys/fs/bpf`");
		break;
	}
	return false;
}

/* Does the gate know the interface's MAC addresses as they are? */
static void macs(struct checks *c, const struct state *s)
{
	int rc = runtime_macs(s);

	if (rc < 0) {
		check_failed(c, "MAC address", rc);
	} else if (!rc) {
		check_wrong(c, "MAC address",
			    "%s: changed since the last change, or there are others now: frames to them go past "
			    "functions of scope local",
			    s->ifname);
		check_remedy(c, "`kfaas-net up %s`", s->ifname);
	}
}

/* Is it up, as far as its state tells? */
static bool one_state(struct checks *c, const char *ifname)
{
	struct kf_iface_head head = {0};
	struct state s;
	__u32 record;
	int rc;

	rc = state_open_listed(&s, ifname, STATE_READ);
	if (rc == -ENOENT) {
		check_note(c, "state",
			   "%s: half-made by an `up` or `down` that did not end; the next command clears it away",
			   ifname);
		fail_clear();
		return false;
	}
	if (rc) {
		check_failed(c, "state", rc);
		return false;
	}
	record = s.control->g[state_gen(&s)].iface_record;
	rc = record ? state_record_read(&s, record, &head, sizeof(head), NULL) : -ENOENT;
	if (!record)
		check_note(c, "state", "%s: left by an unfinished `up` or `down`; the next command clears it away",
			   ifname);
	else if (rc)
		check_wrong(c, "state", "%s: its record is damaged (%s)", ifname, strerror(-rc));
	else if ((__u32)s.ifindex != head.ifindex)
		check_note(c, "state",
			   "%s: of an interface that was deleted or renamed; the next command puts that in order",
			   ifname);
	else if (s.control->dirty)
		check_note(c, "state", "%s: a command was killed half-way; what it left is not in force", ifname);
	else
		check_ok(c, "state", "%s is up", ifname);
	if (record && rc)
		check_remedy(c, "`kfaas-net down %s`", ifname);
	else if (record && s.control->dirty)
		check_remedy(c, "`kfaas-net up %s` clears it away", ifname);
	if (record && !rc && (__u32)s.ifindex == head.ifindex && !s.control->dirty)
		macs(c, &s);
	state_close(&s);
	return record;
}

/* Is any interface up? */
static bool states(struct checks *c)
{
	bool up = false;
	char **names;
	size_t n;
	int rc = state_list(&names, &n);

	if (rc) {
		check_failed(c, "state", rc);
		return false;
	}
	if (!n)
		check_ok(c, "state", "no interface is up in this network namespace");
	for (size_t i = 0; i < n; i++) {
		up |= one_state(c, names[i]);
		free(names[i]);
	}
	free(names);
	return up;
}

/* How the gates ask which addresses are this host's own; see scope.h. */
static void own_addresses(struct checks *c, bool up)
{
	char text[256];

	if (!scope_check(text, sizeof(text))) {
		check_ok(c, "own addresses", "the gates can ask the kernel for them");
	} else if (up) {
		check_wrong(c, "own addresses", "%s", text);
		check_remedy(c, "run `kfaas-net up IFACE` again");
	} else {
		check_ok(c, "own addresses", "nothing is set up here yet; `up` does it");
	}
}

void doctor_namespace(struct checks *c)
{
	bool up = false;

	if (!doctor_may_look(c, "state"))
		return;
	if (bpffs(c))
		up = states(c);
	own_addresses(c, up);
}
