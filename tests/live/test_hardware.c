/*
 * test_hardware.c - while a device's callback runs, or an errand at home, the machine waits for it;
 * but not for ever.
 */
#include "host/watch.h"
#include "live.h"

enum { PORT = 0x300 };

static int nobody_writes[2];

static void wait_in_the_system(void)
{
    char byte;

    while (read(nobody_writes[0], &byte, 1) != 0) {
    }
}

/* ---- Callbacks ------------------------------------------------------------------------------- */

static uint64_t read_without_end(void *context, uint64_t offset, unsigned bytes)
{
    (void)context;
    (void)offset;
    (void)bytes;
    for (;;) {
    }
    return 0;
}

static uint64_t read_from_the_system(void *context, uint64_t offset, unsigned bytes)
{
    (void)context;
    (void)offset;
    (void)bytes;
    wait_in_the_system();
    return 0;
}

typedef uint64_t read_function(void *context, uint64_t offset, unsigned bytes);

static void access_device(void *context)
{
    read_function *const *callback = context;

    dirql_device_add_ports(&(dirql_device){ .name = "stuck", .read = *callback }, PORT, 4);
    READ_PORT_UCHAR((PUCHAR)PORT);
}

static void access_on_another_processor(void *context)
{
    KIRQL old;

    dirql_thread_start("accessor", 1, access_device, context);
    for (;;) {
        KeRaiseIrql(DISPATCH_LEVEL, &old);
        KeLowerIrql(old);
    }
}

static void run_with_a_watchdog(unsigned processors, void (*body)(void *), void *context)
{
    live_run_with((dirql_options){ .processors = processors, .watchdog_ms = 200 }, body, context);
}

static void a_callback_that_does_not_return_is_a_livelock(void **state)
{
    read_function *callback = read_without_end;

    (void)state;
    run_with_a_watchdog(1, access_device, &callback);
    assert_int_equal(live_result.outcome, DIRQL_FAILED);
    assert_report_has("livelock in `device stuck`");
    run_with_a_watchdog(2, access_on_another_processor, &callback);
    assert_int_equal(live_result.outcome, DIRQL_FAILED);
    assert_report_has("livelock in `device stuck`");
    assert_report_has("While a device's callback runs, the machine waits for it.");
}

static void happen_without_end(void *context)
{
    (void)context;
    for (;;) {
    }
}

static void wait_for_stimulus(void *context)
{
    dirql_stimulus stimulus = { .happen = happen_without_end };
    LARGE_INTEGER due;

    (void)context;
    due.QuadPart = -10000;
    dirql_stimulus_after(&stimulus, 1000);
    KeDelayExecutionThread(KernelMode, FALSE, &due);
}

static void a_stimulus_that_does_not_return_is_a_livelock(void **state)
{
    (void)state;
    run_with_a_watchdog(2, wait_for_stimulus, NULL);
    assert_int_equal(live_result.outcome, DIRQL_FAILED);
    assert_report_has("happen_without_end");
}

static uint64_t look_often(void *context, uint64_t offset, unsigned bytes)
{
    (void)context;
    (void)offset;
    (void)bytes;
    return 7;
}

static void access_for_long(void *context)
{
    const uint64_t began_ns = host_clock_ns();

    (void)context;
    dirql_device_add_ports(&(dirql_device){ .name = "quick", .read = look_often }, PORT, 4);
    while (host_clock_ns() - began_ns < 300000000u) {
        READ_PORT_UCHAR((PUCHAR)PORT);
    }
}

static void many_callbacks_that_return_are_none(void **state)
{
    (void)state;
    run_with_a_watchdog(1, access_for_long, NULL);
    assert_string_equal(live_result.report, "");
}

/* ---- What cannot be left --------------------------------------------------------------------- */

static void run_in_child(void *body)
{
    read_function *callback = read_from_the_system;

    host_watch_patience_ns = 200u * 1000 * 1000;
    if (pipe(nobody_writes) == 0) {
        run_with_a_watchdog(2, *(void (**)(void *))body, &callback);
    }
    printf("the run ended: %d\n%s", live_result.outcome, live_result.report);
}

static void assert_process_ends(void (*body)(void *))
{
    assert_int_equal(child_run(run_in_child, &body), EXIT_FAILURE);
    assert_child_said("the thread cannot be stopped where it is: it stays in libc");
    assert_child_said("the process ends here.");
}

static void a_callback_that_waits_in_the_system_ends_the_process(void **state)
{
    (void)state;
    assert_process_ends(access_device);
}

static void wait_at_home(void *context)
{
    (void)context;
    wait_in_the_system();
}

static void run_errand(void *context)
{
    dirql_at_home(wait_at_home, context);
}

static void an_errand_that_does_not_return_ends_the_process(void **state)
{
    (void)state;
    assert_process_ends(run_errand);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_callback_that_does_not_return_is_a_livelock),
        cmocka_unit_test(a_stimulus_that_does_not_return_is_a_livelock),
        cmocka_unit_test(many_callbacks_that_return_are_none),
        cmocka_unit_test(a_callback_that_waits_in_the_system_ends_the_process),
        cmocka_unit_test(an_errand_that_does_not_return_ends_the_process),
    };

    return RUN_WHERE_KICKS_ARE_PROMPT(tests);
}
