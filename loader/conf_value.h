/* SPDX-License-Identifier: Apache-2.0 */
/* conf_value.h - the values of config keys, words into numbers and back. Private to conf*.c and plan.c. */
#ifndef KF_CONF_VALUE_H
#define KF_CONF_VALUE_H

#include "conf.h"

#define RATE_MAX       1000000000ull /* packets a second */
#define BURST_MAX      1000000000ull /* packets */
#define BURST_SECONDS  3600ull	     /* and no more than so many seconds' worth of the rate */
#define BUDGET_MAX_NS  1000000000u   /* a second */
#define SAMPLE_MAX     65536u
#define PRIO_MAX       65535u
#define PRIO_DEFAULT   50
#define SAMPLE_DEFAULT 256

/* A value and where it stands, for errors: "WHERE: KEY = VALUE in SECTION ...". */
struct spot {
	const char *where, *key, *value;
	const char *section; /* "[function dns]", or "" */
};

/* "spot: bad value, WHAT_IS_ALLOWED"; returns -EINVAL. */
int spot_bad(const struct spot *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

struct choice {
	const char *word;
	unsigned value;
};
/* One of the N words. */
int value_choice(const struct spot *s, const struct choice *choices, size_t n, unsigned *out);
int value_number(const struct spot *s, unsigned long long max, unsigned long long *out);
int value_limit(const struct spot *s, unsigned long long *rate, unsigned long long *burst);
unsigned long long value_default_burst(unsigned long long rate);
int value_budget(const struct spot *s, unsigned *ns);
int value_continue(const struct spot *s, unsigned *xdp, unsigned *tc);
int value_sample(const struct spot *s, unsigned *out);

void print_limit(char *buf, size_t size, unsigned long long rate, unsigned long long burst);
void print_budget(char *buf, size_t size, unsigned ns);
void print_continue(char *buf, size_t size, unsigned xdp);

/* The keys of a function with one value each, in the canonical order, and their values as words.
 * conf_scalar returns BUF, or NULL where I is past the last. */
#define SCALAR_TEXT_MAX 96
const char *conf_scalar(const struct function_conf *f, size_t i, const char **key, char *buf, size_t size);

/* Take the next word of a list that CHARS separate, in place; NULL at the end. */
char *next_word(char **rest, const char *chars);

#define DIGEST_KEY "data-digest." /* and the map: only in records */

extern const struct choice mode_choices[4], scope_choices[2], over_choices[2];

#endif
