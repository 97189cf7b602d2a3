/*
 * heap_posix.c - stands in for the C library's free() and realloc(), to say what is freed.
 *
 * A program that has this file, or a library with it, has it in front of the C library: also what
 * libraries free comes by here. (A module that is loaded later is behind the C library; then dirql's
 * shared library is in front.) All else of the heap stays as it is. The names are weak: an allocator
 * of the program's own, or a C library in the same file, goes first. Under a sanitizer the heap is
 * its own affair.
 *
 * Everything may be called before main, on any host thread, and by a library that holds a lock; so
 * the code lies in a section of its own (freed.h) and calls nothing by way of the program.
 */
#include "host/freed.h"

#include "host/host.h"
#include "host/sanitizer.h"

#if HOST_WATCHED

void host_heap_tell(const host_heap_ear *ear)
{
    (void)ear;
}

#else

#include <dlfcn.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "host/next.h"

#define STANDS_IN HOST_HEAP_CODE __attribute__((weak, visibility("default")))

/* Where there is no next function: the C library lies in the same file. */
extern void __libc_free(void *block) __attribute__((weak));
extern void *__libc_realloc(void *block, size_t bytes) __attribute__((weak));

typedef void free_function(void *block);
typedef void *realloc_function(void *block, size_t bytes);
typedef size_t size_function(void *block);

static HOST_KEPT const host_heap_ear *heard_by; /* NULL: nobody wants to know, or it cannot be told. */
static HOST_KEPT free_function *next_free;
static HOST_KEPT realloc_function *next_realloc;
static HOST_KEPT size_function *next_size;
static HOST_KEPT int is_looking; /* Atomic. */

/* The size of a block is known to who made it. */
static int is_of_one_library(const void *a, const void *b)
{
    Dl_info one, other;

    return dladdr(a, &one) != 0 && dladdr(b, &other) != 0 && one.dli_fbase == other.dli_fbase;
}

/* False: somebody is at it, further down, or on another thread. */
static int look(void)
{
    free_function *found_free;
    realloc_function *found_realloc;
    size_function *found_size;

    if (__atomic_exchange_n(&is_looking, 1, __ATOMIC_ACQUIRE) != 0) {
        return 0;
    }
    found_free = (free_function *)host_next_function("free");
    found_realloc = (realloc_function *)host_next_function("realloc");
    found_size = (size_function *)host_next_function("malloc_usable_size");
    if (found_free == NULL || found_realloc == NULL) {
        found_free = __libc_free;
        found_realloc = __libc_realloc;
        found_size = malloc_usable_size;
    }
    if (found_size != NULL && is_of_one_library((void *)(uintptr_t)found_free,
                                                (void *)(uintptr_t)found_size)) {
        next_size = found_size;
    }
    next_realloc = found_realloc;
    __atomic_store_n(&next_free, found_free, __ATOMIC_RELEASE);
    __atomic_store_n(&is_looking, 0, __ATOMIC_RELEASE);
    return found_free != NULL;
}

void host_heap_tell(const host_heap_ear *ear)
{
    if ((next_free != NULL || look()) && next_size != NULL) {
        __atomic_store_n(&heard_by, ear, __ATOMIC_RELEASE);
    }
}

static inline __attribute__((always_inline)) int is_found(void)
{
    return __atomic_load_n(&next_free, __ATOMIC_ACQUIRE) != NULL || look();
}

static inline __attribute__((always_inline)) void say(void *block)
{
    const host_heap_ear *ear = __atomic_load_n(&heard_by, __ATOMIC_ACQUIRE);

    if (block != NULL && ear != NULL && __atomic_load_n(&ear->listeners, __ATOMIC_RELAXED) > 0) {
        ear->freed(block, next_size(block));
    }
}

STANDS_IN void free(void *block)
{
    say(block);
    if (is_found()) {
        next_free(block);
    } /* Else it is lost: what dlsym() itself gives back while it looks. */
}

STANDS_IN void *realloc(void *block, size_t bytes)
{
    say(block);
    return is_found() ? next_realloc(block, bytes) : NULL;
}

#endif
