/* SPDX-License-Identifier: Apache-2.0 */
/* link.h - what rtnetlink tells of a device. */
#ifndef KF_LINK_H
#define KF_LINK_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The ifindex of the interface that WORD names, be it by an altname, and its NAME. 0: there is none, NAME is WORD, as
 * far as it fits. */
int link_find(const char *word, char name[IF_NAMESIZE]);

struct link {
	unsigned flags; /* IFF_* */
	unsigned type;	/* ARPHRD_* */
	unsigned mtu;
	unsigned downs;	 /* how often it lost its carrier */
	int lower;	 /* ifindex of the device below, or a veth's peer; 0: none */
	int lower_netns; /* its network namespace, by our numbering; -1: ours */
	int master;	 /* ifindex of the bridge or bond it is in; 0: none */
	bool xdp;	 /* has an XDP program */
	bool upper;	 /* a VLAN or macvlan device, on LOWER (a veth's peer is not above it) */
	uint64_t mac;	 /* as on the wire, then two zero bytes */
};

/* Device IFINDEX of the namespace that we know by NETNS (-1: ours). -errno. */
int link_get(int ifindex, int netns, struct link *out);

/* The MAC addresses by which frames on device IFINDEX are for this host: its own first, then those of the bridge or
 * bond that it is in, of VLAN and macvlan devices on it, and so on upwards. MACS takes N, each as on the wire and two
 * zero bytes; where there are fewer, the first again. How many were seen, if more than N some more than once; or
 * -errno. */
int link_macs(int ifindex, uint64_t *macs, size_t n);

#endif
