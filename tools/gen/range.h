/* SPDX-License-Identifier: Apache-2.0 */
/* range.h - lists of numbers and addresses as people write them: "1-5,9", "10.0.0.1-10.0.0.9,10.0.1.0/28", "200k/s". */
#ifndef GEN_RANGE_H
#define GEN_RANGE_H

#include <stddef.h>
#include <stdint.h>

#include "gen.h"

#define RANGE_MAX 65536u /* rows that a list may come to */

struct numbers {
	uint32_t *list;
	size_t n;
};

struct addresses {
	struct gen_address *list;
	size_t n;
	int family; /* 4, 6 */
};

/* OPTION is named in what fail_input() says, with examples of numbers from MIN on. On error nothing is left to free. */
int numbers_parse(struct numbers *out, const char *option, const char *text, uint32_t min, uint32_t max);
void numbers_free(struct numbers *n);
int addresses_parse(struct addresses *out, const char *option, const char *text);
void addresses_free(struct addresses *a);
/* One address; *FAMILY is 4 or 6. -EINVAL without words. */
int address_parse(const char *text, struct gen_address *out, int *family);
/* Requests a second: a whole number with k, M or G and "/s" behind it, if you like. */
int rate_parse(const char *option, const char *text, unsigned long long *out);
/* Seconds with a fraction, over 0 and up to a year. */
int seconds_parse(const char *option, const char *text, double *out);

#endif
