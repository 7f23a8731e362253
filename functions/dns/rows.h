/* SPDX-License-Identifier: Apache-2.0 */
/* rows.h - all rows of the function's maps, for some zones. */
#ifndef DNS_ROWS_H
#define DNS_ROWS_H

#include "dns.h"
#include "zone.h"

/* The maps, and their values; all are arrays. */
enum rows_map {
	ROWS_SLOTS,	 /* struct dns_slot */
	ROWS_NAMES,	 /* struct dns_name */
	ROWS_NAMES_LONG, /* struct dns_name_long */
	ROWS_ANSWERS,	 /* struct dns_answer */
	ROWS_BODIES,	 /* struct kfaas_bytes_dns_large */
	ROWS_MAPS,
};
extern const char *const rows_names[ROWS_MAPS];

/* PUT takes a row; each map's come in order, from 0 on. False ends it all. */
typedef bool rows_put(void *ctx, enum rows_map map, uint32_t row, const void *value);
bool rows_make(const struct zones *zones, rows_put *put, void *ctx);

#endif
