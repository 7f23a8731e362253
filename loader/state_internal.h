/* SPDX-License-Identifier: Apache-2.0 */
/* state_internal.h - between the files of the state module. */
#ifndef KF_STATE_INTERNAL_H
#define KF_STATE_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>

#include "state.h"

/* /sys/fs/bpf/kfaas-net/<cookie>, made if CREATE. */
int state_netns_dir(char *buf, size_t size, bool create);
/* An interface's folder below it. */
int state_iface_dir(const char *ifname, char *buf, size_t size, bool create);
/* The maps pinned in DIR, without lock or questions. */
int state_open_dir(struct state *s, const char *dir);
/* Does a program that the kernel runs at a hook (not one of libxdp's components, which its pins may
 * keep beyond their interface) use map MAP_ID? */
bool state_map_in_use(__u32 map_id);
/* Unlink everything below PATH, and PATH. Not there: 0. */
int state_remove_tree(const char *path);

#endif
