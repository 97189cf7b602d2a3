/*
 * test_isrrules.c - each rule about ISRs and devices is found when it is broken, and not when it is
 * kept.
 */
#include "rule.h"

static dirql_line *line;
static PKINTERRUPT interrupt;
static KIRQL old;
static bool silences, claims;
static volatile LONG step;

static BOOLEAN isr(PKINTERRUPT object, PVOID context)
{
    (void)object;
    (void)context;
    if (silences) {
        dirql_line_deassert(line);
    }
    return claims;
}

static BOOLEAN isr_that_raises(PKINTERRUPT object, PVOID context)
{
    (void)object;
    (void)context;
    dirql_line_deassert(line);
    KeRaiseIrql(9, &old);
    return TRUE;
}

static BOOLEAN isr_that_raises_and_lowers(PKINTERRUPT object, PVOID context)
{
    (void)object;
    (void)context;
    dirql_line_deassert(line);
    KeRaiseIrql(9, &old);
    KeLowerIrql(old);
    return TRUE;
}

static void connect_on(PKSERVICE_ROUTINE routine, PKINTERRUPT *object, KAFFINITY processors)
{
    silences = true;
    claims = true;
    IoConnectInterrupt(object, routine, NULL, NULL, dirql_line_vector(line), dirql_line_irql(line),
                       dirql_line_irql(line), dirql_line_mode(line), TRUE, processors, FALSE);
}

static void connect(PKSERVICE_ROUTINE routine)
{
    static const dirql_line_options options = { .name = "device", .irql = 5, .shared = TRUE };

    line = dirql_line_create(&options);
    connect_on(routine, &interrupt, dirql_line_processors(line));
}

/* ---- The ISR --------------------------------------------------------------------------------- */

static void interrupt_isr_that_raises(void *context)
{
    (void)context;
    connect(isr_that_raises);
    dirql_line_assert(line);
    settle();
}

static void interrupt_isr_that_raises_and_lowers(void *context)
{
    (void)context;
    connect(isr_that_raises_and_lowers);
    dirql_line_assert(line);
    settle();
    IoDisconnectInterrupt(interrupt);
}

static void isr_that_returns_at_another_irql_is_found(void **state)
{
    (void)state;
    assert_verifier(interrupt_isr_that_raises, 0x111, (ULONG_PTR)isr_that_raises, 5, 9, "IsrIrql");
    assert_report_has("ISR isr_that_raises was called at IRQL 5");
    assert_report_has(", at isr_that_raises");
    assert_kept(interrupt_isr_that_raises_and_lowers, 1);
}

static BOOLEAN isr_that_silences_and_refuses(PKINTERRUPT object, PVOID context)
{
    (void)object;
    (void)context;
    dirql_line_deassert(line);
    return FALSE;
}

static void claim_what_another_silenced(void *context)
{
    PKINTERRUPT second;

    (void)context;
    connect(isr_that_silences_and_refuses);
    connect_on(isr, &second, dirql_line_processors(line));
    dirql_line_assert(line);
    settle();
    dirql_line_assert(line);
    settle();
    IoDisconnectInterrupt(second);
    IoDisconnectInterrupt(interrupt);
}

static void claim_own_interrupt(void *context)
{
    (void)context;
    connect(isr);
    dirql_line_assert(line);
    settle();
    IoDisconnectInterrupt(interrupt);
}

static void claim_an_edge(void *context)
{
    static const dirql_line_options options = { .name = "edge", .irql = 5, .trigger = DIRQL_EDGE };

    (void)context;
    line = dirql_line_create(&options);
    connect_on(isr, &interrupt, dirql_line_processors(line));
    KeRaiseIrql(5, &old);
    dirql_line_pulse(line);
    KeLowerIrql(old);
    settle();
    IoDisconnectInterrupt(interrupt);
}

static void claim_of_a_silent_line_is_warned_of_once(void **state)
{
    (void)state;
    rule_run(1, claim_what_another_silenced);
    assert_int_equal(rule_result.outcome, DIRQL_PASSED);
    assert_int_equal(rule_result.warnings, 1);
    assert_report_has("IsrClaim");
    assert_report_has("ISR isr returned TRUE");
    assert_kept(claim_own_interrupt, 1);
    assert_kept(claim_an_edge, 1);
}

static void leave_the_line_asserted(void *context)
{
    (void)context;
    connect(isr);
    silences = false;
    dirql_line_assert(line);
    settle();
}

static void storm_is_explained(void **state)
{
    (void)state;
    rule_run(1, leave_the_line_asserted);
    assert_int_equal(rule_result.code, HARDWARE_INTERRUPT_STORM);
    assert_parameter(0, (ULONG_PTR)isr);
    assert_parameter(1, 0);
    assert_parameter(2, (ULONG_PTR)interrupt);
    assert_parameter(3, 1);
    assert_report_has("HARDWARE_INTERRUPT_STORM");
    assert_report_has("fix:   acknowledge the interrupt at the device before the ISR returns TRUE");
}

/* ---- Nobody listens -------------------------------------------------------------------------- */

static void interrupt_without_an_isr(void *context)
{
    static const dirql_line_options options = { .name = "device", .irql = 5, .vector = 0x51 };

    (void)context;
    line = dirql_line_create(&options);
    dirql_line_assert(line);
    settle();
}

static void interrupt_without_an_isr_allowed(void *context)
{
    dirql_suppress("LostInterrupt", NULL, "the firmware leaves the line asserted");
    interrupt_without_an_isr(context);
}

static void interrupt_that_nobody_takes_is_found(void **state)
{
    (void)state;
    assert_broken(interrupt_without_an_isr, 1, TRAP_CAUSE_UNKNOWN, 1, 0x51, 0, 0, "LostInterrupt");
    assert_report_has("Line \"device\" interrupted (vector 81)");
    assert_kept(interrupt_without_an_isr_allowed, 1);
}

/* Keeps the processor that takes the interrupt from taking it. */
static void stay_at_dirql(void *context)
{
    KIRQL own;

    (void)context;
    KeRaiseIrql(5, &own);
    InterlockedExchange(&step, 1);
    while (InterlockedCompareExchange(&step, 0, 0) != 2) {
        YieldProcessor();
    }
    KeLowerIrql(own);
}

static void disconnect_while_the_line_is_asserted(void *context)
{
    static const dirql_line_options options = { .name = "device", .irql = 5, .processors = 2 };

    (void)context;
    step = 0;
    dirql_thread_move(0);
    line = dirql_line_create(&options);
    connect_on(isr, &interrupt, 2);
    dirql_thread_start("busy", 1, stay_at_dirql, NULL);
    while (InterlockedCompareExchange(&step, 0, 0) != 1) {
        YieldProcessor();
    }
    dirql_line_assert(line);
    IoDisconnectInterrupt(interrupt);
}

/* The other may be the ISR of the device that interrupts. */
static void disconnect_one_of_two_while_the_line_is_asserted(void *context)
{
    static const dirql_line_options options = {
        .name = "device", .irql = 5, .processors = 2, .shared = TRUE
    };
    PKINTERRUPT second;
    dirql_thread *thread;

    (void)context;
    step = 0;
    dirql_thread_move(0);
    line = dirql_line_create(&options);
    connect_on(isr, &interrupt, 2);
    connect_on(isr, &second, 2);
    thread = dirql_thread_start("busy", 1, stay_at_dirql, NULL);
    while (InterlockedCompareExchange(&step, 0, 0) != 1) {
        YieldProcessor();
    }
    dirql_line_assert(line);
    IoDisconnectInterrupt(interrupt);
    dirql_line_deassert(line);
    InterlockedExchange(&step, 2);
    dirql_thread_join(thread);
    IoDisconnectInterrupt(second);
}

static void disconnect_when_all_is_quiet(void *context)
{
    (void)context;
    connect(isr);
    dirql_line_assert(line);
    settle();
    IoDisconnectInterrupt(interrupt);
}

static void disconnect_of_an_asserting_device_is_found(void **state)
{
    (void)state;
    rule_run(2, disconnect_while_the_line_is_asserted);
    assert_int_equal(rule_result.outcome, DIRQL_FAILED);
    assert_int_equal(rule_result.code, TRAP_CAUSE_UNKNOWN);
    assert_int_equal(rule_result.parameters[0], 1);
    assert_report_has("rule:  DisconnectAsserting:");
    assert_kept(disconnect_when_all_is_quiet, 2);
    assert_kept(disconnect_one_of_two_while_the_line_is_asserted, 2);
}

static BOOLEAN nothing(PVOID context)
{
    (void)context;
    return TRUE;
}

static void synchronize_after_disconnect(void *context)
{
    (void)context;
    connect(isr);
    IoDisconnectInterrupt(interrupt);
    KeSynchronizeExecution(interrupt, nothing, NULL);
}

static void stale_interrupt_object_is_found(void **state)
{
    (void)state;
    rule_run(1, synchronize_after_disconnect);
    assert_int_equal(rule_result.outcome, DIRQL_FAILED);
    assert_report_has("rule:  InterruptPointer:");
}

/* ---- What an ISR may read -------------------------------------------------------------------- */

static KEVENT event;
static volatile LONG was_set;

static BOOLEAN read_event(PVOID context)
{
    (void)context;
    InterlockedExchange(&was_set, KeReadStateEvent(&event) != 0);
    return TRUE;
}

static BOOLEAN isr_that_reads_an_event(PKINTERRUPT object, PVOID context)
{
    (void)object;
    dirql_line_deassert(line);
    return read_event(context);
}

static void read_an_event_in_step_with_the_isr(void *context)
{
    KIRQL own;

    (void)context;
    KeInitializeEvent(&event, NotificationEvent, TRUE);
    connect(isr_that_reads_an_event);
    dirql_line_assert(line);
    settle();
    assert_int_equal(was_set, 1);
    KeSynchronizeExecution(interrupt, read_event, NULL);
    own = KeAcquireInterruptSpinLock(interrupt);
    (void)read_event(NULL);
    KeReleaseInterruptSpinLock(interrupt, own);
    IoDisconnectInterrupt(interrupt);
}

static void read_an_event_at_dirql_alone(void *context)
{
    (void)context;
    KeInitializeEvent(&event, NotificationEvent, TRUE);
    KeRaiseIrql(5, &old);
    (void)read_event(NULL);
}

static void an_event_is_read_at_dirql_only_in_step_with_an_isr(void **state)
{
    (void)state;
    assert_verifier(read_an_event_at_dirql_alone, 0xE5, 5, DIRQL_ANY, 0, "IrqlKeDispatchLte");
    assert_silent(read_an_event_in_step_with_the_isr, 1, "IrqlKeDispatchLte");
}

/* ---- The DPC of the ISR ---------------------------------------------------------------------- */

static PDEVICE_OBJECT device;
static bool is_passive;

static VOID dpc_for_isr(PKDPC object, PDEVICE_OBJECT given, PIRP irp, PVOID context)
{
    (void)object;
    (void)given;
    (void)irp;
    (void)context;
    step++;
}

static BOOLEAN request(PVOID context)
{
    (void)context;
    IoRequestDpc(device, NULL, NULL);
    return TRUE;
}

static BOOLEAN isr_that_requests(PKINTERRUPT object, PVOID context)
{
    (void)object;
    dirql_line_deassert(line);
    return request(context);
}

static void have_a_device(void)
{
    IoCreateDevice(NULL, 0, NULL, FILE_DEVICE_UNKNOWN, 0, FALSE, &device);
    IoInitializeDpcRequest(device, dpc_for_isr);
    step = 0;
}

static void request_where_it_interrupts(void *context)
{
    const dirql_line_options options = { .name = "device", .passive = is_passive };
    PDEVICE_OBJECT pdo;
    IO_CONNECT_INTERRUPT_PARAMETERS connection = { .Version = CONNECT_LINE_BASED };
    IO_DISCONNECT_INTERRUPT_PARAMETERS end = { .Version = CONNECT_LINE_BASED };

    (void)context;
    have_a_device();
    line = dirql_line_create(&options);
    pdo = dirql_pdo_create("device", &line, 1);
    connection.LineBased.PhysicalDeviceObject = pdo;
    connection.LineBased.InterruptObject = &interrupt;
    connection.LineBased.ServiceRoutine = isr_that_requests;
    if (IoConnectInterruptEx(&connection) != STATUS_SUCCESS) {
        return;
    }
    dirql_line_assert(line);
    dirql_time_advance_us(100);
    KeSynchronizeExecution(interrupt, request, NULL);
    dirql_time_advance_us(100);
    end.ConnectionContext.InterruptObject = interrupt;
    IoDisconnectInterruptEx(&end);
    KeFlushQueuedDpcs();
    IoDeleteDevice(device);
}

static void request_at(KIRQL irql)
{
    have_a_device();
    KeRaiseIrql(irql, &old);
    request(NULL);
    KeLowerIrql(old);
    KeFlushQueuedDpcs();
    IoDeleteDevice(device);
}

static void request_at_passive_level(void *context)
{
    (void)context;
    request_at(PASSIVE_LEVEL);
}

static void request_at_dispatch_level(void *context)
{
    (void)context;
    request_at(DISPATCH_LEVEL);
}

static void a_request_for_the_dpc_below_dirql_is_found(void **state)
{
    (void)state;
    assert_verifier(request_at_passive_level, 0xE5, PASSIVE_LEVEL, (ULONG_PTR)device, 0,
                    "IrqlIoRequestDpc");
    assert_report_has("IoRequestDpc was called at PASSIVE_LEVEL; it needs IRQL DIRQL.");
    assert_verifier(request_at_dispatch_level, 0xE5, DISPATCH_LEVEL, (ULONG_PTR)device, 0,
                    "IrqlIoRequestDpc");
}

static void an_isr_and_who_is_in_step_with_it_request_the_dpc(void **state)
{
    (void)state;
    is_passive = false;
    assert_silent(request_where_it_interrupts, 1, "IrqlIoRequestDpc");
    assert_int_equal(step, 2);
    is_passive = true;
    assert_silent(request_where_it_interrupts, 1, "IrqlIoRequestDpc");
    assert_int_equal(step, 2);
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
        cmocka_unit_test(isr_that_returns_at_another_irql_is_found),
        cmocka_unit_test(claim_of_a_silent_line_is_warned_of_once),
        cmocka_unit_test(storm_is_explained),
        cmocka_unit_test(interrupt_that_nobody_takes_is_found),
        cmocka_unit_test(disconnect_of_an_asserting_device_is_found),
        cmocka_unit_test(stale_interrupt_object_is_found),
        cmocka_unit_test(an_event_is_read_at_dirql_only_in_step_with_an_isr),
        cmocka_unit_test(a_request_for_the_dpc_below_dirql_is_found),
        cmocka_unit_test(an_isr_and_who_is_in_step_with_it_request_the_dpc),
    };

    return cmocka_run_group_tests(tests, NULL, forget);
}
