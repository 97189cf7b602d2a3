/*
 * test_abort.c - why abort() was called, as far as the C library says: a pointer that free() will
 * not take, a frame that was written over, a heap that is damaged.
 */
#include "../check/rule.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../threadsanitizer.h"
#include "../watched.h"

#define GUEST __attribute__((noinline))

enum { TAG = 'trbA' };

/* Only the GNU library says why; a sanitizer has a heap of its own. */
static void skip_where_nothing_is_said(void)
{
#ifndef __GLIBC__
    skip();
#endif
    skip_where_memory_is_watched();
}

/* Compilers know what becomes of memory that they see freed. */
static void *(*volatile get)(size_t bytes) = malloc;
static void (*volatile give)(void *memory) = free;

/* ---- Pointers -------------------------------------------------------------------------------- */

GUEST static void free_a_pool_block(void *context)
{
    (void)context;
    give(ExAllocatePool2(POOL_FLAG_NON_PAGED, 100, TAG));
    KeMemoryBarrier(); /* So that it is a call, and no jump. */
}

static void pool_that_is_given_to_free_is_told_whose_it_is(void **state)
{
    (void)state;
    skip_where_nothing_is_said();
    assert_error(free_a_pool_block, 1, "HostHeap");
    assert_report_has("memory of the pool"); /* Which block it is may be known, too. */
    assert_report_has("ExFreePoolWithTag");
    assert_report_has(", at free_a_pool_block test_abort.c:");
}

GUEST static void free_twice(void *context)
{
    void *memory = get(100);

    (void)context;
    give(memory);
    give(memory);
    KeMemoryBarrier();
}

static void memory_of_malloc_is_freed_once(void **state)
{
    (void)state;
    skip_where_nothing_is_said();
    assert_error(free_twice, 1, "HostHeap");
    assert_report_has("of the C library refused a pointer: \"free(): double free detected");
    assert_report_has(", at free_twice test_abort.c:");
}

static void free_once(void *context)
{
    (void)context;
    give(get(100));
}

static void who_frees_what_malloc_returned_hears_nothing(void **state)
{
    (void)state;
    assert_silent(free_once, 1, "HostHeap");
}

GUEST static void give_malloc_to_the_pool(void *context)
{
    static void *volatile memory; /* No leak: the run ends with it. */

    (void)context;
    memory = get(100);
    ExFreePoolWithTag(memory, TAG);
    fail_msg("the pool has not given it out");
}

GUEST static void give_an_inner_pointer(void *context)
{
    char *block = ExAllocatePool2(POOL_FLAG_NON_PAGED, 100, TAG);

    (void)context;
    ExFreePoolWithTag(block + 16, TAG);
    fail_msg("no block begins there");
}

static int variable;

GUEST static void give_a_variable(void *context)
{
    (void)context;
    ExFreePoolWithTag(&variable, TAG);
    fail_msg("it was never allocated");
}

static void what_the_pool_did_not_give_out_is_said_in_words(void **state)
{
    (void)state;
    rule_run(1, give_malloc_to_the_pool);
    assert_report_has("memory is freed that the pool did not give out");
    rule_run(1, give_an_inner_pointer);
    assert_report_has("byte 16 of a pool block of 100 bytes (tag Abrt)");
    rule_run(1, give_a_variable);
    assert_report_has("the variable `variable`");
}

/* ---- Frames ---------------------------------------------------------------------------------- */

GUEST static void write_up(volatile char *at, int count)
{
    while (count-- > 0) {
        *at++ = 'A';
    }
}

/* This file is compiled with protection of stacks. */
GUEST static void write_over_its_frame(void)
{
    volatile char local[16];

    write_up(local, 40);
}

static void smash_the_stack(void *context)
{
    (void)context;
    write_over_its_frame();
    KeMemoryBarrier();
}

static void a_frame_that_is_written_over_is_f7(void **state)
{
    (void)state;
    skip_where_nothing_is_said();
    rule_run(1, smash_the_stack);
    assert_int_equal(rule_result.code, DRIVER_OVERRAN_STACK_BUFFER);
    assert_report_has("`write_over_its_frame` has written behind the end of a local array");
    assert_report_has(", at write_over_its_frame test_abort.c:");
}

/* ---- The code itself ------------------------------------------------------------------------- */

GUEST static void end_itself(void *context)
{
    (void)context;
    KeMemoryBarrier();
    abort();
}

static void who_calls_abort_is_named(void **state)
{
    (void)state;
    rule_run(1, end_itself);
    assert_int_equal(rule_result.outcome, DIRQL_FAILED);
    assert_report_has("abort() was called in `thread test`, IRQL 0");
    assert_report_has(", at end_itself test_abort.c:");
}

/* ---- The heap -------------------------------------------------------------------------------- */

/* Large blocks, so that the library looks at what lies around them, with its lock held. */
GUEST static void ruin_the_heap(void *context)
{
    volatile char *first = get(5000), *second = get(5000), *third = get(5000);

    (void)context;
    write_up(first, 5000 + 64);
    give((void *)second);
    give((void *)third);
    give((void *)first);
    KeMemoryBarrier();
}

static void damage_a_block_and_ruin_the_heap(void *context)
{
    volatile char *block = ExAllocatePool2(POOL_FLAG_NON_PAGED, 100, TAG);

    block[100] = 1;
    ruin_the_heap(context);
}

/* What the process said that has run the body, and its status. */
static int run_in_a_process(void (*body)(void *context), char *output, size_t bytes)
{
    int pipes[2], status = -1;
    size_t held = 0;
    ssize_t got;
    pid_t child;

    fflush(NULL);
    assert_int_equal(pipe(pipes), 0);
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        dup2(pipes[1], STDOUT_FILENO);
        dup2(pipes[1], STDERR_FILENO);
        rule_run(1, body);
        _exit(99);
    }
    close(pipes[1]);
    while (held < bytes - 1 && (got = read(pipes[0], output + held, bytes - 1 - held)) > 0) {
        held += (size_t)got;
    }
    output[held] = '\0';
    close(pipes[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static char output[8192];

static void a_damaged_heap_ends_the_process_with_what_is_known(void **state)
{
    (void)state;
    skip_where_nothing_is_said();
    assert_int_equal(run_in_a_process(ruin_the_heap, output, sizeof(output)), EXIT_FAILURE);
    assert_non_null(strstr(output, "dirql: the heap of the C library is damaged"));
    assert_non_null(strstr(output, "at ruin_the_heap"));
    assert_non_null(strstr(output, "that the driver was given by the kernel is whole"));
}

static void it_says_which_guards_of_driver_memory_are_damaged(void **state)
{
    (void)state;
    skip_where_nothing_is_said();
    assert_int_equal(run_in_a_process(damage_a_block_and_ruin_the_heap, output, sizeof(output)),
                     EXIT_FAILURE);
    assert_non_null(strstr(output, "dirql: the heap of the C library is damaged"));
    assert_non_null(strstr(output, "somebody has written behind the end of a pool block of 100 "
                                   "bytes (tag Abrt)"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pool_that_is_given_to_free_is_told_whose_it_is),
        cmocka_unit_test(memory_of_malloc_is_freed_once),
        cmocka_unit_test(who_frees_what_malloc_returned_hears_nothing),
        cmocka_unit_test(what_the_pool_did_not_give_out_is_said_in_words),
        cmocka_unit_test(a_frame_that_is_written_over_is_f7),
        cmocka_unit_test(who_calls_abort_is_named),
        cmocka_unit_test(a_damaged_heap_ends_the_process_with_what_is_known),
        cmocka_unit_test(it_says_which_guards_of_driver_memory_are_damaged),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
