// SPDX-License-Identifier: Apache-2.0
/* scope_route.c - see scope_route.h. */
#include "scope_route.h"

#include <errno.h>
#include <linux/fib_rules.h>
#include <string.h>

#include "../bpf/abi.h"
#include "netlink.h"

#define LAST_METRIC   0xffffffffu /* behind every other route */
#define LAST_PROTOCOL 253	  /* says that the route is ours */

static const struct fib_rule_port_range sport = {KF_FIB_SPORT, KF_FIB_SPORT}, dport = {KF_FIB_DPORT, KF_FIB_DPORT};

int scope_rule(int af, bool add)
{
	struct netlink_room room;
	struct nlmsghdr *h =
		netlink_request(&room, add ? RTM_NEWRULE : RTM_DELRULE, add ? NLM_F_CREATE | NLM_F_EXCL : 0);
	struct fib_rule_hdr *r = mnl_nlmsg_put_extra_header(h, sizeof(*r));

	r->family = af;
	r->action = FR_ACT_TO_TBL;
	r->table = RT_TABLE_UNSPEC;
	mnl_attr_put_u32(h, FRA_TABLE, SCOPE_TABLE);
	mnl_attr_put_u32(h, FRA_PRIORITY, SCOPE_PRIORITY);
	mnl_attr_put_strz(h, FRA_IIFNAME, "lo");
	mnl_attr_put_u8(h, FRA_IP_PROTO, KF_FIB_PROTO);
	mnl_attr_put(h, FRA_SPORT_RANGE, sizeof(sport), &sport);
	mnl_attr_put(h, FRA_DPORT_RANGE, sizeof(dport), &dport);
	return netlink_ask(NETLINK_ROUTE, h, NULL, NULL);
}

static int unreachable(int af, bool add, __u32 table, __u8 protocol, __u32 metric)
{
	struct netlink_room room;
	struct nlmsghdr *h =
		netlink_request(&room, add ? RTM_NEWROUTE : RTM_DELROUTE, add ? NLM_F_CREATE | NLM_F_EXCL : 0);
	struct rtmsg *r = mnl_nlmsg_put_extra_header(h, sizeof(*r));

	r->rtm_family = af;
	r->rtm_table = RT_TABLE_UNSPEC;
	r->rtm_protocol = protocol;
	r->rtm_scope = RT_SCOPE_UNIVERSE;
	r->rtm_type = RTN_UNREACHABLE;
	mnl_attr_put_u32(h, RTA_TABLE, table);
	if (metric)
		mnl_attr_put_u32(h, RTA_PRIORITY, metric);
	return netlink_ask(NETLINK_ROUTE, h, NULL, NULL);
}

int scope_table_route(int af, bool add)
{
	return unreachable(af, add, SCOPE_TABLE, RTPROT_STATIC, 0);
}

/* The table that is looked at last. */
static __u32 last_table(int af)
{
	return af == AF_INET ? RT_TABLE_DEFAULT : RT_TABLE_MAIN;
}

int scope_last_route(int af, bool add)
{
	return unreachable(af, add, last_table(af), LAST_PROTOCOL, LAST_METRIC);
}

/* The three that every namespace begins with. */
static bool is_kernels(__u32 priority, __u32 table)
{
	return (priority == 0 && table == RT_TABLE_LOCAL) || (priority == 32766 && table == RT_TABLE_MAIN) ||
	       (priority == 32767 && table == RT_TABLE_DEFAULT);
}

static int see_rule(const struct nlmsghdr *h, void *seen)
{
	__u32 table = ((struct fib_rule_hdr *)mnl_nlmsg_get_payload(h))->table, priority = 0;
	struct scope_seen *found = seen;
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
			matches += len == sizeof(sport) && !memcmp(value, &sport, len);
			break;
		case FRA_DPORT_RANGE:
			matches += len == sizeof(dport) && !memcmp(value, &dport, len);
			break;
		}
	}
	if (matches == 5)
		found->ours = true;
	else if (!is_kernels(priority, table))
		found->others = true;
	return MNL_CB_OK;
}

static int see_route(const struct nlmsghdr *h, void *there)
{
	const struct rtmsg *r = mnl_nlmsg_get_payload(h);

	if (r->rtm_type == RTN_UNREACHABLE && !r->rtm_dst_len)
		*(bool *)there = true;
	return MNL_CB_OK;
}

/* The kernel picks: of a million routes it sends ours. */
static int look_at_route(int af, __u32 table, __u8 protocol, bool *there)
{
	struct netlink_room room;
	struct nlmsghdr *h = netlink_request(&room, RTM_GETROUTE, NLM_F_DUMP);
	struct rtmsg *r = mnl_nlmsg_put_extra_header(h, sizeof(*r));
	int rc;

	r->rtm_family = af;
	r->rtm_protocol = protocol;
	r->rtm_type = RTN_UNREACHABLE;
	mnl_attr_put_u32(h, RTA_TABLE, table);
	rc = netlink_ask(NETLINK_ROUTE, h, see_route, there);
	return rc == -ENOENT ? 0 : rc; /* no such table */
}

int scope_look_at_rules(int af, struct scope_seen *seen)
{
	struct netlink_room room;
	struct nlmsghdr *h = netlink_request(&room, RTM_GETRULE, NLM_F_DUMP);
	struct fib_rule_hdr *r = mnl_nlmsg_put_extra_header(h, sizeof(*r));

	r->family = af;
	return netlink_ask(NETLINK_ROUTE, h, see_rule, seen);
}

int scope_look_at_table_route(int af, bool *there)
{
	return look_at_route(af, SCOPE_TABLE, RTPROT_STATIC, there);
}

int scope_look_at_last_route(int af, bool *there)
{
	return look_at_route(af, last_table(af), LAST_PROTOCOL, there);
}
