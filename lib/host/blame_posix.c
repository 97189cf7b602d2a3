/*
 * blame_posix.c - whose code a fault belongs to, by the return addresses on the faulting stack.
 *
 * No frame is unwound: a runtime library's are not known, and a damaged stack must do. A word
 * counts as a return address if it is the one that is looked for, or points into guest code. It may
 * be what an earlier call has left in a frame that has not written there yet: so the stack is asked
 * only where the faulting code itself is nobody's in particular.
 */
#include "host/frame.h"
#include "host/host.h"
#include "host/own.h"

enum { WORDS = 2048, PAGES_BEFORE = 8 };

typedef struct words {
    uintptr_t at[WORDS];
    size_t count;
} words;

/* A stack pointer that has run out of its stack points into the pages before it. */
static void read_stack(words *stack, const void *stack_pointer, const void *end)
{
    const uintptr_t page = host_page_bytes();
    uintptr_t at = ((uintptr_t)stack_pointer + sizeof(uintptr_t) - 1) & ~(sizeof(uintptr_t) - 1);

    stack->count = 0;
    for (unsigned i = 0; i < PAGES_BEFORE && stack->count == 0; i++) {
        const size_t there = (uintptr_t)end > at ? (uintptr_t)end - at : 0;
        const size_t bytes = there < sizeof stack->at ? there : sizeof stack->at;

        stack->count =
            host_memory_copy(stack->at, (const void *)at, bytes) / sizeof stack->at[0];
        at = (at / page + 1) * page;
    }
}

static bool has(const words *stack, uintptr_t word)
{
    size_t i = 0;

    while (i < stack->count && stack->at[i] != word) {
        i++;
    }
    return i < stack->count;
}

static bool is_guest(const host_codes *codes, uintptr_t address)
{
    return host_code_at(codes, address) == HOST_CODE_GUEST;
}

static uintptr_t first_guest(const words *stack, const host_codes *codes)
{
    for (size_t i = 0; i < stack->count; i++) {
        if (is_guest(codes, stack->at[i]) && host_frame_follows_call(stack->at[i])) {
            return stack->at[i];
        }
    }
    return 0;
}

/* What is known without the stack: guest code has faulted itself, or in a function of a library
 * that it has called. 0: that is not so, or cannot be told. */
static uintptr_t blame_directly(const host_fault *fault, const host_codes *codes)
{
    const uintptr_t behind = (uintptr_t)fault->place + 1, caller = (uintptr_t)fault->caller + 1;

    if (!codes->tells_own) {
        return 0;
    }
    switch (host_code_at(codes, (uintptr_t)fault->place)) {
    case HOST_CODE_GUEST:
        return behind;
    case HOST_CODE_LIBRARY:
        return is_guest(codes, caller) && host_frame_follows_call(caller) ? caller : 0;
    default:
        return 0;
    }
}

const void *host_fault_blame(const host_fault *fault, const void *call, const void *stack_end)
{
    const uintptr_t behind = (uintptr_t)fault->place + 1;
    host_codes codes;
    uintptr_t caller;
    words stack;

    host_codes_read(&codes);
    caller = blame_directly(fault, &codes);
    if (caller != 0) {
        return (const void *)caller;
    }
    read_stack(&stack, fault->stack_pointer, stack_end);
    if (call != NULL && has(&stack, (uintptr_t)call)) {
        return call;
    }
    if (is_guest(&codes, (uintptr_t)fault->place)) {
        return (const void *)behind;
    }
    caller = (uintptr_t)fault->caller + 1;
    if (!is_guest(&codes, caller)) {
        caller = first_guest(&stack, &codes);
    }
    return (const void *)(caller != 0 ? caller : behind);
}
