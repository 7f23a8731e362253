/* SPDX-License-Identifier: Apache-2.0 */
/* link.c - see link.h. */
#include "link.h"

#include <linux/if_link.h>
#include <stdio.h>

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
		case IFLA_LINK:
			out->lower = mnl_attr_get_u32(a);
			break;
		case IFLA_LINK_NETNSID:
			out->lower_netns = mnl_attr_get_u32(a);
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
