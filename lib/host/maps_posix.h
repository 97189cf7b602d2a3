/*
 * maps_posix.h - reads the list of the process's mappings without the loader's lock and without
 * malloc.
 */
#ifndef MAPS_POSIX_H
#define MAPS_POSIX_H

#include <stdbool.h>
#include <stdint.h>

typedef struct host_mapping {
    uintptr_t start;
    uintptr_t end;
    bool readable;
    bool writable;
    bool executable;
    const char *path; /* Empty if no file is mapped. Lives as long as the call. */
} host_mapping;

/* Returns false to end the walk. */
typedef bool host_mapping_visitor(void *owner, const host_mapping *mapping);

void host_maps_visit(host_mapping_visitor *visitor, void *owner);

/* The part of a path after its last slash. */
const char *host_maps_base_name(const char *path);

#endif
