// SPDX-License-Identifier: Apache-2.0
/* data_form_text.c - the forms that are bytes: text, DNS names, hex. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "data_form_internal.h"

#define NAME_BYTES  255 /* of a DNS name on the wire, RFC 1035 2.3.4 */
#define LABEL_BYTES 63

static const char hex_digits[] = "0123456789abcdef";

static int hex_digit(char ch)
{
	const char *at = strchr(hex_digits, ch >= 'A' && ch <= 'F' ? ch | 0x20 : ch);

	return ch && at ? at - hex_digits : -1;
}

static size_t put_hex(const unsigned char *at, size_t n, char *buf)
{
	for (size_t i = 0; i < n; i++) {
		buf[2 * i] = hex_digits[at[i] >> 4];
		buf[2 * i + 1] = hex_digits[at[i] & 15];
	}
	return 2 * n;
}

static bool all_hex(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (hex_digit(s[i]) < 0)
			return false;
	return true;
}

static void get_hex(const char *s, size_t bytes, unsigned char *at)
{
	for (size_t i = 0; i < bytes; i++)
		at[i] = hex_digit(s[2 * i]) << 4 | hex_digit(s[2 * i + 1]);
}

static size_t used(const unsigned char *at, size_t n)
{
	while (n && !at[n - 1])
		n--;
	return n;
}

/* --- Bytes as they are --- */

bool form_is_raw(const struct data_column *c, const char *s, size_t n)
{
	return n == 2 + 2 * (size_t)c->size && s[0] == '0' && s[1] == 'x' && all_hex(s + 2, n - 2);
}

size_t form_put_raw(const struct data_column *c, const void *at, char *buf)
{
	memcpy(buf, "0x", 2);
	return 2 + put_hex(at, c->size, buf + 2);
}

int form_read_raw(const struct data_column *c, const char *s, size_t n, void *at, char *why)
{
	if (n != 2 * (size_t)c->size || !all_hex(s, n))
		return form_wrong(why, "is not %u hex digits", 2 * c->size);
	get_hex(s, c->size, at);
	return 0;
}

size_t form_print_raw(const struct data_column *c, const void *at, char *buf)
{
	return put_hex(at, c->size, buf);
}

/* Hex of at most ROOM bytes, "-" for none; -EINVAL, or how many. */
static long read_some(const char *s, size_t n, size_t room, unsigned char *at, char *why)
{
	if (n == 1 && *s == '-')
		n = 0;
	else if (!n || n % 2 || !all_hex(s, n))
		return form_wrong(why, "is not pairs of hex digits, or - for none");
	if (n / 2 > room)
		return form_wrong(why, "has %zu bytes, %zu fit", n / 2, room);
	get_hex(s, n / 2, at);
	memset(at + n / 2, 0, room - n / 2);
	return n / 2;
}

static size_t put_some(const unsigned char *at, size_t n, char *buf)
{
	*buf = '-';
	return n ? put_hex(at, n, buf) : 1;
}

int form_read_hex(const struct data_column *c, const char *s, size_t n, void *at, char *why)
{
	return read_some(s, n, c->size, at, why) < 0 ? -EINVAL : 0;
}

size_t form_print_hex(const struct data_column *c, const void *at, char *buf)
{
	return put_some(at, used(at, c->size), buf);
}

/* --- Bytes behind their length --- */

int form_read_bytes(const struct data_column *c, const char *s, size_t n, void *at, char *why)
{
	unsigned char *bytes = (unsigned char *)at + c->head;
	size_t room = c->size - c->head;
	long len;

	if (form_is_raw(c, s, n))
		return form_read_raw(c, s + 2, n - 2, at, why);
	if (c->head < 4 && room >> 8 * c->head)
		room = (1u << 8 * c->head) - 1;
	len = read_some(s, n, room, bytes, why);
	if (len < 0)
		return -EINVAL;
	memset(bytes + room, 0, c->size - c->head - room);
	memcpy(at, &len, c->head);
	return 0;
}

size_t form_print_bytes(const struct data_column *c, const void *at, char *buf)
{
	const unsigned char *bytes = (const unsigned char *)at + c->head;
	size_t len = 0;

	memcpy(&len, at, c->head);
	if (len > c->size - c->head || used(bytes + len, c->size - c->head - len))
		return form_put_raw(c, at, buf);
	return put_some(bytes, len, buf);
}

/* --- Text --- */

/* Bytes of the UTF-8 character at S; 0 if it is none, or one for terminals. */
static size_t utf8(const unsigned char *s, size_t n)
{
	static const unsigned lowest[] = {0, 0, 0x80, 0x800, 0x10000};
	size_t len = *s >= 0xf0 ? 4 : *s >= 0xe0 ? 3 : 2;
	unsigned v = *s & (0xff >> (len + 1));

	if (*s < 0xc0 || *s > 0xf4 || len > n)
		return 0;
	for (size_t i = 1; i < len; i++) {
		if (s[i] >> 6 != 2)
			return 0;
		v = v << 6 | (s[i] & 0x3f);
	}
	return v < lowest[len] || v > 0x10ffff || v < 0xa0 || (v >= 0xd800 && v < 0xe000) ? 0 : len;
}

/* The character behind a backslash; -1: none that is known. Moves *S behind it. */
static int unescape(const char **s, const char *end)
{
	static const char from[] = "tnr\\", to[] = "\t\n\r\\";
	const char *at;

	if (*s == end)
		return -1;
	at = **s ? strchr(from, **s) : NULL;
	if (at) {
		++*s;
		return to[at - from];
	}
	if (**s == 'x' && end - *s >= 3 && all_hex(*s + 1, 2)) {
		unsigned char byte;

		get_hex(*s + 1, 1, &byte);
		*s += 3;
		return byte;
	}
	return -1;
}

int form_read_text(const struct data_column *c, const char *s, size_t n, void *at, char *why)
{
	const char *end = s + n;
	unsigned char *to = at;
	size_t len = 0;

	while (s < end) {
		int ch = (unsigned char)*s++;

		if (ch == '\\')
			ch = unescape(&s, end);
		if (ch < 0)
			return form_wrong(why, "has a \\ without t, n, r, \\ or xHH behind it");
		if (len < c->size)
			to[len] = ch;
		len++;
	}
	if (len > c->size)
		return form_wrong(why, "has %zu bytes, %u fit", len, c->size);
	memset(to + len, 0, c->size - len);
	return 0;
}

static size_t put_escaped(unsigned char ch, char *buf)
{
	static const char from[] = "\t\n\r\\", to[] = "tnr\\";
	const char *at = ch ? strchr(from, ch) : NULL;

	*buf++ = '\\';
	if (at) {
		*buf = to[at - from];
		return 2;
	}
	*buf++ = 'x';
	return 2 + put_hex(&ch, 1, buf);
}

size_t form_print_text(const struct data_column *c, const void *at, char *buf)
{
	const unsigned char *s = at, *end = s + used(at, c->size);
	size_t n = 0;

	/* At the start of a line these two would make it another kind of line. */
	if (s < end && (*s == '#' || *s == '{'))
		n = put_escaped(*s++, buf);
	while (s < end) {
		size_t len = *s >= 0x80 ? utf8(s, end - s) : *s >= ' ' && *s != 0x7f && *s != '\\';

		if (len) {
			memcpy(buf + n, s, len);
			n += len;
			s += len;
		} else {
			n += put_escaped(*s++, buf + n);
		}
	}
	return n;
}

/* --- DNS names: the text of RFC 1035 5.1, on the wire form --- */

/* The character behind a backslash: three digits, or itself. -1: there is none. */
static int unescape_name(const char **s, const char *end)
{
	const char *d = *s;
	int v;

	if (d == end)
		return -1;
	if (*d < '0' || *d > '9') {
		++*s;
		return (unsigned char)*d;
	}
	if (end - d < 3 || d[1] < '0' || d[1] > '9' || d[2] < '0' || d[2] > '9')
		return -1;
	v = (d[0] - '0') * 100 + (d[1] - '0') * 10 + (d[2] - '0');
	*s += 3;
	return v > 255 ? -1 : v;
}

/* A label from S on, at most as far as its dot, to TO (its length first). Bytes of it, or -EINVAL. */
static int read_label(const char **s, const char *end, unsigned char *to, char *why)
{
	int n = 0;

	while (*s < end && **s != '.') {
		int ch = (unsigned char)*(*s)++;

		if (ch == '\\')
			ch = unescape_name(s, end);
		if (ch < 0)
			return form_wrong(why, "has a \\ without a character or three digits up to 255 behind it");
		if (n == LABEL_BYTES)
			return form_wrong(why, "has a label of more than %u bytes", LABEL_BYTES);
		to[++n] = ch;
	}
	if (!n)
		return form_wrong(why, "is not a DNS name, such as www.example.org.: a label is empty");
	*to = n;
	if (*s < end)
		++*s; /* the dot */
	return n + 1;
}

int form_read_name(const struct data_column *c, const char *s, size_t n, void *at, char *why)
{
	size_t room = c->size < NAME_BYTES ? c->size : NAME_BYTES, len = 0;
	unsigned char wire[NAME_BYTES + LABEL_BYTES + 2] = {0};
	const char *end = s + n;

	if (form_is_raw(c, s, n))
		return form_read_raw(c, s + 2, n - 2, at, why);
	if (n == 1 && *s == '.')
		s = end;
	else if (!n)
		return form_wrong(why, "is not a DNS name, such as www.example.org., or . for the root");
	while (s < end) {
		int label = read_label(&s, end, wire + len, why);

		if (label < 0)
			return label;
		len += label;
		if (len + 1 > room)
			return form_wrong(why, "takes more than the %zu bytes there are for a DNS name", room);
	}
	memset(at, 0, c->size);
	memcpy(at, wire, len);
	return 0;
}

/* Bytes of the name at AT, with nothing but zeros behind; 0: it is none. */
static size_t name_bytes(const unsigned char *at, size_t size)
{
	size_t n = 0;

	while (n < size && at[n]) {
		if (at[n] > LABEL_BYTES)
			return 0;
		n += at[n] + 1;
	}
	return n < size && n < NAME_BYTES && !used(at + n, size - n) ? n + 1 : 0;
}

static size_t print_label(const unsigned char *label, char *buf)
{
	char *to = buf;

	for (int i = 1; i <= *label; i++) {
		unsigned char ch = label[i];

		if (ch <= ' ' || ch >= 0x7f) {
			*to++ = '\\';
			*to++ = '0' + ch / 100;
			*to++ = '0' + ch / 10 % 10;
			*to++ = '0' + ch % 10;
			continue;
		}
		if (strchr(".\\\"#{;()@$", ch))
			*to++ = '\\';
		*to++ = ch;
	}
	*to++ = '.';
	return to - buf;
}

size_t form_print_name(const struct data_column *c, const void *at, char *buf)
{
	const unsigned char *label = at;
	size_t n = 0;

	if (!name_bytes(at, c->size))
		return form_put_raw(c, at, buf);
	for (; *label; label += *label + 1)
		n += print_label(label, buf + n);
	if (!n)
		buf[n++] = '.';
	return n;
}
