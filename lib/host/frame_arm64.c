/*
 * frame_arm64.c - the interrupted state on 64-bit Arm.
 *
 * The kernel appends records to the state, each with a magic number: the exception syndrome
 * register says what a memory fault wanted, the floating-point record holds the control word.
 */
#include "host/frame.h"

#include <string.h>
#include <ucontext.h>

#define RECORD_SYNDROME        0x45535201u
#define RECORD_FLOATING_POINT  0x46508001u

#define FETCH_FROM_LOWER_LEVEL 0x20u
#define FETCH_FROM_SAME_LEVEL  0x21u
#define SYNDROME_WRITE         (1u << 6)
#define BRANCH_TYPE_BITS       ((uint64_t)3 << 10)

typedef struct record {
    uint32_t magic;
    uint32_t bytes;
} record;

typedef struct syndrome_record {
    record head;
    uint64_t syndrome;
} syndrome_record;

typedef struct floating_point_record {
    record head;
    uint32_t status;
    uint32_t control;
} floating_point_record;

/* The kernel's signal mask has one word; the C library's type has more than the kernel has put
 * there. */
typedef struct frame_copy {
    mcontext_t machine;
    uint64_t mask;
} frame_copy;

extern void host_stack_start(void) __attribute__((visibility("hidden")));

static const mcontext_t *machine(const void *state)
{
    return &((const ucontext_t *)state)->uc_mcontext;
}

static const record *find_record(const void *state, uint32_t magic)
{
    const unsigned char *at = (const unsigned char *)machine(state)->__reserved;
    const unsigned char *end = at + sizeof machine(state)->__reserved;
    const record *found = (const record *)(const void *)at;

    while (at + sizeof *found <= end && found->magic != 0 && found->bytes != 0) {
        if (found->magic == magic) {
            return found;
        }
        at += found->bytes;
        found = (const record *)(const void *)at;
    }
    return NULL;
}

bool host_frame_is_known(void)
{
    return true;
}

uintptr_t host_frame_place(const void *state)
{
    return (uintptr_t)machine(state)->pc;
}

uintptr_t host_frame_stack_pointer(const void *state)
{
    return (uintptr_t)machine(state)->sp;
}

host_fault_access host_frame_access(const void *state)
{
    const syndrome_record *found = (const void *)find_record(state, RECORD_SYNDROME);
    unsigned class;

    if (found == NULL) {
        return HOST_FAULT_READ;
    }
    class = (unsigned)(found->syndrome >> 26) & 0x3fu;
    if (class == FETCH_FROM_LOWER_LEVEL || class == FETCH_FROM_SAME_LEVEL) {
        return HOST_FAULT_EXECUTE;
    }
    return (found->syndrome & SYNDROME_WRITE) != 0 ? HOST_FAULT_WRITE : HOST_FAULT_READ;
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

/* The call that led here left its return address in x30, not yet signed. */
uintptr_t host_frame_caller(const void *state)
{
    uintptr_t returns_to = (uintptr_t)machine(state)->regs[30];

    return returns_to != 0 ? returns_to - 1 : 0;
}

void host_frame_redirect(void *state, void *base, size_t bytes, host_entry *entry, void *argument)
{
    mcontext_t *interrupted = &((ucontext_t *)state)->uc_mcontext;
    floating_point_record *floating_point =
        (void *)(uintptr_t)find_record(state, RECORD_FLOATING_POINT);

    interrupted->pc = (uintptr_t)host_stack_start;
    interrupted->sp = ((uintptr_t)base + bytes - 16) & ~(uintptr_t)15;
    interrupted->pstate &= ~BRANCH_TYPE_BITS;
    interrupted->regs[19] = (uintptr_t)entry;
    interrupted->regs[20] = (uintptr_t)argument;
    interrupted->regs[29] = 0;
    interrupted->regs[30] = 0;
    if (floating_point != NULL) {
        floating_point->control = 0;
        floating_point->status = 0;
    }
}

size_t host_frame_keep(const void *state, void *copy, size_t bytes)
{
    const ucontext_t *context = state;
    frame_copy *kept = copy;

    if (bytes < sizeof *kept) {
        return 0;
    }
    kept->machine = context->uc_mcontext;
    memcpy(&kept->mask, &context->uc_sigmask, sizeof kept->mask);
    return sizeof *kept;
}

void host_frame_put_back(void *state, const void *copy)
{
    ucontext_t *context = state;
    const frame_copy *kept = copy;

    context->uc_mcontext = kept->machine;
    memcpy(&context->uc_sigmask, &kept->mask, sizeof kept->mask);
}
