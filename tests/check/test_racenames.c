/*
 * test_racenames.c - what a race is on, in the words of the WDK's headers, and the rule for that.
 */
#include "race.h"

#include "../io/stack.h"

static struct own_request own;
static PDEVICE_OBJECT device;
static const volatile void *field; /* What the two threads write to. */
static unsigned field_bytes;

static void write_field(void)
{
    touch(field, field_bytes, DQ_ACCESS_WRITE);
}

static void race_on_field(void)
{
    race_parts[0] = write_field;
    race_parts[1] = write_field;
    race_processors[0] = 0;
    race_processors[1] = 1;
    race_two(NULL);
}

#define RACE_ON(member)                    \
    do {                                   \
        field = &(member);                 \
        field_bytes = sizeof(member);      \
        race_on_field();                   \
    } while (0)

static void send_and_keep(void)
{
    stack_make();
    stack.lower_does = stack_keep;
    own_make(&own, IRP_MJ_READ);
    (void)own_send(&own);
}

static void make_device(void)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"\\Device\\Uart0");

    (void)IoCreateDevice(NULL, 64, &name, FILE_DEVICE_SERIAL_PORT, 0, FALSE, &device);
}

static void complete_twice(void *context)
{
    (void)context;
    send_and_keep();
    RACE_ON(stack.kept->IoStatus.Status);
}

static void complete_with_other_bytes(void *context)
{
    (void)context;
    send_and_keep();
    RACE_ON(stack.kept->IoStatus.Information);
}

static void cancel_by_hand(void *context)
{
    (void)context;
    send_and_keep();
    RACE_ON(stack.kept->Cancel);
}

static void set_a_cancel_routine_by_hand(void *context)
{
    (void)context;
    send_and_keep();
    RACE_ON(stack.kept->CancelRoutine);
}

static void queue_by_hand(void *context)
{
    (void)context;
    send_and_keep();
    RACE_ON(stack.kept->Tail.Overlay.ListEntry.Blink);
}

static void change_parameters(void *context)
{
    (void)context;
    send_and_keep();
    RACE_ON(IoGetCurrentIrpStackLocation(stack.kept)->Parameters.Read.Key);
}

static void change_flags(void *context)
{
    (void)context;
    make_device();
    RACE_ON(device->Flags);
}

static void change_an_extension(void *context)
{
    (void)context;
    make_device();
    RACE_ON(((ULONG *)device->DeviceExtension)[4]);
}

static void change_an_extension_of_no_name(void *context)
{
    static DRIVER_OBJECT driver;

    (void)context;
    driver = (DRIVER_OBJECT){ .DriverName = RTL_CONSTANT_STRING(L"\\Driver\\uart") };
    (void)IoCreateDevice(&driver, 64, NULL, FILE_DEVICE_SERIAL_PORT, 0, FALSE, &device);
    RACE_ON(((ULONG *)device->DeviceExtension)[0]);
}

static void change_an_mdl(void *context)
{
    PMDL mdl = IoAllocateMdl((PVOID)(ULONG_PTR)&x, sizeof(x), FALSE, FALSE, NULL);

    (void)context;
    RACE_ON(mdl->MdlFlags);
}

static void change_a_pool_block(void *context)
{
    ULONG *block = ExAllocatePool2(POOL_FLAG_NON_PAGED, 64, 'traU');

    (void)context;
    RACE_ON(block[2]);
}

static void assert_told(void (*body)(void *), const char *name, const char *part)
{
    assert_race(body, 2);
    if (strstr(rule_result.report, name) == NULL || strstr(rule_result.report, part) == NULL) {
        fail_msg("the report does not say \"%s\" and \"%s\":\n%s", name, part, rule_result.report);
    }
}

static void fields_of_an_irp_have_names_and_rules(void **state)
{
    (void)state;
    assert_told(complete_twice, "4 bytes at IoStatus.Status of an IRP, made by IoAllocateIrp at ",
                "a request is completed once");
    assert_told(complete_with_other_bytes, "8 bytes at IoStatus.Information of an IRP",
                "a request is completed once");
    assert_told(cancel_by_hand, "1 byte at Cancel of an IRP", "IoCancelIrp sets it at any time");
    assert_told(set_a_cancel_routine_by_hand, "CancelRoutine of an IRP",
                "change it by IoSetCancelRoutine");
    assert_told(queue_by_hand, "Tail.Overlay.ListEntry+8 of an IRP", "hold the queue's lock");
    assert_told(change_parameters, "Parameters+8 of stack location 2 of an IRP", "hold one lock");
}

static void fields_of_a_device_have_names(void **state)
{
    (void)state;
    assert_told(change_flags, "4 bytes at Flags of \\Device\\Uart0, created at make_device",
                "set it in AddDevice");
}

static void a_device_extension_is_named_by_its_device(void **state)
{
    (void)state;
    assert_told(change_an_extension, "device extension of \\Device\\Uart0 +16, created at make_",
                "hold one lock in both");
    assert_told(change_an_extension_of_no_name, "device extension of a device of \\Driver\\uart +0",
                "change_an_extension_of_no_name");
}

static void fields_of_an_mdl_have_names(void **state)
{
    (void)state;
    assert_told(change_an_mdl, "MdlFlags of an MDL, allocated at change_an_mdl",
                "MmGetSystemAddressForMdlSafe");
}

static void a_pool_block_is_named_by_its_tag_and_who_allocated_it(void **state)
{
    (void)state;
    assert_told(change_a_pool_block, "pool block 'Uart'+8, allocated by change_a_pool_block",
                "hold one lock in both");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields_of_an_irp_have_names_and_rules),
        cmocka_unit_test(fields_of_a_device_have_names),
        cmocka_unit_test(a_device_extension_is_named_by_its_device),
        cmocka_unit_test(fields_of_an_mdl_have_names),
        cmocka_unit_test(a_pool_block_is_named_by_its_tag_and_who_allocated_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
