/* SPDX-License-Identifier: Apache-2.0 */
/* hook.h - attaching programs at an interface's hooks: XDP through libxdp (hook_xdp.c, its only
 * user), TC through TCX links or clsact filters (hook_tc.c). Knows nothing of gates, slots or records. */
#ifndef KF_HOOK_H
#define KF_HOOK_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

#include "../bpf/abi.h" /* enum kf_hook */
#include "conf.h"	/* enum mode, enum require */

struct bpf_object;

struct hook_target {
	enum kf_hook hook;
	int ifindex;
	char ifname[16];
	char pin_dir[192]; /* for what a hook must pin (TCX links, whose qdisc it is); exists. One for all hooks
			    * of an interface: the hook's name is part of the file names */
	__u32 owner_map;   /* id of a map that only our programs on this interface use, or 0: by it hook_clean knows
			    * which leftovers are ours */
};

struct hook_state {
	bool attached;
	__u32 prog_id;	/* as the kernel knows it now */
	enum mode mode; /* XDP: native, generic or offload, never auto */
	bool multiprog; /* XDP: through a libxdp dispatcher; else attached alone */
	int run_prio;	/* XDP: as libxdp holds it */
	bool tcx;	/* TC: a TCX link; else clsact */
	bool frags;	/* XDP: takes frames of several buffers */
};

/* Attach program PROG_NAME of an object. Loading happens here, for libxdp loads what it attaches, and
 * more than once if a dispatcher or a mode does not take the program. libbpf loads an object only
 * once, so OPEN gives a fresh one for every try: opened, its maps reused, its settings written, not
 * loaded; NULL with fail() said. hook_attach closes each; what is attached lives on without it. Only
 * PROG_NAME is loaded of it. On failure nothing is changed and fail() has said what, why and the
 * remedy. */
struct hook_attach {
	struct bpf_object *(*open)(void *arg);
	void *arg;
	const char *prog_name;
	enum mode mode;	     /* XDP */
	int run_prio;	     /* XDP */
	unsigned require;    /* XDP: enum require bits; what cannot be had is an error */
	unsigned chain_call; /* XDP: libxdp's chain call actions, bit per verdict; the gate: 1 << XDP_PASS */
};
int hook_attach(const struct hook_target *t, const struct hook_attach *a, struct hook_state *out);

/* Take program PROG_ID (found again by hook_find or kept in a record) off the hook; others stay
 * as they are. Not there any more: 0. What we made ourselves and nobody else uses (the clsact
 * qdisc) goes too. */
int hook_detach(const struct hook_target *t, __u32 prog_id);

/* The attached program on T that uses the map with id MAP_ID, if any: 0 and out->attached tells. */
int hook_find(const struct hook_target *t, __u32 map_id, struct hook_state *out);
/* Is PROG_ID attached on T (alone or in a dispatcher)? */
int hook_find_prog(const struct hook_target *t, __u32 prog_id, struct hook_state *out);

/* Is a program attached at T's XDP hook, in a dispatcher, that a killed attach did not live to report? With this run
 * priority and (kernel's) name, loaded at SINCE or later, and not KNOWN. */
struct hook_stray {
	int run_prio;
	const char *name;
	__u64 since; /* seconds since 1970 */
	bool (*known)(void *arg, __u32 prog_id);
	void *arg;
};
int hook_find_stray(const struct hook_target *t, const struct hook_stray *s, struct hook_state *out);

/* Remove what a killed attach or detach left behind for T (stale dispatcher pins, ...). Idempotent. */
int hook_clean(const struct hook_target *t);

/* Remove the pins in PIN_DIR of links whose device is gone: they hold our programs. For namespaces that are gone. */
void hook_drop_loose(const char *pin_dir);

/* Where xdp-dispatcher.o, our own dispatcher object, is: used where the kernel refuses a program under
 * libxdp's. Not told, or not there: that refusal is the error. */
void hook_set_object_dir(const char *dir);

/* What this kernel can do, asked by trying, once a process: 0, or the -errno of the step that was refused. */
struct hook_probe {
	int rc;
	const char *step; /* what was refused, in words; "" if nothing was */
};
const struct hook_probe *hook_probe_ext(void); /* BPF_PROG_TYPE_EXT, which libxdp's dispatcher needs */
const struct hook_probe *hook_probe_tcx(void);
/* Does the driver run XDP natively, by its own word (Linux 6.3)? 1 yes, 0 no, -errno if the kernel does not say. */
int hook_probe_native(int ifindex);

#endif
