// SPDX-License-Identifier: Apache-2.0
/* netlink.c - see netlink.h. */
#include "netlink.h"

#include <errno.h>

#include "util.h"

#define TRIES 5 /* to read a dump that changes */

struct nlmsghdr *netlink_request(struct netlink_room *room, int type, int flags)
{
	struct nlmsghdr *h = mnl_nlmsg_put_header(room);

	h->nlmsg_type = type;
	h->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | flags;
	return h;
}

/* Both a refusal (or its absence) and the end of a dump begin with 0 or -errno; libmnl does not look into the latter.
 */
static int see_end(const struct nlmsghdr *h, void *arg)
{
	(void)arg;
	if (mnl_nlmsg_get_payload_len(h) < sizeof(int))
		return MNL_CB_STOP;
	errno = -*(const int *)mnl_nlmsg_get_payload(h);
	return errno ? MNL_CB_ERROR : MNL_CB_STOP;
}

static int talk(struct mnl_socket *nl, const struct nlmsghdr *request, mnl_cb_t see, void *arg)
{
	static char buf[32768] __attribute__((aligned(NLMSG_ALIGNTO))); /* the most that a dump says at once */
	static mnl_cb_t control[] = {[NLMSG_ERROR] = see_end, [NLMSG_DONE] = see_end};
	int n, strict = 1;

	if (mnl_socket_setsockopt(nl, NETLINK_GET_STRICT_CHK, &strict, sizeof(strict)) ||
	    mnl_socket_bind(nl, 0, MNL_SOCKET_AUTOPID) || mnl_socket_sendto(nl, request, request->nlmsg_len) < 0)
		return -errno;
	do {
		n = mnl_socket_recvfrom(nl, buf, sizeof(buf));
		if (n > 0)
			n = mnl_cb_run2(buf, n, 0, 0, see, arg, control, ARRAY_SIZE(control));
	} while (n > MNL_CB_STOP);
	return n < 0 ? -errno : 0;
}

int netlink_ask(int bus, const struct nlmsghdr *request, mnl_cb_t see, void *arg)
{
	int rc = -EINTR;

	for (int i = 0; i < TRIES && rc == -EINTR; i++) {
		struct mnl_socket *nl = mnl_socket_open2(bus, SOCK_CLOEXEC);

		rc = nl ? talk(nl, request, see, arg) : -errno;
		if (nl)
			mnl_socket_close(nl);
	}
	return rc;
}
