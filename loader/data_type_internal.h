/* SPDX-License-Identifier: Apache-2.0 */
/* data_type_internal.h - a data_type being made, between the files that make it. */
#ifndef KF_DATA_TYPE_INTERNAL_H
#define KF_DATA_TYPE_INTERNAL_H

#include "data_type.h"

struct btf_type;

struct maker {
	struct data_type *t;
	const struct btf *btf;
	const char *what; /* the map, for errors */
	__u32 size;	  /* of the key or the value */
	char path[512];	  /* to where we are: "value.addr[2]" */
	unsigned depth, nodes;
};

#define TYPE_DEPTH_MAX 32

/* --- data_btf.c --- */

/* The form that KFAAS_FORM gives type ID, or its member MEMBER (-1: the type itself); NULL: none. */
const char *data_btf_form(const struct btf *btf, __u32 id, int member);
/* What the kernel keeps in a value for itself. */
bool data_btf_is_kernels(const char *name);
/* Behind typedefs and qualifiers; the first form on the way goes to *FORM, unless there is one. NULL: there is none. */
const struct btf_type *data_btf_resolve(const struct btf *btf, __u32 *id, const char **form);
bool data_btf_is_char(const struct btf *btf, __u32 id);

/* --- data_type.c. What is made is at byte OFFSET of the key or value. FORM: what is around it says, or NULL. --- */

int maker_node(struct maker *m, struct data_node *node, __u32 id, const char *form, __u32 offset);
/* Takes over C's words. */
int maker_column(struct maker *m, struct data_node *node, struct data_column c);
/* An integer or an enum. BIT: where it begins; BITS: of a bit field, or 0. */
int maker_number(struct maker *m, struct data_node *node, const struct btf_type *t, __u32 bit, __u32 bits);
bool maker_is_number(const struct btf_type *t);
struct data_node *maker_child(struct maker *m, struct data_node *node, const char *name);
void maker_drop_children(struct data_node *node);
/* Go one step deeper; cut the path at what is returned to go back. */
size_t maker_enter(struct maker *m, const char *name);
int maker_damaged(const struct maker *m);

/* --- data_type_form.c, data_type_parts.c --- */

int maker_form(struct maker *m, struct data_node *node, const struct btf_type *t, __u32 id, const char *name,
	       __u32 offset);
int maker_bytes(struct maker *m, struct data_node *node, const struct btf_type *t, int length, __u32 offset);
int maker_array(struct maker *m, struct data_node *node, const struct btf_type *t, const char *form, __u32 offset);
int maker_struct(struct maker *m, struct data_node *node, const struct btf_type *t, __u32 id, __u32 offset);

#endif
