/*
 * test_clock.c - virtual time that follows the host's clock.
 */
#include "live.h"

static volatile int fired;
static KTIMER timer;
static KDPC dpc;

static void NTAPI note(PKDPC self, PVOID context, PVOID one, PVOID two)
{
    (void)self;
    (void)context;
    (void)one;
    (void)two;
    fired = true;
}

static LARGE_INTEGER in_ms(int ms)
{
    LARGE_INTEGER due;

    due.QuadPart = -10000ll * ms;
    return due;
}

static void a_timer_interrupts_a_plain_loop(void **state)
{
    (void)state;
    fired = false;
    KeInitializeTimer(&timer);
    KeInitializeDpc(&dpc, note, NULL);
    KeSetTimer(&timer, in_ms(20), &dpc);
    while (!fired) {
    }
    assert_true(dirql_time_ns() >= 20000000u);
}

static void loop(void *context)
{
    (void)context;
    while (!fired) {
    }
}

static void a_timer_comes_while_all_processors_loop(void **state)
{
    dirql_thread *other;

    (void)state;
    fired = false;
    other = dirql_thread_start("loops", 1, loop, NULL);
    KeInitializeTimer(&timer);
    KeInitializeDpc(&dpc, note, NULL);
    KeSetTimer(&timer, in_ms(10), &dpc);
    loop(NULL);
    dirql_thread_join(other);
}

static void a_delay_takes_at_least_its_time(void **state)
{
    const uint64_t began_ns = dirql_time_ns();
    LARGE_INTEGER delay = in_ms(30);

    (void)state;
    KeDelayExecutionThread(KernelMode, FALSE, &delay);
    assert_true(dirql_time_ns() - began_ns >= 30000000u);
}

static void time_goes_on_in_a_plain_loop(void **state)
{
    const uint64_t began_ns = dirql_time_ns(), began_host_ns = host_clock_ns();

    (void)state;
    while (host_clock_ns() - began_host_ns < 20000000u) {
    }
    assert_true(dirql_time_ns() - began_ns >= 20000000u);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        dirql_unit_test(a_timer_interrupts_a_plain_loop, LIVE, .clock_percent = 100),
        dirql_unit_test(a_timer_interrupts_a_plain_loop, LIVE, .clock_percent = 1000),
        dirql_unit_test(a_timer_comes_while_all_processors_loop, LIVE, .processors = 2,
                        .clock_percent = 100),
        dirql_unit_test(a_delay_takes_at_least_its_time, LIVE, .clock_percent = 100),
        dirql_unit_test(a_delay_takes_at_least_its_time, LIVE, .clock_percent = 1000),
        dirql_unit_test(a_delay_takes_at_least_its_time, LIVE),
        dirql_unit_test(time_goes_on_in_a_plain_loop, LIVE, .clock_percent = 100),
    };

    return RUN_WHERE_KICKS_ARE_PROMPT(tests);
}
