/* SPDX-License-Identifier: Apache-2.0 */
/* manifest.h - an object file's bytes: fit for libbpf to open, and the manifest in its section .kfaas. */
#ifndef KF_MANIFEST_H
#define KF_MANIFEST_H

#include <stddef.h>

/* Is this a relocatable BPF object whose tables and types refer only to what is there? libbpf 1.1.2
 * trusts what it opens, and crashes on a damaged file: call this (or manifest_read, which does)
 * before bpf_object__open_mem. IMAGE is aligned as malloc does. WHERE names it in errors. */
int object_check(const void *image, size_t size, const char *where);

/* The manifest's text (malloc'ed, zero-terminated, LEN without that zero); NULL and 0 if the object
 * has none. Parts that several KFAAS_MANIFEST()s wrote come as lines. */
int manifest_read(const void *image, size_t size, const char *where, char **text, size_t *len);

#endif
