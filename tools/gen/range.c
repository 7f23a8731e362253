// SPDX-License-Identifier: Apache-2.0
/* range.c - see range.h. */
#include "range.h"

#include <arpa/inet.h>
#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "../../loader/conf.h" /* parse_u64 */
#include "../../loader/log.h"

#define ITEM_MAX    128 /* characters */
#define RATE_MAX    1000000000ull
#define SECONDS_MAX (365 * 86400)

/* The next of a list's items into ITEM; 0 at the end, -EINVAL for one that is empty or too long. */
static int next_item(const char **text, char item[ITEM_MAX])
{
	size_t len;

	if (!*text)
		return 0;
	len = strcspn(*text, ",");
	if (!len || len >= ITEM_MAX)
		return -EINVAL;
	memcpy(item, *text, len);
	item[len] = '\0';
	*text = (*text)[len] ? *text + len + 1 : NULL;
	return 1;
}

static int number_range(char *item, uint32_t min, uint32_t max, unsigned long long *from, unsigned long long *to)
{
	char *dash = strchr(item, '-');

	if (dash)
		*dash = '\0';
	if (parse_u64(item, min, max, from) || parse_u64(dash ? dash + 1 : item, min, max, to) || *to < *from)
		return -EINVAL;
	return 0;
}

int numbers_parse(struct numbers *out, const char *option, const char *text, uint32_t min, uint32_t max)
{
	unsigned long long from, to;
	const char *rest = text;
	char item[ITEM_MAX];
	int rc;

	*out = (struct numbers){.list = calloc(RANGE_MAX, sizeof(*out->list))};
	if (!out->list)
		return fail_memory();
	while ((rc = next_item(&rest, item)) > 0) {
		rc = number_range(item, min, max, &from, &to);
		if (rc)
			break;
		if (to - from >= RANGE_MAX - out->n) {
			rc = fail_input("--%s %s: more than %u numbers: write fewer", option, text, RANGE_MAX);
			break;
		}
		for (; from <= to; from++)
			out->list[out->n++] = from;
	}
	if (rc) {
		numbers_free(out);
		return fail_input("--%s '%s': numbers from %u to %u, as in \"%u\", \"%u-%u\" or \"%u,%u-%u\"", option,
				  text, min, max, min, min, min + 3, min, min + 2, min + 3);
	}
	return 0;
}

void numbers_free(struct numbers *n)
{
	free(n->list);
	*n = (struct numbers){0};
}

int address_parse(const char *text, struct gen_address *out, int *family)
{
	*out = (struct gen_address){0};
	*family = 4;
	if (inet_pton(AF_INET, text, out->word) == 1)
		return 0;
	*family = 6;
	return inet_pton(AF_INET6, text, out->word) == 1 ? 0 : -EINVAL;
}

/* The last word of an address, the one that ranges count in, in host order. */
static uint32_t *last_word(struct gen_address *a, int family)
{
	return &a->word[family == 4 ? 0 : 3];
}

/* "A", "A-B", "A/BITS": the first address, and how many there are. */
static int address_range(char *item, struct gen_address *first, int *family, uint64_t *n)
{
	char *slash = strchr(item, '/'), *dash = strchr(item, '-');
	struct gen_address last;
	unsigned long long bits;
	int other, width;

	if (slash)
		*slash = '\0';
	if (dash)
		*dash = '\0';
	if (address_parse(item, first, family))
		return -EINVAL;
	*n = 1;
	width = *family == 4 ? 32 : 128;
	if (dash) {
		if (address_parse(dash + 1, &last, &other) || other != *family ||
		    (other == 6 && memcmp(&last, first, 12)) ||
		    ntohl(*last_word(&last, other)) < ntohl(*last_word(first, other)))
			return -EINVAL;
		*n = (uint64_t)ntohl(*last_word(&last, other)) - ntohl(*last_word(first, other)) + 1;
	}
	if (slash) {
		uint32_t *word = last_word(first, *family);

		if (parse_u64(slash + 1, 0, width, &bits))
			return -EINVAL;
		*n = width - bits >= 32 ? 1ull << 32 : 1ull << (width - bits);
		*word &= htonl(-(uint32_t)*n);
	}
	return 0;
}

static void add_addresses(struct addresses *out, const struct gen_address *first, uint64_t n)
{
	for (uint64_t i = 0; i < n; i++) {
		struct gen_address *a = &out->list[out->n++];
		uint32_t *word;

		*a = *first;
		word = last_word(a, out->family);
		*word = htonl(ntohl(*word) + i);
	}
}

int addresses_parse(struct addresses *out, const char *option, const char *text)
{
	struct gen_address first;
	const char *rest = text;
	char item[ITEM_MAX];
	uint64_t n;
	int rc, family;

	*out = (struct addresses){.list = calloc(RANGE_MAX, sizeof(*out->list))};
	if (!out->list)
		return fail_memory();
	while ((rc = next_item(&rest, item)) > 0) {
		rc = address_range(item, &first, &family, &n);
		if (rc)
			break;
		if (out->family && out->family != family) {
			rc = fail_input("--%s %s: IPv4 and IPv6 in one list: run twice", option, text);
			break;
		}
		if (n > RANGE_MAX - out->n) {
			rc = fail_input("--%s %s: more than %u addresses: write a longer prefix", option, text,
					RANGE_MAX);
			break;
		}
		out->family = family;
		add_addresses(out, &first, n);
	}
	if (rc) {
		addresses_free(out);
		return fail_input(
			"--%s '%s': addresses, as in \"10.0.0.1\", \"10.0.0.1-10.0.0.9\", \"10.0.0.0/24\" or several "
			"with commas",
			option, text);
	}
	return 0;
}

void addresses_free(struct addresses *a)
{
	free(a->list);
	*a = (struct addresses){0};
}

int rate_parse(const char *option, const char *text, unsigned long long *out)
{
	unsigned long long unit = 1;
	char number[32];
	size_t len = strlen(text);

	if (len > 2 && !strcmp(text + len - 2, "/s"))
		len -= 2;
	if (len && strchr("kMG", text[len - 1])) {
		unit = text[len - 1] == 'k' ? 1000 : text[len - 1] == 'M' ? 1000000 : 1000000000;
		len--;
	}
	if (len < sizeof(number)) {
		memcpy(number, text, len);
		number[len] = '\0';
		if (!parse_u64(number, 1, RATE_MAX / unit, out)) {
			*out *= unit;
			return 0;
		}
	}
	return fail_input("--%s '%s': from 1/s to 1G/s, as in \"200000\" or \"200k/s\"", option, text);
}

int seconds_parse(const char *option, const char *text, double *out)
{
	char *end;
	double s = strtod(text, &end);

	if (end == text || *end || !isfinite(s) || s <= 0 || s > SECONDS_MAX)
		return fail_input("--%s '%s': seconds, over 0 and up to %d (a year), as in \"0.5\" or \"10\"", option,
				  text, SECONDS_MAX);
	*out = s;
	return 0;
}
