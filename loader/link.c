/* SPDX-License-Identifier: Apache-2.0 */
/* link.c - see link.h. */
#include "link.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <stdint.h>
#include <sys/socket.h>

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
	static char buf[32768] __attribute__((aligned(NLMSG_ALIGNTO)));
	struct mnl_socket *nl = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	struct nlmsghdr *h = mnl_nlmsg_put_header(buf);
	struct ifinfomsg *ifi;
	int n, rc = 0;

	if (!nl)
		return -errno;
	h->nlmsg_type = RTM_GETLINK;
	h->nlmsg_flags = NLM_F_REQUEST;
	ifi = mnl_nlmsg_put_extra_header(h, sizeof(*ifi));
	ifi->ifi_index = ifindex;
	if (netns >= 0)
		mnl_attr_put_u32(h, IFLA_TARGET_NETNSID, netns);
	if (mnl_socket_bind(nl, 0, MNL_SOCKET_AUTOPID) || mnl_socket_sendto(nl, h, h->nlmsg_len) < 0) {
		rc = -errno;
	} else {
		n = mnl_socket_recvfrom(nl, buf, sizeof(buf));
		if (n < 0 || mnl_cb_run(buf, n, 0, 0, see_link, out) < 0)
			rc = -errno;
	}
	mnl_socket_close(nl);
	return rc;
}
