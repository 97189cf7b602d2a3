/*
 * test_failservices.c - services that are made to fail for want of resources: each answers as its
 * page says, has no other effect, and does its work when it is asked again.
 */
#include <dirql/cmocka.h>
#include <dirql/disk.h>
#include <dirql/driver.h>
#include <dirql/fail.h>
#include <dirql/registry.h>

#include <ntifs.h>

enum { TAG = 0x736C6146 }; /* "Fals" */

/* The first call that can fail does; and was asked whether it does. */
#define assert_fails(call, expected)                                           \
    do {                                                                       \
        const uint64_t failed_before = dirql_fail_count();                     \
                                                                               \
        dirql_fail_set("1");                                                   \
        assert_int_equal(call, expected);                                      \
        dirql_fail_set(NULL);                                                  \
        assert_int_equal(dirql_fail_count(), failed_before + 1);               \
    } while (0)

#define assert_gives_none(call) assert_fails((ULONG_PTR)(call), 0)

static UNICODE_STRING device_name = RTL_CONSTANT_STRING(L"\\Device\\Failing");
static UNICODE_STRING link_name = RTL_CONSTANT_STRING(L"\\DosDevices\\Failing");
static DRIVER_OBJECT driver;
static PDEVICE_OBJECT device;

static NTSTATUS NTAPI succeed(PDEVICE_OBJECT object, PIRP irp)
{
    (void)object;
    irp->IoStatus.Status = STATUS_SUCCESS;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    return STATUS_SUCCESS;
}

static int start(void **state)
{
    (void)state;
    driver = (DRIVER_OBJECT){ .Type = IO_TYPE_DRIVER, .Size = sizeof(driver) };
    for (unsigned i = 0; i <= IRP_MJ_MAXIMUM_FUNCTION; i++) {
        driver.MajorFunction[i] = succeed;
    }
    if (IoCreateDevice(&driver, 0, &device_name, FILE_DEVICE_SOUND, 0, FALSE, &device) !=
        STATUS_SUCCESS) {
        return 1;
    }
    device->Flags &= ~(ULONG)DO_DEVICE_INITIALIZING;
    return 0;
}

static int stop(void **state)
{
    (void)state;
    IoDeleteDevice(device);
    return 0;
}

/* ---- What a test asks for -------------------------------------------------------------------- */

static void a_file_that_the_test_opens_is_opened(void **state)
{
    PFILE_OBJECT file;
    NTSTATUS status;

    (void)state;
    dirql_fail_set("irp:1+");
    file = dirql_file_open(device, &status);
    assert_int_equal(status, STATUS_SUCCESS);
    assert_int_equal(dirql_fail_count(), 0);
    assert_null(IoAllocateIrp(1, FALSE));
    dirql_fail_set(NULL);
    dirql_file_close(file);
}

/* ---- Text ------------------------------------------------------------------------------------ */

static void texts_that_are_allocated(void **state)
{
    static const GUID guid = { 1, 2, 3, { 4 } };
    UNICODE_STRING wide = RTL_CONSTANT_STRING(L"text"), made;
    ANSI_STRING narrow = RTL_CONSTANT_STRING("text"), made_narrow;
    UTF8_STRING utf8 = RTL_CONSTANT_STRING("text"), made_utf8;

    (void)state;
    assert_fails(RtlAnsiStringToUnicodeString(&made, &narrow, TRUE), STATUS_NO_MEMORY);
    assert_fails(RtlUnicodeStringToAnsiString(&made_narrow, &wide, TRUE), STATUS_NO_MEMORY);
    assert_fails(RtlUTF8StringToUnicodeString(&made, &utf8, TRUE), STATUS_NO_MEMORY);
    assert_fails(RtlUnicodeStringToUTF8String(&made_utf8, &wide, TRUE), STATUS_NO_MEMORY);
    assert_fails(RtlUpcaseUnicodeString(&made, &wide, TRUE), STATUS_NO_MEMORY);
    assert_fails(RtlDowncaseUnicodeString(&made, &wide, TRUE), STATUS_NO_MEMORY);
    assert_fails(RtlStringFromGUID(&guid, &made), STATUS_NO_MEMORY);
    assert_fails(RtlCreateUnicodeString(&made, L"text"), FALSE);
    assert_true(RtlCreateUnicodeString(&made, L"text"));
    RtlFreeUnicodeString(&made);
}

/* ---- Requests and what they describe --------------------------------------------------------- */

static NTSTATUS NTAPI complete(PDEVICE_OBJECT object, PIRP irp, PVOID context)
{
    (void)object;
    (void)irp;
    (void)context;
    return STATUS_MORE_PROCESSING_REQUIRED;
}

static void requests(void **state)
{
    PIRP irp = IoAllocateIrp(2, FALSE), part;

    (void)state;
    assert_gives_none(IoAllocateIrp(1, FALSE));
    assert_gives_none(IoAllocateIrpEx(device, 1, FALSE));
    IoSetNextIrpStackLocation(irp);
    assert_gives_none(IoMakeAssociatedIrp(irp, 1));
    assert_fails(IoSetCompletionRoutineEx(device, irp, complete, NULL, TRUE, TRUE, TRUE),
                 STATUS_INSUFFICIENT_RESOURCES);
    assert_null(IoGetNextIrpStackLocation(irp)->CompletionRoutine);
    part = IoMakeAssociatedIrp(irp, 1);
    assert_non_null(part);
    IoFreeIrp(part);
    IoFreeIrp(irp);
}

static void memory_of_devices(void **state)
{
    const PHYSICAL_ADDRESS none = { .QuadPart = 0 }, all = { .QuadPart = -1 };
    static char buffer[16];

    (void)state;
    assert_gives_none(IoAllocateMdl(buffer, sizeof(buffer), FALSE, FALSE, NULL));
    assert_gives_none(MmAllocatePagesForMdl(none, all, none, PAGE_SIZE));
    assert_gives_none(MmAllocatePagesForMdlEx(none, all, none, PAGE_SIZE, MmCached, 0));
    assert_gives_none(MmAllocateContiguousMemory(PAGE_SIZE, all));
    assert_gives_none(
        MmAllocateContiguousMemorySpecifyCache(PAGE_SIZE, none, all, none, MmCached));
    assert_gives_none(MmAllocateNonCachedMemory(PAGE_SIZE));
    assert_gives_none(MmAllocateMappingAddress(PAGE_SIZE, TAG));
    assert_gives_none(MmGetPhysicalMemoryRanges());
}

/* ---- Names ----------------------------------------------------------------------------------- */

static void names_of_devices(void **state)
{
    PDEVICE_OBJECT found;
    PFILE_OBJECT file;
    PVOID extension = &file;

    (void)state;
    assert_fails(IoCreateSymbolicLink(&link_name, &device_name), STATUS_INSUFFICIENT_RESOURCES);
    assert_fails(IoCreateUnprotectedSymbolicLink(&link_name, &device_name),
                 STATUS_INSUFFICIENT_RESOURCES);
    assert_int_equal(IoCreateSymbolicLink(&link_name, &device_name), STATUS_SUCCESS);
    assert_fails(IoGetDeviceObjectPointer(&link_name, FILE_READ_DATA, &file, &found),
                 STATUS_INSUFFICIENT_RESOURCES);
    assert_null(file);
    assert_null(found);
    assert_int_equal(IoDeleteSymbolicLink(&link_name), STATUS_SUCCESS);
    assert_fails(IoAllocateDriverObjectExtension(&driver, &device_name, 8, &extension),
                 STATUS_INSUFFICIENT_RESOURCES);
    assert_null(extension);
    assert_null(IoGetDriverObjectExtension(&driver, &device_name));
}

static void events_by_name(void **state)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"\\BaseNamedObjects\\Failing");
    HANDLE handle;

    (void)state;
    assert_gives_none(IoCreateNotificationEvent(&name, &handle));
    assert_gives_none(IoCreateSynchronizationEvent(&name, &handle));
    assert_non_null(IoCreateNotificationEvent(&name, &handle)); /* The other was not made. */
    assert_int_equal(ZwClose(handle), STATUS_SUCCESS);
}

static void files(void **state)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"\\??\\C:\\failing.wav");
    FILE_NETWORK_OPEN_INFORMATION information;
    OBJECT_ATTRIBUTES attributes;
    IO_STATUS_BLOCK block;
    HANDLE file = &name;

    (void)state;
    InitializeObjectAttributes(&attributes, &name, OBJ_KERNEL_HANDLE, NULL, NULL);
    assert_fails(ZwCreateFile(&file, GENERIC_WRITE | SYNCHRONIZE, &attributes, &block, NULL,
                              FILE_ATTRIBUTE_NORMAL, 0, FILE_CREATE,
                              FILE_SYNCHRONOUS_IO_NONALERT, NULL, 0),
                 STATUS_INSUFFICIENT_RESOURCES);
    assert_false(dirql_disk_has("C:\\failing.wav"));
    dirql_disk_write("C:\\failing.wav", "abc", 3);
    assert_fails(ZwOpenFile(&file, GENERIC_READ | SYNCHRONIZE, &attributes, &block, 0,
                            FILE_SYNCHRONOUS_IO_NONALERT),
                 STATUS_INSUFFICIENT_RESOURCES);
    assert_fails(ZwQueryFullAttributesFile(&attributes, &information),
                 STATUS_INSUFFICIENT_RESOURCES);
    assert_fails(ZwDeleteFile(&attributes), STATUS_INSUFFICIENT_RESOURCES);
    assert_true(dirql_disk_has("C:\\failing.wav"));
    assert_int_equal(ZwDeleteFile(&attributes), STATUS_SUCCESS);
}

static void keys(void **state)
{
    UNICODE_STRING value = RTL_CONSTANT_STRING(L"Value");
    ULONG number = 1;
    HANDLE key = &value;

    (void)state;
    driver.DriverName = device_name;
    assert_fails(RtlWriteRegistryValue(RTL_REGISTRY_SERVICES, L"failing", L"Value", REG_DWORD,
                                       &number, sizeof(number)),
                 STATUS_INSUFFICIENT_RESOURCES);
    assert_fails(RtlCreateRegistryKey(RTL_REGISTRY_SERVICES, (PWSTR)(ULONG_PTR)L"failing"),
                 STATUS_INSUFFICIENT_RESOURCES);
    assert_false(
        dirql_registry_has("\\Registry\\Machine\\System\\CurrentControlSet\\Services\\failing"));
    assert_fails(IoOpenDriverRegistryKey(&driver, DriverRegKeyPersistentState, KEY_READ, 0, &key),
                 STATUS_INSUFFICIENT_RESOURCES);
    assert_null(key);
}

/* ---- Plug and Play, power, events ------------------------------------------------------------ */

static void interfaces_of_devices(void **state)
{
    static const GUID class_id = { 1, 2, 3, { 4 } }, other_class = { 5, 2, 3, { 4 } };
    static const DEVPROPKEY own = { { 1, 1, 1, { 1 } }, 2 };
    PDEVICE_OBJECT pdo = dirql_pdo_create("failing", NULL, 0);
    UNICODE_STRING interface, other, alias;
    ULONG number = 7, length;
    DEVPROPTYPE type;

    (void)state;
    assert_int_equal(IoRegisterDeviceInterface(pdo, &class_id, NULL, &interface), STATUS_SUCCESS);
    assert_int_equal(IoRegisterDeviceInterface(pdo, &other_class, NULL, &other), STATUS_SUCCESS);
    assert_fails(IoGetDeviceInterfaceAlias(&interface, &other_class, &alias),
                 STATUS_INSUFFICIENT_RESOURCES);
    assert_fails(IoSetDeviceInterfacePropertyData(&interface, &own, LOCALE_NEUTRAL, 0,
                                                  DEVPROP_TYPE_UINT32, 4, &number),
                 STATUS_INSUFFICIENT_RESOURCES);
    assert_fails(IoGetDeviceInterfacePropertyData(&interface, &own, LOCALE_NEUTRAL, 0, 4, &number,
                                                  &length, &type),
                 STATUS_INSUFFICIENT_RESOURCES);
    assert_int_equal(IoGetDeviceInterfaceAlias(&interface, &other_class, &alias), STATUS_SUCCESS);
    RtlFreeUnicodeString(&alias);
    RtlFreeUnicodeString(&interface);
    RtlFreeUnicodeString(&other);
}

static VOID NTAPI tick(PDEVICE_OBJECT object, PVOID context)
{
    (void)object;
    (void)context;
}

static void what_is_told_of_a_device(void **state)
{
    (void)state;
    assert_fails(IoInitializeTimer(device, tick, NULL), STATUS_INSUFFICIENT_RESOURCES);
    assert_null(device->Timer);
    assert_fails(IoRegisterShutdownNotification(device), STATUS_INSUFFICIENT_RESOURCES);
    assert_fails(IoRegisterLastChanceShutdownNotification(device), STATUS_INSUFFICIENT_RESOURCES);
    assert_fails(IoWMIRegistrationControl(device, WMIREG_ACTION_REGISTER),
                 STATUS_INSUFFICIENT_RESOURCES);
    assert_gives_none(PoRegisterDeviceForIdleDetection(device, 1, 1, PowerDeviceD3));
    assert_gives_none(PoRegisterSystemState(NULL, ES_SYSTEM_REQUIRED));
}

static VOID NTAPI called(PVOID context, PVOID first, PVOID second)
{
    (void)context;
    (void)first;
    (void)second;
}

static void who_wants_to_be_called(void **state)
{
    static const GUID provider = { 7, 2, 3, { 4 } };
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"\\Callback\\Failing");
    OBJECT_ATTRIBUTES attributes;
    PCALLBACK_OBJECT callback;
    REGHANDLE handle = 1;
    PVOID registration;

    (void)state;
    InitializeObjectAttributes(&attributes, &name, 0, NULL, NULL);
    assert_int_equal(ExCreateCallback(&callback, &attributes, TRUE, FALSE), STATUS_SUCCESS);
    assert_gives_none(ExRegisterCallback(callback, called, NULL));
    registration = ExRegisterCallback(callback, called, NULL); /* The only one that there can be. */
    assert_non_null(registration);
    ExUnregisterCallback(registration);
    ObDereferenceObject(callback);
    assert_fails(EtwRegister(&provider, NULL, NULL, &handle), STATUS_INSUFFICIENT_RESOURCES);
    assert_int_equal(handle, 0);
}

static VOID NTAPI at_a_bug_check(PVOID buffer, ULONG length)
{
    (void)buffer;
    (void)length;
}

static VOID NTAPI for_a_dump(KBUGCHECK_CALLBACK_REASON reason,
                             PKBUGCHECK_REASON_CALLBACK_RECORD record, PVOID data, ULONG length)
{
    (void)reason;
    (void)record;
    (void)data;
    (void)length;
}

static void who_wants_to_be_called_at_a_bug_check(void **state)
{
    static KBUGCHECK_CALLBACK_RECORD plain;
    static KBUGCHECK_REASON_CALLBACK_RECORD reason;
    static UCHAR component[] = "fails", buffer[4];

    (void)state;
    KeInitializeCallbackRecord(&plain);
    KeInitializeCallbackRecord(&reason);
    assert_fails(KeRegisterBugCheckCallback(&plain, at_a_bug_check, buffer, 4, component), FALSE);
    assert_false(KeDeregisterBugCheckCallback(&plain));
    assert_true(KeRegisterBugCheckCallback(&plain, at_a_bug_check, buffer, 4, component));
    assert_true(KeDeregisterBugCheckCallback(&plain));
    assert_fails(KeRegisterBugCheckReasonCallback(&reason, for_a_dump,
                                                  KbCallbackSecondaryDumpData, component),
                 FALSE);
    assert_false(KeDeregisterBugCheckReasonCallback(&reason));
    assert_true(KeRegisterBugCheckReasonCallback(&reason, for_a_dump, KbCallbackSecondaryDumpData,
                                                 component));
    assert_true(KeDeregisterBugCheckReasonCallback(&reason));
}

#define FAIL_TEST(test) dirql_unit_test_setup_teardown(test, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        FAIL_TEST(a_file_that_the_test_opens_is_opened),
        FAIL_TEST(texts_that_are_allocated),
        FAIL_TEST(requests),
        FAIL_TEST(memory_of_devices),
        FAIL_TEST(names_of_devices),
        FAIL_TEST(events_by_name),
        FAIL_TEST(files),
        FAIL_TEST(keys),
        FAIL_TEST(interfaces_of_devices),
        FAIL_TEST(what_is_told_of_a_device),
        FAIL_TEST(who_wants_to_be_called),
        FAIL_TEST(who_wants_to_be_called_at_a_bug_check),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
