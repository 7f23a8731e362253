// SPDX-License-Identifier: Apache-2.0
/* target.c - see target.h. */
#include "target.h"

#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <linux/neighbour.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../../loader/log.h"
#include "../../loader/netlink.h"

static int ask(struct target *t, int fd)
{
	struct ifreq req = {0};

	snprintf(req.ifr_name, sizeof(req.ifr_name), "%s", t->ifname);
	if (ioctl(fd, SIOCGIFFLAGS, &req))
		return fail(-errno, "%s: %s", t->ifname, strerror(errno));
	if (!(req.ifr_flags & IFF_UP))
		return fail(-ENETDOWN, "%s is down: `ip link set %s up`", t->ifname, t->ifname);
	if (ioctl(fd, SIOCGIFMTU, &req))
		return fail(-errno, "%s: %s", t->ifname, strerror(errno));
	t->mtu = req.ifr_mtu;
	if (ioctl(fd, SIOCGIFHWADDR, &req))
		return fail(-errno, "%s: %s", t->ifname, strerror(errno));
	if (req.ifr_hwaddr.sa_family != ARPHRD_ETHER)
		return fail_input("%s has no Ethernet address: kfaas-gen sends Ethernet frames", t->ifname);
	memcpy(t->own_mac, req.ifr_hwaddr.sa_data, 6);
	return 0;
}

int target_open(struct target *t, const char *ifname)
{
	int rc, fd;

	t->ifname = ifname;
	t->ifindex = strlen(ifname) < IFNAMSIZ ? if_nametoindex(ifname) : 0;
	if (!t->ifindex)
		return fail_input("no interface '%s' here: `ip link` shows them, --netns NAME looks elsewhere", ifname);
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return fail(-errno, "cannot make a socket: %s", strerror(errno));
	rc = ask(t, fd);
	close(fd);
	return rc;
}

/* --- The neighbour table */

struct search {
	const struct target *target;
	unsigned char *mac;
	bool found;
};

static int see_neighbour(const struct nlmsghdr *h, void *data)
{
	const struct ndmsg *nd = mnl_nlmsg_get_payload(h);
	const struct nlattr *a, *address = NULL, *mac = NULL;
	struct search *s = data;
	size_t len = s->target->family == 4 ? 4 : 16;

	mnl_attr_for_each(a, h, sizeof(*nd))
	{
		if (mnl_attr_get_type(a) == NDA_DST)
			address = a;
		if (mnl_attr_get_type(a) == NDA_LLADDR)
			mac = a;
	}
	if (nd->ndm_ifindex != s->target->ifindex || nd->ndm_state & (NUD_INCOMPLETE | NUD_FAILED) || !address ||
	    !mac || mnl_attr_get_payload_len(address) != len || mnl_attr_get_payload_len(mac) != 6 ||
	    memcmp(mnl_attr_get_payload(address), &s->target->server, len))
		return MNL_CB_OK;
	memcpy(s->mac, mnl_attr_get_payload(mac), 6);
	s->found = true;
	return MNL_CB_OK;
}

static int search_neighbours(struct search *s)
{
	struct netlink_room room;
	struct nlmsghdr *h = netlink_request(&room, RTM_GETNEIGH, NLM_F_DUMP);
	struct ndmsg *nd = mnl_nlmsg_put_extra_header(h, sizeof(*nd));

	nd->ndm_family = s->target->family == 4 ? AF_INET : AF_INET6;
	return netlink_ask(NETLINK_ROUTE, h, see_neighbour, s);
}

int target_mac(struct target *t, const char *text)
{
	struct search s = {.target = t, .mac = t->mac};
	char server[INET6_ADDRSTRLEN];
	unsigned char *m = t->mac;
	int rc, used = 0;

	if (text) {
		if (sscanf(text, "%2hhx:%2hhx:%2hhx:%2hhx:%2hhx:%2hhx%n", &m[0], &m[1], &m[2], &m[3], &m[4], &m[5],
			   &used) != 6 ||
		    text[used])
			return fail_input("--to-mac '%s': a MAC address, as in 02:00:00:00:00:01", text);
		return 0;
	}
	inet_ntop(t->family == 4 ? AF_INET : AF_INET6, &t->server, server, sizeof(server));
	rc = search_neighbours(&s);
	if (rc)
		return fail(rc, "cannot read the neighbour table: %s", strerror(-rc));
	if (!s.found)
		return fail(-ENOENT,
			    "%s is no neighbour on %s that the kernel knows: ping it once, or give --to-mac (behind a "
			    "router: the router's)",
			    server, t->ifname);
	return 0;
}

/* --- Own addresses */

static bool link_local(const struct in6_addr *a)
{
	return IN6_IS_ADDR_LINKLOCAL(a);
}

static bool fits(const struct target *t, const struct ifaddrs *i)
{
	const struct sockaddr_in6 *in6;

	if (!i->ifa_addr || strcmp(i->ifa_name, t->ifname) ||
	    i->ifa_addr->sa_family != (t->family == 4 ? AF_INET : AF_INET6))
		return false;
	in6 = (const void *)i->ifa_addr;
	return t->family == 4 || link_local(&in6->sin6_addr) == link_local((const void *)&t->server);
}

int target_source(const struct target *t, struct gen_address *out)
{
	struct ifaddrs *list, *i;

	if (getifaddrs(&list))
		return fail(-errno, "cannot list addresses: %s", strerror(errno));
	for (i = list; i && !fits(t, i); i = i->ifa_next)
		;
	if (i && t->family == 4)
		memcpy(out, &((struct sockaddr_in *)i->ifa_addr)->sin_addr, 4);
	else if (i)
		memcpy(out, &((struct sockaddr_in6 *)i->ifa_addr)->sin6_addr, 16);
	freeifaddrs(list);
	if (!i)
		return fail_input("%s has no IPv%d address: give the source with --from", t->ifname, t->family);
	return 0;
}
