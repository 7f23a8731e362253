/* SPDX-License-Identifier: Apache-2.0 */
/* inspect_text.c - what `inspect` found, for people. */
#include <bpf/libbpf.h>
#include <stdio.h>

#include "conf_value.h" /* conf_scalar */
#include "inspect.h"
#include "out.h"
#include "state.h" /* hook_name */

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
		table_cell(t, "%s", inspect_map_type(m));
		table_cell(t, "%u", bpf_map__key_size(m));
		table_cell(t, "%u", bpf_map__value_size(m));
		table_cell(t, "%u", bpf_map__max_entries(m));
		cost_cell(t, in, inspect_map_memory(m));
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
		costs = inspect_costs(p);
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

void inspect_print_static(const struct inspection *in)
{
	print_manifest(in);
	print_settings(in);
}

void inspect_print_loaded(const struct inspection *in)
{
	print_maps(in);
	print_programs(in);
	print_calls(in);
	if (in->loaded)
		printf("\nloaded for this look only: %llu bytes of kernel memory in all\n", inspect_memory(in));
	else if (in->refused)
		printf("\nnot loaded: the kernel refused it\n");
	else
		printf("\nnot loaded, so what it costs in the kernel is not known: %s\n", in->why_not);
}
