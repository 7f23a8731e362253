/* SPDX-License-Identifier: Apache-2.0 */
/* clock.h - a row of the map `clock` (its fields in ntp.bpf.c's order), and who fills in what. */
#ifndef KFAAS_NTP_CLOCK_H
#define KFAAS_NTP_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#define SECOND	    1000000000LL
#define LEAP_INSERT 1
#define LEAP_DELETE 2
#define LEAP_UNSYNC 3	  /* the function answers nobody */
#define MIN_DRIFT   15000 /* ns a second: RFC 5905's PHI */

struct clock_row {
	int64_t updated;
	int64_t tai_minus_mono;
	int64_t leap_at;
	int64_t reference;
	int64_t root_delay;
	int64_t root_dispersion;
	uint32_t drift;
	int32_t tai_offset;
	uint8_t reference_id[4];
	int leap;
	int stratum;
	int precision;
};

int64_t clock_monotonic(void);

/* From a line of `chronyc -n -c tracking`: leap, stratum, reference and root, drift. NULL, or why the clock is not
 * synchronised, or that the line makes no sense. */
const char *clock_chrony(struct clock_row *row, const char *line);

/* From the kernel's discipline (adjtimex): leap, reference, root_dispersion, drift; LOCAL: as if it were synchronised.
 * NULL, or why it is not. */
const char *clock_kernel(struct clock_row *row, bool local);

/* After these and `updated`, from the kernel's clocks: tai_minus_mono, tai_offset, precision, and leap_at if a leap
 * second is near; root_dispersion grows by the error of that. NULL, or what is wrong. */
const char *clock_measure(struct clock_row *row);

#endif
