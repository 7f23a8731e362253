/* SPDX-License-Identifier: Apache-2.0 */
/* data_find.h - which map a user means. */
#ifndef KF_DATA_FIND_H
#define KF_DATA_FIND_H

#include "data_map.h"
#include "runtime.h"

/* "NAME.MAP" of what W says is deployed. */
int data_find(struct data_map *m, const struct state *s, const struct world *w, const char *name);

#endif
