/*
 * loose_posix.c - a static pointer to memory of malloc() that is put back, which the memory is not.
 */
#include "host/host.h"

#include <stdint.h>
#include <unistd.h>

#include "host/data_posix.h"
#include "host/maps_posix.h"
#include "host/sanitizer.h"

/* Where the C library keeps small memory of its first thread: what ends at the program's break, in
 * one mapping or in several. */
typedef struct range {
    uintptr_t start, end;
    uintptr_t so_far; /* Where the mappings without a gap have come to. */
} range;

static bool look(void *owner, const host_mapping *mapping)
{
    range *found = owner;

    if (mapping->start != found->so_far || !mapping->writable || mapping->path[0] != '\0') {
        found->start = mapping->start;
    }
    found->so_far = mapping->end;
    return mapping->end < found->end;
}

/* Copies lie one behind the other. */
typedef struct __attribute__((packed)) unaligned {
    uintptr_t word;
} unaligned;

HOST_UNINSTRUMENTED static const void *find_in(const host_data *data, const region *in,
                                               const unsigned char *was, const range *heap)
{
    for (size_t i = -(uintptr_t)in->start % sizeof(uintptr_t); i + sizeof(uintptr_t) <= in->bytes;
         i += sizeof(uintptr_t)) {
        const uintptr_t before = ((const unaligned *)(const void *)(was + i))->word;

        if (before >= heap->start && before < heap->end && before % sizeof(uintptr_t) == 0 &&
            before != *(const uintptr_t *)(const void *)(in->start + i) &&
            !host_data_has(data, (const void *)before)) { /* They may lie side by side. */
            return in->start + i;
        }
    }
    return NULL;
}

const void *host_data_find_loose(const host_data *data)
{
    const unsigned char *was = data->copy;
    const void *found = NULL;
    range heap = { 0, (uintptr_t)sbrk(0), 0 };

    host_maps_visit(look, &heap);
    for (size_t i = 0; i < data->count && found == NULL; i++) {
        found = find_in(data, &data->regions[i], was, &heap);
        was += data->regions[i].bytes;
    }
    return found;
}
