// SPDX-License-Identifier: Apache-2.0
/* conf_value.c - the values of config keys: rates, budgets, verdict sets, words. */
#include "conf_value.h"

#include <ctype.h>
#include <errno.h>
#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "../bpf/abi.h"
#include "log.h"
#include "suggest.h"
#include "util.h"

const struct choice mode_choices[4] = {
	{"auto", MODE_AUTO}, {"native", MODE_NATIVE}, {"generic", MODE_GENERIC}, {"offload", MODE_OFFLOAD}};
const struct choice scope_choices[2] = {{"local", SCOPE_LOCAL}, {"any", SCOPE_ANY}};
const struct choice over_choices[2] = {{"pass", OVER_PASS}, {"drop", OVER_DROP}};

static const struct choice require_choices[] = {
	{"native", REQUIRE_NATIVE}, {"multiprog", REQUIRE_MULTIPROG}, {"frags", REQUIRE_FRAGS}};

#define TC_BIT(verdict) (1u << ((verdict) + 1))
static const struct verdict_word {
	const char *word;
	unsigned xdp, tc;
} verdict_words[] = {
	{"pass", 1u << XDP_PASS, TC_BIT(TC_ACT_UNSPEC) | TC_BIT(TC_ACT_OK) | TC_BIT(TC_ACT_PIPE)},
	{"drop", 1u << XDP_DROP, TC_BIT(TC_ACT_SHOT)},
	{"aborted", 1u << XDP_ABORTED, 0},
	{"tx", 1u << XDP_TX, 0},
	{"redirect", 1u << XDP_REDIRECT, TC_BIT(TC_ACT_REDIRECT)},
};

_Static_assert(KF_CONT_XDP == 1u << XDP_PASS, "continue = pass");
_Static_assert(KF_CONT_TC == (TC_BIT(TC_ACT_UNSPEC) | TC_BIT(TC_ACT_OK) | TC_BIT(TC_ACT_PIPE)), "continue = pass");

int spot_bad(const struct spot *s, const char *fmt, ...)
{
	char what[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	return fail_input("%s: bad value '%.80s' for '%s'%s%s: %s", s->where, s->value, s->key,
			  *s->section ? " in " : "", s->section, what);
}

int parse_u64(const char *s, unsigned long long min, unsigned long long max, unsigned long long *out)
{
	unsigned long long n;
	char *end;

	if (!isdigit((unsigned char)*s))
		return -EINVAL;
	errno = 0;
	n = strtoull(s, &end, 10);
	if (*end || errno || n < min || n > max)
		return -EINVAL;
	*out = n;
	return 0;
}

char *next_word(char **rest, const char *chars)
{
	char *word = *rest;

	if (!word)
		return NULL;
	*rest = strpbrk(word, chars);
	if (*rest)
		*(*rest)++ = '\0';
	while (isspace((unsigned char)*word))
		word++;
	for (size_t n = strlen(word); n && isspace((unsigned char)word[n - 1]); n--)
		word[n - 1] = '\0';
	return word;
}

int value_choice(const struct spot *s, const struct choice *choices, size_t n, unsigned *out)
{
	char list[128] = "";

	for (size_t i = 0; i < n; i++) {
		size_t len = strlen(list);

		if (!strcmp(s->value, choices[i].word)) {
			*out = choices[i].value;
			return 0;
		}
		snprintf(list + len, sizeof(list) - len, "%s%s", i ? i + 1 < n ? ", " : " or " : "", choices[i].word);
	}
	return spot_bad(s, "write %s", list);
}

int value_number(const struct spot *s, unsigned long long max, unsigned long long *out)
{
	if (parse_u64(s->value, 0, max, out))
		return spot_bad(s, "a whole number from 0 to %llu", max);
	return 0;
}

_Static_assert(SAMPLE_MAX - 1 <= 0xffff, "kf_known.sample_mask");

int value_sample(const struct spot *s, unsigned *out)
{
	unsigned long long n;

	if (parse_u64(s->value, 0, SAMPLE_MAX, &n) || (n & (n - 1)))
		return spot_bad(s, "0 (never) or a power of two up to %u", SAMPLE_MAX);
	*out = n;
	return 0;
}

/* 200000, 200k, 2M. */
static int parse_packets(const char *text, unsigned long long max, unsigned long long *out)
{
	char digits[24];
	size_t n = strlen(text);
	unsigned long long unit = 1;

	if (!n || n >= sizeof(digits))
		return -EINVAL;
	memcpy(digits, text, n + 1);
	if (digits[n - 1] == 'k' || digits[n - 1] == 'K')
		unit = 1000;
	else if (digits[n - 1] == 'm' || digits[n - 1] == 'M')
		unit = 1000000;
	if (unit > 1)
		digits[n - 1] = '\0';
	if (parse_u64(digits, 1, max / unit, out))
		return -EINVAL;
	*out *= unit;
	return 0;
}

unsigned long long value_default_burst(unsigned long long rate)
{
	return rate >= 20 ? rate / 10 : 1;
}

int value_limit(const struct spot *s, unsigned long long *rate, unsigned long long *burst)
{
	static const char how[] = "write it as '200000/s', '200k/s burst 20000' or 'none'";
	char copy[96], *rest = copy, *word[4] = {0}, *p;
	size_t n = 0, len;

	if (!strcmp(s->value, "none")) {
		*rate = *burst = 0;
		return 0;
	}
	if (strlen(s->value) >= sizeof(copy))
		return spot_bad(s, "%s", how);
	strcpy(copy, s->value);
	while ((p = next_word(&rest, " \t")) && n < 4)
		if (*p)
			word[n++] = p;
	len = n ? strlen(word[0]) : 0;
	if ((n != 1 && n != 3) || len < 3 || strcmp(word[0] + len - 2, "/s") || (n == 3 && strcmp(word[1], "burst")))
		return spot_bad(s, "%s", how);
	word[0][len - 2] = '\0';
	if (parse_packets(word[0], RATE_MAX, rate))
		return spot_bad(s, "the rate goes from 1/s to %llu/s (%s)", RATE_MAX, how);
	*burst = value_default_burst(*rate);
	if (n == 3 && parse_packets(word[2], BURST_MAX, burst))
		return spot_bad(s, "the burst goes from 1 to %llu packets (%s)", BURST_MAX, how);
	if (*burst > *rate * BURST_SECONDS)
		return spot_bad(s, "a burst of %llu packets is more than an hour's worth of %llu/s", *burst, *rate);
	return 0;
}

void print_limit(char *buf, size_t size, unsigned long long rate, unsigned long long burst)
{
	if (!rate)
		snprintf(buf, size, "none");
	else if (burst == value_default_burst(rate))
		snprintf(buf, size, "%llu/s", rate);
	else
		snprintf(buf, size, "%llu/s burst %llu", rate, burst);
}

static const struct unit {
	const char *name;
	unsigned ns;
} units[] = {{"s", 1000000000}, {"ms", 1000000}, {"us", 1000}, {"ns", 1}};

int value_budget(const struct spot *s, unsigned *ns)
{
	size_t digits = strspn(s->value, "0123456789");
	unsigned long long n;
	char number[16];

	if (!strcmp(s->value, "none")) {
		*ns = 0;
		return 0;
	}
	for (size_t i = 0; digits && digits < sizeof(number) && i < ARRAY_SIZE(units); i++) {
		if (strcmp(s->value + digits, units[i].name))
			continue;
		memcpy(number, s->value, digits);
		number[digits] = '\0';
		if (parse_u64(number, 1, BUDGET_MAX_NS / units[i].ns, &n))
			break;
		*ns = n * units[i].ns;
		return 0;
	}
	return spot_bad(s, "a time from 1ns to 1s, such as 500ns, 2us or 1ms, or 'none'");
}

void print_budget(char *buf, size_t size, unsigned ns)
{
	size_t i = 0;

	while (i + 1 < ARRAY_SIZE(units) && ns % units[i].ns)
		i++;
	if (ns)
		snprintf(buf, size, "%u%s", ns / units[i].ns, units[i].name);
	else
		snprintf(buf, size, "none");
}

static const struct verdict_word *find_verdict(const char *word)
{
	for (size_t i = 0; i < ARRAY_SIZE(verdict_words); i++)
		if (!strcmp(word, verdict_words[i].word))
			return &verdict_words[i];
	return NULL;
}

int value_continue(const struct spot *s, unsigned *xdp, unsigned *tc)
{
	static const char how[] = "write any of pass, drop, aborted, tx, redirect, or 'none' alone";
	unsigned bits_xdp = 0, bits_tc = 0;
	char copy[96], *rest = copy, *word;
	const struct verdict_word *v;

	if (strlen(s->value) >= sizeof(copy))
		return spot_bad(s, "%s", how);
	strcpy(copy, s->value);
	if (!strcmp(copy, "none"))
		rest = NULL;
	while ((word = next_word(&rest, ", \t"))) {
		if (!*word)
			continue;
		v = find_verdict(word);
		if (!v)
			return spot_bad(s, "'%s' is not a verdict: %s", word, how);
		if (bits_xdp & v->xdp)
			return spot_bad(s, "'%s' is there twice", word);
		bits_xdp |= v->xdp;
		bits_tc |= v->tc;
	}
	if (!bits_xdp && strcmp(copy, "none"))
		return spot_bad(s, "%s", how);
	*xdp = bits_xdp;
	*tc = bits_tc;
	return 0;
}

void print_continue(char *buf, size_t size, unsigned xdp)
{
	snprintf(buf, size, "%s", xdp ? "" : "none");
	for (size_t i = 0; i < ARRAY_SIZE(verdict_words); i++) {
		size_t len = strlen(buf);

		if (xdp & verdict_words[i].xdp)
			snprintf(buf + len, size - len, "%s%s", len ? ", " : "", verdict_words[i].word);
	}
}

const char *mode_name(enum mode m)
{
	return (unsigned)m < ARRAY_SIZE(mode_choices) ? mode_choices[m].word : "?";
}

int mode_parse(const char *s, enum mode *m)
{
	for (size_t i = 0; i < ARRAY_SIZE(mode_choices); i++) {
		if (strcmp(s, mode_choices[i].word))
			continue;
		*m = mode_choices[i].value;
		return 0;
	}
	return -EINVAL;
}

int require_parse(const char *s, unsigned *bits)
{
	unsigned found = 0;
	char copy[96], *rest = copy, *word;

	if (strlen(s) >= sizeof(copy))
		return -EINVAL;
	strcpy(copy, s);
	while ((word = next_word(&rest, ","))) {
		size_t i;

		for (i = 0; i < ARRAY_SIZE(require_choices); i++)
			if (!strcmp(word, require_choices[i].word))
				break;
		if (i == ARRAY_SIZE(require_choices))
			return -EINVAL;
		found |= require_choices[i].value;
	}
	*bits = found;
	return 0;
}

void require_print(unsigned bits, char *buf, size_t size)
{
	buf[0] = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(require_choices); i++) {
		size_t len = strlen(buf);

		if (bits & require_choices[i].value)
			snprintf(buf + len, size - len, "%s%s", len ? ", " : "", require_choices[i].word);
	}
}
