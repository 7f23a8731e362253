/* SPDX-License-Identifier: Apache-2.0 */
/* data_form_internal.h - between the files of the forms: numbers, addresses, texts. */
#ifndef KF_DATA_FORM_INTERNAL_H
#define KF_DATA_FORM_INTERNAL_H

#include "data_form.h"

/* AT is where the element is. */
typedef int form_read(const struct data_column *c, const char *s, size_t n, void *at, char *why);
typedef size_t form_print(const struct data_column *c, const void *at, char *buf);

form_read form_read_int, form_read_bool, form_read_enum, form_read_be;
form_print form_print_int, form_print_bool, form_print_enum, form_print_be;

form_read form_read_ip4, form_read_ip6, form_read_ip, form_read_mac, form_read_prefix;
form_print form_print_ip4, form_print_ip6, form_print_ip, form_print_mac, form_print_prefix;

form_read form_read_text, form_read_name, form_read_hex, form_read_bytes, form_read_raw;
form_print form_print_text, form_print_name, form_print_hex, form_print_bytes, form_print_raw;

/* WHY, and -EINVAL. */
int form_wrong(char *why, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* "0x" and all bytes: what a form has no words for is written and read so. */
bool form_is_raw(const struct data_column *c, const char *s, size_t n);
size_t form_put_raw(const struct data_column *c, const void *at, char *buf);

#endif
