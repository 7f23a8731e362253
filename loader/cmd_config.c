/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_config.c - config files without and from the kernel: check and save. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "log.h"
#include "out.h"
#include "plan.h"
#include "request.h"

/* Open every object, write its settings and read its data, as deploying would, short of the kernel. */
static int check_functions(struct request *r)
{
	struct plan_function *all = calloc(r->n + 1, sizeof(*all));
	int rc = all ? 0 : -ENOMEM;

	for (size_t i = 0; i < r->n && !rc; i++) {
		struct change *c = &r->wanted[i];

		rc = request_open(c);
		all[i] = (struct plan_function){&c->conf, c->function.digest, c->function.hooks};
	}
	if (!rc)
		rc = plan_check(all, r->n, r->path);
	free(all);
	return rc;
}

int cmd_check(int argc, char **argv)
{
	const struct args_spec spec = {
		.command = "check",
		.words = "FILE",
		.min = 1,
		.max = 1,
		.about = "Read a config file (-: standard input) as `up` would: grammar, objects, manifests,\n"
			 "settings, data files. Needs no rights and touches nothing."};
	struct request r = {0};
	int rc = command_start(&spec, &argc, argv, TELLS_JSON);

	if (rc)
		return rc;
	rc = request_config(&r, argv[0]);
	if (!rc)
		rc = check_functions(&r);
	if (!rc && out_json) {
		struct json_object *o = json_object_new_object(), *names = json_object_new_array();

		json_str(o, "file", r.path);
		json_flag(o, "valid", true);
		for (size_t i = 0; i < r.n; i++)
			json_object_array_add(names, json_object_new_string(r.wanted[i].conf.name));
		json_object_object_add(o, "functions", names);
		out_object(o);
	} else if (!rc) {
		printf("%s: valid, %zu function%s\n", r.path, r.n, r.n == 1 ? "" : "s");
	}
	request_free(&r);
	return rc;
}

/* What the file has to say over the manifest; everything, if the object is not there any more. */
static int print_function(const struct function_conf *conf)
{
	struct function_conf base;
	struct function f = {0};
	char *text = NULL;
	int rc = -ENOENT;

	function_conf_init(&base);
	if (!function_find(&f, conf->object) && !function_manifest(&f, &base))
		text = function_conf_text_over(conf, &base);
	else
		warning("the manifest of %s cannot be read: %s", conf->name, fail_text());
	fail_clear();
	if (!text)
		text = function_conf_text(conf);
	if (text) {
		printf("\n%s", text);
		rc = 0;
	}
	free(text);
	function_free(&f);
	function_conf_free(&base);
	return rc;
}

int cmd_save(int argc, char **argv)
{
	const struct args_spec spec = {.command = "save",
				       .words = "IFACE",
				       .min = 1,
				       .max = 1,
				       .about = "Print the config file that gives what runs on IFACE now: put it into\n"
						"/etc/kfaas-net/IFACE.conf."};
	struct state s;
	struct world w;
	struct conf c;
	char *text;
	int rc = command_start(&spec, &argc, argv, NEEDS_BPF | NEEDS_SWEEP);

	if (rc)
		return rc;
	rc = world_open(&s, &w, argv[0], STATE_READ);
	if (rc)
		return rc;
	conf_init(&c);
	c.mode = w.iface.mode;
	c.run_prio = w.iface.run_prio;
	c.require = w.iface.require;
	c.sample = w.iface.sample;
	text = conf_interface_text(&c);
	rc = text ? 0 : -ENOMEM;
	if (text)
		fputs(text, stdout);
	free(text);
	conf_free(&c);
	for (size_t i = 0; i < w.n && !rc; i++)
		rc = print_function(&w.fn[i].conf);
	world_close(&s, &w);
	return rc;
}
