/* SPDX-License-Identifier: Apache-2.0 */
/* gate.c - open an embedded gate with an interface's maps in place. */
#include "gate.h"

#include <bpf/libbpf.h>
#include <errno.h>
#include <string.h>

#include "gate_tc.skel.h"
#include "gate_xdp.skel.h"
#include "log.h"

const char *gate_prog_name(enum kf_hook hook)
{
	return hook == KF_XDP ? "kfaas_gate" : "kfaas_gate_tc";
}

/* `egress` of the TC gate, `frags` of the XDP gate. */
static int set_constant(struct bpf_object *obj, bool value)
{
	struct bpf_map *m = bpf_object__find_map_by_name(obj, ".rodata");
	size_t size = 0;
	const void *now = m ? bpf_map__initial_value(m, &size) : NULL;

	if (!now || size != sizeof(value)) /* each has one only */
		return fail(-EPROTO, "the gate has no constant, or several: a broken build");
	return bpf_map__set_initial_value(m, &value, sizeof(value));
}

struct bpf_object *gate_open(void *arg)
{
	const struct gate_open *g = arg;
	LIBBPF_OPTS(bpf_object_open_opts, opts, .object_name = "");
	const void *image;
	struct bpf_object *obj;
	size_t size;

	image = g->hook == KF_XDP ? gate_xdp_bpf__elf_bytes(&size) : gate_tc_bpf__elf_bytes(&size);
	opts.object_name = g->hook == KF_XDP ? "kfaas_gate" : "kfaas_tc";
	obj = bpf_object__open_mem(image, size, &opts);
	if (!obj) {
		fail(-errno, "the embedded gate cannot be opened: %s", strerror(errno));
		return NULL;
	}
	if (state_gate_reuse(g->state, g->hook, obj) ||
	    set_constant(obj, g->hook == KF_XDP ? g->frags : g->hook == KF_TC_EGRESS)) {
		bpf_object__close(obj);
		return NULL;
	}
	return obj;
}
