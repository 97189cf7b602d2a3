/*
 * mark_x86_64.S - marks for x86-64, System V calling convention.
 *
 * A mark holds the registers that a called function must keep, the stack pointer as the caller has
 * it after the call, the return address, mxcsr and the x87 control word.
 */
        .text

/* int host_mark_save(host_mark *mark) */
        .globl  host_mark_save
        .type   host_mark_save, @function
        .p2align 4
host_mark_save:
        .cfi_startproc
        endbr64
        movq    (%rsp), %rax
        leaq    8(%rsp), %rcx
        movq    %rbx, (%rdi)
        movq    %rbp, 8(%rdi)
        movq    %r12, 16(%rdi)
        movq    %r13, 24(%rdi)
        movq    %r14, 32(%rdi)
        movq    %r15, 40(%rdi)
        movq    %rcx, 48(%rdi)
        movq    %rax, 56(%rdi)
        stmxcsr 64(%rdi)
        fnstcw  68(%rdi)
        xorl    %eax, %eax
        ret
        .cfi_endproc
        .size   host_mark_save, . - host_mark_save

/* void host_mark_go_on(const host_mark *mark) */
        .globl  host_mark_go_on
        .hidden host_mark_go_on
        .type   host_mark_go_on, @function
        .p2align 4
host_mark_go_on:
        .cfi_startproc
        endbr64
        movq    48(%rdi), %rcx
        jmp     1f
        .cfi_endproc
        .size   host_mark_go_on, . - host_mark_go_on

/* void host_mark_visit(const host_mark *mark)
 * The stack pointer that a call would leave to its caller, as aligned as any variable may want. */
        .globl  host_mark_visit
        .hidden host_mark_visit
        .type   host_mark_visit, @function
        .p2align 4
host_mark_visit:
        .cfi_startproc
        endbr64
        movq    %rsp, %rcx
        andq    $-64, %rcx
1:      movq    (%rdi), %rbx
        movq    8(%rdi), %rbp
        movq    16(%rdi), %r12
        movq    24(%rdi), %r13
        movq    32(%rdi), %r14
        movq    40(%rdi), %r15
        movq    56(%rdi), %rdx
        ldmxcsr 64(%rdi)
        fldcw   68(%rdi)
        movq    %rcx, %rsp
        movl    $1, %eax
        jmpq    *%rdx
        .cfi_endproc
        .size   host_mark_visit, . - host_mark_visit

/* void *host_mark_stack_pointer(const host_mark *mark) */
        .globl  host_mark_stack_pointer
        .hidden host_mark_stack_pointer
        .type   host_mark_stack_pointer, @function
        .p2align 4
host_mark_stack_pointer:
        .cfi_startproc
        endbr64
        movq    48(%rdi), %rax
        ret
        .cfi_endproc
        .size   host_mark_stack_pointer, . - host_mark_stack_pointer

#include "host/note.inc"
