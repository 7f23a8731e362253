/* SPDX-License-Identifier: Apache-2.0 */
/* scope.c - the namespace's switch, route and rule for "which addresses are ours"; see scope.h. */
#include "scope.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../bpf/abi.h"
#include "log.h"
#include "state.h"
#include "util.h"

#define RULE_PRIORITY 1		  /* right behind the rule of the local table, which is 0 */
#define LAST_METRIC   0xffffffffu /* behind every other route */
#define LAST_PROTOCOL 253	  /* says that the route is ours */

static const struct family {
	int af;
	const char *name, *option, *forwarding;
	__u32 bit;  /* in the namespace's number: we switched its forwarding on */
	__u32 last; /* the table that is looked at last */
} families[] = {
	{AF_INET, "IPv4", "-4", "/proc/sys/net/ipv4/conf/lo/forwarding", 1, RT_TABLE_DEFAULT},
	{AF_INET6, "IPv6", "-6", "/proc/sys/net/ipv6/conf/lo/forwarding", 2, RT_TABLE_MAIN},
};

static struct nlmsghdr *start(char *buf, int type, int flags)
{
	struct nlmsghdr *h = mnl_nlmsg_put_header(buf);

	h->nlmsg_type = type;
	h->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | flags;
	h->nlmsg_seq = time(NULL);
	return h;
}

static int talk(struct nlmsghdr *h)
{
	char buf[8192];
	struct mnl_socket *nl = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	int n, rc = 0;

	if (!nl)
		return -errno;
	if (mnl_socket_bind(nl, 0, MNL_SOCKET_AUTOPID) || mnl_socket_sendto(nl, h, h->nlmsg_len) < 0) {
		rc = -errno;
	} else {
		n = mnl_socket_recvfrom(nl, buf, sizeof(buf));
		if (n < 0 || mnl_cb_run(buf, n, h->nlmsg_seq, mnl_socket_get_portid(nl), NULL, NULL) < 0)
			rc = -errno;
	}
	mnl_socket_close(nl);
	return rc;
}

static int rule(const struct family *f, bool add)
{
	char buf[MNL_SOCKET_BUFFER_SIZE];
	struct nlmsghdr *h = start(buf, add ? RTM_NEWRULE : RTM_DELRULE, add ? NLM_F_CREATE | NLM_F_EXCL : 0);
	struct fib_rule_hdr *r = mnl_nlmsg_put_extra_header(h, sizeof(*r));
	struct fib_rule_port_range sport = {KF_FIB_SPORT, KF_FIB_SPORT}, dport = {KF_FIB_DPORT, KF_FIB_DPORT};

	r->family = f->af;
	r->action = FR_ACT_TO_TBL;
	r->table = RT_TABLE_UNSPEC;
	mnl_attr_put_u32(h, FRA_TABLE, SCOPE_TABLE);
	mnl_attr_put_u32(h, FRA_PRIORITY, RULE_PRIORITY);
	mnl_attr_put_strz(h, FRA_IIFNAME, "lo");
	mnl_attr_put_u8(h, FRA_IP_PROTO, KF_FIB_PROTO);
	mnl_attr_put(h, FRA_SPORT_RANGE, sizeof(sport), &sport);
	mnl_attr_put(h, FRA_DPORT_RANGE, sizeof(dport), &dport);
	return talk(h);
}

static int unreachable(const struct family *f, bool add, __u32 table, __u8 protocol, __u32 metric)
{
	char buf[MNL_SOCKET_BUFFER_SIZE];
	struct nlmsghdr *h = start(buf, add ? RTM_NEWROUTE : RTM_DELROUTE, add ? NLM_F_CREATE | NLM_F_EXCL : 0);
	struct rtmsg *r = mnl_nlmsg_put_extra_header(h, sizeof(*r));

	r->rtm_family = f->af;
	r->rtm_table = RT_TABLE_UNSPEC;
	r->rtm_protocol = protocol;
	r->rtm_scope = RT_SCOPE_UNIVERSE;
	r->rtm_type = RTN_UNREACHABLE;
	mnl_attr_put_u32(h, RTA_TABLE, table);
	if (metric)
		mnl_attr_put_u32(h, RTA_PRIORITY, metric);
	return talk(h);
}

/* The route of the rule's table. */
static int route(const struct family *f, bool add)
{
	return unreachable(f, add, SCOPE_TABLE, RTPROT_STATIC, 0);
}

static int last_route(const struct family *f, bool add)
{
	return unreachable(f, add, f->last, LAST_PROTOCOL, LAST_METRIC);
}

/* What a dump is looked through for. */
struct seen {
	bool ours;   /* our rule, or our route */
	bool others; /* a rule that neither is ours nor the kernel's own */
};

/* The three that every namespace begins with. */
static bool is_kernels(__u32 priority, __u32 table)
{
	return (priority == 0 && table == RT_TABLE_LOCAL) || (priority == 32766 && table == RT_TABLE_MAIN) ||
	       (priority == 32767 && table == RT_TABLE_DEFAULT);
}

static int see_rule(const struct nlmsghdr *h, void *seen)
{
	static const struct fib_rule_port_range ports[] = {{KF_FIB_SPORT, KF_FIB_SPORT}, {KF_FIB_DPORT, KF_FIB_DPORT}};
	__u32 table = ((struct fib_rule_hdr *)mnl_nlmsg_get_payload(h))->table, priority = 0;
	struct seen *found = seen;
	const struct nlattr *a;
	int matches = 0;

	mnl_attr_for_each(a, h, sizeof(struct fib_rule_hdr))
	{
		const void *value = mnl_attr_get_payload(a);
		size_t len = mnl_attr_get_payload_len(a);

		switch (mnl_attr_get_type(a)) {
		case FRA_TABLE:
			table = mnl_attr_get_u32(a);
			matches += table == SCOPE_TABLE;
			break;
		case FRA_PRIORITY:
			priority = mnl_attr_get_u32(a);
			break;
		case FRA_IIFNAME:
			matches += len >= sizeof("lo") && !memcmp(value, "lo", sizeof("lo"));
			break;
		case FRA_IP_PROTO:
			matches += mnl_attr_get_u8(a) == KF_FIB_PROTO;
			break;
		case FRA_SPORT_RANGE:
			matches += len == sizeof(ports[0]) && !memcmp(value, &ports[0], len);
			break;
		case FRA_DPORT_RANGE:
			matches += len == sizeof(ports[1]) && !memcmp(value, &ports[1], len);
			break;
		}
	}
	if (matches == 5)
		found->ours = true;
	else if (!is_kernels(priority, table))
		found->others = true;
	return MNL_CB_OK;
}

static int see_route(const struct nlmsghdr *h, void *seen)
{
	const struct rtmsg *r = mnl_nlmsg_get_payload(h);

	if (r->rtm_protocol == LAST_PROTOCOL && r->rtm_type == RTN_UNREACHABLE && !r->rtm_dst_len)
		((struct seen *)seen)->ours = true;
	return MNL_CB_OK;
}

static int dump(struct nlmsghdr *h, mnl_cb_t see, struct seen *seen)
{
	char buf[MNL_SOCKET_BUFFER_SIZE] __attribute__((aligned(NLMSG_ALIGNTO)));
	struct mnl_socket *nl = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	int n, rc = 0, strict = 1;

	if (!nl)
		return -errno;
	if (mnl_socket_setsockopt(nl, NETLINK_GET_STRICT_CHK, &strict, sizeof(strict)) ||
	    mnl_socket_bind(nl, 0, MNL_SOCKET_AUTOPID) || mnl_socket_sendto(nl, h, h->nlmsg_len) < 0)
		rc = -errno;
	do {
		n = rc ? rc : mnl_socket_recvfrom(nl, buf, sizeof(buf));
		if (n > 0)
			n = mnl_cb_run(buf, n, h->nlmsg_seq, mnl_socket_get_portid(nl), see, seen);
		if (n < 0 && !rc)
			rc = -errno;
	} while (n > MNL_CB_STOP);
	mnl_socket_close(nl);
	return rc;
}

static int look_at_rules(const struct family *f, struct seen *seen)
{
	char buf[MNL_SOCKET_BUFFER_SIZE] __attribute__((aligned(NLMSG_ALIGNTO)));
	struct nlmsghdr *h = start(buf, RTM_GETRULE, NLM_F_DUMP);
	struct fib_rule_hdr *r = mnl_nlmsg_put_extra_header(h, sizeof(*r));

	r->family = f->af;
	return dump(h, see_rule, seen);
}

/* The kernel picks: of a million routes it sends ours. */
static int look_at_last_route(const struct family *f, struct seen *seen)
{
	char buf[MNL_SOCKET_BUFFER_SIZE] __attribute__((aligned(NLMSG_ALIGNTO)));
	struct nlmsghdr *h = start(buf, RTM_GETROUTE, NLM_F_DUMP);
	struct rtmsg *r = mnl_nlmsg_put_extra_header(h, sizeof(*r));
	int rc;

	r->rtm_family = f->af;
	r->rtm_protocol = LAST_PROTOCOL;
	r->rtm_type = RTN_UNREACHABLE;
	mnl_attr_put_u32(h, RTA_TABLE, f->last);
	rc = dump(h, see_route, seen);
	return rc == -ENOENT ? 0 : rc; /* no such table */
}

static bool forwarding(const struct family *f)
{
	char line[16];

	return !read_line(f->forwarding, line, sizeof(line)) && !strcmp(line, "1");
}

static int switch_on(const struct family *f)
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
	if (!rc)
		detail("+ %s = 1", f->forwarding + strlen("/proc/sys/"));
	return rc;
}

/* See scope.h for which of the two. */
static int tell_apart(const struct family *f)
{
	struct seen rules = {0};
	int rc = look_at_rules(f, &rules);

	if (!rc && !rules.others) {
		rc = last_route(f, true);
		if (!rc)
			detail("+ ip %s route unreachable default, behind all others", f->option);
		return rc == -EEXIST ? 0 : rc;
	}
	if (!rc)
		rc = route(f, true);
	if (!rc || rc == -EEXIST)
		rc = rule(f, true);
	if (!rc)
		detail("+ ip %s rule pref %d: own addresses, table %d", f->option, RULE_PRIORITY, SCOPE_TABLE);
	return rc == -EEXIST ? 0 : rc;
}

static int switch_all_on(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(families); i++) {
		const struct family *f = &families[i];
		char line[16];
		int rc;

		if (f->af == AF_INET6 && read_line(f->forwarding, line, sizeof(line)) == -ENOENT)
			continue; /* a kernel without IPv6 */
		rc = switch_on(f);
		if (rc) {
			warning("cannot set %s = 1 (%s): %s functions of scope local will be passed by; use `to "
				"PREFIX` or scope = any",
				f->forwarding, strerror(-rc), f->name);
			continue;
		}
		rc = tell_apart(f);
		if (rc)
			return fail(rc, "cannot add the %s route or rule that tells own addresses from others: %s",
				    f->name, strerror(-rc));
	}
	return 0;
}

int scope_up(void)
{
	int rc, lock = state_netns_lock(); /* against the `down` of another interface */

	if (lock < 0)
		return fail(lock, "cannot lock the namespace's folder below " STATE_ROOT ": %s", strerror(-lock));
	rc = switch_all_on();
	close(lock);
	return rc;
}

void scope_down(void)
{
	__u32 ours = 0;

	state_netns_get(&ours);
	for (size_t i = 0; i < ARRAY_SIZE(families); i++) {
		const struct family *f = &families[i];

		while (!rule(f, false))
			detail("- ip %s rule pref %d", f->option, RULE_PRIORITY);
		route(f, false);
		if (!last_route(f, false))
			detail("- ip %s route unreachable default, behind all others", f->option);
		if (ours & f->bit && !write_line(f->forwarding, "0"))
			detail("- %s = 0", f->forwarding + strlen("/proc/sys/"));
	}
}

int scope_check(char *buf, unsigned long size)
{
	*buf = 0;
	for (size_t i = 0; i < ARRAY_SIZE(families); i++) {
		const struct family *f = &families[i];
		struct seen seen = {0};
		char line[16];
		int rc;

		if (f->af == AF_INET6 && read_line(f->forwarding, line, sizeof(line)) == -ENOENT)
			continue; /* a kernel without IPv6 */
		if (!forwarding(f)) {
			path_join(buf, size, "%s is not 1: functions of scope local are passed by (`up` sets it)",
				  f->forwarding);
			return -ENODATA;
		}
		rc = look_at_rules(f, &seen);
		if (!rc && !seen.others)
			rc = look_at_last_route(f, &seen);
		if (!rc && seen.ours)
			continue;
		if (rc)
			path_join(buf, size, "cannot look at the %s routes and rules: %s", f->name, strerror(-rc));
		else if (seen.others)
			path_join(buf, size, "the %s routing rule of table %d is gone: `up` adds it again", f->name,
				  SCOPE_TABLE);
		else
			path_join(buf, size, "the last %s route, unreachable default, is gone: `up` adds it again",
				  f->name);
		return rc ? rc : -ENODATA;
	}
	return 0;
}
