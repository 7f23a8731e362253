// SPDX-License-Identifier: Apache-2.0
/* chrony.c - reads what `chronyc -n -c tracking` prints, for a row of the map `clock`. */
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"

/* In chronyc's order. There may be more behind them. */
enum field {
	REFERENCE_ID,
	NAME,
	STRATUM,
	REFERENCE_TIME,
	SYSTEM_TIME, /* what is still to be slewed away */
	LAST_OFFSET,
	RMS_OFFSET,
	FREQUENCY,
	RESIDUAL_FREQUENCY,
	SKEW,
	ROOT_DELAY,
	ROOT_DISPERSION,
	UPDATE_INTERVAL,
	LEAP,
	FIELDS
};

#define LINE	     512
#define CHRONY_DRIFT 1.0   /* ppm that chronyd allows for the clock's own wander (maxclockerror) */
#define MAX_SLEW     0.001 /* seconds; chronyd's own answers have it corrected, ours would not */
#define MAX_SECONDS  9e9

static bool split(char *line, char *field[FIELDS])
{
	line[strcspn(line, "\r\n")] = 0;
	for (int i = 0; i < FIELDS; i++) {
		field[i] = strsep(&line, ",");
		if (!field[i])
			return false;
	}
	return true;
}

static bool number(const char *text, double max, double *value)
{
	char *end;

	*value = strtod(text, &end);
	return end != text && !*end && fabs(*value) <= max; /* also false for not a number */
}

static bool leap_of(const char *text, int *leap)
{
	static const char *const words[] = {"Normal", "Insert second", "Delete second", "Not synchronised"};

	for (*leap = 0; *leap <= LEAP_UNSYNC; ++*leap)
		if (!strcmp(text, words[*leap]))
			return true;
	return false;
}

/* Seconds with nine digits behind the point: more than a double holds. */
static bool time_of(const char *text, int64_t *ns)
{
	long long seconds;
	char fraction[10];
	int used = 0;

	if (sscanf(text, "%lld.%9[0-9]%n", &seconds, fraction, &used) != 2 || text[used] || strlen(fraction) != 9 ||
	    seconds < 0 || seconds > MAX_SECONDS)
		return false;
	*ns = seconds * SECOND + atol(fraction);
	return true;
}

static bool reference_id(const char *text, uint8_t id[4])
{
	int used = 0;

	return sscanf(text, "%2hhx%2hhx%2hhx%2hhx%n", &id[0], &id[1], &id[2], &id[3], &used) == 4 && used == 8 &&
	       !text[used];
}

const char *clock_chrony(struct clock_row *row, const char *line)
{
	double stratum, slew, residual, skew, delay, dispersion, drift;
	char copy[LINE], *field[FIELDS];

	snprintf(copy, sizeof(copy), "%s", line);
	if (!split(copy, field) || !leap_of(field[LEAP], &row->leap) || !number(field[STRATUM], 16, &stratum) ||
	    !number(field[SYSTEM_TIME], MAX_SECONDS, &slew) || !number(field[RESIDUAL_FREQUENCY], 1e6, &residual) ||
	    !number(field[SKEW], 1e6, &skew) || !number(field[ROOT_DELAY], MAX_SECONDS, &delay) ||
	    !number(field[ROOT_DISPERSION], MAX_SECONDS, &dispersion) ||
	    !time_of(field[REFERENCE_TIME], &row->reference) || !reference_id(field[REFERENCE_ID], row->reference_id))
		return "chronyc said what is not understood";
	row->stratum = stratum;
	row->root_delay = fabs(delay) * SECOND;
	row->root_dispersion = (fabs(dispersion) + fabs(slew)) * SECOND;
	drift = (fabs(residual) + fabs(skew) + CHRONY_DRIFT) * 1000;
	row->drift = drift > MIN_DRIFT ? drift : MIN_DRIFT;
	if (row->leap == LEAP_UNSYNC)
		return "chronyd is not synchronised";
	return fabs(slew) <= MAX_SLEW ? NULL : "chronyd is slewing the clock, by more than 1 ms";
}
