/* SPDX-License-Identifier: Apache-2.0 */
/* name.h - names in wire form: lengths of labels and labels, a zero at the end. */
#ifndef DNS_NAME_H
#define DNS_NAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NAME_MAX_BYTES 255
/* The length of the name in the first LEN bytes at NAME; 0: there is none. */
size_t name_check(const uint8_t *name, size_t len);
size_t name_len(const uint8_t *name);
void name_lower(uint8_t *to, const uint8_t *name);
bool name_equal(const uint8_t *a, const uint8_t *b); /* in any case */
static inline const uint8_t *name_up(const uint8_t *name)
{
	return name + *name + 1;
}
static inline bool name_is_wildcard(const uint8_t *name)
{
	return name[0] == 1 && name[1] == '*';
}

#endif
