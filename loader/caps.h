/* SPDX-License-Identifier: Apache-2.0 */
/* caps.h - which of the capabilities that kfaas-net needs this process has. */
#ifndef KF_CAPS_H
#define KF_CAPS_H

#include <stdbool.h>
#include <stddef.h>

struct capability {
	int bit; /* CAP_* */
	const char *name, *what_for;
};
extern const struct capability caps_needed[]; /* ends with a NULL name */

bool caps_have(const struct capability *c);
/* May this process load programs? -EPERM, with the capabilities it lacks in BUF. */
int caps_may_load(char *buf, size_t size);

#endif
