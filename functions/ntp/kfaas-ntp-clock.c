// SPDX-License-Identifier: Apache-2.0
/* kfaas-ntp-clock.c - keeps the row of the map `clock` fresh: how good the machine's clock is, as chronyd or the kernel
 * says. It never sets a clock. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"

#define ROW_FIELDS 14 /* one of key, the rest of value */
#define ROW_FIELD  24

struct options {
	const char *interface; /* NULL: rows go to standard output */
	const char *name, *netns, *chronyc_host;
	enum { FROM_CHRONY, FROM_KERNEL, FROM_LOCAL } from;
	int stratum; /* with FROM_KERNEL and FROM_LOCAL */
	uint8_t reference_id[4];
	int interval; /* seconds; 0: once */
};

static const char usage[] =
	"Usage: kfaas-ntp-clock [OPTION]... [INTERFACE]\n"
	"\n"
	"Tells the function ntp on INTERFACE how good the machine's clock is, by `kfaas-net data put`. Without "
	"INTERFACE\n"
	"prints the row, for `kfaas-net data load`.\n"
	"\n"
	"  --loop SECONDS         again and again, until it is ended by a signal; then takes the row away\n"
	"  --kernel STRATUM       ask the kernel (adjtimex) and not chronyd\n"
	"  --local STRATUM        ask nobody: the clock counts as right, whatever the kernel says\n"
	"  --refid ID             reference id with these two: an IPv4 address or up to 4 characters (127.127.1.1)\n"
	"  --chronyc-host HOST    chronyd's address or socket, if not the default\n"
	"  --name NAME            the deployed function (ntp)\n"
	"  --netns NAME           of the interface\n";

static void complain(const char *what, const char *why)
{
	fprintf(stderr, "kfaas-ntp-clock: %s%s%s\n", what, why ? ": " : "", why ? why : "");
}

/* --- Commands that are run --- */

/* A command's exit status, or -1; with OUT, what it printed goes there. */
static int run(const char *const argv[], char *out, size_t size)
{
	int ends[2] = {-1, -1}, status = 0;
	size_t used = 0;
	ssize_t n;
	pid_t pid;

	if (out && pipe2(ends, O_CLOEXEC))
		return -1;
	pid = fork();
	if (!pid) {
		sigset_t none;

		sigemptyset(&none);
		sigprocmask(SIG_SETMASK, &none, NULL);
		if (out)
			dup2(ends[1], STDOUT_FILENO);
		execvp(argv[0], (char *const *)argv);
		complain(argv[0], strerror(errno));
		_exit(127);
	}
	if (out) {
		close(ends[1]);
		while (used < size - 1 && (n = read(ends[0], out + used, size - 1 - used)) > 0)
			used += n;
		out[used] = 0;
		close(ends[0]);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* kfaas-net is beside this program (as built), in sbin beside its folder (as installed), or on PATH. */
static const char *kfaas_net(void)
{
	static const char *const places[] = {"kfaas-net", "../sbin/kfaas-net"};
	static char path[PATH_MAX + 32];
	ssize_t n = readlink("/proc/self/exe", path, PATH_MAX - 1);
	char *base;

	path[n > 0 ? n : 0] = 0;
	base = strrchr(path, '/');
	for (size_t i = 0; base && i < sizeof(places) / sizeof(*places); i++) {
		strcpy(base + 1, places[i]);
		if (!access(path, X_OK))
			return path;
	}
	return "kfaas-net";
}

/* `kfaas-net data VERB INTERFACE NAME.clock FIELD...` */
static int kfaas_data(const struct options *o, const char *verb, const char *const field[], int fields)
{
	const char *argv[ROW_FIELDS + 8];
	char map[128];
	int n = 0;

	snprintf(map, sizeof(map), "%s.clock", o->name);
	argv[n++] = kfaas_net();
	argv[n++] = "-q";
	if (o->netns) {
		argv[n++] = "--netns";
		argv[n++] = o->netns;
	}
	argv[n++] = "data";
	argv[n++] = verb;
	argv[n++] = o->interface;
	argv[n++] = map;
	for (int i = 0; i < fields; i++)
		argv[n++] = field[i];
	argv[n] = NULL;
	return run(argv, NULL, 0) ? -1 : 0;
}

/* --- One row --- */

static const char *ask_chrony(const struct options *o, struct clock_row *row)
{
	const char *argv[] = {"chronyc", "-n", "-c", "-h", o->chronyc_host, "tracking", NULL};
	static char line[512];

	if (!o->chronyc_host) {
		argv[3] = "tracking";
		argv[4] = NULL;
	}
	if (run(argv, line, sizeof(line))) {
		line[strcspn(line, "\n")] = 0;
		return *line ? line : "chronyc failed";
	}
	return clock_chrony(row, line);
}

/* NULL, or why nobody should be answered by this clock, which the row then says, too. */
static const char *make_row(const struct options *o, struct clock_row *row)
{
	const char *why, *unmeasured;

	*row = (struct clock_row){.updated = clock_monotonic(), .stratum = o->stratum};
	memcpy(row->reference_id, o->reference_id, sizeof(row->reference_id));
	why = o->from == FROM_CHRONY ? ask_chrony(o, row) : clock_kernel(row, o->from == FROM_LOCAL);
	unmeasured = clock_measure(row);
	if (!why)
		why = unmeasured;
	if (why)
		row->leap = LEAP_UNSYNC;
	return why;
}

static void row_fields(const struct clock_row *r, char field[ROW_FIELDS][ROW_FIELD])
{
	const int64_t values[] = {
		0,	  r->updated,	r->tai_minus_mono, r->leap_at, r->reference, r->root_delay, r->root_dispersion,
		r->drift, r->tai_offset};
	const int small[] = {r->leap, r->stratum, r->precision, 0}; /* the last is the function's own */
	const uint8_t *id = r->reference_id;
	int n = 0;

	for (size_t i = 0; i < sizeof(values) / sizeof(*values); i++)
		snprintf(field[n++], ROW_FIELD, "%" PRId64, values[i]);
	snprintf(field[n++], ROW_FIELD, "%02x%02x%02x%02x", id[0], id[1], id[2], id[3]);
	for (size_t i = 0; i < sizeof(small) / sizeof(*small); i++)
		snprintf(field[n++], ROW_FIELD, "%d", small[i]);
}

static void print_row(const char *const field[])
{
	for (int i = 0; i < ROW_FIELDS; i++)
		printf("%s%c", field[i], i + 1 < ROW_FIELDS ? '\t' : '\n');
}

/* Makes a row and hands it on. 0, or -1: the row says "not synchronised", or could not be written. */
static int refresh(const struct options *o)
{
	static const char *told;
	char text[ROW_FIELDS][ROW_FIELD];
	const char *field[ROW_FIELDS], *why;
	struct clock_row row;
	int rc = 0;

	why = make_row(o, &row);
	row_fields(&row, text);
	for (int i = 0; i < ROW_FIELDS; i++)
		field[i] = text[i];
	if (why && why != told)
		complain("NTP clients are passed on", why);
	told = why;
	if (o->interface)
		rc = kfaas_data(o, "put", field, ROW_FIELDS);
	else
		print_row(field);
	return why ? -1 : rc;
}

/* A row that cannot be had or written now may be the next time. */
static int loop(const struct options *o)
{
	const char *key[] = {"0"};
	const struct timespec interval = {.tv_sec = o->interval};
	sigset_t ends;

	sigemptyset(&ends);
	sigaddset(&ends, SIGINT);
	sigaddset(&ends, SIGTERM);
	sigprocmask(SIG_BLOCK, &ends, NULL);
	do
		refresh(o);
	while (sigtimedwait(&ends, NULL, &interval) < 0);
	/* If this fails the function is gone, or the row was; else its age ends it. */
	kfaas_data(o, "del", key, 1);
	return 0;
}

/* --- Options --- */

static bool integer(const char *text, int min, int max, int *value)
{
	char *end;
	long n = strtol(text, &end, 10);

	*value = n;
	return end != text && !*end && n >= min && n <= max;
}

static bool refid(const char *text, uint8_t id[4])
{
	size_t len = strlen(text);

	if (inet_pton(AF_INET, text, id) == 1)
		return true;
	if (!len || len > 4)
		return false;
	memset(id, 0, 4);
	memcpy(id, text, len);
	return true;
}

static void __attribute__((noreturn)) wrong(const char *what, const char *value)
{
	fprintf(stderr, "kfaas-ntp-clock: %s%s%s; see kfaas-ntp-clock --help\n", what, value ? ", not " : "",
		value ? value : "");
	exit(2);
}

static void set_option(struct options *o, int option)
{
	switch (option) {
	case 'l':
		if (!integer(optarg, 1, 86400, &o->interval))
			wrong("--loop takes seconds, 1 to 86400", optarg);
		break;
	case 'k':
	case 'L':
		if (o->from != FROM_CHRONY)
			wrong("--kernel and --local do not go together", NULL);
		o->from = option == 'k' ? FROM_KERNEL : FROM_LOCAL;
		if (!integer(optarg, 1, 15, &o->stratum))
			wrong("a stratum is 1 to 15", optarg);
		break;
	case 'r':
		if (!refid(optarg, o->reference_id))
			wrong("--refid takes an IPv4 address or up to 4 characters", optarg);
		break;
	case 'c':
		o->chronyc_host = optarg;
		break;
	case 'n':
		o->name = optarg;
		break;
	case 'N':
		o->netns = optarg;
		break;
	case 'h':
		fputs(usage, stdout);
		exit(0);
	default: /* getopt has said it */
		exit(2);
	}
}

int main(int argc, char **argv)
{
	static const struct option long_options[] = {
		{"loop", 1, NULL, 'l'},	 {"kernel", 1, NULL, 'k'}, {"local", 1, NULL, 'L'},
		{"refid", 1, NULL, 'r'}, {"name", 1, NULL, 'n'},   {"chronyc-host", 1, NULL, 'c'},
		{"netns", 1, NULL, 'N'}, {"help", 0, NULL, 'h'},   {0},
	};
	struct options o = {.name = "ntp", .reference_id = {127, 127, 1, 1}};
	int option;

	while ((option = getopt_long(argc, argv, "h", long_options, NULL)) != -1)
		set_option(&o, option);
	if (argc - optind > 1)
		wrong("one interface", argv[optind + 1]);
	o.interface = argv[optind];
	if (o.interval && !o.interface)
		wrong("--loop needs an interface", NULL);
	return (o.interval ? loop(&o) : refresh(&o)) ? 1 : 0;
}
