// SPDX-License-Identifier: Apache-2.0
/* name.c - names in wire form. */
#include <string.h>

#include "name.h"

size_t name_check(const uint8_t *name, size_t len)
{
	size_t at = 0;

	while (at < len && at < NAME_MAX_BYTES && name[at] < 64) {
		if (!name[at])
			return at + 1;
		at += name[at] + 1;
	}
	return 0;
}

size_t name_len(const uint8_t *name)
{
	const uint8_t *at = name;

	while (*at)
		at = name_up(at);
	return at + 1 - name;
}

void name_lower(uint8_t *to, const uint8_t *name)
{
	for (size_t i = 0, len = name_len(name); i < len; i++)
		to[i] = name[i] >= 'A' && name[i] <= 'Z' ? name[i] + 32 : name[i];
}

bool name_equal(const uint8_t *a, const uint8_t *b)
{
	uint8_t lower_a[NAME_MAX_BYTES], lower_b[NAME_MAX_BYTES];
	size_t len = name_len(a);

	if (len != name_len(b))
		return false;
	name_lower(lower_a, a);
	name_lower(lower_b, b);
	return !memcmp(lower_a, lower_b, len);
}
