// SPDX-License-Identifier: Apache-2.0
/* hook_netlink.c - what libbpf does not ask the kernel over netlink: which qdisc is at the clsact handle,
 * whether it has filters, and the XDP features of a device. */
#include <errno.h>
#include <linux/genetlink.h>
#include <linux/pkt_sched.h>
#include <stdio.h>
#include <string.h>

#include "hook_internal.h"
#include "netlink.h"

#define CLSACT TC_H_MAKE(TC_H_CLSACT, 0)

struct qdisc_search {
	int ifindex;
	char *kind;
	size_t size;
};

static int see_qdisc(const struct nlmsghdr *h, void *arg)
{
	const struct qdisc_search *search = arg;
	const struct tcmsg *tc = mnl_nlmsg_get_payload(h);
	const struct nlattr *a;

	if (tc->tcm_ifindex != search->ifindex || tc->tcm_handle != CLSACT)
		return MNL_CB_OK;
	mnl_attr_for_each(a, h, sizeof(*tc))
	{
		if (mnl_attr_get_type(a) == TCA_KIND)
			snprintf(search->kind, search->size, "%s", mnl_attr_get_str(a));
	}
	return MNL_CB_STOP;
}

static int tc_dump(int type, int ifindex, __u32 parent, mnl_cb_t see, void *arg)
{
	struct netlink_room room;
	struct nlmsghdr *h = netlink_request(&room, type, NLM_F_DUMP);
	struct tcmsg *tc = mnl_nlmsg_put_extra_header(h, sizeof(*tc));

	tc->tcm_ifindex = ifindex;
	tc->tcm_parent = parent;
	return netlink_ask(NETLINK_ROUTE, h, see, arg);
}

int hook_qdisc_kind(int ifindex, char *kind, size_t size)
{
	struct qdisc_search search = {ifindex, kind, size};
	int rc;

	kind[0] = '\0';
	rc = tc_dump(RTM_GETQDISC, ifindex, 0, see_qdisc, &search);
	return rc ? rc : kind[0] != '\0';
}

static int see_filter(const struct nlmsghdr *h, void *found)
{
	*(bool *)found |= h->nlmsg_type == RTM_NEWTFILTER;
	return MNL_CB_OK;
}

int hook_qdisc_filters(int ifindex)
{
	bool found = false;
	int rc = tc_dump(RTM_GETTFILTER, ifindex, TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_INGRESS), see_filter, &found);

	if (!rc && !found)
		rc = tc_dump(RTM_GETTFILTER, ifindex, TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_EGRESS), see_filter, &found);
	return rc ? rc : found;
}

/* ---- generic netlink: the family "netdev" (Linux 6.3), by the numbers of its interface */

#define NETDEV_GET	     1
#define NETDEV_ATTR_IFINDEX  1
#define NETDEV_ATTR_FEATURES 3

struct attr_search {
	__u16 type;
	void *value;
	size_t size;
	bool found;
};

static int see_attrs(const struct nlmsghdr *h, void *arg)
{
	struct attr_search *search = arg;
	const struct nlattr *a;

	mnl_attr_for_each(a, h, GENL_HDRLEN)
	{
		if (mnl_attr_get_type(a) != search->type || mnl_attr_get_payload_len(a) < search->size)
			continue;
		memcpy(search->value, mnl_attr_get_payload(a), search->size);
		search->found = true;
	}
	return MNL_CB_OK;
}

static int genl_ask(__u16 family, __u8 cmd, __u16 attr, const void *data, size_t size, struct attr_search *search)
{
	struct netlink_room room;
	struct nlmsghdr *h = netlink_request(&room, family, 0);
	struct genlmsghdr *genl = mnl_nlmsg_put_extra_header(h, sizeof(*genl));
	int rc;

	genl->cmd = cmd;
	genl->version = 1;
	mnl_attr_put(h, attr, size, data);
	rc = netlink_ask(NETLINK_GENERIC, h, see_attrs, search);
	return rc || search->found ? rc : -ENODATA;
}

int hook_netdev_features(int ifindex, __u64 *features)
{
	static const char name[] = "netdev";
	__u16 family = 0;
	struct attr_search id = {CTRL_ATTR_FAMILY_ID, &family, sizeof(family), false};
	struct attr_search word = {NETDEV_ATTR_FEATURES, features, sizeof(*features), false};
	int rc;

	rc = genl_ask(GENL_ID_CTRL, CTRL_CMD_GETFAMILY, CTRL_ATTR_FAMILY_NAME, name, sizeof(name), &id);
	if (rc)
		return rc == -ENOENT ? -EOPNOTSUPP : rc;
	return genl_ask(family, NETDEV_GET, NETDEV_ATTR_IFINDEX, &ifindex, sizeof(ifindex), &word);
}
