/* SPDX-License-Identifier: Apache-2.0 */
/* inspect.h - between the command `inspect` and its two printers. */
#ifndef KF_INSPECT_H
#define KF_INSPECT_H

#include <stdbool.h>

#include "anatomy.h"
#include "function.h"

struct bpf_map;

struct inspection {
	struct function f;
	struct function_conf conf;
	struct setting_text *settings;
	size_t n_settings;
	char license[64];
	bool tried;	   /* to load it: libbpf has put its programs together */
	bool loaded;	   /* into the kernel */
	bool refused;	   /* by the kernel */
	char why_not[512]; /* it was not loaded */
};

/* What the kernel says of a program after loading. */
struct costs {
	unsigned verified, jited;
	unsigned long long memory;
};

struct costs inspect_costs(const struct bpf_program *p);
unsigned long long inspect_map_memory(const struct bpf_map *m);
unsigned long long inspect_memory(const struct inspection *in); /* of all programs and maps */
const char *inspect_map_type(const struct bpf_map *m);

void inspect_print_json(const struct inspection *in);
/* What the object says by itself; and what loading adds, or trying to. */
void inspect_print_static(const struct inspection *in);
void inspect_print_loaded(const struct inspection *in);

#endif
