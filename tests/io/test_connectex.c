/*
 * test_connectex.c - the versions of IoConnectInterruptEx.
 */
#include "../ke/wire.h"

enum { LINES = 3 };

static struct wire wire; /* Context of every ISR. */
static dirql_line *lines[LINES];
static PKINTERRUPT interrupt;
static PIO_INTERRUPT_MESSAGE_INFO table;
static IO_CONNECT_INTERRUPT_PARAMETERS p;
static KSPIN_LOCK lock;

static struct {
    unsigned calls;
    ULONG id;
    KIRQL irql;
    PKINTERRUPT given;
} message;

static volatile LONG inside, most_inside;

static BOOLEAN message_isr(PKINTERRUPT given, PVOID context, ULONG id)
{
    assert_ptr_equal(context, &wire);
    message.calls++;
    message.id = id;
    message.irql = KeGetCurrentIrql();
    message.given = given;
    return TRUE;
}

static BOOLEAN staying_isr(PKINTERRUPT given, PVOID context, ULONG id)
{
    const LONG now = InterlockedIncrement(&inside);

    (void)given;
    (void)context;
    (void)id;
    if (now > most_inside) {
        most_inside = now;
    }
    KeStallExecutionProcessor(5);
    InterlockedDecrement(&inside);
    return TRUE;
}

/* Ends only when the other message's is inside, too. */
static BOOLEAN meeting_isr(PKINTERRUPT given, PVOID context, ULONG id)
{
    (void)given;
    (void)context;
    (void)id;
    InterlockedIncrement(&inside);
    while (ReadAcquire(&inside) < 2) {
        YieldProcessor();
    }
    return TRUE;
}

static PDEVICE_OBJECT make_device(const dirql_line_options *options, unsigned count)
{
    wire = (struct wire){ .claims = WIRE_ALWAYS };
    memset(&message, 0, sizeof(message));
    inside = most_inside = 0;
    memset(&p, 0, sizeof(p));
    interrupt = NULL;
    table = NULL;
    KeInitializeSpinLock(&lock);
    for (unsigned i = 0; i < count; i++) {
        lines[i] = dirql_line_create(&options[i]);
    }
    wire.line = count > 0 ? lines[0] : NULL;
    return dirql_pdo_create("device", lines, count);
}

/* ---- Fully specified ------------------------------------------------------------------------- */

/* Disconnects what `p` has connected, if that still stands. */
static int stop(void **state)
{
    IO_DISCONNECT_INTERRUPT_PARAMETERS parameters = { .Version = CONNECT_MESSAGE_BASED };

    dirql_suppress("InterruptPointer", NULL, "there is none, or the test has disconnected it");
    if (p.Version == CONNECT_MESSAGE_BASED && table != NULL) {
        parameters.ConnectionContext.InterruptMessageTable = table;
        IoDisconnectInterruptEx(&parameters);
    } else if (interrupt != NULL) {
        wire_remember(interrupt);
    } else if (p.Version == CONNECT_LINE_BASED && table != NULL) {
        wire_remember((PKINTERRUPT)(void *)table); /* Messages were asked for, and a line came. */
    }
    table = NULL;
    interrupt = NULL;
    return wire_stop(state);
}

static int start_fully(void **state)
{
    static const dirql_line_options options = { .name = "device", .irql = 6 };

    PDEVICE_OBJECT device = make_device(&options, 1);

    (void)state;
    p.FullySpecified.PhysicalDeviceObject = device;
    p.Version = CONNECT_FULLY_SPECIFIED;
    p.FullySpecified.InterruptObject = &interrupt;
    p.FullySpecified.ServiceRoutine = wire_isr;
    p.FullySpecified.ServiceContext = &wire;
    p.FullySpecified.Vector = dirql_line_vector(lines[0]);
    p.FullySpecified.Irql = 6;
    p.FullySpecified.SynchronizeIrql = 6;
    p.FullySpecified.InterruptMode = LevelSensitive;
    p.FullySpecified.ProcessorEnableMask = 1;
    return 0;
}

static void fully_specified_connects(void **state)
{
    (void)state;
    assert_int_equal(IoConnectInterruptEx(&p), STATUS_SUCCESS);
    assert_int_equal(p.Version, CONNECT_FULLY_SPECIFIED);
    dirql_line_assert(lines[0]);
    wire_settle();
    assert_int_equal(wire.calls, 1);
    assert_ptr_equal(wire.given, interrupt);
}

static void library_name_does_the_same(void **state)
{
    (void)state;
    assert_int_equal(WdmlibIoConnectInterruptEx(&p), STATUS_SUCCESS);
    dirql_line_assert(lines[0]);
    wire_settle();
    assert_int_equal(wire.calls, 1);
}

static void empty_mask_is_invalid_parameter_10(void **state)
{
    (void)state;
    p.FullySpecified.ProcessorEnableMask = 0;
    assert_int_equal(IoConnectInterruptEx(&p), STATUS_INVALID_PARAMETER_10);
    p.FullySpecified.ProcessorEnableMask = (KAFFINITY)1 << KeQueryActiveProcessorCount(NULL);
    assert_int_equal(IoConnectInterruptEx(&p), STATUS_INVALID_PARAMETER_10);
}

static void vector_of_no_device_is_not_found(void **state)
{
    (void)state;
    p.FullySpecified.Vector = 5;
    dirql_expect_finding("ConnectResource");
    assert_int_equal(IoConnectInterruptEx(&p), STATUS_NOT_FOUND);
}

static void null_device_object_is_an_invalid_parameter(void **state)
{
    (void)state;
    p.FullySpecified.PhysicalDeviceObject = NULL;
    assert_int_equal(IoConnectInterruptEx(&p), STATUS_INVALID_PARAMETER);
}

static void unknown_version_is_invalid_parameter_1(void **state)
{
    (void)state;
    p.Version = 0;
    assert_int_equal(IoConnectInterruptEx(&p), STATUS_INVALID_PARAMETER_1);
    p.Version = 99;
    assert_int_equal(IoConnectInterruptEx(&p), STATUS_INVALID_PARAMETER_1);
}

static void group_counts_only_in_the_group_form(void **state)
{
    (void)state;
    p.FullySpecified.Group = 1;
    assert_int_equal(IoConnectInterruptEx(&p), STATUS_SUCCESS);
    IoDisconnectInterrupt(interrupt);
    p.Version = CONNECT_FULLY_SPECIFIED_GROUP;
    assert_int_equal(IoConnectInterruptEx(&p), STATUS_INVALID_PARAMETER);
    p.FullySpecified.Group = 0;
    assert_int_equal(IoConnectInterruptEx(&p), STATUS_SUCCESS);
}

/* ---- Line based ------------------------------------------------------------------------------ */

static void ask_for_lines(const dirql_line_options *options, unsigned count)
{
    PDEVICE_OBJECT device = make_device(options, count);

    p.Version = CONNECT_LINE_BASED;
    p.LineBased.PhysicalDeviceObject = device;
    p.LineBased.InterruptObject = &interrupt;
    p.LineBased.ServiceRoutine = wire_isr;
    p.LineBased.ServiceContext = &wire;
}

static const dirql_line_options two_lines[] = { { .name = "low", .irql = 4 },
                                                { .name = "high", .irql = 8 } };

static void line_based_takes_vector_and_irql_from_the_device(void **state)
{
    (void)state;
    ask_for_lines(two_lines, 1);
    assert_int_equal(IoConnectInterruptEx(&p), STATUS_SUCCESS);
    assert_int_equal(p.Version, CONNECT_LINE_BASED);
    dirql_line_assert(lines[0]);
    wire_settle();
    assert_int_equal(wire.calls, 1);
    assert_int_equal(wire.irql, 4);
}

static void synchronize_irql_is_a_minimum(void **state)
{
    (void)state;
    ask_for_lines(two_lines, 1);
    p.LineBased.SynchronizeIrql = 9;
    assert_int_equal(IoConnectInterruptEx(&p), STATUS_SUCCESS);
    dirql_line_assert(lines[0]);
    wire_settle();
    assert_int_equal(wire.irql, 9);
}

static void all_lines_of_the_device_run_at_the_highest_irql_behind_one_handle(void **state)
{
    (void)state;
    ask_for_lines(two_lines, 2);
    assert_int_equal(IoConnectInterruptEx(&p), STATUS_SUCCESS);
    dirql_line_assert(lines[0]);
    wire_settle();
    assert_int_equal(wire.irql, 8);
    wire.line = lines[1];
    dirql_line_assert(lines[1]);
    wire_settle();
    assert_int_equal(wire.calls, 2);
    IoDisconnectInterrupt(interrupt);
}

static void device_without_interrupts_is_not_found(void **state)
{
    (void)state;
    ask_for_lines(NULL, 0);
    assert_int_equal(IoConnectInterruptEx(&p), STATUS_NOT_FOUND);
}

static void device_object_that_is_no_physical_one_is_not_found(void **state)
{
    DRIVER_OBJECT driver;
    PDEVICE_OBJECT device;

    (void)state;
    memset(&driver, 0, sizeof(driver));
    ask_for_lines(two_lines, 1);
    assert_int_equal(IoCreateDevice(&driver, 0, NULL, FILE_DEVICE_UNKNOWN, 0, FALSE, &device),
                     STATUS_SUCCESS);
    p.LineBased.PhysicalDeviceObject = device;
    assert_int_equal(IoConnectInterruptEx(&p), STATUS_NOT_FOUND);
    IoDeleteDevice(device);
}

static const dirql_line_options messages[] = {
    { .name = "m0", .irql = 5, .trigger = DIRQL_MESSAGE, .message = 3 },
    { .name = "m1", .irql = 7, .trigger = DIRQL_MESSAGE, .message = 7 },
    { .name = "m2", .irql = 6, .trigger = DIRQL_MESSAGE, .message = 5 },
};

static void lines_of_a_device_with_several_messages_are_an_invalid_request(void **state)
{
    (void)state;
    ask_for_lines(messages, 2);
    assert_int_equal(IoConnectInterruptEx(&p), STATUS_INVALID_DEVICE_REQUEST);
}

/* ---- Message based --------------------------------------------------------------------------- */

static void ask_for_messages(const dirql_line_options *options, unsigned count)
{
    PDEVICE_OBJECT device = make_device(options, count);

    p.Version = CONNECT_MESSAGE_BASED;
    p.MessageBased.PhysicalDeviceObject = device;
    p.MessageBased.ConnectionContext.InterruptMessageTable = &table;
    p.MessageBased.MessageServiceRoutine = message_isr;
    p.MessageBased.ServiceContext = &wire;
}

static void table_describes_each_message(void **state)
{
    (void)state;
    ask_for_messages(messages, 3);
    assert_int_equal(IoConnectInterruptEx(&p), STATUS_SUCCESS);
    assert_int_equal(p.Version, CONNECT_MESSAGE_BASED);
    assert_int_equal(table->MessageCount, 3);
    assert_int_equal(table->UnifiedIrql, 7);
    for (ULONG i = 0; i < 3; i++) {
        assert_int_equal(table->MessageInfo[i].Vector, dirql_line_vector(lines[i]));
        assert_int_equal(table->MessageInfo[i].Irql, dirql_line_irql(lines[i]));
        assert_int_equal(table->MessageInfo[i].Mode, Latched);
        assert_int_equal(table->MessageInfo[i].TargetProcessorSet, KeQueryActiveProcessors());
        assert_non_null(table->MessageInfo[i].InterruptObject);
    }
}

static void all_messages_are_inactive_and_active_together(void **state)
{
    IO_REPORT_INTERRUPT_ACTIVE_STATE_PARAMETERS parameters = { .Version = CONNECT_MESSAGE_BASED };

    (void)state;
    dirql_suppress("LostInterrupt", NULL, "messages are edges: those of an inactive ISR are lost");
    ask_for_messages(messages, 3);
    assert_int_equal(IoConnectInterruptEx(&p), STATUS_SUCCESS);
    parameters.ConnectionContext.InterruptMessageTable = table;
    IoReportInterruptInactive(&parameters);
    for (ULONG i = 0; i < 3; i++) {
        dirql_line_assert(lines[i]);
        wire_settle();
    }
    assert_int_equal(message.calls, 0);
    IoReportInterruptActive(&parameters);
    wire_settle();
    message.calls = 0;
    for (ULONG i = 0; i < 3; i++) {
        dirql_line_assert(lines[i]);
        wire_settle();
        assert_int_equal(message.id, i);
    }
    assert_int_equal(message.calls, 3);
}

/* The number is the place in the table, whatever the device calls the message. */
static void routine_gets_the_number_and_object_of_its_message(void **state)
{
    (void)state;
    ask_for_messages(messages, 3);
    assert_int_equal(IoConnectInterruptEx(&p), STATUS_SUCCESS);
    for (ULONG i = 0; i < 3; i++) {
        dirql_line_assert(lines[i]);
        wire_settle();
        assert_int_equal(message.calls, i + 1);
        assert_int_equal(message.id, i);
        assert_ptr_equal(message.given, table->MessageInfo[i].InterruptObject);
        assert_int_equal(message.irql, table->UnifiedIrql);
    }
}

static void message_comes_once_for_each_time_it_is_sent(void **state)
{
    (void)state;
    ask_for_messages(messages, 1);
    assert_int_equal(IoConnectInterruptEx(&p), STATUS_SUCCESS);
    dirql_line_assert(lines[0]);
    wire_settle();
    dirql_line_assert(lines[0]);
    wire_settle();
    assert_int_equal(message.calls, 2);
}

static void connect_to_two_processors(PKMESSAGE_SERVICE_ROUTINE routine, PKSPIN_LOCK common)
{
    dirql_line_options spread[2] = { messages[0], messages[1] };

    spread[0].processors = 1;
    spread[1].processors = 2;
    ask_for_messages(spread, 2);
    p.MessageBased.MessageServiceRoutine = routine;
    p.MessageBased.SpinLock = common;
    assert_int_equal(IoConnectInterruptEx(&p), STATUS_SUCCESS);
}

static void messages_have_locks_of_their_own(void **state)
{
    (void)state;
    connect_to_two_processors(meeting_isr, NULL);
    dirql_line_assert(lines[1]);
    dirql_line_assert(lines[0]);
    while (ReadAcquire(&inside) < 2) {
        wire_settle();
    }
}

static void send_many(void *context)
{
    for (unsigned i = 0; i < 20; i++) {
        dirql_line_assert(context);
    }
}

static void lock_of_the_driver_keeps_messages_apart(void **state)
{
    dirql_thread *thread;

    (void)state;
    connect_to_two_processors(staying_isr, &lock);
    thread = dirql_thread_start("other", 1, send_many, lines[1]);
    send_many(lines[0]);
    dirql_thread_join(thread);
    wire_settle();
    assert_int_equal(most_inside, 1);
}

static void device_without_messages_falls_back_to_its_line(void **state)
{
    (void)state;
    ask_for_messages(two_lines, 1);
    p.MessageBased.FallBackServiceRoutine = wire_isr;
    assert_int_equal(IoConnectInterruptEx(&p), STATUS_SUCCESS);
    assert_int_equal(p.Version, CONNECT_LINE_BASED);
    dirql_line_assert(lines[0]);
    wire_settle();
    assert_int_equal(wire.calls, 1);
    assert_int_equal(message.calls, 0);
    assert_ptr_equal(wire.given, *p.MessageBased.ConnectionContext.InterruptObject);
}

static void device_without_messages_and_no_fallback_is_not_found(void **state)
{
    (void)state;
    ask_for_messages(two_lines, 1);
    assert_int_equal(IoConnectInterruptEx(&p), STATUS_NOT_FOUND);
    assert_int_equal(p.Version, CONNECT_MESSAGE_BASED);
}

static void failure_at_one_message_disconnects_the_others(void **state)
{
    struct wire squatter = { 0 };

    (void)state;
    ask_for_messages(messages, 2);
    squatter.line = lines[1];
    wire_connect(&squatter);
    assert_int_equal(IoConnectInterruptEx(&p), STATUS_INVALID_PARAMETER);
    assert_null(table);
    IoDisconnectInterrupt(squatter.interrupt);
    assert_int_equal(IoConnectInterruptEx(&p), STATUS_SUCCESS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        dirql_unit_test_setup_teardown(fully_specified_connects, start_fully, stop),
        dirql_unit_test_setup_teardown(library_name_does_the_same, start_fully, stop),
        dirql_unit_test_setup_teardown(empty_mask_is_invalid_parameter_10, start_fully, stop),
        dirql_unit_test_setup_teardown(vector_of_no_device_is_not_found, start_fully, stop),
        dirql_unit_test_setup_teardown(null_device_object_is_an_invalid_parameter, start_fully,
                                       stop),
        dirql_unit_test_setup_teardown(unknown_version_is_invalid_parameter_1, start_fully, stop),
        dirql_unit_test_setup_teardown(group_counts_only_in_the_group_form, start_fully, stop),
        dirql_unit_test_teardown(line_based_takes_vector_and_irql_from_the_device, stop),
        dirql_unit_test_teardown(synchronize_irql_is_a_minimum, stop),
        dirql_unit_test_teardown(all_lines_of_the_device_run_at_the_highest_irql_behind_one_handle,
                                 stop),
        dirql_unit_test_teardown(device_without_interrupts_is_not_found, stop),
        dirql_unit_test_teardown(device_object_that_is_no_physical_one_is_not_found, stop),
        dirql_unit_test_teardown(lines_of_a_device_with_several_messages_are_an_invalid_request,
                                 stop),
        dirql_unit_test_teardown(table_describes_each_message, stop),
        dirql_unit_test_teardown(routine_gets_the_number_and_object_of_its_message, stop),
        dirql_unit_test_teardown(all_messages_are_inactive_and_active_together, stop),
        dirql_unit_test_teardown(message_comes_once_for_each_time_it_is_sent, stop),
        dirql_unit_test_teardown(messages_have_locks_of_their_own, stop, .processors = 2),
        dirql_unit_test_teardown(lock_of_the_driver_keeps_messages_apart, stop, .processors = 2,
                                 .mode = DIRQL_MODE_RANDOM),
        dirql_unit_test_teardown(device_without_messages_falls_back_to_its_line, stop),
        dirql_unit_test_teardown(device_without_messages_and_no_fallback_is_not_found, stop),
        dirql_unit_test_teardown(failure_at_one_message_disconnects_the_others, stop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
