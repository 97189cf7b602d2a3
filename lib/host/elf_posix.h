/*
 * elf_posix.h - walks the tables of an ELF file.
 */
#ifndef ELF_POSIX_H
#define ELF_POSIX_H

#include <stddef.h>
#include <stdint.h>

/* Addresses are as the file numbers them. Nothing is visited if the file cannot be read. */
typedef void host_elf_visitor(void *owner, const char *name, uintptr_t address, size_t bytes);

void host_elf_visit_sections(const char *path, host_elf_visitor *visitor, void *owner);

/* Static variables, if the file was not stripped. */
void host_elf_visit_variables(const char *path, host_elf_visitor *visitor, void *owner);

#endif
