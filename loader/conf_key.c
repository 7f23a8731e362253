// SPDX-License-Identifier: Apache-2.0
/* conf_key.c - the keys of [function NAME] and [interface]: what they set, and the error for one that is unknown. */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../bpf/abi.h"
#include "conf_read.h"
#include "conf_value.h"
#include "log.h"
#include "suggest.h"
#include "util.h"

/* --- The keys of a function --- */

int conf_set_string(char **to, const char *value)
{
	char *copy = strdup(value);

	if (!copy)
		return fail_memory();
	free(*to);
	*to = copy;
	return 0;
}

static int set_object(struct function_conf *f, const struct spot *s)
{
	return conf_set_string(&f->object, s->value);
}

static int set_description(struct function_conf *f, const struct spot *s)
{
	return conf_set_string(&f->description, s->value);
}

/* Sorted, so that equal sets of triggers are equal lists whatever the order they were written in. */
static int add_trigger(struct function_conf *f, const struct trigger *t, const char *word, const struct spot *s)
{
	size_t lo = 0, hi = f->n_on;
	struct trigger *on;

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;
		int cmp = trigger_compare(t, &f->on[mid]);

		if (!cmp)
			return spot_bad(s, "trigger '%s' is there twice: leave one out", word);
		if (cmp > 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (f->n_on >= KF_TRIGGERS)
		return spot_bad(s, "more than %u triggers", KF_TRIGGERS);
	if (!(f->n_on & (f->n_on - 1))) {
		on = realloc(f->on, (f->n_on ? 2 * f->n_on : 1) * sizeof(*on));
		if (!on)
			return fail_memory();
		f->on = on;
	}
	memmove(f->on + lo + 1, f->on + lo, (f->n_on - lo) * sizeof(*f->on));
	f->on[lo] = *t;
	f->n_on++;
	return 0;
}

static int set_on(struct function_conf *f, const struct spot *s)
{
	char *copy = strdup(s->value), *rest = copy, *word, where[256];
	int rc = copy ? 0 : fail_memory();
	struct trigger t;

	snprintf(where, sizeof(where), "%s%s%s", s->where, *s->section ? ": in " : "", s->section);
	while (!rc && (word = next_word(&rest, ","))) {
		if (!*word) {
			rc = spot_bad(s, "there is nothing between two commas, or at an end");
			break;
		}
		rc = trigger_parse(&t, word, where);
		if (!rc)
			rc = add_trigger(f, &t, word, s);
	}
	free(copy);
	return rc;
}

static int set_prio(struct function_conf *f, const struct spot *s)
{
	unsigned long long n;

	if (value_number(s, PRIO_MAX, &n))
		return -EINVAL;
	f->prio = n;
	return 0;
}

static int set_component(struct function_conf *f, const struct spot *s)
{
	unsigned long long n;

	if (!strcmp(s->value, "none")) {
		f->component = -1;
		return 0;
	}
	if (parse_u64(s->value, 0, PRIO_MAX, &n))
		return spot_bad(s, "a libxdp run priority from 0 to %u, or 'none'", PRIO_MAX);
	f->component = n;
	return 0;
}

static int set_scope(struct function_conf *f, const struct spot *s)
{
	unsigned v;

	if (value_choice(s, scope_choices, ARRAY_SIZE(scope_choices), &v))
		return -EINVAL;
	f->scope = v;
	return 0;
}

static int set_continue(struct function_conf *f, const struct spot *s)
{
	return value_continue(s, &f->continue_xdp, &f->continue_tc);
}

static int set_limit(struct function_conf *f, const struct spot *s)
{
	return value_limit(s, &f->limit_rate, &f->limit_burst);
}

static int set_budget(struct function_conf *f, const struct spot *s)
{
	return value_budget(s, &f->budget_ns);
}

static int set_over(enum over *over, const struct spot *s)
{
	unsigned v;

	if (value_choice(s, over_choices, ARRAY_SIZE(over_choices), &v))
		return -EINVAL;
	*over = v;
	return 0;
}

static int set_on_limit(struct function_conf *f, const struct spot *s)
{
	return set_over(&f->on_limit, s);
}

static int set_on_fuse(struct function_conf *f, const struct spot *s)
{
	return set_over(&f->on_fuse, s);
}

static const struct function_key {
	const char *name;
	int (*set)(struct function_conf *f, const struct spot *s);
	unsigned layers; /* bit per enum conf_layer */
} function_keys[] = {
#define ANYWHERE (~0u)
	{"object", set_object, ~(1u << LAYER_MANIFEST)},
	{"description", set_description, 1u << LAYER_MANIFEST},
	{"on", set_on, ANYWHERE},
	{"prio", set_prio, ANYWHERE},
	{"scope", set_scope, ANYWHERE},
	{"continue", set_continue, ANYWHERE},
	{"limit", set_limit, ANYWHERE},
	{"budget", set_budget, ANYWHERE},
	{"on-limit", set_on_limit, ANYWHERE},
	{"on-fuse", set_on_fuse, ANYWHERE},
	{"component", set_component, ANYWHERE},
};

/* A setting or a map: what C and the kernel allow as a name. */
static bool member_valid(const char *name)
{
	if (!*name || strlen(name) > 127)
		return false;
	for (; *name; name++)
		if (!isalnum((unsigned char)*name) && !strchr("_.", *name))
			return false;
	return true;
}

static int set_pair(struct pair **pairs, size_t *n, const char *member, const struct spot *s)
{
	struct pair *p = *pairs;
	size_t at = 0;
	int cmp = 1;

	if (!member_valid(member))
		return fail_input("%s: bad key '%.80s'%s%s: after the dot goes a name of letters, digits and '_'",
				  s->where, s->key, *s->section ? " in " : "", s->section);
	while (at < *n && (cmp = strcmp(p[at].key, member)) < 0)
		at++;
	if (at < *n && !cmp) {
		free(p[at].digest);
		p[at].digest = NULL;
		return conf_set_string(&p[at].value, s->value);
	}
	p = realloc(p, (*n + 1) * sizeof(*p));
	if (!p)
		return fail_memory();
	*pairs = p;
	memmove(p + at + 1, p + at, (*n - at) * sizeof(*p));
	p[at] = (struct pair){strdup(member), strdup(s->value), NULL};
	++*n;
	return p[at].key && p[at].value ? 0 : fail_memory();
}

static int set_digest(struct function_conf *f, const char *member, const struct spot *s)
{
	for (size_t i = 0; i < f->n_data; i++)
		if (!strcmp(f->data[i].key, member))
			return conf_set_string(&f->data[i].digest, s->value);
	return spot_bad(s, "there is no data.%s above", member);
}

const char *conf_unwritable(const char *value)
{
	size_t n = strlen(value);

	if (isspace((unsigned char)value[0]) || (n && isspace((unsigned char)value[n - 1])))
		return "it begins or ends with a blank";
	for (size_t i = 0; i < n; i++) {
		if (iscntrl((unsigned char)value[i]) && value[i] != '\t')
			return "it holds a control character";
		if (value[i] == ';' && (!i || isspace((unsigned char)value[i - 1])))
			return "a ';' at the start or after a blank begins a comment";
	}
	return NULL;
}

static int check_value(const struct spot *s)
{
	const char *why = conf_unwritable(s->value);

	if (!*s->value)
		return fail_input("%s: '%s'%s%s has no value: write one or leave the key out", s->where, s->key,
				  *s->section ? " in " : "", s->section);
	return why ? spot_bad(s, "%s", why) : 0;
}

static int unknown_key(const struct spot *s, enum conf_layer layer)
{
	const char *names[ARRAY_SIZE(function_keys) + 2];
	char hint[SUGGEST_TEXT_MAX];
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_SIZE(function_keys); i++) {
		if (function_keys[i].layers & 1u << layer)
			names[n++] = function_keys[i].name;
		else if (!strcmp(s->key, function_keys[i].name))
			return fail_input("%s: key '%s'%s%s: %s", s->where, s->key, *s->section ? " in " : "",
					  s->section,
					  layer == LAYER_MANIFEST ? "a manifest cannot say this, the config file does"
								  : "only the manifest in the object can say this");
	}
	names[n++] = "set.KEY";
	names[n++] = "data.MAP";
	suggest_text(s->key, names, n, hint, sizeof(hint));
	if (!*hint)
		snprintf(hint, sizeof(hint), ": the keys are object, on, prio, scope, continue, limit, budget, ...");
	return fail_input("%s: unknown key '%.60s'%s%s%s", s->where, s->key, *s->section ? " in " : "", s->section,
			  hint);
}

int function_conf_set(struct function_conf *f, enum conf_layer layer, const char *key, const char *value,
		      const char *where)
{
	char section[KF_NAME_MAX + 16] = "";
	struct spot s = {.where = where, .key = key, .value = value, .section = section};

	if (layer == LAYER_MANIFEST)
		strcpy(section, "the manifest");
	else if (f->name && layer != LAYER_ARGS)
		snprintf(section, sizeof(section), "[function %s]", f->name);
	for (size_t i = 0; i < ARRAY_SIZE(function_keys); i++) {
		const struct function_key *k = &function_keys[i];

		if (strcmp(key, k->name) || !(k->layers & 1u << layer))
			continue;
		if (check_value(&s))
			return -EINVAL;
		if (k->set == set_on && f->layer_on != layer) {
			f->n_on = 0; /* the layer below said something else */
			f->layer_on = layer;
		}
		return k->set(f, &s);
	}
	if (layer == LAYER_RECORD && !strncmp(key, DIGEST_KEY, strlen(DIGEST_KEY)))
		return set_digest(f, key + strlen(DIGEST_KEY), &s);
	if (strncmp(key, "set.", 4) && strncmp(key, "data.", 5))
		return unknown_key(&s, layer);
	if (check_value(&s))
		return -EINVAL;
	return key[0] == 's' ? set_pair(&f->set, &f->n_set, key + 4, &s) : set_pair(&f->data, &f->n_data, key + 5, &s);
}

/* --- The keys of [interface] --- */

int conf_set_interface(struct conf *c, const char *key, const char *value, const char *where)
{
	static const char *const keys[] = {"mode", "run-prio", "require", "sample"};
	struct spot s = {.where = where, .key = key, .value = value, .section = "[interface]"};
	char hint[SUGGEST_TEXT_MAX];
	unsigned long long n;
	unsigned v;

	if (!strcmp(key, "mode")) {
		if (check_value(&s) || value_choice(&s, mode_choices, ARRAY_SIZE(mode_choices), &v))
			return -EINVAL;
		c->mode = v;
	} else if (!strcmp(key, "run-prio")) {
		if (check_value(&s) || value_number(&s, PRIO_MAX, &n))
			return -EINVAL;
		c->run_prio = n;
	} else if (!strcmp(key, "require")) {
		if (check_value(&s))
			return -EINVAL;
		if (require_parse(value, &c->require))
			return spot_bad(&s, "write any of native, multiprog, frags, with commas between them");
	} else if (!strcmp(key, "sample")) {
		if (check_value(&s) || value_sample(&s, &c->sample))
			return -EINVAL;
	} else {
		suggest_text(key, keys, ARRAY_SIZE(keys), hint, sizeof(hint));
		return fail_input("%s: unknown key '%.60s' in [interface]%s", where, key,
				  *hint ? hint : ": the keys are mode, run-prio, require, sample");
	}
	return 0;
}
