// SPDX-License-Identifier: Apache-2.0
/* data_type_form.c - columns whose form somebody gave them: does it fit the type? */
#include <bpf/btf.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "data_form.h"
#include "data_type_internal.h"
#include "log.h"

static int wrong_form(const struct maker *m, const char *form, const char *of, __u32 size)
{
	return fail_input("%s: KFAAS_FORM(\"%s\") on %s: it is for %s, this has %u bytes", m->what, form, m->path, of,
			  size);
}

static int add_prefix(struct maker *m, struct data_node *node, const struct btf_type *t, __u32 offset, __u32 size)
{
	struct data_column c = {.form = FORM_PREFIX, .offset = offset, .size = size, .count = 1};
	const char *form = NULL;
	__u32 id;

	if (!btf_is_struct(t) || btf_vlen(t) != 2 || btf_members(t)[1].offset != 32 || (size != 8 && size != 20))
		return wrong_form(m, "prefix", "a struct of __u32 prefixlen and an address of 4 or 16 bytes", size);
	id = btf_members(t)[1].type;
	data_btf_resolve(m->btf, &id, &form);
	c.address = size == 8 ? FORM_IP4 : form && !strcmp(form, "ip") ? FORM_IP : FORM_IP6;
	return maker_column(m, node, c);
}

/* Of an array's elements rather than of the array: "ip4" on __be32[4], "hex" on __u8[4][32]. */
static bool form_is_elements(const struct maker *m, const struct btf_type *t, enum data_form form, __u32 size)
{
	bool of_any_size = form == FORM_HEX || form == FORM_NAME || form == FORM_BE;

	if (!btf_is_array(t) || (data_form_size(form) && data_form_size(form) == size))
		return false;
	return !of_any_size || btf__resolve_size(m->btf, btf_array(t)->type) != 1;
}

int maker_form(struct maker *m, struct data_node *node, const struct btf_type *t, __u32 id, const char *name,
	       __u32 offset)
{
	struct data_column c = {.offset = offset, .count = 1};
	long long size = btf__resolve_size(m->btf, id);
	int form = data_form_named(name);
	char bytes[16];

	if (form < 0)
		return fail_input("%s: KFAAS_FORM(\"%s\") on %s: the forms are %s", m->what, name, m->path,
				  data_form_names);
	if (size <= 0)
		return wrong_form(m, name, "what has a size", 0);
	if (form_is_elements(m, t, form, size))
		return maker_array(m, node, t, name, offset);
	if (form == FORM_PREFIX)
		return add_prefix(m, node, t, offset, size);
	if (form == FORM_BYTES)
		return wrong_form(m, name, "an array with its length (an integer) right before it in the struct", size);
	if (!strcmp(name, "port") && size != 2)
		return wrong_form(m, name, "2 bytes", size);
	if (form == FORM_BE && size != 2 && size != 4 && size != 8)
		return wrong_form(m, name, "2, 4 or 8 bytes", size);
	if (data_form_size(form) && data_form_size(form) != size) {
		snprintf(bytes, sizeof(bytes), "%u bytes", data_form_size(form));
		return wrong_form(m, name, bytes, size);
	}
	c.form = form;
	c.size = size;
	return maker_column(m, node, c);
}

int maker_bytes(struct maker *m, struct data_node *node, const struct btf_type *t, int length, __u32 offset)
{
	long long head = btf__resolve_size(m->btf, btf_members(t)[length].type);
	long long size = btf__resolve_size(m->btf, btf_members(t)[length + 1].type);

	if (head <= 0 || size <= 0 || head > 8 || size > UINT16_MAX)
		return wrong_form(m, "bytes", "an array with its length right before it", 0);
	return maker_column(m, node,
			    (struct data_column){.form = FORM_BYTES,
						 .offset = offset + btf_member_bit_offset(t, length) / 8,
						 .size = head + size,
						 .head = head,
						 .count = 1});
}
