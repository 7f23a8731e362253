/* SPDX-License-Identifier: Apache-2.0 */
/* tx_plan.c - what each id will hold after a change: ids, slots, revisions, records. Pure but for
 * reading the records of revisions to roll back to. */
#include "runtime_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "log.h"

static struct target *find(struct tx *t, const char *name)
{
	for (__u32 id = 0; id < KF_FUNCTIONS; id++)
		if (t->to[id].used && !strcmp(t->to[id].conf.name, name))
			return &t->to[id];
	return NULL;
}

static int unknown(const struct tx *t, const char *name)
{
	char list[256] = "";

	for (size_t i = 0; i < t->world->n; i++) {
		size_t n = strlen(list);

		snprintf(list + n, sizeof(list) - n, "%s%s", i ? ", " : "", t->world->fn[i].conf.name);
	}
	return fail_input("no function '%s' on %s (deployed: %s)", name, t->s->ifname, *list ? list : "none");
}

/* A slot that neither the generation in force nor this change uses; a chain's programs in the
 * first 1,024 are the fast ones. */
static int free_slot(const struct tx *t)
{
	char taken[KF_SLOTS] = {0};

	for (size_t i = 0; i < t->world->n; i++)
		taken[t->world->fn[i].at.slot] = 1;
	for (__u32 id = 0; id < KF_FUNCTIONS; id++)
		if (t->to[id].used)
			taken[t->to[id].at.slot] = 1;
	for (__u32 i = 0; i < KF_SLOTS; i++)
		if (!taken[i])
			return i;
	return fail(-ENOSPC, "all %u slots of %s are in use: replace fewer functions at a time", KF_SLOTS,
		    t->s->ifname);
}

static int set_conf(struct target *to, const struct function_conf *conf)
{
	function_conf_free(&to->conf);
	function_conf_init(&to->conf);
	return function_conf_copy(&to->conf, conf);
}

static int fresh_revision(struct tx *t, struct target *to, struct change *c)
{
	int slot = free_slot(t);

	if (slot < 0)
		return slot;
	to->at.slot = slot;
	to->at.record = state_new_record(t->s);
	to->fresh_record = to->load = true;
	to->change = c;
	to->head.component = c->conf.component;
	to->head.loaded_at = time(NULL);
	memset(to->head.prog_id, 0, sizeof(to->head.prog_id));
	snprintf(to->head.digest, sizeof(to->head.digest), "%s", c->function.digest);
	return set_conf(to, &c->conf);
}

/* The numbers of what goes are free only after the change: till then its counters are in use. */
static int no_place(const struct tx *t)
{
	size_t go = 0, come = 0;

	for (size_t i = 0; i < t->n_changes; i++) {
		go += t->changes[i].kind == CHANGE_REMOVE;
		come += t->changes[i].kind == CHANGE_DEPLOY;
	}
	if (!go)
		return fail(-ENOSPC, "%s has %zu functions, %u is all it can hold: remove one first", t->s->ifname,
			    t->world->n, KF_FUNCTIONS);
	return fail(
		-ENOSPC,
		"%s has %zu functions, of which %zu would go while %zu come: in one change that takes %zu places, and "
		"there are %u; do it in two, and take away first what goes",
		t->s->ifname, t->world->n, go, come, t->world->n + come, KF_FUNCTIONS);
}

static int plan_deploy(struct tx *t, struct change *c)
{
	struct target *to = NULL;
	int rc;

	if (find(t, c->conf.name))
		return fail_input("%s has a function named '%s': choose another with --name, or use `replace`",
				  t->s->ifname, c->conf.name);
	for (__u32 id = 0; id < KF_FUNCTIONS && !to; id++)
		if (!t->to[id].used && !t->to[id].old.record)
			to = &t->to[id];
	if (!to)
		return no_place(t);
	to->fresh_id = true;
	to->at.revision = 1;
	to->head.revision = 1;
	rc = fresh_revision(t, to, c);
	to->used = !rc;
	return rc;
}

static int plan_replace(struct tx *t, struct change *c)
{
	struct target *to = find(t, c->conf.name);
	__u16 last;

	if (!to)
		return unknown(t, c->conf.name);
	last = to->at.revision > to->at.previous_revision ? to->at.revision : to->at.previous_revision;
	to->at.previous = to->old.record;
	to->at.previous_revision = to->old.revision;
	to->at.revision = last == 0xffff ? 1 : last + 1;
	to->head.revision = to->at.revision;
	return fresh_revision(t, to, c);
}

static int plan_update(struct tx *t, struct change *c)
{
	struct target *to = find(t, c->conf.name);

	if (!to)
		return unknown(t, c->conf.name);
	to->at.record = state_new_record(t->s);
	to->fresh_record = true;
	to->change = c;
	return set_conf(to, &c->conf);
}

static int plan_remove(struct tx *t, struct change *c)
{
	struct target *to = find(t, c->conf.name);

	if (!to)
		return unknown(t, c->conf.name);
	to->used = false;
	return 0;
}

static void swap_pairs(struct pair **a, size_t *n_a, struct pair **b, size_t *n_b)
{
	struct pair *pairs = *a;
	size_t n = *n_a;

	*a = *b;
	*n_a = *n_b;
	*b = pairs;
	*n_b = n;
}

/* The programs, settings and data of the revision before, where it was, with the triggers and limits of now. */
static int merge_previous(struct target *to, const char *text)
{
	struct function_conf was;
	char *object = to->conf.object;
	int rc;

	function_conf_init(&was);
	rc = conf_parse_record(&was, text);
	if (rc)
		return rc;
	to->conf.object = was.object;
	to->conf.component = was.component;
	was.object = object;
	swap_pairs(&to->conf.set, &to->conf.n_set, &was.set, &was.n_set);
	swap_pairs(&to->conf.data, &to->conf.n_data, &was.data, &was.n_data);
	function_conf_free(&was);
	return 0;
}

static int plan_rollback(struct tx *t, struct change *c)
{
	struct target *to = find(t, c->conf.name);
	char *text = NULL;
	int rc, slot;

	if (!to)
		return unknown(t, c->conf.name);
	if (!to->old.previous)
		return fail(-ENOENT, "'%s' has no revision before this one: there is nothing to go back to",
			    c->conf.name);
	slot = free_slot(t);
	if (slot < 0)
		return slot;
	rc = state_record_read(t->s, to->old.previous, &to->head, sizeof(to->head), &text);
	if (!rc)
		rc = merge_previous(to, text);
	free(text);
	if (rc)
		return fail(rc, "the record of the revision before is damaged: %s", strerror(-rc));
	to->at.slot = slot;
	to->at.record = state_new_record(t->s);
	to->at.revision = to->old.previous_revision;
	to->at.previous = to->old.record;
	to->at.previous_revision = to->old.revision;
	to->fresh_record = to->reuse_pins = true;
	to->change = c;
	return 0;
}

int tx_plan(struct tx *t)
{
	static int (*const plan[])(struct tx *, struct change *) = {
		[CHANGE_DEPLOY] = plan_deploy, [CHANGE_REPLACE] = plan_replace,	  [CHANGE_UPDATE] = plan_update,
		[CHANGE_REMOVE] = plan_remove, [CHANGE_ROLLBACK] = plan_rollback,
	};
	int rc;

	t->to = calloc(KF_FUNCTIONS, sizeof(*t->to));
	if (!t->to)
		return -ENOMEM;
	for (__u32 id = 0; id < KF_FUNCTIONS; id++)
		function_conf_init(&t->to[id].conf);
	for (size_t i = 0; i < t->world->n; i++) {
		const struct deployed *d = &t->world->fn[i];
		struct target *to = &t->to[d->id];

		to->used = true;
		to->at = to->old = d->at;
		to->head = d->head;
		memcpy(to->old_prog, d->head.prog_id, sizeof(to->old_prog));
		rc = function_conf_copy(&to->conf, &d->conf);
		if (rc)
			return rc;
	}
	/* Removals first: a name may come back as another function in the same change. */
	for (int pass = 0; pass < 2; pass++)
		for (size_t i = 0; i < t->n_changes; i++) {
			struct change *c = &t->changes[i];

			if ((c->kind == CHANGE_REMOVE) != (pass == 0))
				continue;
			rc = plan[c->kind](t, c);
			if (rc)
				return rc;
		}
	return 0;
}

void tx_free(struct tx *t)
{
	for (__u32 id = 0; t->to && id < KF_FUNCTIONS; id++)
		function_conf_free(&t->to[id].conf);
	free(t->to);
	t->to = NULL;
}
