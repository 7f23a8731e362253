/* SPDX-License-Identifier: Apache-2.0 */
/* sweep.c - is every interface still the one that was brought up? Before each command. */
#include "runtime.h"

#include <errno.h>
#include <net/if.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"

#define WAITING ':' /* begins the names of states on their way to a new one */

enum fate { FINE, RENAMED, GONE, UNFINISHED, UNCLEAN };

/* NOW takes the interface's present name. */
static enum fate fate_of(const struct state *s, char *now)
{
	__u32 record = s->control->g[state_gen(s)].iface_record;
	struct kf_iface_head head;

	if (!record)
		return UNFINISHED;
	if (state_record_read(s, record, &head, sizeof(head), NULL))
		return FINE; /* damaged: the command itself will say so */
	if ((__u32)s->ifindex == head.ifindex)
		return s->control->dirty ? UNCLEAN : FINE; /* who sets it holds the lock that we have now */
	return if_indextoname(head.ifindex, now) ? RENAMED : GONE;
}

/* The state follows its interface to NOW. Where another interface had that name, its state is still in
 * the way, and goes in turn: till then this one waits under a name that no interface can have. */
static int follow(const struct state *s, const char *now)
{
	char aside[IF_NAMESIZE];
	int rc = state_rename(s->ifname, now);

	if (rc == -ENOTEMPTY || rc == -EEXIST) {
		snprintf(aside, sizeof(aside), "%c%u", WAITING, if_nametoindex(now));
		rc = state_rename(s->ifname, aside);
	}
	if (rc)
		return fail(rc, "%s is now called %s, but its state cannot follow: %s", s->ifname, now, strerror(-rc));
	if (s->ifname[0] != WAITING)
		say("%s is now called %s: its functions stay, under the new name", s->ifname, now);
	return 0;
}

/* libxdp's pins outlive an interface and hold our programs. */
static void forget_pins(struct state *s)
{
	__u32 record = s->control->g[state_gen(s)].iface_record;
	struct kf_iface_head head;
	struct hook_target t;

	if (!record || state_record_read(s, record, &head, sizeof(head), NULL))
		return;
	runtime_target(s, KF_XDP, &t);
	t.ifindex = head.ifindex;
	hook_clean(&t);
}

static int act(struct state *s, enum fate fate, const char *now)
{
	int rc = 0;

	switch (fate) {
	case FINE:
		break;
	case RENAMED:
		rc = follow(s, now);
		break;
	case GONE:
		say("%s is not the interface that was brought up (that one was deleted): removing what was left of it",
		    s->ifname);
		s->ifindex = 0; /* nothing of ours is attached to the new one */
		forget_pins(s);
		rc = runtime_down(s);
		break;
	case UNFINISHED:
		say("%s: removing what an unfinished `up` left", s->ifname);
		rc = runtime_down(s);
		break;
	case UNCLEAN:
		detail("%s: removing what a killed command left", s->ifname);
		rc = runtime_clean(s);
		break;
	}
	return rc;
}

static int sweep_one(const char *ifname)
{
	char now[IF_NAMESIZE];
	struct state s;
	enum fate fate;
	int rc = state_open_listed(&s, ifname, STATE_READ);

	/* Half-made: without all its maps. To open it for change completes it. */
	if (rc == -ENOENT) {
		fail_clear();
		fate = UNFINISHED;
	} else if (rc == -EPROTO) { /* another version's: no reason to leave the other interfaces alone */
		detail("%s", fail_text());
		fail_clear();
		return 0;
	} else if (rc) {
		return rc;
	} else {
		fate = fate_of(&s, now);
		state_close(&s);
	}
	if (fate == FINE)
		return 0;
	rc = state_open_listed(&s, ifname, STATE_CHANGE);
	if (rc == -ENOENT || rc == -EPROTO) { /* another command was faster; or as above */
		fail_clear();
		return 0;
	}
	if (rc)
		return rc;
	rc = act(&s, fate_of(&s, now), now);
	state_close(&s);
	return rc;
}

static int sweep_all(bool waiting_only)
{
	char **names;
	size_t n;
	int rc = state_list(&names, &n);

	if (rc)
		return rc;
	if (!n)
		return runtime_leave_netns(); /* a killed `down` may have left that to do */
	for (size_t i = 0; i < n; i++) {
		if (!rc && (!waiting_only || names[i][0] == WAITING))
			rc = sweep_one(names[i]);
		free(names[i]);
	}
	free(names);
	return rc;
}

int runtime_sweep(void)
{
	int rc = state_sweep(hook_drop_loose, forget_pins);

	if (!rc)
		rc = sweep_all(false);
	return rc ? rc : sweep_all(true);
}
