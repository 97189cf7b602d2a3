/*
 * test_memoryrules.c - objects and work items in paged pool are found, and accesses to it at
 * DISPATCH_LEVEL; nonpaged pool, and paged pool below, are fine.
 */
#include "rule.h"

#include "sim/emit.h"
#include "sim/access.h"
#include "sim/machine.h"

enum { TAG = 0x74736554 };

static KIRQL old;
static POOL_FLAGS pool;
static void *memory;

static void initialize_an_event(void *context)
{
    (void)context;
    memory = ExAllocatePool2(pool, sizeof(KEVENT), TAG);
    KeInitializeEvent(memory, NotificationEvent, FALSE);
    ExFreePoolWithTag(memory, TAG);
}

static void initialize_a_lock(void *context)
{
    (void)context;
    memory = ExAllocatePool2(pool, 64, TAG);
    memory = (char *)memory + 8;
    KeInitializeSpinLock(memory);
    ExFreePoolWithTag((char *)memory - 8, TAG);
}

static VOID work(PVOID context)
{
    (void)context;
}

static void initialize_a_work_item(void *context)
{
    (void)context;
    memory = ExAllocatePool2(pool, sizeof(WORK_QUEUE_ITEM), TAG);
    ExInitializeWorkItem((PWORK_QUEUE_ITEM)memory, work, NULL);
    ExQueueWorkItem((PWORK_QUEUE_ITEM)memory, DelayedWorkQueue);
    settle();
    ExFreePoolWithTag(memory, TAG);
}

static void object_in_paged_pool_is_found(void **state)
{
    (void)state;
    pool = POOL_FLAG_PAGED;
    rule_run(1, initialize_an_event);
    assert_int_equal(rule_result.code, DRIVER_VERIFIER_DETECTED_VIOLATION);
    assert_int_equal(rule_result.parameters[0], 0xE1);
    assert_int_equal(rule_result.parameters[1], (ULONG_PTR)memory);
    assert_verifier(initialize_a_lock, 0xE1, (ULONG_PTR)memory, 0, 0, "PageableObject");
    pool = POOL_FLAG_NON_PAGED;
    assert_silent(initialize_an_event, 1, "PageableObject");
    assert_silent(initialize_a_lock, 1, "PageableObject");
}

static void work_item_in_paged_pool_is_found(void **state)
{
    (void)state;
    pool = POOL_FLAG_PAGED;
    assert_verifier(initialize_a_work_item, 0x131, (ULONG_PTR)memory, 0, 0, "PageableWorkItem");
    pool = POOL_FLAG_NON_PAGED;
    assert_silent(initialize_a_work_item, 1, "PageableWorkItem");
}

/* As instrumented code says it. */
static void write_to(void *address)
{
    const dq_event event = { .kind = DQ_EVENT_ACCESS,
                             .object = address,
                             .a = 4,
                             .b = DQ_ACCESS_WRITE,
                             .place = __builtin_return_address(0) };
    DQ_INSIDE(dq_self->live);

    dq_emit_to_sinks(dq_self, &event);
}

static void write_at_dispatch(void *context)
{
    (void)context;
    memory = ExAllocatePool2(pool, 64, TAG);
    write_to(memory);
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    write_to((char *)memory + 4);
    KeLowerIrql(old);
    ExFreePoolWithTag(memory, TAG);
}

static void access_to_paged_pool_at_dispatch_is_found(void **state)
{
    (void)state;
    pool = POOL_FLAG_PAGED;
    assert_broken(write_at_dispatch, 1, DRIVER_IRQL_NOT_LESS_OR_EQUAL, (ULONG_PTR)memory + 4,
                  DISPATCH_LEVEL, 1, DIRQL_ANY, "PagedAccess");
    pool = POOL_FLAG_NON_PAGED;
    assert_silent(write_at_dispatch, 1, "PagedAccess");
}

static VOID write_in_dpc(PKDPC object, PVOID context, PVOID argument1, PVOID argument2)
{
    (void)object;
    (void)context;
    (void)argument1;
    (void)argument2;
    write_to(memory);
}

static void write_in_a_threaded_dpc(void *context)
{
    static KDPC dpc;

    (void)context;
    memory = ExAllocatePool2(pool, 64, TAG);
    KeInitializeThreadedDpc(&dpc, write_in_dpc, NULL);
    KeInsertQueueDpc(&dpc, NULL, NULL);
    KeFlushQueuedDpcs();
    ExFreePoolWithTag(memory, TAG);
}

static void access_to_paged_pool_by_a_threaded_dpc_is_found(void **state)
{
    (void)state;
    pool = POOL_FLAG_PAGED;
    assert_broken(write_in_a_threaded_dpc, 1, DRIVER_IRQL_NOT_LESS_OR_EQUAL, (ULONG_PTR)memory,
                  DISPATCH_LEVEL, 1, DIRQL_ANY, "ThreadedDpc");
    pool = POOL_FLAG_NON_PAGED;
    assert_silent(write_in_a_threaded_dpc, 1, "ThreadedDpc");
}

static void write_beside_and_after(void *context)
{
    (void)context;
    dirql_suppress("PoolUsedAfterFree", NULL, "it is about what is paged");
    memory = ExAllocatePool2(POOL_FLAG_PAGED, 64, TAG);
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    write_to((char *)memory + 64); /* The first byte behind it is somebody else's. */
    KeLowerIrql(old);
    ExFreePoolWithTag(memory, TAG);
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    write_to(memory); /* It may be anybody's by now. */
    KeLowerIrql(old);
}

static void only_the_block_itself_is_paged_while_it_is_allocated(void **state)
{
    (void)state;
    assert_silent(write_beside_and_after, 1, "PagedAccess");
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
        cmocka_unit_test(object_in_paged_pool_is_found),
        cmocka_unit_test(work_item_in_paged_pool_is_found),
        cmocka_unit_test(access_to_paged_pool_at_dispatch_is_found),
        cmocka_unit_test(access_to_paged_pool_by_a_threaded_dpc_is_found),
        cmocka_unit_test(only_the_block_itself_is_paged_while_it_is_allocated),
    };

    return cmocka_run_group_tests(tests, NULL, forget);
}
