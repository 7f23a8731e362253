/* SPDX-License-Identifier: Apache-2.0 */
/* packets.h - Ethernet frames from capture files or hex digits, and into capture files. */
#ifndef KF_PACKETS_H
#define KF_PACKETS_H

#include <stddef.h>
#include <stdio.h>
#include <sys/time.h>

#define PACKET_MIN 14u /* an Ethernet header */

struct packet {
	unsigned char *bytes;
	size_t len;
	struct timeval at; /* with nanoseconds in tv_usec */
};

struct packets {
	struct packet *list;
	size_t n;
};

/* SOURCE, given by OPTION ("--packet"): "-" (hex digits on standard input), a capture file, or else hex digits
 * themselves. At least one packet, none shorter than PACKET_MIN; else fail_input says which and why. */
int packets_read(struct packets *p, const char *option, const char *source);
/* One packet of LEN characters of hex digits; space, colons and newlines may stand between bytes. */
int packets_hex(struct packets *p, const char *text, size_t len, const char *where);
void packets_free(struct packets *p);

void packet_dump(const unsigned char *bytes, size_t len, FILE *out);

/* A capture file to write. NULL, with fail() said, if it cannot be made. */
struct packets_file;
struct packets_file *packets_create(const char *path);
void packets_write(struct packets_file *f, const struct packet *p);
/* 0, or -errno with fail() said: what was written may not be complete. */
int packets_close(struct packets_file *f);

#endif
