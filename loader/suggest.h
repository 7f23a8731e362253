/* SPDX-License-Identifier: Apache-2.0 */
/* suggest.h - "did you mean": the known word that is nearest to a mistyped one. */
#ifndef KF_SUGGEST_H
#define KF_SUGGEST_H

#include <stddef.h>

/* The word of WORDS (N of them) that TYPED most likely stands for, or NULL if none is near. */
const char *suggest(const char *typed, const char *const *words, size_t n);
/* The same as the end of an error line: ": did you mean 'prio'?", or "" if none is near. Returns BUF. */
#define SUGGEST_TEXT_MAX 96
const char *suggest_text(const char *typed, const char *const *words, size_t n, char *buf, size_t size);

#endif
