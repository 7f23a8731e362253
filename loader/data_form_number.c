// SPDX-License-Identifier: Apache-2.0
/* data_form_number.c - the forms that are numbers: integers, big-endian ones, booleans, enums. */
#include <endian.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "data_form_internal.h"

/* --- In memory: little-endian, as every machine this runs on --- */

unsigned long long data_column_get(const struct data_column *c, const void *at)
{
	unsigned long long v = 0;

	memcpy(&v, at, c->size);
	if (c->form == FORM_BE)
		v = be64toh(v) >> (64 - 8 * c->size);
	return c->bits ? v >> c->shift & ((1ull << c->bits) - 1) : v;
}

void data_column_set(const struct data_column *c, void *at, unsigned long long v)
{
	unsigned long long all = 0;

	if (c->form == FORM_BE)
		v = htobe64(v) >> (64 - 8 * c->size);
	if (c->bits) {
		unsigned long long mask = ((1ull << c->bits) - 1) << c->shift;

		memcpy(&all, at, c->size);
		v = (all & ~mask) | (v << c->shift & mask);
	}
	memcpy(at, &v, c->size);
}

static unsigned width(const struct data_column *c)
{
	return c->bits ? c->bits : 8 * c->size;
}

static long long sign_extend(const struct data_column *c, unsigned long long v)
{
	unsigned spare = 64 - width(c);

	return (long long)(v << spare) >> spare;
}

/* --- As text --- */

static int digit(char ch)
{
	if (ch >= '0' && ch <= '9')
		return ch - '0';
	ch |= 0x20;
	return ch >= 'a' && ch <= 'f' ? ch - 'a' + 10 : 99;
}

/* All N characters at S as a decimal number, or in hex behind 0x. */
static bool parse_number(const char *s, size_t n, unsigned long long *out)
{
	unsigned long long v = 0;
	int base = 10;

	if (n > 2 && s[0] == '0' && (s[1] | 0x20) == 'x') {
		base = 16;
		s += 2;
		n -= 2;
	}
	if (!n)
		return false;
	for (; n; n--, s++) {
		int d = digit(*s);

		if (d >= base || __builtin_mul_overflow(v, base, &v) || __builtin_add_overflow(v, d, &v))
			return false;
	}
	*out = v;
	return true;
}

static size_t put_number(unsigned long long v, char *buf)
{
	char digits[20];
	size_t n = 0, len;

	do
		digits[n++] = '0' + v % 10;
	while (v /= 10);
	len = n;
	while (n)
		*buf++ = digits[--n];
	return len;
}

static int read_unsigned(const struct data_column *c, const char *s, size_t n, unsigned long long *v, char *why)
{
	unsigned long long max = width(c) >= 64 ? ~0ull : (1ull << width(c)) - 1;

	if (!parse_number(s, n, v) || *v > max)
		return form_wrong(why, "is not a whole number from 0 to %llu", max);
	return 0;
}

static int read_signed(const struct data_column *c, const char *s, size_t n, unsigned long long *v, char *why)
{
	unsigned long long max = (1ull << (width(c) - 1)) - 1;
	bool negative = n && *s == '-';

	if (!parse_number(s + negative, n - negative, v) || *v > max + negative)
		return form_wrong(why, "is not a whole number from %lld to %llu", -(long long)max - 1, max);
	if (negative)
		*v = -*v;
	return 0;
}

static int read_number(const struct data_column *c, const char *s, size_t n, unsigned long long *v, char *why)
{
	return c->is_signed ? read_signed(c, s, n, v, why) : read_unsigned(c, s, n, v, why);
}

int form_read_int(const struct data_column *c, const char *s, size_t n, void *at, char *why)
{
	unsigned long long v;
	int rc = read_number(c, s, n, &v, why);

	if (!rc)
		data_column_set(c, at, v);
	return rc;
}

size_t form_print_int(const struct data_column *c, const void *at, char *buf)
{
	unsigned long long v = data_column_get(c, at);

	if (!c->is_signed || sign_extend(c, v) >= 0)
		return put_number(v, buf);
	*buf = '-';
	return 1 + put_number(-(unsigned long long)sign_extend(c, v), buf + 1);
}

int form_read_be(const struct data_column *c, const char *s, size_t n, void *at, char *why)
{
	return form_read_int(c, s, n, at, why);
}

size_t form_print_be(const struct data_column *c, const void *at, char *buf)
{
	return form_print_int(c, at, buf);
}

static bool is_word(const char *s, size_t n, const char *word)
{
	return strlen(word) == n && !memcmp(s, word, n);
}

int form_read_bool(const struct data_column *c, const char *s, size_t n, void *at, char *why)
{
	if (is_word(s, n, "true") || is_word(s, n, "1"))
		data_column_set(c, at, 1);
	else if (is_word(s, n, "false") || is_word(s, n, "0"))
		data_column_set(c, at, 0);
	else if (!form_is_raw(c, s, n) || form_read_raw(c, s + 2, n - 2, at, why))
		return form_wrong(why, "is not true or false");
	return 0;
}

size_t form_print_bool(const struct data_column *c, const void *at, char *buf)
{
	unsigned long long v = data_column_get(c, at);

	if (v > 1)
		return form_put_raw(c, at, buf);
	memcpy(buf, v ? "true" : "false", v ? 4 : 5);
	return v ? 4 : 5;
}

static int wrong_word(const struct data_column *c, char *why)
{
	size_t len = snprintf(why, WHY_MAX, "is not ");

	for (size_t i = 0; i < c->n_words && len < WHY_MAX; i++)
		len += snprintf(why + len, WHY_MAX - len, "%s, ", c->word[i].name);
	if (len < WHY_MAX)
		snprintf(why + len, WHY_MAX - len, "or a number that fits");
	return -EINVAL;
}

int form_read_enum(const struct data_column *c, const char *s, size_t n, void *at, char *why)
{
	unsigned long long v;

	for (size_t i = 0; i < c->n_words; i++)
		if (is_word(s, n, c->word[i].name)) {
			data_column_set(c, at, c->word[i].value);
			return 0;
		}
	if (read_number(c, s, n, &v, why))
		return wrong_word(c, why);
	data_column_set(c, at, v);
	return 0;
}

size_t form_print_enum(const struct data_column *c, const void *at, char *buf)
{
	unsigned long long v = data_column_get(c, at);

	for (size_t i = 0; i < c->n_words; i++)
		if (c->word[i].value == v) {
			memcpy(buf, c->word[i].name, strlen(c->word[i].name));
			return strlen(c->word[i].name);
		}
	return form_print_int(c, at, buf);
}
