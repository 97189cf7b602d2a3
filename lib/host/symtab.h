/*
 * symtab.h - names functions from a module's own symbol table, static functions included.
 */
#ifndef SYMTAB_H
#define SYMTAB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Looks up `value`, an address as the file numbers it. Sets the name and the offset from the
 * function's start. Returns false if the file cannot be read or has no function there. */
bool host_symtab_find(const char *path, uintptr_t value, char *name, size_t name_bytes,
                      size_t *offset);

/* The same for a static variable. */
bool host_symtab_find_data(const char *path, uintptr_t value, char *name, size_t name_bytes,
                           size_t *offset);

#endif
