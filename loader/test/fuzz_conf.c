// SPDX-License-Identifier: Apache-2.0
/* fuzz_conf.c - any text as a config file, a manifest and a trigger: an error or a struct whose text
 * reads back as the same. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../conf.h"
#include "../log.h"

static void check(int true_, const char *what)
{
	if (true_)
		return;
	fprintf(stderr, "%s: %s\n", what, fail_text());
	abort();
}

static void round_trip(const struct function_conf *f)
{
	char *text = function_conf_text(f), *again;
	struct conf c;

	conf_init(&c);
	check(!conf_parse(&c, text, strlen(text), "canonical"), "canonical text is refused");
	check(c.n_functions == 1, "not one function");
	again = function_conf_text(&c.functions[0]);
	check(!strcmp(text, again), "canonical text changes");
	check(c.functions[0].continue_tc == f->continue_tc && c.functions[0].limit_burst == f->limit_burst,
	      "values change");
	function_conf_check(f, "fuzz");
	fail_clear();
	free(text);
	free(again);
	conf_free(&c);
}

static void as_config(const char *text, size_t size)
{
	struct conf c, again;
	char *iface;

	conf_init(&c);
	if (!conf_parse(&c, text, size, "fuzz")) {
		for (size_t i = 0; i < c.n_functions; i++) {
			struct function_conf copy;

			round_trip(&c.functions[i]);
			check(!function_conf_copy(&copy, &c.functions[i]), "copy");
			round_trip(&copy);
			function_conf_free(&copy);
		}
		iface = conf_interface_text(&c);
		conf_init(&again);
		check(!conf_parse(&again, iface, strlen(iface), "canonical"), "canonical interface is refused");
		check(again.mode == c.mode && again.require == c.require && again.sample == c.sample &&
			      again.run_prio == c.run_prio,
		      "interface changes");
		free(iface);
	} else {
		check(*fail_text(), "an error without words");
	}
	fail_clear();
	conf_free(&c);
}

static void as_manifest(const char *text, size_t size)
{
	struct function_conf f;

	function_conf_init(&f);
	if (!function_conf_manifest(&f, text, size, "fuzz")) {
		f.name = strdup("fuzz");
		f.object = strdup("fuzz.o"); /* a file gives a function without one its own name */
		round_trip(&f);
	} else {
		check(*fail_text(), "an error without words");
	}
	fail_clear();
	function_conf_free(&f);
}

static void as_trigger(const char *text)
{
	char printed[TRIGGER_TEXT_MAX];
	struct trigger t, again;

	if (!trigger_parse(&t, text, "fuzz")) {
		trigger_print(&t, printed, sizeof(printed));
		check(!trigger_parse(&again, printed, "canonical"), "canonical trigger is refused");
		check(!trigger_compare(&t, &again), "trigger changes");
	} else {
		check(*fail_text(), "an error without words");
	}
	fail_clear();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);

	memcpy(text, data, size);
	text[size] = '\0';
	as_config(text, size);
	as_manifest(text, size);
	as_trigger(text);
	free(text);
	return 0;
}
