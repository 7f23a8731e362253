/* SPDX-License-Identifier: Apache-2.0 */
/* tx_load.c - a change's new programs into the kernel, and the gates and components that must be
 * attached for it. Whatever is half done when it fails, runtime_clean undoes. */
#include "runtime_internal.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <string.h>
#include <unistd.h>

#include "gate.h"
#include "log.h"

static int prog_id_of(int fd, __u32 *id)
{
	struct bpf_prog_info info = {0};
	__u32 len = sizeof(info);

	if (bpf_obj_get_info_by_fd(fd, &info, &len))
		return -errno;
	*id = info.id;
	return 0;
}

static int put_in_slot(struct tx *t, const struct target *to, enum kf_hook hook, int fd)
{
	__u32 slot = to->at.slot;
	int rc = state_gate_open(t->s, hook, true);

	if (!rc && bpf_map_update_elem(t->s->gate[hook].functions, &slot, &fd, BPF_ANY))
		rc = fail(-errno, "the kernel does not take '%s' into the %s gate: %s", to->conf.name, hook_name(hook),
			  strerror(errno));
	return rc;
}

static int keep_data(struct tx *t, const struct target *to, struct function *f)
{
	int fds[KF_HOOKS], rc = 0;

	for (int h = 0; h < KF_HOOKS; h++)
		fds[h] = state_revision_get(t->s, to - t->to, to->old.revision, h);
	rc = function_keep_data(f, fds, &to->conf);
	for (int h = 0; h < KF_HOOKS; h++)
		if (fds[h] >= 0)
			close(fds[h]);
	return rc;
}

static int pin(struct tx *t, struct target *to, enum kf_hook hook, int fd)
{
	int rc = prog_id_of(fd, &to->head.prog_id[hook]);

	return rc ? rc : state_revision_pin(t->s, to - t->to, to->at.revision, hook, fd);
}

static bool same_settings(const struct function_conf *a, const struct function_conf *b)
{
	if (a->n_set != b->n_set)
		return false;
	for (size_t i = 0; i < a->n_set; i++)
		if (strcmp(a->set[i].key, b->set[i].key) || strcmp(a->set[i].value, b->set[i].value))
			return false;
	return true;
}

/* Another function whose programs, pinned already, are what this one's would be. One copy of code in the processor's
 * caches serves both, and one slot, whose branches it predicts: 1,000 echoes on 1,000 ports run like one. */
static const struct target *find_twin(const struct tx *t, const struct target *to)
{
	if (!function_stateless(&to->change->function))
		return NULL;
	for (const struct target *o = t->to; o < t->to + KF_FUNCTIONS; o++)
		if (o != to && o->used && o->head.component < 0 && (!o->load || o < to) &&
		    !strcmp(o->head.digest, to->head.digest) && same_settings(&o->conf, &to->conf))
			return o;
	return NULL;
}

static int share(struct tx *t, struct target *to, const struct target *twin)
{
	struct kf_index *journal = t->s->index + !state_gen(t->s) * KF_FUNCTIONS;
	int rc = 0;

	journal[to - t->to].slot = to->at.slot = twin->at.slot;
	for (int h = 0; h < KF_HOOKS && !rc; h++) {
		int fd;

		if (!(to->head.hooks & 1u << h))
			continue;
		fd = state_revision_get(t->s, twin - t->to, twin->at.revision, h);
		if (fd < 0)
			return fail(fd, "the pinned program of '%s' is not there any more: %s", twin->conf.name,
				    strerror(-fd));
		rc = pin(t, to, h, fd);
		close(fd);
	}
	return rc;
}

static int load_fresh(struct tx *t, struct target *to)
{
	struct function *f = &to->change->function;
	const struct target *twin;
	int rc = f->obj ? 0 : function_open(f);

	if (!rc)
		rc = function_settings(f, &to->conf);
	if (rc)
		return rc;
	to->head.hooks = f->hooks;
	if (to->head.component >= 0) {
		if (f->hooks != 1u << KF_XDP)
			return fail_input(
				"'%s' has programs for tc hooks: only a function for xdp alone can be a component",
				to->conf.name);
		snprintf(to->head.prog_name, sizeof(to->head.prog_name), "%s", bpf_program__name(f->prog[KF_XDP]));
		return 0; /* libxdp loads it when it attaches it */
	}
	twin = find_twin(t, to);
	if (twin)
		return share(t, to, twin);
	if (to->change->keep_data)
		rc = keep_data(t, to, f);
	if (!rc)
		rc = function_load(f);
	if (!rc)
		rc = function_rows_load(f);
	for (int h = 0; h < KF_HOOKS && !rc; h++)
		if (f->prog[h]) {
			rc = pin(t, to, h, bpf_program__fd(f->prog[h]));
			if (!rc)
				rc = put_in_slot(t, to, h, bpf_program__fd(f->prog[h]));
		}
	return rc;
}

static int load_pinned(struct tx *t, struct target *to)
{
	__u32 id = to - t->to;
	int rc = 0;

	for (int h = 0; h < KF_HOOKS && !rc; h++) {
		int fd;

		if (!(to->head.hooks & 1u << h))
			continue;
		fd = state_revision_get(t->s, id, to->at.revision, h);
		if (fd < 0)
			return fail(fd, "the revision before of '%s' is not there any more: %s", to->conf.name,
				    strerror(-fd));
		rc = put_in_slot(t, to, h, fd);
		close(fd);
	}
	return rc;
}

static int write_head(struct tx *t, const struct target *to)
{
	return state_record_write(t->s, to->at.record, &to->head, sizeof(to->head), NULL);
}

int tx_load(struct tx *t)
{
	int rc = 0;

	for (__u32 id = 0; id < KF_FUNCTIONS && !rc; id++) {
		struct target *to = &t->to[id];

		if (!to->used)
			continue;
		if (to->load)
			rc = fail_in(load_fresh(t, to), to->change->where);
		else if (to->reuse_pins && to->head.component < 0)
			rc = load_pinned(t, to);
		if (!rc && to->load)
			rc = write_head(t, to);
		/* Open the gates of hooks that unchanged functions use, for their tables. */
		for (int h = 0; h < KF_HOOKS && !rc; h++)
			if (to->head.hooks & 1u << h)
				rc = state_gate_open(t->s, h, true);
	}
	return rc;
}

/* --- Attaching --- */

static struct bpf_object *component_open(void *arg)
{
	struct target *to = arg;
	struct bpf_object *obj = NULL;
	struct function f;

	if (function_find(&f, to->conf.object))
		return NULL;
	if (strcmp(f.digest, to->head.digest)) {
		fail(-ESTALE, "%s is not the file that '%s' was deployed from any more", f.path, to->conf.name);
	} else if (!function_open(&f) && !function_settings(&f, &to->conf)) {
		obj = f.obj;
		f.obj = NULL;
	}
	function_free(&f);
	return obj;
}

static int component_prog_name(const struct target *to, char *buf, size_t size)
{
	struct function f;
	int rc = function_find(&f, to->conf.object);

	if (rc)
		return rc;
	rc = function_open(&f);
	if (!rc)
		snprintf(buf, size, "%s", bpf_program__name(f.prog[KF_XDP]));
	function_free(&f);
	return rc;
}

static int attach_component(struct tx *t, struct target *to)
{
	struct hook_target at;
	struct hook_state got;
	char name[128];
	struct hook_attach a = {
		.open = component_open,
		.arg = to,
		.prog_name = name,
		.mode = t->iface.mode,
		.run_prio = to->head.component,
		.require = t->iface.require | REQUIRE_MULTIPROG,
		.chain_call = to->conf.continue_xdp,
	};
	const struct hook_probe *ext = hook_probe_ext();
	int rc;

	if (ext->rc)
		return fail(-EOPNOTSUPP,
			    "'%s' cannot be a component of its own: libxdp's dispatcher needs to %s, and this kernel "
			    "refuses (%s); without --component (or `component` in its config) the gate invokes it",
			    to->conf.name, ext->step, strerror(-ext->rc));
	rc = component_prog_name(to, name, sizeof(name));
	if (rc)
		return rc;
	runtime_target(t->s, KF_XDP, &at);
	rc = hook_attach(&at, &a, &got);
	if (rc)
		return rc;
	to->head.prog_id[KF_XDP] = got.prog_id;
	return write_head(t, to);
}

static int attach_gate(struct tx *t, enum kf_hook hook)
{
	struct gate_open open = {t->s, hook, t->iface.require & REQUIRE_FRAGS};
	struct hook_target at;
	struct hook_state got;
	struct hook_attach a = {
		.open = gate_open,
		.arg = &open,
		.prog_name = gate_prog_name(hook),
		.mode = t->iface.mode,
		.run_prio = t->iface.run_prio,
		.require = t->iface.require,
		.chain_call = 1u << XDP_PASS,
	};
	int rc = runtime_gate(t->s, hook, &got);

	if (rc || got.attached)
		return rc;
	runtime_target(t->s, hook, &at);
	rc = hook_attach(&at, &a, &got);
	if (rc)
		return rc;
	t->attached[hook] = got;
	return 0;
}

int tx_attach(struct tx *t)
{
	unsigned hooks = 1u << KF_XDP;
	int rc = 0;

	for (__u32 id = 0; id < KF_FUNCTIONS; id++)
		if (t->to[id].used && t->to[id].head.component < 0)
			hooks |= t->to[id].head.hooks;
	/* XDP last: its attachment has the most reasons to be refused by what others did. */
	for (int h = KF_HOOKS - 1; h >= 0 && !rc; h--)
		if (hooks & 1u << h)
			rc = attach_gate(t, h);
	for (__u32 id = 0; id < KF_FUNCTIONS && !rc; id++) {
		struct target *to = &t->to[id];

		if (to->used && to->head.component >= 0 && (to->load || to->reuse_pins))
			rc = fail_in(attach_component(t, to), to->change->where);
	}
	return rc;
}

static void report_gate(const char *ifname, enum kf_hook hook, const struct hook_state *got)
{
	if (hook != KF_XDP)
		say("%s: gate attached at %s (%s)", ifname, hook_name(hook), got->tcx ? "tcx" : "clsact");
	else
		say("%s: gate attached at xdp (%s, %s)", ifname, mode_name(got->mode),
		    got->multiprog
			    ? "through libxdp's dispatcher"
			    : "alone: this kernel refuses BPF_PROG_TYPE_EXT, so no other XDP program can be added");
}

void tx_report(const struct tx *t)
{
	for (const struct target *to = t->to; to < t->to + KF_FUNCTIONS; to++)
		for (size_t i = 0; to->load && to->change->keep_data && i < to->conf.n_data; i++)
			say("%s: map %s goes on with its data, %s is not read again", to->conf.name,
			    to->conf.data[i].key, to->conf.data[i].value);
	for (int h = KF_HOOKS - 1; h >= 0; h--)
		if (t->attached[h].attached)
			report_gate(t->s->ifname, h, &t->attached[h]);
}
