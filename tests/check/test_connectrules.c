/*
 * test_connectrules.c - each rule about connecting, devices and their registers is found when it is
 * broken, and not when it is kept.
 */
#include "rule.h"

#include "../ke/wire.h"

enum { LENGTH = 64, PORT = 0x300 };

static struct wire wire, other;
static KSPIN_LOCK common_lock;
static KIRQL old;
static ULONG_PTR vector;
static PVOID pointer;
static PUCHAR mapped;
static PDEVICE_OBJECT device;
static KDPC *queued;
static volatile LONG step;

/* ---- Connecting ------------------------------------------------------------------------------ */

static void make(struct wire *of, unsigned irql)
{
    wire_make(of, &(dirql_line_options){ .name = "device", .irql = irql });
}

static void unmake(struct wire *of)
{
    IoDisconnectInterrupt(of->interrupt);
}

static void connect_and_disconnect(void *context)
{
    (void)context;
    wire = (struct wire){ .claims = WIRE_ALWAYS };
    make(&wire, 7);
    dirql_line_assert(wire.line);
    settle();
    unmake(&wire);
}

static void connect_with_another_level(void *context)
{
    dirql_line *line = dirql_line_create(&(dirql_line_options){ .name = "device", .irql = 7 });
    PKINTERRUPT interrupt;

    (void)context;
    (void)IoConnectInterrupt(&interrupt, wire_isr, &wire, NULL, dirql_line_vector(line), 8, 8,
                             dirql_line_mode(line), FALSE, 1, FALSE);
}

static void a_level_other_than_the_resources_is_warned_of(void **state)
{
    (void)state;
    assert_warned(connect_with_another_level, 1, 1, "ConnectResource");
    assert_silent(connect_and_disconnect, 1, "ConnectResource");
}

static void share_a_lock_at_two_levels(void *context)
{
    (void)context;
    KeInitializeSpinLock(&common_lock);
    wire = (struct wire){ .lock = &common_lock };
    other = (struct wire){ .lock = &common_lock };
    make(&wire, 4);
    make(&other, 8);
}

static void a_common_lock_with_a_low_synchronize_irql_is_found(void **state)
{
    (void)state;
    assert_error(share_a_lock_at_two_levels, 1, "ConnectSynchronizeIrql");
}

static void connect_one_isr_to_two_vectors(void *context)
{
    (void)context;
    wire = (struct wire){ .claims = WIRE_ALWAYS };
    make(&wire, 7);
    other = wire;
    other.line = dirql_line_create(&(dirql_line_options){ .name = "second", .irql = 7 });
    IoConnectInterrupt(&other.interrupt, wire_isr, &wire, NULL, dirql_line_vector(other.line), 7, 7,
                       LevelSensitive, FALSE, 1, FALSE);
    unmake(&other);
    unmake(&wire);
}

static void an_isr_of_two_vectors_without_a_common_lock_is_warned_of(void **state)
{
    (void)state;
    assert_warned(connect_one_isr_to_two_vectors, 1, 1, "ConnectSpinLock");
}

static void disconnect_as(ULONG version)
{
    IO_DISCONNECT_INTERRUPT_PARAMETERS parameters = { .Version = version };

    wire = (struct wire){ .claims = WIRE_ALWAYS };
    make(&wire, 7);
    parameters.ConnectionContext.InterruptObject = wire.interrupt;
    IoDisconnectInterruptEx(&parameters);
}

static void disconnect_as_line_based(void *context)
{
    (void)context;
    disconnect_as(CONNECT_LINE_BASED);
}

static void disconnect_as_fully_specified(void *context)
{
    (void)context;
    disconnect_as(CONNECT_FULLY_SPECIFIED);
}

static void disconnecting_as_another_version_is_found(void **state)
{
    (void)state;
    assert_error(disconnect_as_line_based, 1, "InterruptVersion");
    assert_silent(disconnect_as_fully_specified, 1, "InterruptVersion");
}

static void disconnect_own(struct wire *own)
{
    IoDisconnectInterrupt(own->interrupt);
}

static void disconnect_in_its_own_isr(void *context)
{
    (void)context;
    dirql_suppress("IrqlIoPassive4", NULL, "an ISR has no other IRQL");
    wire = (struct wire){ .act = disconnect_own };
    make(&wire, 7);
    dirql_line_assert(wire.line);
    settle();
}

static void disconnecting_in_the_interrupts_own_isr_is_found(void **state)
{
    (void)state;
    assert_error(disconnect_in_its_own_isr, 1, "DisconnectInIsr");
}

static void stay_at_dirql(void *context)
{
    KIRQL own;

    (void)context;
    KeRaiseIrql(7, &own);
    InterlockedExchange(&step, 1);
    while (InterlockedCompareExchange(&step, 0, 0) != 2) {
        YieldProcessor();
    }
    KeLowerIrql(own);
}

static void disconnect_while_the_line_is_asserted(void *context)
{
    (void)context;
    step = 0;
    dirql_thread_move(0);
    wire = (struct wire){ .processors = 2 };
    make(&wire, 7);
    dirql_thread_start("busy", 1, stay_at_dirql, NULL);
    while (InterlockedCompareExchange(&step, 0, 0) != 1) {
        YieldProcessor();
    }
    vector = dirql_line_vector(wire.line);
    dirql_line_assert(wire.line);
    IoDisconnectInterrupt(wire.interrupt);
}

static void disconnecting_a_device_that_interrupts_is_found(void **state)
{
    (void)state;
    assert_broken(disconnect_while_the_line_is_asserted, 2, TRAP_CAUSE_UNKNOWN, 1, vector, 0, 0,
                  "DisconnectAsserting");
}

/* ---- The interrupt's lock -------------------------------------------------------------------- */

static BOOLEAN synchronized(PVOID context)
{
    (void)context;
    return TRUE;
}

static void synchronize_after_disconnecting(void *context)
{
    connect_and_disconnect(context);
    KeSynchronizeExecution(wire.interrupt, synchronized, NULL);
}

static void a_stale_interrupt_object_is_found(void **state)
{
    (void)state;
    assert_broken(synchronize_after_disconnecting, 1, PAGE_FAULT_IN_NONPAGED_AREA,
                  (ULONG_PTR)wire.interrupt, 0, DIRQL_ANY, 0, "InterruptPointer");
}

static void synchronize_above_the_level(void *context)
{
    (void)context;
    wire = (struct wire){ .claims = WIRE_ALWAYS };
    make(&wire, 7);
    KeRaiseIrql(8, &old);
    KeSynchronizeExecution(wire.interrupt, synchronized, NULL);
}

static void synchronizing_above_the_interrupts_level_is_found(void **state)
{
    (void)state;
    assert_verifier(synchronize_above_the_level, 0xE5, 8, 7, (ULONG_PTR)wire.interrupt,
                    "IrqlKeSynchronizeExecution");
}

static void release_to_another_irql(void *context)
{
    (void)context;
    KeInitializeSpinLock(&common_lock);
    wire = (struct wire){ .lock = &common_lock };
    make(&wire, 7);
    (void)KeAcquireInterruptSpinLock(wire.interrupt);
    KeReleaseInterruptSpinLock(wire.interrupt, APC_LEVEL);
}

static void an_interrupt_lock_that_is_released_to_another_irql_is_found(void **state)
{
    (void)state;
    assert_verifier(release_to_another_irql, 0x32, 7, (ULONG_PTR)&common_lock, APC_LEVEL,
                    "KeReleaseInterruptSpinLock");
}

static void report_inactive_at_dirql(void *context)
{
    IO_REPORT_INTERRUPT_ACTIVE_STATE_PARAMETERS parameters = { .Version = CONNECT_FULLY_SPECIFIED };

    (void)context;
    KeRaiseIrql(5, &old);
    IoReportInterruptInactive(&parameters);
}

static void report_inactive_and_active(void *context)
{
    IO_REPORT_INTERRUPT_ACTIVE_STATE_PARAMETERS parameters = { .Version = CONNECT_FULLY_SPECIFIED };

    (void)context;
    wire = (struct wire){ .claims = WIRE_ALWAYS };
    make(&wire, 7);
    parameters.ConnectionContext.InterruptObject = wire.interrupt;
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    IoReportInterruptInactive(&parameters);
    IoReportInterruptActive(&parameters);
    KeLowerIrql(old);
    unmake(&wire);
}

static void reporting_an_interrupts_state_at_dirql_is_found(void **state)
{
    (void)state;
    assert_verifier(report_inactive_at_dirql, 0xE5, 5, DIRQL_ANY, 0, "IrqlIoDispatch");
    assert_silent(report_inactive_and_active, 1, "IrqlIoDispatch");
}

/* ---- Claims ---------------------------------------------------------------------------------- */

static void silence_it(struct wire *own)
{
    dirql_line_deassert(own->line);
}

static void claim_what_another_silenced(void *context)
{
    (void)context;
    wire = (struct wire){ .act = silence_it, .share = TRUE };
    make(&wire, 7);
    wire.claims = 0;
    other = (struct wire){ .claims = WIRE_ALWAYS, .share = TRUE, .line = wire.line };
    IoConnectInterrupt(&other.interrupt, wire_isr, &other, NULL, dirql_line_vector(wire.line), 7, 7,
                       LevelSensitive, TRUE, dirql_line_processors(wire.line), FALSE);
    dirql_line_assert(wire.line);
    settle();
    unmake(&other);
    unmake(&wire);
}

static void claiming_what_another_silenced_is_warned_of(void **state)
{
    (void)state;
    assert_warned(claim_what_another_silenced, 1, 1, "IsrClaim");
}

/* ---- Device objects -------------------------------------------------------------------------- */

static void create_device(void)
{
    static DRIVER_OBJECT driver;

    assert_int_equal(IoCreateDevice(&driver, sizeof(struct wire) + sizeof(KDPC), NULL,
                                    FILE_DEVICE_UNKNOWN, 0, FALSE, &device),
                     STATUS_SUCCESS);
    queued = (KDPC *)((struct wire *)device->DeviceExtension + 1);
}

static VOID dpc_routine(PKDPC of, PVOID context, PVOID a1, PVOID a2)
{
    (void)of;
    (void)context;
    (void)a1;
    (void)a2;
}

static void use_a_device(void *context)
{
    (void)context;
    create_device();
    make(device->DeviceExtension, 7);
    KeInitializeDpc(queued, dpc_routine, NULL);
    KeInsertQueueDpc(queued, NULL, NULL);
    KeFlushQueuedDpcs();
    unmake(device->DeviceExtension);
    IoDeleteDevice(device);
}

static void delete_a_device_that_is_connected(void *context)
{
    (void)context;
    create_device();
    make(device->DeviceExtension, 7);
    IoDeleteDevice(device);
}

static void deleting_a_device_whose_isr_is_connected_is_found(void **state)
{
    (void)state;
    assert_error(delete_a_device_that_is_connected, 1, "DeleteConnected");
    assert_silent(use_a_device, 1, "DeleteConnected");
}

static void stay_at_dispatch(void *context)
{
    KIRQL own;

    (void)context;
    KeRaiseIrql(DISPATCH_LEVEL, &own);
    InterlockedExchange(&step, 1);
    await_the_end();
}

static void delete_a_device_whose_dpc_is_queued(void *context)
{
    (void)context;
    step = 0;
    dirql_thread_move(0);
    create_device();
    dirql_thread_start("busy", 1, stay_at_dispatch, NULL);
    while (InterlockedCompareExchange(&step, 0, 0) != 1) {
        YieldProcessor();
    }
    KeInitializeDpc(queued, dpc_routine, NULL);
    KeSetTargetProcessorDpc(queued, 1);
    KeInsertQueueDpc(queued, NULL, NULL);
    IoDeleteDevice(device);
}

static void deleting_a_device_whose_dpc_is_queued_is_found(void **state)
{
    (void)state;
    assert_broken(delete_a_device_whose_dpc_is_queued, 2, TIMER_OR_DPC_INVALID, 1,
                  (ULONG_PTR)queued, DIRQL_ANY, DIRQL_ANY, "DeleteWithDpc");
    assert_true(rule_result.parameters[2] <= (ULONG_PTR)device &&
                (ULONG_PTR)(queued + 1) <= rule_result.parameters[3]);
    assert_silent(use_a_device, 1, "DeleteWithDpc");
}

static void delete_a_device_twice(void *context)
{
    (void)context;
    create_device();
    IoDeleteDevice(device);
    IoDeleteDevice(device);
}

static void deleting_a_device_twice_is_found(void **state)
{
    (void)state;
    assert_broken(delete_a_device_twice, 1, DRIVER_VERIFIER_IOMANAGER_VIOLATION, 0x240, DIRQL_ANY,
                  0, 0, "DevicePointer");
    assert_silent(use_a_device, 1, "DevicePointer");
    assert_silent(use_a_device, 1, "IrqlIoApcLte");
}

/* ---- Registers and ports --------------------------------------------------------------------- */

static PHYSICAL_ADDRESS add_memory(void)
{
    const dirql_device registers = { .name = "registers" };

    return dirql_device_add_memory(&registers, 0, LENGTH);
}

static void use_registers(void *context)
{
    const dirql_device ports = { .name = "ports" };
    PHYSICAL_ADDRESS physical = add_memory();

    (void)context;
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    mapped = MmMapIoSpace(physical, LENGTH, MmNonCached);
    KeLowerIrql(old);
    (void)READ_REGISTER_UCHAR(mapped + 1);
    WRITE_REGISTER_UCHAR(mapped + 2, 1);
    MmUnmapIoSpace(mapped, LENGTH);
    dirql_device_add_ports(&ports, PORT, 2);
    WRITE_PORT_UCHAR((PUCHAR)(ULONG_PTR)PORT, 1);
}

static void read_a_register_after_unmapping(void *context)
{
    use_registers(context);
    (void)READ_REGISTER_UCHAR(mapped);
}

static void a_register_that_is_no_longer_mapped_is_found(void **state)
{
    (void)state;
    assert_error(read_a_register_after_unmapping, 1, "RegisterPointer");
    assert_silent(use_registers, 1, "RegisterPointer");
}

static void map_what_no_device_has(void *context)
{
    const PHYSICAL_ADDRESS nowhere = { .QuadPart = 0x1000 };

    (void)context;
    assert_null(MmMapIoSpace(nowhere, 4, MmNonCached));
}

static void mapping_what_no_device_has_is_warned_of(void **state)
{
    (void)state;
    assert_warned(map_what_no_device_has, 1, 1, "MmMapIoSpace");
    assert_silent(use_registers, 1, "MmMapIoSpace");
}

static void unmap_twice(void *context)
{
    use_registers(context);
    MmUnmapIoSpace(mapped, LENGTH);
}

static void unmapping_twice_is_found(void **state)
{
    (void)state;
    assert_error(unmap_twice, 1, "MmUnmapIoSpace");
    assert_silent(use_registers, 1, "MmUnmapIoSpace");
}

static void map_at_dirql(void *context)
{
    const PHYSICAL_ADDRESS physical = add_memory();

    (void)context;
    pointer = (PVOID)(ULONG_PTR)physical.QuadPart;
    KeRaiseIrql(5, &old);
    (void)MmMapIoSpace(physical, LENGTH, MmNonCached);
}

static void mapping_at_dirql_is_found(void **state)
{
    (void)state;
    assert_verifier(map_at_dirql, 0x73, 5, (ULONG_PTR)pointer, LENGTH, "IrqlMmDispatch");
    assert_silent(use_registers, 1, "IrqlMmDispatch");
}

static void unmap_at_dispatch(void *context)
{
    (void)context;
    mapped = MmMapIoSpace(add_memory(), LENGTH, MmNonCached);
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    MmUnmapIoSpace(mapped, LENGTH);
    KeLowerIrql(old);
}

static void unmap_at_dispatch_as_an_error(void *context)
{
    dirql_escalate("IrqlMmUnmapIoSpace");
    unmap_at_dispatch(context);
}

static void unmapping_at_dispatch_level_is_warned_of(void **state)
{
    (void)state;
    assert_warned(unmap_at_dispatch, 1, 1, "IrqlMmUnmapIoSpace");
    assert_verifier(unmap_at_dispatch_as_an_error, 0x7B, DISPATCH_LEVEL, (ULONG_PTR)mapped, LENGTH,
                    "IrqlMmUnmapIoSpace");
    assert_silent(use_registers, 1, "IrqlMmUnmapIoSpace");
}

static void read_a_port_of_nobody(void *context)
{
    (void)context;
    (void)READ_PORT_UCHAR((PUCHAR)(ULONG_PTR)PORT);
}

static void a_port_of_nobody_is_found(void **state)
{
    (void)state;
    assert_error(read_a_port_of_nobody, 1, "no device");
    assert_silent(use_registers, 1, "no device");
}

static void read_device_memory_by_a_pointer(void *context)
{
    (void)context;
    mapped = MmMapIoSpace(add_memory(), LENGTH, MmNonCached);
    old = *(volatile UCHAR *)mapped;
}

static void device_memory_behind_a_plain_pointer_is_found(void **state)
{
    (void)state;
    assert_error(read_device_memory_by_a_pointer, 1, "device memory");
    assert_silent(use_registers, 1, "device memory");
}

static uint64_t call_the_kernel(void *context, uint64_t offset, unsigned bytes)
{
    (void)context;
    (void)offset;
    (void)bytes;
    KeRaiseIrql(HIGH_LEVEL, &old);
    return 0;
}

static void read_a_device_that_calls_the_kernel(void *context)
{
    const dirql_device wrong = { .name = "wrong", .read = call_the_kernel };

    (void)context;
    dirql_device_add_ports(&wrong, PORT, 1);
    (void)READ_PORT_UCHAR((PUCHAR)(ULONG_PTR)PORT);
}

static void a_device_that_calls_the_kernel_is_found(void **state)
{
    (void)state;
    assert_error(read_a_device_that_calls_the_kernel, 1, "device calls kernel");
    assert_silent(use_registers, 1, "device calls kernel");
}

static int forget(void **state)
{
    (void)state;
    dirql_result_free(&rule_result);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_level_other_than_the_resources_is_warned_of),
        cmocka_unit_test(a_common_lock_with_a_low_synchronize_irql_is_found),
        cmocka_unit_test(an_isr_of_two_vectors_without_a_common_lock_is_warned_of),
        cmocka_unit_test(disconnecting_as_another_version_is_found),
        cmocka_unit_test(disconnecting_in_the_interrupts_own_isr_is_found),
        cmocka_unit_test(disconnecting_a_device_that_interrupts_is_found),
        cmocka_unit_test(a_stale_interrupt_object_is_found),
        cmocka_unit_test(synchronizing_above_the_interrupts_level_is_found),
        cmocka_unit_test(an_interrupt_lock_that_is_released_to_another_irql_is_found),
        cmocka_unit_test(reporting_an_interrupts_state_at_dirql_is_found),
        cmocka_unit_test(claiming_what_another_silenced_is_warned_of),
        cmocka_unit_test(deleting_a_device_whose_isr_is_connected_is_found),
        cmocka_unit_test(deleting_a_device_whose_dpc_is_queued_is_found),
        cmocka_unit_test(deleting_a_device_twice_is_found),
        cmocka_unit_test(a_register_that_is_no_longer_mapped_is_found),
        cmocka_unit_test(mapping_what_no_device_has_is_warned_of),
        cmocka_unit_test(unmapping_twice_is_found),
        cmocka_unit_test(mapping_at_dirql_is_found),
        cmocka_unit_test(unmapping_at_dispatch_level_is_warned_of),
        cmocka_unit_test(a_port_of_nobody_is_found),
        cmocka_unit_test(device_memory_behind_a_plain_pointer_is_found),
        cmocka_unit_test(a_device_that_calls_the_kernel_is_found),
    };

    return cmocka_run_group_tests(tests, NULL, forget);
}
