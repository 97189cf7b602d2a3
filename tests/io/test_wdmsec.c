/*
 * test_wdmsec.c - device objects with a security descriptor.
 */
#include <dirql/cmocka.h>

#include <wdmsec.h>

static DRIVER_OBJECT driver;

static NTSTATUS create(PCUNICODE_STRING descriptor, PDEVICE_OBJECT *device)
{
    static UNICODE_STRING name = RTL_CONSTANT_STRING(L"\\Device\\Uart");

    return IoCreateDeviceSecure(&driver, 8, &name, FILE_DEVICE_SERIAL_PORT, 0, FALSE, descriptor,
                                NULL, device);
}

static void a_device_is_made_as_by_io_create_device(void **state)
{
    PDEVICE_OBJECT device = NULL;

    (void)state;
    assert_int_equal(create(&SDDL_DEVOBJ_SYS_ALL_ADM_RWX_WORLD_RW_RES_R, &device), STATUS_SUCCESS);
    assert_int_equal(device->DeviceType, FILE_DEVICE_SERIAL_PORT);
    assert_ptr_equal(driver.DeviceObject, device);
    IoDeleteDevice(device);
    assert_int_equal(create(&SDDL_DEVOBJ_KERNEL_ONLY, &device), STATUS_SUCCESS);
    IoDeleteDevice(device);
}

static void what_is_no_descriptor_is_refused(void **state)
{
    static UNICODE_STRING words = RTL_CONSTANT_STRING(L"everybody");
    static UNICODE_STRING unended = RTL_CONSTANT_STRING(L"D:P(A;;GA;;;SY");
    PDEVICE_OBJECT device = NULL;

    (void)state;
    assert_int_equal(create(&words, &device), STATUS_INVALID_PARAMETER);
    assert_int_equal(create(&unended, &device), STATUS_INVALID_PARAMETER);
    assert_int_equal(create(NULL, &device), STATUS_INVALID_PARAMETER);
    assert_null(device);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        dirql_unit_test(a_device_is_made_as_by_io_create_device),
        dirql_unit_test(what_is_no_descriptor_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
