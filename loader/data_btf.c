// SPDX-License-Identifier: Apache-2.0
/* data_btf.c - what BTF says of a type beyond its bytes: its form, by tag or by name. */
#include <bpf/btf.h>
#include <string.h>

#include "data_type_internal.h"
#include "util.h"

#define TAG "kfaas:" /* before the form, in what KFAAS_FORM writes */

/* The form that KFAAS_FORM gives type ID, or its member MEMBER (-1: the type itself). */
const char *data_btf_form(const struct btf *btf, __u32 id, int member)
{
	for (__u32 i = 1; i < btf__type_cnt(btf); i++) {
		const struct btf_type *t = btf__type_by_id(btf, i);
		const char *tag;

		if (!btf_is_decl_tag(t) || t->type != id || btf_decl_tag(t)->component_idx != member)
			continue;
		tag = btf__name_by_offset(btf, t->name_off);
		if (!strncmp(tag, TAG, strlen(TAG)))
			return tag + strlen(TAG);
	}
	return NULL;
}

/* Types of the kernel's headers that say what they are by their names. */
static const char *form_by_name(const char *name)
{
	static const char *const known[][2] = {
		{"__be16", "be"}, {"__be32", "be"}, {"__be64", "be"}, {"in_addr", "ip4"}, {"in6_addr", "ip6"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (!strcmp(name, known[i][0]))
			return known[i][1];
	return NULL;
}

/* What the kernel keeps in a value for itself. */
bool data_btf_is_kernels(const char *name)
{
	static const char *const known[] = {"bpf_spin_lock", "bpf_res_spin_lock", "bpf_timer",
					    "bpf_wq",	     "bpf_list_head",	  "bpf_list_node",
					    "bpf_rb_root",   "bpf_rb_node",	  "bpf_refcount"};

	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (!strcmp(name, known[i]))
			return true;
	return false;
}

/* Behind typedefs and qualifiers; the first form on the way goes to *FORM, unless there is one. */
const struct btf_type *data_btf_resolve(const struct btf *btf, __u32 *id, const char **form)
{
	const struct btf_type *t = btf__type_by_id(btf, *id);

	for (unsigned i = 0; t && i < TYPE_DEPTH_MAX; i++) {
		if (!*form)
			*form = data_btf_form(btf, *id, -1);
		if (!*form)
			*form = form_by_name(btf__name_by_offset(btf, t->name_off));
		if (!btf_is_mod(t) && !btf_is_typedef(t) && !btf_is_type_tag(t))
			return t;
		*id = t->type;
		t = btf__type_by_id(btf, *id);
	}
	return t && !btf_is_mod(t) && !btf_is_typedef(t) && !btf_is_type_tag(t) ? t : NULL;
}

bool data_btf_is_char(const struct btf *btf, __u32 id)
{
	const char *form = "";
	const struct btf_type *t = data_btf_resolve(btf, &id, &form);

	return t && btf_is_int(t) && t->size == 1 && !strcmp(btf__name_by_offset(btf, t->name_off), "char");
}
