// SPDX-License-Identifier: Apache-2.0
/* test_run.c - objects loaded as the loader does it, and one program of theirs run on a frame. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/btf.h>

#include "test.h"

static int quiet(enum libbpf_print_level level, const char *fmt, va_list ap)
{
	return level == LIBBPF_WARN ? vfprintf(stderr, fmt, ap) : 0;
}

/* Set a setting of type bool, as the loader does: before the object is loaded. */
static bool set(struct bpf_object *obj, const char *setting)
{
	const struct btf *btf = bpf_object__btf(obj);
	int id = btf__find_by_name_kind(btf, ".rodata", BTF_KIND_DATASEC);
	const struct btf_type *section = id > 0 ? btf__type_by_id(btf, id) : NULL;
	const struct btf_var_secinfo *var = section ? btf_var_secinfos(section) : NULL;
	struct bpf_map *map;
	size_t size;

	bpf_object__for_each_map(map, obj)
	{
		if (!section || !strstr(bpf_map__name(map), ".rodata"))
			continue;
		for (int i = 0; i < btf_vlen(section); i++) {
			if (strcmp(btf__name_by_offset(btf, btf__type_by_id(btf, var[i].type)->name_off), setting))
				continue;
			((bool *)bpf_map__initial_value(map, &size))[var[i].offset] = true;
			return true;
		}
	}
	return false;
}

uint32_t test_xdp_flags;

struct bpf_object *test_load(const char *path)
{
	return test_load_set(path, NULL);
}

struct bpf_object *test_load_set(const char *path, const char *setting)
{
	struct bpf_object *obj;
	struct bpf_program *prog;
	int rc;

	libbpf_set_print(quiet);
	obj = path ? bpf_object__open_file(path, NULL) : NULL;
	if (!obj) {
		fprintf(stderr, "usage: TEST OBJECT.bpf.o [--bench]; cannot open %s\n", path ? path : "(none)");
		exit(2);
	}
	bpf_object__for_each_program(prog, obj)
	{
		const char *section = bpf_program__section_name(prog);

		if (!strncmp(section, "tc", 2))
			bpf_program__set_type(prog, BPF_PROG_TYPE_SCHED_CLS);
		else
			bpf_program__set_flags(prog, test_xdp_flags);
		bpf_program__set_expected_attach_type(prog, 0);
	}
	if (setting && !set(obj, setting)) {
		printf("Bail out! no setting %s\n", setting);
		exit(1);
	}
	rc = bpf_object__load(obj);
	if (rc) {
		printf("Bail out! cannot load %s: %s\n", path, strerror(-rc));
		exit(1);
	}
	return obj;
}

struct bpf_program *test_prog(struct bpf_object *obj, const char *name)
{
	struct bpf_program *prog = bpf_object__find_program_by_name(obj, name);

	if (!prog) {
		printf("Bail out! no program %s\n", name);
		exit(1);
	}
	return prog;
}

int test_map(struct bpf_object *obj, const char *name)
{
	int fd = bpf_object__find_map_fd_by_name(obj, name);

	if (fd < 0) {
		printf("Bail out! no map %s\n", name);
		exit(1);
	}
	return fd;
}

int test_run(struct bpf_program *prog, const void *frame, size_t len, void *ctx, size_t ctx_len, uint32_t repeat,
	     struct test_run *r)
{
	LIBBPF_OPTS(bpf_test_run_opts, o, .data_in = frame, .data_size_in = len, .data_out = r->frame,
		    .data_size_out = sizeof(r->frame), .ctx_in = ctx, .ctx_size_in = ctx_len, .ctx_out = ctx,
		    .ctx_size_out = ctx_len, .repeat = repeat);
	int rc = bpf_prog_test_run_opts(bpf_program__fd(prog), &o);

	r->failed = rc < 0;
	r->verdict = rc < 0 ? rc : (int)o.retval;
	r->len = o.data_size_out;
	r->ns = o.duration;
	return rc < 0 ? rc : 0;
}

bool test_wants_bench(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		if (!strcmp(argv[i], "--bench"))
			return true;
	return false;
}

void test_bench(struct bpf_program *prog, const char *name, const struct packet *p)
{
	static uint8_t in[TEST_FRAME];
	static struct test_run r;
	size_t len = packet_build(in, p);
	unsigned best = ~0u;

	/* Few at a time: the kernel does not renew the packet in between, and with each answer it may lose a hop. */
	for (int i = 0; i < 40; i++)
		if (!test_run(prog, in, len, NULL, 0, 50, &r) && r.ns < best)
			best = r.ns;
	test_note("%-32s %4zu bytes: %u ns a packet, verdict %d", name, len, best, r.verdict);
}
