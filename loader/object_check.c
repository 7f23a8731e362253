// SPDX-License-Identifier: Apache-2.0
/* object_check.c - what must hold of an object file before libelf and libbpf are let loose on it. */
#include <elf.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "log.h"
#include "manifest.h"

#define SIZE_MAX_MIB 64u
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define OUR_BYTE_ORDER ELFDATA2LSB
#else
#define OUR_BYTE_ORDER ELFDATA2MSB
#endif

static bool inside(uint64_t offset, uint64_t len, uint64_t size)
{
	return offset <= size && len <= size - offset;
}

static int broken(const char *where, const char *what)
{
	return fail_input("%s: broken object file: %s: build it again with clang -target bpf", where, what);
}

static int check_header(const Elf64_Ehdr *eh, size_t size, const char *where)
{
	if (memcmp(eh->e_ident, ELFMAG, SELFMAG))
		return fail_input("%s: not an object file: a function is a .bpf.o, made with clang -target bpf", where);
	if (size < sizeof(*eh))
		return broken(where, "it ends inside its header");
	if (eh->e_ident[EI_CLASS] != ELFCLASS64 || eh->e_machine != EM_BPF || eh->e_type != ET_REL)
		return fail_input("%s: not a BPF object: it must be compiled with clang -target bpf -c", where);
	if (eh->e_ident[EI_DATA] != OUR_BYTE_ORDER)
		return fail_input("%s: a BPF object of the other byte order: compile it on this machine, or for it",
				  where);
	if (eh->e_shentsize != sizeof(Elf64_Shdr) ||
	    !inside(eh->e_shoff, (uint64_t)eh->e_shnum * sizeof(Elf64_Shdr), size) || !eh->e_shnum || eh->e_shoff % 8)
		return broken(where, "its section table is not inside the file");
	if (eh->e_shstrndx >= eh->e_shnum)
		return broken(where, "its section names are missing");
	return 0;
}

int object_check(const void *image, size_t size, const char *where)
{
	Elf64_Ehdr eh = {0};
	int rc;

	if (!size)
		return fail_input("%s: the file is empty: a function is a .bpf.o, made with clang -target bpf", where);
	if (size >> 20 >= SIZE_MAX_MIB)
		return fail_input("%s: too large for a BPF object: more than %u MiB", where, SIZE_MAX_MIB);
	memcpy(&eh, image, size < sizeof(eh) ? size : sizeof(eh));
	rc = check_header(&eh, size, where);
	if (rc)
		return rc;
	return 0;
}
