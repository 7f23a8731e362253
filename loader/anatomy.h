/* SPDX-License-Identifier: Apache-2.0 */
/* anatomy.h - what an opened object is made of, in words: the helpers its programs call, its settings,
 * its license; and what a loaded program or map costs. */
#ifndef KF_ANATOMY_H
#define KF_ANATOMY_H

#include <stdbool.h>
#include <stddef.h>

struct bpf_program;
struct function;

struct calls {
	struct helper_use {
		char name[48]; /* "bpf_map_lookup_elem", "helper 999" where we do not know the name */
		unsigned count;
	} * helper; /* sorted by name */
	size_t n;
	unsigned kfuncs;   /* calls of kernel functions */
	unsigned subprogs; /* calls of the object's own functions */
};
/* Of P's instructions. They hold its subprograms once the object was loaded, or its load was tried. */
int anatomy_calls(const struct bpf_program *p, struct calls *out);
void anatomy_calls_free(struct calls *c);

/* The settings, with their default values as `--set` takes them. */
struct setting_text {
	char name[64], type[64], value[128];
};
int anatomy_settings(const struct function *f, struct setting_text **list, size_t *n);

/* "" if the object has none. */
void anatomy_license(const struct function *f, char *buf, size_t size);

/* Bytes of kernel memory behind a map's or program's FD; 0 if the kernel does not say. */
unsigned long long anatomy_memory(int fd);

#endif
