// SPDX-License-Identifier: Apache-2.0
/* hook_netlink.c - what libbpf does not ask the kernel over netlink: which qdisc is at the clsact handle,
 * whether it has filters, and the XDP features of a device. */
#include <errno.h>
#include <linux/genetlink.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "hook_internal.h"

struct request {
	struct nlmsghdr head;
	union {
		struct tcmsg tc;
		struct {
			struct genlmsghdr head;
			char attrs[64];
		} genl;
	};
};

/* Called for each answer; anything but 0 ends the dump and is its result. */
typedef int (*answer_fn)(const struct nlmsghdr *msg, void *arg);

static int read_answers(int fd, answer_fn answer, void *arg)
{
	static char buf[65536] __attribute__((aligned(NLMSG_ALIGNTO)));
	bool multi = true;
	int result = 0;

	while (multi) {
		ssize_t got = recv(fd, buf, sizeof(buf), 0);
		struct nlmsghdr *msg = (struct nlmsghdr *)buf;

		if (got < 0)
			return -errno;
		multi = false;
		for (int len = (int)got; NLMSG_OK(msg, (unsigned)len); msg = NLMSG_NEXT(msg, len)) {
			if (msg->nlmsg_type == NLMSG_DONE)
				return result;
			if (msg->nlmsg_type == NLMSG_ERROR)
				return result ? result : ((struct nlmsgerr *)NLMSG_DATA(msg))->error;
			multi = msg->nlmsg_flags & NLM_F_MULTI;
			if (!result) /* a dump is read to its end all the same */
				result = answer(msg, arg);
		}
	}
	return result;
}

static int ask(int family, struct request *req, answer_fn answer, void *arg)
{
	int fd, rc = 0;

	fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, family);
	if (fd < 0)
		return -errno;
	if (send(fd, req, req->head.nlmsg_len, 0) < 0)
		rc = -errno;
	if (!rc)
		rc = read_answers(fd, answer, arg);
	close(fd);
	return rc;
}

struct qdisc_search {
	int ifindex;
	char *kind;
	size_t size;
};

static int see_qdisc(const struct nlmsghdr *msg, void *arg)
{
	const struct qdisc_search *search = arg;
	const struct tcmsg *tc = NLMSG_DATA(msg);
	const struct rtattr *attr = TCA_RTA(tc);
	int len = TCA_PAYLOAD(msg);

	if (tc->tcm_ifindex != search->ifindex || tc->tcm_handle != TC_H_MAKE(TC_H_CLSACT, 0))
		return 0;
	for (; RTA_OK(attr, len); attr = RTA_NEXT(attr, len)) {
		if (attr->rta_type == TCA_KIND)
			snprintf(search->kind, search->size, "%s", (const char *)RTA_DATA(attr));
	}
	return 1;
}

int hook_qdisc_kind(int ifindex, char *kind, size_t size)
{
	struct qdisc_search search = {ifindex, kind, size};
	struct request req = {
		.head = {.nlmsg_len = NLMSG_LENGTH(sizeof(struct tcmsg)),
			 .nlmsg_type = RTM_GETQDISC,
			 .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP},
		.tc = {.tcm_family = AF_UNSPEC, .tcm_ifindex = ifindex},
	};

	kind[0] = '\0';
	return ask(NETLINK_ROUTE, &req, see_qdisc, &search);
}

static int see_filter(const struct nlmsghdr *msg, void *arg)
{
	(void)arg;
	return msg->nlmsg_type == RTM_NEWTFILTER;
}

int hook_qdisc_filters(int ifindex)
{
	const __u32 sides[] = {TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_INGRESS), TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_EGRESS)};
	int rc = 0;

	for (int i = 0; i < 2 && !rc; i++) {
		struct request req = {
			.head = {.nlmsg_len = NLMSG_LENGTH(sizeof(struct tcmsg)),
				 .nlmsg_type = RTM_GETTFILTER,
				 .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP},
			.tc = {.tcm_family = AF_UNSPEC, .tcm_ifindex = ifindex, .tcm_parent = sides[i]},
		};

		rc = ask(NETLINK_ROUTE, &req, see_filter, NULL);
	}
	return rc;
}

/* ---- generic netlink: the family "netdev" (Linux 6.3), by the numbers of its interface */

#define NETDEV_GET	     1
#define NETDEV_ATTR_IFINDEX  1
#define NETDEV_ATTR_FEATURES 3

static void add_attr(struct request *req, unsigned short type, const void *data, size_t size)
{
	struct nlattr *attr = (struct nlattr *)((char *)req + NLMSG_ALIGN(req->head.nlmsg_len));

	attr->nla_type = type;
	attr->nla_len = (unsigned short)(NLA_HDRLEN + size);
	memcpy((char *)attr + NLA_HDRLEN, data, size);
	req->head.nlmsg_len = NLMSG_ALIGN(req->head.nlmsg_len) + NLA_ALIGN(attr->nla_len);
}

struct attr_search {
	unsigned short type;
	void *value;
	size_t size;
};

static int see_attr(const struct nlmsghdr *msg, void *arg)
{
	const struct attr_search *search = arg;
	const char *at = (const char *)NLMSG_DATA(msg) + GENL_HDRLEN;
	const char *end = (const char *)msg + msg->nlmsg_len;

	while (at + NLA_HDRLEN <= end) {
		const struct nlattr *attr = (const struct nlattr *)at;

		if (attr->nla_len < NLA_HDRLEN)
			break;
		if ((attr->nla_type & NLA_TYPE_MASK) == search->type && attr->nla_len >= NLA_HDRLEN + search->size) {
			memcpy(search->value, at + NLA_HDRLEN, search->size);
			return 1;
		}
		at += NLA_ALIGN(attr->nla_len);
	}
	return 0;
}

static int genl_ask(__u16 family, __u8 cmd, unsigned short attr, const void *data, size_t size,
		    struct attr_search *search)
{
	struct request req = {
		.head = {.nlmsg_len = NLMSG_LENGTH(GENL_HDRLEN), .nlmsg_type = family, .nlmsg_flags = NLM_F_REQUEST},
		.genl.head = {.cmd = cmd, .version = 1},
	};
	int rc;

	add_attr(&req, attr, data, size);
	rc = ask(NETLINK_GENERIC, &req, see_attr, search);
	return rc == 1 ? 0 : rc ? rc : -ENODATA;
}

int hook_netdev_features(int ifindex, __u64 *features)
{
	static const char name[] = "netdev";
	__u16 family = 0;
	struct attr_search id = {CTRL_ATTR_FAMILY_ID, &family, sizeof(family)};
	struct attr_search word = {NETDEV_ATTR_FEATURES, features, sizeof(*features)};
	int rc;

	rc = genl_ask(GENL_ID_CTRL, CTRL_CMD_GETFAMILY, CTRL_ATTR_FAMILY_NAME, name, sizeof(name), &id);
	if (rc)
		return rc == -ENOENT ? -EOPNOTSUPP : rc;
	return genl_ask(family, NETDEV_GET, NETDEV_ATTR_IFINDEX, &ifindex, sizeof(ifindex), &word);
}
