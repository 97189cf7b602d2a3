/* Tests of lib/io/name.c, file.c, namedevent.c, driverobject.c: what is found by name or key. */
#include "stack.h"

static UNICODE_STRING name, link_name;

static int start(void **state)
{
    (void)state;
    stack_make();
    RtlInitUnicodeString(&name, L"\\Device\\Named");
    RtlInitUnicodeString(&link_name, L"\\DosDevices\\Named");
    return 0;
}

static PDEVICE_OBJECT make(BOOLEAN exclusive)
{
    PDEVICE_OBJECT device;

    assert_int_equal(IoCreateDevice(&stack.lower_driver, 0, &name, FILE_DEVICE_SOUND, 0, exclusive,
                                    &device),
                     STATUS_SUCCESS);
    device->Flags &= ~(ULONG)DO_DEVICE_INITIALIZING;
    return device;
}

static void a_link_is_made_once_and_deleted_once(void **state)
{
    UNICODE_STRING bad;

    (void)state;
    RtlInitUnicodeString(&bad, L"Named");
    assert_int_equal(IoCreateSymbolicLink(&bad, &name), STATUS_OBJECT_NAME_INVALID);
    assert_int_equal(IoCreateSymbolicLink(&link_name, &name), STATUS_SUCCESS);
    assert_int_equal(IoCreateSymbolicLink(&link_name, &name), STATUS_OBJECT_NAME_COLLISION);
    assert_int_equal(IoDeleteSymbolicLink(&link_name), STATUS_SUCCESS);
    assert_int_equal(IoDeleteSymbolicLink(&link_name), STATUS_OBJECT_NAME_NOT_FOUND);
    stack_delete();
}

static void a_device_has_no_name_that_a_link_has(void **state)
{
    UNICODE_STRING target = RTL_CONSTANT_STRING(L"\\Device\\Other");
    UNICODE_STRING drive = RTL_CONSTANT_STRING(L"\\??\\c:");
    PDEVICE_OBJECT device;

    (void)state;
    assert_int_equal(IoCreateSymbolicLink(&name, &target), STATUS_SUCCESS);
    assert_int_equal(IoCreateDevice(&stack.lower_driver, 0, &name, FILE_DEVICE_SOUND, 0, FALSE,
                                    &device),
                     STATUS_OBJECT_NAME_COLLISION);
    assert_null(device);
    assert_int_equal(IoCreateDevice(&stack.lower_driver, 0, &drive, FILE_DEVICE_SOUND, 0, FALSE,
                                    &device),
                     STATUS_OBJECT_NAME_COLLISION);
    assert_int_equal(IoDeleteSymbolicLink(&name), STATUS_SUCCESS);
    IoDeleteDevice(make(FALSE));
    stack_delete();
}

static void an_unprotected_link_is_found_like_any_other(void **state)
{
    PDEVICE_OBJECT device = make(FALSE), found;
    PFILE_OBJECT file;

    (void)state;
    assert_int_equal(IoCreateUnprotectedSymbolicLink(&link_name, &name), STATUS_SUCCESS);
    assert_int_equal(IoCreateUnprotectedSymbolicLink(&link_name, &name),
                     STATUS_OBJECT_NAME_COLLISION);
    assert_int_equal(IoGetDeviceObjectPointer(&link_name, FILE_READ_DATA, &file, &found),
                     STATUS_SUCCESS);
    assert_ptr_equal(found, device);
    ObDereferenceObject(file);
    assert_int_equal(IoDeleteSymbolicLink(&link_name), STATUS_SUCCESS);
    IoDeleteDevice(device);
    stack_delete();
}

static void an_arc_name_is_a_link(void **state)
{
    PDEVICE_OBJECT device = make(FALSE), found;
    UNICODE_STRING arc = RTL_CONSTANT_STRING(L"\\ArcName\\multi(0)disk(0)");
    PFILE_OBJECT file;

    (void)state;
    assert_int_equal(IoAssignArcName(&arc, &name), STATUS_SUCCESS);
    assert_int_equal(IoGetDeviceObjectPointer(&arc, FILE_READ_DATA, &file, &found), STATUS_SUCCESS);
    assert_ptr_equal(found, device);
    ObDereferenceObject(file);
    assert_int_equal(IoDeassignArcName(&arc), STATUS_SUCCESS);
    assert_int_equal(IoGetDeviceObjectPointer(&arc, FILE_READ_DATA, &file, &found),
                     STATUS_OBJECT_NAME_NOT_FOUND);
    IoDeleteDevice(device);
    stack_delete();
}

static void a_link_may_not_lead_to_a_name_that_is_too_long(void **state)
{
    static WCHAR long_text[32760];
    UNICODE_STRING target = { .Buffer = long_text, .Length = sizeof(long_text) - 4,
                              .MaximumLength = sizeof(long_text) };
    UNICODE_STRING longer = RTL_CONSTANT_STRING(L"\\DosDevices\\Named\\and\\some\\more");
    PDEVICE_OBJECT found;
    PFILE_OBJECT file;

    (void)state;
    for (unsigned i = 0; i < RTL_NUMBER_OF(long_text); i++) {
        long_text[i] = i == 0 ? L'\\' : L'x';
    }
    assert_int_equal(IoCreateSymbolicLink(&link_name, &target), STATUS_SUCCESS);
    assert_int_equal(IoGetDeviceObjectPointer(&link_name, FILE_READ_DATA, &file, &found),
                     STATUS_OBJECT_NAME_NOT_FOUND);
    assert_int_equal(IoGetDeviceObjectPointer(&longer, FILE_READ_DATA, &file, &found),
                     STATUS_OBJECT_NAME_INVALID);
    assert_int_equal(IoDeleteSymbolicLink(&link_name), STATUS_SUCCESS);
    stack_delete();
}

static void case_does_not_matter(void **state)
{
    PDEVICE_OBJECT device = make(FALSE), found;
    UNICODE_STRING other;
    PFILE_OBJECT file;

    (void)state;
    RtlInitUnicodeString(&other, L"\\device\\NAMED");
    assert_int_equal(IoGetDeviceObjectPointer(&other, FILE_READ_DATA, &file, &found),
                     STATUS_SUCCESS);
    assert_ptr_equal(found, device);
    assert_ptr_equal(IoGetRelatedDeviceObject(file), device);
    assert_int_equal(device->ReferenceCount, 1);
    ObDereferenceObject(file);
    assert_int_equal(device->ReferenceCount, 0);
    assert_int_equal(IoDeleteSymbolicLink(&name), STATUS_OBJECT_TYPE_MISMATCH);
    IoDeleteDevice(device);
    stack_delete();
}

static void an_exclusive_device_is_opened_once(void **state)
{
    PDEVICE_OBJECT device = make(TRUE), found;
    PFILE_OBJECT first, second;

    (void)state;
    assert_int_equal(IoGetDeviceObjectPointer(&name, FILE_READ_DATA, &first, &found),
                     STATUS_SUCCESS);
    assert_int_equal(IoGetDeviceObjectPointer(&name, FILE_READ_DATA, &second, &found),
                     STATUS_ACCESS_DENIED);
    assert_null(second);
    ObDereferenceObject(first);
    IoDeleteDevice(device);
    stack_delete();
}

static void a_driver_can_refuse_to_be_opened(void **state)
{
    PDEVICE_OBJECT device = make(FALSE), found;
    PFILE_OBJECT file;

    (void)state;
    stack.lower_does = stack_fail;
    assert_int_equal(IoGetDeviceObjectPointer(&name, FILE_READ_DATA, &file, &found),
                     STATUS_DEVICE_NOT_READY);
    assert_null(file);
    IoDeleteDevice(device);
    stack_delete();
}

static void an_event_is_one_for_all_who_name_it(void **state)
{
    HANDLE first, second, third;
    PKEVENT event;

    (void)state;
    event = IoCreateNotificationEvent(&name, &first);
    assert_non_null(event);
    assert_int_equal(KeReadStateEvent(event), 1);
    KeClearEvent(event);
    assert_ptr_equal(IoCreateNotificationEvent(&name, &second), event);
    assert_int_equal(KeReadStateEvent(event), 0);
    assert_null(IoCreateSynchronizationEvent(&name, &third));
    ZwClose(first);
    ZwClose(second);
    event = IoCreateSynchronizationEvent(&name, &third);
    assert_int_equal(KeReadStateEvent(event), 1);
    ZwClose(third);
    stack_delete();
}

static void an_extension_is_found_by_its_key(void **state)
{
    PVOID first, second;

    (void)state;
    assert_null(IoGetDriverObjectExtension(&stack.lower_driver, &name));
    assert_int_equal(
        IoAllocateDriverObjectExtension(&stack.lower_driver, &name, 8, &first), STATUS_SUCCESS);
    assert_int_equal(*(ULONG64 *)first, 0);
    assert_int_equal(IoAllocateDriverObjectExtension(&stack.lower_driver, &name, 8, &second),
                     STATUS_OBJECT_NAME_COLLISION);
    assert_ptr_equal(IoGetDriverObjectExtension(&stack.lower_driver, &name), first);
    assert_null(IoGetDriverObjectExtension(&stack.upper_driver, &name));
    stack_delete();
}

static void attaching_safely_tells_the_lower_device_before_it_returns(void **state)
{
    PDEVICE_OBJECT filter, second, lower = NULL;
    KIRQL old;

    (void)state;
    assert_int_equal(
        IoCreateDevice(&stack.lower_driver, 0, NULL, FILE_DEVICE_SOUND, 0, FALSE, &filter),
        STATUS_SUCCESS);
    assert_int_equal(
        IoCreateDevice(&stack.lower_driver, 0, NULL, FILE_DEVICE_SOUND, 0, FALSE, &second),
        STATUS_SUCCESS);
    stack.upper->AlignmentRequirement = FILE_QUAD_ALIGNMENT;
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    assert_int_equal(IoAttachDeviceToDeviceStackSafe(filter, stack.lower, &lower), STATUS_SUCCESS);
    KeLowerIrql(old);
    assert_ptr_equal(lower, stack.upper); /* The topmost, whatever was named. */
    assert_ptr_equal(lower->AttachedDevice, filter);
    assert_int_equal(filter->StackSize, lower->StackSize + 1);
    assert_int_equal(filter->AlignmentRequirement, FILE_QUAD_ALIGNMENT);
    lower = NULL;
    assert_int_equal(IoAttachDeviceToDeviceStackSafe(second, filter, &lower), STATUS_SUCCESS);
    assert_ptr_equal(lower, filter);
    IoDetachDevice(filter);
    IoDetachDevice(stack.upper);
    IoDeleteDevice(second);
    IoDeleteDevice(filter);
    stack_delete();
}

static void a_device_that_is_deleted_is_no_target_to_attach_to(void **state)
{
    PDEVICE_OBJECT filter, target, lower = NULL;

    (void)state;
    dirql_suppress("DeviceStack", NULL, "what it answers is looked at");
    assert_int_equal(
        IoCreateDevice(&stack.lower_driver, 0, NULL, FILE_DEVICE_SOUND, 0, FALSE, &filter),
        STATUS_SUCCESS);
    assert_int_equal(
        IoCreateDevice(&stack.lower_driver, 0, NULL, FILE_DEVICE_SOUND, 0, FALSE, &target),
        STATUS_SUCCESS);
    IoDeleteDevice(target);
    assert_int_equal(IoAttachDeviceToDeviceStackSafe(filter, target, &lower),
                     STATUS_NO_SUCH_DEVICE);
    assert_null(lower);
    IoDeleteDevice(filter);
    stack_delete();
}

static void the_top_of_a_stack_is_found(void **state)
{
    (void)state;
    assert_ptr_equal(IoGetAttachedDevice(stack.lower), stack.upper);
    assert_ptr_equal(IoGetAttachedDeviceReference(stack.lower), stack.upper);
    assert_int_equal(stack.upper->ReferenceCount, 1);
    ObDereferenceObject(stack.upper);
    assert_int_equal(stack.upper->StackSize, stack.lower->StackSize + 1);
    stack_delete();
}

static void a_named_event_is_found_by_its_handle(void **state)
{
    OBJECT_HANDLE_INFORMATION information;
    PVOID found = NULL;
    PKEVENT event;
    HANDLE handle;

    (void)state;
    event = IoCreateSynchronizationEvent(&name, &handle);
    assert_non_null(event);
    assert_int_equal(ObReferenceObjectByHandle(handle, EVENT_MODIFY_STATE, *PsThreadType,
                                               KernelMode, &found, NULL),
                     STATUS_OBJECT_TYPE_MISMATCH);
    assert_null(found);
    assert_int_equal(ObReferenceObjectByHandle(handle, EVENT_MODIFY_STATE, *ExEventObjectType,
                                               KernelMode, &found, &information),
                     STATUS_SUCCESS);
    assert_ptr_equal(found, event);
    assert_int_equal(information.GrantedAccess, EVENT_MODIFY_STATE);
    ZwClose(handle);
    assert_int_equal(KeSetEvent(found, IO_NO_INCREMENT, FALSE), 1); /* It is there still. */
    ObDereferenceObject(found);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        dirql_unit_test_setup(a_link_is_made_once_and_deleted_once, start),
        dirql_unit_test_setup(a_device_has_no_name_that_a_link_has, start),
        dirql_unit_test_setup(an_unprotected_link_is_found_like_any_other, start),
        dirql_unit_test_setup(an_arc_name_is_a_link, start),
        dirql_unit_test_setup(a_link_may_not_lead_to_a_name_that_is_too_long, start),
        dirql_unit_test_setup(case_does_not_matter, start),
        dirql_unit_test_setup(an_exclusive_device_is_opened_once, start),
        dirql_unit_test_setup(a_driver_can_refuse_to_be_opened, start),
        dirql_unit_test_setup(an_event_is_one_for_all_who_name_it, start),
        dirql_unit_test_setup(an_extension_is_found_by_its_key, start),
        dirql_unit_test_setup(the_top_of_a_stack_is_found, start),
        dirql_unit_test_setup(attaching_safely_tells_the_lower_device_before_it_returns, start),
        dirql_unit_test_setup(a_device_that_is_deleted_is_no_target_to_attach_to, start),
        dirql_unit_test(a_named_event_is_found_by_its_handle),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
