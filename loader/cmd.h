/* SPDX-License-Identifier: Apache-2.0 */
/* cmd.h - what every command shares: its entry, its start, the options all take. */
#ifndef KF_CMD_H
#define KF_CMD_H

#include <stdbool.h>

#include "args.h"

struct command {
	const char *name;
	int (*run)(int argc, char **argv); /* argv without the command's name; 0 or -errno */
	const char *words;
	const char *about;
};
extern const struct command commands[]; /* ends with a NULL name */

enum command_needs {
	NEEDS_BPF = 1 << 0,   /* the right to load programs, bpffs */
	NEEDS_SWEEP = 1 << 1, /* and interfaces put in order first */
	TELLS_JSON = 1 << 2,  /* no need: it obeys --json, which others refuse */
};

/* Parse the words, obey --netns, -q and the like, see to NEEDS. 1: help was asked for and printed,
 * the command is done. */
int command_start(const struct args_spec *spec, int *argc, char **argv, unsigned needs);

/* -EINVAL, with the line that says that COMMAND does not take --json. */
int refuse_json(const char *command);

int cmd_up(int argc, char **argv);
int cmd_down(int argc, char **argv);
int cmd_check(int argc, char **argv);
int cmd_save(int argc, char **argv);
int cmd_deploy(int argc, char **argv);
int cmd_replace(int argc, char **argv);
int cmd_rollback(int argc, char **argv);
int cmd_remove(int argc, char **argv);
int cmd_reset(int argc, char **argv);
int cmd_data(int argc, char **argv);
int cmd_ls(int argc, char **argv);
int cmd_stats(int argc, char **argv);
int cmd_inspect(int argc, char **argv);
int cmd_invoke(int argc, char **argv);
int cmd_doctor(int argc, char **argv);

#endif
