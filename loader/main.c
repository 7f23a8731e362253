/* SPDX-License-Identifier: Apache-2.0 */
/* main.c - the table of commands, the start they share, and the exit codes: 0 done, 1 failed, 2 wrong
 * usage or invalid input. */
#include <errno.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "cmd.h"
#include "function.h"
#include "hook.h"
#include "log.h"
#include "netns.h"
#include "out.h"
#include "runtime.h"
#include "suggest.h"
#include "util.h"

const struct command commands[] = {
	{"up", cmd_up, "IFACE", "attach, and bring IFACE to what its config says"},
	{"down", cmd_down, "IFACE", "detach and remove everything of ours, nothing else"},
	{"check", cmd_check, "FILE", "validate a config and its objects, touch nothing"},
	{"save", cmd_save, "IFACE", "print the config that would give what runs now"},
	{"deploy", cmd_deploy, "IFACE FUNCTION", "add a function"},
	{"replace", cmd_replace, "IFACE NAME [FUNCTION]", "put a new revision in a function's place, in one swap"},
	{"rollback", cmd_rollback, "IFACE NAME", "back to the revision before"},
	{"remove", cmd_remove, "IFACE NAME", "take a function away"},
	{"reset", cmd_reset, "IFACE NAME", "put a blown fuse in again"},
	{"data", cmd_data, "get|put|del|load|dump IFACE NAME.MAP ...", "read and write a function's maps"},
	{"ls", cmd_ls, "[IFACE]", "what is deployed where"},
	{"stats", cmd_stats, "IFACE [NAME]", "packets, bytes, verdicts, latency, drops by limit and fuse"},
	{"inspect", cmd_inspect, "FUNCTION", "what a function is made of, and what it costs in the kernel"},
	{"invoke", cmd_invoke, "FUNCTION --packet FILE.pcap|HEX", "run a function on packets, attached to nothing"},
	{"doctor", cmd_doctor, "[IFACE]", "what this kernel and driver can do, what is wrong, the remedy"},
	{0},
};

static const char *netns;
static bool json, quiet, verbose, help;

static const struct args_option common_options[] = {
	{.name = "netns", .letter = 'n', .string = &netns, .value = "NAME", .help = "work in this network namespace"},
	{.name = "json",
	 .letter = 'j',
	 .flag = &json,
	 .help = "print JSON (data get, data dump, ls, stats, check, inspect, invoke, doctor)"},
	{.name = "quiet", .letter = 'q', .flag = &quiet, .help = "say nothing but errors and warnings"},
	{.name = "verbose",
	 .letter = 'v',
	 .flag = &verbose,
	 .help = "say more: the verifier's log, what libraries say"},
	{.name = "help", .letter = 'h', .flag = &help, .help = "this text"},
	{0},
};

static void usage(FILE *out)
{
	fprintf(out, "kfaas-net " KFAAS_VERSION ": network functions in the kernel, at an interface\n\n"
		     "usage: kfaas-net [--netns NAME] [--json] [-q|-v] COMMAND ...\n\n");
	for (const struct command *c = commands; c->name; c++)
		fprintf(out, "  %-8s %-32s %s\n", c->name, c->words, c->about);
	fprintf(out, "\n`kfaas-net COMMAND --help` (or `kfaas-net help COMMAND`) says more.\n"
		     "Exit: 0 done, 1 failed, 2 wrong usage or invalid input.\n");
}

/* The capabilities that bpf(2), netlink and setns ask for, by name. */
static int check_capabilities(void)
{
	static const struct {
		int bit;
		const char *name, *what_for;
	} needed[] = {
		{CAP_NET_ADMIN, "CAP_NET_ADMIN", "attach, find and remove programs at interfaces"},
		{CAP_BPF, "CAP_BPF", "load programs"},
		{CAP_SYS_ADMIN, "CAP_SYS_ADMIN", "use bpffs and find attached programs"},
	};
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2] = {0};

	if (syscall(SYS_capget, &head, data))
		return -errno;
	for (size_t i = 0; i < ARRAY_SIZE(needed); i++) {
		int bit = needed[i].bit;

		/* CAP_SYS_ADMIN includes what later became CAP_BPF. */
		if (data[bit / 32].effective & 1u << (bit % 32) ||
		    (bit == CAP_BPF && data[0].effective & 1u << CAP_SYS_ADMIN))
			continue;
		return fail(-EPERM, "missing capability %s (to %s): run as root, or with sudo", needed[i].name,
			    needed[i].what_for);
	}
	return 0;
}

static void find_dispatcher(void)
{
	static char path[4096]; /* kept by the hook module */

	if (function_path_find("xdp-dispatcher", ".o", path, sizeof(path)))
		return;
	*strrchr(path, '/') = 0;
	hook_set_object_dir(path);
}

int refuse_json(const char *command)
{
	return fail_input("%s has nothing to tell as JSON: leave --json out", command);
}

int command_start(const struct args_spec *spec, int *argc, char **argv, unsigned needs)
{
	struct args_spec full = *spec;
	int rc;

	full.common = common_options;
	for (int i = 0; i < *argc; i++) /* before anything else can be wrong */
		if (!strcmp(argv[i], "--help") || !strcmp(argv[i], "-h")) {
			args_help(&full, stdout);
			return 1;
		}
	rc = args_parse(&full, argc, argv);
	if (rc)
		return rc;
	if (quiet && verbose)
		return fail_input("%s: --quiet and --verbose contradict each other: leave one out", spec->command);
	if (json && !(needs & TELLS_JSON))
		return refuse_json(spec->command);
	log_level = quiet ? LOG_QUIET : verbose ? LOG_VERBOSE : LOG_NORMAL;
	out_json = json;
	log_capture_libraries();
	if (needs & NEEDS_BPF)
		rc = check_capabilities();
	if (!rc && netns)
		rc = netns_enter(netns);
	if (!rc && needs & NEEDS_BPF)
		rc = state_mount_bpffs();
	if (!rc && needs & NEEDS_BPF)
		find_dispatcher();
	if (!rc && needs & NEEDS_SWEEP)
		rc = runtime_sweep();
	return rc;
}

/* Where in ARGV the command's name is, behind options: ARGC if there is none. */
static int command_at(int argc, char **argv)
{
	int at = 1;

	while (at < argc && argv[at][0] == '-')
		at += !strcmp(argv[at], "--netns") || !strcmp(argv[at], "-n") ? 2 : 1;
	return at < argc ? at : argc;
}

/* `kfaas-net --netns x ls` is `kfaas-net ls --netns x`: move the command's name to the front. */
static const struct command *find_command(int at, int argc, char **argv)
{
	const char *names[32];
	size_t n = 0;

	if (argc == 1) {
		usage(stderr);
		return NULL;
	}
	if (at >= argc) {
		fail_input("no command after '%s': `kfaas-net --help` lists them", argv[argc - 1]);
		return NULL;
	}
	for (const struct command *c = commands; c->name; c++) {
		if (!strcmp(c->name, argv[at])) {
			memmove(argv + 2, argv + 1, (at - 1) * sizeof(*argv));
			return c;
		}
		names[n++] = c->name;
	}
	if (suggest(argv[at], names, n))
		fail_input("unknown command '%s': did you mean '%s'?", argv[at], suggest(argv[at], names, n));
	else
		fail_input("unknown command '%s': `kfaas-net --help` lists them", argv[at]);
	return NULL;
}

/* What is asked for in place of a command: told? */
static bool about_itself(int at, int argc, char **argv)
{
	for (int i = 1; i < at; i++) {
		if (!strcmp(argv[i], "--help") || !strcmp(argv[i], "-h")) {
			usage(stdout);
			return true;
		}
		if (!strcmp(argv[i], "--version")) {
			puts("kfaas-net " KFAAS_VERSION);
			return true;
		}
	}
	if (at >= argc || strcmp(argv[at], "help"))
		return false;
	if (at + 1 == argc) {
		usage(stdout);
		return true;
	}
	argv[at] = argv[at + 1]; /* `help up` is `up --help` */
	argv[at + 1] = "--help";
	return false;
}

int main(int argc, char **argv)
{
	const struct command *c = NULL;
	int at = command_at(argc, argv), rc = 0;

	if (!about_itself(at, argc, argv)) {
		c = find_command(at, argc, argv);
		rc = c ? c->run(argc - 2, argv + 2) : -EINVAL;
	}
	if (rc >= 0)
		rc = out_flush();
	else
		fflush(stdout);
	if (rc >= 0)
		return 0;
	if (*fail_text())
		fprintf(stderr, "kfaas-net: %s\n", fail_text());
	else if (c)
		fprintf(stderr, "kfaas-net: %s failed: %s\n", c->name, strerror(-rc));
	return argc == 1 || fail_is_input() ? 2 : 1;
}
