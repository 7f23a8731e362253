/* SPDX-License-Identifier: Apache-2.0 */
/* function.h - one function's object: found, opened, given its settings, loaded. Pins nothing,
 * attaches nothing. */
#ifndef KF_FUNCTION_H
#define KF_FUNCTION_H

#include <stdbool.h>
#include <stddef.h>

#include "../bpf/abi.h"
#include "conf.h"

struct bpf_object;
struct bpf_program;
struct bpf_map;

struct function {
	char *path;  /* of the object file, absolute */
	char *image; /* its bytes */
	size_t size;
	char digest[72]; /* SHA-256, hex */
	char *manifest;	 /* text, or NULL */
	size_t manifest_len;
	struct bpf_object *obj;
	struct bpf_program *prog[KF_HOOKS]; /* NULL: not for this hook */
	unsigned hooks;			    /* bit per hook */
	bool frags[KF_HOOKS];		    /* written for frames of several buffers (xdp.frags) */
	struct function_rows *rows;	    /* of data files, not in the kernel yet */
	size_t n_rows;
};

/* Find OBJECT: a path (it has a '/' or ends in .o), or a name in the function path:
 * $KFAAS_FUNCTIONS (colon-separated), PREFIX/lib/kfaas-net/functions, the build tree. Reads and
 * digests it, does not open it. */
int function_find(struct function *f, const char *object);
/* find, then read the manifest into CONF (at its layer). */
int function_manifest(const struct function *f, struct function_conf *conf);
/* Open the object, sort its programs by hook. */
int function_open(struct function *f);
/* Write the settings into the object's constants; typed and range-checked by BTF. */
int function_settings(struct function *f, const struct function_conf *conf);
/* Use the maps that OTHER's programs (fds by hook, -1: none) use, where name and layout agree;
 * a map that both have but that differs is an error. (One that a data file fills may have become larger.) */
int function_keep_data(struct function *f, const int *other_progs, const struct function_conf *conf);
/* Of the opened object: read and check all data files, note their digests in CONF, and give the maps room. */
int function_rows(struct function *f, struct function_conf *conf);
/* Of the loaded one: fill the maps. */
int function_rows_load(struct function *f);
void function_rows_free(struct function *f);
/* Only note the digests. */
int function_rows_digest(struct function_conf *conf);
/* It keeps nothing in maps but constants, so any number of deployed functions can be one program. */
bool function_stateless(const struct function *f);
/* Into the kernel. */
int function_load(struct function *f);
void function_free(struct function *f);

/* Folders searched for functions and for what is installed beside them (the dispatcher object). */
int function_path_find(const char *name, const char *suffix, char *buf, size_t size);
/* The names found in the function path, sorted, for messages. malloc'ed, comma-separated. */
char *function_names(void);

#endif
