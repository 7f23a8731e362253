/* SPDX-License-Identifier: Apache-2.0 */
/* link.c - see link.h. */
#include "link.h"

#include <linux/if_link.h>
#include <stdio.h>
#include <string.h>

#include "netlink.h"

int link_find(const char *word, char name[IF_NAMESIZE])
{
	int ifindex = if_nametoindex(word);

	if (!ifindex || !if_indextoname(ifindex, name)) {
		snprintf(name, IF_NAMESIZE, "%s", word);
		return 0;
	}
	return ifindex;
}

static int see_xdp(const struct nlattr *a, void *data)
{
	if (mnl_attr_get_type(a) == IFLA_XDP_ATTACHED)
		((struct link *)data)->xdp = mnl_attr_get_u8(a) != XDP_ATTACHED_NONE;
	return MNL_CB_OK;
}

static int see_link(const struct nlmsghdr *h, void *data)
{
	const struct ifinfomsg *ifi = mnl_nlmsg_get_payload(h);
	const struct nlattr *a;
	struct link *out = data;

	*out = (struct link){.flags = ifi->ifi_flags, .type = ifi->ifi_type, .lower_netns = -1};
	mnl_attr_for_each(a, h, sizeof(*ifi))
	{
		switch (mnl_attr_get_type(a)) {
		case IFLA_MTU:
			out->mtu = mnl_attr_get_u32(a);
			break;
		case IFLA_CARRIER_DOWN_COUNT:
			out->downs = mnl_attr_get_u32(a);
			break;
		case IFLA_LINK:
			out->lower = mnl_attr_get_u32(a);
			break;
		case IFLA_LINK_NETNSID:
			out->lower_netns = mnl_attr_get_u32(a);
			break;
		case IFLA_MASTER:
			out->master = mnl_attr_get_u32(a);
			break;
		case IFLA_XDP:
			mnl_attr_parse_nested(a, see_xdp, out);
			break;
		}
	}
	return MNL_CB_STOP;
}

int link_get(int ifindex, int netns, struct link *out)
{
	struct netlink_room room;
	struct nlmsghdr *h = netlink_request(&room, RTM_GETLINK, 0);
	struct ifinfomsg *ifi = mnl_nlmsg_put_extra_header(h, sizeof(*ifi));

	ifi->ifi_index = ifindex;
	if (netns >= 0)
		mnl_attr_put_u32(h, IFLA_TARGET_NETNSID, netns);
	return netlink_ask(NETLINK_ROUTE, h, see_link, out);
}

struct macs {
	const struct link *link;
	int ifindex;
	uint64_t *macs;
	size_t n, used;
};

static int see_kind(const struct nlattr *a, void *data)
{
	if (mnl_attr_get_type(a) == IFLA_INFO_KIND)
		*(const char **)data = mnl_attr_get_str(a);
	return MNL_CB_OK;
}

static int see_mac(const struct nlmsghdr *h, void *data)
{
	const struct ifinfomsg *ifi = mnl_nlmsg_get_payload(h);
	const char *kind = "";
	const struct nlattr *a;
	struct macs *m = data;
	uint64_t mac = 0;
	int below = 0;

	mnl_attr_for_each(a, h, sizeof(*ifi))
	{
		if (mnl_attr_get_type(a) == IFLA_ADDRESS && mnl_attr_get_payload_len(a) == 6)
			memcpy(&mac, mnl_attr_get_payload(a), 6);
		else if (mnl_attr_get_type(a) == IFLA_LINKINFO)
			mnl_attr_parse_nested(a, see_kind, &kind);
		else if (mnl_attr_get_type(a) == IFLA_LINK)
			below = mnl_attr_get_u32(a);
	}
	if (strcmp(kind, "vlan") && strcmp(kind, "macvlan")) /* a veth's peer is not above it */
		below = 0;
	if (ifi->ifi_index == m->ifindex)
		m->macs[0] = mac;
	else if (m->used < m->n && ((below && (below == m->ifindex || below == m->link->master)) ||
				    (m->link->master && ifi->ifi_index == m->link->master)))
		m->macs[m->used++] = mac;
	return MNL_CB_OK;
}

int link_macs(int ifindex, uint64_t *macs, size_t n)
{
	struct link link;
	struct macs m = {.link = &link, .ifindex = ifindex, .macs = macs, .n = n, .used = 1};
	struct netlink_room room;
	struct nlmsghdr *h = netlink_request(&room, RTM_GETLINK, NLM_F_DUMP);
	int rc = link_get(ifindex, -1, &link);

	mnl_nlmsg_put_extra_header(h, sizeof(struct ifinfomsg));
	macs[0] = 0;
	if (!rc)
		rc = netlink_ask(NETLINK_ROUTE, h, see_mac, &m);
	while (m.used < n)
		macs[m.used++] = macs[0];
	return rc;
}
