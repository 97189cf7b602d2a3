/*
 * test_disconnect.c - when IoDisconnectInterrupt(Ex) has returned, the ISR runs nowhere and never
 * will.
 */
#include "../ke/wire.h"

static const dirql_line_options device_line = { .name = "device", .irql = 6 };

static struct wire wire;

static int start(void **state)
{
    (void)state;
    wire = (struct wire){ 0 };
    wire_make(&wire, &device_line);
    return 0;
}

static void disconnected_isr_is_not_called(void **state)
{
    (void)state;
    IoDisconnectInterrupt(wire.interrupt);
    dirql_line_assert(wire.line);
    dirql_line_deassert(wire.line);
    assert_int_equal(wire.calls, 0);
}

/* ---- A call that runs elsewhere -------------------------------------------------------------- */

static volatile LONG isr_is_running, isr_ran_after;
static volatile LONG all_sent, gone;

static void stay(struct wire *own)
{
    (void)own;
    InterlockedExchange(&isr_is_running, 1);
    for (unsigned i = 0; i < 20; i++) {
        KeStallExecutionProcessor(1);
    }
    if (ReadAcquire(&gone)) {
        InterlockedExchange(&isr_ran_after, 1);
    }
    InterlockedExchange(&isr_is_running, 0);
}

static void assert_some(void *context)
{
    (void)context;
    for (unsigned i = 0; i < 10; i++) {
        dirql_line_pulse(wire.line);
    }
    InterlockedExchange(&all_sent, 1);
}

static void disconnect_waits_for_the_isr_on_another_processor(void **state)
{
    dirql_thread *thread;

    (void)state;
    wire = (struct wire){ .act = stay };
    isr_is_running = isr_ran_after = all_sent = gone = 0;
    wire_make(&wire, &(dirql_line_options){
                         .name = "edge", .irql = 6, .trigger = DIRQL_EDGE, .processors = 2 });
    thread = dirql_thread_start("other", 1, assert_some, NULL);
    wire_await(&wire, 1);
    while (!ReadAcquire(&isr_is_running) && !ReadAcquire(&all_sent)) {
        YieldProcessor();
    }
    IoDisconnectInterrupt(wire.interrupt);
    InterlockedExchange(&gone, 1);
    assert_false(isr_is_running);
    dirql_thread_join(thread);
    wire_settle();
    assert_false(isr_ran_after);
}

/* ---- Wrong pointers -------------------------------------------------------------------------- */

static void disconnecting_null_is_reported(void **state)
{
    (void)state;
    dirql_expect_finding("InterruptPointer");
    IoDisconnectInterrupt(NULL);
    fail_msg("there is nothing to disconnect");
}

static void disconnecting_twice_is_reported(void **state)
{
    (void)state;
    IoDisconnectInterrupt(wire.interrupt);
    dirql_expect_finding("InterruptPointer");
    IoDisconnectInterrupt(wire.interrupt);
    fail_msg("it was disconnected before");
}

static void disconnecting_something_else_is_reported(void **state)
{
    int something;

    (void)state;
    dirql_expect_finding("InterruptPointer");
    IoDisconnectInterrupt((PKINTERRUPT)&something);
    fail_msg("that is no interrupt");
}

static void disconnect_own(struct wire *own)
{
    IoDisconnectInterrupt(own->interrupt);
}

static void disconnecting_in_the_isr_is_reported(void **state)
{
    (void)state;
    wire.act = disconnect_own;
    dirql_expect_finding("DisconnectInIsr");
    dirql_line_assert(wire.line);
    wire_settle();
    fail_msg("it would wait for itself");
}

/* ---- The Ex form ----------------------------------------------------------------------------- */

static IO_DISCONNECT_INTERRUPT_PARAMETERS parameters;

static BOOLEAN message_isr(PKINTERRUPT interrupt, PVOID context, ULONG id)
{
    (void)interrupt;
    (void)id;
    ((struct wire *)context)->calls++;
    return TRUE;
}

static void connect_messages(dirql_line *lines[2], PIO_INTERRUPT_MESSAGE_INFO *table)
{
    IO_CONNECT_INTERRUPT_PARAMETERS p;

    lines[0] = dirql_line_create(&(dirql_line_options){ .name = "m0", .trigger = DIRQL_MESSAGE });
    lines[1] = dirql_line_create(
        &(dirql_line_options){ .name = "m1", .trigger = DIRQL_MESSAGE, .message = 1 });
    memset(&p, 0, sizeof(p));
    p.Version = CONNECT_MESSAGE_BASED;
    p.MessageBased.PhysicalDeviceObject = dirql_pdo_create("device", lines, 2);
    p.MessageBased.ConnectionContext.InterruptMessageTable = table;
    p.MessageBased.MessageServiceRoutine = message_isr;
    p.MessageBased.ServiceContext = &wire;
    assert_int_equal(IoConnectInterruptEx(&p), STATUS_SUCCESS);
    parameters.Version = p.Version;
    parameters.ConnectionContext.InterruptMessageTable = *table;
}

static void ex_form_disconnects_an_interrupt_object(void **state)
{
    (void)state;
    parameters.Version = CONNECT_FULLY_SPECIFIED;
    parameters.ConnectionContext.InterruptObject = wire.interrupt;
    IoDisconnectInterruptEx(&parameters);
    dirql_line_assert(wire.line);
    assert_int_equal(wire.calls, 0);
}

static void ex_form_disconnects_every_message(void **state)
{
    dirql_line *lines[2];
    PIO_INTERRUPT_MESSAGE_INFO table;

    (void)state;
    connect_messages(lines, &table);
    IoDisconnectInterruptEx(&parameters);
    dirql_line_assert(lines[0]);
    dirql_line_assert(lines[1]);
    assert_int_equal(wire.calls, 0);
}

static void disconnecting_messages_twice_is_reported(void **state)
{
    dirql_line *lines[2];
    PIO_INTERRUPT_MESSAGE_INFO table;

    (void)state;
    connect_messages(lines, &table);
    IoDisconnectInterruptEx(&parameters);
    dirql_expect_finding("InterruptPointer");
    IoDisconnectInterruptEx(&parameters);
    fail_msg("they were disconnected before");
}

static void single_message_cannot_be_disconnected(void **state)
{
    dirql_line *lines[2];
    PIO_INTERRUPT_MESSAGE_INFO table;

    (void)state;
    connect_messages(lines, &table);
    dirql_expect_finding("InterruptVersion");
    IoDisconnectInterrupt(table->MessageInfo[0].InterruptObject);
    fail_msg("the table would name an interrupt that is gone");
}

static void version_other_than_the_connection_had_is_reported(void **state)
{
    (void)state;
    parameters.Version = CONNECT_LINE_BASED;
    parameters.ConnectionContext.InterruptObject = wire.interrupt;
    dirql_expect_finding("InterruptVersion");
    WdmlibIoDisconnectInterruptEx(&parameters);
    fail_msg("it was connected by IoConnectInterrupt");
}

static void line_based_connection_is_undone_only_as_such(void **state)
{
    IO_CONNECT_INTERRUPT_PARAMETERS p;
    dirql_line *line = dirql_line_create(NULL);

    (void)state;
    memset(&p, 0, sizeof(p));
    p.Version = CONNECT_LINE_BASED;
    p.LineBased.PhysicalDeviceObject = dirql_pdo_create("device", &line, 1);
    p.LineBased.InterruptObject = &parameters.ConnectionContext.InterruptObject;
    p.LineBased.ServiceRoutine = wire_isr;
    p.LineBased.ServiceContext = &wire;
    assert_int_equal(IoConnectInterruptEx(&p), STATUS_SUCCESS);
    parameters.Version = p.Version;
    IoDisconnectInterruptEx(&parameters);
    assert_int_equal(IoConnectInterruptEx(&p), STATUS_SUCCESS);
    parameters.Version = CONNECT_FULLY_SPECIFIED;
    dirql_expect_finding("InterruptVersion");
    IoDisconnectInterruptEx(&parameters);
    fail_msg("it was connected line based");
}

static void message_version_with_an_interrupt_object_is_reported(void **state)
{
    (void)state;
    parameters.Version = CONNECT_MESSAGE_BASED;
    parameters.ConnectionContext.InterruptObject = wire.interrupt;
    dirql_expect_finding("InterruptPointer");
    IoDisconnectInterruptEx(&parameters);
    fail_msg("that is no message table");
}

/* ---- Devices --------------------------------------------------------------------------------- */

static PDEVICE_OBJECT connect_with_device(void)
{
    static DRIVER_OBJECT driver;
    PDEVICE_OBJECT device;
    struct wire *extension;

    memset(&driver, 0, sizeof(driver));
    assert_int_equal(
        IoCreateDevice(&driver, sizeof(struct wire), NULL, FILE_DEVICE_UNKNOWN, 0, FALSE, &device),
        STATUS_SUCCESS);
    extension = device->DeviceExtension;
    wire_make(extension, &(dirql_line_options){ .name = "of a device" });
    return device;
}

static void device_deleted_while_its_interrupt_is_connected_is_reported(void **state)
{
    PDEVICE_OBJECT device = connect_with_device();

    (void)state;
    dirql_expect_finding("DeleteConnected");
    IoDeleteDevice(device);
    fail_msg("the ISR's context is gone");
}

static void device_deleted_after_disconnecting_is_fine(void **state)
{
    PDEVICE_OBJECT device = connect_with_device();

    (void)state;
    IoDisconnectInterrupt(((struct wire *)device->DeviceExtension)->interrupt);
    IoDeleteDevice(device);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        dirql_unit_test_setup(disconnected_isr_is_not_called, start, .checks = DIRQL_CHECKS_NONE),
        dirql_unit_test(disconnect_waits_for_the_isr_on_another_processor, .processors = 2,
                        .mode = DIRQL_MODE_RANDOM, .checks = DIRQL_CHECKS_NONE),
        dirql_unit_test_setup(disconnecting_null_is_reported, start),
        dirql_unit_test_setup(disconnecting_twice_is_reported, start),
        dirql_unit_test_setup(disconnecting_something_else_is_reported, start),
        dirql_unit_test_setup(disconnecting_in_the_isr_is_reported, start,
                              .checks = DIRQL_CHECKS_NONE),
        dirql_unit_test_setup(ex_form_disconnects_an_interrupt_object, start,
                              .checks = DIRQL_CHECKS_NONE),
        dirql_unit_test_setup(ex_form_disconnects_every_message, start,
                              .checks = DIRQL_CHECKS_NONE),
        dirql_unit_test_setup(disconnecting_messages_twice_is_reported, start),
        dirql_unit_test_setup(single_message_cannot_be_disconnected, start),
        dirql_unit_test_setup(version_other_than_the_connection_had_is_reported, start),
        dirql_unit_test_setup(line_based_connection_is_undone_only_as_such, start),
        dirql_unit_test_setup(message_version_with_an_interrupt_object_is_reported, start),
        dirql_unit_test(device_deleted_while_its_interrupt_is_connected_is_reported),
        dirql_unit_test(device_deleted_after_disconnecting_is_fine),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
