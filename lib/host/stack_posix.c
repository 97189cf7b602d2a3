/*
 * stack_posix.c - guard-paged stacks from a bounded pool.
 *
 * A free stack keeps its place in the pool in its own highest bytes, so the pool allocates
 * nothing. A function with a large frame must not step over the guard, which is address space and
 * nothing else: it costs the same however high it is.
 */
#include "host/stack.h"

#include <pthread.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#include "host/here_posix.h"
#include "host/sanitizer.h"

#define GUARD_BYTES     ((size_t)(UINTPTR_MAX > UINT32_MAX ? 4096 : 64) * 1024)
#define POOL_BYTES_MAX  ((size_t)64 * 1024 * 1024)
#define POOL_STACKS_MAX 512u

typedef struct free_stack {
    struct free_stack *next;
    host_stack stack;
} free_stack;

static HOST_KEPT struct {
    pthread_mutex_t mutex;
    free_stack *first;
    size_t bytes;
    unsigned stacks;
} pool = { .mutex = PTHREAD_MUTEX_INITIALIZER };

static void pool_lock(void)
{
    host_here_now.keeps_lock++;
    pthread_mutex_lock(&pool.mutex);
}

static void pool_unlock(void)
{
    pthread_mutex_unlock(&pool.mutex);
    host_here_now.keeps_lock--;
}

static size_t round_up(size_t bytes)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);

    return (bytes + page - 1) / page * page;
}

static free_stack *place_in(host_stack stack)
{
    return (free_stack *)((char *)stack.base + stack.bytes) - 1;
}

/* Of several the lowest, so that runs which take the same stacks get them at the same addresses. */
static bool take_pooled(host_stack *stack, size_t bytes)
{
    free_stack **best = NULL;
    free_stack *found;

    for (free_stack **link = &pool.first; *link != NULL; link = &(*link)->next) {
        if ((*link)->stack.bytes == bytes && (best == NULL || *link < *best)) {
            best = link;
        }
    }
    if (best == NULL) {
        return false;
    }
    found = *best;
    *best = found->next;
    *stack = found->stack;
    pool.bytes -= bytes;
    pool.stacks--;
    return true;
}

static bool give_pooled(host_stack stack)
{
    free_stack *place = place_in(stack);

    if (pool.stacks >= POOL_STACKS_MAX || stack.bytes > POOL_BYTES_MAX - pool.bytes) {
        return false;
    }
    place->stack = stack;
    place->next = pool.first;
    pool.first = place;
    pool.bytes += stack.bytes;
    pool.stacks++;
    return true;
}

static bool map_new(host_stack *stack, size_t bytes)
{
    char *guard = mmap(NULL, GUARD_BYTES + bytes, PROT_NONE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    if (guard == MAP_FAILED) {
        return false;
    }
    if (mprotect(guard + GUARD_BYTES, bytes, PROT_READ | PROT_WRITE) != 0) {
        munmap(guard, GUARD_BYTES + bytes);
        return false;
    }
    stack->base = guard + GUARD_BYTES;
    stack->bytes = bytes;
    return true;
}

bool host_stack_take(host_stack *stack, size_t bytes)
{
    bool found;

    if (bytes > SIZE_MAX / 2) {
        return false;
    }
    bytes = round_up(bytes == 0 ? 1 : bytes);
    pool_lock();
    found = take_pooled(stack, bytes);
    pool_unlock();
    return found || map_new(stack, bytes);
}

void host_stack_give(host_stack stack)
{
    bool kept;

    host_sanitizer_clean(stack.base, stack.bytes);
    pool_lock();
    kept = give_pooled(stack);
    pool_unlock();
    if (!kept) {
        munmap((char *)stack.base - GUARD_BYTES, GUARD_BYTES + stack.bytes);
    }
}

bool host_stack_guards(const void *base, const void *address)
{
    return base != NULL && (uintptr_t)address < (uintptr_t)base &&
           (uintptr_t)base - (uintptr_t)address <= GUARD_BYTES;
}
