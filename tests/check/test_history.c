/*
 * test_history.c - which accesses of memory a report draws, and how.
 */
#include "race.h"

#include <dirql/clock.h>
#include <dirql/device.h>

static volatile LONG y, z, counts[40];
static dirql_line *line;
static PKINTERRUPT interrupt;

/* The report's drawing. */
static const char *drawing(void)
{
    const char *drawn = strstr(rule_result.report, "time (us)");

    assert_non_null(drawn);
    return drawn;
}

static unsigned times(const char *text)
{
    unsigned count = 0;

    for (const char *at = drawing(); (at = strstr(at, text)) != NULL; at++) {
        count++;
    }
    return count;
}

static BOOLEAN isr(PKINTERRUPT object, PVOID context)
{
    (void)object;
    (void)context;
    touch(&x, sizeof(x), DQ_ACCESS_WRITE | DQ_ACCESS_ATOMIC);
    WRITES(&z);
    return TRUE;
}

static void interrupt_once(void)
{
    line = dirql_line_create(&(dirql_line_options){ .name = "device", .irql = 7,
                                                    .trigger = DIRQL_EDGE });
    IoConnectInterrupt(&interrupt, isr, NULL, NULL, dirql_line_vector(line), 7, 7, Latched, FALSE, 1,
                       FALSE);
    dirql_line_pulse(line);
}

static void end_here(void *context)
{
    (void)context;
    KeBugCheck(MANUALLY_INITIATED_CRASH);
}

/* ---- Which ----------------------------------------------------------------------------------- */

static void race_beside_others(void *context)
{
    (void)context;
    WRITES(&z);
    WRITES(&y);
    interrupt_once();
    READS(&x);
}

static void of_a_race_only_the_racing_memory_is_drawn(void **state)
{
    (void)state;
    rule_run_undisturbed(1, race_beside_others);
    assert_race_found();
    assert_int_equal(times("writes `x`"), 1);
    assert_int_equal(times("reads `x`"), 1);
    assert_int_equal(times("`y`"), 0);
}

static void a_race_stands_at_its_access(void **state)
{
    (void)state;
    rule_run_undisturbed(1, race_beside_others);
    assert_non_null(strstr(strstr(drawing(), "reads `x`"), "  <- data race\n"));
    assert_int_equal(times("<- data race"), 1);
}

static void hold_what_is_shared(void *context)
{
    KIRQL old;

    WRITES(&y);
    interrupt_once();
    old = KeAcquireInterruptSpinLock(interrupt);
    READS(&x);
    KeReleaseInterruptSpinLock(interrupt, old);
    end_here(context);
}

static void of_other_findings_shared_memory_is_drawn(void **state)
{
    (void)state;
    rule_run_undisturbed(1, hold_what_is_shared);
    assert_int_equal(times("writes `x`"), 1);
    assert_int_equal(times("reads `x`"), 1);
    assert_int_equal(times("`y`"), 0); /* Nobody else touches that, ... */
    assert_int_equal(times("`z`"), 0); /* ... nor this. */
}

static void only_read(void)
{
    READS(&x);
}

static void read_by_two(void *context)
{
    race_parts[0] = race_parts[1] = only_read;
    race_two(NULL);
    end_here(context);
}

static void what_nobody_writes_is_not_drawn(void **state)
{
    (void)state;
    rule_run_undisturbed(1, read_by_two);
    assert_int_equal(times("`x`"), 0);
}

static void use_its_own_frame(void)
{
    volatile LONG local = 0;

    WRITES(&local);
}

static void use_frames_in_turn(void *context)
{
    race_parts[0] = race_parts[1] = use_its_own_frame;
    race_two(NULL);
    use_its_own_frame();
    end_here(context);
}

static void frames_that_come_and_go_are_not_shared(void **state)
{
    (void)state;
    rule_run_undisturbed(1, use_frames_in_turn);
    assert_int_equal(times("the stack of"), 0);
}

/* ---- How ------------------------------------------------------------------------------------- */

static void an_isr_says_where_it_interrupted(void **state)
{
    (void)state;
    rule_run_undisturbed(1, race_beside_others);
    assert_int_equal(times("ISR isr begins: interrupted interrupt_once"), 1);
}

static void poll(void *context)
{
    interrupt_once();
    for (int i = 0; i < 20; i++) {
        dq_access((const void *)&x, sizeof(x), DQ_ACCESS_READ | DQ_ACCESS_ATOMIC,
                  (const char *)(uintptr_t)poll + 1);
    }
    end_here(context);
}

static void the_same_access_again_is_counted(void **state)
{
    (void)state;
    rule_run_undisturbed(1, poll);
    assert_int_equal(times("reads `x`, 20 times"), 1);
}

static void poll_two(void *context)
{
    interrupt_once();
    for (int i = 0; i < 40; i++) {
        dq_access((const void *)&x, sizeof(x), DQ_ACCESS_READ | DQ_ACCESS_ATOMIC,
                  (const char *)(uintptr_t)poll + 1);
        dq_access((const void *)&counts[i], sizeof(LONG), DQ_ACCESS_WRITE,
                  (const char *)(uintptr_t)poll_two + 1);
    }
    end_here(context);
}

static void a_loop_does_not_push_out_what_led_to_it(void **state)
{
    (void)state;
    rule_run_undisturbed(1, poll_two);
    assert_int_equal(times("reads `x`"), 3);
    assert_int_equal(times("IoConnectInterrupt"), 1);
}

static void count_together(void *context)
{
    InterlockedIncrement(&x);
    end_here(context);
}

static void an_interlocked_routine_names_its_memory(void **state)
{
    (void)state;
    rule_run_undisturbed(1, count_together);
    assert_int_equal(times("Interlocked on `x`  count_together"), 1);
}

static void count_freed(void *context)
{
    LONG *block = ExAllocatePoolWithTag(NonPagedPoolNx, 64, 'tsiH');

    InterlockedIncrement(&block[2]);
    ExFreePoolWithTag(block, 'tsiH');
    end_here(context);
}

static void a_freed_block_keeps_its_name(void **state)
{
    (void)state;
    rule_run_undisturbed(1, count_freed);
    assert_int_equal(times("Interlocked on freed pool block 'Hist'+8"), 1);
}

/* ---- What comes at a time -------------------------------------------------------------------- */

static KTIMER timer, bare_timer;
static KDPC timer_dpc;

static VOID on_timer(PKDPC dpc, PVOID context, PVOID argument1, PVOID argument2)
{
    (void)dpc;
    (void)context;
    (void)argument1;
    (void)argument2;
}

static void happen(void *context)
{
    (void)context;
}

static void let_time_pass(void *context)
{
    static dirql_stimulus stimulus = { .happen = happen };
    LARGE_INTEGER due = { .QuadPart = -10 };

    KeInitializeTimer(&timer);
    KeInitializeTimer(&bare_timer);
    KeInitializeDpc(&timer_dpc, on_timer, NULL);
    KeSetTimer(&timer, due, &timer_dpc);
    KeSetTimer(&bare_timer, due, NULL);
    dirql_stimulus_after(&stimulus, 500);
    dirql_time_advance_us(5);
    end_here(context);
}

static void a_timer_is_named_and_only_a_stimulus_is_one(void **state)
{
    (void)state;
    rule_run_undisturbed(1, let_time_pass);
    assert_int_equal(times("the timer of on_timer expires (let_time_pass test_history.c:"), 1);
    assert_int_equal(times("a timer expires (let_time_pass test_history.c:"), 1);
    assert_int_equal(times("a stimulus happens"), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(of_a_race_only_the_racing_memory_is_drawn),
        cmocka_unit_test(a_race_stands_at_its_access),
        cmocka_unit_test(of_other_findings_shared_memory_is_drawn),
        cmocka_unit_test(what_nobody_writes_is_not_drawn),
        cmocka_unit_test(frames_that_come_and_go_are_not_shared),
        cmocka_unit_test(an_isr_says_where_it_interrupted),
        cmocka_unit_test(the_same_access_again_is_counted),
        cmocka_unit_test(a_loop_does_not_push_out_what_led_to_it),
        cmocka_unit_test(an_interlocked_routine_names_its_memory),
        cmocka_unit_test(a_freed_block_keeps_its_name),
        cmocka_unit_test(a_timer_is_named_and_only_a_stimulus_is_one),
    };

    return cmocka_run_group_tests(tests, NULL, race_forget);
}
