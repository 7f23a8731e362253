/* SPDX-License-Identifier: Apache-2.0 */
/* hook_xdp.h - what the hook_xdp*.c files share, the only ones that use libxdp. */
#ifndef KF_HOOK_XDP_H
#define KF_HOOK_XDP_H

#include <xdp/libxdp.h>
#include <xdp/prog_dispatcher.h>

#include "hook_internal.h"

/* What is attached now. */
struct xdp_now {
	__u32 main_id, hw_id; /* 0: nothing */
	enum xdp_attach_mode mode;
	char name[BPF_OBJ_NAME_LEN];
	unsigned version;	  /* of libxdp's dispatcher, 0: not a dispatcher */
	struct xdp_multiprog *mp; /* NULL: nothing attached, or the library cannot read it */
};

/* hook_xdp_look.c. A device that is gone is -ENODEV, without fail(). */
int xdp_look(const struct hook_target *t, struct xdp_now *now);
void xdp_forget(struct xdp_now *now);
/* Has somebody else changed the interface since NOW? */
bool xdp_raced(const struct hook_target *t, const struct xdp_now *now);
/* The first program in NOW that MATCHes. */
bool xdp_match(const struct xdp_now *now, bool (*match)(__u32 prog_id, __u32 arg), __u32 arg, struct hook_state *out);
int xdp_find(const struct hook_target *t, bool (*match)(__u32 prog_id, __u32 arg), __u32 arg, struct hook_state *out);

/* hook_xdp_error.c. Refuse, with fail(), what cannot be attached beside NOW; nothing is changed. */
int xdp_refuse(const struct hook_target *t, const struct hook_attach *a, const struct xdp_now *now);
/* fail() for what the kernel answered, RC, to attaching in MODE. */
int xdp_explain(const struct hook_target *t, const struct hook_attach *a, enum xdp_attach_mode mode, int rc);
bool xdp_words_name_mtu(void);

/* hook_xdp.c */
const char *xdp_object_dir(void); /* NULL: not told */
bool xdp_own_there(void);	  /* our dispatcher object can be read there */

#endif
