/*
 * test_rewind.c - a machine that is put back for the next run is as good as a new one.
 */
#include <dirql/check.h>
#include <dirql/cmocka.h>
#include <dirql/device.h>
#include <dirql/line.h>
#include <dirql/thread.h>

#include <string.h>

enum { RUNS = 5, THREADS = 12, MUCH_BYTES = 1024 * 1024 };

static DIRQL_KEEP unsigned runs;
static DIRQL_KEEP const void *places[RUNS + 2];
static DIRQL_KEEP dirql_line *first_line;
static volatile LONG count;
static KSPIN_LOCK one, other;

/* The body asks for a choice of RUNS: the first answer is run twice, each other one once. */
static dirql_result explored(void (*body)(void *context), dirql_checks checks)
{
    const dirql_options options = { .name = "rewound",
                                    .mode = DIRQL_MODE_EXPLORE,
                                    .processors = 2,
                                    .checks = checks,
                                    .time_limit_s = DIRQL_NEVER };
    dirql_result result;

    runs = 0;
    memset(places, 0, sizeof(places));
    (void)dirql_run(&options, body, NULL, &result);
    return result;
}

static void assert_passes(void (*body)(void *context))
{
    dirql_result result = explored(body, DIRQL_CHECKS_ALL);

    if (result.outcome != DIRQL_PASSED) {
        fail_msg("%s", result.report);
    }
    assert_true(result.complete);
    dirql_result_free(&result);
}

/* In the last of the runs, and in the one that repeats it. */
static void assert_fails(void (*body)(void *context), const char *part)
{
    dirql_result result = explored(body, DIRQL_CHECKS_ALL);

    assert_int_equal(result.outcome, DIRQL_FAILED);
    if (strstr(result.report, part) == NULL) {
        fail_msg("\"%s\" does not say \"%s\"", result.report, part);
    }
    assert_int_equal(result.schedules, RUNS);
    dirql_result_free(&result);
}

static void assert_one_place(void)
{
    assert_int_equal(runs, RUNS + 1);
    for (unsigned i = 1; i <= RUNS; i++) {
        assert_ptr_equal(places[i], places[0]);
    }
}

/* ---- Memory ---------------------------------------------------------------------------------- */

/* Pages of zeros are put back in another way than what is written here before the exploration. */
static unsigned char much[MUCH_BYTES], mixed[MUCH_BYTES];

static void assert_holds(const unsigned char *bytes, unsigned value, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++) {
        if (bytes[i] != value) {
            dirql_fail(__FILE__, __LINE__, "a run has left something to the next one");
        }
    }
}

/* Here and there, elsewhere in each run. */
static void write_much(void *context)
{
    const unsigned run = dirql_choose(RUNS);

    (void)context;
    assert_holds(much, 0, 0, MUCH_BYTES);
    assert_holds(mixed, 0, 0, MUCH_BYTES / 2);
    assert_holds(mixed, 7, MUCH_BYTES / 2, MUCH_BYTES / 2 + 10000);
    assert_holds(mixed, 0, MUCH_BYTES / 2 + 10000, MUCH_BYTES);
    much[0] = much[MUCH_BYTES - 1] = 1;
    memset(much + MUCH_BYTES / 10 * run, 2, 5000 * run);
    memset(mixed + MUCH_BYTES / 2 - 5000, 3, 20000);
}

static void much_static_data_is_as_new_in_each_run(void **state)
{
    (void)state;
    memset(mixed + MUCH_BYTES / 2, 7, 10000);
    assert_passes(write_much);
}

static void use_pool(void *context)
{
    unsigned char *block = ExAllocatePool2(POOL_FLAG_NON_PAGED, 100, 'tseT');

    (void)context;
    (void)dirql_choose(RUNS);
    places[runs++] = block;
    if (block[0] != 0 || block[99] != 0) {
        dirql_fail(__FILE__, __LINE__, "the block is not as new");
    }
    memset(block, 7, 100);
    ExFreePoolWithTag(block, 'tseT');
}

static void pool_memory_lies_at_the_same_place_in_each_run(void **state)
{
    (void)state;
    assert_passes(use_pool);
    assert_one_place();
}

static void leak_in_the_last(void *context)
{
    void *block = ExAllocatePool2(POOL_FLAG_NON_PAGED, 100, 'tseT');

    (void)context;
    if (dirql_choose(RUNS) != RUNS - 1) {
        ExFreePoolWithTag(block, 'tseT');
    }
}

static void memory_that_the_last_run_leaves_is_found(void **state)
{
    (void)state;
    assert_fails(leak_in_the_last, "Test");
}

/* ---- Threads --------------------------------------------------------------------------------- */

static void note_stack(void *context)
{
    int local;

    (void)context;
    places[runs] = &local;
}

static void use_many_threads(void *context)
{
    dirql_thread *threads[THREADS];

    (void)context;
    (void)dirql_choose(RUNS);
    dirql_explore_pause();
    for (unsigned i = 0; i < 3 * THREADS; i++) {
        dirql_thread *thread = dirql_thread_start("alone", 1, note_stack, NULL);

        dirql_thread_join(thread);
    }
    for (unsigned i = 0; i < THREADS; i++) {
        threads[i] = dirql_thread_start("one of many", i % 2, note_stack, NULL);
    }
    for (unsigned i = 0; i < THREADS; i++) {
        dirql_thread_join(threads[i]);
    }
    dirql_explore_resume();
    runs++;
}

static void threads_have_the_same_stacks_in_each_run(void **state)
{
    (void)state;
    assert_passes(use_many_threads);
    assert_one_place();
}

/* ---- Devices and lines ----------------------------------------------------------------------- */

static uint64_t read_nothing(void *context, uint64_t offset, unsigned bytes)
{
    (void)context;
    (void)offset;
    (void)bytes;
    return 0;
}

static BOOLEAN count_isr(PKINTERRUPT interrupt, PVOID context)
{
    (void)interrupt;
    (void)context;
    count++;
    return TRUE;
}

static void use_a_line(void *context)
{
    dirql_line *line = dirql_line_create(
        &(dirql_line_options){ .name = "uart", .irql = 7, .trigger = DIRQL_EDGE });
    PKINTERRUPT interrupt = NULL;

    (void)context;
    (void)dirql_choose(RUNS);
    (void)IoConnectInterrupt(&interrupt, count_isr, NULL, NULL, dirql_line_vector(line), 7, 7,
                             Latched, FALSE, 1, FALSE);
    dirql_explore_pause();
    dirql_line_pulse(line);
    dirql_explore_resume();
    places[runs++] = interrupt;
    IoDisconnectInterrupt(interrupt);
    if (count != 1) {
        dirql_fail(__FILE__, __LINE__, "it does not interrupt once");
    }
}

static void lines_and_interrupts_are_new_in_each_run(void **state)
{
    (void)state;
    count = 0;
    assert_passes(use_a_line);
    assert_one_place();
}

static void use_the_first_line_of_all(void *context)
{
    dirql_line *line = dirql_line_create(&(dirql_line_options){ .name = "uart", .irql = 7 });

    (void)context;
    first_line = runs++ == 0 ? line : first_line;
    if (dirql_choose(RUNS) == RUNS - 1) {
        dirql_line_assert(first_line);
    }
}

static void a_line_of_a_run_before_is_none_of_this_one(void **state)
{
    (void)state;
    assert_fails(use_the_first_line_of_all, "left over from a run that is over");
}

/* ---- Findings -------------------------------------------------------------------------------- */

static void expect_in_the_second(void *context)
{
    (void)context;
    if (dirql_choose(RUNS) == 1) {
        dirql_expect_bugcheck_with(0x1234, 0, 0, 0, 0);
        KeBugCheck(0x1234);
    }
}

static void what_a_run_expects_is_not_expected_of_the_next(void **state)
{
    (void)state;
    assert_passes(expect_in_the_second);
}

static void expect_in_vain_in_the_last(void *context)
{
    (void)context;
    if (dirql_choose(RUNS) == RUNS - 1) {
        dirql_expect_bugcheck_with(0x1234, 0, 0, 0, 0);
    }
}

static void what_the_last_run_expects_in_vain_is_told(void **state)
{
    (void)state;
    assert_fails(expect_in_vain_in_the_last, "0x1234");
}

static void nest(KSPIN_LOCK *outer, KSPIN_LOCK *inner)
{
    KIRQL old;

    KeAcquireSpinLock(outer, &old);
    KeAcquireSpinLockAtDpcLevel(inner);
    KeReleaseSpinLockFromDpcLevel(inner);
    KeReleaseSpinLock(outer, old);
}

static void nest_locks_one_way_or_the_other(void *context)
{
    (void)context;
    KeInitializeSpinLock(&one);
    KeInitializeSpinLock(&other);
    if (dirql_choose(RUNS) % 2 == 0) {
        nest(&one, &other);
    } else {
        nest(&other, &one);
    }
}

static void a_lock_order_is_that_of_one_run(void **state)
{
    (void)state;
    assert_passes(nest_locks_one_way_or_the_other);
}

static void nest_locks_both_ways_in_the_last(void *context)
{
    (void)context;
    KeInitializeSpinLock(&one);
    KeInitializeSpinLock(&other);
    nest(&one, &other);
    if (dirql_choose(RUNS) == RUNS - 1) {
        nest(&other, &one);
    }
}

static void a_lock_order_that_the_last_run_breaks_is_told(void **state)
{
    (void)state;
    assert_fails(nest_locks_both_ways_in_the_last, "order");
}

/* ---- The way home ---------------------------------------------------------------------------- */

static void fail_in_the_last(void *context)
{
    (void)context;
    if (dirql_choose(RUNS) == RUNS - 1) {
        KeRaiseIrqlToDpcLevel();
        dirql_fail("body.c", 3, "the last one fails");
    }
}

static void a_failure_in_the_last_run_is_repeated(void **state)
{
    (void)state;
    assert_fails(fail_in_the_last, "the last one fails");
}

/* Else a sanitizer would end the process. */
#define UNCHECKED __attribute__((noinline, no_sanitize("address", "undefined")))

UNCHECKED static void touch_nothing_in_the_last(void *context)
{
    volatile int *volatile nowhere = NULL;

    (void)context;
    if (dirql_choose(RUNS) == RUNS - 1) {
        *nowhere = 1;
    }
}

static void a_fault_in_the_last_run_is_caught(void **state)
{
    (void)state;
    assert_fails(touch_nothing_in_the_last, "touch_nothing_in_the_last");
}

static void count_up(void *argument)
{
    ++*(unsigned *)argument;
}

static void run_an_errand(void *context)
{
    unsigned errands = 0;

    (void)context;
    (void)dirql_choose(RUNS);
    dirql_at_home(count_up, &errands);
    if (errands != 1) {
        dirql_fail(__FILE__, __LINE__, "the errand was not run");
    }
}

static void errands_are_run_in_each_run(void **state)
{
    (void)state;
    assert_passes(run_an_errand);
}

static void use_device_memory(void *context)
{
    const dirql_device board = { .name = "board", .read = read_nothing };
    const PHYSICAL_ADDRESS at = dirql_device_add_memory(&board, 0xFE000000u, 0x1000);
    PVOID mapped = MmMapIoSpace(at, 0x1000, MmNonCached);

    (void)context;
    (void)dirql_choose(RUNS);
    (void)READ_REGISTER_ULONG(mapped);
    MmUnmapIoSpace(mapped, 0x1000);
}

static void a_device_has_its_addresses_for_itself_in_each_run(void **state)
{
    (void)state;
    assert_passes(use_device_memory);
}

/* ---- Idle processors ------------------------------------------------------------------------- */

/* All on the other processor, which is idle. */
static void add_one(void *context)
{
    (void)context;
    InterlockedIncrement(&count);
}

static VOID NTAPI add_one_in_a_dpc(PKDPC dpc, PVOID context, PVOID argument1, PVOID argument2)
{
    (void)dpc;
    (void)argument1;
    (void)argument2;
    add_one(context);
}

static void add_after_a_wait(void *context)
{
    LARGE_INTEGER delay = { .QuadPart = -10 };

    (void)KeDelayExecutionThread(KernelMode, FALSE, &delay);
    add_one(context);
}

static void do_one_of_all_there_is(KDPC *dpc)
{
    switch (dirql_choose(4)) {
    case 0:
        dirql_thread_join(dirql_thread_start("one", 1, add_one, NULL));
        break;
    case 1:
        dirql_thread_join(dirql_thread_start("one", 1, add_after_a_wait, NULL));
        break;
    case 2:
        KeInitializeDpc(dpc, add_one_in_a_dpc, NULL);
        KeSetTargetProcessorDpc(dpc, 1);
        KeInsertQueueDpc(dpc, NULL, NULL);
        KeFlushQueuedDpcs();
        break;
    default:
        InterlockedIncrement(&count);
        break;
    }
}

static void give_the_other_processor_work(void *context)
{
    static KDPC dpcs[3];

    (void)context;
    count = 0;
    for (LONG i = 0; i < 3; i++) {
        do_one_of_all_there_is(&dpcs[i]);
        if (count != i + 1) {
            dirql_fail(__FILE__, __LINE__, "the other processor has not done its work");
        }
    }
}

static void an_idle_processor_takes_what_comes_in_each_run(void **state)
{
    (void)state;
    assert_passes(give_the_other_processor_work);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(much_static_data_is_as_new_in_each_run),
        cmocka_unit_test(pool_memory_lies_at_the_same_place_in_each_run),
        cmocka_unit_test(memory_that_the_last_run_leaves_is_found),
        cmocka_unit_test(threads_have_the_same_stacks_in_each_run),
        cmocka_unit_test(lines_and_interrupts_are_new_in_each_run),
        cmocka_unit_test(a_line_of_a_run_before_is_none_of_this_one),
        cmocka_unit_test(what_a_run_expects_is_not_expected_of_the_next),
        cmocka_unit_test(what_the_last_run_expects_in_vain_is_told),
        cmocka_unit_test(a_lock_order_is_that_of_one_run),
        cmocka_unit_test(a_lock_order_that_the_last_run_breaks_is_told),
        cmocka_unit_test(a_failure_in_the_last_run_is_repeated),
        cmocka_unit_test(a_fault_in_the_last_run_is_caught),
        cmocka_unit_test(errands_are_run_in_each_run),
        cmocka_unit_test(a_device_has_its_addresses_for_itself_in_each_run),
        cmocka_unit_test(an_idle_processor_takes_what_comes_in_each_run),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
