/* SPDX-License-Identifier: Apache-2.0 */
/* link.c - see link.h. */
#include "link.h"

#include <errno.h>
#include <linux/if_link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "netlink.h"

#define ALTNAME_MAX 128 /* ALTIFNAMSIZ, with its zero: linux/if.h does not go with net/if.h */

static int see_index(const struct nlmsghdr *h, void *data)
{
	*(int *)data = ((const struct ifinfomsg *)mnl_nlmsg_get_payload(h))->ifi_index;
	return MNL_CB_STOP;
}

/* An altname may be too long for if_nametoindex. */
static int find_altname(const char *word)
{
	struct netlink_room room;
	struct nlmsghdr *h = netlink_request(&room, RTM_GETLINK, 0);
	int ifindex = 0;

	mnl_nlmsg_put_extra_header(h, sizeof(struct ifinfomsg));
	mnl_attr_put_strz(h, IFLA_ALT_IFNAME, word);
	return netlink_ask(NETLINK_ROUTE, h, see_index, &ifindex) ? 0 : ifindex;
}

int link_find(const char *word, char name[IF_NAMESIZE])
{
	size_t len = strlen(word);
	int ifindex = len < IF_NAMESIZE ? (int)if_nametoindex(word) : len < ALTNAME_MAX ? find_altname(word) : 0;

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

static int see_kind(const struct nlattr *a, void *data)
{
	if (mnl_attr_get_type(a) == IFLA_INFO_KIND)
		*(const char **)data = mnl_attr_get_str(a);
	return MNL_CB_OK;
}

static void read_link(const struct nlmsghdr *h, struct link *out)
{
	const struct ifinfomsg *ifi = mnl_nlmsg_get_payload(h);
	const struct nlattr *a;
	const char *kind = "";

	*out = (struct link){.flags = ifi->ifi_flags, .type = ifi->ifi_type, .lower_netns = -1};
	mnl_attr_for_each(a, h, sizeof(*ifi))
	{
		switch (mnl_attr_get_type(a)) {
		case IFLA_ADDRESS:
			if (mnl_attr_get_payload_len(a) == 6)
				memcpy(&out->mac, mnl_attr_get_payload(a), 6);
			break;
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
		case IFLA_LINKINFO:
			mnl_attr_parse_nested(a, see_kind, &kind);
			break;
		case IFLA_MASTER:
			out->master = mnl_attr_get_u32(a);
			break;
		case IFLA_XDP:
			mnl_attr_parse_nested(a, see_xdp, out);
			break;
		}
	}
	out->upper = !strcmp(kind, "vlan") || !strcmp(kind, "macvlan");
}

static int see_link(const struct nlmsghdr *h, void *data)
{
	read_link(h, data);
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

/* All links, and which of them are known to carry frames of the one that is asked for. */
struct tower {
	struct storey {
		int ifindex;
		struct link link;
		bool reached;
	} * links;
	size_t n;
};

static int see_storey(const struct nlmsghdr *h, void *data)
{
	struct storey s = {.ifindex = ((const struct ifinfomsg *)mnl_nlmsg_get_payload(h))->ifi_index}, *more;
	struct tower *t = data;

	read_link(h, &s.link);
	for (struct storey *o = t->links; o < t->links + t->n; o++)
		if (o->ifindex == s.ifindex) { /* a dump that is read again */
			*o = s;
			return MNL_CB_OK;
		}
	more = realloc(t->links, (t->n + 1) * sizeof(*more));
	if (!more) {
		errno = ENOMEM;
		return MNL_CB_ERROR;
	}
	t->links = more;
	t->links[t->n++] = s;
	return MNL_CB_OK;
}

static bool is_on(const struct link *l, int ifindex)
{
	return l->upper && l->lower == ifindex && l->lower_netns < 0;
}

/* Add the MAC address of S, unless MACS, of which *USED are taken, has it; then those of what is on S and of what it is
 * in. *USED may pass N. */
static void climb(struct tower *t, struct storey *s, uint64_t *macs, size_t n, size_t *used)
{
	size_t i = 0;

	if (s->reached)
		return;
	s->reached = true;
	while (i < *used && i < n && macs[i] != s->link.mac)
		i++;
	if (i == *used && i < n)
		macs[i] = s->link.mac;
	if (i == *used || i == n)
		++*used;
	for (struct storey *o = t->links; o < t->links + t->n; o++)
		if (is_on(&o->link, s->ifindex) || o->ifindex == s->link.master)
			climb(t, o, macs, n, used);
}

int link_macs(int ifindex, uint64_t *macs, size_t n)
{
	struct netlink_room room;
	struct nlmsghdr *h = netlink_request(&room, RTM_GETLINK, NLM_F_DUMP);
	struct tower t = {0};
	size_t used = 0;
	int rc;

	mnl_nlmsg_put_extra_header(h, sizeof(struct ifinfomsg));
	rc = netlink_ask(NETLINK_ROUTE, h, see_storey, &t);
	for (struct storey *s = t.links; !rc && s < t.links + t.n; s++)
		if (s->ifindex == ifindex)
			climb(&t, s, macs, n, &used);
	free(t.links);
	if (rc || !used)
		return rc ? rc : -ENODEV;
	for (size_t i = used; i < n; i++)
		macs[i] = macs[0];
	return used;
}
