/*
 * freed_posix.c - the latest ranges that were freed.
 *
 * The lock is held for a few instructions, and never taken on top of itself: no signal handler of
 * ours runs guest code there. But who holds it may have no turn for long. Who cannot have it goes
 * without, and the readers are told.
 */
#include "host/freed.h"

#include <stdlib.h>

#include "host/guest.h"
#include "host/host.h"
#include "host/relax.h"
#include "host/sanitizer.h"
#include "host/thread_posix.h"

enum { KEPT = 8192, LOOKS = 20000 };

static HOST_KEPT struct {
    host_heap_ear ear;
    unsigned lock; /* Atomic. */
    host_freed_mark said; /* The first is under the lock; both are atomic. */
    host_range *ranges; /* KEPT of them; NULL: memory is short, or nobody has listened yet. */
} freed;

static inline __attribute__((always_inline)) bool take_lock(void)
{
    for (unsigned i = 0; i < LOOKS; i++) {
        if (__atomic_exchange_n(&freed.lock, 1, __ATOMIC_ACQUIRE) == 0) {
            return true;
        }
        host_relax();
    }
    return false;
}

static inline __attribute__((always_inline)) void give_lock(void)
{
    __atomic_store_n(&freed.lock, 0, __ATOMIC_RELEASE);
}

HOST_UNINSTRUMENTED HOST_HEAP_CODE static void say(const void *block, size_t bytes)
{
    if (freed.ranges != NULL && take_lock()) {
        host_range *range = &freed.ranges[freed.said.count % KEPT];

        range->from = (uintptr_t)block;
        range->to = (uintptr_t)block + bytes;
        __atomic_store_n(&freed.said.count, freed.said.count + 1, __ATOMIC_SEQ_CST);
        give_lock();
    } else {
        __atomic_add_fetch(&freed.said.missing, 1, __ATOMIC_SEQ_CST);
    }
}

/* Made by the linker. */
extern const char __start_dirql_heap[] __attribute__((weak, visibility("hidden")));
extern const char __stop_dirql_heap[] __attribute__((weak, visibility("hidden")));

const host_heap_ear *host_freed_ear(void)
{
    host_guest_except((uintptr_t)__start_dirql_heap, (uintptr_t)__stop_dirql_heap);
    freed.ear.freed = say;
    return &freed.ear;
}

static host_freed_mark mark_now(void)
{
    return (host_freed_mark){ __atomic_load_n(&freed.said.count, __ATOMIC_SEQ_CST),
                              __atomic_load_n(&freed.said.missing, __ATOMIC_SEQ_CST) };
}

void host_freed_listen(host_freed_mark *read)
{
    host_lock();
    if (freed.ranges == NULL) {
        __atomic_store_n(&freed.ranges, calloc(KEPT, sizeof(host_range)), __ATOMIC_RELEASE);
    }
    host_unlock();
    __atomic_add_fetch(&freed.ear.listeners, 1, __ATOMIC_SEQ_CST);
    *read = mark_now();
}

void host_freed_ignore(void)
{
    __atomic_sub_fetch(&freed.ear.listeners, 1, __ATOMIC_SEQ_CST);
}

bool host_freed_has_more(const host_freed_mark *read)
{
    const host_freed_mark said = mark_now();

    return said.count != read->count || said.missing != read->missing;
}

HOST_UNINSTRUMENTED HOST_HEAP_CODE static bool copy(host_freed_mark *read, host_range *ranges,
                                                    unsigned most, unsigned *count)
{
    if (!take_lock()) {
        return false;
    }
    if (freed.said.count - read->count > KEPT) {
        read->count = freed.said.count;
        give_lock();
        return false;
    }
    for (; read->count != freed.said.count && *count < most; read->count++) {
        ranges[(*count)++] = freed.ranges[read->count % KEPT];
    }
    give_lock();
    return true;
}

bool host_freed_read(host_freed_mark *read, host_range *ranges, unsigned most, unsigned *count)
{
    const uint64_t missing = __atomic_load_n(&freed.said.missing, __ATOMIC_SEQ_CST);
    const bool misses = missing != read->missing;

    *count = 0;
    read->missing = missing;
    return copy(read, ranges, most, count) && !misses;
}

void host_freed_forget(void)
{
    give_lock();
}
