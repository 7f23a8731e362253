// SPDX-License-Identifier: Apache-2.0
/* hook_xdp.c - XDP programs on an interface, through libxdp. Attaching and detaching are loops: look,
 * try, and look again, because another process's libxdp may work on the same interface. */
#include "hook.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hook_xdp.h"
#include "log.h"

#define TRIES 24 /* against other processes' changes to the same interface */

_Static_assert(XDP_DISPATCHER_VERSION == 2, "bpf/xdp-dispatcher.bpf.c speaks version 2");

static char *object_dir;
static bool own_needed; /* a program went in under our dispatcher only */

void hook_set_object_dir(const char *dir)
{
	free(object_dir);
	object_dir = dir ? strdup(dir) : NULL;
}

const char *xdp_object_dir(void)
{
	return object_dir;
}

bool xdp_own_there(void)
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
static int attach_once(struct attempt *try, const struct xdp_now *now)
{
	const struct hook_attach *a = try->a;
	bool own = own_needed && xdp_own_there();
	int rc;

	for (;;) {
		log_verifier_reset();
		hook_words_begin();
		rc = with_dispatcher(own, attempt_attach, try);
		hook_words_end();
		own_needed |= own && !rc;
		if (!rc || try->told)
			return rc;
		/* Those that are there already are checked again for the new dispatcher, which says only
		 * "invalid argument". */
		if (!own && xdp_own_there() && (hook_words_data_change() || now->version)) {
			own = true;
		} else if (rc == -EOPNOTSUPP && a->mode == MODE_AUTO && try->mode == XDP_MODE_NATIVE &&
			   !(a->require & REQUIRE_NATIVE) && !xdp_words_name_mtu()) {
			try->mode = XDP_MODE_SKB;
		} else {
			return rc;
		}
	}
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
		rc = xdp_look(t, &now);
		if (rc)
			return rc == -ENODEV ? fail(rc, "there is no interface %s any more", t->ifname) : rc;
		rc = xdp_refuse(t, a, &now);
		if (!rc) {
			try.mode = first_mode(a->mode, &now);
			rc = attach_once(&try, &now);
			if (rc && !try.told && i < TRIES && xdp_raced(t, &now)) {
				xdp_forget(&now);
				continue;
			}
			if (rc && !try.told)
				rc = xdp_explain(t, a, try.mode, rc);
		}
		xdp_forget(&now);
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
	bool own = own_needed && xdp_own_there(), there, changed;
	struct hook_state state;
	struct xdp_now now;
	int rc;

	for (int i = 0; i < TRIES; i++) {
		rc = xdp_look(t, &now);
		if (rc == -ENODEV)
			return hook_xdp_clean(t);
		if (rc)
			return rc;
		there = xdp_match(&now, hook_prog_is, prog_id, &state);
		if (there) {
			try.mode = state.mode == MODE_OFFLOAD ? XDP_MODE_HW : now.mode;
			log_verifier_reset();
			rc = with_dispatcher(own, attempt_detach, &try);
		}
		changed = rc && xdp_raced(t, &now);
		xdp_forget(&now);
		if (!there)
			return hook_xdp_clean(t);
		if (rc && !changed && (own || !xdp_own_there()))
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
