// SPDX-License-Identifier: Apache-2.0
/* suggest.c - the nearest known word, by edit distance (a swap of neighbours counts one). */
#include "suggest.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define WORD_MAX 48

static int min3(int a, int b, int c)
{
	int m = a < b ? a : b;

	return m < c ? m : c;
}

static int distance(const char *a, size_t n, const char *b, size_t m)
{
	int d[WORD_MAX + 1][WORD_MAX + 1];

	for (size_t i = 0; i <= n; i++)
		d[i][0] = i;
	for (size_t j = 0; j <= m; j++)
		d[0][j] = j;
	for (size_t i = 1; i <= n; i++) {
		for (size_t j = 1; j <= m; j++) {
			char x = tolower((unsigned char)a[i - 1]), y = tolower((unsigned char)b[j - 1]);

			d[i][j] = min3(d[i - 1][j] + 1, d[i][j - 1] + 1, d[i - 1][j - 1] + (x != y));
			if (i > 1 && j > 1 && x == tolower((unsigned char)b[j - 2]) &&
			    y == tolower((unsigned char)a[i - 2]) && d[i - 2][j - 2] + 1 < d[i][j])
				d[i][j] = d[i - 2][j - 2] + 1;
		}
	}
	return d[n][m];
}

const char *suggest(const char *typed, const char *const *words, size_t n)
{
	size_t len = strlen(typed);
	const char *best = NULL;
	int best_distance = 0;

	if (!len || len > WORD_MAX)
		return NULL;
	for (size_t i = 0; i < n; i++) {
		size_t m = strlen(words[i]);
		int d;

		if (m > WORD_MAX)
			continue;
		d = distance(typed, len, words[i], m);
		/* A third of the word may be wrong, and the start of a longer word is as good as one slip. */
		if (d > (int)(m < 4 ? 1 : m / 3 + 1)) {
			if (len < 3 || strncmp(typed, words[i], len))
				continue;
			d = 1;
		}
		if (d >= (int)m)
			continue;
		if (!best || d < best_distance) {
			best = words[i];
			best_distance = d;
		}
	}
	return best;
}

const char *suggest_text(const char *typed, const char *const *words, size_t n, char *buf, size_t size)
{
	const char *word = suggest(typed, words, n);

	buf[0] = '\0';
	if (word)
		snprintf(buf, size, ": did you mean '%s'?", word);
	return buf;
}
