// SPDX-License-Identifier: Apache-2.0
/* fuzz_object.c - any bytes as an object file: an error, or a manifest's text, and an object whose maps have columns
 * and which libbpf opens and relocates. Its loader generator takes the kernel's place: no system call is made. */
#include <bpf/libbpf.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../data_type.h"
#include "../log.h"
#include "../manifest.h"

static int quiet(enum libbpf_print_level level, const char *fmt, va_list ap)
{
	(void)level;
	(void)fmt;
	(void)ap;
	return 0;
}

static void look_at_types(const struct bpf_object *obj)
{
	struct bpf_map *m;

	bpf_object__for_each_map(m, obj)
	{
		const struct data_layout l = {
			.btf = bpf_object__btf(obj),
			.key_id = bpf_map__btf_key_type_id(m),
			.value_id = bpf_map__btf_value_type_id(m),
			.key_size = bpf_map__key_size(m),
			.value_size = bpf_map__value_size(m),
			.map_type = bpf_map__type(m),
		};
		struct data_type t;

		if (!data_type_make(&t, &l, "fuzz"))
			data_type_free(&t);
		else if (!*fail_text())
			abort();
		fail_clear();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bpf_object *obj;
	size_t len = 0;
	char *text;

	libbpf_set_print(quiet);
	if (manifest_read(data, size, "fuzz", &text, &len)) {
		if (!*fail_text() || text)
			abort();
		fail_clear();
		return 0;
	}
	if ((text && strlen(text) != len) || (!text && len))
		abort();
	free(text);
	obj = bpf_object__open_mem(data, size, NULL);
	if (obj) {
		LIBBPF_OPTS(gen_loader_opts, gen);

		look_at_types(obj);
		if (!bpf_object__gen_loader(obj, &gen))
			bpf_object__load(obj);
		bpf_object__close(obj);
	}
	fail_clear();
	return 0;
}
