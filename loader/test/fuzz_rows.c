// SPDX-License-Identifier: Apache-2.0
/* fuzz_rows.c - any text as a file of rows with a field of each form: an error, or bytes whose text, by columns and as
 * JSON, is read back as the same bytes. */
#include <bpf/btf.h>
#include <linux/bpf.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../data_rows.h"
#include "../log.h"

static struct data_type plain, per_cpu;

static void check(int true_, const char *what)
{
	if (true_)
		return;
	fprintf(stderr, "%s: %s\n", what, fail_text());
	abort();
}

static const struct field {
	const char *type;
	__u32 size;
	const char *form;
} fields[] = {
	{"char", 6, NULL},	{"u8", 4, "kfaas:ip4"},	 {"u8", 16, "kfaas:ip6"}, {"u8", 16, "kfaas:ip"},
	{"u8", 6, "kfaas:mac"}, {"u8", 2, "kfaas:port"}, {"u8", 8, "kfaas:be"},	  {"u8", 12, "kfaas:name"},
	{"u8", 3, "kfaas:hex"}, {"u8", 2, NULL},	 {"_Bool", 2, NULL},	  {"s16", 4, NULL},
};

/* struct { char f0[6]; ... } as key and as value, with what is not an array behind. */
static void make_types(void)
{
	struct btf *btf = btf__new_empty();
	int u8 = btf__add_int(btf, "u8", 1, 0), u16 = btf__add_int(btf, "u16", 2, 0);
	int ids[sizeof(fields) / sizeof(fields[0])], colour, bytes, s;
	__u32 offset = 0, n = sizeof(fields) / sizeof(fields[0]);
	struct data_layout l = {.btf = btf, .map_type = BPF_MAP_TYPE_HASH};

	for (__u32 i = 0; i < n; i++) {
		__u32 size = !strcmp(fields[i].type, "s16") ? 2 : 1;
		int encoding = *fields[i].type == '_' ? BTF_INT_BOOL : *fields[i].type == 'u' ? 0 : BTF_INT_SIGNED;
		int element = btf__add_int(btf, fields[i].type, size, encoding);

		ids[i] = btf__add_array(btf, u8, element, fields[i].size / size);
	}
	colour = btf__add_enum(btf, "colour", 2);
	btf__add_enum_value(btf, "RED", 0);
	btf__add_enum_value(btf, "GREEN", 300);
	bytes = btf__add_array(btf, u8, u8, 4);
	s = btf__add_struct(btf, "all", 128);
	for (__u32 i = 0; i < n; i++) {
		char name[16];

		snprintf(name, sizeof(name), "f%u", i);
		btf__add_field(btf, name, ids[i], 8 * offset, 0);
		offset += fields[i].size;
	}
	btf__add_field(btf, "low", u16, 8 * offset, 5);
	btf__add_field(btf, "high", u16, 8 * offset + 5, 11);
	btf__add_field(btf, "colour", colour, 8 * offset + 16, 0);
	btf__add_field(btf, "len", u16, 8 * offset + 32, 0);
	btf__add_field(btf, "bytes", bytes, 8 * offset + 48, 0);
	btf__add_decl_tag(btf, "kfaas:bytes", s, n + 4);
	for (__u32 i = 0; i < n; i++)
		if (fields[i].form)
			btf__add_decl_tag(btf, fields[i].form, s, i);
	l.key_id = l.value_id = s;
	l.key_size = l.value_size = 128;
	check(!data_type_make(&plain, &l, "fuzz"), "type");
	l.map_type = BPF_MAP_TYPE_PERCPU_HASH;
	l.key_id = u16;
	l.key_size = 2;
	check(!data_type_make(&per_cpu, &l, "fuzz"), "per-CPU type");
	btf__free(btf);
}

static char *print(const struct data_rows *r, bool json, size_t *len)
{
	struct data_printer p;
	char *text = NULL;
	FILE *out = open_memstream(&text, len);

	check(!data_printer_open(&p, r->type, out, json, false), "printer");
	data_print_head(&p);
	for (size_t i = 0; i < r->n; i++)
		data_print_row(&p, r->keys + i * r->type->key_size, r->values + i * r->type->value_stride);
	data_printer_close(&p);
	fclose(out);
	return text;
}

static void round_trip(const struct data_rows *r, bool json)
{
	struct data_rows again;
	size_t len;
	char *text = print(r, json, &len);

	check(!data_rows_read(&again, r->type, text, len, "printed"), "what was printed is refused");
	check(again.n == r->n, "rows are lost");
	check(!memcmp(again.keys, r->keys, r->n * r->type->key_size), "keys change");
	/* Text has no more than the sum of all CPUs. */
	if (json || !r->type->cpus)
		check(!memcmp(again.values, r->values, r->n * r->type->value_stride), "values change");
	data_rows_free(&again);
	free(text);
}

static void as_rows(const struct data_type *t, const char *text, size_t size)
{
	struct data_rows r;

	if (data_rows_read(&r, t, text, size, "fuzz")) {
		check(*fail_text(), "an error without words");
		fail_clear();
		return;
	}
	if (r.n) {
		round_trip(&r, false);
		round_trip(&r, true);
	}
	data_rows_free(&r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + !size);

	if (!plain.n)
		make_types();
	memcpy(text, data, size);
	as_rows(&plain, text, size);
	as_rows(&per_cpu, text, size);
	free(text);
	return 0;
}
