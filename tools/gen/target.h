/* SPDX-License-Identifier: Apache-2.0 */
/* target.h - where the requests go: the interface, its own addresses, the neighbour's MAC address. */
#ifndef GEN_TARGET_H
#define GEN_TARGET_H

#include "gen.h"

struct target {
	const char *ifname;
	int ifindex;
	unsigned mtu;
	unsigned char own_mac[6], mac[6];
	struct gen_address server;
	int family; /* 4, 6 */
};

/* The interface IFNAME; it must be up. */
int target_open(struct target *t, const char *ifname);
/* The MAC address as written, or if TEXT is NULL, of the server by the neighbour table. */
int target_mac(struct target *t, const char *text);
/* The interface's own address that fits the server's. */
int target_source(const struct target *t, struct gen_address *out);

#endif
