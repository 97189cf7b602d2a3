/*
 * mark_arm64.S - marks for 64-bit Arm, the procedure call standard of AAPCS64.
 *
 * A mark holds x19 to x30, the stack pointer, fpcr, and d8 to d15. The return address is not signed
 * in it: a function that goes on at a mark does not authenticate it there.
 */
#define BTI_C       hint #34

        .text

/* int host_mark_save(host_mark *mark) */
        .globl  host_mark_save
        .type   host_mark_save, %function
        .p2align 4
host_mark_save:
        .cfi_startproc
        BTI_C
        stp     x19, x20, [x0]
        stp     x21, x22, [x0, #16]
        stp     x23, x24, [x0, #32]
        stp     x25, x26, [x0, #48]
        stp     x27, x28, [x0, #64]
        stp     x29, x30, [x0, #80]
        mov     x9, sp
        mrs     x10, fpcr
        stp     x9, x10, [x0, #96]
        stp     d8, d9, [x0, #112]
        stp     d10, d11, [x0, #128]
        stp     d12, d13, [x0, #144]
        stp     d14, d15, [x0, #160]
        mov     w0, #0
        ret
        .cfi_endproc
        .size   host_mark_save, . - host_mark_save

/* void host_mark_go_on(const host_mark *mark) */
        .globl  host_mark_go_on
        .hidden host_mark_go_on
        .type   host_mark_go_on, %function
        .p2align 4
host_mark_go_on:
        .cfi_startproc
        BTI_C
        ldr     x9, [x0, #96]
        b       1f
        .cfi_endproc
        .size   host_mark_go_on, . - host_mark_go_on

/* void host_mark_visit(const host_mark *mark)
 * The stack pointer of the caller, as aligned as any variable may want. */
        .globl  host_mark_visit
        .hidden host_mark_visit
        .type   host_mark_visit, %function
        .p2align 4
host_mark_visit:
        .cfi_startproc
        BTI_C
        mov     x9, sp
        and     x9, x9, #-64
1:      ldr     x10, [x0, #104]
        msr     fpcr, x10
        ldp     x19, x20, [x0]
        ldp     x21, x22, [x0, #16]
        ldp     x23, x24, [x0, #32]
        ldp     x25, x26, [x0, #48]
        ldp     x27, x28, [x0, #64]
        ldp     x29, x16, [x0, #80]
        ldp     d8, d9, [x0, #112]
        ldp     d10, d11, [x0, #128]
        ldp     d12, d13, [x0, #144]
        ldp     d14, d15, [x0, #160]
        mov     sp, x9
        mov     w0, #1
        br      x16
        .cfi_endproc
        .size   host_mark_visit, . - host_mark_visit

/* void *host_mark_stack_pointer(const host_mark *mark) */
        .globl  host_mark_stack_pointer
        .hidden host_mark_stack_pointer
        .type   host_mark_stack_pointer, %function
        .p2align 4
host_mark_stack_pointer:
        .cfi_startproc
        BTI_C
        ldr     x0, [x0, #96]
        ret
        .cfi_endproc
        .size   host_mark_stack_pointer, . - host_mark_stack_pointer

#include "host/note.inc"
