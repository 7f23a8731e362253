/* SPDX-License-Identifier: Apache-2.0 */
/* conf_read.h - what conf_read.c needs of conf.c. Private to conf*.c. */
#ifndef KF_CONF_READ_H
#define KF_CONF_READ_H

#include "conf.h"

/* Apply one key of [interface]. */
int conf_set_interface(struct conf *c, const char *key, const char *value, const char *where);

#endif
