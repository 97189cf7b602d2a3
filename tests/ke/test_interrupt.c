/*
 * test_interrupt.c - how an ISR is called, and what a KINTERRUPT pointer may be.
 */
#include "wire.h"

/* It interrupts processor 0, where the test's body begins and stays. */
static const dirql_line_options at_7 = { .name = "device", .irql = 7, .processors = 1 };

static int stay(void **state)
{
    (void)state;
    dirql_thread_move(0);
    return 0;
}

/* ---- The call -------------------------------------------------------------------------------- */

static void isr_has_run_when_the_assert_returns(void **state)
{
    struct wire wire = { 0 };

    (void)state;
    wire_make(&wire, &at_7);
    assert_int_equal(wire.calls, 0);
    dirql_line_assert(wire.line);
    assert_int_equal(wire.calls, 1);
    assert_false(dirql_line_is_asserted(wire.line));
    dirql_assert_irql(PASSIVE_LEVEL);
}

/* A device that cannot be told to be silent. */
static void line_asserted_before_connecting_interrupts_as_soon_as_that_is_done(void **state)
{
    struct wire wire = { .claims = WIRE_ALWAYS };

    (void)state;
    dirql_suppress("LostInterrupt", NULL, "the device has been interrupting since power-up");
    wire.line = dirql_line_create(&at_7);
    dirql_line_assert(wire.line);
    wire_settle();
    assert_int_equal(wire.calls, 0);
    wire_connect(&wire);
    wire_await(&wire, 1);
    wire_settle();
    assert_int_equal(wire.calls, 1);
}

static void isr_gets_its_interrupt_object_and_runs_at_its_irql(void **state)
{
    struct wire wire = { 0 };

    (void)state;
    wire_make(&wire, &at_7);
    dirql_line_assert(wire.line);
    wire_settle();
    assert_ptr_equal(wire.given, wire.interrupt);
    assert_int_equal(wire.irql, 7);
}

static void isr_runs_at_a_higher_synchronize_irql(void **state)
{
    struct wire wire = { .synchronize_irql = 9 };

    (void)state;
    wire_make(&wire, &at_7);
    dirql_line_assert(wire.line);
    wire_settle();
    assert_int_equal(wire.irql, 9);
}

static void isr_waits_until_the_irql_is_lowered(void **state)
{
    struct wire wire = { 0 };
    KIRQL old;

    (void)state;
    wire_make(&wire, &at_7);
    KeRaiseIrql(7, &old);
    dirql_line_assert(wire.line);
    assert_int_equal(wire.calls, 0);
    KeLowerIrql(old);
    wire_settle();
    assert_int_equal(wire.calls, 1);
}

static void isr_interrupts_code_below_its_level(void **state)
{
    struct wire wire = { 0 };
    KIRQL old;

    (void)state;
    wire_make(&wire, &at_7);
    KeRaiseIrql(6, &old);
    dirql_line_assert(wire.line);
    wire_await(&wire, 1);
    KeLowerIrql(old);
}

static KSPIN_LOCK driver_lock;
static BOOLEAN lock_was_free;

static void look_at_lock(struct wire *wire)
{
    (void)wire;
    lock_was_free = KeTestSpinLock(&driver_lock);
}

static void isr_runs_under_the_lock_that_the_driver_gave(void **state)
{
    struct wire wire = { .lock = &driver_lock, .act = look_at_lock };

    (void)state;
    KeInitializeSpinLock(&driver_lock);
    lock_was_free = TRUE;
    wire_make(&wire, &at_7);
    dirql_line_assert(wire.line);
    wire_settle();
    assert_false(lock_was_free);
    assert_true(KeTestSpinLock(&driver_lock));
}

static PKINTERRUPT seen_in_isr;
static struct wire *early;

static void see_pointer(struct wire *wire)
{
    (void)wire;
    seen_in_isr = early->interrupt;
}

static void isr_runs_before_the_connecting_call_returns_if_the_line_is_asserted(void **state)
{
    struct wire wire = { .claims = WIRE_ALWAYS, .act = see_pointer };

    (void)state;
    early = &wire;
    seen_in_isr = (PKINTERRUPT)&wire;
    wire.line = dirql_line_create(&at_7);
    dirql_line_assert(wire.line); /* Nobody listens: it is lost, and still asserted. */
    wire_connect(&wire);
    assert_int_equal(wire.calls, 1);
    assert_null(seen_in_isr);
}

static struct wire low, high;

static void two_levels(void)
{
    low.letter = "l";
    high = (struct wire){ .letter = "h" };
    wire_make(&low, &(dirql_line_options){ .name = "low", .irql = 4, .processors = 1 });
    wire_make(&high, &(dirql_line_options){ .name = "high", .irql = 8, .processors = 1 });
}

static void the_higher_of_two_pending_lines_is_taken_first(void **state)
{
    KIRQL old;

    (void)state;
    low = (struct wire){ 0 };
    two_levels();
    KeRaiseIrql(10, &old);
    dirql_line_assert(low.line);
    dirql_line_assert(high.line);
    KeLowerIrql(old);
    assert_string_equal(wire_order, "hl");
}

static void await_the_higher(struct wire *wire)
{
    (void)wire;
    dirql_line_assert(high.line);
    wire_await(&high, 1);
    strcat(wire_order, ")");
}

static void isr_of_a_higher_line_interrupts_a_lower_one(void **state)
{
    (void)state;
    low = (struct wire){ .act = await_the_higher };
    two_levels();
    dirql_line_assert(low.line);
    wire_settle();
    assert_string_equal(wire_order, "lh)");
}

/* ---- Returning at another IRQL --------------------------------------------------------------- */

static void raise_and_forget(struct wire *wire)
{
    KIRQL old;

    (void)wire;
    KeRaiseIrql(9, &old);
}

static void isr_that_returns_at_another_irql_is_bug_check_c8(void **state)
{
    struct wire wire = { .act = raise_and_forget };

    (void)state;
    wire_make(&wire, &at_7);
    dirql_expect_bugcheck_with(IRQL_UNEXPECTED_VALUE, 9 << 16 | 7 << 8 | 3, (ULONG_PTR)wire_isr,
                               (ULONG_PTR)wire.interrupt, 0);
    dirql_line_assert(wire.line);
    wire_settle();
    fail_msg("the ISR's IRQL was not checked");
}

/* ---- Locks that are shared ------------------------------------------------------------------- */

static KSPIN_LOCK common_lock;
static struct wire first, second;
static volatile LONG inside, most_inside;

static void two_lines(void)
{
    KeInitializeSpinLock(&common_lock);
    inside = most_inside = 0;
    wire_make(&first, &(dirql_line_options){
                          .name = "first", .irql = 5, .processors = 1, .trigger = DIRQL_EDGE });
    wire_make(&second, &(dirql_line_options){
                           .name = "second", .irql = 5, .processors = 2, .trigger = DIRQL_EDGE });
}

static void stay_inside(struct wire *wire)
{
    const LONG now = InterlockedIncrement(&inside);

    (void)wire;
    if (now > most_inside) {
        most_inside = now;
    }
    KeStallExecutionProcessor(10);
    InterlockedDecrement(&inside);
}

static void assert_many(void *context)
{
    struct wire *wire = context;

    for (unsigned i = 0; i < 20; i++) {
        dirql_line_assert(wire->line);
    }
}

static void isrs_with_one_lock_never_run_beside_each_other(void **state)
{
    dirql_thread *thread;

    (void)state;
    first = second = (struct wire){ .lock = &common_lock, .act = stay_inside };
    two_lines();
    thread = dirql_thread_start("other", 1, assert_many, &second);
    assert_many(&first);
    dirql_thread_join(thread);
    wire_settle();
    assert_int_equal(most_inside, 1);
    assert_in_range(first.calls, 1, 20); /* Edges that come while one is latched already are one. */
    assert_in_range(second.calls, 1, 20);
}

/* Ends only when the other is inside, too. */
static void meet(struct wire *wire)
{
    (void)wire;
    InterlockedIncrement(&inside);
    while (ReadAcquire(&inside) < 2) {
        YieldProcessor();
    }
}

static void isrs_with_locks_of_their_own_run_beside_each_other(void **state)
{
    (void)state;
    first = second = (struct wire){ .act = meet };
    two_lines();
    dirql_line_assert(second.line);
    dirql_line_assert(first.line);
    wire_await(&second, 1);
    wire_await(&first, 1);
    assert_int_equal(first.calls, 1);
    assert_int_equal(second.calls, 1);
}

static void common_lock_with_a_low_synchronize_irql_is_reported(void **state)
{
    (void)state;
    KeInitializeSpinLock(&common_lock);
    low = (struct wire){ .lock = &common_lock };
    high = (struct wire){ .lock = &common_lock };
    wire_make(&low, &(dirql_line_options){ .name = "low", .irql = 4 });
    dirql_expect_finding("ConnectSynchronizeIrql");
    wire_make(&high, &(dirql_line_options){ .name = "high", .irql = 8 });
    fail_msg("the lower ISR can be interrupted by the higher one");
}

static void common_lock_with_the_highest_synchronize_irql_is_fine(void **state)
{
    (void)state;
    KeInitializeSpinLock(&common_lock);
    low = (struct wire){ .lock = &common_lock, .synchronize_irql = 8 };
    high = (struct wire){ .lock = &common_lock };
    wire_make(&low, &(dirql_line_options){ .name = "low", .irql = 4 });
    wire_make(&high, &(dirql_line_options){ .name = "high", .irql = 8 });
    dirql_line_assert(low.line);
    wire_settle();
    assert_int_equal(low.irql, 8);
}

static void isr_for_two_vectors_without_a_common_lock_is_warned_about(void **state)
{
    static struct wire wire;
    struct wire other;

    (void)state;
    wire = (struct wire){ 0 };
    wire_make(&wire, &at_7);
    other = wire;
    other.line = dirql_line_create(&(dirql_line_options){ .name = "second", .irql = 7 });
    dirql_expect_finding("ConnectSpinLock");
    assert_int_equal(IoConnectInterrupt(&other.interrupt, wire_isr, &wire, NULL,
                                        dirql_line_vector(other.line), 7, 7, LevelSensitive, FALSE,
                                        1, FALSE),
                     STATUS_SUCCESS);
    wire_remember(other.interrupt);
}

/* ---- Pointers -------------------------------------------------------------------------------- */

static BOOLEAN do_nothing(PVOID context)
{
    (void)context;
    return TRUE;
}

static void null_interrupt_pointer_is_reported(void **state)
{
    (void)state;
    dirql_expect_finding("InterruptPointer");
    KeSynchronizeExecution(NULL, do_nothing, NULL);
    fail_msg("NULL was taken for an interrupt");
}

static void pointer_that_is_no_interrupt_is_reported_without_being_followed(void **state)
{
    struct wire wire = { 0 };

    (void)state;
    wire_make(&wire, &at_7);
    dirql_expect_bugcheck_with(PAGE_FAULT_IN_NONPAGED_AREA, 0xDEAD0000, 0, DIRQL_ANY, 0);
    KeSynchronizeExecution((PKINTERRUPT)(ULONG_PTR)0xDEAD0000, do_nothing, NULL);
    fail_msg("garbage was taken for an interrupt");
}

static void pointer_into_the_middle_of_an_interrupt_is_reported(void **state)
{
    struct wire wire = { 0 };

    (void)state;
    wire_make(&wire, &at_7);
    dirql_expect_finding("InterruptPointer");
    KeSynchronizeExecution((PKINTERRUPT)((char *)wire.interrupt + 8), do_nothing, NULL);
    fail_msg("garbage was taken for an interrupt");
}

static void pointer_to_a_disconnected_interrupt_is_reported_as_stale(void **state)
{
    struct wire wire = { 0 };

    (void)state;
    wire_make(&wire, &at_7);
    IoDisconnectInterrupt(wire.interrupt);
    dirql_expect_finding("InterruptPointer");
    KeSynchronizeExecution(wire.interrupt, do_nothing, NULL);
    fail_msg("a stale pointer was taken for an interrupt");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        dirql_unit_test_teardown(isr_has_run_when_the_assert_returns, wire_stop, .fixed = 1),
        dirql_unit_test_teardown(
            line_asserted_before_connecting_interrupts_as_soon_as_that_is_done, wire_stop),
        dirql_unit_test_teardown(isr_gets_its_interrupt_object_and_runs_at_its_irql, wire_stop),
        dirql_unit_test_teardown(isr_runs_at_a_higher_synchronize_irql, wire_stop),
        dirql_unit_test_setup_teardown(isr_waits_until_the_irql_is_lowered, stay, wire_stop),
        dirql_unit_test_setup_teardown(isr_interrupts_code_below_its_level, stay, wire_stop),
        dirql_unit_test_teardown(isr_runs_under_the_lock_that_the_driver_gave, wire_stop),
        dirql_unit_test_teardown(
            isr_runs_before_the_connecting_call_returns_if_the_line_is_asserted, wire_stop,
            .checks = DIRQL_CHECKS_NONE, .fixed = 1),
        dirql_unit_test_teardown(the_higher_of_two_pending_lines_is_taken_first, wire_stop,
                                 .fixed = 1),
        dirql_unit_test_teardown(isr_of_a_higher_line_interrupts_a_lower_one, wire_stop),
        dirql_unit_test_teardown(isr_that_returns_at_another_irql_is_bug_check_c8, wire_stop,
                                 .checks = DIRQL_CHECKS_NONE),
        dirql_unit_test_teardown(isrs_with_one_lock_never_run_beside_each_other, wire_stop,
                                 .processors = 2),
        dirql_unit_test_teardown(isrs_with_one_lock_never_run_beside_each_other, wire_stop,
                                 .processors = 2, .mode = DIRQL_MODE_RANDOM, .seed = 3, .fixed = 1),
        dirql_unit_test_teardown(isrs_with_locks_of_their_own_run_beside_each_other, wire_stop,
                                 .processors = 2),
        dirql_unit_test_teardown(isrs_with_locks_of_their_own_run_beside_each_other, wire_stop,
                                 .processors = 2, .mode = DIRQL_MODE_RANDOM, .seed = 3, .fixed = 1),
        dirql_unit_test_teardown(common_lock_with_a_low_synchronize_irql_is_reported, wire_stop),
        dirql_unit_test_teardown(common_lock_with_the_highest_synchronize_irql_is_fine, wire_stop),
        dirql_unit_test_teardown(isr_for_two_vectors_without_a_common_lock_is_warned_about,
                                 wire_stop),
        dirql_unit_test_teardown(null_interrupt_pointer_is_reported, wire_stop),
        dirql_unit_test_teardown(pointer_that_is_no_interrupt_is_reported_without_being_followed,
                                 wire_stop),
        dirql_unit_test_teardown(pointer_into_the_middle_of_an_interrupt_is_reported, wire_stop),
        dirql_unit_test_teardown(pointer_to_a_disconnected_interrupt_is_reported_as_stale,
                                 wire_stop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
