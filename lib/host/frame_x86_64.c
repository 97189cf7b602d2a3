/*
 * frame_x86_64.c - the interrupted state on x86-64.
 */
#include "host/frame.h"

#include <string.h>
#include <ucontext.h>

#include "host/sanitizer.h"

#define TRAP_GENERAL_PROTECTION 13
#define TRAP_PAGE_FAULT         14

#define ERROR_WRITE             0x2
#define ERROR_FETCH             0x10

/* Trap flag, direction, alignment check: what the interrupted code may have set and C code does
 * not expect. */
#define UNWANTED_FLAGS          0x40500

#define FRESH_MXCSR             0x1f80u
#define FRESH_X87_CONTROL       0x37fu

/* Behind the 512 bytes of old: how many there are in all, if the processor has more. */
#define EXTENDED_AT    464
#define EXTENDED_MAGIC 0x46505853u
#define PLAIN_BYTES    512u

/* The kernel's signal mask has one word; the C library's type has more than the kernel has put
 * there. */
typedef struct frame_copy {
    gregset_t registers;
    uint64_t mask;
    uint64_t floating_bytes;
    unsigned char floating[];
} frame_copy;

extern void host_stack_start(void) __attribute__((visibility("hidden")));

static greg_t reg(const void *state, int number)
{
    return ((const ucontext_t *)state)->uc_mcontext.gregs[number];
}

bool host_frame_is_known(void)
{
    return true;
}

uintptr_t host_frame_place(const void *state)
{
    return (uintptr_t)reg(state, REG_RIP);
}

uintptr_t host_frame_stack_pointer(const void *state)
{
    return (uintptr_t)reg(state, REG_RSP);
}

host_fault_access host_frame_access(const void *state)
{
    if (reg(state, REG_TRAPNO) != TRAP_PAGE_FAULT) {
        return HOST_FAULT_READ;
    }
    if ((reg(state, REG_ERR) & ERROR_FETCH) != 0) {
        return HOST_FAULT_EXECUTE;
    }
    return (reg(state, REG_ERR) & ERROR_WRITE) != 0 ? HOST_FAULT_WRITE : HOST_FAULT_READ;
}

bool host_frame_address_unknown(const void *state)
{
    return reg(state, REG_TRAPNO) == TRAP_GENERAL_PROTECTION;
}

uintptr_t host_frame_caller(const void *state)
{
    uintptr_t returns_to = host_frame_peek(host_frame_stack_pointer(state));

    return returns_to != 0 ? returns_to - 1 : 0;
}

void host_frame_redirect(void *state, void *base, size_t bytes, host_entry *entry, void *argument)
{
    ucontext_t *context = state;
    greg_t *regs = context->uc_mcontext.gregs;

    regs[REG_RIP] = (greg_t)(uintptr_t)host_stack_start;
    regs[REG_RSP] = (greg_t)(((uintptr_t)base + bytes - 16) & ~(uintptr_t)15);
    regs[REG_RBP] = 0;
    regs[REG_R12] = (greg_t)(uintptr_t)entry;
    regs[REG_R13] = (greg_t)(uintptr_t)argument;
    regs[REG_EFL] &= ~(greg_t)UNWANTED_FLAGS;
    if (context->uc_mcontext.fpregs != NULL) {
        context->uc_mcontext.fpregs->mxcsr = FRESH_MXCSR;
        context->uc_mcontext.fpregs->cwd = FRESH_X87_CONTROL;
        context->uc_mcontext.fpregs->swd = 0;
        context->uc_mcontext.fpregs->ftw = 0;
    }
}

static uint32_t floating_bytes(const void *floating)
{
    uint32_t words[2];

    memcpy(words, (const char *)floating + EXTENDED_AT, sizeof words);
    return words[0] == EXTENDED_MAGIC ? words[1] : PLAIN_BYTES;
}

HOST_UNINSTRUMENTED size_t host_frame_keep(const void *state, void *copy, size_t bytes)
{
    const ucontext_t *context = state;
    const void *floating = context->uc_mcontext.fpregs;
    const size_t more = floating != NULL ? floating_bytes(floating) : 0;
    frame_copy *kept = copy;

    if (bytes < sizeof *kept + more) {
        return 0;
    }
    memcpy(kept->registers, context->uc_mcontext.gregs, sizeof kept->registers);
    memcpy(&kept->mask, &context->uc_sigmask, sizeof kept->mask);
    kept->floating_bytes = more;
    memcpy(kept->floating, floating, more);
    return sizeof *kept + more;
}

HOST_UNINSTRUMENTED void host_frame_put_back(void *state, const void *copy)
{
    ucontext_t *context = state;
    const frame_copy *kept = copy;

    memcpy(context->uc_mcontext.gregs, kept->registers, sizeof kept->registers);
    memcpy(&context->uc_sigmask, &kept->mask, sizeof kept->mask);
    if (context->uc_mcontext.fpregs != NULL) {
        memcpy(context->uc_mcontext.fpregs, kept->floating, kept->floating_bytes);
    }
}
