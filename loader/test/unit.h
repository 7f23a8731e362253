/* SPDX-License-Identifier: Apache-2.0 */
/* unit.h - what every unit test includes, cmocka last: its macro fail() would hide the loader's. */
#ifndef KF_UNIT_H
#define KF_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../log.h"

#include <cmocka.h>

/* The failure that a call left, and no other. */
static inline void expect_failure(const char *text)
{
	assert_string_equal(fail_text(), text);
	assert_true(fail_is_input());
	fail_clear();
}

#endif
