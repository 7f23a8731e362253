// SPDX-License-Identifier: Apache-2.0
/* plan.c - the difference between what is deployed and what is wanted, and its words. */
#include "plan.h"

#include <stdlib.h>
#include <string.h>

#include "../bpf/abi.h"
#include "conf_value.h"
#include "log.h"

#define TRIGGERS_SHOWN 4 /* of a long list, in a plan's line */

static bool same_pairs(const struct pair *a, size_t n_a, const struct pair *b, size_t n_b)
{
	if (n_a != n_b)
		return false;
	for (size_t i = 0; i < n_a; i++)
		if (strcmp(a[i].key, b[i].key) || strcmp(a[i].value, b[i].value))
			return false;
	return true;
}

static bool same_digest(const struct pair *a, const struct pair *b)
{
	return !strcmp(a->digest ? a->digest : "", b->digest ? b->digest : "");
}

/* The same maps, filled from the same contents; the files' names may differ. */
static bool same_data(const struct function_conf *a, const struct function_conf *b)
{
	if (a->n_data != b->n_data)
		return false;
	for (size_t i = 0; i < a->n_data; i++)
		if (strcmp(a->data[i].key, b->data[i].key) || !same_digest(&a->data[i], &b->data[i]))
			return false;
	return true;
}

static enum plan_kind compare(const struct plan_function *now, const struct plan_function *wanted)
{
	const struct function_conf *a = now->conf, *b = wanted->conf;
	enum plan_kind kind = PLAN_KEEP;
	char *was, *will;

	/* A component is attached as such: another run priority means another attachment. */
	if (strcmp(now->digest, wanted->digest) || a->component != b->component ||
	    !same_pairs(a->set, a->n_set, b->set, b->n_set) || !same_data(a, b))
		return PLAN_REPLACE;
	was = function_conf_text(a);
	will = function_conf_text(b);
	if (!was || !will || strcmp(was, will))
		kind = PLAN_UPDATE;
	free(was);
	free(will);
	return kind;
}

struct named {
	const char *name;
	const struct plan_function *f;
};

static int compare_names(const void *a, const void *b)
{
	return strcmp(((const struct named *)a)->name, ((const struct named *)b)->name);
}

static struct named *by_name(const struct plan_function *f, size_t n)
{
	struct named *list = calloc(n + 1, sizeof(*list));

	for (size_t i = 0; list && i < n; i++)
		list[i] = (struct named){f[i].conf->name, &f[i]};
	if (list)
		qsort(list, n, sizeof(*list), compare_names);
	return list;
}

static const struct plan_function *find(const struct named *list, size_t n, const char *name)
{
	struct named key = {.name = name}, *hit = bsearch(&key, list, n, sizeof(key), compare_names);

	return hit ? hit->f : NULL;
}

int plan_make(struct plan *p, const struct plan_function *now, size_t n_now, const struct plan_function *wanted,
	      size_t n_wanted)
{
	struct named *have = by_name(now, n_now), *want = by_name(wanted, n_wanted);
	int rc = 0;

	*p = (struct plan){.step = calloc(n_now + n_wanted + 1, sizeof(*p->step))};
	if (!have || !want || !p->step) {
		rc = fail_memory();
		goto out;
	}
	for (size_t i = 0; i < n_now; i++)
		if (!find(want, n_wanted, now[i].conf->name))
			p->step[p->n++] = (struct plan_step){PLAN_REMOVE, now[i].conf->name, &now[i], NULL};
	for (size_t i = 0; i < n_wanted; i++) {
		const char *name = wanted[i].conf->name;
		const struct plan_function *was = find(have, n_now, name);

		p->step[p->n++] =
			(struct plan_step){was ? compare(was, &wanted[i]) : PLAN_DEPLOY, name, was, &wanted[i]};
	}
	for (size_t i = 0; i < p->n; i++)
		p->n_changes += p->step[i].kind != PLAN_KEEP;
out:
	free(have);
	free(want);
	if (rc)
		plan_free(p);
	return rc;
}

void plan_free(struct plan *p)
{
	if (!p)
		return;
	free(p->step);
	*p = (struct plan){0};
}

/* --- Checks over all functions --- */

static int check_names(const struct plan_function *f, size_t n, const char *where)
{
	struct named *list = by_name(f, n);
	int rc = list ? 0 : fail_memory();

	for (size_t i = 1; !rc && i < n; i++)
		if (!strcmp(list[i].name, list[i - 1].name))
			rc = fail_input("%s: two functions named '%s': rename one", where, list[i].name);
	free(list);
	return rc;
}

struct use {
	const struct trigger *t;
	const struct plan_function *f;
};

static int compare_uses(const void *a, const void *b)
{
	return trigger_compare(((const struct use *)a)->t, ((const struct use *)b)->t);
}

/* N uses of one trigger, on any hook. */
static int check_chain(const struct use *u, size_t n, const char *where)
{
	char names[400], trigger[TRIGGER_TEXT_MAX];

	for (unsigned hook = 0; n > KF_CHAIN_LEN && hook < KF_HOOKS; hook++) {
		size_t count = 0, len = 0;

		for (size_t i = 0; i < n; i++) {
			if (u[i].f->hooks && !(u[i].f->hooks & 1u << hook))
				continue;
			if (len < sizeof(names))
				len += snprintf(names + len, sizeof(names) - len, "%s%s", count ? ", " : "",
						u[i].f->conf->name);
			count++;
		}
		if (count > KF_CHAIN_LEN)
			return fail_input("%s: %zu functions on trigger '%s', %u is the limit: %s", where, count,
					  trigger_print(u->t, trigger, sizeof(trigger)), KF_CHAIN_LEN, names);
	}
	return 0;
}

static int check_triggers(const struct plan_function *f, size_t n, const char *where)
{
	size_t total = 0, used = 0;
	struct use *uses;
	int rc = 0;

	for (size_t i = 0; i < n; i++)
		total += f[i].conf->component < 0 ? f[i].conf->n_on : 0;
	if (total > KF_TRIGGERS)
		return fail_input("%s: %zu triggers, an interface takes %u: use port ranges or fewer addresses", where,
				  total, KF_TRIGGERS);
	uses = calloc(total + 1, sizeof(*uses));
	if (!uses)
		return fail_memory();
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; f[i].conf->component < 0 && j < f[i].conf->n_on; j++)
			uses[used++] = (struct use){&f[i].conf->on[j], &f[i]};
	qsort(uses, used, sizeof(*uses), compare_uses);
	for (size_t i = 0, same; !rc && i < used; i += same) {
		for (same = 1; i + same < used && !compare_uses(&uses[i], &uses[i + same]); same++)
			;
		rc = check_chain(&uses[i], same, where);
	}
	free(uses);
	return rc;
}

int plan_check(const struct plan_function *wanted, size_t n, const char *where)
{
	int rc;

	if (n > KF_FUNCTIONS)
		return fail_input("%s: %zu functions, an interface takes %u", where, n, KF_FUNCTIONS);
	rc = check_names(wanted, n, where);
	return rc ? rc : check_triggers(wanted, n, where);
}

/* --- Words --- */

static void print_list(FILE *out, const struct function_conf *f)
{
	char text[TRIGGER_TEXT_MAX];

	for (size_t i = 0; i < f->n_on && i < TRIGGERS_SHOWN; i++)
		fprintf(out, "%s%s", i ? ", " : "", trigger_print(&f->on[i], text, sizeof(text)));
	if (f->n_on > TRIGGERS_SHOWN)
		fprintf(out, " and %zu more", f->n_on - TRIGGERS_SHOWN);
}

/* What is in A and not in B, both sorted, each with SIGN before it. */
static void print_missing(FILE *out, char sign, const struct function_conf *a, const struct function_conf *b,
			  const char **gap)
{
	char text[TRIGGER_TEXT_MAX];
	size_t n = 0, j = 0;

	for (size_t i = 0; i < a->n_on; i++) {
		while (j < b->n_on && trigger_compare(&b->on[j], &a->on[i]) < 0)
			j++;
		if (j < b->n_on && !trigger_compare(&b->on[j], &a->on[i]))
			continue;
		if (n++ >= TRIGGERS_SHOWN)
			continue;
		fprintf(out, "%s%c%s", *gap, sign, trigger_print(&a->on[i], text, sizeof(text)));
		*gap = ", ";
	}
	if (n > TRIGGERS_SHOWN)
		fprintf(out, ", %c%zu more", sign, n - TRIGGERS_SHOWN);
}

static bool differ(const struct function_conf *a, const struct function_conf *b)
{
	if (a->n_on != b->n_on)
		return true;
	for (size_t i = 0; i < a->n_on; i++)
		if (trigger_compare(&a->on[i], &b->on[i]))
			return true;
	return false;
}

/* "set.ttl 300 -> 600", "set.ttl = 300", "no set.ttl"; both lists are sorted. */
static void print_pairs(FILE *out, const char *prefix, const struct pair *a, size_t n_a, const struct pair *b,
			size_t n_b, const char **gap)
{
	size_t i = 0, j = 0;

	while (i < n_a || j < n_b) {
		int cmp = i == n_a ? 1 : j == n_b ? -1 : strcmp(a[i].key, b[j].key);

		if (cmp < 0)
			fprintf(out, "%sno %s.%s", *gap, prefix, a[i].key);
		else if (cmp > 0)
			fprintf(out, "%s%s.%s = %s", *gap, prefix, b[j].key, b[j].value);
		else if (strcmp(a[i].value, b[j].value))
			fprintf(out, "%s%s.%s %s -> %s", *gap, prefix, a[i].key, a[i].value, b[j].value);
		else if (!same_digest(&a[i], &b[j]))
			fprintf(out, "%s%s.%s: %s has changed", *gap, prefix, a[i].key, a[i].value);
		if (cmp || strcmp(a[i].value, b[j].value) || !same_digest(&a[i], &b[j]))
			*gap = "; ";
		i += cmp <= 0;
		j += cmp >= 0;
	}
}

static void print_difference(FILE *out, const struct plan_function *now, const struct plan_function *wanted)
{
	const struct function_conf *a = now->conf, *b = wanted->conf;
	const char *gap = ": ", *key;
	char was[SCALAR_TEXT_MAX], will[SCALAR_TEXT_MAX];

	if (strcmp(now->digest, wanted->digest)) {
		fprintf(out, "%sother object", gap);
		gap = "; ";
	} else if (a->object && b->object && strcmp(a->object, b->object)) {
		fprintf(out, "%sobject %s -> %s", gap, a->object, b->object);
		gap = "; ";
	}
	if (differ(a, b)) {
		const char *comma = " ";

		fprintf(out, "%son", gap);
		print_missing(out, '+', b, a, &comma);
		print_missing(out, '-', a, b, &comma);
		gap = "; ";
	}
	for (size_t i = 0; conf_scalar(a, i, &key, was, sizeof(was)); i++) {
		if (!strcmp(was, conf_scalar(b, i, &key, will, sizeof(will))))
			continue;
		fprintf(out, "%s%s %s -> %s", gap, key, was, will);
		gap = "; ";
	}
	print_pairs(out, "set", a->set, a->n_set, b->set, b->n_set, &gap);
	print_pairs(out, "data", a->data, a->n_data, b->data, b->n_data, &gap);
}

char *plan_step_text(const struct plan_step *s)
{
	static const char *const verbs[] = {
		[PLAN_REMOVE] = "- remove", [PLAN_DEPLOY] = "+ deploy", [PLAN_REPLACE] = "~ replace",
		[PLAN_UPDATE] = "~ update", [PLAN_KEEP] = "= keep",
	};
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	fprintf(out, "%s %s", verbs[s->kind], s->name);
	if (s->kind == PLAN_DEPLOY && s->wanted->conf->component >= 0) {
		fprintf(out, " (component %d)", s->wanted->conf->component);
	} else if (s->kind == PLAN_DEPLOY) {
		fputs(" (", out);
		print_list(out, s->wanted->conf);
		fputc(')', out);
	}
	if (s->kind == PLAN_REPLACE || s->kind == PLAN_UPDATE)
		print_difference(out, s->now, s->wanted);
	if (!fclose(out))
		return text;
	free(text);
	return NULL;
}
