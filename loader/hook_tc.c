// SPDX-License-Identifier: Apache-2.0
/* hook_tc.c - TC programs on an interface: a pinned TCX link where the kernel has it, else a
 * direct-action filter in the clsact qdisc. A pinned marker remembers that the qdisc is ours. */
#include "hook.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "hook_internal.h"
#include "log.h"

/* Values of newer headers. */
#define TCX_INGRESS   46 /* enum bpf_attach_type */
#define TCX_EGRESS    47
#define LINK_TYPE_TCX 11 /* enum bpf_link_type */

/* How our filters are known among others in the same qdisc. */
#define FILTER_PRIORITY 19270u
#define FILTER_HANDLE	0x4b46u

/* The head of struct bpf_link_info and its part for TCX, which older headers lack. */
struct tcx_link_info {
	__u32 type, id, prog_id, pad;
	__u32 ifindex; /* 0: the device is gone */
	__u32 attach_type;
	__u8 rest[128];
};

#define PIN_MAX 256

static const char *side(const struct hook_target *t)
{
	return t->hook == KF_TC_INGRESS ? "ingress" : "egress";
}

static void link_path(const struct hook_target *t, char path[PIN_MAX])
{
	snprintf(path, PIN_MAX, "%s/link-tc-%s", t->pin_dir, side(t));
}

static void marker_path(const struct hook_target *t, char path[PIN_MAX])
{
	snprintf(path, PIN_MAX, "%s/qdisc", t->pin_dir);
}

/* The marker holds the device's index: one of the same name may have taken its place since. */
static bool marker_there(const struct hook_target *t)
{
	__u32 key = 0, ifindex = 0;
	char path[PIN_MAX];
	int fd;

	marker_path(t, path);
	fd = bpf_obj_get(path);
	if (fd < 0)
		return false;
	bpf_map_lookup_elem(fd, &key, &ifindex);
	close(fd);
	return ifindex == (__u32)t->ifindex;
}

static int marker_make(const struct hook_target *t)
{
	__u32 key = 0, ifindex = (__u32)t->ifindex;
	char path[PIN_MAX];
	int fd, rc = 0;

	marker_path(t, path);
	fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, "kf_qdisc", sizeof(key), sizeof(ifindex), 1, NULL);
	if (fd < 0)
		return fail(-errno, "cannot create the map that marks the qdisc as ours: %s", strerror(errno));
	unlink(path); /* of a device that is gone, or of a qdisc that was never made */
	if (bpf_map_update_elem(fd, &key, &ifindex, BPF_ANY) || bpf_obj_pin(fd, path))
		rc = fail(-errno, "cannot pin %s: %s; is bpffs mounted at /sys/fs/bpf?", path, strerror(errno));
	close(fd);
	return rc;
}

static int marker_remove(const struct hook_target *t)
{
	char path[PIN_MAX];

	marker_path(t, path);
	return unlink(path) && errno != ENOENT ? fail(-errno, "cannot remove %s: %s", path, strerror(errno)) : 0;
}

/* ---- TCX */

/* What the kernel says of the link that is pinned at PATH. False: there is none. */
static bool tcx_look(const char *path, struct tcx_link_info *info)
{
	__u32 len = sizeof(*info);
	int fd = bpf_obj_get(path), rc;

	if (fd < 0)
		return false;
	*info = (struct tcx_link_info){};
	rc = bpf_obj_get_info_by_fd(fd, info, &len);
	close(fd);
	return !rc && info->type == LINK_TYPE_TCX;
}

/* The program of the link pinned for T; 0: none, or it has come loose from its device. */
static __u32 tcx_program(const struct hook_target *t)
{
	struct tcx_link_info info;
	char path[PIN_MAX];

	link_path(t, path);
	return tcx_look(path, &info) && info.ifindex == (__u32)t->ifindex ? info.prog_id : 0;
}

static int tcx_attach(const struct hook_target *t, const char *name, int prog_fd)
{
	char path[PIN_MAX];
	int fd, rc = 0;

	link_path(t, path);
	if (tcx_program(t))
		return fail(-EEXIST, "%s: a program of ours is attached at tc-%s already (%s)", t->ifname, side(t),
			    path);
	unlink(path); /* of a device that is gone */
	fd = bpf_link_create(prog_fd, t->ifindex, t->hook == KF_TC_INGRESS ? TCX_INGRESS : TCX_EGRESS, NULL);
	if (fd < 0)
		return fail(-errno, "%s: the kernel refused to attach %s at tc-%s: %s", t->ifname, name, side(t),
			    strerror(errno));
	if (bpf_obj_pin(fd, path))
		rc = fail(-errno, "cannot pin %s: %s; is bpffs mounted at /sys/fs/bpf?", path, strerror(errno));
	close(fd); /* not pinned: this takes it off again */
	return rc;
}

static int tcx_detach(const struct hook_target *t)
{
	char path[PIN_MAX];
	int fd, rc = 0;

	link_path(t, path);
	fd = bpf_obj_get(path);
	if (fd < 0)
		return errno == ENOENT ? 0 : fail(-errno, "cannot open %s: %s", path, strerror(errno));
	/* Taking it off is at once; the end of its last reference would be some time later. */
	if (bpf_link_detach(fd) && errno != ENOLINK)
		rc = fail(-errno, "%s: the kernel refused to take %s off: %s", t->ifname, path, strerror(errno));
	if (!rc && unlink(path))
		rc = fail(-errno, "cannot remove %s: %s", path, strerror(errno));
	close(fd);
	return rc;
}

void hook_drop_loose(const char *pin_dir)
{
	for (int h = KF_TC_INGRESS; h <= KF_TC_EGRESS; h++) {
		struct hook_target t = {.hook = h};
		struct tcx_link_info info;
		char path[PIN_MAX];

		snprintf(t.pin_dir, sizeof(t.pin_dir), "%s", pin_dir);
		link_path(&t, path);
		if (tcx_look(path, &info) && !info.ifindex)
			unlink(path);
	}
}

/* ---- clsact */

static struct bpf_tc_hook clsact_hook(const struct hook_target *t)
{
	return (struct bpf_tc_hook){
		.sz = sizeof(struct bpf_tc_hook),
		.ifindex = t->ifindex,
		.attach_point = t->hook == KF_TC_INGRESS ? BPF_TC_INGRESS : BPF_TC_EGRESS,
	};
}

/* The program of the filter that has our priority and handle; 0: none. */
static __u32 filter_program(const struct hook_target *t)
{
	LIBBPF_OPTS(bpf_tc_opts, opts, .handle = FILTER_HANDLE, .priority = FILTER_PRIORITY);
	struct bpf_tc_hook hook = clsact_hook(t);
	char kind[32];

	if (hook_qdisc_kind(t->ifindex, kind, sizeof(kind)) != 1 || strcmp(kind, "clsact"))
		return 0;
	return bpf_tc_query(&hook, &opts) ? 0 : opts.prog_id;
}

/* The qdisc we made goes when nobody has a filter in it any more. */
static int qdisc_release(const struct hook_target *t)
{
	struct bpf_tc_hook hook = clsact_hook(t);
	char kind[32];
	int rc;

	if (!marker_there(t))
		return marker_remove(t);
	rc = hook_qdisc_kind(t->ifindex, kind, sizeof(kind));
	if (rc == 1 && !strcmp(kind, "clsact")) {
		rc = hook_qdisc_filters(t->ifindex);
		if (rc == 1)
			return 0;
		if (!rc) {
			hook.attach_point = BPF_TC_INGRESS | BPF_TC_EGRESS;
			rc = bpf_tc_hook_destroy(&hook);
		}
	} else if (rc == 1) {
		rc = 0;
	}
	if (rc && rc != -ENODEV && rc != -ENOENT && rc != -EINVAL)
		return fail(rc, "%s: cannot remove the clsact qdisc we made: %s", t->ifname, strerror(-rc));
	return marker_remove(t);
}

static int qdisc_want(const struct hook_target *t)
{
	struct bpf_tc_hook hook = clsact_hook(t);
	char kind[32];
	int rc;

	rc = hook_qdisc_kind(t->ifindex, kind, sizeof(kind));
	if (rc < 0)
		return fail(rc, "%s: cannot list its qdiscs: %s", t->ifname, strerror(-rc));
	if (rc == 1 && strcmp(kind, "clsact"))
		return fail(-EBUSY,
			    "%s: a qdisc of kind %s is where clsact has to be, and is not ours; remove it with "
			    "`tc qdisc del dev %s %s`, or replace it by clsact",
			    t->ifname, kind, t->ifname, kind);
	if (rc == 1)
		return 0;
	/* First the marker: killed in between, there is a marker without a qdisc, which hook_clean takes away. */
	rc = marker_make(t);
	if (rc)
		return rc;
	hook_words_begin();
	rc = bpf_tc_hook_create(&hook);
	hook_words_end();
	if (rc == -EEXIST) /* somebody was faster, so it is theirs */
		return marker_remove(t);
	if (rc) {
		fail(rc, "%s: cannot create the clsact qdisc: %s%s%s; TC hooks need it, or TCX (Linux 6.6)", t->ifname,
		     strerror(-rc), *hook_words() ? ": " : "", hook_words());
		qdisc_release(t);
	}
	return rc;
}

static int filter_attach(const struct hook_target *t, const char *name, int prog_fd)
{
	LIBBPF_OPTS(bpf_tc_opts, opts, .prog_fd = prog_fd, .handle = FILTER_HANDLE, .priority = FILTER_PRIORITY);
	struct bpf_tc_hook hook = clsact_hook(t);
	int rc;

	rc = qdisc_want(t);
	if (rc)
		return rc;
	hook_words_begin();
	rc = bpf_tc_attach(&hook, &opts);
	hook_words_end();
	if (!rc)
		return 0;
	if (rc == -EEXIST)
		fail(rc,
		     "%s: there is a filter with priority %u and handle %#x (program id %u) at %s already; remove it "
		     "with `tc filter del dev %s %s pref %u`",
		     t->ifname, FILTER_PRIORITY, FILTER_HANDLE, filter_program(t), side(t), t->ifname, side(t),
		     FILTER_PRIORITY);
	else
		fail(rc, "%s: cannot attach %s as filter at %s: %s%s%s", t->ifname, name, side(t), strerror(-rc),
		     *hook_words() ? ": " : "", hook_words());
	qdisc_release(t);
	return rc;
}

static int filter_detach(const struct hook_target *t)
{
	LIBBPF_OPTS(bpf_tc_opts, opts, .handle = FILTER_HANDLE, .priority = FILTER_PRIORITY);
	struct bpf_tc_hook hook = clsact_hook(t);
	int rc;

	rc = bpf_tc_detach(&hook, &opts);
	if (rc && rc != -ENOENT && rc != -ENODEV)
		return fail(rc, "%s: cannot take our filter at %s off: %s", t->ifname, side(t), strerror(-rc));
	return 0;
}

/* ---- both */

static int tc_find(const struct hook_target *t, bool (*match)(__u32 prog_id, __u32 arg), __u32 arg,
		   struct hook_state *out)
{
	__u32 id = tcx_program(t);

	if (id && match(id, arg)) {
		*out = (struct hook_state){.attached = true, .prog_id = id, .run_prio = -1, .tcx = true};
		return 0;
	}
	id = filter_program(t);
	if (id && match(id, arg))
		*out = (struct hook_state){.attached = true, .prog_id = id, .run_prio = -1};
	return 0;
}

static int tc_attach(const struct hook_target *t, const struct hook_attach *a, struct hook_state *out)
{
	bool tcx = !hook_probe_tcx()->rc;
	struct bpf_program *prog;
	struct bpf_object *obj;
	int rc;

	obj = hook_open(a, &prog, &rc);
	if (!obj)
		return rc;
	log_verifier_reset();
	if (bpf_program__fd(prog) < 0)
		rc = bpf_object__load(obj);
	if (rc) {
		fail(rc, "the kernel refused program %s: %s%s%s; the verifier's whole log: -v", a->prog_name,
		     strerror(-rc), *log_verifier_line() ? ": " : "", log_verifier_line());
		goto out;
	}
	out->prog_id = hook_fd_prog_id(bpf_program__fd(prog));
	out->run_prio = -1;
	out->tcx = tcx;
	rc = (tcx ? tcx_attach : filter_attach)(t, a->prog_name, bpf_program__fd(prog));
	out->attached = !rc;
out:
	bpf_object__close(obj);
	return rc;
}

static int tc_clean(const struct hook_target *t)
{
	char path[PIN_MAX];
	int rc = 0;

	link_path(t, path);
	if (!access(path, F_OK) && !tcx_program(t))
		rc = tcx_detach(t); /* killed between taking it off and the pin, or the device is gone */
	return rc ? rc : qdisc_release(t);
}

static int tc_detach(const struct hook_target *t, __u32 prog_id)
{
	int rc = 0;

	if (prog_id && tcx_program(t) == prog_id)
		rc = tcx_detach(t);
	else if (prog_id && filter_program(t) == prog_id)
		rc = filter_detach(t);
	return rc ? rc : tc_clean(t);
}

const struct hook_ops hook_tc = {
	.attach = tc_attach,
	.detach = tc_detach,
	.find = tc_find,
	.clean = tc_clean,
};
