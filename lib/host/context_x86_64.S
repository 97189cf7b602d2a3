/*
 * context_x86_64.S - the switch for x86-64, System V calling convention.
 *
 * A stack that was left holds, from its pointer upwards: mxcsr and the x87 control word (8
 * bytes), r15, r14, r13, r12, rbx, rbp, and the return address. The layout is the same on every
 * stack, so one set of unwind rules describes the switch before and after the stack pointer
 * changes.
 *
 * The switch returns by `ret`: all switches are made from one place, so the processor predicts
 * it.
 */
        .text

/* void host_stack_switch(void **left, void *to) */
        .globl  host_stack_switch
        .hidden host_stack_switch
        .type   host_stack_switch, @function
        .p2align 4
host_stack_switch:
        .cfi_startproc
        endbr64
        pushq   %rbp
        .cfi_def_cfa_offset 16
        .cfi_offset rbp, -16
        pushq   %rbx
        .cfi_def_cfa_offset 24
        .cfi_offset rbx, -24
        pushq   %r12
        .cfi_def_cfa_offset 32
        .cfi_offset r12, -32
        pushq   %r13
        .cfi_def_cfa_offset 40
        .cfi_offset r13, -40
        pushq   %r14
        .cfi_def_cfa_offset 48
        .cfi_offset r14, -48
        pushq   %r15
        .cfi_def_cfa_offset 56
        .cfi_offset r15, -56
        subq    $8, %rsp
        .cfi_def_cfa_offset 64
        stmxcsr (%rsp)
        fnstcw  4(%rsp)
        movl    (%rsp), %eax
        movzwl  4(%rsp), %ecx
        movq    %rsp, (%rdi)
        movq    %rsi, %rsp
        /* Loading a control word is slow and almost never needed. */
        cmpl    %eax, (%rsp)
        jne     1f
2:      cmpw    %cx, 4(%rsp)
        jne     3f
4:      addq    $8, %rsp
        .cfi_def_cfa_offset 56
        popq    %r15
        .cfi_def_cfa_offset 48
        .cfi_restore r15
        popq    %r14
        .cfi_def_cfa_offset 40
        .cfi_restore r14
        popq    %r13
        .cfi_def_cfa_offset 32
        .cfi_restore r13
        popq    %r12
        .cfi_def_cfa_offset 24
        .cfi_restore r12
        popq    %rbx
        .cfi_def_cfa_offset 16
        .cfi_restore rbx
        popq    %rbp
        .cfi_def_cfa_offset 8
        .cfi_restore rbp
        ret
        .cfi_def_cfa_offset 64
        .cfi_offset rbp, -16
        .cfi_offset rbx, -24
        .cfi_offset r12, -32
        .cfi_offset r13, -40
        .cfi_offset r14, -48
        .cfi_offset r15, -56
1:      ldmxcsr (%rsp)
        jmp     2b
3:      fldcw   4(%rsp)
        jmp     4b
        .cfi_endproc
        .size   host_stack_switch, . - host_stack_switch

/* void *host_stack_prepare(void *base, size_t bytes, host_switch_entry *entry, void *argument)
 * The sixteen bytes on top stay zero: an end for those who follow frame pointers. */
        .globl  host_stack_prepare
        .hidden host_stack_prepare
        .type   host_stack_prepare, @function
        .p2align 4
host_stack_prepare:
        .cfi_startproc
        endbr64
        leaq    (%rdi,%rsi), %rax
        andq    $-16, %rax
        subq    $80, %rax
        stmxcsr (%rax)
        fnstcw  4(%rax)
        movw    $0, 6(%rax)
        movq    $0, 8(%rax)             /* r15 */
        movq    $0, 16(%rax)            /* r14 */
        movq    %rcx, 24(%rax)          /* r13: the argument */
        movq    %rdx, 32(%rax)          /* r12: the entry */
        movq    $0, 40(%rax)            /* rbx */
        movq    $0, 48(%rax)            /* rbp */
        leaq    host_stack_start+4(%rip), %rdx
        movq    %rdx, 56(%rax)
        movq    $0, 64(%rax)
        movq    $0, 72(%rax)
        ret
        .cfi_endproc
        .size   host_stack_prepare, . - host_stack_prepare

/* The outermost frame of every context and of every landing after a fault: calls r12(r13), and
 * ends the way back for debuggers and unwinders. A context returns to its second instruction,
 * because they look for the caller just before a return address. */
        .globl  host_stack_start
        .hidden host_stack_start
        .type   host_stack_start, @function
        .p2align 4
host_stack_start:
        .cfi_startproc
        .cfi_undefined rip
        endbr64
        movq    %r13, %rdi
        callq   *%r12
        ud2
        .cfi_endproc
        .size   host_stack_start, . - host_stack_start

#include "host/note.inc"
