/* SPDX-License-Identifier: Apache-2.0 */
/* inspect_json.c - what `inspect` found, as JSON. */
#include <bpf/libbpf.h>

#include "json_conf.h"
#include "inspect.h"
#include "out.h"
#include "state.h" /* hook_name */

static struct json_object *manifest_json(const struct function_conf *c)
{
	struct json_object *o = json_object_new_object();

	json_function_conf(o, c);
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
		json_str(o, "type", inspect_map_type(m));
		json_num(o, "key_bytes", bpf_map__key_size(m));
		json_num(o, "value_bytes", bpf_map__value_size(m));
		json_num(o, "max_entries", bpf_map__max_entries(m));
		json_cost(o, "memory_bytes", in, inspect_map_memory(m));
		json_object_array_add(list, o);
	}
	return list;
}

static struct json_object *program_json(const struct inspection *in, int hook)
{
	const struct bpf_program *p = in->f.prog[hook];
	struct json_object *o = json_object_new_object(), *helpers = json_object_new_object();
	struct costs costs = inspect_costs(p);
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
	json_cost(o, "memory_bytes", in, costs.memory);
	return o;
}

void inspect_print_json(const struct inspection *in)
{
	struct json_object *o = json_object_new_object(), *programs = json_object_new_array();

	json_str(o, "name", in->conf.name);
	json_str(o, "description", in->conf.description);
	json_str(o, "path", in->f.path);
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
	json_cost(o, "memory_bytes", in, inspect_memory(in));
	out_object(o);
}
