// SPDX-License-Identifier: Apache-2.0
/* args.c - a command's words against its table of options. */
#include "args.h"

#include <ctype.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "conf.h" /* parse_u64 */
#include "log.h"
#include "suggest.h"

/* What the user types before the words. */
static const char *typed(const struct args_spec *spec)
{
	static char text[64];

	if (spec->program)
		return spec->program;
	snprintf(text, sizeof(text), "kfaas-net %s", spec->command);
	return text;
}

/* What an error begins with; a program of its own has its name put before it in any case. */
static const char *begin(const struct args_spec *spec)
{
	static char text[64];

	if (spec->program)
		return "";
	snprintf(text, sizeof(text), "%s: ", spec->command);
	return text;
}

struct parsing {
	const struct args_spec *spec;
	const struct args_option *option[ARGS_OPTIONS_MAX];
	bool seen[ARGS_OPTIONS_MAX];
	size_t n;
	char **next, **end;
};

static void add_table(struct parsing *p, const struct args_option *table)
{
	for (; table && table->name && p->n < ARGS_OPTIONS_MAX; table++)
		p->option[p->n++] = table;
}

static int find_long(const struct parsing *p, const char *name, size_t len)
{
	for (size_t i = 0; i < p->n; i++)
		if (!strncmp(p->option[i]->name, name, len) && !p->option[i]->name[len])
			return i;
	return -1;
}

static int find_letter(const struct parsing *p, char letter)
{
	for (size_t i = 0; i < p->n; i++)
		if (p->option[i]->letter == letter)
			return i;
	return -1;
}

static int unknown(const struct parsing *p, const char *word)
{
	const char *names[ARGS_OPTIONS_MAX], *near;
	char name[64];

	for (size_t i = 0; i < p->n; i++)
		names[i] = p->option[i]->name;
	snprintf(name, sizeof(name), "%.*s", (int)strcspn(word, "="), word);
	near = suggest(name + strspn(name, "-"), names, p->n);
	if (near)
		return fail_input("%sunknown option '%s': did you mean '--%s'?", begin(p->spec), name, near);
	return fail_input("%sunknown option '%s': see `%s --help`", begin(p->spec), name, typed(p->spec));
}

/* Is WORD one of our options, rather than some option's value? */
static bool is_option(const struct parsing *p, const char *word)
{
	if (!strncmp(word, "--", 2))
		return !word[2] || find_long(p, word + 2, strcspn(word + 2, "=")) >= 0;
	return word[0] == '-' && word[1] && !word[2] && find_letter(p, word[1]) >= 0;
}

static int list_add(struct args_list *list, const char *value)
{
	const char **item = realloc(list->item, (list->n + 1) * sizeof(*item));

	if (!item)
		return fail_memory();
	list->item = item;
	item[list->n++] = value;
	return 0;
}

static int take_number(const struct parsing *p, const struct args_option *o, const char *value)
{
	unsigned long long max = o->max ? o->max : ULLONG_MAX;

	if (!parse_u64(value, o->min, max, o->number))
		return 0;
	if (o->max)
		return fail_input("%sbad value '%s' for --%s: a whole number from %llu to %llu", begin(p->spec), value,
				  o->name, o->min, max);
	return fail_input("%sbad value '%s' for --%s: a whole number from %llu on", begin(p->spec), value, o->name,
			  o->min);
}

/* VALUE: what was joined to the option, or NULL. */
static int take_option(struct parsing *p, int i, const char *value)
{
	const struct args_option *o = p->option[i];

	if (p->seen[i] && !o->list)
		return fail_input("%s--%s is there twice: leave one out", begin(p->spec), o->name);
	p->seen[i] = true;
	if (o->flag) {
		if (value)
			return fail_input("%s--%s takes no value", begin(p->spec), o->name);
		*o->flag = true;
		return 0;
	}
	if (!value && p->next < p->end && !is_option(p, *p->next))
		value = *p->next++;
	if (!value || !*value)
		return fail_input("%s--%s needs a value: --%s %s", begin(p->spec), o->name, o->name,
				  o->value ? o->value : "VALUE");
	if (o->number)
		return take_number(p, o, value);
	if (o->list)
		return list_add(o->list, value);
	*o->string = value;
	return 0;
}

static int take_word(struct parsing *p, const char *word)
{
	const char *equals = strchr(word, '=');
	int i;

	if (word[1] == '-') {
		i = find_long(p, word + 2, strcspn(word + 2, "="));
		return i < 0 ? unknown(p, word) : take_option(p, i, equals ? equals + 1 : NULL);
	}
	i = find_letter(p, word[1]);
	if (i < 0 || (word[2] && p->option[i]->flag))
		return unknown(p, word);
	return take_option(p, i, word[2] ? word + 2 : NULL);
}

static int check_count(const struct args_spec *spec, size_t n, char **argv)
{
	const char *words = spec->words ? spec->words : "";

	if (n < spec->min)
		return fail_input("%ssomething is missing: %s %s", begin(spec), typed(spec), words);
	if (n > spec->max && !spec->max)
		return fail_input("%s'%s' is too much: it takes options only", begin(spec), argv[0]);
	if (n > spec->max)
		return fail_input("%s'%s' is too much: %s %s", begin(spec), argv[spec->max], typed(spec), words);
	return 0;
}

int args_parse(const struct args_spec *spec, int *argc, char **argv)
{
	struct parsing p = {.spec = spec, .next = argv, .end = argv + *argc};
	bool options = true;
	size_t n = 0;
	int rc;

	add_table(&p, spec->options);
	add_table(&p, spec->common);
	while (p.next < p.end) {
		char *word = *p.next++;

		if (options && !strcmp(word, "--")) {
			options = false;
		} else if (options && word[0] == '-' && word[1] && !isdigit((unsigned char)word[1])) {
			rc = take_word(&p, word);
			if (rc)
				return rc;
		} else {
			argv[n++] = word;
		}
	}
	*argc = n;
	return check_count(spec, n, argv);
}

void args_list_free(struct args_list *list)
{
	if (!list)
		return;
	free(list->item);
	*list = (struct args_list){0};
}

static void help_table(const struct args_option *o, FILE *out)
{
	for (; o && o->name; o++) {
		char left[64];

		snprintf(left, sizeof(left), "%c%c%s--%s%s%s", o->letter ? '-' : ' ', o->letter ? o->letter : ' ',
			 o->letter ? ", " : "  ", o->name, o->flag ? "" : " ",
			 o->flag    ? ""
			 : o->value ? o->value
				    : "VALUE");
		fprintf(out, "  %-28s %s\n", left, o->help ? o->help : "");
	}
}

void args_help(const struct args_spec *spec, FILE *out)
{
	bool any = (spec->options && spec->options->name) || (spec->common && spec->common->name);

	fprintf(out, "usage: %s%s%s%s\n", typed(spec), any ? " [OPTION]..." : "", spec->words ? " " : "",
		spec->words ? spec->words : "");
	if (spec->about)
		fprintf(out, "%s\n", spec->about);
	help_table(spec->options, out);
	help_table(spec->common, out);
}
