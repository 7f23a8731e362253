/* SPDX-License-Identifier: Apache-2.0 */
/* data_form.h - one column of a row: text into bytes and back. */
#ifndef KF_DATA_FORM_H
#define KF_DATA_FORM_H

#include "data_type.h"

#define WHY_MAX 256

/* The N characters at S, as column C of the key or value at BASE. Wrong: -EINVAL, and WHY is what comes behind
 * "'S' ...": "is not a whole number from 0 to 255". */
int data_form_read(const struct data_column *c, const char *s, size_t n, void *base, char why[WHY_MAX]);
/* Bytes that data_form_print may need. */
size_t data_form_room(const struct data_column *c);
/* Returns the length; there is no zero behind it. */
size_t data_form_print(const struct data_column *c, const void *base, char *buf);

/* A form by its name in KFAAS_FORM: -1 if there is none. */
int data_form_named(const char *name);
extern const char data_form_names[]; /* for messages */
/* Bytes of an element, if only that many make sense for FORM; else 0. */
__u32 data_form_size(enum data_form form);
/* Can its text hold no comma? Then an array of it is one column. */
bool data_form_in_list(enum data_form form);
/* Does JSON have it as a number or a boolean, not as text? */
bool data_form_plain(enum data_form form);
/* Do the values of all CPUs add up to one? */
bool data_form_adds_up(enum data_form form);

/* A column's number, as the program sees it. */
unsigned long long data_column_get(const struct data_column *c, const void *at);
void data_column_set(const struct data_column *c, void *at, unsigned long long v);

#endif
