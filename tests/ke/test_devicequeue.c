/* Tests of lib/ke/devicequeue.c. */
#include <string.h>

#include <dirql/check.h>
#include <dirql/cmocka.h>
#include <ntddk.h>

static KDEVICE_QUEUE queue;
static KDEVICE_QUEUE_ENTRY first, second, third, fourth;

static int start(void **state)
{
    (void)state;
    memset(&first, 0, sizeof(first));
    memset(&second, 0, sizeof(second));
    memset(&third, 0, sizeof(third));
    memset(&fourth, 0, sizeof(fourth));
    KeInitializeDeviceQueue(&queue);
    return 0;
}

static KIRQL old;

static void begin(void)
{
    KeRaiseIrql(DISPATCH_LEVEL, &old);
}

static void end(void)
{
    KeLowerIrql(old);
}

static void the_first_makes_it_busy(void **state)
{
    (void)state;
    begin();
    assert_false(queue.Busy);
    assert_false(KeInsertDeviceQueue(&queue, &first));
    assert_true(queue.Busy);
    assert_true(KeInsertDeviceQueue(&queue, &second));
    assert_true(second.Inserted);
    assert_false(first.Inserted);
    end();
}

static void they_come_out_in_order_of_arrival(void **state)
{
    (void)state;
    begin();
    assert_false(KeInsertDeviceQueue(&queue, &first));
    assert_true(KeInsertDeviceQueue(&queue, &second));
    assert_true(KeInsertDeviceQueue(&queue, &third));
    assert_ptr_equal(KeRemoveDeviceQueue(&queue), &second);
    assert_false(second.Inserted);
    assert_ptr_equal(KeRemoveDeviceQueue(&queue), &third);
    assert_true(queue.Busy);
    assert_null(KeRemoveDeviceQueue(&queue));
    assert_false(queue.Busy);
    end();
}

static void a_key_puts_them_in_order(void **state)
{
    (void)state;
    begin();
    assert_false(KeInsertByKeyDeviceQueue(&queue, &first, 5));
    assert_true(KeInsertByKeyDeviceQueue(&queue, &second, 30));
    assert_true(KeInsertByKeyDeviceQueue(&queue, &third, 10));
    assert_true(KeInsertByKeyDeviceQueue(&queue, &fourth, 10));
    assert_ptr_equal(KeRemoveDeviceQueue(&queue), &third);
    assert_ptr_equal(KeRemoveDeviceQueue(&queue), &fourth);
    assert_ptr_equal(KeRemoveDeviceQueue(&queue), &second);
    end();
}

static void one_is_removed_by_its_key_or_the_next(void **state)
{
    (void)state;
    begin();
    assert_false(KeInsertByKeyDeviceQueue(&queue, &first, 5));
    assert_true(KeInsertByKeyDeviceQueue(&queue, &second, 10));
    assert_true(KeInsertByKeyDeviceQueue(&queue, &third, 20));
    assert_true(KeInsertByKeyDeviceQueue(&queue, &fourth, 30));
    assert_ptr_equal(KeRemoveByKeyDeviceQueue(&queue, 15), &third);
    assert_ptr_equal(KeRemoveByKeyDeviceQueue(&queue, 31), &second);
    assert_ptr_equal(KeRemoveByKeyDeviceQueue(&queue, 30), &fourth);
    assert_null(KeRemoveByKeyDeviceQueue(&queue, 0));
    assert_false(queue.Busy);
    end();
}

static void a_certain_one_is_removed_while_it_is_there(void **state)
{
    (void)state;
    begin();
    assert_false(KeInsertDeviceQueue(&queue, &first));
    assert_true(KeInsertDeviceQueue(&queue, &second));
    assert_true(KeInsertDeviceQueue(&queue, &third));
    assert_true(KeRemoveEntryDeviceQueue(&queue, &third));
    assert_false(KeRemoveEntryDeviceQueue(&queue, &third));
    assert_false(KeRemoveEntryDeviceQueue(&queue, &first));
    assert_ptr_equal(KeRemoveDeviceQueue(&queue), &second);
    assert_null(KeRemoveDeviceQueue(&queue));
    end();
}

/* ---- Misuse ---------------------------------------------------------------------------------- */

static void removing_from_one_that_is_not_busy_is_bug_check_2(void **state)
{
    (void)state;
    begin();
    dirql_expect_bugcheck_with(DEVICE_QUEUE_NOT_BUSY, (ULONG_PTR)&queue, 0, 0, 0);
    (void)KeRemoveDeviceQueue(&queue);
    fail_msg("nobody inserted anything");
}

static void so_is_removing_by_a_key(void **state)
{
    (void)state;
    begin();
    dirql_expect_bugcheck_with(DEVICE_QUEUE_NOT_BUSY, (ULONG_PTR)&queue, 0, 0, 0);
    (void)KeRemoveByKeyDeviceQueue(&queue, 1);
    fail_msg("nobody inserted anything");
}

static void removing_an_entry_from_one_that_is_not_busy_removes_nothing(void **state)
{
    (void)state;
    assert_false(KeRemoveEntryDeviceQueue(&queue, &first));
    assert_false(queue.Busy);
}

static void inserting_an_entry_twice_is_reported(void **state)
{
    (void)state;
    begin();
    assert_false(KeInsertDeviceQueue(&queue, &first));
    assert_true(KeInsertDeviceQueue(&queue, &second));
    dirql_expect_finding("DeviceQueue");
    (void)KeInsertDeviceQueue(&queue, &second);
    fail_msg("it is in the list");
}

static void one_that_was_not_initialised_is_reported(void **state)
{
    KDEVICE_QUEUE another;

    (void)state;
    begin();
    memset(&another, 0, sizeof(another));
    dirql_expect_finding("wrong object");
    (void)KeInsertDeviceQueue(&another, &first);
    fail_msg("it was only cleared");
}

static void passive_level_is_too_low(void **state)
{
    (void)state;
    dirql_expect_finding("IrqlDispatch");
    (void)KeInsertDeviceQueue(&queue, &first);
    fail_msg("it needs DISPATCH_LEVEL");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        dirql_unit_test_setup(the_first_makes_it_busy, start),
        dirql_unit_test_setup(they_come_out_in_order_of_arrival, start),
        dirql_unit_test_setup(a_key_puts_them_in_order, start),
        dirql_unit_test_setup(one_is_removed_by_its_key_or_the_next, start),
        dirql_unit_test_setup(a_certain_one_is_removed_while_it_is_there, start),
        dirql_unit_test_setup(removing_from_one_that_is_not_busy_is_bug_check_2, start),
        dirql_unit_test_setup(so_is_removing_by_a_key, start),
        dirql_unit_test_setup(removing_an_entry_from_one_that_is_not_busy_removes_nothing, start),
        dirql_unit_test_setup(inserting_an_entry_twice_is_reported, start),
        dirql_unit_test_setup(one_that_was_not_initialised_is_reported, start),
        dirql_unit_test_setup(passive_level_is_too_low, start),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
