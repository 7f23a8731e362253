// SPDX-License-Identifier: Apache-2.0
/* object_check.c - what must hold of an object file before libelf and libbpf are let loose on it.
 *
 * libbpf 1.1.2 follows the numbers in a file as compilers write them: a changed symbol size,
 * relocation target or type id makes it read where nothing is. Here every number that leads to
 * another place is held against what is there. */
#include "object_check.h"

#include <elf.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "log.h"
#include "manifest.h"

#define SIZE_MAX_MIB 64u
#define INSN_SIZE    8u
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define OUR_BYTE_ORDER ELFDATA2LSB
#else
#define OUR_BYTE_ORDER ELFDATA2MSB
#endif

struct object {
	const char *bytes;
	size_t size;
	const Elf64_Shdr *sections;
	size_t n;
	const Elf64_Shdr *symtab;
};

static bool inside(uint64_t offset, uint64_t len, uint64_t size)
{
	return offset <= size && len <= size - offset;
}

static int broken(const char *where, const char *wrong)
{
	return fail_input("%s: broken object file: %s: build it again with clang -target bpf", where, wrong);
}

static int check_header(const struct object *o, const char *where)
{
	const Elf64_Ehdr *eh = (const void *)o->bytes;

	if (!o->size)
		return fail_input("%s: the file is empty: a function is a .bpf.o, made with clang -target bpf", where);
	if (o->size >> 20 >= SIZE_MAX_MIB)
		return fail_input("%s: too large for a BPF object: more than %u MiB", where, SIZE_MAX_MIB);
	if (o->size < SELFMAG || memcmp(o->bytes, ELFMAG, SELFMAG))
		return fail_input("%s: not an object file: a function is a .bpf.o, made with clang -target bpf", where);
	if (o->size < sizeof(*eh))
		return broken(where, "it ends inside its header");
	if (eh->e_ident[EI_CLASS] != ELFCLASS64 || eh->e_machine != EM_BPF || eh->e_type != ET_REL)
		return fail_input("%s: not a BPF object: it must be compiled with clang -target bpf -c", where);
	if (eh->e_ident[EI_DATA] != OUR_BYTE_ORDER)
		return fail_input(
			"%s: a BPF object of the other byte order: compile it with clang -target bpf on this machine",
			where);
	if (eh->e_shentsize != sizeof(Elf64_Shdr) || !eh->e_shnum || eh->e_shoff % 8 ||
	    !inside(eh->e_shoff, (uint64_t)eh->e_shnum * sizeof(Elf64_Shdr), o->size))
		return broken(where, "its section table is not in the file");
	if (eh->e_shstrndx >= eh->e_shnum)
		return broken(where, "its section names are missing");
	if (eh->e_phnum)
		return broken(where, "it has program headers, which a compiler's output has not");
	return 0;
}

/* Section I as a table of strings: its last byte is zero, so that every offset in it is a string. */
static bool is_strings(const struct object *o, size_t i)
{
	const Elf64_Shdr *s = &o->sections[i];

	return i < o->n && s->sh_type == SHT_STRTAB && s->sh_size && !o->bytes[s->sh_offset + s->sh_size - 1];
}

static const char *section_name(const struct object *o, const Elf64_Shdr *s)
{
	const Elf64_Ehdr *eh = (const void *)o->bytes;

	return o->bytes + o->sections[eh->e_shstrndx].sh_offset + s->sh_name;
}

static const char *check_sections(struct object *o)
{
	const Elf64_Ehdr *eh = (const void *)o->bytes;

	for (size_t i = 0; i < o->n; i++) {
		const Elf64_Shdr *s = &o->sections[i];

		if (s->sh_type != SHT_NOBITS && !inside(s->sh_offset, s->sh_size, o->size))
			return "a section reaches beyond the file's end";
		if (s->sh_size > (uint64_t)SIZE_MAX_MIB << 20 || (s->sh_flags & SHF_COMPRESSED))
			return "a section is too large or compressed";
		if (s->sh_flags & SHF_EXECINSTR && s->sh_type != SHT_PROGBITS)
			return "a program's section is not one";
		if (s->sh_addralign & (s->sh_addralign - 1) || s->sh_addralign > 4096 ||
		    (s->sh_type != SHT_NOBITS && s->sh_addralign && s->sh_offset % s->sh_addralign))
			return "a section is not aligned";
	}
	if (!is_strings(o, eh->e_shstrndx))
		return "its section names are missing";
	for (size_t i = 0; i < o->n; i++) {
		if (o->sections[i].sh_name >= o->sections[eh->e_shstrndx].sh_size)
			return "a section has no name";
		if (o->sections[i].sh_type != SHT_SYMTAB)
			continue;
		if (o->symtab)
			return "it has two symbol tables";
		o->symtab = &o->sections[i];
	}
	if (!o->symtab)
		return "it has no symbols: do not strip it, or with llvm-strip -g only";
	return NULL;
}

static const char *check_symbols(const struct object *o)
{
	const Elf64_Sym *sym = (const void *)(o->bytes + o->symtab->sh_offset);
	size_t n = o->symtab->sh_size / sizeof(*sym);

	if (o->symtab->sh_entsize != sizeof(*sym) || o->symtab->sh_size % sizeof(*sym) || o->symtab->sh_offset % 8)
		return "its symbol table is not one";
	if (!is_strings(o, o->symtab->sh_link))
		return "its symbols have no names";
	for (size_t i = 0; i < n; i++) {
		const Elf64_Shdr *s = &o->sections[sym[i].st_shndx];

		if (sym[i].st_name >= o->sections[o->symtab->sh_link].sh_size)
			return "a symbol has no name";
		if (sym[i].st_shndx == SHN_UNDEF || sym[i].st_shndx >= SHN_LORESERVE)
			continue;
		if (sym[i].st_shndx >= o->n || !inside(sym[i].st_value, sym[i].st_size, s->sh_size))
			return "a symbol is not in its section";
		if (ELF64_ST_TYPE(sym[i].st_info) == STT_FUNC &&
		    (sym[i].st_value % INSN_SIZE || sym[i].st_size % INSN_SIZE))
			return "a program does not begin or end with an instruction";
	}
	return NULL;
}

/* libbpf takes .text for subprograms of the programs elsewhere; alone, they would be taken for programs
 * that call themselves. */
static const char *check_programs(const struct object *o)
{
	const Elf64_Sym *sym = (const void *)(o->bytes + o->symtab->sh_offset);
	bool text = false, elsewhere = false;

	for (size_t i = 0; i < o->symtab->sh_size / sizeof(*sym); i++) {
		const Elf64_Shdr *s = &o->sections[sym[i].st_shndx];

		if (ELF64_ST_TYPE(sym[i].st_info) != STT_FUNC || !sym[i].st_shndx || sym[i].st_shndx >= o->n ||
		    !(s->sh_flags & SHF_EXECINSTR))
			continue;
		if (strcmp(section_name(o, s), ".text"))
			elsewhere = true;
		else
			text = true;
	}
	return text && !elsewhere ? "it has functions, but no program in a section such as SEC(\"xdp\")" : NULL;
}

static const char *check_relocations(const struct object *o, const Elf64_Shdr *s)
{
	const Elf64_Rel *rel = (const void *)(o->bytes + s->sh_offset);
	size_t symbols = o->symtab->sh_size / sizeof(Elf64_Sym);

	if (s->sh_entsize != sizeof(*rel) || s->sh_size % sizeof(*rel) || s->sh_offset % 8)
		return "a relocation table is not one";
	if (s->sh_link >= o->n || &o->sections[s->sh_link] != o->symtab || !s->sh_info || s->sh_info >= o->n)
		return "a relocation table has no symbols or no section";
	for (size_t i = 0; i < s->sh_size / sizeof(*rel); i++)
		if (ELF64_R_SYM(rel[i].r_info) >= symbols || rel[i].r_offset >= o->sections[s->sh_info].sh_size)
			return "a relocation is not in its section";
	return NULL;
}

static const char *check_contents(const struct object *o)
{
	bool btf = false;

	for (size_t i = 0; i < o->n; i++) {
		const Elf64_Shdr *s = &o->sections[i];
		const char *wrong = NULL, *name = section_name(o, s);

		if (s->sh_type == SHT_REL)
			wrong = check_relocations(o, s);
		else if (s->sh_type == SHT_PROGBITS && (s->sh_flags & SHF_EXECINSTR) && s->sh_size % INSN_SIZE)
			wrong = "a program does not end with an instruction";
		if (wrong)
			return wrong;
		if (strcmp(name, ".BTF"))
			continue;
		if (btf || s->sh_type != SHT_PROGBITS)
			return "its type information is not one section";
		btf = true;
		wrong = btf_wrong(o->bytes + s->sh_offset, s->sh_size);
		if (wrong)
			return wrong;
	}
	return NULL;
}

int object_check(const void *image, size_t size, const char *where)
{
	struct object o = {.bytes = image, .size = size};
	const Elf64_Ehdr *eh = image;
	const char *wrong;
	int rc = check_header(&o, where);

	if (rc)
		return rc;
	o.sections = (const void *)(o.bytes + eh->e_shoff);
	o.n = eh->e_shnum;
	wrong = check_sections(&o);
	if (!wrong)
		wrong = check_symbols(&o);
	if (!wrong)
		wrong = check_programs(&o);
	if (!wrong)
		wrong = check_contents(&o);
	return wrong ? broken(where, wrong) : 0;
}
