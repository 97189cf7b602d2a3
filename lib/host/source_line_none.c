/*
 * source_line_none.c - where libdw is not to be had, reports name function and offset only.
 */
#include "host/source_line.h"

void host_source_line_find(const void *address, host_symbol *symbol)
{
    (void)address;
    (void)symbol;
}
