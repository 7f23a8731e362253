// SPDX-License-Identifier: Apache-2.0
/* hook_xdp.c - XDP programs on an interface, through libxdp; its only user. Attaching and detaching are
 * loops: look, try, and look again, because libxdp of another process may work on the same interface. */
#include "hook.h"

#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>
#include <xdp/libxdp.h>
#include <xdp/prog_dispatcher.h>

#include "hook_internal.h"
#include "log.h"

#define TRIES 24 /* against other processes' changes to the same interface */

_Static_assert(XDP_DISPATCHER_VERSION == 2, "bpf/xdp-dispatcher.bpf.c speaks version 2");

/* What is attached now. */
struct xdp_now {
	__u32 main_id, hw_id; /* 0: nothing */
	enum xdp_attach_mode mode;
	char name[BPF_OBJ_NAME_LEN];
	unsigned version;	  /* of libxdp's dispatcher, 0: not a dispatcher */
	struct xdp_multiprog *mp; /* NULL: nothing attached, or the library cannot read it */
};

static const char *object_dir;
static bool own_needed; /* the kernel has refused a program under libxdp's dispatcher object before */

void hook_set_object_dir(const char *dir)
{
	object_dir = dir;
}

static int print_library(enum libxdp_print_level level, const char *fmt, va_list ap)
{
	static const enum log_library levels[] = {LOG_LIBRARY_WARN, LOG_LIBRARY_INFO, LOG_LIBRARY_DEBUG};
	char text[512];

	vsnprintf(text, sizeof(text), fmt, ap);
	log_library_line(levels[level], text);
	return 0;
}

/* ---- looking */

static unsigned dispatcher_version(__u32 id)
{
	__u32 map_id = 0, key = 0, len;
	struct bpf_prog_info info = {.nr_map_ids = 1, .map_ids = (__u64)(unsigned long)&map_id};
	struct bpf_map_info map = {};
	unsigned char *conf = NULL;
	unsigned version = 0;
	int fd, map_fd = -1;

	fd = bpf_prog_get_fd_by_id(id);
	if (fd < 0)
		return 0;
	len = sizeof(info);
	if (bpf_obj_get_info_by_fd(fd, &info, &len) || strcmp(info.name, "xdp_dispatcher") || info.nr_map_ids != 1)
		goto out;
	map_fd = bpf_map_get_fd_by_id(map_id);
	len = sizeof(map);
	if (map_fd < 0 || bpf_obj_get_info_by_fd(map_fd, &map, &len) || map.value_size < 2 || map.key_size != 4)
		goto out;
	conf = calloc(1, map.value_size);
	if (conf && !bpf_map_lookup_elem(map_fd, &key, conf))
		version = conf[0] == XDP_DISPATCHER_MAGIC ? conf[1] : 1; /* version 1 had no such head */
out:
	free(conf);
	if (map_fd >= 0)
		close(map_fd);
	close(fd);
	return version;
}

static int query(const struct hook_target *t, struct xdp_now *now)
{
	LIBBPF_OPTS(bpf_xdp_query_opts, opts);
	char name[IF_NAMESIZE];
	int rc;

	memset(now, 0, sizeof(*now));
	if (!if_indextoname((unsigned)t->ifindex, name)) /* the query does not tell "no device" from "no program" */
		return -ENODEV;
	rc = bpf_xdp_query(t->ifindex, 0, &opts);
	if (rc)
		return rc;
	now->main_id = opts.drv_prog_id ? opts.drv_prog_id : opts.skb_prog_id;
	now->mode = opts.drv_prog_id ? XDP_MODE_NATIVE : XDP_MODE_SKB;
	now->hw_id = opts.hw_prog_id;
	return 0;
}

static void forget(struct xdp_now *now)
{
	xdp_multiprog__close(now->mp);
	now->mp = NULL;
}

/* One look; -EAGAIN: something changed meanwhile. */
static int look_once(const struct hook_target *t, struct xdp_now *now)
{
	struct bpf_prog_info info;
	int rc;

	rc = query(t, now);
	if (rc)
		return rc;
	if (!now->main_id && !now->hw_id)
		return 0;
	if (now->main_id) {
		rc = hook_prog_info(now->main_id, &info);
		if (rc)
			return rc == -ENOENT ? -EAGAIN : rc;
		memcpy(now->name, info.name, sizeof(now->name));
		now->version = dispatcher_version(now->main_id);
		if (now->version && now->version != XDP_DISPATCHER_VERSION)
			return 0; /* named in an error, never touched */
	}
	now->mp = xdp_multiprog__get_from_ifindex(t->ifindex);
	rc = libxdp_get_error(now->mp);
	if (rc) {
		now->mp = NULL;
		return rc == -ENOENT ? -EAGAIN : rc;
	}
	if (now->main_id && xdp_program__id(xdp_multiprog__main_prog(now->mp)) != now->main_id)
		return -EAGAIN;
	/* A dispatcher whose pins cannot be read: just replaced, or pinned in a bpffs that is not ours. */
	if (now->version && xdp_multiprog__is_legacy(now->mp))
		return -EAGAIN;
	return 0;
}

static int look(const struct hook_target *t, struct xdp_now *now)
{
	int rc = -EAGAIN;

	libxdp_set_print(print_library);
	for (int i = 0; i < TRIES && rc == -EAGAIN; i++) {
		if (i) {
			forget(now);
			usleep(500 << (i < 6 ? i : 6));
		}
		rc = look_once(t, now);
	}
	if (rc == -EAGAIN && now->version) {
		rc = fail(
			-ESTALE,
			"%s: the pins of the XDP dispatcher attached there (id %u) are not in /sys/fs/bpf/xdp; it was "
			"made with another bpffs: work from that mount namespace, or `ip link set dev %s xdp off`",
			t->ifname, now->main_id, t->ifname);
	} else if (rc && rc != -ENODEV) {
		rc = fail(rc, "%s: cannot see which XDP program is attached: %s", t->ifname, strerror(-rc));
	}
	if (rc)
		forget(now);
	return rc;
}

static enum mode mode_of(enum xdp_attach_mode mode)
{
	return mode == XDP_MODE_SKB ? MODE_GENERIC : mode == XDP_MODE_HW ? MODE_OFFLOAD : MODE_NATIVE;
}

static bool match_in(const struct xdp_now *now, bool (*match)(__u32 prog_id, __u32 arg), __u32 arg,
		     struct hook_state *out)
{
	struct xdp_program *p = NULL;

	*out = (struct hook_state){.attached = true, .run_prio = -1, .mode = mode_of(now->mode)};
	if (now->mp && now->version) {
		while ((p = xdp_multiprog__next_prog(p, now->mp))) {
			if (!match(xdp_program__id(p), arg))
				continue;
			out->prog_id = xdp_program__id(p);
			out->run_prio = xdp_program__run_prio(p);
			out->multiprog = true;
			out->frags = xdp_multiprog__xdp_frags_support(now->mp);
			return true;
		}
	} else if (now->main_id && !now->version && match(now->main_id, arg)) {
		out->prog_id = now->main_id;
		return true;
	}
	if (now->hw_id && match(now->hw_id, arg)) {
		out->prog_id = now->hw_id;
		out->mode = MODE_OFFLOAD;
		return true;
	}
	*out = (struct hook_state){};
	return false;
}

static int xdp_find(const struct hook_target *t, bool (*match)(__u32 prog_id, __u32 arg), __u32 arg,
		    struct hook_state *out)
{
	struct xdp_now now;
	int rc;

	rc = look(t, &now);
	if (rc)
		return rc == -ENODEV ? 0 : rc;
	match_in(&now, match, arg, out);
	forget(&now);
	return 0;
}

/* ---- what is refused before anything is changed */

static int refuse_foreign(const struct hook_target *t, const struct xdp_now *now)
{
	const struct hook_probe *ext = hook_probe_ext();

	if (ext->rc)
		return fail(
			-EBUSY,
			"%s: XDP program %s (id %u) is attached already, and beside it no other can run: this kernel "
			"refuses to %s (%s); remove it with `ip link set dev %s xdp off`",
			t->ifname, now->name, now->main_id, ext->step, strerror(-ext->rc), t->ifname);
	return fail(
		-EBUSY,
		"%s: XDP program %s (id %u) is attached without libxdp's dispatcher, so no other can run beside it; "
		"remove it with `ip link set dev %s xdp off`, or attach it with `xdp-loader load` instead",
		t->ifname, now->name, now->main_id, t->ifname);
}

static int refuse_attached(const struct hook_target *t, const struct hook_attach *a, const struct xdp_now *now)
{
	if (!now->version)
		return refuse_foreign(t, now);
	if (now->version != XDP_DISPATCHER_VERSION)
		return fail(-EPROTO,
			    "%s: the XDP dispatcher attached there (id %u) speaks version %u and the installed libxdp "
			    "version %u; use the libxdp that made it, or `ip link set dev %s xdp off`",
			    t->ifname, now->main_id, now->version, XDP_DISPATCHER_VERSION, t->ifname);
	if (xdp_multiprog__program_count(now->mp) >= MAX_DISPATCHER_ACTIONS)
		return fail(-E2BIG,
			    "%s: its XDP dispatcher has %d programs already, and takes no more; remove one "
			    "(`xdp-loader status %s` lists them)",
			    t->ifname, MAX_DISPATCHER_ACTIONS, t->ifname);
	if (a->mode == MODE_GENERIC && now->mode != XDP_MODE_SKB)
		return fail(-EBUSY,
			    "%s: mode generic cannot be had: other XDP programs run there in native mode; use "
			    "mode native or auto, or remove them with `xdp-loader unload %s --all`",
			    t->ifname, t->ifname);
	if ((a->mode == MODE_NATIVE || a->require & REQUIRE_NATIVE) && now->mode != XDP_MODE_NATIVE)
		return fail(-EBUSY,
			    "%s: native mode cannot be had: other XDP programs run there in generic mode; use "
			    "mode generic or auto, or remove them with `xdp-loader unload %s --all`",
			    t->ifname, t->ifname);
	return 0;
}

/* Would the driver take a program to run on the device itself? Asked with one that only passes. */
static int refuse_offload(const struct hook_target *t, const struct xdp_now *now)
{
	const struct bpf_insn pass[] = {
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = XDP_PASS},
		{.code = BPF_JMP | BPF_EXIT},
	};
	LIBBPF_OPTS(bpf_prog_load_opts, opts, .prog_ifindex = t->ifindex);
	int fd;

	if (now->hw_id)
		return fail(-EBUSY,
			    "%s: an XDP program (id %u) is offloaded to the device already; remove it with "
			    "`ip link set dev %s xdpoffload off`",
			    t->ifname, now->hw_id, t->ifname);
	fd = bpf_prog_load(BPF_PROG_TYPE_XDP, "probe", "GPL", pass, 2, &opts);
	if (fd < 0)
		return fail(-EOPNOTSUPP,
			    "%s: mode offload cannot be had: the device takes no XDP program (%s); use mode "
			    "native or generic",
			    t->ifname, strerror(errno));
	close(fd);
	return 0;
}

static int refuse(const struct hook_target *t, const struct hook_attach *a, const struct xdp_now *now)
{
	const struct hook_probe *ext;

	if ((a->require & REQUIRE_NATIVE) && a->mode == MODE_GENERIC)
		return fail_input("%s: mode generic and require native exclude each other", t->ifname);
	if (a->mode == MODE_OFFLOAD)
		return refuse_offload(t, now);
	if (a->require & (REQUIRE_MULTIPROG | REQUIRE_FRAGS)) {
		ext = hook_probe_ext();
		if (ext->rc)
			return fail(-EOPNOTSUPP,
				    "%s: require %s cannot be had: libxdp's dispatcher needs what this kernel refuses: "
				    "to %s "
				    "(%s); drop the requirement to attach alone",
				    t->ifname, a->require & REQUIRE_MULTIPROG ? "multiprog" : "frags", ext->step,
				    strerror(-ext->rc));
	}
	return now->main_id ? refuse_attached(t, a, now) : 0;
}

/* ---- what the kernel refused */

static int device_mtu(const char *ifname)
{
	struct ifreq req = {};
	int fd, rc;

	snprintf(req.ifr_name, sizeof(req.ifr_name), "%s", ifname);
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return 0;
	rc = ioctl(fd, SIOCGIFMTU, &req);
	close(fd);
	return rc ? 0 : req.ifr_mtu;
}

static bool words_name_mtu(void)
{
	return strcasestr(hook_words(), "mtu") || strcasestr(hook_words(), "frags") ||
	       strcasestr(hook_words(), "frame size");
}

static int explain(const struct hook_target *t, const struct hook_attach *a, enum xdp_attach_mode mode, int rc)
{
	const char *w = hook_words();

	if (mode == XDP_MODE_NATIVE && (rc == -ERANGE || words_name_mtu()))
		return fail(-ERANGE,
			    "%s: its MTU (%d, or its peer's) is too large for native XDP%s%s; lower it (without "
			    "frags a frame must fit one page: 3,500 is safe, 1,500 always), or use --mode generic",
			    t->ifname, device_mtu(t->ifname), *w ? ": the kernel says: " : "", w);
	if (mode == XDP_MODE_NATIVE && rc == -EOPNOTSUPP)
		return fail(rc, "%s: its driver does not run XDP natively%s%s; use mode auto or generic", t->ifname,
			    *w ? ": the kernel says: " : "", w);
	if (hook_words_data_change())
		return fail(
			rc,
			"%s: this kernel refuses %s under libxdp's dispatcher (\"Extension program changes packet "
			"data, "
			"while original does not\"), and there is no xdp-dispatcher.o of ours in %s; install kfaas-net "
			"fully",
			t->ifname, a->prog_name, object_dir ? object_dir : "(no folder)");
	if (*log_verifier_line())
		return fail(rc, "%s: the kernel refused program %s: %s; the verifier's whole log: -v", t->ifname,
			    a->prog_name, log_verifier_line());
	if (rc == -EPERM)
		return fail(rc,
			    "%s: the kernel refused to load or attach %s: %s; be root, or have CAP_BPF, CAP_NET_ADMIN "
			    "and CAP_PERFMON",
			    t->ifname, a->prog_name, strerror(-rc));
	return fail(rc, "%s: cannot attach %s as XDP program: %s%s%s; libxdp's messages: -v", t->ifname, a->prog_name,
		    strerror(-rc), *w ? ": " : "", w);
}

/* ---- changing */

static bool own_there(void)
{
	char path[512];

	if (!object_dir)
		return false;
	snprintf(path, sizeof(path), "%s/xdp-dispatcher.o", object_dir);
	return !access(path, R_OK);
}

/* Have libxdp find our dispatcher object, or what it would find without us; the environment is
 * put back, for a user may have set the variable. */
static int with_dispatcher(bool own, int (*call)(void *arg), void *arg)
{
	const char *had = getenv(XDP_OBJECT_ENVVAR);
	char *keep = had ? strdup(had) : NULL;
	int rc;

	if (own)
		setenv(XDP_OBJECT_ENVVAR, object_dir, 1);
	rc = call(arg);
	if (keep)
		setenv(XDP_OBJECT_ENVVAR, keep, 1);
	else if (own)
		unsetenv(XDP_OBJECT_ENVVAR);
	free(keep);
	return rc;
}

struct attempt {
	const struct hook_target *t;
	const struct hook_attach *a;
	enum xdp_attach_mode mode;
	__u32 prog_id;
	bool told; /* fail() has been said */
};

static int attempt_attach(void *arg)
{
	struct attempt *try = arg;
	const struct hook_attach *a = try->a;
	DECLARE_LIBXDP_OPTS(xdp_program_opts, opts);
	struct bpf_program *prog;
	struct xdp_program *xp;
	int rc;

	opts.obj = hook_open(a, &prog, &rc);
	if (!opts.obj) {
		try->told = true;
		return rc;
	}
	opts.prog_name = a->prog_name;
	xp = xdp_program__create(&opts);
	if (!xp) {
		rc = -errno;
		goto out;
	}
	xdp_program__set_run_prio(xp, a->run_prio);
	for (unsigned verdict = XDP_ABORTED; verdict <= XDP_REDIRECT; verdict++)
		xdp_program__set_chain_call_enabled(xp, verdict, a->chain_call >> verdict & 1);
	if (a->require & REQUIRE_FRAGS)
		xdp_program__set_xdp_frags_support(xp, true);
	rc = xdp_program__attach(xp, try->t->ifindex, try->mode, 0);
	try->prog_id = xdp_program__id(xp);
	xdp_program__close(xp);
out:
	bpf_object__close(opts.obj);
	return rc;
}

static enum xdp_attach_mode first_mode(enum mode mode, const struct xdp_now *now)
{
	if (mode == MODE_OFFLOAD)
		return XDP_MODE_HW;
	if (mode == MODE_GENERIC)
		return XDP_MODE_SKB;
	return mode == MODE_AUTO && now->main_id ? now->mode : XDP_MODE_NATIVE;
}

/* Try what may help, one thing after the other; hook_words of the last try stay. */
static int attach_once(struct attempt *try)
{
	const struct hook_attach *a = try->a;
	bool own = own_needed && own_there();
	int rc;

	for (;;) {
		log_verifier_reset();
		hook_words_begin();
		rc = with_dispatcher(own, attempt_attach, try);
		hook_words_end();
		if (!rc || try->told)
			return rc;
		if (!own && hook_words_data_change() && own_there()) {
			own = own_needed = true;
		} else if (rc == -EOPNOTSUPP && a->mode == MODE_AUTO && try->mode == XDP_MODE_NATIVE &&
			   !(a->require & REQUIRE_NATIVE) && !words_name_mtu()) {
			try->mode = XDP_MODE_SKB;
		} else {
			return rc;
		}
	}
}

/* Did somebody else change the interface since NOW? Then a failure may have been the race. */
static bool raced(const struct hook_target *t, const struct xdp_now *now)
{
	struct xdp_now again;

	return !query(t, &again) && (again.main_id != now->main_id || again.hw_id != now->hw_id);
}

static int check_attached(const struct hook_target *t, const struct hook_attach *a, __u32 prog_id,
			  struct hook_state *out)
{
	const char *missing = NULL;
	int rc;

	rc = xdp_find(t, hook_prog_is, prog_id, out);
	if (rc)
		return rc;
	if (!out->attached)
		return fail(-EAGAIN, "%s: somebody took %s off again while it was attached; try again", t->ifname,
			    a->prog_name);
	if ((a->require & REQUIRE_MULTIPROG) && !out->multiprog)
		missing = "multiprog";
	else if ((a->require & REQUIRE_FRAGS) && !out->frags)
		missing = "frags";
	else if ((a->require & REQUIRE_NATIVE) && out->mode != MODE_NATIVE)
		missing = "native";
	if (!missing)
		return 0;
	fail(-EOPNOTSUPP,
	     "%s: require %s cannot be had: libxdp attached %s without it%s%s; drop the requirement, libxdp's "
	     "messages: -v",
	     t->ifname, missing, a->prog_name, *log_library_last() ? ": " : "", log_library_last());
	hook_xdp.detach(t, prog_id);
	*out = (struct hook_state){};
	return -EOPNOTSUPP;
}

static int xdp_attach(const struct hook_target *t, const struct hook_attach *a, struct hook_state *out)
{
	struct attempt try = {.t = t, .a = a};
	struct xdp_now now;
	int rc;

	for (int i = 0;; i++) {
		rc = look(t, &now);
		if (rc)
			return rc == -ENODEV ? fail(rc, "there is no interface %s any more", t->ifname) : rc;
		rc = refuse(t, a, &now);
		if (!rc) {
			try.mode = first_mode(a->mode, &now);
			rc = attach_once(&try);
			if (rc && !try.told && i < TRIES && raced(t, &now)) {
				forget(&now);
				continue;
			}
			if (rc && !try.told)
				rc = explain(t, a, try.mode, rc);
		}
		forget(&now);
		return rc ? rc : check_attached(t, a, try.prog_id, out);
	}
}

static int attempt_detach(void *arg)
{
	struct attempt *try = arg;
	struct xdp_program *xp;
	int rc;

	xp = xdp_program__from_id(try->prog_id);
	rc = libxdp_get_error(xp);
	if (rc)
		return rc;
	rc = xdp_program__detach(xp, try->t->ifindex, try->mode, 0);
	xdp_program__close(xp);
	return rc;
}

static int xdp_detach(const struct hook_target *t, __u32 prog_id)
{
	struct attempt try = {.t = t, .prog_id = prog_id};
	bool own = own_needed && own_there(), there, changed;
	struct hook_state state;
	struct xdp_now now;
	int rc;

	for (int i = 0; i < TRIES; i++) {
		rc = look(t, &now);
		if (rc == -ENODEV)
			return hook_xdp_clean(t);
		if (rc)
			return rc;
		there = match_in(&now, hook_prog_is, prog_id, &state);
		if (there) {
			try.mode = state.mode == MODE_OFFLOAD ? XDP_MODE_HW : now.mode;
			log_verifier_reset();
			rc = with_dispatcher(own, attempt_detach, &try);
		}
		changed = rc && raced(t, &now);
		forget(&now);
		if (!there)
			return hook_xdp_clean(t);
		if (rc && !changed && (own || !own_there()))
			break;
		/* What stays may need our dispatcher: the kernel checks it again for the new one. */
		own |= rc && !changed;
	}
	return fail(rc, "%s: cannot take XDP program %u off: %s%s%s; libxdp's messages: -v", t->ifname, prog_id,
		    strerror(-rc), *log_library_last() ? ": " : "", log_library_last());
}

const struct hook_ops hook_xdp = {
	.attach = xdp_attach,
	.detach = xdp_detach,
	.find = xdp_find,
	.clean = hook_xdp_clean,
};
