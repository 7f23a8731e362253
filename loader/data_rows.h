/* SPDX-License-Identifier: Apache-2.0 */
/* data_rows.h - rows as text, by columns or as JSON, into the bytes that a map takes, and back. Nothing here touches
 * the kernel. */
#ifndef KF_DATA_ROWS_H
#define KF_DATA_ROWS_H

#include <stdio.h>

#include "data_type.h"

/* Each key once. */
struct data_rows {
	const struct data_type *type;
	size_t n, room;
	char *keys, *values; /* type->key_size and type->value_stride from one to the next */
	__u32 *line;
	__u32 *index; /* open addressing: 1 + row */
	size_t mask;
};

/* A whole file. WHERE names it in errors, which are "WHERE:LINE:COLUMN: ...". */
int data_rows_read(struct data_rows *r, const struct data_type *t, const char *text, size_t len, const char *where);
/* One row in words: the key's columns, then, if VALUE is not NULL, the value's. */
int data_row_words(const struct data_type *t, int n, char **words, char *key, char *value);
/* The row with this key, or -1. */
long data_rows_find(const struct data_rows *r, const char *key);
/* Keys of an array's rows must be below LIMIT. */
int data_rows_check_index(const struct data_rows *r, __u32 limit, const char *where);
/* Entries of a map that is made larger for R: some more than it has, for what is put in later. */
__u32 data_rows_room(const struct data_rows *r);
void data_rows_free(struct data_rows *r);

/* --- Values of a per-CPU map: those of all CPUs, type->value_stride / type->cpus apart --- */

/* As one: numbers are added up; of anything else it is the first that is not zero. */
void data_value_sum(const struct data_type *t, const char *values, char *sum);
/* The other way: so that the sum is what the first CPU's value is now. */
void data_value_spread(const struct data_type *t, char *values);

/* --- Printing --- */

struct data_printer {
	const struct data_type *type;
	bool json, per_cpu;
	FILE *out;
	char *buf; /* a line */
	char *sum; /* a value */
};
int data_printer_open(struct data_printer *p, const struct data_type *t, FILE *out, bool json, bool per_cpu);
/* "# key<TAB>value.ttl": the names of the columns. */
void data_print_head(const struct data_printer *p);
void data_print_row(const struct data_printer *p, const char *key, const char *values);
void data_printer_close(struct data_printer *p);

/* --- JSON (data_json.c) --- */

struct json_tokener;
/* {"key": ..., "value": ...}, or with "per_cpu". */
int data_json_read(const struct data_type *t, struct json_tokener *tok, const char *line, size_t len, char *key,
		   char *value, const char *where, __u32 number);
void data_json_print(const struct data_printer *p, const char *key, const char *values);

#endif
