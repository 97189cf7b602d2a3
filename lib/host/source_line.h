/*
 * source_line.h - the source line of an address; one file with libdw and one without.
 */
#ifndef SOURCE_LINE_H
#define SOURCE_LINE_H

#include <stdbool.h>

#include "host/host.h"

/* Sets file and line, and in inlined code the function, mangled if it is C++. Leaves them alone if
 * the address has no debug information. */
void host_source_line_find(const void *address, host_symbol *symbol);

#endif
