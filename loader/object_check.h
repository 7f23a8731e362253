/* SPDX-License-Identifier: Apache-2.0 */
/* object_check.h - between object_check.c (ELF) and object_btf.c (its type information). */
#ifndef KF_OBJECT_CHECK_H
#define KF_OBJECT_CHECK_H

#include <stddef.h>

/* What is wrong with the contents of a .BTF section, or NULL. */
const char *btf_wrong(const void *data, size_t size);

#endif
