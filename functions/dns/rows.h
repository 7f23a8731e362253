/* SPDX-License-Identifier: Apache-2.0 */
/* rows.h - all rows of the function's maps, for some zones. */
#ifndef DNS_ROWS_H
#define DNS_ROWS_H

#include "dns.h"
#include "zone.h"

/* The maps, and their keys and values. */
enum rows_map {
	ROWS_ANSWERS,	     /* struct dns_key, struct dns_answer */
	ROWS_ANSWERS_LONG,   /* struct dns_key_long, struct dns_answer */
	ROWS_ANSWERS_SIGNED, /* struct dns_key, struct dns_answer */
	ROWS_OWNERS,	     /* struct dns_name, struct dns_owner */
	ROWS_OWNERS_LONG,    /* struct dns_name_long, struct dns_owner */
	ROWS_ZONES,	     /* __u32, struct dns_answer */
	ROWS_BODIES,	     /* __u32, struct kfaas_bytes_dns_large */
	ROWS_MAPS,
};
extern const char *const rows_names[ROWS_MAPS];

/* PUT takes a row; false ends it all. */
typedef bool rows_put(void *ctx, enum rows_map map, const void *key, const void *value);
bool rows_make(const struct zones *zones, rows_put *put, void *ctx);

#endif
