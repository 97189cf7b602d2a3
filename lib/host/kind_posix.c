/*
 * kind_posix.c - how memory can be used, by the list of the process's mappings.
 */
#include <stdio.h>

#include "host/host.h"
#include "host/maps_posix.h"

typedef struct wanted {
    uintptr_t address;
    host_memory kind;
    char *module;
    size_t bytes;
} wanted;

static host_memory kind_of(const host_mapping *mapping)
{
    if (mapping->executable) {
        return HOST_MEMORY_CODE;
    }
    if (!mapping->readable) {
        return HOST_MEMORY_NONE;
    }
    return mapping->writable ? HOST_MEMORY_DATA : HOST_MEMORY_READ;
}

static bool look(void *owner, const host_mapping *mapping)
{
    wanted *w = owner;

    if (w->address < mapping->start || w->address >= mapping->end) {
        return true;
    }
    w->kind = kind_of(mapping);
    snprintf(w->module, w->bytes, "%s", host_maps_base_name(mapping->path));
    return false;
}

host_memory host_memory_kind(const void *address, char *module, size_t bytes)
{
    wanted w = { (uintptr_t)address, HOST_MEMORY_NONE, module, bytes };

    module[0] = '\0';
    host_maps_visit(look, &w);
    return w.kind;
}
