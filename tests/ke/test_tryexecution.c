/*
 * test_tryexecution.c - an exception stays in the thread, ISR, DPC or called routine that raised
 * it.
 */
#include <dirql/thread.h>

#include "story.h"
#include "wire.h"

static const dirql_line_options at_7 = { .name = "device", .irql = 7 };

static struct wire wire;

static int connect(void **state)
{
    (void)state;
    begin_story();
    wire = (struct wire){ .claims = WIRE_ALWAYS };
    wire_make(&wire, &at_7);
    return 0;
}

static void raise_here(void)
{
    DbgBreakPoint(); /* At any IRQL. */
}

static void raise_and_handle(void)
{
    __try {
        raise_here();
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        tell('i');
    }
}

static void raise_in_isr(struct wire *w)
{
    (void)w;
    raise_here();
}

static void handle_in_isr(struct wire *w)
{
    (void)w;
    raise_and_handle();
}

static void interrupt(void)
{
    const LONG calls = wire.calls;

    dirql_line_assert(wire.line);
    wire_await(&wire, calls + 1);
    wire_settle(); /* It has begun: it ends, too. */
}

/* ---- ISRs and DPCs --------------------------------------------------------------------------- */

static void an_exception_of_an_isr_does_not_come_to_what_it_interrupted(void **state)
{
    (void)state;
    wire.act = raise_in_isr;
    dirql_expect_bugcheck_with(INTERRUPT_EXCEPTION_NOT_HANDLED, 0, 0, 0, 0);
    __try {
        interrupt();
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        tell('!');
    }
}

static void an_isr_may_handle_exceptions_of_its_own(void **state)
{
    (void)state;
    wire.act = handle_in_isr;
    __try {
        interrupt();
        tell('b');
        raise_here();
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        tell('h');
    }
    assert_string_equal(story, "ibh");
    dirql_assert_irql(PASSIVE_LEVEL);
}

static void interrupt_and_decline(void)
{
    interrupt();
    tell('d');
}

static LONG interrupt_in_filter(void)
{
    interrupt_and_decline();
    return EXCEPTION_EXECUTE_HANDLER;
}

static void an_isr_that_interrupts_a_filter_has_frames_of_its_own(void **state)
{
    volatile ULONG code = 0;

    (void)state;
    wire.act = handle_in_isr;
    __try {
        ExRaiseStatus(STATUS_NO_MEMORY);
    } __except (interrupt_in_filter()) {
        interrupt_and_decline();
        code = GetExceptionCode();
    }
    assert_string_equal(story, "idid");
    assert_int_equal((NTSTATUS)code, STATUS_NO_MEMORY);
}

static KDPC dpc;

static VOID NTAPI raise_in_dpc(PKDPC object, PVOID context, PVOID argument1, PVOID argument2)
{
    (void)object;
    (void)context;
    (void)argument1;
    (void)argument2;
    raise_here();
}

static void an_exception_of_a_dpc_does_not_come_to_what_it_interrupted(void **state)
{
    (void)state;
    KeInitializeDpc(&dpc, raise_in_dpc, NULL);
    dirql_expect_bugcheck_with(KMODE_EXCEPTION_NOT_HANDLED, 0x80000003, DIRQL_ANY, 0, 0);
    __try {
        KeInsertQueueDpc(&dpc, NULL, NULL);
        dirql_time_advance_ms(100);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        tell('!');
    }
}

/* ---- Routines that the kernel calls ---------------------------------------------------------- */

static BOOLEAN raise_synchronized(PVOID context)
{
    (void)context;
    raise_here();
    return TRUE;
}

static BOOLEAN handle_synchronized(PVOID context)
{
    (void)context;
    raise_and_handle();
    return TRUE;
}

static void an_exception_does_not_cross_the_kernel(void **state)
{
    (void)state;
    dirql_expect_bugcheck_with(KMODE_EXCEPTION_NOT_HANDLED, 0x80000003, DIRQL_ANY, 0, 0);
    __try {
        KeSynchronizeExecution(wire.interrupt, raise_synchronized, NULL);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        tell('!');
    }
}

static void raise_across_the_kernel(void *context)
{
    wire = (struct wire){ 0 };
    wire_make(&wire, &at_7);
    __try {
        KeSynchronizeExecution(wire.interrupt, raise_synchronized, context);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        tell('!');
    }
}

static void the_report_says_why_a_handler_was_not_asked(void **state)
{
    dirql_result result;

    (void)state;
    begin_story();
    assert_int_equal(dirql_run(NULL, raise_across_the_kernel, NULL, &result), DIRQL_FAILED);
    assert_non_null(strstr(result.report, "an exception does not cross the kernel"));
    assert_string_equal(story, "");
    dirql_result_free(&result);
}

static void a_synchronized_routine_may_handle_exceptions_of_its_own(void **state)
{
    (void)state;
    __try {
        assert_true(KeSynchronizeExecution(wire.interrupt, handle_synchronized, NULL));
        raise_here();
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        tell('h');
    }
    assert_string_equal(story, "ih");
}

static void irql_stays_as_it_was_when_raised(void **state)
{
    KIRQL old;

    (void)state;
    __try {
        KeRaiseIrql(DISPATCH_LEVEL, &old);
        raise_here();
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        dirql_assert_irql(DISPATCH_LEVEL);
        KeLowerIrql(PASSIVE_LEVEL);
    }
}

/* ---- Threads --------------------------------------------------------------------------------- */

enum { ROUNDS = 10 };

static LONG wrong, handled;

/* The other thread goes on meanwhile, into a block of its own or out of it. */
static void let_the_other_go_on(void)
{
    LARGE_INTEGER interval = { .QuadPart = -10 };

    (void)KeDelayExecutionThread(KernelMode, FALSE, &interval);
}

static void wait_in_block(NTSTATUS status)
{
    __try {
        let_the_other_go_on();
        ExRaiseStatus(status);
    } __finally {
        let_the_other_go_on();
        if (!AbnormalTermination()) {
            InterlockedIncrement(&wrong);
        }
    }
}

static LONG is_mine(ULONG code, unsigned me)
{
    let_the_other_go_on();
    return code == 0xE0000000u + me;
}

static void take_turns(void *context)
{
    const unsigned me = context != NULL;
    volatile unsigned round;

    for (round = 0; round < ROUNDS; round++) {
        __try {
            wait_in_block((NTSTATUS)(0xE0000000u + me));
        } __except (is_mine(GetExceptionCode(), me)) {
            let_the_other_go_on();
            if (GetExceptionCode() != 0xE0000000u + me) {
                InterlockedIncrement(&wrong);
            }
            InterlockedIncrement(&handled);
        }
    }
}

static void frames_of_threads_are_apart(void **state)
{
    dirql_thread *thread;

    (void)state;
    wrong = 0;
    handled = 0;
    thread = dirql_thread_start("other", 0, take_turns, &wrong);
    take_turns(NULL);
    dirql_thread_join(thread);
    assert_int_equal(wrong, 0);
    assert_int_equal(handled, 2 * ROUNDS);
}

static void raise_often(void *context)
{
    volatile unsigned i;

    for (i = 0; i < 300; i++) {
        __try {
            __try {
                ExRaiseStatus((NTSTATUS)(0xE0000000u + (context != NULL)));
            } __finally {
                (void)InterlockedIncrement(&handled);
            }
        } __except (GetExceptionCode() == 0xE0000000u + (context != NULL)) {
            (void)InterlockedIncrement(&handled);
        }
    }
}

static void processors_handle_exceptions_at_once(void **state)
{
    dirql_thread *thread;

    (void)state;
    handled = 0;
    thread = dirql_thread_start("other", 1, raise_often, &wrong);
    raise_often(NULL);
    dirql_thread_join(thread);
    assert_int_equal(handled, 2 * 600);
}

/* ---- Exploring ------------------------------------------------------------------------------- */

static LONG shared;

static void add_or_raise(void *context)
{
    volatile LONG seen = 0;

    __try {
        seen = InterlockedIncrement(&shared);
        if (seen == 2) {
            ExRaiseStatus(STATUS_NO_MEMORY);
        }
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        if (seen != 2 || (NTSTATUS)GetExceptionCode() != STATUS_NO_MEMORY) {
            InterlockedIncrement(&wrong);
        }
        InterlockedIncrement(&handled);
    }
    (void)context;
}

static void each_schedule_has_frames_of_its_own(void **state)
{
    dirql_thread *thread = dirql_thread_start("other", 1, add_or_raise, NULL);

    (void)state;
    add_or_raise(NULL);
    dirql_thread_join(thread);
    assert_int_equal(wrong, 0);
    assert_int_equal(handled, 1);
    assert_int_equal(shared, 2);
}

static int begin_schedule(void **state)
{
    (void)state;
    wrong = 0;
    handled = 0;
    shared = 0;
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        dirql_unit_test_setup_teardown(an_exception_of_an_isr_does_not_come_to_what_it_interrupted,
                                       connect, wire_stop),
        dirql_unit_test_setup_teardown(an_isr_may_handle_exceptions_of_its_own, connect, wire_stop),
        dirql_unit_test_setup_teardown(an_isr_that_interrupts_a_filter_has_frames_of_its_own,
                                       connect, wire_stop),
        dirql_unit_test(an_exception_of_a_dpc_does_not_come_to_what_it_interrupted),
        dirql_unit_test_setup_teardown(an_exception_does_not_cross_the_kernel, connect, wire_stop),
        cmocka_unit_test(the_report_says_why_a_handler_was_not_asked),
        dirql_unit_test_setup_teardown(a_synchronized_routine_may_handle_exceptions_of_its_own,
                                       connect, wire_stop),
        dirql_unit_test(irql_stays_as_it_was_when_raised),
        dirql_unit_test(frames_of_threads_are_apart),
        dirql_unit_test(processors_handle_exceptions_at_once, .processors = 2),
        dirql_explore_test_setup_teardown(each_schedule_has_frames_of_its_own, begin_schedule, NULL,
                                          .processors = 2),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
