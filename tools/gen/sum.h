/* SPDX-License-Identifier: Apache-2.0 */
/* sum.h - the Internet checksum's sum, of 16-bit words as they are in memory, as in the kernel's programs. */
#ifndef GEN_SUM_H
#define GEN_SUM_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

static inline uint64_t sum_of(const void *bytes, size_t len)
{
	const unsigned char *b = bytes;
	uint64_t sum = 0;

	for (size_t i = 0; i < len; i += 2) {
		uint16_t word = 0;

		memcpy(&word, b + i, len - i < 2 ? 1 : 2);
		sum += word;
	}
	return sum;
}

static inline uint16_t sum_fold(uint64_t sum)
{
	while (sum >> 16)
		sum = (sum >> 16) + (sum & 0xffff);
	return sum;
}

#endif
