/*
 * test_argumentrules.c - arguments that cannot be meant, and have no effect or another one.
 */
#include "rule.h"

enum { TAG = 0x74736554 };

static KTIMER timer;
static KDPC dpc;
static LARGE_INTEGER due;

static VOID note(PKDPC of, PVOID context, PVOID a1, PVOID a2)
{
    (void)of;
    (void)context;
    (void)a1;
    (void)a2;
}

/* ---- Times ----------------------------------------------------------------------------------- */

static void set_a_timer(void *context)
{
    (void)context;
    KeInitializeTimer(&timer);
    KeSetTimer(&timer, due, NULL);
    KeCancelTimer(&timer);
}

static void set_a_timer_with_a_period(void *context)
{
    (void)context;
    KeInitializeTimer(&timer);
    KeSetTimerEx(&timer, due, 10, NULL);
    KeCancelTimer(&timer);
}

static void delay(void *context)
{
    (void)context;
    KeDelayExecutionThread(KernelMode, FALSE, &due);
}

static void set_a_timer_to_now_and_to_tomorrow(void *context)
{
    (void)context;
    KeQuerySystemTime(&due);
    set_a_timer(NULL);
    due.QuadPart += 24ll * 60 * 60 * 10000000;
    set_a_timer(NULL);
}

static void an_interval_is_negative(void **state)
{
    (void)state;
    due.QuadPart = 10000;
    assert_warned(set_a_timer, 1, 1, "DueTime");
    assert_report_has("KeSetTimer was given the time 10000");
    assert_report_has("an interval of 1000 microseconds");
    assert_warned(set_a_timer_with_a_period, 1, 1, "DueTime");
    assert_warned(delay, 1, 1, "DueTime");
    due.QuadPart = 0;
    assert_silent(set_a_timer, 1, "DueTime");
    assert_silent(delay, 1, "DueTime");
    due.QuadPart = -10000;
    assert_silent(set_a_timer, 1, "DueTime");
    assert_silent(set_a_timer_with_a_period, 1, "DueTime");
    assert_silent(delay, 1, "DueTime");
    assert_silent(set_a_timer_to_now_and_to_tomorrow, 1, "DueTime");
}

/* ---- DPCs ------------------------------------------------------------------------------------ */

static int importance;
static int target;

static void set_importance(void *context)
{
    (void)context;
    KeInitializeDpc(&dpc, note, NULL);
    KeSetImportanceDpc(&dpc, (KDPC_IMPORTANCE)importance);
}

static void set_target(void *context)
{
    (void)context;
    KeInitializeDpc(&dpc, note, NULL);
    KeSetTargetProcessorDpc(&dpc, (CCHAR)target);
}

static void the_importance_and_the_target_of_a_dpc_exist(void **state)
{
    (void)state;
    for (importance = LowImportance; importance <= MediumHighImportance; importance++) {
        assert_silent(set_importance, 1, "DpcImportance");
    }
    assert_error(set_importance, 1, "DpcImportance");
    target = 0;
    assert_silent(set_target, 1, "DpcTarget");
    target = 100;
    assert_warned(set_target, 1, 1, "DpcTarget");
    assert_report_has("KeSetTargetProcessorDpc was given processor 100");
}

/* ---- Lookaside lists ------------------------------------------------------------------------- */

static NPAGED_LOOKASIDE_LIST old_list;
static LOOKASIDE_LIST_EX list;
static USHORT depth;

static void initialize_an_old_list(void *context)
{
    (void)context;
    ExInitializeNPagedLookasideList(&old_list, NULL, NULL, 0, 64, TAG, depth);
    ExDeleteNPagedLookasideList(&old_list);
}

static void initialize_a_list(void *context)
{
    (void)context;
    assert_int_equal(
        ExInitializeLookasideListEx(&list, NULL, NULL, NonPagedPoolNx, 0, 64, TAG, depth),
        STATUS_SUCCESS);
    ExDeleteLookasideListEx(&list);
}

static void the_depth_of_a_lookaside_list_is_zero(void **state)
{
    (void)state;
    depth = 0;
    assert_silent(initialize_an_old_list, 1, "LookasideDepth");
    assert_silent(initialize_a_list, 1, "LookasideDepth");
    depth = 16;
    assert_warned(initialize_an_old_list, 1, 1, "LookasideDepth");
    assert_report_has("ExInitializeNPagedLookasideList was given 16");
    assert_warned(initialize_a_list, 1, 1, "LookasideDepth");
}

static int forget(void **state)
{
    (void)state;
    dirql_result_free(&rule_result);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_interval_is_negative),
        cmocka_unit_test(the_importance_and_the_target_of_a_dpc_exist),
        cmocka_unit_test(the_depth_of_a_lookaside_list_is_zero),
    };

    return cmocka_run_group_tests(tests, NULL, forget);
}
