/* SPDX-License-Identifier: Apache-2.0 */
/* netns.h - see netns.c. */
#ifndef KF_NETNS_H
#define KF_NETNS_H

/* Enter a network namespace: a name below /run/netns or a path. Before anything else. */
int netns_enter(const char *name);

#endif
