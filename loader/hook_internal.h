/* SPDX-License-Identifier: Apache-2.0 */
/* hook_internal.h - what the hook_*.c files share; nobody else includes it. */
#ifndef KF_HOOK_INTERNAL_H
#define KF_HOOK_INTERNAL_H

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "hook.h"

struct hook_ops {
	int (*attach)(const struct hook_target *t, const struct hook_attach *a, struct hook_state *out);
	int (*detach)(const struct hook_target *t, __u32 prog_id);
	int (*find)(const struct hook_target *t, bool (*match)(__u32 prog_id, __u32 arg), __u32 arg,
		    struct hook_state *out);
	int (*clean)(const struct hook_target *t);
};
extern const struct hook_ops hook_xdp, hook_tc;

/* A fresh object of A with all but its program switched off; NULL: *RC, and fail() said. */
struct bpf_object *hook_open(const struct hook_attach *a, struct bpf_program **prog, int *rc);

/* Description of program ID, maps not included; 0 or -errno. */
int hook_prog_info(__u32 id, struct bpf_prog_info *info);
__u32 hook_fd_prog_id(int fd);
bool hook_prog_uses_map(__u32 prog_id, __u32 map_id);
bool hook_prog_is(__u32 prog_id, __u32 wanted);

/* The kernel's own words on the last netlink request that failed, between begin and end; "" if it
 * had none. They pass through libbpf's print callback, which stays in place below ours. */
void hook_words_begin(void);
void hook_words_end(void);
const char *hook_words(void);
bool hook_words_data_change(void); /* an extension was refused because it changes packet data */

/* hook_clean.c: the XDP part of hook_clean */
int hook_xdp_clean(const struct hook_target *t);

/* hook_netlink.c */
/* 1: DEV has a qdisc of that kind at the clsact/ingress handle; 0: none or another. KIND gets the kind found. */
int hook_qdisc_kind(int ifindex, char *kind, size_t size);
/* Are there filters in the clsact qdisc, on either side? 1, 0, -errno. */
int hook_qdisc_filters(int ifindex);
/* Bits of XDP features by the driver's word, or -errno. */
int hook_netdev_features(int ifindex, __u64 *features);

#endif
