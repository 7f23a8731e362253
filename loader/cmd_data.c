// SPDX-License-Identifier: Apache-2.0
/* cmd_data.c - a deployed function's maps: get, put, del, load, dump. */
#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd.h"
#include "data_find.h"
#include "log.h"
#include "out.h"
#include "util.h"

#define FILE_MAX ((size_t)1 << 40)

struct request_data {
	const char *name; /* NAME.MAP */
	int argc;	  /* what stands behind it */
	char **argv;
	bool per_cpu;
	char *text; /* load: of the file */
	size_t len;
	struct data_map map;
	char *key, *value; /* of one row */
};

/* --- One row --- */

static int row_words(struct request_data *d, bool with_value)
{
	d->key = calloc(1, d->map.type.key_size);
	d->value = calloc(1, d->map.type.value_stride);
	if (!d->key || !d->value)
		return -ENOMEM;
	return data_row_words(&d->map.type, d->argc, d->argv, d->key, with_value ? d->value : NULL);
}

static int no_row(const struct request_data *d)
{
	char key[200] = "";

	for (int i = 0; i < d->argc; i++) {
		size_t n = strlen(key);

		snprintf(key + n, sizeof(key) - n, "%s%s", i ? " " : "", d->argv[i]);
	}
	return fail(-ENOENT, "%s has no row with the key %s", d->name, key);
}

static int print_rows(struct request_data *d, int (*each)(struct request_data *, struct data_printer *))
{
	struct data_printer p;
	int rc = data_printer_open(&p, &d->map.type, stdout, out_json, d->per_cpu);

	if (!rc) {
		data_print_head(&p);
		rc = each(d, &p);
	}
	data_printer_close(&p);
	return rc;
}

static int print_row(struct request_data *d, struct data_printer *p)
{
	data_print_row(p, d->key, d->value);
	return 0;
}

static int data_get(struct request_data *d)
{
	int rc = row_words(d, false);

	if (!rc && bpf_map_lookup_elem(d->map.fd, d->key, d->value))
		rc = errno == ENOENT ? no_row(d) : fail(-errno, "cannot read %s: %s", d->name, strerror(errno));
	return rc ? rc : print_rows(d, print_row);
}

static int data_put(struct request_data *d)
{
	int rc = row_words(d, true);

	if (rc || !bpf_map_update_elem(d->map.fd, d->key, d->value, BPF_ANY))
		return rc;
	if (errno == E2BIG && d->map.type.is_array)
		return fail_input("%s has rows 0 to %u", d->name, d->map.info.max_entries - 1);
	if (errno == E2BIG || errno == ENOSPC)
		return fail(-errno, "%s is full: it takes %u rows; %s makes it larger", d->name,
			    d->map.info.max_entries, d->map.outer >= 0 ? "`data load`" : "`replace --data MAP=FILE`");
	return fail(-errno, "cannot write %s: %s", d->name, strerror(errno));
}

static int data_del(struct request_data *d)
{
	int rc = row_words(d, false);

	if (!rc && d->map.type.is_array)
		rc = fail_input("%s is an array: its rows are always there; `data put` a row of zeros instead",
				d->name);
	if (rc || !bpf_map_delete_elem(d->map.fd, d->key))
		return rc;
	return errno == ENOENT ? no_row(d) : fail(-errno, "cannot delete from %s: %s", d->name, strerror(errno));
}

/* --- All rows --- */

static int dump_row(void *arg, const char *key, const char *values)
{
	const struct data_printer *p = arg;

	data_print_row(p, key, values);
	return ferror(p->out) ? fail(-EIO, "cannot write the output: %s", strerror(errno)) : 0;
}

static int print_all(struct request_data *d, struct data_printer *p)
{
	return data_map_each(&d->map, dump_row, p);
}

static int data_dump(struct request_data *d)
{
	return print_rows(d, print_all);
}

/* Before the interface is locked: what comes through a pipe may come from a command that waits for the lock. */
static int read_rows(struct request_data *d)
{
	const char *file = d->argv[0];
	int rc = read_file(strcmp(file, "-") ? file : "/dev/stdin", FILE_MAX, &d->text, &d->len);

	return rc ? fail_input("cannot read %s: %s", file, strerror(-rc)) : 0;
}

static int data_load(struct request_data *d)
{
	const char *file = strcmp(d->argv[0], "-") ? d->argv[0] : "standard input";
	struct data_rows rows;
	int rc = data_rows_read(&rows, &d->map.type, d->text, d->len, file);

	if (rc)
		return rc;
	rc = data_map_load(&d->map, &rows, file);
	if (!rc)
		say("%s: %zu row%s %s", d->name, rows.n, rows.n == 1 ? "" : "s",
		    d->map.outer >= 0 ? "in place of those before" : "loaded");
	data_rows_free(&rows);
	return rc;
}

/* --- The command --- */

static const struct verb {
	const char *name;
	int (*before)(struct request_data *d); /* the interface is opened */
	int (*run)(struct request_data *d);
	enum state_how how;
	int min, max; /* words behind NAME.MAP; max -1: what the map's type takes */
} verbs[] = {
	{"get", NULL, data_get, STATE_READ, 1, -1},   {"put", NULL, data_put, STATE_CHANGE, 2, -1},
	{"del", NULL, data_del, STATE_CHANGE, 1, -1}, {"load", read_rows, data_load, STATE_CHANGE, 1, 1},
	{"dump", NULL, data_dump, STATE_READ, 0, 0},
};

static int find_verb(const struct verb **v, const char *word, int n)
{
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++) {
		if (strcmp(verbs[i].name, word))
			continue;
		*v = &verbs[i];
		if (n < (*v)->min)
			return fail_input("data %s: something is missing behind NAME.MAP: see `kfaas-net data --help`",
					  word);
		if ((*v)->max >= 0 && n > (*v)->max)
			return fail_input(
				"data %s: there is a word too much behind NAME.MAP: see `kfaas-net data --help`", word);
		return 0;
	}
	return fail_input("data: '%s' is not get, put, del, load or dump", word);
}

/* V prints no rows: refuse what is about printing them. */
static int refuse_options(const struct verb *v, bool per_cpu)
{
	char command[16];

	if (per_cpu)
		return fail_input("data %s has no line for each CPU to tell: leave --per-cpu out", v->name);
	snprintf(command, sizeof(command), "data %s", v->name);
	return out_json ? refuse_json(command) : 0;
}

static int run(const struct verb *v, const char *ifname, struct request_data *d)
{
	struct world w;
	struct state s;
	int rc = v->before ? v->before(d) : 0;

	if (!rc)
		rc = world_open(&s, &w, ifname, v->how);
	if (rc)
		return rc;
	rc = data_find(&d->map, &s, &w, d->name);
	if (!rc)
		rc = v->run(d);
	data_map_close(&d->map);
	world_close(&s, &w);
	return rc;
}

int cmd_data(int argc, char **argv)
{
	struct request_data d = {.map = {.fd = -1, .outer = -1}};
	const struct args_option options[] = {
		{.name = "per-cpu", .flag = &d.per_cpu, .help = "get, dump: a line for each CPU, not their sum"},
		{0},
	};
	const struct args_spec spec = {
		.command = "data",
		.words = "get|put|del|load|dump IFACE NAME.MAP [WORD]...",
		.min = 3,
		.max = 4096,
		.options = options,
		.about = "The rows of map MAP of function NAME, typed by BTF.\n"
			 "  get KEY...           print the row; not there: exit 1\n"
			 "  put KEY... VALUE...  add or overwrite it\n"
			 "  del KEY...           remove it\n"
			 "  load FILE|-          all rows of FILE (- is standard input), checked as a whole before the "
			 "first\n"
			 "                       is written. A map that KFAAS_REPLACEABLE declares then holds these "
			 "rows and no\n"
			 "                       others, from one packet to the next. In any other they are added, or "
			 "overwrite\n"
			 "                       what has their keys, while packets go on.\n"
			 "  dump                 print all rows, as load reads them; with --json a JSON line each\n"
			 "KEY and VALUE are a word for each field, in the order of `dump`'s first line. A word that "
			 "begins\n"
			 "with '-' and is no number goes behind --."};
	const struct verb *v = NULL;
	int rc = command_start(&spec, &argc, argv, NEEDS_BPF | NEEDS_SWEEP | TELLS_JSON);

	if (rc)
		return rc;
	rc = find_verb(&v, argv[0], argc - 3);
	if (!rc && v->how != STATE_READ)
		rc = refuse_options(v, d.per_cpu);
	if (rc)
		return rc;
	d.name = argv[2];
	d.argc = argc - 3;
	d.argv = argv + 3;
	rc = run(v, argv[1], &d);
	free(d.text);
	free(d.key);
	free(d.value);
	return rc;
}
