/*
 * test_runrules.c - each rule about a run as a whole is found when it is broken, and not when it is
 * kept; and races, as instrumented code says its accesses.
 */
#include "race.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdlib.h>

static volatile LONG never;
static KIRQL old;

static void go_home(void *context)
{
    (void)context;
    KeRaiseIrql(APC_LEVEL, &old);
    KeStallExecutionProcessor(10);
    KeLowerIrql(old);
}

/* ---- Ends ------------------------------------------------------------------------------------ */

static void poll_for_ever(void *context)
{
    (void)context;
    while (never == 0) {
        KeStallExecutionProcessor(40);
    }
}

static void poll_within_the_limit(void *context)
{
    (void)context;
    for (int i = 0; i < 100; i++) {
        KeStallExecutionProcessor(40);
    }
}

static void polling_for_what_never_comes_is_found(void **state)
{
    const dirql_options options = { .name = "rule", .busy_limit_s = 1 };

    (void)state;
    rule_run_with(&options, poll_for_ever);
    assert_finding_is(0, 0, 0, 0, 0, "time limit");
    assert_silent(poll_within_the_limit, 1, "time limit");
}

static void call_abort(void *context)
{
    (void)context;
    abort();
}

static void an_abort_is_found(void **state)
{
    (void)state;
    assert_error(call_abort, 1, "abort");
    assert_silent(go_home, 1, "abort");
}

/* ---- Jumps ----------------------------------------------------------------------------------- */

static jmp_buf landing;
static bool jumps_far;
static dirql_line *line;
static volatile LONG jumped;

static BOOLEAN jump(PKINTERRUPT interrupt, PVOID context)
{
    jmp_buf own;

    (void)interrupt;
    (void)context;
    dirql_line_deassert(line);
    InterlockedIncrement(&jumped);
    if (setjmp(own) == 0) {
        longjmp(own, 1);
    }
    if (jumps_far) {
        longjmp(landing, 1);
    }
    return TRUE;
}

static volatile char *volatile frame;

/* The thread stays where the interrupt comes: far below what its caller will call. */
__attribute__((noinline)) static void raise_line(void)
{
    volatile char far_below[4096];

    frame = far_below;
    dirql_line_assert(line);
    while (ReadAcquire(&jumped) == 0) {
        YieldProcessor();
    }
    frame = NULL;
}

static PKINTERRUPT connect(void)
{
    PKINTERRUPT interrupt;

    jumped = 0;
    dirql_thread_move(0);
    line = dirql_line_create(&(dirql_line_options){ .irql = 5, .processors = 1 });
    assert_int_equal(IoConnectInterrupt(&interrupt, jump, NULL, NULL, dirql_line_vector(line), 5, 5,
                                        LevelSensitive, FALSE, dirql_line_processors(line), FALSE),
                     STATUS_SUCCESS);
    return interrupt;
}

static void interrupt_and_call(void *context)
{
    PKINTERRUPT volatile interrupt = connect();

    (void)context;
    if (setjmp(landing) == 0) {
        raise_line();
    }
    IoDisconnectInterrupt(interrupt);
}

static void interrupt_and_return(void *context)
{
    (void)context;
    (void)connect();
    if (setjmp(landing) == 0) {
        raise_line();
    }
}

static void interrupt_and_assert(void *context)
{
    interrupt_and_return(context);
    assert_true(jumps_far);
}

static void interrupt_and_fault(void *context)
{
    int *volatile nowhere = (int *)8;

    interrupt_and_return(context);
    *nowhere = 1;
}

static void a_jump_out_of_an_isr_is_found(void **state)
{
    (void)state;
    jumps_far = true;
    assert_error(interrupt_and_call, 1, "jump");
    assert_report_has("ISR jump was left by longjmp()");
    assert_error(interrupt_and_return, 1, "jump");
    assert_error(interrupt_and_assert, 1, "jump");
    assert_error(interrupt_and_fault, 1, "jump");
    jumps_far = false;
    assert_silent(interrupt_and_call, 1, "jump");
}

/* ---- Threads of the host --------------------------------------------------------------------- */

/* In live mode the run ends while the body waits: who has run it joins. */
static pthread_t caller;
static bool caller_is_back;

static void *call_the_kernel(void *context)
{
    KIRQL own;

    (void)context;
    KeRaiseIrql(APC_LEVEL, &own);
    __atomic_store_n(&caller_is_back, true, __ATOMIC_RELEASE);
    return NULL;
}

static void let_a_host_thread_call_the_kernel(void *context)
{
    (void)context;
    caller_is_back = false;
    assert_int_equal(pthread_create(&caller, NULL, call_the_kernel, NULL), 0);
    while (!__atomic_load_n(&caller_is_back, __ATOMIC_ACQUIRE)) {
        sched_yield();
    }
}

static void let_a_simulated_thread_call_the_kernel(void *context)
{
    (void)context;
    dirql_thread_join(dirql_thread_start("own", 0, go_home, NULL));
}

static void a_host_thread_that_calls_the_kernel_is_found(void **state)
{
    (void)state;
    rule_run(1, let_a_host_thread_call_the_kernel);
    pthread_join(caller, NULL);
    assert_finding_is(0, 0, 0, 0, 0, "foreign thread");
    assert_silent(let_a_simulated_thread_call_the_kernel, 1, "foreign thread");
    assert_silent(let_a_simulated_thread_call_the_kernel, 1, "interrupt held up");
    assert_silent(let_a_simulated_thread_call_the_kernel, 1, "thread exit");
}

/* ---- Races ----------------------------------------------------------------------------------- */

static KSPIN_LOCK lock;

static void write_alone(void)
{
    WRITES(&x);
}

static void write_under_a_lock(void)
{
    KIRQL own;

    KeAcquireSpinLock(&lock, &own);
    WRITES(&x);
    KeReleaseSpinLock(&lock, own);
}

static void write_twice(race_part *part)
{
    race_parts[0] = race_parts[1] = part;
    race_processors[0] = 0;
    race_processors[1] = 1;
    race_two(NULL);
}

static void race(void *context)
{
    (void)context;
    write_twice(write_alone);
}

static void race_as_expected(void *context)
{
    dirql_expect_finding("data race");
    race(context);
}

static void exclude_each_other(void *context)
{
    (void)context;
    KeInitializeSpinLock(&lock);
    write_twice(write_under_a_lock);
}

static void a_race_is_found(void **state)
{
    (void)state;
    assert_error(race, 2, "data race");
    rule_run(2, race_as_expected);
    assert_int_equal(rule_result.outcome, DIRQL_PASSED); /* It was expected, and came. */
    assert_silent(exclude_each_other, 2, "data race");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(polling_for_what_never_comes_is_found),
        cmocka_unit_test(a_jump_out_of_an_isr_is_found),
        cmocka_unit_test(an_abort_is_found),
        cmocka_unit_test(a_host_thread_that_calls_the_kernel_is_found),
        cmocka_unit_test(a_race_is_found),
    };

    return cmocka_run_group_tests(tests, NULL, race_forget);
}
