/* Tests of lib/io/bus.c: what a bus driver answers for its device. */
#include "pnp.h"

/* Sent to the physical device object with the status of a request that nobody has handled. */
static IO_STATUS_BLOCK send(UCHAR major, UCHAR minor,
                            void (*fill)(PIO_STACK_LOCATION stack, void *context), void *context)
{
    KEVENT event;
    IO_STATUS_BLOCK status;
    PIRP irp;

    KeInitializeEvent(&event, NotificationEvent, FALSE);
    irp = IoBuildSynchronousFsdRequest(IRP_MJ_PNP, pdo, NULL, 0, NULL, &event, &status);
    assert_non_null(irp);
    irp->IoStatus.Status = STATUS_NOT_SUPPORTED;
    IoGetNextIrpStackLocation(irp)->MajorFunction = major;
    IoGetNextIrpStackLocation(irp)->MinorFunction = minor;
    if (fill != NULL) {
        fill(IoGetNextIrpStackLocation(irp), context);
    }
    if (IoCallDriver(pdo, irp) == STATUS_PENDING) {
        KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, NULL);
    }
    return status;
}

/* ---- Plug and Play --------------------------------------------------------------------------- */

static void what_happens_to_its_device_succeeds(void **state)
{
    static const UCHAR minors[] = {
        IRP_MN_START_DEVICE,        IRP_MN_QUERY_STOP_DEVICE,    IRP_MN_CANCEL_STOP_DEVICE,
        IRP_MN_QUERY_STOP_DEVICE,   IRP_MN_STOP_DEVICE,          IRP_MN_START_DEVICE,
        IRP_MN_QUERY_REMOVE_DEVICE, IRP_MN_CANCEL_REMOVE_DEVICE, IRP_MN_SURPRISE_REMOVAL,
        IRP_MN_REMOVE_DEVICE,
    };

    (void)state;
    for (size_t i = 0; i < RTL_NUMBER_OF(minors); i++) {
        assert_int_equal(send(IRP_MJ_PNP, minors[i], NULL, NULL).Status, STATUS_SUCCESS);
    }
}

static void what_it_does_not_know_keeps_its_status(void **state)
{
    (void)state;
    assert_int_equal(send(IRP_MJ_PNP, IRP_MN_QUERY_PNP_DEVICE_STATE, NULL, NULL).Status,
                     STATUS_NOT_SUPPORTED);
    assert_int_equal(send(IRP_MJ_PNP, IRP_MN_FILTER_RESOURCE_REQUIREMENTS, NULL, NULL).Status,
                     STATUS_NOT_SUPPORTED);
    assert_int_equal(send(IRP_MJ_SYSTEM_CONTROL, IRP_MN_QUERY_ALL_DATA, NULL, NULL).Status,
                     STATUS_NOT_SUPPORTED);
}

static void ask_capabilities(PIO_STACK_LOCATION stack, void *context)
{
    stack->Parameters.DeviceCapabilities.Capabilities = context;
}

static DEVICE_CAPABILITIES capabilities(USHORT version, USHORT bytes)
{
    return (DEVICE_CAPABILITIES){ .Version = version, .Size = bytes, .Address = MAXULONG,
                                  .UINumber = MAXULONG };
}

static void its_device_is_on_or_off(void **state)
{
    DEVICE_CAPABILITIES told = capabilities(1, sizeof(told));

    (void)state;
    assert_int_equal(
        send(IRP_MJ_PNP, IRP_MN_QUERY_CAPABILITIES, ask_capabilities, &told).Status,
        STATUS_SUCCESS);
    assert_int_equal(told.DeviceState[PowerSystemWorking], PowerDeviceD0);
    for (unsigned i = PowerSystemSleeping1; i < PowerSystemMaximum; i++) {
        assert_int_equal(told.DeviceState[i], PowerDeviceD3);
    }
    assert_int_equal(told.Address, MAXULONG); /* Is not known. */
    assert_int_equal(told.UINumber, MAXULONG);
    assert_false(told.Removable);
}

static void capabilities_of_another_version_are_not_told(void **state)
{
    DEVICE_CAPABILITIES other = capabilities(2, sizeof(other));
    DEVICE_CAPABILITIES small = capabilities(1, sizeof(small) - 1);

    (void)state;
    assert_false(NT_SUCCESS(
        send(IRP_MJ_PNP, IRP_MN_QUERY_CAPABILITIES, ask_capabilities, &other).Status));
    assert_false(NT_SUCCESS(
        send(IRP_MJ_PNP, IRP_MN_QUERY_CAPABILITIES, ask_capabilities, &small).Status));
    assert_int_equal(other.DeviceState[PowerSystemWorking], PowerDeviceUnspecified);
}

static void ask_relations(PIO_STACK_LOCATION stack, void *context)
{
    stack->Parameters.QueryDeviceRelations.Type = *(DEVICE_RELATION_TYPE *)context;
}

static IO_STATUS_BLOCK relations(DEVICE_RELATION_TYPE type)
{
    return send(IRP_MJ_PNP, IRP_MN_QUERY_DEVICE_RELATIONS, ask_relations, &type);
}

/* Who asks dereferences what it is told, and frees the list. */
static void the_target_of_its_device_is_the_device(void **state)
{
    const IO_STATUS_BLOCK answer = relations(TargetDeviceRelation);
    const PDEVICE_RELATIONS told = (PDEVICE_RELATIONS)answer.Information;

    (void)state;
    assert_int_equal(answer.Status, STATUS_SUCCESS);
    assert_int_equal(told->Count, 1);
    assert_ptr_equal(told->Objects[0], pdo);
    ObDereferenceObject(told->Objects[0]);
    ExFreePool(told);
}

static void without_memory_there_is_no_answer(void **state)
{
    (void)state;
    dirql_fail_set("pool:1");
    assert_int_equal(relations(TargetDeviceRelation).Status, STATUS_INSUFFICIENT_RESOURCES);
}

static void other_relations_are_for_other_drivers(void **state)
{
    (void)state;
    assert_int_equal(relations(BusRelations).Status, STATUS_NOT_SUPPORTED);
    assert_int_equal(relations(RemovalRelations).Status, STATUS_NOT_SUPPORTED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        dirql_unit_test_setup(what_happens_to_its_device_succeeds, pnp_start),
        dirql_unit_test_setup(what_it_does_not_know_keeps_its_status, pnp_start),
        dirql_unit_test_setup(its_device_is_on_or_off, pnp_start),
        dirql_unit_test_setup(capabilities_of_another_version_are_not_told, pnp_start),
        dirql_unit_test_setup(the_target_of_its_device_is_the_device, pnp_start),
        dirql_unit_test_setup(without_memory_there_is_no_answer, pnp_start),
        dirql_unit_test_setup(other_relations_are_for_other_drivers, pnp_start),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
