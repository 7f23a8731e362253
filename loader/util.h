/* SPDX-License-Identifier: Apache-2.0 */
/* util.h - small things that several modules need and that belong to none. */
#ifndef KF_UTIL_H
#define KF_UTIL_H

#include <stddef.h>
#include <stdio.h>

/* A whole file in memory, zero-terminated behind its *len bytes; free it. At most MAX bytes. */
int read_file(const char *path, size_t max, char **data, size_t *len);
/* The first line of a small file (sysfs, procfs) without its newline; -errno. */
int read_line(const char *path, char *buf, size_t size);
int write_line(const char *path, const char *text);
/* Concatenate as printf does; false if it did not fit. */
int path_join(char *buf, size_t size, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

#endif
