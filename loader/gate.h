/* SPDX-License-Identifier: Apache-2.0 */
/* gate.h - our gate programs, embedded in the binary. */
#ifndef KF_GATE_H
#define KF_GATE_H

#include "hook.h"
#include "state.h"

struct gate_open {
	const struct state *state;
	enum kf_hook hook;
	bool frags; /* XDP: for frames of several buffers */
};

/* struct hook_attach's open callback; ARG is a struct gate_open. */
struct bpf_object *gate_open(void *arg);
const char *gate_prog_name(enum kf_hook hook);

#endif
