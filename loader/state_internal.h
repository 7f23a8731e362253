/* SPDX-License-Identifier: Apache-2.0 */
/* state_internal.h - between the files of the state module. */
#ifndef KF_STATE_INTERNAL_H
#define KF_STATE_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>

/* /sys/fs/bpf/kfaas-net/<cookie>, made if CREATE. */
int state_netns_dir(char *buf, size_t size, bool create);
/* An interface's folder below it. */
int state_iface_dir(const char *ifname, char *buf, size_t size, bool create);
/* Unlink everything below PATH, and PATH. Not there: 0. */
int state_remove_tree(const char *path);

#endif
