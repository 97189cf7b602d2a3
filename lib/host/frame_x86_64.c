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

/* ---- What a fault was of --------------------------------------------------------------------- */

#define OPCODE_CALL        0xFFu /* By a pointer. */
#define CALL_BY_REGISTER   0xD0u
#define PREFIX_UPPER       0x41u /* With any of the other three bits: registers from 8 on. */
#define OPCODE_RETURN      0xC3u
#define OPCODE_RETURN_POPS 0xC2u
#define OPCODE_REPEAT      0xF3u /* As a prefix: some return so. */
#define OPCODE_BREAKPOINT  0xCCu
#define OPCODE_TWO_BYTES   0x0Fu

static const unsigned char *code_at(const void *state)
{
    return (const unsigned char *)host_frame_place(state);
}

/* The upper bits of an address are all alike. */
static bool cannot_be(uintptr_t address)
{
    const uint64_t upper = (uint64_t)address >> 47;

    return upper != 0 && upper != 0x1FFFF;
}

/* As instructions number them. */
static uintptr_t numbered(const void *state, unsigned number)
{
    static const int numbers[] = { REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP,
                                   REG_RSI, REG_RDI, REG_R8,  REG_R9,  REG_R10, REG_R11,
                                   REG_R12, REG_R13, REG_R14, REG_R15 };

    return (uintptr_t)reg(state, numbers[number]);
}

/* The one register that holds no address; 0: none does, or several do. */
static uintptr_t wild_register(const void *state)
{
    uintptr_t found = 0;

    for (unsigned i = 0; i < 16; i++) {
        const uintptr_t value = numbered(state, i);

        if (cannot_be(value) && found != 0 && found != value) {
            return 0;
        }
        found = cannot_be(value) ? value : found;
    }
    return found;
}

static const unsigned char *skip_prefixes(const unsigned char *code)
{
    while (*code == 0x66 || *code == 0xF0 || *code == 0xF2 || *code == OPCODE_REPEAT) {
        code++;
    }
    return code;
}

/* Behind the opcode: what an ordinary instruction says of its operand in memory. */
static uintptr_t operand(const void *state, const unsigned char *code, unsigned rex)
{
    const unsigned mode = code[0] >> 6, memory = code[0] & 7u;
    uintptr_t address = 0;
    int32_t far;

    code++;
    if (memory == 4) {
        const unsigned index = ((code[0] >> 3) & 7u) | (rex & 2u) << 2;
        const unsigned base = (code[0] & 7u) | (rex & 1u) << 3;

        address = index != 4 ? numbered(state, index) << (code[0] >> 6) : 0;
        address += mode == 0 && (base & 7u) == 5 ? 0 : numbered(state, base);
        code++;
    } else {
        address = numbered(state, memory | (rex & 1u) << 3);
    }
    if (mode == 1) {
        return address + (uintptr_t)(intptr_t)(signed char)code[0];
    }
    memcpy(&far, code, sizeof far);
    return mode == 2 ? address + (uintptr_t)(intptr_t)far : address;
}

uintptr_t host_frame_wild_address(const void *state)
{
    const unsigned char *code = skip_prefixes(code_at(state));
    const unsigned rex = (code[0] & 0xF0u) == 0x40 ? *code++ : 0;
    uintptr_t address;

    code += code[0] == OPCODE_TWO_BYTES ? 2 : 1;
    address = code[0] >> 6 != 3 ? operand(state, code, rex) : 0;
    return cannot_be(address) ? address : wild_register(state);
}

/* In and out, cli and sti, hlt; those of two bytes load or store registers of the system. */
bool host_frame_is_privileged(const void *state)
{
    const unsigned char *code = code_at(state);
    unsigned first, second;

    if (reg(state, REG_TRAPNO) != TRAP_GENERAL_PROTECTION) {
        return false; /* There may be no code. */
    }
    code += code[0] == 0x66 || code[0] == OPCODE_REPEAT ? 1 : 0;
    first = code[0];
    second = code[1];
    if (first == OPCODE_TWO_BYTES) {
        return second <= 0x01 || second == 0x06 || second == 0x08 || second == 0x09 ||
               (second >= 0x20 && second <= 0x23) || second == 0x30 || second == 0x32 ||
               second == 0x33;
    }
    return (first >= 0x6C && first <= 0x6F) || (first >= 0xE4 && first <= 0xE7) ||
           (first >= 0xEC && first <= 0xEF) || first == 0xF4 || first == 0xFA || first == 0xFB;
}

static bool is_return(const unsigned char *code)
{
    code += code[0] == OPCODE_REPEAT ? 1 : 0;
    return code[0] == OPCODE_RETURN || code[0] == OPCODE_RETURN_POPS;
}

/* True if the stack holds where a call by a pointer returns to, and the pointer was the place: it may
 * be in a register, which has it still. */
static bool was_called(const void *state, uintptr_t place)
{
    const uintptr_t returns_to = host_frame_peek(host_frame_stack_pointer(state));
    unsigned char code[7];

    if (host_memory_copy(code, (const void *)(returns_to - sizeof code), sizeof code) !=
        sizeof code) {
        return false;
    }
    if (code[5] == OPCODE_CALL && (code[6] & 0xF8) == CALL_BY_REGISTER) {
        return numbered(state, code[6] & 7) == place ||
               ((code[4] & 0xF1) == PREFIX_UPPER && numbered(state, 8 + (code[6] & 7)) == place);
    }
    for (unsigned i = 0; i <= 5; i++) {
        if (code[i] == OPCODE_CALL && (code[i + 1] & 0x38) == 0x10 && code[i + 1] < 0xC0) {
            return true;
        }
    }
    return false;
}

/* What a return took from the stack still lies below it. So may anything else. */
bool host_frame_returns(const void *state, uintptr_t *address)
{
    const uintptr_t stack = host_frame_stack_pointer(state);
    const uintptr_t place = host_frame_place(state);

    if (reg(state, REG_TRAPNO) == TRAP_GENERAL_PROTECTION) {
        *address = host_frame_peek(stack);
        return is_return(code_at(state));
    }
    *address = place;
    return place != 0 && host_frame_access(state) == HOST_FAULT_EXECUTE &&
           host_frame_peek(stack - sizeof place) == place && !was_called(state, place);
}

uintptr_t host_frame_breakpoint(const void *state)
{
    const uintptr_t place = host_frame_place(state);

    return *(const unsigned char *)(place - 1) == OPCODE_BREAKPOINT ? place - 1 : place;
}

/* A call of five bytes, or of two to seven by a pointer: FF /2. */
bool host_frame_follows_call(uintptr_t address)
{
    unsigned char code[8] = { 0 };
    const size_t got = host_memory_copy(code, (const void *)(address - 7), 7);

    if (got != 7) {
        return false;
    }
    if (code[2] == 0xE8) {
        return true;
    }
    for (unsigned i = 0; i <= 5; i++) {
        if (code[i] == OPCODE_CALL && (code[i + 1] & 0x38) == 0x10) {
            return true;
        }
    }
    return false;
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
