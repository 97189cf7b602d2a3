/*
 * test_race.c - which accesses conflict, and what excludes: processor, level and IRQL together.
 */
#include "race.h"

static LONG pair[2];
static dirql_line *line;
static PKINTERRUPT interrupt;
static KDPC dpc;
static KIRQL level;

static void read_x(void)
{
    READS(&x);
}

static void write_x(void)
{
    WRITES(&x);
}

/* ---- What conflicts -------------------------------------------------------------------------- */

static void write_low(void)
{
    WRITES(&pair[0]);
}

static void write_high(void)
{
    WRITES(&pair[1]);
}

static void write_both(void)
{
    touch(pair, sizeof(pair), DQ_ACCESS_WRITE);
}

static void read_last_byte(void)
{
    touch((char *)pair + 7, 1, DQ_ACCESS_READ);
}

static void add_atomically(void)
{
    touch(&x, sizeof(x), DQ_ACCESS_READ | DQ_ACCESS_WRITE | DQ_ACCESS_ATOMIC);
}

static void write_volatile(void)
{
    touch(&x, sizeof(x), DQ_ACCESS_WRITE | DQ_ACCESS_VOLATILE);
}

static void write_volatile_askew(void)
{
    touch((char *)pair + 1, 4, DQ_ACCESS_WRITE | DQ_ACCESS_VOLATILE);
}

static void write_volatile_block(void)
{
    touch(pair, 7, DQ_ACCESS_WRITE | DQ_ACCESS_VOLATILE);
}

static void two_accesses_conflict_if_one_writes(void **state)
{
    (void)state;
    assert_race_of(write_x, write_x);
    assert_race_of(write_x, read_x);
    assert_race_of(read_x, write_x);
    assert_no_race_of(read_x, read_x);
}

static void they_conflict_in_the_bytes_that_both_touch(void **state)
{
    (void)state;
    assert_no_race_of(write_low, write_high);
    assert_race_of(write_low, write_both);
    assert_race_of(write_both, read_last_byte);
    assert_no_race_of(write_low, read_last_byte);
}

static void atomic_accesses_do_not_conflict_with_each_other(void **state)
{
    (void)state;
    assert_no_race_of(add_atomically, add_atomically);
    assert_race_of(add_atomically, read_x);
    assert_race_of(write_x, add_atomically);
}

static void aligned_volatile_accesses_are_atomic(void **state)
{
    (void)state;
    assert_no_race_of(write_volatile, write_volatile);
    assert_no_race_of(write_volatile, add_atomically);
    assert_race_of(write_volatile, read_x);
    assert_race_of(write_volatile_askew, write_volatile_askew);
    assert_race_of(write_volatile_block, write_volatile_block);
}

/* ---- What excludes --------------------------------------------------------------------------- */

static void write_at_level(void)
{
    KIRQL old;

    KeRaiseIrql(level, &old);
    WRITES(&x);
    KeLowerIrql(old);
}

static void run_at(unsigned first, unsigned second, KIRQL irql, race_part *other)
{
    level = irql;
    race_parts[0] = write_at_level;
    race_parts[1] = other;
    race_processors[0] = first;
    race_processors[1] = second;
    rule_run(2, race_two);
}

static void threads_of_one_processor_exclude_each_other_at_dispatch_level(void **state)
{
    (void)state;
    run_at(0, 0, DISPATCH_LEVEL, write_at_level);
    assert_no_race();
    run_at(0, 0, DISPATCH_LEVEL, write_x);
    assert_race_found();
}

static void apc_level_excludes_no_thread(void **state)
{
    (void)state;
    run_at(0, 0, APC_LEVEL, write_at_level);
    assert_race_found();
}

static void dispatch_level_excludes_nobody_on_another_processor(void **state)
{
    (void)state;
    run_at(0, 1, DISPATCH_LEVEL, write_at_level);
    assert_race_found();
}

static void dispatch_level_excludes_nobody_who_may_run_elsewhere(void **state)
{
    (void)state;
    run_at(0, DIRQL_ANY_PROCESSOR, DISPATCH_LEVEL, write_at_level);
    assert_race_found();
}

/* ---- DPCs ------------------------------------------------------------------------------------ */

static VOID dpc_routine(PKDPC object, PVOID context, PVOID argument1, PVOID argument2)
{
    (void)object;
    (void)context;
    (void)argument1;
    (void)argument2;
    WRITES(&x);
}

static void queue_dpc_then(unsigned target, KIRQL irql)
{
    KIRQL old;

    dirql_thread_move(0);
    KeInitializeDpc(&dpc, dpc_routine, NULL);
    if (target != DIRQL_ANY_PROCESSOR) {
        KeSetTargetProcessorDpc(&dpc, (CCHAR)target);
    }
    KeInsertQueueDpc(&dpc, NULL, NULL);
    KeRaiseIrql(irql, &old);
    READS(&x);
    KeLowerIrql(old);
    KeFlushQueuedDpcs();
}

static void dpc_and_thread_at_passive_level(void *context)
{
    (void)context;
    queue_dpc_then(0, PASSIVE_LEVEL);
}

static void dpc_and_thread_at_dispatch_level(void *context)
{
    (void)context;
    queue_dpc_then(0, DISPATCH_LEVEL);
}

static void dpc_of_any_processor_and_thread_at_dispatch_level(void *context)
{
    (void)context;
    queue_dpc_then(DIRQL_ANY_PROCESSOR, DISPATCH_LEVEL);
}

static void dpc_of_another_processor_and_thread_at_dispatch_level(void *context)
{
    (void)context;
    queue_dpc_then(1, DISPATCH_LEVEL);
}

static void dispatch_level_excludes_the_dpcs_of_its_processor(void **state)
{
    (void)state;
    assert_race(dpc_and_thread_at_passive_level, 2);
    assert_kept(dpc_and_thread_at_dispatch_level, 2);
    assert_race(dpc_of_any_processor_and_thread_at_dispatch_level, 2);
    assert_race(dpc_of_another_processor_and_thread_at_dispatch_level, 2);
}

static void two_dpcs(unsigned first, unsigned second)
{
    static KDPC other;

    KeInitializeDpc(&dpc, dpc_routine, NULL);
    KeInitializeDpc(&other, dpc_routine, NULL);
    KeSetTargetProcessorDpc(&dpc, (CCHAR)first);
    KeSetTargetProcessorDpc(&other, (CCHAR)second);
    KeInsertQueueDpc(&dpc, NULL, NULL);
    KeInsertQueueDpc(&other, NULL, NULL);
    KeFlushQueuedDpcs();
}

static void two_dpcs_of_one_processor(void *context)
{
    (void)context;
    two_dpcs(0, 0);
}

static void two_dpcs_of_two_processors(void *context)
{
    (void)context;
    two_dpcs(0, 1);
}

static void dpcs_of_one_processor_exclude_each_other(void **state)
{
    (void)state;
    assert_kept(two_dpcs_of_one_processor, 2);
    assert_race(two_dpcs_of_two_processors, 2);
}

/* ---- ISRs ------------------------------------------------------------------------------------ */

static BOOLEAN isr(PKINTERRUPT object, PVOID context)
{
    (void)object;
    (void)context;
    dirql_line_deassert(line);
    WRITES(&x);
    return TRUE;
}

/* The thread is on processor 0. */
static void interrupt_while_at(KIRQL irql, KAFFINITY processors)
{
    const dirql_line_options options = { .name = "uart", .irql = 7, .processors = processors };
    KIRQL old;

    dirql_thread_move(0);
    line = dirql_line_create(&options);
    assert_int_equal(IoConnectInterrupt(&interrupt, isr, NULL, NULL, dirql_line_vector(line), 7, 7,
                                        LevelSensitive, FALSE, processors, FALSE),
                     STATUS_SUCCESS);
    KeRaiseIrql(irql, &old);
    READS(&x);
    KeLowerIrql(old);
    dirql_line_assert(line);
    settle();
    IoDisconnectInterrupt(interrupt);
}

static void isr_and_thread_at_passive_level(void *context)
{
    (void)context;
    interrupt_while_at(PASSIVE_LEVEL, 1);
}

static void isr_and_thread_at_its_own_level(void *context)
{
    (void)context;
    interrupt_while_at(7, 1);
}

static void isr_and_thread_just_below(void *context)
{
    (void)context;
    interrupt_while_at(6, 1);
}

static void isr_of_two_processors_and_thread_at_its_level(void *context)
{
    (void)context;
    interrupt_while_at(7, 3);
}

static void the_level_of_an_interrupt_excludes_its_isr_on_one_processor(void **state)
{
    (void)state;
    assert_race(isr_and_thread_at_passive_level, 2);
    assert_race(isr_and_thread_just_below, 2);
    assert_kept(isr_and_thread_at_its_own_level, 2);
    assert_race(isr_of_two_processors_and_thread_at_its_level, 2);
}

static VOID interrupted_dpc(PKDPC object, PVOID context, PVOID argument1, PVOID argument2)
{
    (void)object;
    (void)context;
    (void)argument1;
    (void)argument2;
    READS(&x);
    dirql_line_assert(line);
}

static void isr_and_the_dpc_that_it_interrupts(void *context)
{
    const dirql_line_options options = { .name = "uart", .irql = 7, .processors = 1 };

    (void)context;
    line = dirql_line_create(&options);
    assert_int_equal(IoConnectInterrupt(&interrupt, isr, NULL, NULL, dirql_line_vector(line), 7, 7,
                                        LevelSensitive, FALSE, 1, FALSE),
                     STATUS_SUCCESS);
    KeInitializeDpc(&dpc, interrupted_dpc, NULL);
    KeSetTargetProcessorDpc(&dpc, 0);
    KeInsertQueueDpc(&dpc, NULL, NULL);
    settle();
    IoDisconnectInterrupt(interrupt);
}

static void a_dpc_does_not_exclude_an_isr(void **state)
{
    (void)state;
    assert_race(isr_and_the_dpc_that_it_interrupts, 2);
}

/* ---- One processor, plain ------------------------------------------------------------------- */

static void a_thread_is_ordered_with_itself(void **state)
{
    (void)state;
    assert_kept(race_two, 2);
}

static void nothing(void)
{
}

static int quiet_pair(void **state)
{
    (void)state;
    race_parts[0] = write_x;
    race_parts[1] = nothing;
    race_processors[0] = race_processors[1] = DIRQL_ANY_PROCESSOR;
    return 0;
}

/* ---- What a test says ------------------------------------------------------------------------ */

static void race_that_is_expected(void *context)
{
    dirql_expect_finding("data race");
    race_two(context);
}

static void race_that_is_suppressed(void *context)
{
    dirql_suppress("data race", "read_x", "a test of suppression");
    race_two(context);
}

static void race_that_is_suppressed_elsewhere(void *context)
{
    dirql_suppress("data race", "write_both", "a test of suppression");
    race_two(context);
}

static void race_that_is_ignored(void *context)
{
    dirql_race_ignore(&x, sizeof(x), "a test of ignoring");
    race_two(context);
}

static void race_that_is_ignored_for_no_reason(void *context)
{
    (void)context;
    dirql_race_ignore(&x, sizeof(x), " ");
}

static void parts(race_part *first, race_part *second)
{
    race_parts[0] = first;
    race_parts[1] = second;
    race_processors[0] = race_processors[1] = DIRQL_ANY_PROCESSOR;
}

static void a_race_can_be_expected_suppressed_and_ignored(void **state)
{
    (void)state;
    parts(write_x, read_x);
    assert_kept(race_that_is_expected, 2);
    assert_kept(race_that_is_suppressed, 2);
    assert_kept(race_that_is_ignored, 2);
    parts(read_x, write_x);
    assert_kept(race_that_is_suppressed, 2);
    assert_race(race_that_is_suppressed_elsewhere, 2);
    rule_run(2, race_that_is_ignored_for_no_reason);
    assert_report_has("say why");
}

static void without_checks_there_is_no_detector(void **state)
{
    const dirql_options options = { .name = "rule",
                                    .processors = 2,
                                    .checks = DIRQL_CHECKS_NONE };

    (void)state;
    parts(write_x, read_x);
    rule_run_with(&options, race_two);
    assert_no_race();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_accesses_conflict_if_one_writes),
        cmocka_unit_test(they_conflict_in_the_bytes_that_both_touch),
        cmocka_unit_test(atomic_accesses_do_not_conflict_with_each_other),
        cmocka_unit_test(aligned_volatile_accesses_are_atomic),
        cmocka_unit_test(threads_of_one_processor_exclude_each_other_at_dispatch_level),
        cmocka_unit_test(apc_level_excludes_no_thread),
        cmocka_unit_test(dispatch_level_excludes_nobody_on_another_processor),
        cmocka_unit_test(dispatch_level_excludes_nobody_who_may_run_elsewhere),
        cmocka_unit_test(dispatch_level_excludes_the_dpcs_of_its_processor),
        cmocka_unit_test(dpcs_of_one_processor_exclude_each_other),
        cmocka_unit_test(the_level_of_an_interrupt_excludes_its_isr_on_one_processor),
        cmocka_unit_test(a_dpc_does_not_exclude_an_isr),
        cmocka_unit_test_setup(a_thread_is_ordered_with_itself, quiet_pair),
        cmocka_unit_test(a_race_can_be_expected_suppressed_and_ignored),
        cmocka_unit_test(without_checks_there_is_no_detector),
    };

    return cmocka_run_group_tests(tests, NULL, race_forget);
}
