/* Tests of lib/io/irp.c: IRPs allocated, initialised, used again and freed. */
#include "stack.h"

static int start(void **state)
{
    (void)state;
    stack_make();
    return 0;
}

static void one_is_allocated_with_its_locations(void **state)
{
    PIRP irp = IoAllocateIrp(3, FALSE);

    (void)state;
    assert_int_equal(irp->Type, IO_TYPE_IRP);
    assert_int_equal(irp->Size, IoSizeOfIrp(3));
    assert_int_equal(irp->StackCount, 3);
    assert_int_equal(irp->CurrentLocation, 4);
    assert_ptr_equal(IoGetNextIrpStackLocation(irp), (PIO_STACK_LOCATION)(irp + 1) + 2);
    assert_int_equal(irp->IoStatus.Status, STATUS_SUCCESS);
    assert_null(irp->CancelRoutine);
    IoFreeIrp(irp);
    irp = IoAllocateIrpEx(stack.lower, 1, FALSE);
    assert_int_equal(irp->StackCount, 1);
    IoFreeIrp(irp);
    stack_delete();
}

static void its_size_grows_by_a_location(void **state)
{
    (void)state;
    stack_delete();
    assert_int_equal(IoSizeOfIrp(0), sizeof(IRP));
    assert_int_equal(IoSizeOfIrp(2) - IoSizeOfIrp(1), sizeof(IO_STACK_LOCATION));
}

static void more_locations_than_a_number_holds_are_reported(void **state)
{
    (void)state;
    dirql_expect_finding("IrpSize");
    (void)IoAllocateIrp(127, FALSE);
    fail_msg("CurrentLocation would be 128");
}

static void memory_of_the_drivers_own_can_be_an_irp(void **state)
{
    struct own_request own = { .irp = ExAllocatePoolZero(NonPagedPool, IoSizeOfIrp(2), 1) };

    (void)state;
    KeInitializeEvent(&own.done, NotificationEvent, FALSE);
    IoInitializeIrp(own.irp, IoSizeOfIrp(2), 2);
    own_set_up(&own, IRP_MJ_READ);
    assert_int_equal(own_send(&own), STATUS_SUCCESS);
    assert_int_equal(own.completions, 1);
    IoInitializeIrp(own.irp, IoSizeOfIrp(2), 2);
    own_set_up(&own, IRP_MJ_READ);
    assert_int_equal(own_send(&own), STATUS_SUCCESS);
    assert_int_equal(own.completions, 2);
    IoFreeIrp(own.irp);
    ExFreePoolWithTag(own.irp, 1);
    stack_delete();
}

static void too_little_memory_for_the_locations_is_reported(void **state)
{
    static ULONG_PTR memory[100];

    (void)state;
    dirql_expect_finding("IrpSize");
    IoInitializeIrp((PIRP)(void *)memory, IoSizeOfIrp(1), 2);
    fail_msg("the second location lies behind its end");
}

static void an_irp_in_paged_pool_is_reported(void **state)
{
    PIRP irp = ExAllocatePoolZero(PagedPool, IoSizeOfIrp(1), 1);

    (void)state;
    dirql_expect_finding("PageableObject");
    IoInitializeIrp(irp, IoSizeOfIrp(1), 1);
    fail_msg("drivers use it at DISPATCH_LEVEL");
}

static void one_that_came_back_is_used_again(void **state)
{
    struct own_request own;

    (void)state;
    own_make(&own, IRP_MJ_READ);
    assert_int_equal(own_send(&own), STATUS_SUCCESS);
    IoReuseIrp(own.irp, STATUS_NOT_SUPPORTED);
    assert_int_equal(own.irp->IoStatus.Status, STATUS_NOT_SUPPORTED);
    assert_int_equal(own.irp->CurrentLocation, own.irp->StackCount + 1);
    own_set_up(&own, IRP_MJ_PNP);
    assert_int_equal(own_send(&own), STATUS_SUCCESS);
    assert_int_equal(own.completions, 2);
    IoFreeIrp(own.irp);
    stack_delete();
}

/* ---- Misuse ---------------------------------------------------------------------------------- */

static void freeing_it_twice_is_reported(void **state)
{
    PIRP irp = IoAllocateIrp(1, FALSE);

    (void)state;
    IoFreeIrp(irp);
    dirql_expect_bugcheck_with(DRIVER_VERIFIER_IOMANAGER_VIOLATION, 0x01, (ULONG_PTR)irp, DIRQL_ANY,
                               DIRQL_ANY);
    IoFreeIrp(irp);
    fail_msg("it is gone");
}

static void freeing_what_is_no_irp_is_reported(void **state)
{
    static ULONG_PTR memory[100];

    (void)state;
    dirql_expect_bugcheck_with(DRIVER_VERIFIER_IOMANAGER_VIOLATION, 0x01, (ULONG_PTR)memory,
                               DIRQL_ANY, DIRQL_ANY);
    IoFreeIrp((PIRP)(void *)memory);
    fail_msg("it was never initialised");
}

static void freeing_it_while_a_driver_has_it_is_reported(void **state)
{
    struct own_request own;

    (void)state;
    stack.lower_does = stack_keep;
    own_make(&own, IRP_MJ_READ);
    assert_int_equal(own_send(&own), STATUS_PENDING);
    dirql_expect_bugcheck_with(DRIVER_VERIFIER_IOMANAGER_VIOLATION, 0x20B, DIRQL_ANY,
                               (ULONG_PTR)own.irp, DIRQL_ANY);
    IoFreeIrp(own.irp);
    fail_msg("the lower driver has it");
}

static void freeing_one_of_a_thread_is_reported(void **state)
{
    IO_STATUS_BLOCK status_block;
    KEVENT event;
    PIRP irp;

    (void)state;
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    irp = IoBuildDeviceIoControlRequest(STACK_CONTROL, stack.upper, NULL, 0, NULL, 0, FALSE, &event,
                                        &status_block);
    dirql_expect_bugcheck_with(DRIVER_VERIFIER_IOMANAGER_VIOLATION, 0x02, (ULONG_PTR)irp, DIRQL_ANY,
                               DIRQL_ANY);
    IoFreeIrp(irp);
    fail_msg("the I/O manager frees it");
}

static void using_it_again_while_a_driver_has_it_is_reported(void **state)
{
    struct own_request own;

    (void)state;
    stack.lower_does = stack_keep;
    own_make(&own, IRP_MJ_READ);
    assert_int_equal(own_send(&own), STATUS_PENDING);
    dirql_expect_bugcheck_with(DRIVER_VERIFIER_IOMANAGER_VIOLATION, 0x310, DIRQL_ANY,
                               (ULONG_PTR)own.irp, DIRQL_ANY);
    IoReuseIrp(own.irp, STATUS_SUCCESS);
    fail_msg("the lower driver has it");
}

static void using_one_again_that_was_built_is_reported(void **state)
{
    UCHAR buffer[4];
    PIRP irp;

    (void)state;
    irp = IoBuildAsynchronousFsdRequest(IRP_MJ_READ, stack.upper, buffer, 4, NULL, NULL);
    dirql_expect_bugcheck_with(DRIVER_VERIFIER_IOMANAGER_VIOLATION, 0x311, DIRQL_ANY,
                               (ULONG_PTR)irp, DIRQL_ANY);
    IoReuseIrp(irp, STATUS_SUCCESS);
    fail_msg("only those of IoAllocateIrp");
}

static void initialising_an_allocated_one_is_a_warning(void **state)
{
    PIRP irp = IoAllocateIrp(1, FALSE);

    (void)state;
    dirql_expect_finding("IrpInitNeedless");
    IoInitializeIrp(irp, IoSizeOfIrp(1), 1);
    IoFreeIrp(irp);
    stack_delete();
}

static void initialising_one_that_was_charged_is_reported(void **state)
{
    PIRP irp = IoAllocateIrp(1, TRUE);

    (void)state;
    dirql_expect_bugcheck_with(DRIVER_VERIFIER_IOMANAGER_VIOLATION, 0x20D, DIRQL_ANY,
                               (ULONG_PTR)irp, DIRQL_ANY);
    IoInitializeIrp(irp, IoSizeOfIrp(1), 1);
    fail_msg("its quota is lost");
}

/* ---- Associated IRPs ------------------------------------------------------------------------- */

/* Splits a request into two. */
static NTSTATUS split(PDEVICE_OBJECT device, PIRP irp)
{
    PIRP parts[2];

    (void)device;
    irp->IoStatus.Status = STATUS_SUCCESS;
    irp->IoStatus.Information = 0;
    irp->AssociatedIrp.IrpCount = 2;
    IoMarkIrpPending(irp);
    for (unsigned i = 0; i < 2; i++) {
        parts[i] = IoMakeAssociatedIrp(irp, stack.lower->StackSize);
        assert_non_null(parts[i]);
        assert_ptr_equal(parts[i]->AssociatedIrp.MasterIrp, irp);
        IoGetNextIrpStackLocation(parts[i])->MajorFunction = IRP_MJ_READ;
    }
    for (unsigned i = 0; i < 2; i++) {
        (void)IoCallDriver(stack.lower, parts[i]);
    }
    return STATUS_PENDING;
}

static void the_last_part_completes_the_master(void **state)
{
    struct own_request own;

    (void)state;
    stack.upper_does = split;
    own_make(&own, IRP_MJ_READ);
    assert_int_equal(own_send(&own), STATUS_PENDING);
    assert_int_equal(own.completions, 1);
    assert_int_equal(stack.lower_calls, 2);
    IoFreeIrp(own.irp);
    stack_delete();
}

static PIRP kept[2];
static unsigned kept_count;

static NTSTATUS keep_each(PDEVICE_OBJECT device, PIRP irp)
{
    kept[kept_count++] = irp;
    return stack_keep(device, irp);
}

static void the_master_waits_for_all_parts(void **state)
{
    struct own_request own;

    (void)state;
    kept_count = 0;
    stack.upper_does = split;
    stack.lower_does = keep_each;
    own_make(&own, IRP_MJ_READ);
    assert_int_equal(own_send(&own), STATUS_PENDING);
    (void)stack_complete(kept[1], STATUS_SUCCESS, 0);
    assert_int_equal(own.completions, 0);
    (void)stack_complete(kept[0], STATUS_SUCCESS, 0);
    assert_int_equal(own.completions, 1);
    IoFreeIrp(own.irp);
    stack_delete();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        dirql_unit_test_setup(one_is_allocated_with_its_locations, start),
        dirql_unit_test_setup(its_size_grows_by_a_location, start),
        dirql_unit_test_setup(more_locations_than_a_number_holds_are_reported, start),
        dirql_unit_test_setup(memory_of_the_drivers_own_can_be_an_irp, start),
        dirql_unit_test_setup(too_little_memory_for_the_locations_is_reported, start),
        dirql_unit_test_setup(an_irp_in_paged_pool_is_reported, start),
        dirql_unit_test_setup(one_that_came_back_is_used_again, start),
        dirql_unit_test_setup(freeing_it_twice_is_reported, start),
        dirql_unit_test_setup(freeing_what_is_no_irp_is_reported, start),
        dirql_unit_test_setup(freeing_it_while_a_driver_has_it_is_reported, start),
        dirql_unit_test_setup(freeing_one_of_a_thread_is_reported, start),
        dirql_unit_test_setup(using_it_again_while_a_driver_has_it_is_reported, start),
        dirql_unit_test_setup(using_one_again_that_was_built_is_reported, start),
        dirql_unit_test_setup(initialising_an_allocated_one_is_a_warning, start),
        dirql_unit_test_setup(initialising_one_that_was_charged_is_reported, start),
        dirql_unit_test_setup(the_last_part_completes_the_master, start),
        dirql_unit_test_setup(the_master_waits_for_all_parts, start),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
