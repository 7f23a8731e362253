/* SPDX-License-Identifier: Apache-2.0 */
/* scope.c - a namespace's switch, and which routes and rules it gets, for "which addresses are ours"; see scope.h. */
#include "scope.h"

#include <errno.h>
#include <linux/types.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "log.h"
#include "scope_route.h"
#include "state.h"
#include "util.h"

static const struct family {
	int af;
	const char *name, *option, *forwarding;
	__u32 bit; /* in the namespace's number: we switched its forwarding on */
} families[] = {
	{AF_INET, "IPv4", "-4", "/proc/sys/net/ipv4/conf/lo/forwarding", 1},
	{AF_INET6, "IPv6", "-6", "/proc/sys/net/ipv6/conf/lo/forwarding", 2},
};

/* Not so in a kernel without IPv6. */
static bool exists(const struct family *f)
{
	char line[16];

	return f->af == AF_INET || read_line(f->forwarding, line, sizeof(line)) != -ENOENT;
}

static bool forwarding(const struct family *f)
{
	char line[16];

	return !read_line(f->forwarding, line, sizeof(line)) && !strcmp(line, "1");
}

/* Like those below: 1 if there was something to do, which it told. */
static int switch_on(const struct family *f, tell_fn *tell)
{
	__u32 ours;
	int rc;

	if (forwarding(f))
		return 0;
	rc = state_netns_get(&ours);
	if (!rc && !(ours & f->bit))
		rc = state_netns_set(ours | f->bit); /* first: a kill between the two is undone by down */
	if (!rc)
		rc = write_line(f->forwarding, "1");
	if (rc)
		return rc;
	tell("+ %s = 1", f->forwarding + strlen("/proc/sys/"));
	return 1;
}

/* See scope.h for which of the two. */
static int tell_apart(const struct family *f, tell_fn *tell)
{
	struct scope_seen rules = {0};
	int added, rc = scope_look_at_rules(f->af, &rules);

	if (!rc && !rules.others) {
		rc = scope_last_route(f->af, true);
		if (!rc)
			tell("+ ip %s route unreachable default, behind all others", f->option);
		return rc == -EEXIST ? 0 : rc ? rc : 1;
	}
	added = rc ? rc : scope_table_route(f->af, true);
	rc = added && added != -EEXIST ? added : scope_rule(f->af, true);
	if (rc && rc != -EEXIST)
		return rc;
	if (rc && added) /* both are there */
		return 0;
	tell("+ ip %s rule pref %d: own addresses, table %d", f->option, SCOPE_PRIORITY, SCOPE_TABLE);
	return 1;
}

static int switch_all_on(tell_fn *tell)
{
	int done = 0;

	for (size_t i = 0; i < ARRAY_SIZE(families); i++) {
		const struct family *f = &families[i];
		int rc;

		if (!exists(f))
			continue;
		rc = switch_on(f, tell);
		if (rc < 0) {
			warning("cannot set %s = 1 (%s): %s functions of scope local will be passed by; use `to "
				"PREFIX` or scope = any",
				f->forwarding, strerror(-rc), f->name);
			continue;
		}
		done += rc;
		rc = tell_apart(f, tell);
		if (rc < 0)
			return fail(rc, "cannot add the %s route or rule that tells own addresses from others: %s",
				    f->name, strerror(-rc));
		done += rc;
	}
	return done;
}

int scope_up(tell_fn *tell)
{
	int rc, lock = state_netns_lock(); /* against the `down` of another interface */

	if (lock < 0)
		return fail(lock, "cannot lock the namespace's folder below " STATE_ROOT ": %s", strerror(-lock));
	rc = switch_all_on(tell);
	close(lock);
	return rc;
}

void scope_down(void)
{
	__u32 ours = 0;

	state_netns_get(&ours);
	for (size_t i = 0; i < ARRAY_SIZE(families); i++) {
		const struct family *f = &families[i];

		while (!scope_rule(f->af, false))
			detail("- ip %s rule pref %d", f->option, SCOPE_PRIORITY);
		scope_table_route(f->af, false);
		if (!scope_last_route(f->af, false))
			detail("- ip %s route unreachable default, behind all others", f->option);
		if (ours & f->bit && !write_line(f->forwarding, "0"))
			detail("- %s = 0", f->forwarding + strlen("/proc/sys/"));
	}
}

static int check_family(const struct family *f, char *buf, unsigned long size)
{
	struct scope_seen rules = {0};
	bool route = false;
	int rc;

	if (!forwarding(f)) {
		path_join(buf, size, "%s is not 1: functions of scope local are passed by (`up` sets it)",
			  f->forwarding);
		return -ENODATA;
	}
	rc = scope_look_at_rules(f->af, &rules);
	if (!rc && rules.ours)
		rc = scope_look_at_table_route(f->af, &route);
	if (!rc && !route && !rules.others)
		rc = scope_look_at_last_route(f->af, &route);
	if (!rc && route)
		return 0;
	if (rc)
		path_join(buf, size, "cannot look at the %s routes and rules: %s", f->name, strerror(-rc));
	else if (rules.others)
		path_join(buf, size, "the %s routing rule of table %d%s is gone: `up` adds it again", f->name,
			  SCOPE_TABLE, rules.ours ? ", or what is in it," : "");
	else
		path_join(buf, size, "the last %s route, unreachable default, is gone: `up` adds it again", f->name);
	return rc ? rc : -ENODATA;
}

int scope_check(char *buf, unsigned long size)
{
	int rc = 0;

	*buf = 0;
	for (size_t i = 0; i < ARRAY_SIZE(families) && !rc; i++)
		rc = exists(&families[i]) ? check_family(&families[i], buf, size) : 0;
	return rc;
}
