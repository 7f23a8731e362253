/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_inspect.c - what a function is made of, and what it costs in the kernel. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "anatomy.h"
#include "caps.h"
#include "cmd.h"
#include "conf_value.h" /* conf_scalar */
#include "function.h"
#include "log.h"
#include "out.h"
#include "state.h" /* hook_name */
#include "util.h"

struct inspection {
	struct function f;
	struct function_conf conf;
	struct setting_text *settings;
	size_t n_settings;
	char license[64];
	bool tried, loaded;
	char why_not[512]; /* in the kernel */
};

/* What the kernel says of a program after loading. */
struct costs {
	unsigned verified, jited;
	unsigned long long memory;
};

static struct costs costs_of(const struct bpf_program *p)
{
	struct bpf_prog_info info = {0};
	__u32 len = sizeof(info);
	int fd = bpf_program__fd(p);

	if (fd < 0 || bpf_obj_get_info_by_fd(fd, &info, &len))
		return (struct costs){0};
	return (struct costs){info.verified_insns, info.jited_prog_len, anatomy_memory(fd)};
}

static unsigned long long map_memory(const struct bpf_map *m)
{
	return bpf_map__fd(m) < 0 ? 0 : anatomy_memory(bpf_map__fd(m));
}

static unsigned long long total_memory(const struct inspection *in)
{
	unsigned long long sum = 0;
	const struct bpf_map *m;

	bpf_object__for_each_map(m, in->f.obj) sum += map_memory(m);
	for (int h = 0; h < KF_HOOKS; h++)
		if (in->f.prog[h])
			sum += costs_of(in->f.prog[h]).memory;
	return sum;
}

static const char *map_type(const struct bpf_map *m)
{
	const char *name = libbpf_bpf_map_type_str(bpf_map__type(m));

	return name ? name : "unknown";
}

/* --- JSON --- */

static struct json_object *manifest_json(const struct function_conf *c)
{
	struct json_object *o = json_object_new_object(), *on = json_object_new_array();
	struct json_object *set = json_object_new_object(), *data = json_object_new_object();
	char text[SCALAR_TEXT_MAX];
	const char *key;

	for (size_t i = 0; i < c->n_on; i++)
		json_object_array_add(on, json_object_new_string(trigger_print(&c->on[i], text, sizeof(text))));
	json_object_object_add(o, "on", on);
	for (size_t i = 0; conf_scalar(c, i, &key, text, sizeof(text)); i++)
		json_str(o, key, text);
	for (size_t i = 0; i < c->n_set; i++)
		json_str(set, c->set[i].key, c->set[i].value);
	for (size_t i = 0; i < c->n_data; i++)
		json_str(data, c->data[i].key, c->data[i].value);
	json_object_object_add(o, "set", set);
	json_object_object_add(o, "data", data);
	return o;
}

static struct json_object *settings_json(const struct inspection *in)
{
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; i < in->n_settings; i++) {
		struct json_object *o = json_object_new_object();

		json_str(o, "name", in->settings[i].name);
		json_str(o, "type", in->settings[i].type);
		json_str(o, "default", in->settings[i].value);
		json_object_array_add(list, o);
	}
	return list;
}

/* A figure that only a loaded object has. */
static void json_cost(struct json_object *o, const char *key, const struct inspection *in, unsigned long long value)
{
	if (in->loaded)
		json_num(o, key, value);
	else
		json_str(o, key, NULL);
}

static struct json_object *maps_json(const struct inspection *in)
{
	struct json_object *list = json_object_new_array();
	const struct bpf_map *m;

	bpf_object__for_each_map(m, in->f.obj)
	{
		struct json_object *o = json_object_new_object();

		json_str(o, "name", bpf_map__name(m));
		json_str(o, "type", map_type(m));
		json_num(o, "key_size", bpf_map__key_size(m));
		json_num(o, "value_size", bpf_map__value_size(m));
		json_num(o, "max_entries", bpf_map__max_entries(m));
		json_cost(o, "memory", in, map_memory(m));
		json_object_array_add(list, o);
	}
	return list;
}

static struct json_object *program_json(const struct inspection *in, int hook)
{
	const struct bpf_program *p = in->f.prog[hook];
	struct json_object *o = json_object_new_object(), *helpers = json_object_new_object();
	struct costs costs = costs_of(p);
	struct calls calls;

	json_str(o, "hook", hook_name(hook));
	json_str(o, "name", bpf_program__name(p));
	json_str(o, "section", bpf_program__section_name(p));
	json_flag(o, "frags", in->f.frags[hook]);
	json_num(o, "instructions", bpf_program__insn_cnt(p));
	if (!anatomy_calls(p, &calls)) {
		for (size_t i = 0; i < calls.n; i++)
			json_num(helpers, calls.helper[i].name, calls.helper[i].count);
		json_num(o, "kfunc_calls", calls.kfuncs);
		json_num(o, "subprogram_calls", calls.subprogs);
		anatomy_calls_free(&calls);
	}
	json_object_object_add(o, "helpers", helpers);
	json_cost(o, "verified_instructions", in, costs.verified);
	json_cost(o, "jited_bytes", in, costs.jited);
	json_cost(o, "memory", in, costs.memory);
	return o;
}

static void print_json(const struct inspection *in)
{
	struct json_object *o = json_object_new_object(), *programs = json_object_new_array();

	json_str(o, "name", in->conf.name);
	json_str(o, "description", in->conf.description);
	json_str(o, "object", in->f.path);
	json_str(o, "sha256", in->f.digest);
	json_str(o, "license", *in->license ? in->license : NULL);
	json_object_object_add(o, "manifest", manifest_json(&in->conf));
	json_object_object_add(o, "settings", settings_json(in));
	json_object_object_add(o, "maps", maps_json(in));
	for (int h = 0; h < KF_HOOKS; h++)
		if (in->f.prog[h])
			json_object_array_add(programs, program_json(in, h));
	json_object_object_add(o, "programs", programs);
	json_flag(o, "loaded", in->loaded);
	json_str(o, "not_loaded", in->loaded ? NULL : in->why_not);
	json_cost(o, "memory", in, total_memory(in));
	out_object(o);
}

/* --- Text: what the object says, then what the kernel adds --- */

static void print_manifest(const struct inspection *in)
{
	const struct function_conf *c = &in->conf;
	char text[SCALAR_TEXT_MAX];
	const char *key;

	printf("%s%s%s\n", c->name, c->description ? ": " : "", c->description ? c->description : "");
	printf("  object     %s\n  sha256     %s\n", in->f.path, in->f.digest);
	printf("  license    %s\n", *in->license ? in->license : "none");
	printf("\nmanifest%s\n  on         ",
	       in->f.manifest ? ", with what it leaves out" : ": none in the object, so");
	for (size_t i = 0; i < c->n_on; i++)
		printf("%s%s", i ? ", " : "", trigger_print(&c->on[i], text, sizeof(text)));
	puts(c->n_on ? "" : "nothing: `deploy` needs --on");
	for (size_t i = 0; conf_scalar(c, i, &key, text, sizeof(text)); i++)
		printf("  %-10s %s\n", key, text);
	for (size_t i = 0; i < c->n_set; i++)
		printf("  set.%s = %s\n", c->set[i].key, c->set[i].value);
	for (size_t i = 0; i < c->n_data; i++)
		printf("  data.%s = %s\n", c->data[i].key, c->data[i].value);
}

static void print_settings(const struct inspection *in)
{
	static const char *const heads[] = {"SETTING", "TYPE", "DEFAULT"};
	struct table *t;

	if (!in->n_settings)
		return;
	t = table_new(3, heads);
	for (size_t i = 0; i < in->n_settings; i++) {
		table_cell(t, "%s", in->settings[i].name);
		table_cell(t, "%s", in->settings[i].type);
		table_cell(t, "%s", in->settings[i].value);
	}
	puts("");
	table_print(t);
}

static void cost_cell(struct table *t, const struct inspection *in, unsigned long long value)
{
	if (in->loaded)
		table_cell(t, "%llu", value);
	else
		table_cell(t, "-");
}

static void print_maps(const struct inspection *in)
{
	static const char *const heads[] = {"MAP", "TYPE", "KEY", "VALUE", "ENTRIES", "MEMORY"};
	const struct bpf_map *m;
	struct table *t;

	if (!bpf_object__next_map(in->f.obj, NULL))
		return;
	t = table_new(6, heads);
	bpf_object__for_each_map(m, in->f.obj)
	{
		table_cell(t, "%s", bpf_map__name(m));
		table_cell(t, "%s", map_type(m));
		table_cell(t, "%u", bpf_map__key_size(m));
		table_cell(t, "%u", bpf_map__value_size(m));
		table_cell(t, "%u", bpf_map__max_entries(m));
		cost_cell(t, in, map_memory(m));
	}
	puts("");
	table_print(t);
}

static void print_calls(const struct inspection *in)
{
	for (int h = 0; h < KF_HOOKS; h++) {
		struct calls calls;

		if (!in->f.prog[h] || anatomy_calls(in->f.prog[h], &calls))
			continue;
		printf("\n%s calls", hook_name(h));
		for (size_t i = 0; i < calls.n; i++)
			printf("%s %s (%u)", i ? "," : "", calls.helper[i].name, calls.helper[i].count);
		if (calls.kfuncs)
			printf("%s kernel functions (%u)", calls.n ? "," : "", calls.kfuncs);
		if (!calls.n && !calls.kfuncs)
			printf(" no helper");
		if (calls.subprogs && !in->tried)
			printf("; what its subprograms call is only known after loading");
		puts("");
		anatomy_calls_free(&calls);
	}
}

static void print_programs(const struct inspection *in)
{
	static const char *const heads[] = {"HOOK", "PROGRAM", "SECTION", "INSNS", "VERIFIED", "JITED", "MEMORY"};
	struct table *t = table_new(7, heads);

	for (int h = 0; h < KF_HOOKS; h++) {
		const struct bpf_program *p = in->f.prog[h];
		struct costs costs;

		if (!p)
			continue;
		costs = costs_of(p);
		table_cell(t, "%s", hook_name(h));
		table_cell(t, "%s", bpf_program__name(p));
		table_cell(t, "%s", bpf_program__section_name(p));
		table_cell(t, "%zu", bpf_program__insn_cnt(p));
		cost_cell(t, in, costs.verified);
		cost_cell(t, in, costs.jited);
		cost_cell(t, in, costs.memory);
	}
	puts("");
	table_print(t);
}

/* --- Gathering --- */

static int default_name(struct inspection *in)
{
	const char *base = strrchr(in->f.path, '/') + 1;

	if (!in->conf.name)
		in->conf.name = strndup(base, strcspn(base, "."));
	return in->conf.name ? 0 : -ENOMEM;
}

static int open_object(struct inspection *in, const char *object)
{
	int rc = function_find(&in->f, object);

	if (!rc)
		rc = function_manifest(&in->f, &in->conf);
	if (!rc)
		rc = default_name(in);
	if (!rc)
		rc = function_open(&in->f);
	if (!rc)
		rc = anatomy_settings(&in->f, &in->settings, &in->n_settings);
	if (!rc)
		anatomy_license(&in->f, in->license, sizeof(in->license));
	return rc;
}

/* Into the kernel for as long as we live: nothing is pinned or attached. Not being allowed to is no
 * failure; the verifier's refusal is. */
static int load(struct inspection *in)
{
	char missing[128];
	int rc = caps_may_load(missing, sizeof(missing));

	if (rc) {
		path_join(in->why_not, sizeof(in->why_not), "missing %s", missing);
		return 0;
	}
	in->tried = true;
	rc = function_settings(&in->f, &in->conf);
	if (!rc)
		rc = function_load(&in->f);
	in->loaded = !rc;
	if (!rc)
		return 0;
	path_join(in->why_not, sizeof(in->why_not), "%s", fail_text());
	if (rc == -EPERM && !*log_verifier_line()) {
		fail_clear();
		return 0;
	}
	return rc;
}

static int inspect(struct inspection *in, const char *object)
{
	int rc = open_object(in, object);

	if (rc)
		return rc;
	if (out_json) {
		rc = load(in);
		print_json(in);
		return rc;
	}
	print_manifest(in);
	print_settings(in);
	fflush(stdout);
	rc = load(in);
	print_maps(in);
	print_programs(in);
	print_calls(in);
	if (in->loaded)
		printf("\nloaded for this look only: %llu bytes of kernel memory in all\n", total_memory(in));
	else if (rc)
		printf("\nnot loaded: the kernel refused it\n");
	else
		printf("\nnot loaded, so what it costs in the kernel is not known: %s\n", in->why_not);
	fflush(stdout);
	return rc;
}

int cmd_inspect(int argc, char **argv)
{
	const struct args_spec spec = {
		.command = "inspect",
		.words = "FUNCTION",
		.min = 1,
		.max = 1,
		.about = "What a function (a name in the function path, or a .bpf.o) is made of: manifest, settings,\n"
			 "maps, programs, the helpers they call. Loads it into the kernel for a moment, if allowed\n"
			 "to, and tells what it costs there; attaches and pins nothing."};
	struct inspection in = {0};
	int rc = command_start(&spec, &argc, argv, NEEDS_NOTHING);

	if (rc)
		return rc;
	function_conf_init(&in.conf);
	rc = inspect(&in, argv[0]);
	free(in.settings);
	function_conf_free(&in.conf);
	function_free(&in.f);
	return rc;
}
