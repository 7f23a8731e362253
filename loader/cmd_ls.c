/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_ls.c - what is deployed where. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "json_conf.h"
#include "log.h"
#include "out.h"
#include "runtime.h"

static void print_list(char *buf, size_t size, const struct function_conf *c)
{
	char text[TRIGGER_TEXT_MAX];
	size_t n = 0, shown = 0;

	buf[0] = 0;
	for (; shown < c->n_on; shown++) {
		trigger_print(&c->on[shown], text, sizeof(text));
		if (n + strlen(text) + 16 > size)
			break;
		n += snprintf(buf + n, size - n, "%s%s", shown ? ", " : "", text);
	}
	if (shown < c->n_on)
		snprintf(buf + n, size - n, ", +%zu more", c->n_on - shown);
}

static const char *hooks_text(const struct kf_head *h, char *buf, size_t size)
{
	buf[0] = 0;
	for (int i = 0; i < KF_HOOKS; i++)
		if (h->hooks & 1u << i) {
			size_t n = strlen(buf);

			snprintf(buf + n, size - n, "%s%s", n ? "," : "", hook_name(i));
		}
	return buf;
}

static const char *state_text(const struct state *s, const struct deployed *d)
{
	struct hook_target t;
	struct hook_state st;

	if (s->meters[d->id].blown)
		return "fuse blown";
	if (d->head.component < 0)
		return "running";
	runtime_target(s, KF_XDP, &t);
	if (!hook_find_prog(&t, d->head.prog_id[KF_XDP], &st) && st.attached)
		return "running";
	return "detached";
}

/* --- JSON --- */

static struct json_object *function_json(const struct state *s, const struct deployed *d)
{
	struct json_object *o = json_object_new_object(), *hooks = json_object_new_array();

	json_str(o, "name", d->conf.name);
	json_num(o, "id", d->id);
	json_num(o, "slot", d->at.slot);
	json_num(o, "revision", d->at.revision);
	if (d->at.previous)
		json_num(o, "previous_revision", d->at.previous_revision);
	else
		json_str(o, "previous_revision", NULL);
	json_str(o, "object", d->conf.object);
	json_str(o, "sha256", d->head.digest);
	json_num(o, "loaded_at", d->head.loaded_at);
	for (int h = 0; h < KF_HOOKS; h++)
		if (d->head.hooks & 1u << h)
			json_object_array_add(hooks, json_object_new_string(hook_name(h)));
	json_object_object_add(o, "hooks", hooks);
	json_function_conf(o, &d->conf);
	json_str(o, "state", state_text(s, d));
	return o;
}

static struct json_object *gates_json(const struct state *s)
{
	struct json_object *gates = json_object_new_object();

	for (int h = 0; h < KF_HOOKS; h++) {
		struct json_object *g;
		struct hook_state st;

		if (!s->gate[h].open || runtime_gate(s, h, &st))
			continue;
		g = json_object_new_object();
		json_flag(g, "attached", st.attached);
		json_num(g, "prog_id", st.prog_id);
		if (h == KF_XDP) {
			json_str(g, "mode", mode_name(st.mode));
			json_flag(g, "multiprog", st.multiprog);
			json_int(g, "run_prio", st.run_prio);
		} else {
			json_str(g, "mode", st.tcx ? "tcx" : "clsact");
		}
		json_object_object_add(gates, hook_name(h), g);
	}
	return gates;
}

static struct json_object *interface_json(const struct state *s, const struct world *w)
{
	struct json_object *o = json_object_new_object(), *functions = json_object_new_array();

	json_str(o, "interface", s->ifname);
	json_int(o, "ifindex", s->ifindex);
	json_num(o, "up_at", w->iface.up_at);
	json_num(o, "sample", w->iface.sample);
	json_object_object_add(o, "gates", gates_json(s));
	for (size_t i = 0; i < w->n; i++)
		json_object_array_add(functions, function_json(s, &w->fn[i]));
	json_object_object_add(o, "functions", functions);
	return o;
}

/* --- Text --- */

static void print_interface(const struct state *s, const struct world *w)
{
	static const char *const heads[] = {"NAME", "REV", "OBJECT", "HOOKS", "PRIO", "STATE", "ON"};
	struct table *t;
	bool attached = false;

	printf("%s:", s->ifname);
	for (int h = 0; h < KF_HOOKS; h++) {
		struct hook_state st;

		if (!s->gate[h].open || runtime_gate(s, h, &st) || !st.attached)
			continue;
		attached |= h == KF_XDP;
		printf(" %s (%s%s)", hook_name(h),
		       h == KF_XDP ? mode_name(st.mode)
		       : st.tcx	   ? "tcx"
				   : "clsact",
		       h != KF_XDP    ? ""
		       : st.multiprog ? ", multiprog"
				      : ", alone");
	}
	puts(attached ? "" : " the xdp gate was detached by someone else: `kfaas-net up` attaches it again");
	if (!w->n) {
		say("no function is deployed: `kfaas-net deploy %s FUNCTION`", s->ifname);
		return;
	}
	t = table_new(7, heads);
	for (size_t i = 0; i < w->n; i++) {
		const struct deployed *d = &w->fn[i];
		char hooks[48], on[60];

		print_list(on, sizeof(on), &d->conf);
		table_cell(t, "%s", d->conf.name);
		table_cell(t, "%u", d->at.revision);
		table_cell(t, "%s", d->conf.object);
		table_cell(t, "%s", hooks_text(&d->head, hooks, sizeof(hooks)));
		table_cell(t, "%d", d->conf.prio);
		table_cell(t, "%s", state_text(s, d));
		if (d->head.component >= 0)
			table_cell(t, "(component, run priority %d)", d->head.component);
		else
			table_cell(t, "%s", on);
	}
	table_print(t);
}

static int list_one(const char *ifname, struct json_object *all)
{
	struct state s;
	struct world w;
	int rc = world_open(&s, &w, ifname, STATE_READ);

	if (rc)
		return rc;
	if (all)
		json_object_array_add(all, interface_json(&s, &w));
	else
		print_interface(&s, &w);
	world_close(&s, &w);
	return 0;
}

static int list_all(struct json_object *all)
{
	char **names;
	size_t n;
	int rc = state_list(&names, &n);

	if (rc)
		return rc;
	if (!n && !all)
		say("nothing is up here: `kfaas-net up IFACE` starts");
	for (size_t i = 0; i < n; i++) {
		if (!rc)
			rc = list_one(names[i], all);
		if (rc == -ENOENT) { /* taken down meanwhile */
			fail_clear();
			rc = 0;
		}
		free(names[i]);
	}
	free(names);
	return rc;
}

int cmd_ls(int argc, char **argv)
{
	const struct args_spec spec = {.command = "ls",
				       .words = "[IFACE]",
				       .max = 1,
				       .about = "The interfaces that are up, and what is deployed on them."};
	struct json_object *all;
	int rc = command_start(&spec, &argc, argv, NEEDS_BPF | NEEDS_SWEEP | TELLS_JSON);

	if (rc)
		return rc;
	all = out_json ? json_object_new_array() : NULL;
	rc = argc ? list_one(argv[0], all) : list_all(all);
	if (all && !rc)
		out_object(all);
	else if (all)
		json_object_put(all);
	return rc;
}
