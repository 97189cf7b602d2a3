/*
 * context_arm64.S - the switch for 64-bit Arm, the procedure call standard of AAPCS64.
 *
 * A stack that was left holds, from its pointer upwards: x19 to x30, d8 to d15, fpcr, and eight
 * unused bytes. The return address is signed on its way to the stack, by the stack pointer of the
 * caller, where the processor does such a thing; elsewhere the instructions do nothing (they are
 * hints, and written as such for older assemblers).
 */
#define PACIASP     hint #25            /* Also a landing place for indirect calls. */
#define AUTIASP     hint #29
#define PACIA1716   hint #8
#define BTI_C       hint #34
#define BTI_JC      hint #38

#define FRAME 176
#define FPCR_AT 160

        .text

/* void host_stack_switch(void **left, void *to) */
        .globl  host_stack_switch
        .hidden host_stack_switch
        .type   host_stack_switch, %function
        .p2align 4
host_stack_switch:
        .cfi_startproc
        PACIASP
        .cfi_negate_ra_state
        sub     sp, sp, #FRAME
        .cfi_def_cfa_offset FRAME
        stp     x19, x20, [sp]
        stp     x21, x22, [sp, #16]
        stp     x23, x24, [sp, #32]
        stp     x25, x26, [sp, #48]
        stp     x27, x28, [sp, #64]
        stp     x29, x30, [sp, #80]
        .cfi_offset x19, -176
        .cfi_offset x20, -168
        .cfi_offset x21, -160
        .cfi_offset x22, -152
        .cfi_offset x23, -144
        .cfi_offset x24, -136
        .cfi_offset x25, -128
        .cfi_offset x26, -120
        .cfi_offset x27, -112
        .cfi_offset x28, -104
        .cfi_offset x29, -96
        .cfi_offset x30, -88
        stp     d8, d9, [sp, #96]
        stp     d10, d11, [sp, #112]
        stp     d12, d13, [sp, #128]
        stp     d14, d15, [sp, #144]
        mrs     x9, fpcr
        str     x9, [sp, #FPCR_AT]
        mov     x10, sp
        str     x10, [x0]
        mov     sp, x1
        ldr     x11, [sp, #FPCR_AT]
        cmp     x9, x11
        b.eq    1f
        msr     fpcr, x11               /* Slow, and almost never needed. */
1:      ldp     d8, d9, [sp, #96]
        ldp     d10, d11, [sp, #112]
        ldp     d12, d13, [sp, #128]
        ldp     d14, d15, [sp, #144]
        ldp     x19, x20, [sp]
        ldp     x21, x22, [sp, #16]
        ldp     x23, x24, [sp, #32]
        ldp     x25, x26, [sp, #48]
        ldp     x27, x28, [sp, #64]
        ldp     x29, x30, [sp, #80]
        .cfi_restore x19
        .cfi_restore x20
        .cfi_restore x21
        .cfi_restore x22
        .cfi_restore x23
        .cfi_restore x24
        .cfi_restore x25
        .cfi_restore x26
        .cfi_restore x27
        .cfi_restore x28
        .cfi_restore x29
        .cfi_restore x30
        add     sp, sp, #FRAME
        .cfi_def_cfa_offset 0
        AUTIASP
        .cfi_negate_ra_state
        ret
        .cfi_endproc
        .size   host_stack_switch, . - host_stack_switch

/* void *host_stack_prepare(void *base, size_t bytes, host_switch_entry *entry, void *argument) */
        .globl  host_stack_prepare
        .hidden host_stack_prepare
        .type   host_stack_prepare, %function
        .p2align 4
host_stack_prepare:
        .cfi_startproc
        BTI_C
        add     x16, x0, x1
        and     x16, x16, #-16
        sub     x16, x16, #16           /* Stays zero: an end to the frame pointers. */
        stp     xzr, xzr, [x16]
        adrp    x17, host_stack_start
        add     x17, x17, :lo12:host_stack_start
        add     x17, x17, #4
        PACIA1716                       /* Signed as the switch does, by the caller's sp. */
        sub     x0, x16, #FRAME
        stp     x2, x3, [x0]            /* x19: the entry; x20: the argument */
        stp     xzr, xzr, [x0, #16]
        stp     xzr, xzr, [x0, #32]
        stp     xzr, xzr, [x0, #48]
        stp     xzr, xzr, [x0, #64]
        stp     xzr, x17, [x0, #80]     /* x29, x30 */
        stp     xzr, xzr, [x0, #96]
        stp     xzr, xzr, [x0, #112]
        stp     xzr, xzr, [x0, #128]
        stp     xzr, xzr, [x0, #144]
        mrs     x9, fpcr
        stp     x9, xzr, [x0, #FPCR_AT]
        ret
        .cfi_endproc
        .size   host_stack_prepare, . - host_stack_prepare

/* The outermost frame of every context and of every landing after a fault: calls x19(x20), and
 * ends the way back for debuggers and unwinders. A context returns to its second instruction,
 * because they look for the caller just before a return address. */
        .globl  host_stack_start
        .hidden host_stack_start
        .type   host_stack_start, %function
        .p2align 4
host_stack_start:
        .cfi_startproc
        .cfi_undefined x30
        BTI_JC
        mov     x0, x20
        blr     x19
        brk     #1
        .cfi_endproc
        .size   host_stack_start, . - host_stack_start

#include "host/note.inc"
