/*
 * memory_posix.c - address ranges that exist only as addresses.
 */
#include "host/host.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <sys/uio.h>
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

/* The kernel does the reading, and ends where a load would fault: a page at a time, because it
 * counts whole parts only. */
size_t host_memory_copy(void *to, const void *from, size_t bytes)
{
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t done = 0;

    while (done < bytes) {
        const uintptr_t at = (uintptr_t)from + done;
        const size_t left_in_page = page - at % page;
        const size_t part = bytes - done < left_in_page ? bytes - done : left_in_page;
        struct iovec here = { (char *)to + done, part };
        struct iovec there;

        there.iov_len = part;
        there.iov_base = (void *)at;
        if (process_vm_readv(getpid(), &here, 1, &there, 1, 0) != (ssize_t)part) {
            break;
        }
        done += part;
    }
    return done;
}
