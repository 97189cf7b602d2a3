/*
 * test_stop.c - a run ends whatever the other processors are at, and the next one works.
 */
#include "live.h"

/* What an abandoned thread had allocated is nobody's. */
const char *__asan_default_options(void) __attribute__((visibility("default")));

const char *__asan_default_options(void)
{
    return "detect_leaks=0";
}

static volatile unsigned busy; /* Threads that are where they should be. */
static KEVENT never;
static KSPIN_LOCK lock;

static void say_busy(void)
{
    __atomic_fetch_add(&busy, 1, __ATOMIC_SEQ_CST);
}

/* ---- What other processors are at ------------------------------------------------------------ */

static void loop(void *context)
{
    (void)context;
    say_busy();
    for (;;) {
    }
}

static void wait_for_ever(void *context)
{
    (void)context;
    say_busy();
    KeWaitForSingleObject(&never, Executive, KernelMode, FALSE, NULL);
}

static void hold_the_lock(void *context)
{
    KIRQL old;

    (void)context;
    KeAcquireSpinLock(&lock, &old);
    say_busy();
    for (;;) {
    }
}

static void spin_on_the_lock(void *context)
{
    KIRQL old;

    (void)context;
    while (KeTestSpinLock(&lock)) {
    }
    say_busy();
    KeAcquireSpinLock(&lock, &old);
}

static void allocate_for_ever(void *context)
{
    (void)context;
    say_busy();
    for (unsigned i = 0;; i++) {
        void *volatile memory = malloc(1 + i % 3000);

        free(memory);
    }
}

static void print_for_ever(void *context)
{
    char text[128];

    (void)context;
    say_busy();
    for (unsigned i = 0;; i++) {
        snprintf(text, sizeof(text), "%u %g", i, i / 7.0);
    }
}

static void call_services_for_ever(void *context)
{
    KIRQL old;

    (void)context;
    say_busy();
    for (;;) {
        KeRaiseIrql(DISPATCH_LEVEL, &old);
        KeLowerIrql(old);
    }
}

static void assert_for_ever(void *context)
{
    (void)context;
    say_busy();
    for (;;) {
        assert_true(true);
    }
}

/* ---- The end of it --------------------------------------------------------------------------- */

struct scene {
    void (*others[7])(void *context);
    unsigned count;
};

static void start_and_fail(void *context)
{
    const struct scene *scene = context;

    busy = 0;
    KeInitializeEvent(&never, NotificationEvent, FALSE);
    KeInitializeSpinLock(&lock);
    for (unsigned i = 0; i < scene->count; i++) {
        dirql_thread_start(NULL, 1 + i % 7, scene->others[i], NULL);
    }
    while (busy < scene->count) {
    }
    dirql_fail("test", 1, "enough");
}

static void do_nothing(void *context)
{
    (void)context;
}

static void assert_ends(struct scene scene)
{
    live_run(8, start_and_fail, &scene);
    assert_int_equal(live_result.outcome, DIRQL_FAILED);
    assert_int_equal(live_result.errors, 1);
    assert_report_has("enough");
    live_run(8, do_nothing, NULL);
    assert_int_equal(live_result.outcome, DIRQL_PASSED);
}

static void a_run_ends_over_plain_loops(void **state)
{
    (void)state;
    assert_ends((struct scene){ { loop, loop, loop, loop, loop }, 5 });
}

static void a_run_ends_over_waits(void **state)
{
    (void)state;
    assert_ends((struct scene){ { wait_for_ever, wait_for_ever, wait_for_ever }, 3 });
}

static void a_run_ends_over_spins(void **state)
{
    (void)state;
    assert_ends((struct scene){ { hold_the_lock }, 1 });
    /* The spinner says that it is busy when the lock is held. */
    assert_ends((struct scene){ { spin_on_the_lock, hold_the_lock }, 2 });
}

static void a_run_ends_over_loops_in_the_c_library(void **state)
{
    (void)state;
    assert_ends((struct scene){ { allocate_for_ever, allocate_for_ever, print_for_ever }, 3 });
}

static void a_run_ends_over_service_calls(void **state)
{
    (void)state;
    assert_ends((struct scene){ { call_services_for_ever, call_services_for_ever }, 2 });
}

static void a_run_ends_over_calls_of_cmocka(void **state)
{
    (void)state;
    assert_ends((struct scene){ { assert_for_ever, assert_for_ever }, 2 });
}

static void a_run_ends_over_all_of_them(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 10; i++) {
        assert_ends((struct scene){ { loop, wait_for_ever, hold_the_lock, spin_on_the_lock,
                                      allocate_for_ever, print_for_ever, call_services_for_ever },
                                    7 });
    }
}

static struct source source;

static void loop_in_isr(struct source *s)
{
    (void)s;
    say_busy();
    for (;;) {
    }
}

static void fail_beside_an_isr(void *context)
{
    (void)context;
    busy = 0;
    memset(&source, 0, sizeof(source));
    source.act = loop_in_isr;
    source_make(&source, 12, 2);
    dirql_line_assert(source.line);
    while (busy == 0) {
    }
    dirql_fail("test", 1, "enough");
}

static void a_run_ends_over_an_isr_that_does_not(void **state)
{
    (void)state;
    live_run(2, fail_beside_an_isr, NULL);
    assert_int_equal(live_result.outcome, DIRQL_FAILED);
    assert_report_has("enough");
}

static void return_beside_loops(void *context)
{
    busy = 0;
    dirql_thread_start(NULL, 1, loop, NULL);
    dirql_thread_start(NULL, 2, allocate_for_ever, NULL);
    while (busy < 2) {
    }
    (void)context;
}

static void a_run_that_passed_ends_over_loops(void **state)
{
    (void)state;
    live_run(3, return_beside_loops, NULL);
    assert_int_equal(live_result.outcome, DIRQL_PASSED);
}

static void fail_everywhere(void *context)
{
    (void)context;
    say_busy();
    while (busy < 4) {
    }
    dirql_fail("test", 1, "enough");
}

static void fail_with_all(void *context)
{
    busy = 0;
    for (unsigned i = 1; i < 4; i++) {
        dirql_thread_start(NULL, i, fail_everywhere, NULL);
    }
    fail_everywhere(context);
}

static void of_many_failures_at_once_one_ends_the_run(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 10; i++) {
        live_run(4, fail_with_all, NULL);
        assert_int_equal(live_result.outcome, DIRQL_FAILED);
        assert_int_equal(live_result.errors, 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_run_ends_over_plain_loops),
        cmocka_unit_test(a_run_ends_over_waits),
        cmocka_unit_test(a_run_ends_over_spins),
        cmocka_unit_test(a_run_ends_over_loops_in_the_c_library),
        cmocka_unit_test(a_run_ends_over_service_calls),
        cmocka_unit_test(a_run_ends_over_calls_of_cmocka),
        cmocka_unit_test(a_run_ends_over_all_of_them),
        cmocka_unit_test(a_run_ends_over_an_isr_that_does_not),
        cmocka_unit_test(a_run_that_passed_ends_over_loops),
        cmocka_unit_test(of_many_failures_at_once_one_ends_the_run),
    };

    return RUN_WHERE_KICKS_ARE_PROMPT(tests);
}
