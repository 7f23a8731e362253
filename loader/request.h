/* SPDX-License-Identifier: Apache-2.0 */
/* request.h - what a user asks for (words, a config file) into changes for the runtime. */
#ifndef KF_REQUEST_H
#define KF_REQUEST_H

#include <limits.h>

#include "args.h"
#include "runtime.h"

/* The options deploy and replace take, and where their values go. */
struct function_options {
	const char *name, *prio, *scope, *cont, *limit, *on_limit, *budget, *on_fuse, *component;
	struct args_list on, set, data;
};
#define SHOW_DEFAULT(text) text
#define NO_DEFAULT(text)   ""
#define FUNCTION_OPTIONS(o, DEFAULT)                                                                                   \
	{.name = "on", .list = &(o).on, .value = "TRIGGER", .help = "which packets invoke it; may be repeated"},       \
		{.name = "prio",                                                                                       \
		 .string = &(o).prio,                                                                                  \
		 .value = "N",                                                                                         \
		 .help = "order in a chain, lower first" DEFAULT(" (50)")},                                            \
		{.name = "scope",                                                                                      \
		 .string = &(o).scope,                                                                                 \
		 .value = "local|any",                                                                                 \
		 .help = "only this host's own addresses, or any"},                                                    \
		{.name = "continue",                                                                                   \
		 .string = &(o).cont,                                                                                  \
		 .value = "VERDICTS",                                                                                  \
		 .help = "verdicts after which the chain goes on" DEFAULT(" (pass)")},                                 \
		{.name = "limit", .string = &(o).limit, .value = "RATE", .help = "such as '1000/s burst 100'"},        \
		{.name = "on-limit",                                                                                   \
		 .string = &(o).on_limit,                                                                              \
		 .value = "pass|drop",                                                                                 \
		 .help = "what happens over the limit" DEFAULT(" (pass)")},                                            \
		{.name = "budget",                                                                                     \
		 .string = &(o).budget,                                                                                \
		 .value = "TIME",                                                                                      \
		 .help = "fuse on the sampled mean run time, such as 2us"},                                            \
		{.name = "on-fuse",                                                                                    \
		 .string = &(o).on_fuse,                                                                               \
		 .value = "pass|drop",                                                                                 \
		 .help = "what happens when it is blown" DEFAULT(" (pass)")},                                          \
		{.name = "set", .list = &(o).set, .value = "KEY=VALUE", .help = "a setting; may be repeated"},         \
	{                                                                                                              \
		.name = "data", .list = &(o).data, .value = "MAP=FILE",                                                \
		.help = "fill a map with a file's rows; may be repeated"                                               \
	}

void function_options_free(struct function_options *o);

/* Lay the options over CONF. */
int request_options(struct function_conf *conf, const struct function_options *o);
/* A function by its object's name or path and the options, over its manifest. */
int request_function(struct change *c, const char *object, const struct function_options *o);

/* Open C's object, give it its settings, and read its data files: all that can be wrong before the kernel is asked. */
int request_open(struct change *c);

/* Name the object in CONF so that any later command finds the same file. */
int request_object(struct function_conf *conf, const struct function *f, const char *object);

/* A config file ("-": standard input), resolved: every function found, its manifest below, its section above. */
struct request {
	struct conf conf;
	const char *path; /* as errors call it */
	char *text;
	char dir[PATH_MAX];    /* what relative paths in it are below */
	struct change *wanted; /* CHANGE_DEPLOY each */
	size_t n;
};
int request_config(struct request *r, const char *path);
/* The built-in set, for `up` without a config file. */
int request_builtin(struct request *r);
void request_free(struct request *r);

/* Turn what is wanted into what has to change against W. The changes take over what they need of R. */
int request_plan(struct request *r, const struct world *w, struct change **changes, size_t *n);

#endif
