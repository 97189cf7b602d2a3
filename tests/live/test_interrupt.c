/*
 * test_interrupt.c - interrupts land in code that calls nothing, and nest as on hardware.
 */
#include "live.h"

/* ---- Into a plain loop ----------------------------------------------------------------------- */

static struct source first, second, third;
static volatile int loops;

static void fresh(void)
{
    memset(&first, 0, sizeof(first));
    memset(&second, 0, sizeof(second));
    memset(&third, 0, sizeof(third));
    loops = false;
}

static void raise_when_it_loops(void *context)
{
    while (!loops) {
    }
    dirql_line_assert(((struct source *)context)->line);
}

static void loop_until_interrupted(void)
{
    loops = true;
    while (first.calls == 0) {
    }
    assert_int_equal(first.processor, 0);
    assert_int_equal(first.irql, 5);
    assert_int_equal(KeGetCurrentIrql(), PASSIVE_LEVEL);
}

static void another_processor_interrupts_a_plain_loop(void **state)
{
    (void)state;
    fresh();
    source_make(&first, 5, 1);
    dirql_thread_start("raiser", 1, raise_when_it_loops, &first);
    loop_until_interrupted();
}

static void a_host_thread_interrupts_a_plain_loop(void **state)
{
    struct stranger stranger;

    (void)state;
    fresh();
    source_make(&first, 5, 1);
    stranger_start(&stranger, raise_when_it_loops, &first);
    loop_until_interrupted();
    stranger_join(&stranger);
}

static void happen(void *context)
{
    dirql_line_assert(((struct source *)context)->line);
}

static void a_stimulus_interrupts_a_plain_loop(void **state)
{
    dirql_stimulus stimulus = { .happen = happen, .context = &first };

    (void)state;
    fresh();
    source_make(&first, 5, 1);
    dirql_stimulus_after(&stimulus, 3000000);
    loop_until_interrupted();
}

static void stall_when_it_loops(void *context)
{
    (void)context;
    while (!loops) {
    }
    KeStallExecutionProcessor(50);
}

static void time_that_another_processor_spends_brings_the_stimulus(void **state)
{
    dirql_stimulus stimulus = { .happen = happen, .context = &first };

    (void)state;
    fresh();
    source_make(&first, 5, 1);
    dirql_stimulus_after(&stimulus, 30000);
    dirql_thread_start("stalls", 1, stall_when_it_loops, NULL);
    loop_until_interrupted();
}

static bool lies_on_the_stack_of(const char *frame, const char *inner)
{
    return inner < frame && (size_t)(frame - inner) < 200 * 1024;
}

static void the_isr_runs_on_the_interrupted_stack(void **state)
{
    (void)state;
    fresh();
    source_make(&first, 5, 1);
    dirql_thread_start("raiser", 1, raise_when_it_loops, &first);
    loop_until_interrupted();
    assert_true(lies_on_the_stack_of(__builtin_frame_address(0), first.frame));
}

/* ---- Nesting --------------------------------------------------------------------------------- */

static volatile unsigned depth_seen;

static void wait_in_isr_for_second(struct source *source)
{
    dirql_line_assert(second.line);
    while (second.calls == 0) {
    }
    depth_seen += second.irql > source->irql;
}

static void wait_in_isr_for_third(struct source *source)
{
    loops = true;
    while (third.calls == 0) {
    }
    depth_seen += third.irql > source->irql;
}

static void higher_lines_interrupt_a_busy_isr(void **state)
{
    struct stranger stranger;

    (void)state;
    fresh();
    depth_seen = 0;
    first.act = wait_in_isr_for_second;
    second.act = wait_in_isr_for_third;
    source_make(&first, 5, 1);
    source_make(&second, 7, 1);
    source_make(&third, 9, 1);
    stranger_start(&stranger, raise_when_it_loops, &third);
    dirql_line_assert(first.line);
    while (first.calls == 0) {
    }
    assert_int_equal(depth_seen, 2);
    assert_true(lies_on_the_stack_of(second.frame, third.frame));
    stranger_join(&stranger);
}

static void raise_second(void *context)
{
    (void)context;
    while (!loops) {
    }
    dirql_line_assert(second.line);
    dirql_line_is_asserted(second.line);
    depth_seen = 1;
}

static void wait_for_the_raise(struct source *source)
{
    (void)source;
    loops = true;
    while (depth_seen == 0) {
    }
    for (volatile unsigned i = 0; i < 1000000; i++) {
    }
    depth_seen = second.calls == 0 ? 2 : 3;
}

static void a_lower_line_waits_for_the_isr(void **state)
{
    (void)state;
    fresh();
    depth_seen = 0;
    first.act = wait_for_the_raise;
    source_make(&first, 7, 1);
    source_make(&second, 5, 1);
    dirql_thread_start("raiser", 1, raise_second, NULL);
    dirql_line_assert(first.line);
    while (second.calls == 0) {
    }
    assert_int_equal(depth_seen, 2);
}

/* ---- DPCs ------------------------------------------------------------------------------------ */

static KDPC dpc;
static volatile int dpc_ran;
static volatile KIRQL dpc_irql;
static const char *volatile dpc_frame;

static void NTAPI note_dpc(PKDPC self, PVOID context, PVOID one, PVOID two)
{
    (void)self;
    (void)context;
    (void)one;
    (void)two;
    dpc_irql = KeGetCurrentIrql();
    dpc_frame = __builtin_frame_address(0);
    dpc_ran = true;
}

static void queue_dpc(struct source *source)
{
    (void)source;
    KeInsertQueueDpc(&dpc, NULL, NULL);
}

static void a_dpc_runs_behind_the_isr_while_the_loop_goes_on(void **state)
{
    (void)state;
    fresh();
    dpc_ran = false;
    KeInitializeDpc(&dpc, note_dpc, NULL);
    first.act = queue_dpc;
    source_make(&first, 5, 1);
    dirql_thread_start("raiser", 1, raise_when_it_loops, &first);
    loops = true;
    while (!dpc_ran) {
    }
    assert_int_equal(dpc_irql, DISPATCH_LEVEL);
    assert_int_equal(first.calls, 1);
    assert_true(lies_on_the_stack_of(__builtin_frame_address(0), dpc_frame));
}

/* ---- Masking --------------------------------------------------------------------------------- */

static volatile int raised;

static void raise_and_say_so(void *context)
{
    raise_when_it_loops(context);
    raised = true;
}

static void an_interrupt_waits_while_irql_masks_it(void **state)
{
    KIRQL old;

    (void)state;
    fresh();
    raised = false;
    source_make(&first, 5, 1);
    dirql_thread_start("raiser", 1, raise_and_say_so, &first);
    KeRaiseIrql(5, &old);
    loops = true;
    while (!raised) {
    }
    for (volatile unsigned i = 0; i < 1000000; i++) {
    }
    assert_int_equal(first.calls, 0);
    KeLowerIrql(old);
    assert_int_equal(first.calls, 1);
}

static void a_higher_line_is_not_masked_by_a_lower_irql(void **state)
{
    KIRQL old;

    (void)state;
    fresh();
    source_make(&first, 5, 1);
    dirql_thread_start("raiser", 1, raise_when_it_loops, &first);
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    loops = true;
    while (first.calls == 0) {
    }
    KeLowerIrql(old);
}

/* ---- Whatever the interrupted code does ------------------------------------------------------ */

enum { ROUNDS = 200 };

static KSPIN_LOCK lock;
static volatile unsigned locked_count, dpc_count;

static void use_the_c_library(unsigned seed)
{
    char *volatile memory = malloc(16 + seed % 5000);
    char text[64];

    snprintf(text, sizeof(text), "%u %s %g", seed, "text", seed / 3.0);
    memory[0] = text[0];
    free(memory);
}

static void use_pool_and_lock(void)
{
    void *memory = ExAllocatePoolWithTag(NonPagedPool, 64, 'eviL');
    KIRQL old;

    KeAcquireSpinLock(&lock, &old);
    locked_count++;
    KeReleaseSpinLock(&lock, old);
    ExFreePoolWithTag(memory, 'eviL');
}

static void NTAPI work_in_dpc(PKDPC self, PVOID context, PVOID one, PVOID two)
{
    (void)self;
    (void)context;
    (void)one;
    (void)two;
    use_the_c_library(dpc_count);
    use_pool_and_lock();
    dpc_count++;
}

static void work_in_isr(struct source *source)
{
    use_the_c_library(source->calls);
    DbgPrint("interrupt %u\n", source->calls);
    KeInsertQueueDpc(&dpc, NULL, NULL);
}

static void raise_many(void *context)
{
    struct source *source = context;

    for (unsigned i = 0; i < ROUNDS; i++) {
        dirql_line_assert(source->line);
        while (source->calls <= i) {
            sched_yield();
        }
    }
}

static void isr_and_interrupted_code_use_the_same_runtime(void **state)
{
    struct stranger stranger;
    unsigned rounds = 0;

    (void)state;
    fresh();
    locked_count = dpc_count = 0;
    KeInitializeSpinLock(&lock);
    KeInitializeDpc(&dpc, work_in_dpc, NULL);
    first.act = work_in_isr;
    source_make(&first, 5, 1);
    stranger_start(&stranger, raise_many, &first);
    for (; first.calls < ROUNDS; rounds++) {
        use_the_c_library(rounds);
        use_pool_and_lock();
        if (rounds % 64 == 0) {
            DbgPrint("round %u\n", rounds);
        }
    }
    stranger_join(&stranger);
    KeFlushQueuedDpcs();
    assert_int_equal(first.calls, ROUNDS);
    assert_int_equal(locked_count, rounds + dpc_count);
    assert_in_range(dpc_count, 1, ROUNDS);
}

/* ---- Lists without a lock -------------------------------------------------------------------- */

static SLIST_HEADER list;
static SLIST_ENTRY entries[2];

static void push_and_pop_in_isr(struct source *source)
{
    (void)source;
    InterlockedPushEntrySList(&list, &entries[1]);
    if (InterlockedPopEntrySList(&list) != &entries[1]) {
        loops = false;
    }
}

static void an_isr_uses_the_list_that_it_interrupted_a_change_of(void **state)
{
    struct stranger stranger;

    (void)state;
    fresh();
    InitializeSListHead(&list);
    first.act = push_and_pop_in_isr;
    source_make(&first, 5, 1);
    loops = true;
    stranger_start(&stranger, raise_many, &first);
    while (first.calls < ROUNDS) {
        InterlockedPushEntrySList(&list, &entries[0]);
        InterlockedPopEntrySList(&list);
    }
    stranger_join(&stranger);
    assert_true(loops);
    assert_int_equal(QueryDepthSList(&list), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        dirql_unit_test_teardown(another_processor_interrupts_a_plain_loop, source_stop, LIVE,
                                 .processors = 2),
        dirql_unit_test_teardown(a_host_thread_interrupts_a_plain_loop, source_stop, LIVE),
        dirql_unit_test_teardown(a_stimulus_interrupts_a_plain_loop, source_stop, LIVE,
                                 .clock_percent = 100),
        dirql_unit_test_teardown(time_that_another_processor_spends_brings_the_stimulus,
                                 source_stop, LIVE, .processors = 2),
        dirql_unit_test_teardown(the_isr_runs_on_the_interrupted_stack, source_stop, LIVE,
                                 .processors = 2),
        dirql_unit_test_teardown(higher_lines_interrupt_a_busy_isr, source_stop, LIVE),
        dirql_unit_test_teardown(a_lower_line_waits_for_the_isr, source_stop, LIVE,
                                 .processors = 2),
        dirql_unit_test_teardown(a_dpc_runs_behind_the_isr_while_the_loop_goes_on, source_stop,
                                 LIVE, .processors = 2),
        dirql_unit_test_teardown(an_interrupt_waits_while_irql_masks_it, source_stop, LIVE,
                                 .processors = 2),
        dirql_unit_test_teardown(a_higher_line_is_not_masked_by_a_lower_irql, source_stop, LIVE,
                                 .processors = 2),
        dirql_unit_test_teardown(an_isr_uses_the_list_that_it_interrupted_a_change_of, source_stop,
                                 LIVE),
        dirql_unit_test_teardown(isr_and_interrupted_code_use_the_same_runtime, source_stop, LIVE,
                                 .processors = 2),
    };

    return RUN_WHERE_KICKS_ARE_PROMPT(tests);
}
