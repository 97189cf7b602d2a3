/*
 * test_specialpool.c - with special pool, who touches memory beyond a block or a freed one is
 * stopped at that instruction.
 *
 * Nothing here is instrumented. The runs inside are looked at by what they found.
 */
#include <stdlib.h>

#include "../threadsanitizer.h"

#include "ex/pooltable.h"
#include "ke/ki.h"
#include "special.h"

enum { OTHER_TAG = 'rhtO' };

#define GUEST __attribute__((noinline))

#define assert_bug_check(bug_check, p1, p2, p3, p4)                   \
    do {                                                              \
        assert_int_equal(rule_result.code, bug_check);                \
        assert_int_equal(rule_result.parameters[0], (ULONG_PTR)(p1)); \
        assert_int_equal(rule_result.parameters[1], (ULONG_PTR)(p2)); \
        assert_int_equal(rule_result.parameters[2], (ULONG_PTR)(p3)); \
        assert_int_equal(rule_result.parameters[3], (ULONG_PTR)(p4)); \
    } while (0)

/* ---- Beyond the end -------------------------------------------------------------------------- */

GUEST static void write_behind_the_end(void *context)
{
    (void)context;
    block = get(32);
    block[32] = 1;
    fail_msg("nobody was stopped");
}

static void a_byte_written_behind_the_end_is_d6_at_once(void **state)
{
    (void)state;
    run_overruns(write_behind_the_end);
    assert_faulted(DRIVER_PAGE_FAULT_BEYOND_END_OF_ALLOCATION, block + 32, 1);
}

GUEST static void read_behind_the_end(void *context)
{
    (void)context;
    block = get(32);
    (void)block[40];
    fail_msg("nobody was stopped");
}

static void a_byte_read_behind_the_end_is_d6_at_once(void **state)
{
    (void)state;
    run_overruns(read_behind_the_end);
    assert_faulted(DRIVER_PAGE_FAULT_BEYOND_END_OF_ALLOCATION, block + 40, 0);
}

GUEST static void get_block(void)
{
    block = ExAllocatePool2(POOL_FLAG_NON_PAGED, 32, TAG);
}

GUEST static void touch_byte_40(void)
{
    (void)block[40];
}

GUEST static void copy_bytes_to_40(void)
{
    static char copy[64];
    volatile size_t bytes = 8; /* By a call of the library. */

    memcpy(copy, (const void *)(ULONG_PTR)(block + 33), bytes);
}

/* A frame with an old return address in it: that of the service's call, which was made from deeper
 * down. */
GUEST static void call_below_what_is_left_of_the_call(void (*routine)(void))
{
    void *volatile unused[256];

    unused[0] = NULL;
    routine();
    unused[255] = unused[0];
}

GUEST static void get_and_touch(void *context)
{
    (void)context;
    get_block();
    call_below_what_is_left_of_the_call(touch_byte_40);
    fail_msg("nobody was stopped");
}

GUEST static void get_and_copy(void *context)
{
    (void)context;
    get_block();
    call_below_what_is_left_of_the_call(copy_bytes_to_40);
    fail_msg("nobody was stopped");
}

static void a_service_that_has_returned_is_not_blamed(void **state)
{
    (void)state;
    run_overruns(get_and_touch);
    assert_faulted(DRIVER_PAGE_FAULT_BEYOND_END_OF_ALLOCATION, block + 40, 0);
    assert_report_has("at touch_byte_40 test_specialpool.c");
    if (UNDER_THREAD_SANITIZER) {
        return; /* Its memcpy is no frame of who called it. */
    }
    run_overruns(get_and_copy);
    assert_faulted(DRIVER_PAGE_FAULT_BEYOND_END_OF_ALLOCATION, block + 33, 0);
    assert_report_has("at copy_bytes_to_40 test_specialpool.c");
}

static void the_report_names_the_block_and_both_places(void **state)
{
    (void)state;
    run_overruns(write_behind_the_end);
    assert_report_has("DRIVER_PAGE_FAULT_BEYOND_END_OF_ALLOCATION");
    assert_report_has("writes a byte that lies 1 byte behind the end of a pool block of 32 bytes "
                      "(tag Test)");
    assert_report_has("write_behind_the_end");
    assert_report_has("It was allocated by get");
}

static void the_line_that_repeats_the_run_has_special_pool_in_it(void **state)
{
    (void)state;
    run_overruns(write_behind_the_end);
    assert_non_null(strstr(rule_result.repeat, "DIRQL_SPECIAL_POOL=overruns "));
}

GUEST static void copy_behind_the_end(void *context)
{
    static const char text[64] = "longer";
    volatile SIZE_T length = sizeof(text);

    (void)context;
    block = get(48);
    RtlCopyMemory((PVOID)block, text, length);
    fail_msg("nobody was stopped");
}

static void a_copy_beyond_the_end_is_found_in_who_copies(void **state)
{
    skip_under_thread_sanitizer(); /* Its memcpy is no frame of who called it. */
    (void)state;
    run_overruns(copy_behind_the_end);
    assert_int_equal(rule_result.code, DRIVER_PAGE_FAULT_BEYOND_END_OF_ALLOCATION);
    assert_report_has("copy_behind_the_end");
}

static void write_to_a_page_and_behind(void *context)
{
    (void)context;
    block = get(PAGE_SIZE);
    block[PAGE_SIZE - 1] = 1;
    block[PAGE_SIZE] = 1;
}

static void a_page_has_a_guard_behind_it(void **state)
{
    (void)state;
    run_overruns(write_to_a_page_and_behind);
    assert_faulted(DRIVER_PAGE_FAULT_BEYOND_END_OF_ALLOCATION, block + PAGE_SIZE, 1);
}

static void write_behind_the_end_at_device_level(void *context)
{
    KIRQL old;

    (void)context;
    block = get(16);
    KeRaiseIrql(7, &old);
    block[16] = 1;
}

static void irql_makes_no_difference(void **state)
{
    (void)state;
    run_overruns(write_behind_the_end_at_device_level);
    assert_faulted(DRIVER_PAGE_FAULT_BEYOND_END_OF_ALLOCATION, block + 16, 1);
}

/* ---- What alignment leaves ------------------------------------------------------------------- */

static void write_to_the_slack(void *context)
{
    (void)context;
    block = get(13);
    block[13] = 1;
    ExFreePoolWithTag((PVOID)block, TAG);
}

static void what_alignment_leaves_behind_a_block_is_looked_at_when_it_is_freed(void **state)
{
    (void)state;
    run_overruns(write_to_the_slack);
    assert_bug_check(SPECIAL_POOL_DETECTED_MEMORY_CORRUPTION, block, block + 13, 0, 0x24);
}

static unsigned char *get_aligned(SIZE_T bytes)
{
    unsigned char *memory =
        ExAllocatePool2(POOL_FLAG_NON_PAGED | POOL_FLAG_CACHE_ALIGNED, bytes, TAG);

    assert_non_null(memory);
    assert_int_equal((ULONG_PTR)memory % SYSTEM_CACHE_ALIGNMENT_SIZE, 0);
    return memory;
}

static void write_to_the_slack_of_a_line(void *context)
{
    (void)context;
    block = get_aligned(80);
    block[80] = 1;
    ExFreePoolWithTag((PVOID)block, TAG);
}

static void write_behind_a_line(void *context)
{
    (void)context;
    block = get_aligned(80);
    block[128] = 1;
    fail_msg("nobody was stopped");
}

static void use_aligned_blocks(void *context)
{
    (void)context;
    for (SIZE_T bytes = 1; bytes < 300; bytes += 23) {
        block = get_aligned(bytes);
        memset((PVOID)block, 0xEE, bytes);
        ExFreePoolWithTag((PVOID)block, TAG);
    }
}

static void a_block_on_a_cache_line_keeps_that_and_ends_with_its_line(void **state)
{
    (void)state;
    run_overruns(use_aligned_blocks);
    assert_passed();
    run_underruns(use_aligned_blocks);
    assert_passed();
    run_overruns(write_to_the_slack_of_a_line);
    assert_bug_check(SPECIAL_POOL_DETECTED_MEMORY_CORRUPTION, block, block + 80, 0, 0x24);
    run_overruns(write_behind_a_line);
    assert_faulted(DRIVER_PAGE_FAULT_BEYOND_END_OF_ALLOCATION, block + 128, 1);
}

static void write_before_the_start(void *context)
{
    (void)context;
    block = get(16);
    block[-200] = 1;
    ExFreePoolWithTag((PVOID)block, TAG);
}

static void the_page_before_a_block_is_looked_at_when_it_is_freed(void **state)
{
    (void)state;
    run_overruns(write_before_the_start);
    assert_bug_check(SPECIAL_POOL_DETECTED_MEMORY_CORRUPTION, block, block - 200, 0, 0x23);
}

/* ---- Underruns ------------------------------------------------------------------------------- */

static void read_before_the_start(void *context)
{
    (void)context;
    block = get(16);
    (void)block[-1];
}

static void a_byte_read_before_the_start_is_d6_at_once(void **state)
{
    (void)state;
    run_underruns(read_before_the_start);
    assert_faulted(DRIVER_PAGE_FAULT_BEYOND_END_OF_ALLOCATION, block - 1, 0);
    assert_report_has("1 byte before the start of a pool block of 16 bytes");
}

static void write_far_behind_the_end(void *context)
{
    (void)context;
    block = get(16);
    block[1000] = 1;
    ExFreePoolWithTag((PVOID)block, TAG);
}

static void then_what_lies_behind_is_looked_at_when_it_is_freed(void **state)
{
    (void)state;
    run_underruns(write_far_behind_the_end);
    assert_bug_check(SPECIAL_POOL_DETECTED_MEMORY_CORRUPTION, block, block + 1000, 0, 0x24);
}

static void choose_the_side(void *context)
{
    unsigned char *end = ExAllocatePoolWithTagPriority(NonPagedPoolNx, 16, TAG,
                                                       NormalPoolPrioritySpecialPoolOverrun);
    unsigned char *start =
        ExAllocatePoolWithTagPriority(NonPagedPoolNx, 16, TAG, HighPoolPrioritySpecialPoolUnderrun);
    POOL_EXTENDED_PARAMETER parameter = { .Type = PoolExtendedParameterPriority };
    unsigned char *other;

    (void)context;
    parameter.Priority = LowPoolPrioritySpecialPoolUnderrun;
    other = ExAllocatePool3(POOL_FLAG_NON_PAGED, 16, TAG, &parameter, 1);
    assert_int_equal((ULONG_PTR)end % PAGE_SIZE, PAGE_SIZE - 16);
    assert_int_equal((ULONG_PTR)start % PAGE_SIZE, 0);
    assert_int_equal((ULONG_PTR)other % PAGE_SIZE, 0);
    ExFreePool(end);
    ExFreePool(start);
    ExFreePool(other);
}

static void an_allocation_may_choose_its_side(void **state)
{
    (void)state;
    run_overruns(choose_the_side);
    assert_passed();
    run_underruns(choose_the_side);
    assert_passed();
}

/* ---- Freed memory ---------------------------------------------------------------------------- */

GUEST static void give_back(void)
{
    ExFreePoolWithTag((PVOID)block, TAG);
}

GUEST static void read_after_the_free(void *context)
{
    (void)context;
    block = get(64);
    give_back();
    (void)block[5];
    fail_msg("nobody was stopped");
}

static void a_read_of_a_freed_block_is_d5_at_once(void **state)
{
    (void)state;
    run_overruns(read_after_the_free);
    assert_faulted(DRIVER_PAGE_FAULT_IN_FREED_SPECIAL_POOL, block + 5, 0);
    assert_report_has("reads byte 5 of a pool block of 64 bytes (tag Test) that was freed.");
    assert_report_has("read_after_the_free");
    assert_report_has("It was freed by give_back");
    assert_report_has("had been allocated by get");
}

static void write_after_many_frees(void *context)
{
    (void)context;
    block = get(64);
    give_back();
    for (unsigned i = 0; i < 1000; i++) {
        ExFreePoolWithTag(get(64), TAG);
    }
    block[63] = 1;
}

static void a_freed_block_is_kept_for_a_while(void **state)
{
    (void)state;
    run_overruns(write_after_many_frees);
    assert_faulted(DRIVER_PAGE_FAULT_IN_FREED_SPECIAL_POOL, block + 63, 1);
    assert_report_has("It was freed by give_back");
}

GUEST static void set_a_freed_event(void *context)
{
    KEVENT *event = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(*event), TAG);

    (void)context;
    KeInitializeEvent(event, NotificationEvent, FALSE);
    block = (unsigned char *)event;
    give_back();
    KeSetEvent(event, IO_NO_INCREMENT, FALSE);
    fail_msg("nobody was stopped");
}

static void a_service_that_is_given_freed_memory_is_cc(void **state)
{
    (void)state;
    run_overruns(set_a_freed_event);
    assert_int_equal(rule_result.code, PAGE_FAULT_IN_FREED_SPECIAL_POOL);
    assert_in_range(rule_result.parameters[0], (ULONG_PTR)block,
                    (ULONG_PTR)block + sizeof(KEVENT) - 1);
    assert_report_has("KeSetEvent");
    assert_report_has("at set_a_freed_event");
}

GUEST static void initialize_beyond_the_end(void *context)
{
    (void)context;
    block = get(16);
    KeInitializeEvent((PRKEVENT)block, NotificationEvent, FALSE);
    fail_msg("nobody was stopped");
}

static void a_service_that_writes_beyond_the_end_is_cd(void **state)
{
    (void)state;
    run_overruns(initialize_beyond_the_end);
    assert_int_equal(rule_result.code, PAGE_FAULT_BEYOND_END_OF_ALLOCATION);
    assert_int_equal(rule_result.parameters[0], (ULONG_PTR)(block + 16));
    assert_report_has("KeInitializeEvent writes a byte");
    assert_report_has("at initialize_beyond_the_end");
}

GUEST static VOID touch(PDEVICE_OBJECT device, PVOID context)
{
    (void)device;
    *(volatile unsigned char *)context = 1;
}

GUEST static BOOLEAN touch_in_sync(PVOID context)
{
    touch(NULL, context);
    return TRUE;
}

static BOOLEAN NTAPI unclaimed(PKINTERRUPT interrupt, PVOID context)
{
    (void)interrupt;
    (void)context;
    return FALSE;
}

static void touch_in_a_routine_that_a_service_calls(void *context)
{
    dirql_line *line = dirql_line_create(
        &(dirql_line_options){ .name = "line", .irql = 7, .trigger = DIRQL_EDGE });
    PKINTERRUPT interrupt;

    (void)context;
    assert_int_equal(IoConnectInterrupt(&interrupt, unclaimed, NULL, NULL, dirql_line_vector(line),
                                        7, 7, Latched, FALSE, 1, FALSE),
                     STATUS_SUCCESS);
    block = get(16);
    KeSynchronizeExecution(interrupt, touch_in_sync, (PVOID)(block + 16));
}

static void a_routine_that_a_service_calls_is_the_drivers(void **state)
{
    (void)state;
    run_overruns(touch_in_a_routine_that_a_service_calls);
    assert_faulted(DRIVER_PAGE_FAULT_BEYOND_END_OF_ALLOCATION, block + 16, 1);
    assert_report_has("touch ");
}

/* ---- Other memory that comes from pool ------------------------------------------------------- */

static void use_a_freed_entry(void *context)
{
    LOOKASIDE_LIST_EX list;

    (void)context;
    assert_int_equal(ExInitializeLookasideListEx(&list, NULL, NULL, NonPagedPoolNx, 0, 48, TAG, 0),
                     STATUS_SUCCESS);
    block = ExAllocateFromLookasideListEx(&list);
    ExFreeToLookasideListEx(&list, (PVOID)block);
    block[0] = 1;
}

static void an_entry_of_a_lookaside_list_is_special(void **state)
{
    (void)state;
    run_overruns(use_a_freed_entry);
    assert_faulted(DRIVER_PAGE_FAULT_IN_FREED_SPECIAL_POOL, block, 1);
}

static void use_a_freed_mdl(void *context)
{
    PMDL mdl;

    (void)context;
    block = get(64);
    mdl = IoAllocateMdl((PVOID)block, 64, FALSE, FALSE, NULL);
    MmBuildMdlForNonPagedPool(mdl);
    assert_int_equal(MmGetMdlByteCount(mdl), 64);
    IoFreeMdl(mdl);
    block = (unsigned char *)mdl;
    ((volatile MDL *)mdl)->ByteCount = 3;
}

static void an_mdl_is_special(void **state)
{
    (void)state;
    run_overruns(use_a_freed_mdl);
    assert_faulted(DRIVER_PAGE_FAULT_IN_FREED_SPECIAL_POOL, block + FIELD_OFFSET(MDL, ByteCount),
                   1);
}

/* ---- Modes ----------------------------------------------------------------------------------- */

static DIRQL_KEEP unsigned char *first_address;
static DIRQL_KEEP unsigned schedules;
static KSPIN_LOCK lock;
static unsigned char *shared;

static void take_turns(void *context)
{
    KIRQL old;

    (void)context;
    for (unsigned i = 0; i < 2; i++) {
        KeAcquireSpinLock(&lock, &old);
        shared[0]++;
        KeReleaseSpinLock(&lock, old);
    }
}

static void allocate_in_each_schedule(void *context)
{
    dirql_thread *other;
    unsigned char *freed = get(16);

    (void)context;
    ExFreePoolWithTag(freed, TAG);
    shared = get(16);
    first_address = first_address == NULL ? shared : first_address;
    schedules++;
    assert_ptr_equal(shared, first_address);
    assert_int_equal(shared[0], 0);
    KeInitializeSpinLock(&lock);
    other = dirql_thread_start("other", 1, take_turns, NULL);
    take_turns(NULL);
    dirql_thread_join(other);
    assert_int_equal(shared[0], 4);
    ExFreePoolWithTag(shared, TAG);
}

static void blocks_lie_at_the_same_addresses_in_each_schedule(void **state)
{
    const dirql_options options = { .name = "special",
                                    .processors = 2,
                                    .mode = DIRQL_MODE_EXPLORE,
                                    .fixed = 1,
                                    .special_pool = DIRQL_SPECIAL_POOL_OVERRUNS };

    (void)state;
    first_address = NULL;
    schedules = 0;
    rule_run_with(&options, allocate_in_each_schedule);
    assert_passed();
    assert_true(rule_result.complete);
    assert_true(schedules > 2);
}

static void reader(void *context)
{
    unsigned char *volatile *where = context;
    volatile unsigned char *memory = *where;

    KeStallExecutionProcessor(1);
    if (memory != NULL) {
        (void)*memory;
    }
}

static unsigned char *volatile published;

static void free_while_another_reads(void *context)
{
    dirql_thread *other;

    (void)context;
    published = get(16);
    other = dirql_thread_start("other", 1, reader, (PVOID)&published);
    ExFreePoolWithTag(published, TAG);
    published = NULL;
    dirql_thread_join(other);
}

static void a_schedule_that_touches_freed_memory_is_found_and_repeated(void **state)
{
    dirql_options options = { .name = "special",
                              .processors = 2,
                              .mode = DIRQL_MODE_EXPLORE,
                              .fixed = 1,
                              .special_pool = DIRQL_SPECIAL_POOL_OVERRUNS };
    char *schedule;

    (void)state;
    rule_run_with(&options, free_while_another_reads);
    assert_int_equal(rule_result.code, DRIVER_PAGE_FAULT_IN_FREED_SPECIAL_POOL);
    schedule = strdup(rule_result.schedule);
    options.mode = DIRQL_MODE_REPLAY;
    options.replay = schedule;
    rule_run_with(&options, free_while_another_reads);
    assert_int_equal(rule_result.code, DRIVER_PAGE_FAULT_IN_FREED_SPECIAL_POOL);
    free(schedule);
}

static void choose_no_side(void *context)
{
    unsigned char *memory = ExAllocatePoolWithTagPriority(NonPagedPoolNx, 16, TAG,
                                                          NormalPoolPrioritySpecialPoolUnderrun);

    (void)context;
    assert_int_not_equal((ULONG_PTR)memory % PAGE_SIZE, 0);
    ExFreePoolWithTag(memory, TAG);
}

static void off_is_off(void **state)
{
    const dirql_options options = options_of(DIRQL_SPECIAL_POOL_OFF);

    (void)state;
    setenv("DIRQL_SPECIAL_POOL", "overruns", 1);
    rule_run_with(&options, choose_no_side);
    unsetenv("DIRQL_SPECIAL_POOL");
    assert_passed();
}

static void the_environment_turns_it_on(void **state)
{
    const dirql_options options = options_of(DIRQL_SPECIAL_POOL_DEFAULT);

    (void)state;
    setenv("DIRQL_SPECIAL_POOL", "underruns", 1);
    rule_run_with(&options, read_before_the_start);
    unsetenv("DIRQL_SPECIAL_POOL");
    assert_faulted(DRIVER_PAGE_FAULT_BEYOND_END_OF_ALLOCATION, block - 1, 0);
}

static void free_twice(void *context)
{
    (void)context;
    block = get(64);
    give_back();
    give_back();
}

static void a_second_free_is_found_as_without(void **state)
{
    const dirql_options options = { .name = "special",
                                    .checks = DIRQL_CHECKS_NONE,
                                    .special_pool = DIRQL_SPECIAL_POOL_OVERRUNS };

    (void)state;
    rule_run_with(&options, free_twice);
    assert_bug_check(BAD_POOL_CALLER, 7, 0, TAG, block);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_byte_written_behind_the_end_is_d6_at_once),
        cmocka_unit_test(a_byte_read_behind_the_end_is_d6_at_once),
        cmocka_unit_test(a_service_that_has_returned_is_not_blamed),
        cmocka_unit_test(the_report_names_the_block_and_both_places),
        cmocka_unit_test(the_line_that_repeats_the_run_has_special_pool_in_it),
        cmocka_unit_test(a_copy_beyond_the_end_is_found_in_who_copies),
        cmocka_unit_test(a_page_has_a_guard_behind_it),
        cmocka_unit_test(irql_makes_no_difference),
        cmocka_unit_test(what_alignment_leaves_behind_a_block_is_looked_at_when_it_is_freed),
        cmocka_unit_test(a_block_on_a_cache_line_keeps_that_and_ends_with_its_line),
        cmocka_unit_test(the_page_before_a_block_is_looked_at_when_it_is_freed),
        cmocka_unit_test(a_byte_read_before_the_start_is_d6_at_once),
        cmocka_unit_test(then_what_lies_behind_is_looked_at_when_it_is_freed),
        cmocka_unit_test(an_allocation_may_choose_its_side),
        cmocka_unit_test(a_read_of_a_freed_block_is_d5_at_once),
        cmocka_unit_test(a_freed_block_is_kept_for_a_while),
        cmocka_unit_test(a_second_free_is_found_as_without),
        cmocka_unit_test(a_service_that_is_given_freed_memory_is_cc),
        cmocka_unit_test(a_service_that_writes_beyond_the_end_is_cd),
        cmocka_unit_test(a_routine_that_a_service_calls_is_the_drivers),
        cmocka_unit_test(an_entry_of_a_lookaside_list_is_special),
        cmocka_unit_test(an_mdl_is_special),
        cmocka_unit_test(blocks_lie_at_the_same_addresses_in_each_schedule),
        cmocka_unit_test(a_schedule_that_touches_freed_memory_is_found_and_repeated),
        cmocka_unit_test(off_is_off),
        cmocka_unit_test(the_environment_turns_it_on),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
