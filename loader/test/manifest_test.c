// SPDX-License-Identifier: Apache-2.0
/* manifest_test.c - an object's manifest, and damaged objects: each kind of damage has its words. */
#include <elf.h>
#include <libgen.h>

#include "../manifest.h"
#include "unit.h"

static _Alignas(8) unsigned char image[16384], whole[16384];
static size_t size;

static void object_read(const char *name)
{
	char here[] = __FILE__, path[256];
	FILE *f;

	snprintf(path, sizeof(path), "%s/corpus/object/%s", dirname(here), name);
	f = fopen(path, "r");
	if (!f)
		fail_msg("%s: run this where it was built", path);
	size = fread(whole, 1, sizeof(whole), f);
	fclose(f);
	memcpy(image, whole, size);
}

static Elf64_Ehdr *header(void)
{
	memcpy(image, whole, size);
	return (void *)image;
}

static const char *name_of(const Elf64_Shdr *s)
{
	const Elf64_Ehdr *eh = (void *)image;
	const Elf64_Shdr *sections = (void *)(image + eh->e_shoff);

	return (char *)image + sections[eh->e_shstrndx].sh_offset + s->sh_name;
}

/* The section of this name, in a fresh copy of the object. */
static Elf64_Shdr *section(const char *name)
{
	const Elf64_Ehdr *eh = header();
	Elf64_Shdr *s = (void *)(image + eh->e_shoff);

	for (size_t i = 0; i < eh->e_shnum; i++)
		if (!strcmp(name_of(&s[i]), name))
			return &s[i];
	fail_msg("no section %s", name);
	return NULL;
}

static void *contents(const Elf64_Shdr *s)
{
	return image + s->sh_offset;
}

static void expect_broken(const char *what)
{
	char error[256], *text;
	size_t len;

	assert_int_equal(manifest_read(image, size, "x.o", &text, &len), -22);
	assert_null(text);
	snprintf(error, sizeof(error), "x.o: broken object file: %s: build it again with clang -target bpf", what);
	expect_failure(error);
}

static void test_good(void **state)
{
	char *text;
	size_t len;

	(void)state;
	object_read("manifest.bpf.o");
	assert_int_equal(manifest_read(image, size, "x.o", &text, &len), 0);
	assert_string_equal(text, "description = Counts\non = udp/7\nprio = 60");
	assert_int_equal(len, strlen(text));
	free(text);
	/* Two strings in the section are lines of one text. */
	((char *)contents(section(".kfaas")))[20] = '\0';
	assert_int_equal(manifest_read(image, size, "x.o", &text, &len), 0);
	assert_string_equal(text, "description = Counts\non = udp/7\nprio = 60");
	free(text);
	object_read("small.bpf.o");
	assert_int_equal(manifest_read(image, size, "x.o", &text, &len), 0);
	assert_null(text);
	assert_int_equal(len, 0);
}

static void test_not_an_object(void **state)
{
	static const char elf_how[] = "x.o: not a BPF object: it must be compiled with clang -target bpf -c";

	(void)state;
	object_read("manifest.bpf.o");
	assert_int_equal(object_check(image, 0, "x.o"), -22);
	expect_failure("x.o: the file is empty: a function is a .bpf.o, made with clang -target bpf");
	assert_int_equal(object_check("#!/bin/sh\n", 10, "x.o"), -22);
	expect_failure("x.o: not an object file: a function is a .bpf.o, made with clang -target bpf");
	header()->e_machine = EM_X86_64;
	assert_int_equal(object_check(image, size, "x.o"), -22);
	expect_failure(elf_how);
	header()->e_type = ET_EXEC;
	assert_int_equal(object_check(image, size, "x.o"), -22);
	expect_failure(elf_how);
	header()->e_ident[EI_DATA] ^= 3;
	assert_int_equal(object_check(image, size, "x.o"), -22);
	expect_failure("x.o: a BPF object of the other byte order: compile it with clang -target bpf on this machine");
}

/* A file that is cut off anywhere is refused. */
static void test_truncated(void **state)
{
	(void)state;
	object_read("manifest.bpf.o");
	for (size_t n = 0; n < size; n++) {
		unsigned char *part = malloc(n + 1); /* so that a byte too far is seen */

		memcpy(part, image, n);
		assert_int_equal(object_check(part, n, "x.o"), -22);
		fail_clear();
		free(part);
	}
}

static void test_tables(void **state)
{
	(void)state;
	object_read("manifest.bpf.o");
	header()->e_shoff += 1 << 20;
	expect_broken("its section table is not in the file");
	header()->e_shstrndx = 1000;
	expect_broken("its section names are missing");
	section(".kfaas")->sh_size = ~0ull;
	expect_broken("a section reaches beyond the file's end");
	section(".kfaas")->sh_name = 1 << 20;
	expect_broken("a section has no name");
	section(".symtab")->sh_type = SHT_PROGBITS;
	expect_broken("it has no symbols: do not strip it, or with llvm-strip -g only");
	section(".symtab")->sh_entsize = 23;
	expect_broken("its symbol table is not one");
	section(".symtab")->sh_link = 0;
	expect_broken("its symbols have no names");
	((Elf64_Sym *)contents(section(".symtab")))[1].st_name = 1 << 20;
	expect_broken("a symbol has no name");
	section(".maps")->sh_size = 8;
	expect_broken("a symbol is not in its section");
	section(".relxdp")->sh_info = 500;
	expect_broken("a relocation table has no symbols or no section");
	((Elf64_Rel *)contents(section(".relxdp")))->r_offset = 1 << 20;
	expect_broken("a relocation is not in its section");
	((Elf64_Rel *)contents(section(".relxdp")))->r_info = 1ull << 60;
	expect_broken("a relocation is not in its section");
}

static void test_types(void **state)
{
	uint32_t *btf;

	(void)state;
	object_read("manifest.bpf.o");
	btf = contents(section(".BTF"));
	btf[0] ^= 1;
	expect_broken("its type information (BTF) is of another version");
	btf = contents(section(".BTF"));
	btf[3] += 4; /* types end inside a type */
	expect_broken("its type information (BTF) is cut off");
	btf = contents(section(".BTF"));
	btf[5] -= 4; /* names end inside a name */
	expect_broken("its type information (BTF) has no names");
	btf = contents(section(".BTF"));
	btf[6] = 1 << 20; /* the first type's name */
	expect_broken("its type information (BTF) refers to what is not there");
	btf = contents(section(".BTF"));
	btf[7] = 31u << 24;
	expect_broken("its type information (BTF) has kinds that are not known here");
	btf = contents(section(".BTF"));
	btf[7] = 8u << 24; /* a typedef of itself */
	btf[8] = 1;
	expect_broken("its type information (BTF) has types that contain themselves");
}

static void test_no_program(void **state)
{
	Elf64_Word text;
	Elf64_Shdr *s;

	(void)state;
	object_read("manifest.bpf.o");
	section("xdp")->sh_type = SHT_NOBITS;
	expect_broken("a program's section is not one");
	text = section(".text")->sh_name;
	s = (void *)(image + header()->e_shoff);
	for (size_t i = 0; i < ((Elf64_Ehdr *)image)->e_shnum; i++)
		if (s[i].sh_flags & SHF_EXECINSTR)
			s[i].sh_name = text;
	expect_broken("it has functions, but no program in a section such as SEC(\"xdp\")");
}

static void test_manifest_section(void **state)
{
	Elf64_Word name;
	char *text;
	size_t len;

	(void)state;
	object_read("manifest.bpf.o");
	section(".kfaas")->sh_type = SHT_NOBITS;
	assert_int_equal(manifest_read(image, size, "x.o", &text, &len), -22);
	expect_failure("x.o: section .kfaas holds no text: write it with KFAAS_MANIFEST(\"...\")");
	name = section(".kfaas")->sh_name;
	section("license")->sh_name = name;
	assert_int_equal(manifest_read(image, size, "x.o", &text, &len), -22);
	expect_failure("x.o: two sections .kfaas: a manifest is one section");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_not_an_object),
		cmocka_unit_test(test_truncated),
		cmocka_unit_test(test_tables),
		cmocka_unit_test(test_types),
		cmocka_unit_test(test_no_program),
		cmocka_unit_test(test_manifest_section),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
