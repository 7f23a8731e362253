// SPDX-License-Identifier: Apache-2.0
/* target.c - see target.h. */
#include "target.h"

#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <libmnl/libmnl.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../../loader/log.h"

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

static int see_attribute(const struct nlattr *a, void *data)
{
	const struct nlattr **by_type = data;

	if (mnl_attr_get_type(a) <= NDA_LLADDR)
		by_type[mnl_attr_get_type(a)] = a;
	return MNL_CB_OK;
}

static int see_neighbour(const struct nlmsghdr *h, void *data)
{
	const struct ndmsg *nd = mnl_nlmsg_get_payload(h);
	const struct nlattr *by_type[NDA_LLADDR + 1] = {0};
	struct search *s = data;
	size_t len = s->target->family == 4 ? 4 : 16;

	if (nd->ndm_ifindex != s->target->ifindex || nd->ndm_state & (NUD_INCOMPLETE | NUD_FAILED))
		return MNL_CB_OK;
	mnl_attr_parse(h, sizeof(*nd), see_attribute, by_type);
	if (!by_type[NDA_DST] || !by_type[NDA_LLADDR] || mnl_attr_get_payload_len(by_type[NDA_DST]) != len ||
	    mnl_attr_get_payload_len(by_type[NDA_LLADDR]) != 6 ||
	    memcmp(mnl_attr_get_payload(by_type[NDA_DST]), &s->target->server, len))
		return MNL_CB_OK;
	memcpy(s->mac, mnl_attr_get_payload(by_type[NDA_LLADDR]), 6);
	s->found = true;
	return MNL_CB_OK;
}

static int search_neighbours(struct search *s)
{
	static char buf[32768] __attribute__((aligned(NLMSG_ALIGNTO)));
	struct mnl_socket *nl = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	struct nlmsghdr *h = mnl_nlmsg_put_header(buf);
	struct ndmsg *nd;
	int n, rc = MNL_CB_OK;

	if (!nl)
		return -errno;
	h->nlmsg_type = RTM_GETNEIGH;
	h->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	nd = mnl_nlmsg_put_extra_header(h, sizeof(*nd));
	nd->ndm_family = s->target->family == 4 ? AF_INET : AF_INET6;
	if (mnl_socket_bind(nl, 0, MNL_SOCKET_AUTOPID) || mnl_socket_sendto(nl, h, h->nlmsg_len) < 0)
		rc = MNL_CB_ERROR;
	while (rc == MNL_CB_OK) {
		n = mnl_socket_recvfrom(nl, buf, sizeof(buf));
		rc = n < 0 ? MNL_CB_ERROR : mnl_cb_run(buf, n, 0, 0, see_neighbour, s);
	}
	rc = rc == MNL_CB_ERROR ? -errno : 0;
	mnl_socket_close(nl);
	return rc;
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
