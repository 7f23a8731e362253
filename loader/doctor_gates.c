/* SPDX-License-Identifier: Apache-2.0 */
/* doctor_gates.c - what runs at an interface: the XDP programs there, our gates and their functions. */
#include <errno.h>
#include <string.h>

#include "doctor.h"
#include "hook_xdp.h" /* xdp_look; libxdp itself is not used here */
#include "log.h"
#include "runtime.h"
#include "stats.h"

/* --- Other people's XDP programs --- */

static bool is_ours(const char *ifname, __u32 prog_id)
{
	struct hook_state st = {0};
	struct state s;
	bool ours;

	if (state_open(&s, ifname, STATE_READ)) {
		fail_clear();
		return false;
	}
	ours = !runtime_gate(&s, KF_XDP, &st) && st.attached && st.prog_id == prog_id;
	state_close(&s);
	return ours;
}

static void attached_alone(struct checks *c, const char *ifname, const struct xdp_now *now)
{
	const char *off = now->mode == XDP_MODE_SKB ? "xdpgeneric" : "xdp";

	if (is_ours(ifname, now->main_id)) {
		check_ok(c, "XDP", "our gate (id %u), attached alone", now->main_id);
		return;
	}
	check_wrong(c, "XDP", "program %s (id %u) is attached without libxdp's dispatcher: no gate can run beside it",
		    now->name, now->main_id);
	if (hook_probe_ext()->rc)
		check_remedy(c, "`ip link set dev %s %s off`", ifname, off);
	else
		check_remedy(c, "`ip link set dev %s %s off`, and attach it with `xdp-loader load`", ifname, off);
}

static void attached_dispatcher(struct checks *c, const char *ifname, const struct xdp_now *now)
{
	if (now->version != XDP_DISPATCHER_VERSION) {
		check_wrong(c, "XDP", "the dispatcher there (id %u) speaks version %u, the installed libxdp version %u",
			    now->main_id, now->version, XDP_DISPATCHER_VERSION);
		check_remedy(c, "use the libxdp that made it, or `ip link set dev %s xdp off`", ifname);
		return;
	}
	check_ok(c, "XDP", "libxdp's dispatcher (id %u) with %d of %d programs", now->main_id,
		 xdp_multiprog__program_count(now->mp), MAX_DISPATCHER_ACTIONS);
}

void doctor_xdp(struct checks *c, const char *ifname, int ifindex)
{
	struct hook_target t = {.hook = KF_XDP, .ifindex = ifindex};
	struct xdp_now now = {0};
	int rc;

	snprintf(t.ifname, sizeof(t.ifname), "%s", ifname);
	rc = xdp_look(&t, &now);
	if (rc) {
		check_failed(c, "XDP", rc);
		return;
	}
	if (!now.main_id && !now.hw_id)
		check_ok(c, "XDP", "no program is attached");
	else if (now.version)
		attached_dispatcher(c, ifname, &now);
	else if (now.main_id)
		attached_alone(c, ifname, &now);
	if (now.hw_id)
		check_ok(c, "XDP", "a program (id %u) is offloaded to the device", now.hw_id);
	xdp_forget(&now);
}

/* --- Ours --- */

static void xdp_gate(struct checks *c, const struct state *s, const struct world *w, const struct hook_state *st)
{
	check_ok(c, "gate xdp", "attached, %s mode, %s, run priority %d", mode_name(st->mode),
		 st->multiprog ? "multiprog" : "alone", w->iface.run_prio);
	if (st->mode == MODE_GENERIC && w->iface.mode == MODE_AUTO && hook_probe_native(s->ifindex) == 1) {
		check_note(c, "gate xdp", "runs in generic mode although the driver runs XDP natively");
		check_remedy(c, "`down`, then `up --mode native`: it says what stands in the way");
	}
	if (w->iface.require & REQUIRE_MULTIPROG && !st->multiprog)
		check_wrong(c, "gate xdp", "attached alone, though multiprog is required");
	if (w->iface.require & REQUIRE_NATIVE && st->mode != MODE_NATIVE)
		check_wrong(c, "gate xdp", "in mode %s, though native is required", mode_name(st->mode));
}

static void gate(struct checks *c, struct state *s, const struct world *w, enum kf_hook hook)
{
	struct hook_state st = {0};
	char subject[32];
	int rc;

	snprintf(subject, sizeof(subject), "gate %s", hook_name(hook));
	rc = state_gate_open(s, hook, false);
	if (!rc)
		rc = runtime_gate(s, hook, &st);
	if (rc && rc != -ENOENT) {
		check_failed(c, subject, rc);
	} else if (rc || !st.attached) {
		check_wrong(c, subject, "not attached any more: its functions do not see a packet");
		check_remedy(c, "`kfaas-net up %s` attaches it again", s->ifname);
		fail_clear();
	} else if (hook == KF_XDP) {
		xdp_gate(c, s, w, &st);
	} else {
		check_ok(c, subject, "attached (%s)", st.tcx ? "tcx" : "clsact");
	}
}

static void component(struct checks *c, const struct state *s, const struct deployed *d)
{
	struct hook_state st = {0};
	struct hook_target t;

	runtime_target(s, KF_XDP, &t);
	if (!hook_find_prog(&t, d->head.prog_id[KF_XDP], &st) && st.attached)
		return;
	fail_clear();
	check_wrong(c, d->conf.name, "its component is not attached any more");
	check_remedy(c, "`kfaas-net replace %s %s`", s->ifname, d->conf.name);
}

static void account(struct checks *c, const struct state *s, const struct deployed *d)
{
	struct kf_account sum = {0};

	for (int h = 0; h < KF_HOOKS; h++) {
		struct kf_account a;

		if (d->head.hooks & 1u << h && !stats_read(s, h, d->id, &a))
			stats_add(&sum, &a);
	}
	fail_clear();
	if (sum.missing) {
		check_wrong(c, d->conf.name, "%llu packets passed by because its program was missing",
			    (unsigned long long)sum.missing);
		check_remedy(c, "`kfaas-net replace %s %s`", s->ifname, d->conf.name);
	}
	if (s->meters[d->id].blown) {
		check_wrong(c, d->conf.name,
			    "its fuse is blown (mean run time %u ns, budget %u ns): %llu packets were not given to it",
			    s->meters[d->id].mean_ns, d->conf.budget_ns, (unsigned long long)sum.fused);
		check_remedy(c, "`kfaas-net reset %s %s`, or a larger --budget", s->ifname, d->conf.name);
	}
	if (sum.limited)
		check_note(c, d->conf.name, "%llu packets were over its rate limit", (unsigned long long)sum.limited);
}

static void functions(struct checks *c, const struct state *s, const struct world *w)
{
	size_t before = c->n;

	for (size_t i = 0; i < w->n; i++) {
		if (w->fn[i].head.component >= 0)
			component(c, s, &w->fn[i]);
		else
			account(c, s, &w->fn[i]);
	}
	if (c->n == before)
		check_ok(c, "functions on it", "%zu, none in trouble", w->n);
	if (s->control->fib_refused) {
		check_wrong(c, "own addresses",
			    "%llu time%s the kernel did not say whether an address is this host's own; those packets "
			    "passed by",
			    (unsigned long long)s->control->fib_refused, s->control->fib_refused == 1 ? "" : "s");
		check_remedy(c, "run `kfaas-net up %s` again; `to PREFIX` or scope = any does without the question",
			     s->ifname);
	}
}

void doctor_gates(struct checks *c, const char *ifname)
{
	unsigned used = 1u << KF_XDP;
	struct state s;
	struct world w;
	int rc = state_open(&s, ifname, STATE_READ);

	if (rc == -ENOENT) {
		fail_clear();
		check_ok(c, "gates", "%s is not up", ifname);
		return;
	}
	if (rc) {
		check_failed(c, "gates", rc);
		return;
	}
	rc = world_read(&s, &w);
	if (rc)
		check_failed(c, "gates", rc);
	for (size_t i = 0; i < w.n; i++)
		if (w.fn[i].head.component < 0)
			used |= w.fn[i].head.hooks;
	for (int h = 0; h < KF_HOOKS && w.up; h++)
		if (used & 1u << h)
			gate(c, &s, &w, h);
	if (w.up)
		functions(c, &s, &w);
	world_free(&w);
	state_close(&s);
}
