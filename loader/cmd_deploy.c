/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_deploy.c - change one function of an interface: deploy, replace, rollback, remove, reset. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "log.h"
#include "plan.h"
#include "request.h"

static void say_deployed(const struct function_conf *conf)
{
	struct plan_function f = {.conf = conf, .digest = ""};
	struct plan_step step = {.kind = PLAN_DEPLOY, .name = conf->name, .wanted = &f};
	char *text = plan_step_text(&step);

	if (text)
		say("%s", text);
	free(text);
}

/* The limits that no function has alone, with C's in place of the one of its name. */
static int check_together(const struct world *w, const struct function_conf *conf, const char *replaced)
{
	struct plan_function *all = calloc(w->n + 1, sizeof(*all));
	size_t n = 0;
	int rc;

	if (!all)
		return -ENOMEM;
	for (size_t i = 0; i < w->n; i++)
		if (!replaced || strcmp(w->fn[i].conf.name, replaced))
			all[n++] = (struct plan_function){&w->fn[i].conf, w->fn[i].head.digest, w->fn[i].head.hooks};
	all[n++] = (struct plan_function){.conf = conf, .digest = ""};
	rc = plan_check(all, n, "deploy");
	free(all);
	return rc;
}

int cmd_deploy(int argc, char **argv)
{
	struct function_options o = {0};
	const struct args_option options[] = {
		FUNCTION_OPTIONS(o, SHOW_DEFAULT),
		{.name = "name", .string = &o.name, .value = "NAME", .help = "deploy it under another name"},
		{.name = "component",
		 .string = &o.component,
		 .value = "PRIO",
		 .help = "as a libxdp component of its own, at this run priority"},
		{0},
	};
	const struct args_spec spec = {
		.command = "deploy",
		.words = "IFACE FUNCTION",
		.min = 2,
		.max = 2,
		.options = options,
		.about = "FUNCTION is a name in the function path or the path of a BPF object. Options override\n"
			 "what the object's manifest says."};
	struct change c = {.kind = CHANGE_DEPLOY};
	struct world w = {0};
	struct state s;
	int rc = command_start(&spec, &argc, argv, NEEDS_BPF | NEEDS_SWEEP);

	if (rc)
		goto out;
	rc = request_function(&c, argv[1], &o);
	if (!rc && c.conf.n_data)
		rc = request_open(&c);
	if (!rc)
		rc = world_open(&s, &w, argv[0], STATE_CHANGE);
	if (rc)
		goto out;
	if (!world_find(&w, c.conf.name))
		rc = check_together(&w, &c.conf, NULL);
	if (!rc)
		rc = runtime_change(&s, NULL, &c, 1);
	if (!rc)
		say_deployed(&c.conf);
	world_close(&s, &w);
out:
	change_free(&c);
	function_options_free(&o);
	return rc;
}

/* The running function's conf with the new object and the options laid over; its triggers, limits
 * and settings stay unless an option says otherwise. */
static int replace_conf(struct change *c, const struct deployed *d, const char *object,
			const struct function_options *o)
{
	int rc;

	function_conf_init(&c->conf);
	rc = function_find(&c->function, object ? object : d->conf.object);
	if (!rc)
		rc = function_conf_copy(&c->conf, &d->conf);
	if (!rc && object)
		rc = request_object(&c->conf, &c->function, object);
	return rc ? rc : request_options(&c->conf, o);
}

int cmd_replace(int argc, char **argv)
{
	struct function_options o = {0};
	bool keep = false;
	const struct args_option options[] = {
		FUNCTION_OPTIONS(o, NO_DEFAULT), /* what runs stays */
		{.name = "keep-data", .flag = &keep, .help = "the new revision goes on with the maps of the old one"},
		{0},
	};
	const struct args_spec spec = {
		.command = "replace",
		.words = "IFACE NAME [FUNCTION]",
		.min = 2,
		.max = 3,
		.options = options,
		.about = "Load FUNCTION (without it: the same object again) as NAME's next revision and swap it\n"
			 "in. Triggers, limits and settings stay as they are, unless an option changes them. Data\n"
			 "files are read again, so this is how to put changed files in force, all at once."};
	struct change c = {.kind = CHANGE_REPLACE};
	struct world w = {0};
	struct deployed *d;
	struct state s;
	int rc = command_start(&spec, &argc, argv, NEEDS_BPF | NEEDS_SWEEP);

	if (rc)
		goto out;
	if (keep && o.data.n)
		rc = fail_input("replace: --keep-data goes on with the data that runs: leave it out, or --data");
	if (!rc)
		rc = world_open(&s, &w, argv[0], STATE_CHANGE);
	if (rc)
		goto out;
	rc = world_get(&s, &w, argv[1], &d);
	if (!rc)
		rc = replace_conf(&c, d, argc > 2 ? argv[2] : NULL, &o);
	if (!rc)
		rc = function_conf_check(&c.conf, c.conf.name);
	if (!rc)
		rc = check_together(&w, &c.conf, c.conf.name);
	c.keep_data = keep;
	if (!rc && c.conf.n_data && !keep)
		rc = request_open(&c);
	if (!rc)
		rc = runtime_change(&s, NULL, &c, 1);
	if (!rc)
		say("~ replace %s (%s)", c.conf.name, c.conf.object);
	world_close(&s, &w);
out:
	change_free(&c);
	function_options_free(&o);
	return rc;
}

static int change_by_name(int argc, char **argv, const struct args_spec *spec, enum change_kind kind, const char *done)
{
	struct change c = {.kind = kind};
	struct world w;
	struct state s;
	int rc = command_start(spec, &argc, argv, NEEDS_BPF | NEEDS_SWEEP);

	if (rc)
		return rc;
	function_conf_init(&c.conf);
	rc = world_open(&s, &w, argv[0], STATE_CHANGE);
	if (!rc) {
		c.conf.name = strdup(argv[1]);
		rc = c.conf.name ? runtime_change(&s, NULL, &c, 1) : -ENOMEM;
		if (!rc)
			say(done, argv[1]);
		world_close(&s, &w);
	}
	change_free(&c);
	return rc;
}

int cmd_rollback(int argc, char **argv)
{
	const struct args_spec spec = {
		.command = "rollback",
		.words = "IFACE NAME",
		.min = 2,
		.max = 2,
		.about = "Go back to the revision before: its programs, maps and settings, with the triggers and\n"
			 "limits of now. Twice is back again."};

	return change_by_name(argc, argv, &spec, CHANGE_ROLLBACK, "~ rollback %s");
}

int cmd_remove(int argc, char **argv)
{
	const struct args_spec spec = {.command = "remove",
				       .words = "IFACE NAME",
				       .min = 2,
				       .max = 2,
				       .about = "Take a function and its data away."};

	return change_by_name(argc, argv, &spec, CHANGE_REMOVE, "- remove %s");
}

int cmd_reset(int argc, char **argv)
{
	const struct args_spec spec = {
		.command = "reset",
		.words = "IFACE NAME",
		.min = 2,
		.max = 2,
		.about = "Put a blown fuse in again: the function is invoked, and measured anew."};
	struct world w = {0};
	struct deployed *d;
	struct state s;
	int rc = command_start(&spec, &argc, argv, NEEDS_BPF | NEEDS_SWEEP);

	if (!rc)
		rc = world_open(&s, &w, argv[0], STATE_CHANGE);
	if (rc)
		return rc;
	rc = world_get(&s, &w, argv[1], &d);
	if (!rc && !d->conf.budget_ns)
		rc = fail(-ENOENT, "%s has no fuse: `kfaas-net replace %s %s --budget TIME` gives it one", argv[1],
			  s.ifname, argv[1]);
	if (!rc) {
		struct kf_meter *m = &s.meters[d->id];
		bool blown = m->blown;

		m->over = m->mean_ns = 0;
		m->blown = 0;
		say(blown ? "%s: fuse of %s is in again" : "%s: fuse of %s was in, it is measured anew", s.ifname,
		    argv[1]);
	}
	world_close(&s, &w);
	return rc;
}
