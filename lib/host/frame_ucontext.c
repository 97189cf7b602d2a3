/*
 * frame_ucontext.c - the interrupted state on a processor that dirql knows nothing about.
 *
 * Nothing can be read from the state. It is not rewritten either: the landing is entered straight
 * from the signal handler, which the system takes for a jump out of it.
 */
#include "host/frame.h"

#include <stdlib.h>
#include <ucontext.h>

#include "host/switch.h"

bool host_frame_is_known(void)
{
    return false;
}

uintptr_t host_frame_place(const void *state)
{
    (void)state;
    return 0;
}

uintptr_t host_frame_stack_pointer(const void *state)
{
    (void)state;
    return 0;
}

host_fault_access host_frame_access(const void *state)
{
    (void)state;
    return HOST_FAULT_READ;
}

bool host_frame_address_unknown(const void *state)
{
    (void)state;
    return false;
}

uintptr_t host_frame_wild_address(const void *state)
{
    (void)state;
    return 0;
}

bool host_frame_is_privileged(const void *state)
{
    (void)state;
    return false;
}

bool host_frame_returns(const void *state, uintptr_t *address)
{
    (void)state;
    *address = 0;
    return false;
}

uintptr_t host_frame_breakpoint(const void *state)
{
    return host_frame_place(state);
}

bool host_frame_follows_call(uintptr_t address)
{
    (void)address;
    return true;
}

uintptr_t host_frame_caller(const void *state)
{
    (void)state;
    return 0;
}

void host_frame_redirect(void *state, void *base, size_t bytes, host_entry *entry, void *argument)
{
    ucontext_t *landing = host_stack_prepare(base, bytes, entry, argument);

    landing->uc_sigmask = ((ucontext_t *)state)->uc_sigmask;
    setcontext(landing);
    abort();
}

size_t host_frame_keep(const void *state, void *copy, size_t bytes)
{
    (void)state;
    (void)copy;
    (void)bytes;
    return 0;
}

void host_frame_put_back(void *state, const void *copy)
{
    (void)state;
    (void)copy;
}
