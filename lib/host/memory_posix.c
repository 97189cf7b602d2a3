/*
 * memory_posix.c - address ranges that exist only as addresses.
 */
#include "host/host.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

size_t host_page_bytes(void)
{
    return (size_t)sysconf(_SC_PAGESIZE);
}

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

bool host_address_open(void *start, size_t bytes)
{
    return mprotect(start, bytes, PROT_READ | PROT_WRITE) == 0;
}

void host_address_close(void *start, size_t bytes, bool drop)
{
    if (drop) {
        madvise(start, bytes, MADV_DONTNEED);
    }
    mprotect(start, bytes, PROT_NONE);
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
