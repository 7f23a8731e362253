// SPDX-License-Identifier: Apache-2.0
/* conf_print.c - the config structs as canonical INI text: keys in a fixed order, only what differs
 * from a base, so that equal structs give equal text and parsing the text gives them back. */
#include <stdlib.h>
#include <string.h>

#include "conf_value.h"
#include "log.h"

#define LINE_WIDTH 100

static bool same_triggers(const struct function_conf *a, const struct function_conf *b)
{
	if (a->n_on != b->n_on)
		return false;
	for (size_t i = 0; i < a->n_on; i++)
		if (trigger_compare(&a->on[i], &b->on[i]))
			return false;
	return true;
}

/* As many on a line as are read with ease. */
static void print_triggers(FILE *out, const struct function_conf *f)
{
	char text[TRIGGER_TEXT_MAX];
	int width = 0;

	for (size_t i = 0; i < f->n_on; i++) {
		trigger_print(&f->on[i], text, sizeof(text));
		if (width && width + strlen(text) + 2 <= LINE_WIDTH)
			width += fprintf(out, ", %s", text);
		else
			width = fprintf(out, "%son = %s", i ? "\n" : "", text);
	}
	if (f->n_on)
		fputc('\n', out);
}

static const char *pair_value(const struct pair *pairs, size_t n, const char *key)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(pairs[i].key, key))
			return pairs[i].value;
	return NULL;
}

static void print_pairs(FILE *out, const char *prefix, const struct pair *pairs, size_t n, const struct pair *base,
			size_t n_base)
{
	for (size_t i = 0; i < n; i++) {
		const char *below = pair_value(base, n_base, pairs[i].key);

		if (!below || strcmp(below, pairs[i].value))
			fprintf(out, "%s.%s = %s\n", prefix, pairs[i].key, pairs[i].value);
	}
}

static void prio_text(const struct function_conf *f, char *buf, size_t size)
{
	snprintf(buf, size, "%d", f->prio);
}

static void scope_text(const struct function_conf *f, char *buf, size_t size)
{
	snprintf(buf, size, "%s", scope_choices[f->scope].word);
}

static void continue_text(const struct function_conf *f, char *buf, size_t size)
{
	print_continue(buf, size, f->continue_xdp);
}

static void limit_text(const struct function_conf *f, char *buf, size_t size)
{
	print_limit(buf, size, f->limit_rate, f->limit_burst);
}

static void on_limit_text(const struct function_conf *f, char *buf, size_t size)
{
	snprintf(buf, size, "%s", over_choices[f->on_limit].word);
}

static void budget_text(const struct function_conf *f, char *buf, size_t size)
{
	print_budget(buf, size, f->budget_ns);
}

static void on_fuse_text(const struct function_conf *f, char *buf, size_t size)
{
	snprintf(buf, size, "%s", over_choices[f->on_fuse].word);
}

static void component_text(const struct function_conf *f, char *buf, size_t size)
{
	if (f->component < 0)
		snprintf(buf, size, "none");
	else
		snprintf(buf, size, "%d", f->component);
}

static const struct scalar {
	const char *key;
	void (*text)(const struct function_conf *f, char *buf, size_t size);
} scalars[] = {
	{"prio", prio_text},	   {"scope", scope_text},	  {"continue", continue_text},
	{"limit", limit_text},	   {"on-limit", on_limit_text},	  {"budget", budget_text},
	{"on-fuse", on_fuse_text}, {"component", component_text},
};

const char *conf_scalar(const struct function_conf *f, size_t i, const char **key, char *buf, size_t size)
{
	if (i >= sizeof(scalars) / sizeof(scalars[0]))
		return NULL;
	*key = scalars[i].key;
	scalars[i].text(f, buf, size);
	return buf;
}

static void print_function(FILE *out, const struct function_conf *f, const struct function_conf *base)
{
	char value[SCALAR_TEXT_MAX], below[SCALAR_TEXT_MAX];
	const char *key;

	if (f->name)
		fprintf(out, "[function %s]\n", f->name);
	if (f->object)
		fprintf(out, "object = %s\n", f->object);
	if (!same_triggers(f, base))
		print_triggers(out, f);
	for (size_t i = 0; conf_scalar(f, i, &key, value, sizeof(value)); i++)
		if (strcmp(value, conf_scalar(base, i, &key, below, sizeof(below))))
			fprintf(out, "%s = %s\n", key, value);
	print_pairs(out, "set", f->set, f->n_set, base->set, base->n_set);
	print_pairs(out, "data", f->data, f->n_data, base->data, base->n_data);
}

static char *finish(FILE *out, char **text)
{
	if (!out || fclose(out)) {
		fail_memory();
		if (out)
			free(*text);
		return NULL;
	}
	return *text;
}

char *function_conf_text_over(const struct function_conf *f, const struct function_conf *base)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (out)
		print_function(out, f, base);
	return finish(out, &text);
}

char *function_conf_text(const struct function_conf *f)
{
	struct function_conf base;

	function_conf_init(&base);
	return function_conf_text_over(f, &base);
}

char *function_conf_record(const struct function_conf *f)
{
	struct function_conf base;
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	function_conf_init(&base);
	if (out)
		print_function(out, f, &base);
	for (size_t i = 0; out && i < f->n_data; i++)
		if (f->data[i].digest)
			fprintf(out, DIGEST_KEY "%s = %s\n", f->data[i].key, f->data[i].digest);
	return finish(out, &text);
}

char *conf_interface_text(const struct conf *c)
{
	char *text = NULL, require[64];
	struct conf base;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	conf_init(&base);
	if (out) {
		fputs("[interface]\n", out);
		if (c->mode != base.mode)
			fprintf(out, "mode = %s\n", mode_name(c->mode));
		if (c->run_prio != base.run_prio)
			fprintf(out, "run-prio = %d\n", c->run_prio);
		require_print(c->require, require, sizeof(require));
		if (*require)
			fprintf(out, "require = %s\n", require);
		if (c->sample != base.sample)
			fprintf(out, "sample = %u\n", c->sample);
	}
	return finish(out, &text);
}
