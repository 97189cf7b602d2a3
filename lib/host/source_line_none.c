/*
 * source_line_none.c - where libdw is not to be had, reports name function and offset only.
 */
#include "host/source_line.h"

#include "host/file.h"

void host_source_line_find(const void *address, host_symbol *symbol)
{
    (void)address;
    (void)symbol;
}

bool host_source_path_find(const void *address, char *path, size_t bytes)
{
    (void)address;
    (void)path;
    (void)bytes;
    return false;
}
