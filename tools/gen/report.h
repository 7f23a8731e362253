/* SPDX-License-Identifier: Apache-2.0 */
/* report.h - the figures, for people and as JSON. */
#ifndef GEN_REPORT_H
#define GEN_REPORT_H

#include <stdio.h>

#include "run.h"

/* The upper edge of the bucket below which that part of the samples lies; 0 without samples. */
unsigned long long report_percentile(const struct gen_times *t, double part);
void report_text(const struct load *l, const struct result *r, FILE *out);
int report_json(const struct load *l, const struct result *r, FILE *out);

#endif
