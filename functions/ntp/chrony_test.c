// SPDX-License-Identifier: Apache-2.0
/* chrony_test.c - which lines of `chronyc -n -c tracking` make which row. */
#include <string.h>

#include "../test.h"
#include "chrony.c"

/* A line by what differs in it. */
struct line {
	const char *id, *stratum, *time, *slew, *residual, *skew, *delay, *dispersion, *leap;
};

static const char *text(const struct line *l, char *out, size_t size)
{
#define OR(field, usual) (l->field ? l->field : usual)
	snprintf(out, size, "%s,192.0.2.7,%s,%s,%s,0.000012000,0.000034000,-7.123,%s,%s,%s,%s,64.2,%s\n",
		 OR(id, "C0000207"), OR(stratum, "3"), OR(time, "1700000000.123456789"), OR(slew, "-0.000000250"),
		 OR(residual, "0.001"), OR(skew, "0.010"), OR(delay, "0.020500000"), OR(dispersion, "0.001250000"),
		 OR(leap, "Normal"));
	return out;
}

#define ROW(what, ppb, error)                                                                                          \
	.row = {.leap = what,                                                                                          \
		.stratum = 3,                                                                                          \
		.reference_id = {0xc0, 0, 2, 7},                                                                       \
		.reference = 1700000000123456789,                                                                      \
		.root_delay = 20500000,                                                                                \
		.root_dispersion = error,                                                                              \
		.drift = ppb}
#define NOT_SYNC  .why = "chronyd is not synchronised"
#define SLEWING	  .why = "chronyd is slewing the clock, by more than 1 ms"
#define SENSELESS .why = "chronyc said what is not understood"

static const struct {
	const char *name;
	struct line line;
	const char *why; /* NULL: there is a row */
	struct clock_row row;
} cases[] = {
	{"synchronised", {0}, ROW(0, 15000, 1250250)},
	{"what is to be slewed is an error", {.slew = "0.000999000"}, ROW(0, 15000, 2249000)},
	{"a drift of more than 15 ppm", {.residual = "-12.5", .skew = "30"}, ROW(0, 43500, 1250250)},
	{"a negative delay", {.delay = "-0.020500000"}, ROW(0, 15000, 1250250)},
	{"a leap second to insert", {.leap = "Insert second"}, ROW(1, 15000, 1250250)},
	{"a leap second to delete", {.leap = "Delete second"}, ROW(2, 15000, 1250250)},
	{"not synchronised", {.leap = "Not synchronised"}, NOT_SYNC},
	{"1.1 ms to be slewed", {.slew = "0.001100000"}, SLEWING},
	{"-3 s to be slewed", {.slew = "-3.000000000"}, SLEWING},
	{"another word for leap", {.leap = "normal"}, SENSELESS},
	{"no leap", {.leap = ""}, SENSELESS},
	{"a short reference id", {.id = "C00002"}, SENSELESS},
	{"a long reference id", {.id = "C000020700"}, SENSELESS},
	{"a reference id that is not hexadecimal", {.id = "C00002zz"}, SENSELESS},
	{"stratum 17", {.stratum = "17"}, SENSELESS},
	{"no stratum", {.stratum = ""}, SENSELESS},
	{"a time without fraction", {.time = "1700000000"}, SENSELESS},
	{"a time of eight digits behind the point", {.time = "1700000000.12345678"}, SENSELESS},
	{"a time of ten digits behind the point", {.time = "1700000000.1234567890"}, SENSELESS},
	{"a time before 1970", {.time = "-1.000000000"}, SENSELESS},
	{"a skew that is not a number", {.skew = "nan"}, SENSELESS},
	{"a dispersion without end", {.dispersion = "inf"}, SENSELESS},
	{"letters behind a number", {.delay = "0.02s"}, SENSELESS},
};

static bool same(const struct clock_row *a, const struct clock_row *b)
{
	return a->leap == b->leap && a->stratum == b->stratum && !memcmp(a->reference_id, b->reference_id, 4) &&
	       a->reference == b->reference && a->root_delay == b->root_delay &&
	       llabs(a->root_dispersion - b->root_dispersion) <= 1 && a->drift == b->drift;
}

/* Cut anywhere, a line is refused: or it ends within the last field, and that is no word then. */
static void test_cut(void)
{
	char line[512];
	size_t len = strlen(text(&(struct line){0}, line, sizeof(line))) - 1;
	bool ok = true;

	while (len--) {
		struct clock_row row = {0};

		line[len] = 0;
		ok = ok && clock_chrony(&row, line);
	}
	test_ok(ok, "a line cut anywhere is refused");
}

int main(void)
{
	char line[512];

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct clock_row row = {0};
		const char *why = clock_chrony(&row, text(&cases[i].line, line, sizeof(line)));

		test_ok(cases[i].why ? why && !strcmp(why, cases[i].why) : !why && same(&row, &cases[i].row), "%s: %s",
			cases[i].name, why ? why : "a row");
	}
	test_cut();
	return test_end();
}
