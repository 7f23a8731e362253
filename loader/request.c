/* SPDX-License-Identifier: Apache-2.0 */
/* request.c - words and config files into changes. */
#include "request.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "log.h"
#include "plan.h"
#include "util.h"

#define CONFIG_MAX (16u << 20)

void function_options_free(struct function_options *o)
{
	args_list_free(&o->on);
	args_list_free(&o->set);
	args_list_free(&o->data);
}

static int apply_pair(struct function_conf *conf, const char *prefix, const char *item, const char *where)
{
	const char *eq = strchr(item, '=');
	char key[256];

	if (!eq || eq == item)
		return fail_input("%s '%s': it takes KEY=VALUE", where, item);
	if (path_join(key, sizeof(key), "%s%.*s", prefix, (int)(eq - item), item))
		return fail_input("%s '%s': the key is too long", where, item);
	return function_conf_set(conf, LAYER_ARGS, key, eq + 1, where);
}

/* What may be there only once, as in a config. */
static int apply_pairs(struct function_conf *conf, const char *prefix, const struct args_list *list, const char *where)
{
	int rc = 0;

	for (size_t i = 0; i < list->n && !rc; i++) {
		size_t key = strcspn(list->item[i], "=");

		for (size_t j = 0; j < i; j++)
			if (key == strcspn(list->item[j], "=") && !strncmp(list->item[i], list->item[j], key))
				return fail_input("%s %.*s is there twice: leave one out", where, (int)key,
						  list->item[i]);
		rc = apply_pair(conf, prefix, list->item[i], where);
	}
	return rc;
}

static int below_here(struct function_conf *conf)
{
	char dir[PATH_MAX];

	if (!conf->n_data)
		return 0;
	if (!getcwd(dir, sizeof(dir)))
		return fail(-errno, "cannot tell the current folder: %s", strerror(errno));
	return function_conf_paths(conf, dir);
}

int request_options(struct function_conf *conf, const struct function_options *o)
{
	const struct {
		const char *key, *value, *where;
	} words[] = {
		{"prio", o->prio, "--prio"},
		{"scope", o->scope, "--scope"},
		{"continue", o->cont, "--continue"},
		{"limit", o->limit, "--limit"},
		{"on-limit", o->on_limit, "--on-limit"},
		{"budget", o->budget, "--budget"},
		{"on-fuse", o->on_fuse, "--on-fuse"},
		{"component", o->component, "--component"},
	};
	int rc = 0;

	for (size_t i = 0; i < ARRAY_SIZE(words) && !rc; i++)
		if (words[i].value)
			rc = function_conf_set(conf, LAYER_ARGS, words[i].key, words[i].value, words[i].where);
	for (size_t i = 0; i < o->on.n && !rc; i++)
		rc = function_conf_set(conf, LAYER_ARGS, "on", o->on.item[i], "--on");
	if (!rc)
		rc = apply_pairs(conf, "set.", &o->set, "--set");
	if (!rc)
		rc = apply_pairs(conf, "data.", &o->data, "--data");
	return rc ? rc : below_here(conf);
}

/* "dns", "./x/dns.bpf.o" and "/a/dns.o" are all called dns unless told otherwise. */
static int default_name(struct function_conf *conf, const char *object)
{
	const char *base = strrchr(object, '/');
	char name[KF_NAME_MAX];
	size_t len;

	base = base ? base + 1 : object;
	len = strcspn(base, ".");
	if (!len || len >= sizeof(name))
		return fail_input("'%s' gives no usable name: use --name", object);
	path_join(name, sizeof(name), "%.*s", (int)len, base);
	return conf_set_string(&conf->name, name);
}

int request_object(struct function_conf *conf, const struct function *f, const char *object)
{
	size_t len = strlen(object);
	bool is_path = strchr(object, '/') || (len > 2 && !strcmp(object + len - 2, ".o"));

	if (is_path && conf_unwritable(f->path))
		return fail_input("the object's path '%s' cannot stand in a config: %s; use another folder", f->path,
				  conf_unwritable(f->path));
	return conf_set_string(&conf->object, is_path ? f->path : object);
}

int request_function(struct change *c, const char *object, const struct function_options *o)
{
	int rc;

	function_conf_init(&c->conf);
	rc = function_find(&c->function, object);
	if (!rc)
		rc = function_manifest(&c->function, &c->conf);
	if (!rc)
		rc = request_object(&c->conf, &c->function, object);
	if (!rc)
		rc = default_name(&c->conf, object);
	if (!rc && o->name && !function_name_valid(o->name))
		rc = fail_input(
			"--name '%s': letters, digits, '_', '-' and '.', at most %u, beginning with a letter or digit",
			o->name, KF_NAME_MAX - 1);
	if (!rc && o->name)
		rc = conf_set_string(&c->conf.name, o->name);
	if (!rc)
		rc = request_options(&c->conf, o);
	if (!rc)
		rc = function_conf_check(&c->conf, c->conf.name);
	return rc;
}

int request_open(struct change *c)
{
	int rc = function_open(&c->function);

	if (!rc)
		rc = function_settings(&c->function, &c->conf);
	if (!rc)
		rc = function_rows(&c->function, &c->conf);
	return fail_in(rc, c->where);
}

/* --- Config files --- */

static int want_section(struct request *r, const struct function_conf *section)
{
	const char *object = section->object ? section->object : section->name;
	struct change *more = realloc(r->wanted, (r->n + 1) * sizeof(*more)), *c;
	int rc;

	if (!more)
		return -ENOMEM;
	r->wanted = more;
	c = &r->wanted[r->n];
	*c = (struct change){.kind = CHANGE_DEPLOY};
	function_conf_init(&c->conf);
	r->n++;
	if (asprintf(&c->where, "%s: [function %s]", r->path, section->name) < 0) {
		c->where = NULL;
		return -ENOMEM;
	}
	rc = function_find(&c->function, object);
	if (!rc)
		rc = function_manifest(&c->function, &c->conf);
	if (rc)
		return fail_in(rc, c->where);
	rc = function_conf_section(&c->conf, section->name, r->text, strlen(r->text), r->path); /* knows the line */
	if (rc)
		return rc;
	rc = function_conf_paths(&c->conf, r->dir);
	if (!rc)
		rc = conf_set_string(&c->conf.name, section->name);
	if (!rc)
		rc = request_object(&c->conf, &c->function, object);
	return rc ? fail_in(rc, c->where) : function_conf_check(&c->conf, r->path);
}

static int resolve(struct request *r)
{
	int rc = conf_parse(&r->conf, r->text, strlen(r->text), r->path);

	for (size_t i = 0; i < r->conf.n_functions && !rc; i++)
		rc = want_section(r, &r->conf.functions[i]);
	return rc;
}

/* The folder of the config; of one that comes through a pipe, the current one. */
static int folder_of(const char *path, char dir[PATH_MAX])
{
	const char *slash = strrchr(path, '/');
	char name[PATH_MAX];

	if (!slash || !strncmp(path, "/dev/", 5) || !strncmp(path, "/proc/", 6))
		return getcwd(dir, PATH_MAX) ? 0 : -errno;
	if (path_join(name, sizeof(name), "%.*s/", (int)(slash - path), path))
		return -ENAMETOOLONG;
	return realpath(name, dir) ? 0 : -errno;
}

int request_config(struct request *r, const char *path)
{
	size_t len;
	int rc;

	path = strcmp(path, "-") ? path : "/dev/stdin";
	*r = (struct request){.path = path};
	conf_init(&r->conf);
	rc = read_file(path, CONFIG_MAX, &r->text, &len);
	if (!rc)
		rc = folder_of(path, r->dir);
	if (rc == -EFBIG)
		return fail_input("%s is not a config: it has more than %u bytes", path, CONFIG_MAX);
	if (rc)
		return fail_input("cannot read the config %s: %s", path, strerror(-rc));
	if (strlen(r->text) != len)
		return fail_input("%s is not a config: it has zero bytes", path);
	return resolve(r);
}

int request_builtin(struct request *r)
{
	*r = (struct request){.path = "the built-in config"};
	conf_init(&r->conf);
	r->text = strdup("[function ping]\n");
	return r->text ? resolve(r) : -ENOMEM;
}

void request_free(struct request *r)
{
	for (size_t i = 0; i < r->n; i++)
		change_free(&r->wanted[i]);
	free(r->wanted);
	free(r->text);
	conf_free(&r->conf);
	*r = (struct request){0};
}

/* --- What has to change --- */

static int add_change(struct change **list, size_t *n, const struct plan_step *step, struct change *wanted)
{
	static const enum change_kind kinds[] = {
		[PLAN_REMOVE] = CHANGE_REMOVE,
		[PLAN_DEPLOY] = CHANGE_DEPLOY,
		[PLAN_REPLACE] = CHANGE_REPLACE,
		[PLAN_UPDATE] = CHANGE_UPDATE,
	};
	struct change *more = realloc(*list, (*n + 1) * sizeof(*more)), *c;
	int rc;

	if (!more)
		return -ENOMEM;
	*list = more;
	c = &more[*n];
	*c = (struct change){.kind = kinds[step->kind]};
	function_conf_init(&c->conf);
	++*n;
	rc = function_conf_copy(&c->conf, step->wanted ? step->wanted->conf : step->now->conf);
	c->text = plan_step_text(step); /* before what it speaks of moves */
	if (wanted) {
		c->function = wanted->function;
		c->where = wanted->where;
		wanted->function = (struct function){0};
		wanted->where = NULL;
	}
	return rc;
}

static bool step_loads(const struct plan_step *step)
{
	return step->kind == PLAN_DEPLOY || step->kind == PLAN_REPLACE;
}

static int plan_changes(struct request *r, const struct plan *p, const struct plan_function *wanted,
			struct change **changes, size_t *n)
{
	int rc = 0;

	/* What is wrong with an object or a setting is found before anything is done. */
	for (size_t i = 0; i < p->n && !rc; i++)
		if (step_loads(&p->step[i])) {
			struct change *c = &r->wanted[p->step[i].wanted - wanted];

			rc = request_open(c);
		}
	for (size_t i = 0; i < p->n && !rc; i++) {
		const struct plan_step *step = &p->step[i];

		if (step->kind != PLAN_KEEP)
			rc = add_change(changes, n, step, step_loads(step) ? &r->wanted[step->wanted - wanted] : NULL);
	}
	return rc;
}

int request_plan(struct request *r, const struct world *w, struct change **changes, size_t *n)
{
	struct plan_function *now = calloc(w->n + 1, sizeof(*now)), *wanted = calloc(r->n + 1, sizeof(*wanted));
	struct plan p = {0};
	int rc = now && wanted ? 0 : -ENOMEM;

	*changes = NULL;
	*n = 0;
	for (size_t i = 0; i < w->n && !rc; i++)
		now[i] = (struct plan_function){&w->fn[i].conf, w->fn[i].head.digest, w->fn[i].head.hooks};
	for (size_t i = 0; i < r->n && !rc; i++)
		wanted[i] = (struct plan_function){.conf = &r->wanted[i].conf, .digest = r->wanted[i].function.digest};
	for (size_t i = 0; i < r->n && !rc; i++)
		rc = fail_in(function_rows_digest(&r->wanted[i].conf), r->wanted[i].where);
	if (!rc)
		rc = plan_check(wanted, r->n, r->path);
	if (!rc)
		rc = plan_make(&p, now, w->n, wanted, r->n);
	if (!rc)
		rc = plan_changes(r, &p, wanted, changes, n);
	plan_free(&p);
	free(now);
	free(wanted);
	return rc;
}
