// SPDX-License-Identifier: Apache-2.0
/* main.c - kfaas-dns-rows: zone files in, row files for the maps of the function dns out. */
#include <ctype.h>
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "rows.h"

static const char usage[] =
	"Usage: kfaas-dns-rows -o FOLDER [ORIGIN=]FILE...\n"
	"Renders the answers of the zones in RFC 1035 zone files, and writes them to FOLDER as the row files\n"
	"slots, names, names_long, answers and bodies, one for each map of the function dns.\n"
	"ORIGIN is needed for a file that does not set $ORIGIN. All files are written, or none.\n";

struct output {
	int folder;
	FILE *file[ROWS_MAPS];
	unsigned long rows[ROWS_MAPS];
	unsigned long own; /* answers that are in rows of `names` */
};

/* RFC 1035 5.1; what is not plain as three digits. */
static void write_name(FILE *f, const uint8_t *name)
{
	if (!*name)
		putc('.', f);
	for (; *name; name = name_up(name)) {
		for (int i = 1; i <= *name; i++)
			if (isalnum(name[i]) || strchr("-_*/", name[i]))
				putc(name[i], f);
			else
				fprintf(f, "\\%03u", name[i]);
		putc('.', f);
	}
}

static void write_hex(FILE *f, const uint8_t *bytes, size_t len)
{
	static const char digits[] = "0123456789abcdef";

	if (!len)
		putc('-', f);
	for (size_t i = 0; i < len; i++) {
		putc(digits[bytes[i] >> 4], f);
		putc(digits[bytes[i] & 15], f);
	}
}

static void write_answer(FILE *f, const struct dns_answer *a)
{
	fprintf(f, "%u\t%u\t%u\t%u\t%u\t%u\t%u\t%u\t%u\t%u\t%u\t%u\t%u\t%u\t%u\t", a->type, a->dnssec, a->marks,
		a->large, ntohs(a->flags), ntohs(a->qd), ntohs(a->an), ntohs(a->ns), ntohs(a->ar), a->len, a->extra,
		a->sum, ntohs(a->message_sum), a->name_len, a->shifts);
	write_hex(f, a->body.bytes, a->body.len);
}

static bool write_row(void *ctx, enum rows_map map, uint32_t row, const void *value)
{
	const struct kfaas_bytes_dns_large *large = value;
	const struct dns_name *name = value;
	const struct dns_slot *slot = value;
	struct output *out = ctx;
	FILE *f = out->file[map];

	out->rows[map]++;
	fprintf(f, "%u\t", row);
	switch (map) {
	case ROWS_SLOTS:
		fprintf(f, "%u\t%u", slot->first, slot->end);
		break;
	case ROWS_NAMES:
		write_name(f, name->name);
		fprintf(f, "\t%u\t%u\t%u\t%u\t%u\t%u\t%u\t", name->hash, name->large, name->zone, name->first,
			name->count, name->flags, name->len);
		write_answer(f, &name->own);
		out->own += name->own.qd != 0;
		break;
	case ROWS_NAMES_LONG:
		write_name(f, value);
		break;
	case ROWS_ANSWERS:
		write_answer(f, value);
		break;
	default:
		write_hex(f, large->bytes, large->len);
	}
	return putc('\n', f) != EOF;
}

static bool complain(const char *what)
{
	fprintf(stderr, "kfaas-dns-rows: %s: %s\n", what, strerror(errno));
	return false;
}

static void temporary(char to[32], int map)
{
	snprintf(to, 32, ".%s.new", rows_names[map]);
}

static bool output_open(struct output *out, const char *folder)
{
	char name[32];

	out->folder = open(folder, O_RDONLY | O_DIRECTORY);
	if (out->folder < 0)
		return complain(folder);
	for (int i = 0; i < ROWS_MAPS; i++) {
		int fd;

		temporary(name, i);
		fd = openat(out->folder, name, O_WRONLY | O_CREAT | O_TRUNC, 0644);
		if (fd < 0)
			return complain(folder);
		out->file[i] = fdopen(fd, "w");
	}
	return true;
}

/* KEEP: put the new files in place; else, or if one cannot be written to its end, the old ones stay. */
static bool output_close(struct output *out, bool keep)
{
	char name[32];

	for (int i = 0; i < ROWS_MAPS; i++) {
		if (out->file[i] && fclose(out->file[i]) && keep)
			keep = complain(rows_names[i]);
	}
	for (int i = 0; out->folder >= 0 && i < ROWS_MAPS; i++) {
		temporary(name, i);
		if (keep && renameat(out->folder, name, out->folder, rows_names[i]))
			keep = complain(rows_names[i]);
		if (!keep)
			unlinkat(out->folder, name, 0);
	}
	if (out->folder >= 0)
		close(out->folder);
	return keep;
}

static int run(const char *folder, char **zones_from)
{
	struct output out = {.folder = -1};
	struct zones zones = {0};
	bool ok;

	for (; *zones_from; zones_from++)
		if (!zone_read(&zones, *zones_from)) {
			zones_free(&zones);
			return 2;
		}
	ok = output_open(&out, folder);
	if (ok && !rows_make(&zones, write_row, &out))
		ok = complain("cannot write");
	ok = output_close(&out, ok);
	if (ok)
		printf("%lu names, %lu answers, %lu of them large\n", out.rows[ROWS_NAMES],
		       out.rows[ROWS_ANSWERS] + out.own, out.rows[ROWS_BODIES]);
	zones_free(&zones);
	return ok ? 0 : 1;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{"output", required_argument, NULL, 'o'}, {"help", no_argument, NULL, 'h'}, {NULL, 0, NULL, 0}};
	const char *folder = NULL;
	int c;

	while ((c = getopt_long(argc, argv, "o:h", options, NULL)) != -1)
		if (c == 'o') {
			folder = optarg;
		} else {
			fputs(usage, c == 'h' ? stdout : stderr);
			return c == 'h' ? 0 : 2;
		}
	if (!folder || optind == argc) {
		fputs(usage, stderr);
		return 2;
	}
	return run(folder, argv + optind);
}
