/* SPDX-License-Identifier: Apache-2.0 */
/* json_conf.c - see json_conf.h. README.md documents the keys. */
#include "json_conf.h"

#include "conf_value.h" /* print_continue, next_word */

static void json_pairs(struct json_object *o, const char *key, const struct pair *pairs, size_t n)
{
	struct json_object *all = json_object_new_object();

	for (size_t i = 0; i < n; i++)
		json_str(all, pairs[i].key, pairs[i].value);
	json_object_object_add(o, key, all);
}

static struct json_object *triggers(const struct function_conf *c)
{
	struct json_object *list = json_object_new_array();
	char text[TRIGGER_TEXT_MAX];

	for (size_t i = 0; i < c->n_on; i++)
		json_object_array_add(list, json_object_new_string(trigger_print(&c->on[i], text, sizeof(text))));
	return list;
}

static struct json_object *verdicts(const struct function_conf *c)
{
	struct json_object *list = json_object_new_array();
	char text[SCALAR_TEXT_MAX], *rest = text, *word;

	print_continue(text, sizeof(text), c->continue_xdp);
	while (c->continue_xdp && (word = next_word(&rest, ", ")))
		if (*word)
			json_object_array_add(list, json_object_new_string(word));
	return list;
}

static const char *over_name(enum over over)
{
	return over == OVER_PASS ? "pass" : "drop";
}

void json_function_conf(struct json_object *o, const struct function_conf *c)
{
	json_object_object_add(o, "on", triggers(c));
	json_int(o, "prio", c->prio);
	json_str(o, "scope", c->scope == SCOPE_LOCAL ? "local" : "any");
	json_object_object_add(o, "continue", verdicts(c));
	json_num(o, "limit", c->limit_rate);
	json_num(o, "limit_burst", c->limit_burst);
	json_str(o, "on_limit", over_name(c->on_limit));
	json_num(o, "budget_ns", c->budget_ns);
	json_str(o, "on_fuse", over_name(c->on_fuse));
	if (c->component >= 0)
		json_int(o, "component", c->component);
	else
		json_str(o, "component", NULL);
	json_pairs(o, "set", c->set, c->n_set);
	json_pairs(o, "data", c->data, c->n_data);
}
