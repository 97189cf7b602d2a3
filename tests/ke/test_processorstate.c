/* Tests of lib/ke/processorstate.c. */
#include <dirql/check.h>
#include <dirql/clock.h>
#include <dirql/cmocka.h>
#include <dirql/fail.h>
#include <dirql/thread.h>
#include <ntddk.h>

#include "host/host.h"
#include "../settle.h"
#include "wire.h"

/* How the processor rounds, as far as this host can say. */
static host_float other_rounding(void)
{
#if defined(__x86_64__)
    return host_float_now() ^ 0x2000;
#elif defined(__aarch64__)
    return host_float_now() ^ 1u << 22;
#else
    return host_float_now();
#endif
}

/* ---- Floating point -------------------------------------------------------------------------- */

static void a_restore_brings_back_how_the_processor_rounds(void **state)
{
    const host_float before = host_float_now();
    KFLOATING_SAVE save;

    (void)state;
    assert_int_equal(KeSaveFloatingPointState(&save), STATUS_SUCCESS);
    host_float_set(other_rounding());
    assert_int_equal(KeRestoreFloatingPointState(&save), STATUS_SUCCESS);
    assert_true(host_float_now() == before);
}

static void a_save_begins_with_the_defaults(void **state)
{
    const host_float before = host_float_now();
    KFLOATING_SAVE save;
    host_float fresh;

    (void)state;
    host_float_set(other_rounding());
    assert_int_equal(KeSaveFloatingPointState(&save), STATUS_SUCCESS);
    fresh = host_float_now();
    assert_int_equal(KeRestoreFloatingPointState(&save), STATUS_SUCCESS);
    host_float_set(before);
    assert_true(((fresh ^ before) & ~(host_float)0x3F) == 0); /* But what has happened so far. */
}

static void saves_nest(void **state)
{
    KFLOATING_SAVE outer, inner;
    KIRQL old;

    (void)state;
    assert_int_equal(KeSaveFloatingPointState(&outer), STATUS_SUCCESS);
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    assert_int_equal(KeSaveFloatingPointState(&inner), STATUS_SUCCESS);
    KeRestoreFloatingPointState(&inner);
    KeLowerIrql(old);
    KeRestoreFloatingPointState(&outer);
}

static void a_restore_at_another_irql_is_bug_check_e7(void **state)
{
    KFLOATING_SAVE save;
    KIRQL old;

    (void)state;
    assert_int_equal(KeSaveFloatingPointState(&save), STATUS_SUCCESS);
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    dirql_expect_bugcheck_with(INVALID_FLOATING_POINT_STATE, 1, PASSIVE_LEVEL, DISPATCH_LEVEL, 0);
    KeRestoreFloatingPointState(&save);
}

static void a_nested_save_at_a_lower_irql_is_bug_check_e7(void **state)
{
    KFLOATING_SAVE outer, inner;
    KIRQL old;

    (void)state;
    KeRaiseIrql(APC_LEVEL, &old);
    assert_int_equal(KeSaveFloatingPointState(&outer), STATUS_SUCCESS);
    KeLowerIrql(old);
    dirql_expect_bugcheck_with(INVALID_FLOATING_POINT_STATE, 1, APC_LEVEL, PASSIVE_LEVEL, 0);
    (void)!KeSaveFloatingPointState(&inner);
}

static void a_restore_of_nothing_is_bug_check_e7(void **state)
{
    KFLOATING_SAVE save = { 0 };

    (void)state;
    dirql_expect_bugcheck_with(INVALID_FLOATING_POINT_STATE, 0, 0, 0, 0);
    KeRestoreFloatingPointState(&save);
}

static void a_second_restore_is_bug_check_e7(void **state)
{
    KFLOATING_SAVE save;

    (void)state;
    assert_int_equal(KeSaveFloatingPointState(&save), STATUS_SUCCESS);
    KeRestoreFloatingPointState(&save);
    dirql_expect_bugcheck_with(INVALID_FLOATING_POINT_STATE, 0, DIRQL_ANY, DIRQL_ANY, DIRQL_ANY);
    KeRestoreFloatingPointState(&save);
}

static KFLOATING_SAVE shared;

static void restore_shared(void *context)
{
    (void)context;
    KeRestoreFloatingPointState(&shared);
}

static void a_restore_by_another_thread_is_bug_check_e7(void **state)
{
    (void)state;
    assert_int_equal(KeSaveFloatingPointState(&shared), STATUS_SUCCESS);
    dirql_expect_bugcheck_with(INVALID_FLOATING_POINT_STATE, 2, (ULONG_PTR)KeGetCurrentThread(),
                               DIRQL_ANY, 0);
    dirql_thread_join(dirql_thread_start("stranger", 0, restore_shared, NULL));
}

static void a_restore_of_the_outer_state_first_is_reported(void **state)
{
    KFLOATING_SAVE outer, inner;

    (void)state;
    assert_int_equal(KeSaveFloatingPointState(&outer), STATUS_SUCCESS);
    assert_int_equal(KeSaveFloatingPointState(&inner), STATUS_SUCCESS);
    dirql_expect_finding("ProcessorState");
    KeRestoreFloatingPointState(&outer);
}

static void a_save_over_a_saved_state_is_reported(void **state)
{
    KFLOATING_SAVE save;

    (void)state;
    assert_int_equal(KeSaveFloatingPointState(&save), STATUS_SUCCESS);
    dirql_expect_finding("ProcessorState");
    (void)!KeSaveFloatingPointState(&save);
}

static void a_save_without_memory_says_so(void **state)
{
    KFLOATING_SAVE save;

    (void)state;
    dirql_fail_set("other:1");
    assert_int_equal(KeSaveFloatingPointState(&save), STATUS_INSUFFICIENT_RESOURCES);
    assert_int_equal(KeSaveFloatingPointState(&save), STATUS_SUCCESS);
    KeRestoreFloatingPointState(&save);
}

static void a_saved_state_in_paged_memory_is_reported(void **state)
{
    PKFLOATING_SAVE save = ExAllocatePool2(POOL_FLAG_PAGED, sizeof(*save), 'taoF');

    (void)state;
    assert_non_null(save);
    dirql_expect_finding("PageableObject");
    (void)!KeSaveFloatingPointState(save);
}

/* ---- What returns without restoring ---------------------------------------------------------- */

static void a_test_that_ends_without_restoring_is_reported(void **state)
{
    static KFLOATING_SAVE save;

    (void)state;
    dirql_expect_finding("ProcessorStateLeft");
    (void)!KeSaveFloatingPointState(&save);
}

static void save_shared(void *context)
{
    (void)context;
    (void)!KeSaveFloatingPointState(&shared);
}

static void a_thread_that_ends_without_restoring_is_reported(void **state)
{
    (void)state;
    dirql_expect_finding("ProcessorStateLeft");
    dirql_thread_join(dirql_thread_start("careless", 0, save_shared, NULL));
}

static volatile LONG ran;

static VOID careless_dpc(PKDPC dpc, PVOID context, PVOID argument1, PVOID argument2)
{
    (void)dpc;
    (void)argument1;
    (void)argument2;
    save_shared(context);
    InterlockedIncrement(&ran);
}

static VOID careful_dpc(PKDPC dpc, PVOID context, PVOID argument1, PVOID argument2)
{
    KFLOATING_SAVE save;

    (void)dpc;
    (void)context;
    (void)argument1;
    (void)argument2;
    if (NT_SUCCESS(KeSaveFloatingPointState(&save))) {
        KeRestoreFloatingPointState(&save);
    }
    InterlockedIncrement(&ran);
}

static void await_run(void)
{
    while (ReadAcquire(&ran) == 0) {
        YieldProcessor();
    }
}

static void run_dpc(PKDEFERRED_ROUTINE routine, BOOLEAN threaded)
{
    static KDPC dpc;

    ran = 0;
    if (threaded) {
        KeInitializeThreadedDpc(&dpc, routine, NULL);
    } else {
        KeInitializeDpc(&dpc, routine, NULL);
    }
    KeInsertQueueDpc(&dpc, NULL, NULL);
    await_run();
    KeFlushQueuedDpcs();
}

static void a_dpc_that_returns_without_restoring_is_reported(void **state)
{
    (void)state;
    dirql_expect_finding("ProcessorStateLeft");
    run_dpc(careless_dpc, FALSE);
}

static void a_threaded_dpc_that_returns_without_restoring_is_reported(void **state)
{
    (void)state;
    dirql_expect_finding("ProcessorStateLeft");
    run_dpc(careless_dpc, TRUE);
}

static void a_dpc_on_top_of_code_that_saved_saves_and_restores(void **state)
{
    KFLOATING_SAVE save;

    (void)state;
    assert_int_equal(KeSaveFloatingPointState(&save), STATUS_SUCCESS);
    run_dpc(careful_dpc, FALSE);
    run_dpc(careful_dpc, TRUE);
    KeRestoreFloatingPointState(&save);
}

static VOID careless_work(PVOID context)
{
    save_shared(context);
    InterlockedIncrement(&ran);
}

static void a_work_item_that_returns_without_restoring_is_reported(void **state)
{
    static WORK_QUEUE_ITEM item;

    (void)state;
    ran = 0;
    dirql_expect_finding("ProcessorStateLeft");
    ExInitializeWorkItem(&item, careless_work, NULL);
    ExQueueWorkItem(&item, DelayedWorkQueue);
    await_run();
    dirql_time_advance_us(1);
}

/* ---- ISRs ------------------------------------------------------------------------------------ */

static volatile double scaled;

static void compute(struct wire *wire)
{
    scaled = scaled * 0.5 + 1.0;
    (void)wire;
}

static void save_in_isr(struct wire *wire)
{
    (void)wire;
    (void)!KeSaveFloatingPointState(&shared);
}

static void an_isr_of_x64_computes_without_saving(void **state)
{
    struct wire wire = { .claims = WIRE_ALWAYS, .act = compute };

    (void)state;
    scaled = 2.0;
    wire_make(&wire, &(dirql_line_options){ .name = "uart", .irql = 7 });
    dirql_line_assert(wire.line);
    wire_await(&wire, 1);
    IoDisconnectInterrupt(wire.interrupt);
    assert_true(scaled == 2.0);
}

static void a_save_in_an_isr_is_too_high(void **state)
{
    struct wire wire = { .claims = WIRE_ALWAYS, .act = save_in_isr };

    (void)state;
    wire_make(&wire, &(dirql_line_options){ .name = "uart", .irql = 7 });
    dirql_expect_finding("IrqlKeDispatchLte");
    dirql_line_assert(wire.line);
    await_the_end();
}

/* ---- Extended state -------------------------------------------------------------------------- */

static void extended_state_is_saved_and_restored(void **state)
{
    XSTATE_SAVE save;

    (void)state;
    assert_int_equal(KeSaveExtendedProcessorState(XSTATE_MASK_GSSE, &save), STATUS_SUCCESS);
    KeRestoreExtendedProcessorState(&save);
}

static void features_that_are_not_enabled_are_bug_check_131(void **state)
{
    XSTATE_SAVE save;

    (void)state;
    dirql_expect_bugcheck_with(INVALID_EXTENDED_PROCESSOR_STATE, 0, 1,
                               XSTATE_MASK_AVX512 | XSTATE_MASK_GSSE, 0);
    (void)!KeSaveExtendedProcessorState(XSTATE_MASK_AVX512 | XSTATE_MASK_GSSE, &save);
}

static void extended_state_restored_at_another_irql_is_bug_check_131(void **state)
{
    XSTATE_SAVE save;
    KIRQL old;

    (void)state;
    assert_int_equal(KeSaveExtendedProcessorState(XSTATE_MASK_LEGACY, &save), STATUS_SUCCESS);
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    dirql_expect_bugcheck_with(INVALID_EXTENDED_PROCESSOR_STATE, 4, PASSIVE_LEVEL, DISPATCH_LEVEL,
                               0);
    KeRestoreExtendedProcessorState(&save);
}

static void extended_state_saved_at_a_lower_irql_is_bug_check_131(void **state)
{
    XSTATE_SAVE outer, inner;
    KIRQL old;

    (void)state;
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    assert_int_equal(KeSaveExtendedProcessorState(XSTATE_MASK_LEGACY, &outer), STATUS_SUCCESS);
    KeLowerIrql(old);
    dirql_expect_bugcheck_with(INVALID_EXTENDED_PROCESSOR_STATE, 2, DISPATCH_LEVEL, PASSIVE_LEVEL,
                               0);
    (void)!KeSaveExtendedProcessorState(XSTATE_MASK_LEGACY, &inner);
}

static void extended_state_above_dispatch_level_is_bug_check_131(void **state)
{
    XSTATE_SAVE save;
    KIRQL old;

    (void)state;
    KeRaiseIrql(DISPATCH_LEVEL + 1, &old);
    dirql_expect_bugcheck_with(INVALID_EXTENDED_PROCESSOR_STATE, 1, DISPATCH_LEVEL + 1, 0, 0);
    (void)!KeSaveExtendedProcessorState(XSTATE_MASK_LEGACY, &save);
}

static XSTATE_SAVE shared_extended;

static void restore_shared_extended(void *context)
{
    (void)context;
    KeRestoreExtendedProcessorState(&shared_extended);
}

static void extended_state_restored_by_another_thread_is_bug_check_131(void **state)
{
    (void)state;
    assert_int_equal(KeSaveExtendedProcessorState(XSTATE_MASK_LEGACY, &shared_extended),
                     STATUS_SUCCESS);
    dirql_expect_bugcheck_with(INVALID_EXTENDED_PROCESSOR_STATE, 3, (ULONG_PTR)KeGetCurrentThread(),
                               DIRQL_ANY, 0);
    dirql_thread_join(dirql_thread_start("stranger", 0, restore_shared_extended, NULL));
}

static void extended_state_that_is_left_is_reported(void **state)
{
    (void)state;
    dirql_expect_finding("ProcessorStateLeft");
    (void)!KeSaveExtendedProcessorState(XSTATE_MASK_GSSE, &shared_extended);
}

/* ---- Features -------------------------------------------------------------------------------- */

static void enabled_features_are_those_of_the_mask(void **state)
{
    (void)state;
    assert_true(RtlGetEnabledExtendedFeatures((ULONG64)-1) ==
                (XSTATE_MASK_LEGACY | XSTATE_MASK_GSSE));
    assert_true(RtlGetEnabledExtendedFeatures(XSTATE_MASK_GSSE) == XSTATE_MASK_GSSE);
    assert_true(RtlGetEnabledExtendedFeatures(XSTATE_MASK_AVX512) == 0);
}

static void features_of_the_processor_are_those_of_x64(void **state)
{
    (void)state;
    assert_true(ExIsProcessorFeaturePresent(PF_XMMI64_INSTRUCTIONS_AVAILABLE));
    assert_true(ExIsProcessorFeaturePresent(PF_XSAVE_ENABLED));
    assert_false(ExIsProcessorFeaturePresent(PF_FLOATING_POINT_EMULATED));
    assert_false(ExIsProcessorFeaturePresent(PF_3DNOW_INSTRUCTIONS_AVAILABLE));
    assert_false(ExIsProcessorFeaturePresent(1000));
}

#define BARE(test) dirql_unit_test(test, .checks = DIRQL_CHECKS_NONE)

int main(void)
{
    const struct CMUnitTest tests[] = {
        dirql_unit_test(a_restore_brings_back_how_the_processor_rounds),
        dirql_unit_test(a_save_begins_with_the_defaults),
        dirql_unit_test(saves_nest),
        dirql_unit_test(a_restore_at_another_irql_is_bug_check_e7),
        dirql_unit_test(a_nested_save_at_a_lower_irql_is_bug_check_e7),
        dirql_unit_test(a_restore_of_nothing_is_bug_check_e7),
        dirql_unit_test(a_second_restore_is_bug_check_e7),
        dirql_unit_test(a_restore_by_another_thread_is_bug_check_e7),
        dirql_unit_test(a_restore_of_the_outer_state_first_is_reported),
        dirql_unit_test(a_save_over_a_saved_state_is_reported),
        dirql_unit_test(a_save_without_memory_says_so),
        dirql_unit_test(a_saved_state_in_paged_memory_is_reported),
        dirql_unit_test(a_test_that_ends_without_restoring_is_reported),
        dirql_unit_test(a_thread_that_ends_without_restoring_is_reported),
        dirql_unit_test(a_dpc_that_returns_without_restoring_is_reported),
        dirql_unit_test(a_threaded_dpc_that_returns_without_restoring_is_reported),
        dirql_unit_test(a_dpc_on_top_of_code_that_saved_saves_and_restores),
        dirql_unit_test(a_work_item_that_returns_without_restoring_is_reported),
        dirql_unit_test(an_isr_of_x64_computes_without_saving),
        dirql_unit_test(a_save_in_an_isr_is_too_high),
        dirql_unit_test(extended_state_is_saved_and_restored),
        dirql_unit_test(features_that_are_not_enabled_are_bug_check_131),
        dirql_unit_test(extended_state_restored_at_another_irql_is_bug_check_131),
        dirql_unit_test(extended_state_saved_at_a_lower_irql_is_bug_check_131),
        BARE(extended_state_above_dispatch_level_is_bug_check_131),
        dirql_unit_test(extended_state_restored_by_another_thread_is_bug_check_131),
        dirql_unit_test(extended_state_that_is_left_is_reported),
        dirql_unit_test(enabled_features_are_those_of_the_mask),
        dirql_unit_test(features_of_the_processor_are_those_of_x64),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
