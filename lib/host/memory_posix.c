/*
 * memory_posix.c - address ranges that exist only as addresses.
 */
#include "host/host.h"

#include <stdlib.h>
#include <sys/mman.h>

void *host_address_reserve(size_t bytes)
{
    void *range = mmap(NULL, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    return range == MAP_FAILED ? NULL : range;
}

void host_address_release(void *range, size_t bytes)
{
    if (range != NULL) {
        munmap(range, bytes);
    }
}

void *host_aligned_allocate(size_t bytes, size_t alignment)
{
    void *memory;

    return posix_memalign(&memory, alignment, bytes) == 0 ? memory : NULL;
}

void host_aligned_free(void *memory)
{
    free(memory);
}
