/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_up.c - attach, and bring an interface to what its config says; and the way back. */
#include <errno.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cmd.h"
#include "link.h"
#include "log.h"
#include "request.h"
#include "scope.h"
#include "util.h"

#define CONFIG_DIR "/etc/kfaas-net"

/* Frames must begin with an Ethernet header, and the interface must be up to take any. IFNAME takes its name. */
static int check_link(const char *word, char ifname[IF_NAMESIZE])
{
	struct link link;
	int rc, ifindex = link_find(word, ifname);

	if (!ifindex)
		return fail_input("no interface '%s' here: `ip link` lists them (--netns NAME enters a namespace)",
				  word);
	rc = link_get(ifindex, -1, &link);
	if (rc)
		return fail(rc, "the kernel does not tell of %s: %s; try again", ifname, strerror(-rc));
	if (link.type != ARPHRD_ETHER && link.type != ARPHRD_LOOPBACK)
		return fail_input("%s carries no Ethernet frames (link type %u): functions work on Ethernet", ifname,
				  link.type);
	if (!(link.flags & IFF_UP))
		warning("%s is down: nothing arrives until `ip link set %s up`", ifname, ifname);
	return 0;
}

static int interface_settings(struct kf_iface_head *head, const struct request *r, const struct world *w,
			      bool configured, const char *mode, const char *require)
{
	enum mode m;
	unsigned bits;

	if (w->up && !configured)
		*head = w->iface;
	else
		*head = (struct kf_iface_head){.mode = r->conf.mode,
					       .run_prio = r->conf.run_prio,
					       .require = r->conf.require,
					       .sample = r->conf.sample};
	if (mode) {
		if (mode_parse(mode, &m))
			return fail_input("--mode '%s': it is auto, native, generic or offload", mode);
		head->mode = m;
	}
	if (require) {
		if (require_parse(require, &bits))
			return fail_input("--require '%s': it is native, multiprog or frags, with commas between",
					  require);
		head->require |= bits;
	}
	return 0;
}

/* How the gate is attached cannot be changed while packets go through it. */
static int check_same_attachment(const struct state *s, const struct world *w, const struct kf_iface_head *head)
{
	if (!w->up)
		return 0;
	if (head->mode != w->iface.mode)
		return fail(-EBUSY, "%s is up in mode %s: `down` first, to attach it in mode %s", s->ifname,
			    mode_name(w->iface.mode), mode_name(head->mode));
	if (head->run_prio != w->iface.run_prio)
		return fail(-EBUSY, "%s is up with run-prio %d: `down` first, to attach it with %d", s->ifname,
			    w->iface.run_prio, head->run_prio);
	return 0;
}

static int check_required(const struct state *s, const struct kf_iface_head *head)
{
	struct hook_state gate;
	int rc = runtime_gate(s, KF_XDP, &gate);

	if (rc || !gate.attached)
		return rc;
	if (head->require & REQUIRE_MULTIPROG && !gate.multiprog)
		return fail(-EOPNOTSUPP,
			    "%s is up, but its gate is attached alone, not through libxdp's dispatcher as required",
			    s->ifname);
	if (head->require & REQUIRE_NATIVE && gate.mode != MODE_NATIVE)
		return fail(-EOPNOTSUPP, "%s is up, but in mode %s, not native as required", s->ifname,
			    mode_name(gate.mode));
	if (head->require & REQUIRE_FRAGS && !gate.frags)
		return fail(-EOPNOTSUPP,
			    "%s is up, but its gate does not take frames of several buffers (frags) as required: "
			    "`down` first",
			    s->ifname);
	return 0;
}

/* Are the gates attached that what runs needs? */
static bool gates_attached(const struct state *s, const struct world *w)
{
	unsigned hooks = 1u << KF_XDP;
	struct hook_state gate;
	bool all = true;

	for (size_t i = 0; i < w->n; i++)
		hooks |= w->fn[i].head.component < 0 ? w->fn[i].head.hooks : 0;
	for (int h = 0; h < KF_HOOKS; h++)
		if (hooks & 1u << h)
			all &= !runtime_gate(s, h, &gate) && gate.attached;
	return all;
}

static int bring_up(struct state *s, struct request *r, bool configured, const char *mode, const char *require)
{
	bool was_up = s->control->g[state_gen(s)].iface_record; /* also if it cannot be read */
	struct change *changes = NULL;
	struct kf_iface_head head;
	struct world w = {0};
	__u64 macs[KF_MACS]; /* that the gates know now */
	bool same = false, moved;
	size_t n = 0;
	int rc = world_read(s, &w);

	if (!rc)
		rc = interface_settings(&head, r, &w, configured, mode, require);
	if (!rc)
		rc = check_same_attachment(s, &w, &head);
	if (!rc && w.up)
		rc = check_required(s, &head);
	if (!rc && (configured || !w.up))
		rc = request_plan(r, &w, &changes, &n);
	head.ifindex = s->ifindex;
	head.up_at = w.up ? w.iface.up_at : (__u64)time(NULL);
	if (!rc) { /* what is missing although it is up was taken by somebody */
		rc = scope_up(w.up ? say : detail);
		same = !rc && !n && w.up && !memcmp(&head, &w.iface, sizeof(head)) && gates_attached(s, &w);
		rc = rc < 0 ? rc : 0;
	}
	memcpy(macs, s->control->g[state_gen(s)].mac, sizeof(macs));
	if (!rc)
		rc = runtime_change(s, &head, changes, n);
	moved = was_up && memcmp(macs, s->control->g[state_gen(s)].mac, sizeof(macs));
	if (!rc && moved)
		say("%s: + MAC addresses as they are now", s->ifname);
	if (!rc)
		s->control->fib_refused = 0; /* those of before what scope_up mended */
	if (!rc && same && !moved)
		say("%s is up; nothing to change", s->ifname);
	else if (!rc && !n)
		say(w.up ? "%s is up" : "%s is up, without functions", s->ifname);
	for (size_t i = 0; i < n; i++) {
		if (!rc && changes[i].text)
			say("%s", changes[i].text);
		change_free(&changes[i]);
	}
	free(changes);
	if (rc && !was_up)
		runtime_down(s);
	world_free(&w);
	return rc;
}

int cmd_up(int argc, char **argv)
{
	const char *config = NULL, *mode = NULL, *require = NULL;
	const struct args_option options[] = {
		{.name = "config",
		 .letter = 'c',
		 .string = &config,
		 .value = "FILE",
		 .help = "instead of " CONFIG_DIR "/IFACE.conf; -: standard input"},
		{.name = "mode",
		 .letter = 'm',
		 .string = &mode,
		 .value = "MODE",
		 .help = "auto, native, generic or offload"},
		{.name = "require",
		 .letter = 'r',
		 .string = &require,
		 .value = "WHAT",
		 .help = "fail without native, multiprog, frags"},
		{0},
	};
	const struct args_spec spec = {
		.command = "up",
		.words = "IFACE",
		.min = 1,
		.max = 1,
		.options = options,
		.about = "Attach the gate to IFACE and bring it to what its config file says. Without a\n"
			 "config file the built-in set is deployed (ping); an interface that is up already\n"
			 "keeps its functions."};
	struct request r = {0};
	struct state s;
	char path[64], ifname[IF_NAMESIZE];
	int rc = command_start(&spec, &argc, argv, NEEDS_BPF | NEEDS_SWEEP);

	if (rc)
		return rc;
	rc = check_link(argv[0], ifname);
	path_join(path, sizeof(path), CONFIG_DIR "/%s.conf", ifname);
	if (!rc && !config && !access(path, F_OK))
		config = path;
	if (!rc)
		rc = config ? request_config(&r, config) : request_builtin(&r);
	if (!rc)
		rc = runtime_open(&s, argv[0], STATE_CREATE);
	if (!rc) {
		rc = bring_up(&s, &r, config, mode, require);
		state_close(&s);
	}
	request_free(&r);
	return rc;
}

int cmd_down(int argc, char **argv)
{
	const struct args_spec spec = {
		.command = "down",
		.words = "IFACE",
		.min = 1,
		.max = 1,
		.about = "Detach the gates and components of IFACE and remove all functions. What others\n"
			 "attached stays."};
	struct state s;
	int rc = command_start(&spec, &argc, argv, NEEDS_BPF | NEEDS_SWEEP);

	if (!rc)
		rc = runtime_open(&s, argv[0], STATE_CHANGE);
	if (rc)
		return rc;
	rc = runtime_down(&s);
	if (!rc)
		say("%s is down", s.ifname);
	state_close(&s);
	return rc;
}
