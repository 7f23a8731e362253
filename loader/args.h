/* SPDX-License-Identifier: Apache-2.0 */
/* args.h - a command's words: a table of typed options, and what is left over.
 *
 *	const char *config = NULL;
 *	bool keep = false;
 *	struct args_list on = {0};
 *	const struct args_option options[] = {
 *		{"config", 'c', .string = &config, .value = "FILE", .help = "instead of /etc/kfaas-net/IFACE.conf"},
 *		{"on", .list = &on, .value = "TRIGGER", .help = "which packets; may be there many times"},
 *		{"keep-data", .flag = &keep, .help = "take the maps over"},
 *		{0},
 *	};
 *	const struct args_spec spec = {.command = "deploy", .words = "IFACE FUNCTION", .min = 2, .max = 2,
 *				       .options = options, .common = common_options};
 *	rc = args_parse(&spec, &argc, argv);	-> argv[0], argv[1] are IFACE and FUNCTION
 *	...
 *	args_list_free(&on);
 *
 * Options may stand anywhere before `--`; --opt VALUE, --opt=VALUE, -c VALUE and -cVALUE are the same. -1 is a number,
 * not an option. */
#ifndef KF_ARGS_H
#define KF_ARGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct args_list {
	const char **item; /* point into argv */
	size_t n;
};

/* One of flag, string, number, list says where the value goes, and so of which type it is. Only a
 * list may be there more than once. What is not there stays as it was. */
struct args_option {
	const char *name; /* without the dashes; NULL ends a table */
	char letter;	  /* or 0 */
	bool *flag;
	const char **string;
	unsigned long long *number;
	unsigned long long min, max; /* of number; max 0: no limit */
	struct args_list *list;
	const char *value; /* what the value is called in help */
	const char *help;
};

#define ARGS_OPTIONS_MAX 64 /* own and common ones together */

struct args_spec {
	const char *command;		   /* of kfaas-net */
	const char *program;		   /* or a program of its own, without a command */
	const char *words;		   /* what goes without an option: "IFACE [NAME]" */
	size_t min, max;		   /* how many of them; max 0 with min 0: none */
	const struct args_option *options; /* NULL: none */
	const struct args_option *common;  /* those every command takes; NULL: none */
	const char *about;		   /* a line for help */
};

/* Fill the options; what is left of ARGV (without the command itself) goes to its start, *ARGC of
 * it. -EINVAL with a description after a wrong word. */
int args_parse(const struct args_spec *spec, int *argc, char **argv);
void args_list_free(struct args_list *list);

void args_help(const struct args_spec *spec, FILE *out);

#endif
