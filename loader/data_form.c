// SPDX-License-Identifier: Apache-2.0
/* data_form.c - the table of forms, and columns that are lists of them. */
#include "data_form_internal.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "util.h"

static const struct form {
	const char *name; /* in KFAAS_FORM; NULL: it follows from the type */
	form_read *read;
	form_print *print;
	__u32 size;
	__u32 room; /* characters, besides those for each byte */
	__u32 room_per_byte;
	bool in_list, plain, adds_up;
} forms[FORMS] = {
	[FORM_INT] = {NULL, form_read_int, form_print_int, .room = 24, .in_list = true, .plain = true, .adds_up = true},
	[FORM_BOOL] = {NULL, form_read_bool, form_print_bool, .room = 24, .in_list = true, .plain = true},
	[FORM_ENUM] = {NULL, form_read_enum, form_print_enum, .room = 24, .in_list = true},
	[FORM_BE] = {"be", form_read_be, form_print_be, .room = 24, .in_list = true, .plain = true, .adds_up = true},
	[FORM_IP4] = {"ip4", form_read_ip4, form_print_ip4, 4, .room = 16, .in_list = true},
	[FORM_IP6] = {"ip6", form_read_ip6, form_print_ip6, 16, .room = 48, .in_list = true},
	[FORM_IP] = {"ip", form_read_ip, form_print_ip, 16, .room = 48, .in_list = true},
	[FORM_MAC] = {"mac", form_read_mac, form_print_mac, 6, .room = 20, .in_list = true},
	[FORM_PREFIX] = {"prefix", form_read_prefix, form_print_prefix, .room = 64, .in_list = true},
	[FORM_TEXT] = {NULL, form_read_text, form_print_text, .room = 4, .room_per_byte = 4},
	[FORM_NAME] = {"name", form_read_name, form_print_name, .room = 4, .room_per_byte = 4},
	[FORM_HEX] = {"hex", form_read_hex, form_print_hex, .room = 4, .room_per_byte = 2, .in_list = true},
	[FORM_BYTES] = {"bytes", form_read_bytes, form_print_bytes, .room = 4, .room_per_byte = 2, .in_list = true},
	[FORM_RAW] = {NULL, form_read_raw, form_print_raw, .room = 4, .room_per_byte = 2, .in_list = true},
};

const char data_form_names[] = "ip4, ip6, ip, mac, be, port, name, hex, bytes, prefix";

int data_form_named(const char *name)
{
	if (!strcmp(name, "port"))
		return FORM_BE;
	for (int i = 0; i < FORMS; i++)
		if (forms[i].name && !strcmp(forms[i].name, name))
			return i;
	return -1;
}

__u32 data_form_size(enum data_form form)
{
	return forms[form].size;
}

bool data_form_in_list(enum data_form form)
{
	return forms[form].in_list;
}

bool data_form_plain(enum data_form form)
{
	return forms[form].plain;
}

bool data_form_adds_up(enum data_form form)
{
	return forms[form].adds_up;
}

int form_wrong(char *why, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, WHY_MAX, fmt, ap);
	va_end(ap);
	return -EINVAL;
}

static int read_list(const struct data_column *c, const char *s, size_t n, char *at, char *why)
{
	const char *end = s + n;
	__u32 i = 0;

	for (;; i++) {
		const char *comma = memchr(s, ',', end - s), *stop = comma ? comma : end;
		char inner[WHY_MAX];

		if (i < c->count && forms[c->form].read(c, s, stop - s, at + i * c->size, inner))
			return form_wrong(why, "has '%.*s' at place %u, which %.150s",
					  stop - s < 40 ? (int)(stop - s) : 40, s, i + 1, inner);
		if (!comma)
			break;
		s = comma + 1;
	}
	if (i + 1 != c->count)
		return form_wrong(why, "has %u elements, not %u with commas between", i + 1, c->count);
	return 0;
}

int data_form_read(const struct data_column *c, const char *s, size_t n, void *base, char why[WHY_MAX])
{
	char *at = (char *)base + c->offset;

	return c->list ? read_list(c, s, n, at, why) : forms[c->form].read(c, s, n, at, why);
}

size_t data_form_room(const struct data_column *c)
{
	const struct form *f = &forms[c->form];
	size_t room = f->room + (size_t)f->room_per_byte * c->size;

	for (size_t i = 0; i < c->n_words; i++)
		if (strlen(c->word[i].name) > room)
			room = strlen(c->word[i].name);
	return (room + 1) * c->count;
}

size_t data_form_print(const struct data_column *c, const void *base, char *buf)
{
	const char *at = (const char *)base + c->offset;
	size_t n = 0;

	for (__u32 i = 0; i < c->count; i++) {
		if (i)
			buf[n++] = ',';
		n += forms[c->form].print(c, at + i * c->size, buf + n);
	}
	return n;
}
