/* SPDX-License-Identifier: Apache-2.0 */
/* link.h - what rtnetlink tells of a device. */
#ifndef KF_LINK_H
#define KF_LINK_H

#include <net/if.h>
#include <stdbool.h>

/* The ifindex of the interface that WORD names, be it by an altname, and its NAME. 0: there is none, NAME is WORD. */
int link_find(const char *word, char name[IF_NAMESIZE]);

struct link {
	unsigned flags; /* IFF_* */
	unsigned type;	/* ARPHRD_* */
	unsigned mtu;
	int lower;	 /* ifindex of the device below, or a veth's peer; 0: none */
	int lower_netns; /* its network namespace, by our numbering; -1: ours */
	bool xdp;	 /* has an XDP program */
};

/* Device IFINDEX of the namespace that we know by NETNS (-1: ours). -errno. */
int link_get(int ifindex, int netns, struct link *out);

#endif
