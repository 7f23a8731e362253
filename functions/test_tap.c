// SPDX-License-Identifier: Apache-2.0
/* test_tap.c - what a test prints: results and notes as TAP, bytes that differ. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "test_frame.h"

static unsigned done, bad;

void test_ok(bool ok, const char *fmt, ...)
{
	va_list ap;

	done++;
	bad += !ok;
	printf("%sok %u - ", ok ? "" : "not ", done);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
	fflush(stdout);
}

void test_note(const char *fmt, ...)
{
	va_list ap;

	printf("# ");
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
}

int test_end(void)
{
	printf("1..%u\n# %u passed, %u failed\n", done, done - bad, bad);
	return bad || !done;
}

void test_dump(const char *mark, const uint8_t *b, size_t len, size_t at)
{
	printf("#  %s %04zx ", mark, at);
	for (size_t i = at; i < at + 16 && i < len; i++)
		printf(" %02x", b[i]);
	putchar('\n');
}

bool test_bytes(const void *got, size_t got_len, const void *want, size_t want_len)
{
	const uint8_t *g = got, *w = want;
	size_t longer = got_len > want_len ? got_len : want_len;
	int shown = 0;

	if (got_len == want_len && !memcmp(g, w, got_len))
		return true;
	test_note("%zu bytes, want %zu; differing lines (- got, + want):", got_len, want_len);
	for (size_t at = 0; at < longer && shown < 12; at += 16) {
		size_t a = at >= got_len ? 0 : got_len - at < 16 ? got_len - at : 16;
		size_t b = at >= want_len ? 0 : want_len - at < 16 ? want_len - at : 16;

		if (a == b && !memcmp(g + at, w + at, a))
			continue;
		test_dump("-", g, got_len, at);
		test_dump("+", w, want_len, at);
		shown++;
	}
	return false;
}
