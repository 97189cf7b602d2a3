/* Tests of lib/io/file.c, filerequest.c: devices of drivers opened by their names. */
#include <dirql/disk.h>
#include <dirql/driver.h>
#include <dirql/fail.h>

#include <ntifs.h>

#include "stack.h"

static UNICODE_STRING name, link_name;
static HANDLE file;
static IO_STATUS_BLOCK block;

/* What the lower driver was asked. */
static struct {
    UCHAR majors[16];
    ULONG count;
    ACCESS_MASK access;
    USHORT share;
    ULONG options;
    LONGLONG offset;
    WCHAR rest[16];
    HANDLE closes; /* That it closes itself, at the next request. */
    ULONG closed;
} seen;

static void close_what_is_in_use(void)
{
    const HANDLE handle = seen.closes;

    seen.closes = NULL;
    seen.closed = 0;
    assert_int_equal(ZwClose(handle), STATUS_SUCCESS);
    assert_int_equal(seen.closed, 0); /* IRP_MJ_CLOSE comes when the request is done. */
}

static NTSTATUS note(PDEVICE_OBJECT device, PIRP irp)
{
    PIO_STACK_LOCATION location = IoGetCurrentIrpStackLocation(irp);
    ULONG_PTR information = 0;

    (void)device;
    seen.majors[seen.count++ % 16] = location->MajorFunction;
    seen.closed += location->MajorFunction == IRP_MJ_CLOSE;
    if (seen.closes != NULL) {
        close_what_is_in_use();
    }
    if (location->MajorFunction == IRP_MJ_CREATE) {
        seen.access = location->Parameters.Create.SecurityContext->DesiredAccess;
        seen.share = location->Parameters.Create.ShareAccess;
        seen.options = location->Parameters.Create.Options;
        if (location->FileObject->FileName.Length > 0) {
            memcpy(seen.rest, location->FileObject->FileName.Buffer,
                   location->FileObject->FileName.Length);
        }
        information = FILE_OPENED;
    } else if (location->MajorFunction == IRP_MJ_READ) {
        seen.offset = location->Parameters.Read.ByteOffset.QuadPart;
        memset(irp->AssociatedIrp.SystemBuffer, 'r', location->Parameters.Read.Length);
        information = location->Parameters.Read.Length;
    } else if (location->MajorFunction == IRP_MJ_WRITE) {
        seen.offset = location->Parameters.Write.ByteOffset.QuadPart;
        assert_memory_equal(irp->AssociatedIrp.SystemBuffer, "abc", 3);
        information = 2;
    }
    return stack_complete(irp, STATUS_SUCCESS, information);
}

static int start(void **state)
{
    (void)state;
    stack_make();
    memset(&seen, 0, sizeof(seen));
    RtlInitUnicodeString(&name, L"\\Device\\Uart");
    RtlInitUnicodeString(&link_name, L"\\DosDevices\\Uart0");
    return 0;
}

static PDEVICE_OBJECT make(void)
{
    PDEVICE_OBJECT device;

    stack.lower_does = note;
    assert_int_equal(
        IoCreateDevice(&stack.lower_driver, 0, &name, FILE_DEVICE_SERIAL_PORT, 0, FALSE, &device),
        STATUS_SUCCESS);
    for (ULONG i = 0; i <= IRP_MJ_MAXIMUM_FUNCTION; i++) {
        stack.lower_driver.MajorFunction[i] = stack_lower_dispatch;
    }
    device->Flags |= DO_BUFFERED_IO;
    device->Flags &= ~(ULONG)DO_DEVICE_INITIALIZING;
    assert_int_equal(IoCreateSymbolicLink(&link_name, &name), STATUS_SUCCESS);
    return device;
}

static void destroy(PDEVICE_OBJECT device)
{
    assert_int_equal(IoDeleteSymbolicLink(&link_name), STATUS_SUCCESS);
    IoDeleteDevice(device);
    stack_delete();
}

static NTSTATUS open_device(PCWSTR text, ULONG options)
{
    OBJECT_ATTRIBUTES attributes;
    UNICODE_STRING string;

    RtlInitUnicodeString(&string, text);
    InitializeObjectAttributes(&attributes, &string, OBJ_KERNEL_HANDLE, NULL, NULL);
    return ZwCreateFile(&file, GENERIC_READ | GENERIC_WRITE | DELETE | SYNCHRONIZE, &attributes,
                        &block, NULL, 0, FILE_SHARE_READ, FILE_OPEN, options, NULL, 0);
}

static void a_device_gets_the_requests_of_its_handle(void **state)
{
    static const UCHAR expected[] = { IRP_MJ_CREATE,        IRP_MJ_WRITE,   IRP_MJ_READ,
                                      IRP_MJ_FLUSH_BUFFERS, IRP_MJ_CLEANUP, IRP_MJ_CLOSE };
    PDEVICE_OBJECT device = make();
    static char text[] = "abc";
    char buffer[4] = { 0 };

    (void)state;
    assert_int_equal(open_device(L"\\??\\Uart0\\left", FILE_SYNCHRONOUS_IO_NONALERT),
                     STATUS_SUCCESS);
    assert_int_equal(block.Information, FILE_OPENED);
    assert_int_equal(seen.access, FILE_GENERIC_READ | FILE_GENERIC_WRITE | DELETE);
    assert_int_equal(seen.share, FILE_SHARE_READ);
    assert_int_equal(seen.options, FILE_OPEN << 24 | FILE_SYNCHRONOUS_IO_NONALERT);
    assert_memory_equal(seen.rest, L"\\left", sizeof(L"\\left"));
    assert_int_equal(ZwWriteFile(file, NULL, NULL, NULL, &block, text, 3, NULL, NULL),
                     STATUS_SUCCESS);
    assert_int_equal(block.Information, 2);
    assert_int_equal(seen.offset, 0);
    assert_int_equal(ZwReadFile(file, NULL, NULL, NULL, &block, buffer, 3, NULL, NULL),
                     STATUS_SUCCESS);
    assert_int_equal(seen.offset, 2); /* As far as the driver has written. */
    assert_memory_equal(buffer, "rrr\0", 4);
    assert_int_equal(ZwFlushBuffersFile(file, &block), STATUS_SUCCESS);
    ZwClose(file);
    assert_int_equal(seen.count, sizeof(expected));
    assert_memory_equal(seen.majors, expected, sizeof(expected));
    destroy(device);
}

static NTSTATUS rename_below(HANDLE root)
{
    FILE_RENAME_INFORMATION rename = { .RootDirectory = root, .FileNameLength = sizeof(WCHAR) };

    rename.FileName[0] = 'a';
    return ZwSetInformationFile(file, &block, &rename, sizeof(rename), FileRenameInformation);
}

static HANDLE open_root(void)
{
    assert_int_equal(open_device(L"\\??\\Uart0", FILE_SYNCHRONOUS_IO_NONALERT), STATUS_SUCCESS);
    return file;
}

static void a_handle_can_be_closed_while_it_is_used(void **state)
{
    PDEVICE_OBJECT device = make();
    UNICODE_STRING text = RTL_CONSTANT_STRING(L"left");
    FILE_ALL_INFORMATION all;
    OBJECT_ATTRIBUTES attributes;
    HANDLE root, left;

    (void)state;
    root = open_root();
    InitializeObjectAttributes(&attributes, &text, OBJ_KERNEL_HANDLE, root, NULL);
    seen.closes = root;
    assert_int_equal(ZwOpenFile(&file, GENERIC_READ | DELETE | SYNCHRONIZE, &attributes, &block, 0,
                                FILE_SYNCHRONOUS_IO_NONALERT),
                     STATUS_SUCCESS);
    assert_int_equal(seen.closed, 1);
    left = file;
    root = open_root();
    file = left;
    seen.closes = root;
    assert_int_equal(rename_below(root), STATUS_SUCCESS);
    assert_int_equal(seen.closed, 1);
    seen.closes = file;
    assert_int_equal(ZwQueryInformationFile(file, &block, &all, sizeof(all), FileAllInformation),
                     STATUS_SUCCESS);
    assert_int_equal(all.ModeInformation.Mode, FILE_SYNCHRONOUS_IO_NONALERT);
    assert_int_equal(seen.closed, 1);
    destroy(device);
}

static void a_name_is_relative_to_a_file_of_the_same_device(void **state)
{
    PDEVICE_OBJECT device = make();
    const HANDLE root = open_root();

    (void)state;
    dirql_disk_write("C:\\a.wav", "abc", 3);
    assert_int_equal(open_device(L"\\??\\C:\\a.wav", FILE_SYNCHRONOUS_IO_NONALERT), STATUS_SUCCESS);
    assert_int_equal(rename_below(root), STATUS_NOT_SAME_DEVICE);
    ZwClose(file);
    ZwClose(root);
    destroy(device);
}

static void a_driver_can_refuse_a_handle(void **state)
{
    PDEVICE_OBJECT device = make();

    (void)state;
    stack.lower_does = stack_fail;
    assert_int_equal(open_device(L"\\Device\\Uart", 0), STATUS_DEVICE_NOT_READY);
    assert_null(file);
    assert_int_equal(block.Status, STATUS_DEVICE_NOT_READY);
    assert_int_equal(device->ReferenceCount, 0);
    destroy(device);
}

static void a_read_that_a_driver_keeps_is_pending(void **state)
{
    LARGE_INTEGER offset = { .QuadPart = 0 };
    PDEVICE_OBJECT device = make();
    PFILE_OBJECT object;
    char buffer[3];

    (void)state;
    assert_int_equal(open_device(L"\\Device\\Uart", 0), STATUS_SUCCESS);
    stack.lower_does = stack_keep;
    assert_int_equal(ZwReadFile(file, NULL, NULL, NULL, &block, buffer, 3, &offset, NULL),
                     STATUS_PENDING);
    assert_int_equal(ObReferenceObjectByHandle(file, SYNCHRONIZE, *IoFileObjectType, KernelMode,
                                               (PVOID *)&object, NULL),
                     STATUS_SUCCESS);
    assert_int_equal(KeReadStateEvent(&object->Event), 0);
    memset(stack.kept->AssociatedIrp.SystemBuffer, 'k', 3);
    stack_finish(STATUS_SUCCESS, 3);
    KeWaitForSingleObject(&object->Event, Executive, KernelMode, FALSE, NULL);
    assert_memory_equal(buffer, "kkk", 3);
    assert_int_equal(block.Information, 3);
    stack.lower_does = note;
    ObDereferenceObject(object);
    ZwClose(file);
    destroy(device);
}

static void the_last_reference_closes_what_the_handle_cleaned_up(void **state)
{
    PDEVICE_OBJECT device = make();
    PFILE_OBJECT object;

    (void)state;
    assert_int_equal(open_device(L"\\Device\\Uart", 0), STATUS_SUCCESS);
    assert_int_equal(
        ObReferenceObjectByHandle(file, 0, *IoFileObjectType, KernelMode, (PVOID *)&object, NULL),
        STATUS_SUCCESS);
    assert_ptr_equal(IoGetRelatedDeviceObject(object), device);
    ZwClose(file);
    assert_int_equal(seen.count, 2);
    assert_int_equal(seen.majors[1], IRP_MJ_CLEANUP);
    ObDereferenceObject(object);
    assert_int_equal(seen.count, 3);
    assert_int_equal(seen.majors[2], IRP_MJ_CLOSE);
    destroy(device);
}

/* ---- A filter of the volume ------------------------------------------------------------------ */

static LONG passed;

static NTSTATUS pass(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device;
    passed++;
    IoSkipCurrentIrpStackLocation(irp);
    return IoCallDriver(stack.lower, irp);
}

static void a_filter_on_the_volume_sees_its_requests(void **state)
{
    UNICODE_STRING volume = RTL_CONSTANT_STRING(L"\\Device\\HarddiskVolume1");
    PDEVICE_OBJECT filter;
    static char text[] = "abc";

    (void)state;
    stack_delete();
    stack.upper_does = pass;
    passed = 0;
    assert_int_equal(IoCreateDevice(&stack.upper_driver, 0, NULL, FILE_DEVICE_DISK_FILE_SYSTEM, 0,
                                    FALSE, &filter),
                     STATUS_SUCCESS);
    for (ULONG i = 0; i <= IRP_MJ_MAXIMUM_FUNCTION; i++) {
        stack.upper_driver.MajorFunction[i] = stack_upper_dispatch;
    }
    assert_int_equal(IoAttachDevice(filter, &volume, &stack.lower), STATUS_SUCCESS);
    filter->Flags &= ~(ULONG)DO_DEVICE_INITIALIZING;
    {
        OBJECT_ATTRIBUTES attributes;
        UNICODE_STRING wave = RTL_CONSTANT_STRING(L"\\??\\C:\\a.wav");

        passed = 0;
        InitializeObjectAttributes(&attributes, &wave, OBJ_KERNEL_HANDLE, NULL, NULL);
        assert_int_equal(ZwCreateFile(&file, GENERIC_WRITE, &attributes, &block, NULL, 0, 0,
                                      FILE_CREATE, FILE_SYNCHRONOUS_IO_NONALERT, NULL, 0),
                         STATUS_SUCCESS);
    }
    assert_int_equal(ZwWriteFile(file, NULL, NULL, NULL, &block, text, 3, NULL, NULL),
                     STATUS_SUCCESS);
    filter->Flags |= DO_DIRECT_IO;
    dirql_fail_set("map:1");
    assert_int_equal(ZwWriteFile(file, NULL, NULL, NULL, &block, text, 3, NULL, NULL),
                     STATUS_INSUFFICIENT_RESOURCES);
    ZwClose(file);
    assert_int_equal(passed, 5);
    assert_int_equal(dirql_disk_read("C:\\a.wav", NULL, 0), 3);
    IoDetachDevice(stack.lower);
    IoDeleteDevice(filter);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        dirql_unit_test_setup(a_device_gets_the_requests_of_its_handle, start),
        dirql_unit_test_setup(a_handle_can_be_closed_while_it_is_used, start),
        dirql_unit_test_setup(a_name_is_relative_to_a_file_of_the_same_device, start),
        dirql_unit_test_setup(a_driver_can_refuse_a_handle, start),
        dirql_unit_test_setup(a_read_that_a_driver_keeps_is_pending, start),
        dirql_unit_test_setup(the_last_reference_closes_what_the_handle_cleaned_up, start),
        dirql_unit_test_setup(a_filter_on_the_volume_sees_its_requests, start),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
