/*
 * test_raceshadow.c - what the race detector remembers of memory: how much, and when it begins
 * anew. Clocks and objects too.
 */
#include "race.h"

#include <stdlib.h>

#include "check/raceclock.h"
#include "check/raceshadow.h"
#include "check/racesync.h"

/* ---- Cells ----------------------------------------------------------------------------------- */

static bool no_stack(const void *owner, uintptr_t address)
{
    (void)owner;
    (void)address;
    return false;
}

static bool never(const void *who, const dq_raceslot *slot)
{
    (void)who;
    (void)slot;
    return false;
}

static dq_raceslot access_of(uint16_t lane, unsigned mask, unsigned flags, unsigned irql)
{
    return (dq_raceslot){ .epoch = 1,
                          .lane = lane,
                          .mask = (uint8_t)mask,
                          .flags = (uint8_t)flags,
                          .irql = (uint8_t)irql,
                          .only = DQ_RACE_ANYWHERE };
}

static void store(dq_raceshadow *shadow, uintptr_t address, dq_raceslot access)
{
    dq_racecell *cell = dq_raceshadow_cell(shadow, address);

    assert_non_null(cell);
    dq_raceshadow_store(shadow, cell, &access, never, NULL);
}

static unsigned count_at(dq_raceshadow *shadow, uintptr_t address)
{
    const dq_racecell *cell = dq_raceshadow_cell(shadow, address);
    unsigned count = 0;

    for (unsigned i = 0; i < DQ_RACE_SLOTS; i++) {
        count += cell->slots[i].mask != 0;
    }
    return count;
}

static void a_cell_keeps_accesses_that_differ(void **state)
{
    dq_raceshadow shadow = { 0 };

    (void)state;
    assert_true(dq_raceshadow_start(&shadow, no_stack, NULL));
    store(&shadow, 0x1000, access_of(1, 0x0F, DQ_ACCESS_READ, 2));
    store(&shadow, 0x1000, access_of(1, 0x0F, DQ_ACCESS_READ, 2));
    assert_int_equal(count_at(&shadow, 0x1000), 1);
    store(&shadow, 0x1000, access_of(1, 0x0F, DQ_ACCESS_WRITE, 2)); /* Says more. */
    store(&shadow, 0x1000, access_of(1, 0x0F, DQ_ACCESS_WRITE, 7)); /* Says less. */
    assert_int_equal(count_at(&shadow, 0x1000), 1);
    store(&shadow, 0x1000, access_of(1, 0xF0, DQ_ACCESS_WRITE, 2));
    store(&shadow, 0x1000, access_of(2, 0x0F, DQ_ACCESS_WRITE, 2));
    assert_int_equal(count_at(&shadow, 0x1000), 3);
    assert_int_equal(count_at(&shadow, 0x1008), 0);
    assert_int_equal(shadow.refs[1], 2);
    assert_int_equal(shadow.refs[2], 1);
    for (uint16_t lane = 3; lane < 20; lane++) {
        store(&shadow, 0x1000, access_of(lane, 0x0F, DQ_ACCESS_WRITE, 2));
    }
    assert_int_equal(count_at(&shadow, 0x1000), DQ_RACE_SLOTS);
    dq_raceshadow_stop(&shadow);
}

static void memory_that_begins_anew_is_forgotten(void **state)
{
    dq_raceshadow shadow = { 0 };

    (void)state;
    assert_true(dq_raceshadow_start(&shadow, no_stack, NULL));
    for (uintptr_t at = 0x1000; at < 0x2000; at += 8) {
        store(&shadow, at, access_of(1, 0xFF, DQ_ACCESS_WRITE, 0));
    }
    assert_int_equal(shadow.refs[1], 0x200);
    dq_raceshadow_forget(&shadow, 0x1008, 0x1A10);
    assert_int_equal(count_at(&shadow, 0x1000), 1);
    assert_int_equal(count_at(&shadow, 0x1008), 0);
    assert_int_equal(count_at(&shadow, 0x1A08), 0);
    assert_int_equal(count_at(&shadow, 0x1A10), 1);
    assert_int_equal(shadow.refs[1], 0x200 - 0xA08 / 8);
    dq_raceshadow_forget(&shadow, 0, UINTPTR_MAX);
    assert_int_equal(shadow.refs[1], 0);
    dq_raceshadow_stop(&shadow);
}

static void there_is_a_limit_to_memory(void **state)
{
    dq_raceshadow shadow = { 0 };

    (void)state;
    assert_true(dq_raceshadow_start(&shadow, no_stack, NULL));
    for (uintptr_t page = 0; page < DQ_RACE_PAGES + 10; page++) {
        store(&shadow, page * 512, access_of(1, 0xFF, DQ_ACCESS_WRITE, 0));
    }
    assert_int_equal(shadow.page_count, DQ_RACE_PAGES);
    assert_int_equal(shadow.refs[1], DQ_RACE_PAGES);
    assert_int_equal(count_at(&shadow, (DQ_RACE_PAGES + 9) * 512), 1);
    dq_raceshadow_stop(&shadow);
}

/* ---- Clocks and objects ---------------------------------------------------------------------- */

static void a_clock_knows_the_most_of_what_it_is_told(void **state)
{
    dq_raceclock clock = { 0 }, other = { 0 };

    (void)state;
    assert_int_equal(dq_raceclock_get(&clock, 300), 0);
    assert_true(dq_raceclock_know(&clock, 300, 5));
    assert_true(dq_raceclock_know(&clock, 300, 4));
    assert_true(dq_raceclock_know(&other, 2, 9));
    assert_true(dq_raceclock_know(&other, 300, 6));
    assert_true(dq_raceclock_join(&clock, &other));
    assert_int_equal(dq_raceclock_get(&clock, 300), 6);
    assert_int_equal(dq_raceclock_get(&clock, 2), 9);
    assert_int_equal(dq_raceclock_get(&clock, 1), 0);
    dq_raceclock_clear(&clock);
    assert_int_equal(dq_raceclock_get(&clock, 300), 0);
    assert_true(dq_raceclock_know(&clock, 400, 1));
    assert_int_equal(dq_raceclock_get(&clock, 300), 0);
    dq_raceclock_free(&clock);
    dq_raceclock_free(&other);
}

static void objects_are_found_by_address_and_role_until_their_memory_goes(void **state)
{
    dq_racesyncs syncs = { 0 };
    dq_racesync *lock;

    (void)state;
    assert_null(dq_racesync_find(&syncs, 0x1000, DQ_RACESYNC_ORDER));
    lock = dq_racesync_at(&syncs, 0x1000, DQ_RACESYNC_ORDER);
    assert_ptr_not_equal(dq_racesync_at(&syncs, 0x1000, DQ_RACESYNC_SHARED), lock);
    for (uintptr_t at = 0x1008; at < 0x9000; at += 8) {
        assert_non_null(dq_racesync_at(&syncs, at, DQ_RACESYNC_ORDER));
    }
    assert_ptr_equal(dq_racesync_find(&syncs, 0x1000, DQ_RACESYNC_ORDER), lock);
    dq_racesync_forget(&syncs, 0x1008, 0x8000);
    assert_ptr_equal(dq_racesync_find(&syncs, 0x1000, DQ_RACESYNC_ORDER), lock);
    assert_null(dq_racesync_find(&syncs, 0x1008, DQ_RACESYNC_ORDER));
    assert_null(dq_racesync_find(&syncs, 0x7FF8, DQ_RACESYNC_ORDER));
    assert_non_null(dq_racesync_find(&syncs, 0x8000, DQ_RACESYNC_ORDER));
    dq_racesync_free_all(&syncs);
}

/* ---- Memory of a run ------------------------------------------------------------------------- */

enum { TAG = 'ecaR' };

static LONG *block;

static void allocate_write_and_free(void)
{
    LONG *mine = ExAllocatePool2(POOL_FLAG_NON_PAGED, 64, TAG);

    WRITES(&mine[3]);
    ExFreePoolWithTag(mine, TAG);
}

static void write_block(void)
{
    WRITES(&block[3]);
}

static void share_a_block(void *context)
{
    block = ExAllocatePool2(POOL_FLAG_NON_PAGED, 64, TAG);
    race_two(context);
    ExFreePoolWithTag(block, TAG);
}

static void pool_memory_that_is_allocated_again_is_new(void **state)
{
    (void)state;
    assert_no_race_of(allocate_write_and_free, allocate_write_and_free);
    race_parts[0] = race_parts[1] = write_block;
    assert_race(share_a_block, 2);
    assert_report_has("DATA RACE on 4 bytes at pool block 'Race'+12, allocated by share_a_block");
}

static void write_locals(void)
{
    enum { DEEP = 2048 }; /* Deeper than what lies between the thread's frames and the ISR's. */
    volatile LONG local[DEEP];

    for (unsigned i = 0; i < DEEP; i++) {
        WRITES(&local[i]);
    }
}

static dirql_line *line;

static BOOLEAN isr(PKINTERRUPT object, PVOID context)
{
    (void)object;
    (void)context;
    dirql_line_deassert(line);
    write_locals();
    return TRUE;
}

/* The ISR's frames lie where those of the thread's calls have been, and will be. */
static void interrupt_between_calls(void *context)
{
    const dirql_line_options options = { .name = "uart", .irql = 7 };
    PKINTERRUPT interrupt;

    (void)context;
    line = dirql_line_create(&options);
    IoConnectInterrupt(&interrupt, isr, NULL, NULL, dirql_line_vector(line), 7, 7, LevelSensitive,
                       FALSE, dirql_line_processors(line), FALSE);
    for (unsigned i = 0; i < 10; i++) {
        write_locals();
        dirql_line_assert(line);
        write_locals();
    }
    settle();
    IoDisconnectInterrupt(interrupt);
}

static LONG *local_of_another;

static void write_local_of_another(void)
{
    WRITES(local_of_another);
}

static void share_a_local(void *context)
{
    LONG local = 0;
    dirql_thread *thread;

    (void)context;
    local_of_another = &local;
    race_parts[0] = write_local_of_another;
    thread = dirql_thread_start("other", 1, race_thread, &race_parts[0]);
    WRITES(&local);
    dirql_thread_join(thread);
}

static void one_thread_after_the_other(void *context)
{
    (void)context;
    race_parts[0] = write_locals;
    for (unsigned i = 0; i < 5; i++) {
        (void)dirql_thread_start("other", DIRQL_ANY_PROCESSOR, race_thread, &race_parts[0]);
        settle();
    }
}

static void stack_memory_is_new_to_each_execution(void **state)
{
    (void)state;
    assert_kept(interrupt_between_calls, 2);
    assert_kept(one_thread_after_the_other, 2);
    assert_race(share_a_local, 2);
    assert_report_has("DATA RACE on 4 bytes at the stack of thread test");
}

/* More executions than lanes. */
static VOID count_in_dpc(PKDPC dpc, PVOID context, PVOID argument1, PVOID argument2)
{
    (void)dpc;
    (void)argument1;
    (void)argument2;
    WRITES((LONG *)context);
}

static void many_dpcs(void *context)
{
    static LONG counts[2 * DQ_RACE_LANES];
    KDPC dpc;

    (void)context;
    for (unsigned i = 0; i < 2 * DQ_RACE_LANES; i++) {
        KeInitializeDpc(&dpc, count_in_dpc, &counts[i]);
        KeInsertQueueDpc(&dpc, NULL, NULL);
        KeFlushQueuedDpcs();
        READS(&counts[i]);
    }
    KeInitializeDpc(&dpc, count_in_dpc, &counts[0]);
    KeInsertQueueDpc(&dpc, NULL, NULL);
    dirql_expect_finding("data race");
    WRITES(&counts[0]);
    KeFlushQueuedDpcs();
}

static void lanes_are_used_again(void **state)
{
    (void)state;
    assert_kept(many_dpcs, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_cell_keeps_accesses_that_differ),
        cmocka_unit_test(memory_that_begins_anew_is_forgotten),
        cmocka_unit_test(there_is_a_limit_to_memory),
        cmocka_unit_test(a_clock_knows_the_most_of_what_it_is_told),
        cmocka_unit_test(objects_are_found_by_address_and_role_until_their_memory_goes),
        cmocka_unit_test(pool_memory_that_is_allocated_again_is_new),
        cmocka_unit_test(stack_memory_is_new_to_each_execution),
        cmocka_unit_test(lanes_are_used_again),
    };

    return cmocka_run_group_tests(tests, NULL, race_forget);
}
