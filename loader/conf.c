// SPDX-License-Identifier: Apache-2.0
/* conf.c - the config structs: made, copied, freed, and checked for what cannot be judged key by
 * key. Keys are set by conf_key.c, text is read by conf_read.c and written by conf_print.c. */
#include "conf.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../bpf/abi.h"
#include "conf_value.h"
#include "log.h"

void conf_init(struct conf *c)
{
	*c = (struct conf){.mode = MODE_AUTO, .run_prio = PRIO_DEFAULT, .sample = SAMPLE_DEFAULT};
}

void conf_free(struct conf *c)
{
	if (!c)
		return;
	for (size_t i = 0; i < c->n_functions; i++)
		function_conf_free(&c->functions[i]);
	free(c->functions);
	conf_init(c);
}

void function_conf_init(struct function_conf *f)
{
	*f = (struct function_conf){
		.prio = PRIO_DEFAULT,
		.continue_xdp = KF_CONT_XDP,
		.continue_tc = KF_CONT_TC,
		.component = -1,
	};
}

static void pairs_free(struct pair *pairs, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		free(pairs[i].key);
		free(pairs[i].value);
		free(pairs[i].digest);
	}
	free(pairs);
}

void function_conf_free(struct function_conf *f)
{
	if (!f)
		return;
	free(f->name);
	free(f->object);
	free(f->description);
	free(f->on);
	pairs_free(f->set, f->n_set);
	pairs_free(f->data, f->n_data);
	function_conf_init(f);
}

static int copy_string(char **dst, const char *src)
{
	*dst = src ? strdup(src) : NULL;
	return src && !*dst ? -ENOMEM : 0;
}

static int copy_pairs(struct pair **dst, size_t *n_dst, const struct pair *src, size_t n)
{
	*n_dst = 0;
	*dst = n ? calloc(n, sizeof(**dst)) : NULL;
	if (n && !*dst)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		*n_dst = i + 1;
		if (copy_string(&(*dst)[i].key, src[i].key) || copy_string(&(*dst)[i].value, src[i].value) ||
		    copy_string(&(*dst)[i].digest, src[i].digest))
			return -ENOMEM;
	}
	return 0;
}

int function_conf_copy(struct function_conf *dst, const struct function_conf *src)
{
	size_t room = 1;

	*dst = *src;
	dst->name = dst->object = dst->description = NULL;
	dst->on = NULL;
	dst->set = dst->data = NULL;
	dst->n_on = dst->n_set = dst->n_data = 0;
	if (src->n_on) {
		while (room < src->n_on) /* the list grows when its length is a power of two */
			room *= 2;
		dst->on = malloc(room * sizeof(*dst->on));
		if (!dst->on)
			goto no_memory;
		memcpy(dst->on, src->on, src->n_on * sizeof(*dst->on));
		dst->n_on = src->n_on;
	}
	if (copy_string(&dst->name, src->name) || copy_string(&dst->object, src->object) ||
	    copy_string(&dst->description, src->description) ||
	    copy_pairs(&dst->set, &dst->n_set, src->set, src->n_set) ||
	    copy_pairs(&dst->data, &dst->n_data, src->data, src->n_data))
		goto no_memory;
	return 0;
no_memory:
	function_conf_free(dst);
	return fail_memory();
}

int function_conf_paths(struct function_conf *f, const char *dir)
{
	for (size_t i = 0; i < f->n_data; i++) {
		char *path;

		if (*f->data[i].value == '/')
			continue;
		if (asprintf(&path, "%s/%s", dir, f->data[i].value) < 0)
			return fail_memory();
		free(f->data[i].value);
		f->data[i].value = path;
		if (conf_unwritable(path))
			return fail_input("data.%s: the path '%s' cannot stand in a config: %s; use another folder",
					  f->data[i].key, path, conf_unwritable(path));
	}
	return 0;
}

bool function_name_valid(const char *name)
{
	size_t n = strlen(name);

	if (!n || n >= KF_NAME_MAX || !isalnum((unsigned char)name[0]))
		return false;
	for (size_t i = 0; i < n; i++)
		if (!isalnum((unsigned char)name[i]) && !strchr("_.-", name[i]))
			return false;
	return true;
}

int function_conf_check(const struct function_conf *f, const char *where)
{
	const char *name = f->name ? f->name : "(unnamed)";

	if (f->name && !function_name_valid(f->name))
		return fail_input(
			"%s: bad function name '%.80s': letters, digits, '_', '.' and '-', at most %u of them, first a "
			"letter or digit",
			where, f->name, KF_NAME_MAX - 1);
	if (f->component < 0 && !f->n_on)
		return fail_input("%s: function '%s' has no trigger: say which packets invoke it, as in 'on = udp/53'",
				  where, name);
	if (f->component >= 0 && (f->limit_rate || f->budget_ns))
		return fail_input("%s: function '%s' is a component of its own, which the gate does not see: it cannot "
				  "have a %s; "
				  "leave it out, or leave 'component' out",
				  where, name, f->limit_rate ? "limit" : "budget");
	if (f->component >= 0 && f->n_data)
		return fail_input("%s: function '%s' is a component of its own: its maps cannot be filled before it is "
				  "attached; leave data.%s out (`kfaas-net data load` works), or leave 'component' out",
				  where, name, f->data[0].key);
	return 0;
}
