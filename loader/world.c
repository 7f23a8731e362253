/* SPDX-License-Identifier: Apache-2.0 */
/* world.c - read what is deployed on an interface. */
#include "runtime.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"

/* In place of what fail_text says, which is why. */
static int damaged(int rc, const struct state *s, __u32 record)
{
	char why[256];

	snprintf(why, sizeof(why), "%s", fail_text());
	fail_clear();
	return fail(rc, "record %u of %s is damaged: %s; `down` removes it", record, s->ifname, why);
}

int world_read(const struct state *s, struct world *w)
{
	__u32 gen = state_gen(s), iface = s->control->g[gen].iface_record;
	const struct kf_index *index = s->index + gen * KF_FUNCTIONS;
	int rc = 0;

	*w = (struct world){0};
	if (!iface)
		return 0;
	rc = state_record_read(s, iface, &w->iface, sizeof(w->iface), NULL);
	if (rc)
		return fail(rc, "the record of %s is damaged: %s; `down` removes it", s->ifname, strerror(-rc));
	w->up = true;
	for (__u32 id = 0; id < KF_FUNCTIONS && !rc; id++) {
		struct deployed *more, *d;
		char *text = NULL;

		if (!index[id].record)
			continue;
		more = realloc(w->fn, (w->n + 1) * sizeof(*w->fn));
		if (!more) {
			rc = -ENOMEM;
			break;
		}
		w->fn = more;
		d = &w->fn[w->n];
		*d = (struct deployed){.id = id, .at = index[id]};
		function_conf_init(&d->conf);
		w->n++;
		rc = state_record_read(s, d->at.record, &d->head, sizeof(d->head), &text);
		rc = rc ? fail(rc, "%s", strerror(-rc)) : conf_parse_record(&d->conf, text);
		if (rc && rc != -ENOMEM)
			rc = damaged(rc, s, d->at.record);
		free(text);
	}
	if (rc)
		world_free(w);
	return rc;
}

void world_free(struct world *w)
{
	for (size_t i = 0; i < w->n; i++)
		function_conf_free(&w->fn[i].conf);
	free(w->fn);
	*w = (struct world){0};
}

struct deployed *world_find(const struct world *w, const char *name)
{
	for (size_t i = 0; i < w->n; i++)
		if (!strcmp(w->fn[i].conf.name, name))
			return &w->fn[i];
	return NULL;
}

int world_open(struct state *s, struct world *w, const char *word, enum state_how how)
{
	int rc = how == STATE_READ ? state_open(s, word, how) : runtime_open(s, word, how);

	*w = (struct world){0};
	if (rc)
		return rc;
	rc = world_read(s, w);
	if (!rc && !w->up)
		rc = fail(-ENOENT, "%s is not up: run `kfaas-net up %s` first", s->ifname, s->ifname);
	for (int h = 0; h < KF_HOOKS && how == STATE_READ && !rc; h++)
		state_gate_open(s, h, false);
	if (rc)
		world_close(s, w);
	return rc;
}

void world_close(struct state *s, struct world *w)
{
	world_free(w);
	state_close(s);
}

int world_get(const struct state *s, const struct world *w, const char *name, struct deployed **d)
{
	*d = world_find(w, name);
	if (*d)
		return 0;
	return fail_input("no function '%s' on %s: `kfaas-net ls %s` lists them", name, s->ifname, s->ifname);
}
