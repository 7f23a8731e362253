/* SPDX-License-Identifier: Apache-2.0 */
/* netlink.h - a request to the kernel over netlink, and its answers: the one way for all, so that errors are alike. */
#ifndef KF_NETLINK_H
#define KF_NETLINK_H

#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>

struct netlink_room {
	struct nlmsghdr head;
	char rest[240];
};

/* An empty request in ROOM; FLAGS besides those of every request. The caller adds its header and attributes. */
struct nlmsghdr *netlink_request(struct netlink_room *room, int type, int flags);

/* Send it over BUS (NETLINK_ROUTE ...) and show SEE each answer, until there are no more or it returns MNL_CB_STOP. A
 * dump that changed while it was read is read again, so SEE may meet an answer twice. 0 or -errno: the kernel's, or
 * ours. */
int netlink_ask(int bus, const struct nlmsghdr *request, mnl_cb_t see, void *arg);

#endif
