/* SPDX-License-Identifier: Apache-2.0 */
/* out.h - what commands print on standard output: aligned tables for people, JSON for machines. */
#ifndef KF_OUT_H
#define KF_OUT_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>

extern bool out_json; /* --json was given */

/* Let standard output reach who reads it; an error if not all that was printed so far does. */
int out_flush(void);
/* Print OBJ as JSON and drop it. */
void out_object(struct json_object *obj);

/* Members of a JSON object; a NULL string becomes null. */
void json_str(struct json_object *o, const char *key, const char *value);
void json_num(struct json_object *o, const char *key, unsigned long long value);
void json_int(struct json_object *o, const char *key, long long value);
void json_flag(struct json_object *o, const char *key, bool value);

/* A table: cells are copied. Numbers (a cell that begins with a digit) go to the right. */
struct table;
struct table *table_new(size_t columns, const char *const *heads);
void table_cell(struct table *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void table_print(struct table *t); /* and free it */

/* 1234567 as "1.2M", 950 as "950": for people. */
const char *out_short(unsigned long long v, char buf[16]);
/* Nanoseconds as "850ns", "2.5us". */
const char *out_time(unsigned long long ns, char buf[16]);

#endif
