/*
 * test_invalidate.c - what a driver says has changed, and the questions that follow.
 */
#include "pnp.h"

#include <dirql/clock.h>

#include "../settle.h"

static DRIVER_OBJECT driver;
static PDEVICE_OBJECT device;
static volatile LONG calls, minor, relations;
static volatile KIRQL irql;

static NTSTATUS answer(PDEVICE_OBJECT object, PIRP irp)
{
    const PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(irp);

    (void)object;
    minor = stack->MinorFunction;
    irql = KeGetCurrentIrql();
    if (minor == IRP_MN_QUERY_DEVICE_RELATIONS) {
        PDEVICE_RELATIONS list = ExAllocatePoolZero(PagedPool, sizeof(*list), 'leR ');

        relations = stack->Parameters.QueryDeviceRelations.Type;
        list->Count = 1;
        list->Objects[0] = device;
        ObReferenceObject(device);
        irp->IoStatus.Information = (ULONG_PTR)list;
    }
    irp->IoStatus.Status = STATUS_SUCCESS;
    InterlockedIncrement(&calls);
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    return STATUS_SUCCESS;
}

static int start(void **state)
{
    (void)pnp_start(state);
    calls = 0;
    memset(&driver, 0, sizeof(driver));
    driver.MajorFunction[IRP_MJ_PNP] = answer;
    if (IoCreateDevice(&driver, 0, NULL, FILE_DEVICE_SOUND, 0, FALSE, &device) != STATUS_SUCCESS ||
        IoAttachDeviceToDeviceStack(device, pdo) != pdo) {
        return 1;
    }
    device->Flags &= ~(ULONG)DO_DEVICE_INITIALIZING;
    return 0;
}

static int stop(void **state)
{
    (void)state;
    IoDetachDevice(pdo);
    IoDeleteDevice(device);
    return 0;
}

static void wait_for_question(void)
{
    for (unsigned i = 0; i < 100 && ReadAcquire(&calls) == 0; i++) {
        settle();
    }
}

/* Which may run on another processor at once. */
static void the_state_is_asked_for_on_a_thread(void **state)
{
    KIRQL old;

    (void)state;
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    IoInvalidateDeviceState(pdo);
    KeLowerIrql(old);
    wait_for_question();
    assert_int_equal(minor, IRP_MN_QUERY_PNP_DEVICE_STATE);
    assert_int_equal(irql, PASSIVE_LEVEL);
}

static void the_children_are_asked_for_and_the_list_is_freed(void **state)
{
    (void)state;
    IoInvalidateDeviceRelations(pdo, BusRelations);
    wait_for_question();
    assert_int_equal(minor, IRP_MN_QUERY_DEVICE_RELATIONS);
    assert_int_equal(relations, BusRelations);
}

static void ejection_relations_are_not_asked_for(void **state)
{
    (void)state;
    IoInvalidateDeviceRelations(pdo, EjectionRelations);
    settle();
    assert_int_equal(calls, 0);
}

static void a_device_that_is_not_physical_is_a_finding(void **state)
{
    (void)state;
    dirql_expect_finding("PhysicalDevice");
    IoInvalidateDeviceState(device);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        dirql_unit_test_setup_teardown(the_state_is_asked_for_on_a_thread, start, stop),
        dirql_unit_test_setup_teardown(the_children_are_asked_for_and_the_list_is_freed, start,
                                       stop),
        dirql_unit_test_setup_teardown(the_state_is_asked_for_on_a_thread, start, stop,
                                       .mode = DIRQL_MODE_EXPLORE, .processors = 2),
        dirql_unit_test_setup_teardown(the_children_are_asked_for_and_the_list_is_freed, start,
                                       stop, .mode = DIRQL_MODE_EXPLORE, .processors = 2),
        dirql_unit_test_setup_teardown(ejection_relations_are_not_asked_for, start, stop),
        dirql_unit_test_setup(a_device_that_is_not_physical_is_a_finding, start),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
