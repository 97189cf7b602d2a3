/*
 * test_sharing.c - which memory counts as shared: by two threads, an ISR and DPCs of a machine that
 * is made up here.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <string.h>

#include "explore/sharing.h"
#include "sim/access.h"

enum { READ = DQ_ACCESS_READ, WRITE = DQ_ACCESS_WRITE };

static uint64_t memory[64]; /* What is static. */
static uint64_t elsewhere;  /* What is not. */
static unsigned char stacks[2][4096];
static dq_machine machine;
static dq_task tasks[2];
static dq_processor cpus[2];
static dq_execution isr, first_dpc, second_dpc;
static dq_arena arena;
static dq_sharing sharing;

static bool is_static(void *owner, const void *address)
{
    (void)owner;
    return (uintptr_t)address - (uintptr_t)memory < sizeof(memory);
}

static int start(void **state)
{
    (void)state;
    memset(&machine, 0, sizeof(machine));
    for (unsigned i = 0; i < 2; i++) {
        tasks[i] = (dq_task){ .execution = { .kind = DQ_EXECUTION_THREAD, .object = &tasks[i] },
                              .next = i == 0 ? &tasks[1] : NULL };
        tasks[i].context.stack = stacks[i];
        tasks[i].context.stack_bytes = sizeof(stacks[i]);
        cpus[i] = (dq_processor){ .machine = &machine, .task = &tasks[i] };
        cpus[i].execution = &tasks[i].execution;
    }
    machine.tasks = &tasks[0];
    isr = (dq_execution){ .kind = DQ_EXECUTION_ISR, .object = &isr };
    first_dpc = (dq_execution){ .kind = DQ_EXECUTION_DPC, .object = &memory };
    second_dpc = first_dpc;
    sharing = (dq_sharing){ .is_static = is_static, .arena = &arena };
    dq_sharing_begin_run(&sharing);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    dq_sharing_stop(&sharing);
    return 0;
}

static bool touch(unsigned thread, const void *address, unsigned flags)
{
    return dq_sharing_touch(&sharing, &cpus[thread], address, 8, flags);
}

static bool touch_by(dq_execution *execution, const void *address, unsigned flags)
{
    cpus[0].execution = execution;
    return dq_sharing_touch(&sharing, &cpus[0], address, 8, flags);
}

static void what_one_thread_touches_is_its_own(void **state)
{
    (void)state;
    assert_false(touch(0, &memory[0], WRITE));
    assert_false(touch(0, &memory[0], READ));
    assert_false(sharing.grew);
}

static void what_two_only_read_is_not_shared(void **state)
{
    (void)state;
    assert_false(touch(0, &memory[0], READ));
    assert_false(touch(1, &memory[0], READ));
    assert_false(sharing.grew);
}

static void what_one_writes_and_another_reads_is_shared_from_then_on(void **state)
{
    (void)state;
    assert_false(touch(0, &memory[0], WRITE));
    assert_true(touch(1, &memory[0], READ));
    assert_true(sharing.grew);
    dq_sharing_begin_run(&sharing);
    assert_true(touch(0, &memory[0], READ));
}

static void what_one_reads_and_another_writes_is_shared(void **state)
{
    (void)state;
    assert_false(touch(0, &memory[0], READ));
    assert_true(touch(1, &memory[0], WRITE));
}

static void neighbours_are_not_shared(void **state)
{
    (void)state;
    assert_false(touch(0, &memory[0], WRITE));
    assert_false(touch(1, &memory[1], WRITE));
}

static void a_long_access_touches_all_that_it_covers(void **state)
{
    (void)state;
    assert_false(touch(0, &memory[3], WRITE));
    assert_true(dq_sharing_touch(&sharing, &cpus[1], &memory[0], 4 * sizeof(uint64_t), WRITE));
    assert_false(touch(1, &memory[1], WRITE)); /* Which only the second thread has touched. */
}

static void other_runs_are_other_runs(void **state)
{
    (void)state;
    assert_false(touch(0, &memory[0], WRITE));
    dq_sharing_begin_run(&sharing);
    assert_false(touch(1, &memory[0], WRITE));
}

static void an_isr_is_another_than_what_it_interrupts(void **state)
{
    (void)state;
    assert_false(touch(0, &memory[0], WRITE));
    assert_true(touch_by(&isr, &memory[0], WRITE));
}

static void two_activations_of_a_dpc_may_meet(void **state)
{
    (void)state;
    assert_false(touch_by(&first_dpc, &memory[0], WRITE));
    assert_true(touch_by(&second_dpc, &memory[0], WRITE));
}

static void memory_that_is_not_the_same_in_each_run_is_taken_as_shared(void **state)
{
    (void)state;
    assert_true(touch(0, &elsewhere, READ));
    assert_int_equal(sharing.count, 0);
}

static void what_is_too_long_to_note_is_taken_as_shared(void **state)
{
    (void)state;
    assert_true(dq_sharing_touch(&sharing, &cpus[0], memory, 1 << 20, WRITE));
}

static void a_stack_is_shared_only_if_another_touches_it(void **state)
{
    (void)state;
    assert_false(touch(0, &stacks[0][64], WRITE));
    assert_false(touch(1, &stacks[1][64], WRITE));
    assert_true(touch(1, &stacks[0][64], WRITE));
}

static void many_cells_are_remembered(void **state)
{
    static uint64_t many[4096];

    (void)state;
    arena = (dq_arena){ .start = (unsigned char *)many,
                        .bytes = sizeof(many),
                        .used = sizeof(many) };
    for (unsigned i = 0; i < 4096; i++) {
        assert_false(touch(0, &many[i], WRITE));
    }
    assert_int_equal(sharing.count, 4096);
    assert_true(touch(1, &many[17], READ));
    arena = (dq_arena){ 0 };
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_one_thread_touches_is_its_own, start, stop),
        cmocka_unit_test_setup_teardown(what_two_only_read_is_not_shared, start, stop),
        cmocka_unit_test_setup_teardown(what_one_writes_and_another_reads_is_shared_from_then_on,
                                        start, stop),
        cmocka_unit_test_setup_teardown(what_one_reads_and_another_writes_is_shared, start, stop),
        cmocka_unit_test_setup_teardown(neighbours_are_not_shared, start, stop),
        cmocka_unit_test_setup_teardown(a_long_access_touches_all_that_it_covers, start, stop),
        cmocka_unit_test_setup_teardown(other_runs_are_other_runs, start, stop),
        cmocka_unit_test_setup_teardown(an_isr_is_another_than_what_it_interrupts, start, stop),
        cmocka_unit_test_setup_teardown(two_activations_of_a_dpc_may_meet, start, stop),
        cmocka_unit_test_setup_teardown(memory_that_is_not_the_same_in_each_run_is_taken_as_shared,
                                        start, stop),
        cmocka_unit_test_setup_teardown(what_is_too_long_to_note_is_taken_as_shared, start, stop),
        cmocka_unit_test_setup_teardown(a_stack_is_shared_only_if_another_touches_it, start, stop),
        cmocka_unit_test_setup_teardown(many_cells_are_remembered, start, stop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
