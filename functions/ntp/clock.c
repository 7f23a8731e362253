// SPDX-License-Identifier: Apache-2.0
/* clock.c - what the kernel's clocks and its discipline say, for a row of the map `clock`. */
#include <stdlib.h>
#include <sys/timex.h>
#include <time.h>

#include "clock.h"

#define MEASUREMENTS 32
#define CLOSE	     (SECOND / 10000) /* apart, at most: the function takes twice that for a step of the clock */
#define DAY	     86400
#define MAX_ERROR    (16 * SECOND) /* RFC 5905's MAXDISP */

static int64_t now(clockid_t id)
{
	struct timespec t;

	clock_gettime(id, &t);
	return t.tv_sec * SECOND + t.tv_nsec;
}

/* log2 of the seconds that it takes to see the clock go on, as RFC 5905 defines it. */
static int precision(void)
{
	int64_t least = SECOND, last = now(CLOCK_TAI);
	int log2 = 0;

	for (int i = 0; i < 1000; i++) {
		int64_t next = now(CLOCK_TAI);

		if (next > last && next - last < least)
			least = next - last;
		last = next;
	}
	while (log2 > -30 && SECOND >> (1 - log2) >= least)
		log2--;
	return log2;
}

/* The leap second that the kernel will make at the end of this UTC day; one that is being made or was made is none. */
static int kernel_leap(const struct timex *t, int state)
{
	if (state == TIME_OOP || state == TIME_WAIT)
		return 0;
	return t->status & STA_INS ? LEAP_INSERT : t->status & STA_DEL ? LEAP_DELETE : 0;
}

const char *clock_kernel(struct clock_row *row, bool local)
{
	struct timex t = {.modes = 0};
	int state = adjtimex(&t);

	row->leap = kernel_leap(&t, state);
	row->reference = now(CLOCK_REALTIME);
	row->drift = MIN_DRIFT;
	if (local)
		return NULL;
	row->root_dispersion = t.maxerror * 1000LL;
	if (state < 0 || state == TIME_ERROR || t.status & STA_UNSYNC)
		return "the kernel's clock is not synchronised";
	return row->root_dispersion < MAX_ERROR ? NULL : "the kernel's clock has an error of 16 s or more";
}

int64_t clock_monotonic(void)
{
	return now(CLOCK_MONOTONIC);
}

/* Of many measurements the one that was disturbed least; what it may be wrong by adds to the error. CLOCK_TAI less
 * CLOCK_REALTIME is a whole number of seconds; if it is not, the clock was set in between. */
static bool measure(struct clock_row *row)
{
	int64_t best = CLOSE;

	for (int i = 0; i < MEASUREMENTS; i++) {
		int64_t before = now(CLOCK_MONOTONIC), tai = now(CLOCK_TAI), utc = now(CLOCK_REALTIME);
		int64_t after = now(CLOCK_MONOTONIC), offset = (tai - utc + SECOND / 2) / SECOND;

		if (after - before >= best || llabs(tai - utc - offset * SECOND) > CLOSE)
			continue;
		best = after - before;
		row->tai_minus_mono = tai - (before + after) / 2;
		row->tai_offset = offset;
	}
	row->precision = precision();
	row->root_dispersion += best / 2;
	return best < CLOSE;
}

/* The order matters: a leap second between asking for it and measuring is then one to come, at a time that is past, and
 * the row is not used. The other way round it would be no more to come, and measured as it was before. */
const char *clock_measure(struct clock_row *row)
{
	struct timex t = {.modes = 0};
	int state = adjtimex(&t);
	int64_t utc;

	if (!measure(row))
		return "the kernel's clocks cannot be read closely enough together";
	if (row->leap == LEAP_INSERT || row->leap == LEAP_DELETE || kernel_leap(&t, state)) {
		utc = (row->updated + row->tai_minus_mono) / SECOND - row->tai_offset;
		/* A second early: when a deleted one begins; and before an inserted one it does no harm. */
		row->leap_at = ((utc / DAY + 1) * DAY - 1 + row->tai_offset) * SECOND;
	}
	return NULL;
}
