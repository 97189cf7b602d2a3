/*
 * test_irqlreturn.c - a routine of the driver that returns at another IRQL than it was called at is
 * found, whatever it is: with the bug check, and with it the routine.
 */
#include "rule.h"

#include "../ke/wire.h"

enum { AT = 9 };

static KIRQL old;
static KDPC dpc;
static struct wire wire;
static PDEVICE_OBJECT device;
static PIO_WORKITEM item;
static PVOID parameter; /* What a routine was given. */
static PCALLBACK_OBJECT callback;
static int work_context;

/* The kernel's own finding: it has no rule, and comes without checkers, too. */
#define assert_returned(body, checks_, bug_check, p1, p2, p3, p4)                             \
    do {                                                                                      \
        const dirql_options options = { .name = "rule", .processors = 1, .checks = checks_ }; \
                                                                                              \
        rule_run_with(&options, body);                                                        \
        assert_int_equal(rule_result.outcome, DIRQL_FAILED);                                  \
        assert_int_equal(rule_result.code, bug_check);                                        \
        assert_parameter(0, p1);                                                              \
        assert_parameter(1, p2);                                                              \
        assert_parameter(2, p3);                                                              \
        assert_parameter(3, p4);                                                              \
    } while (0)

#define BOTH(body, ...)                                        \
    do {                                                       \
        assert_returned(body, DIRQL_CHECKS_ALL, __VA_ARGS__);  \
        assert_returned(body, DIRQL_CHECKS_NONE, __VA_ARGS__); \
    } while (0)

static ULONG_PTR irqls(unsigned now, unsigned before, unsigned kind)
{
    return now << 16 | before << 8 | kind;
}

/* ---- Interrupts ------------------------------------------------------------------------------ */

static void stay_raised(struct wire *own)
{
    dirql_line_deassert(own->line);
    KeRaiseIrql(AT, &old);
}

static void interrupt(void *context)
{
    (void)context;
    wire = (struct wire){ .act = stay_raised };
    wire_make(&wire, &(dirql_line_options){ .name = "device", .irql = 7 });
    dirql_line_assert(wire.line);
    settle();
}

static void an_isr_is_found(void **state)
{
    (void)state;
    assert_verifier(interrupt, 0x111, (ULONG_PTR)wire_isr, 7, AT, "IsrIrql");
    assert_returned(interrupt, DIRQL_CHECKS_NONE, IRQL_UNEXPECTED_VALUE, irqls(AT, 7, 3),
                    (ULONG_PTR)wire_isr, (ULONG_PTR)wire.interrupt, 0);
}

static BOOLEAN synchronized(PVOID context)
{
    (void)context;
    KeRaiseIrql(AT, &old);
    return TRUE;
}

static void synchronize(void *context)
{
    (void)context;
    wire = (struct wire){ .claims = WIRE_ALWAYS };
    wire_make(&wire, &(dirql_line_options){ .name = "device", .irql = 7 });
    KeSynchronizeExecution(wire.interrupt, synchronized, NULL);
}

static void a_synchronized_routine_is_found(void **state)
{
    (void)state;
    BOTH(synchronize, IRQL_UNEXPECTED_VALUE, irqls(AT, 7, 3), (ULONG_PTR)synchronized,
         (ULONG_PTR)wire.interrupt, 0);
}

static ULONG_PTR on_all_processors(ULONG_PTR context)
{
    KeRaiseIrql(HIGH_LEVEL, &old);
    return context;
}

static void call_all_processors(void *context)
{
    (void)context;
    (void)KeIpiGenericCall(on_all_processors, 0);
}

static void a_function_of_all_processors_is_found(void **state)
{
    (void)state;
    BOTH(call_all_processors, IRQL_UNEXPECTED_VALUE, irqls(HIGH_LEVEL, IPI_LEVEL, 3),
         (ULONG_PTR)on_all_processors, 0, 0);
}

/* ---- DPCs ------------------------------------------------------------------------------------ */

static VOID dpc_routine(PKDPC of, PVOID context, PVOID a1, PVOID a2)
{
    (void)of;
    (void)context;
    (void)a1;
    (void)a2;
    KeRaiseIrql(AT, &old);
}

static void queue(void *context)
{
    (void)context;
    KeInitializeDpc(&dpc, dpc_routine, NULL);
    KeInsertQueueDpc(&dpc, NULL, NULL);
    settle();
}

static void queue_threaded(void *context)
{
    (void)context;
    KeInitializeThreadedDpc(&dpc, dpc_routine, NULL);
    KeInsertQueueDpc(&dpc, NULL, NULL);
    settle();
}

static void set_a_timer(void *context)
{
    static KTIMER timer;
    const LARGE_INTEGER soon = { .QuadPart = -100 };

    (void)context;
    KeInitializeTimer(&timer);
    KeInitializeDpc(&dpc, dpc_routine, NULL);
    KeSetTimer(&timer, soon, &dpc);
    settle();
}

static void a_dpc_is_found(void **state)
{
    (void)state;
    BOTH(queue, IRQL_UNEXPECTED_VALUE, irqls(AT, DISPATCH_LEVEL, 0), (ULONG_PTR)dpc_routine, 0, 0);
    BOTH(set_a_timer, IRQL_UNEXPECTED_VALUE, irqls(AT, DISPATCH_LEVEL, 0), (ULONG_PTR)dpc_routine,
         0, 0);
    BOTH(queue_threaded, IRQL_UNEXPECTED_VALUE, irqls(AT, PASSIVE_LEVEL, 0), (ULONG_PTR)dpc_routine,
         0, 0);
}

/* ---- Threads and what they call -------------------------------------------------------------- */

static void end_raised(void *context)
{
    (void)context;
    KeRaiseIrql(AT, &old);
}

static void start_a_thread(void *context)
{
    (void)context;
    dirql_thread_join(dirql_thread_start("raised", 0, end_raised, NULL));
}

static void a_thread_is_found(void **state)
{
    (void)state;
    BOTH(start_a_thread, IRQL_UNEXPECTED_VALUE, irqls(AT, PASSIVE_LEVEL, 1), (ULONG_PTR)end_raised,
         0, 0);
}

static VOID work(PDEVICE_OBJECT of, PVOID context)
{
    (void)of;
    parameter = context;
    KeRaiseIrql(AT, &old);
}

static void queue_work(void *context)
{
    (void)context;
    IoCreateDevice(NULL, 0, NULL, FILE_DEVICE_UNKNOWN, 0, FALSE, &device);
    item = IoAllocateWorkItem(device);
    IoQueueWorkItem(item, work, DelayedWorkQueue, &work_context);
    settle();
}

static void a_work_item_is_found(void **state)
{
    (void)state;
    BOTH(queue_work, WORKER_THREAD_RETURNED_AT_BAD_IRQL, (ULONG_PTR)work, AT,
         (ULONG_PTR)&work_context, (ULONG_PTR)item);
}

static VOID called(PVOID context, PVOID argument1, PVOID argument2)
{
    (void)context;
    (void)argument1;
    (void)argument2;
    KeRaiseIrql(AT, &old);
}

static void notify(void *context)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"\\Callback\\Test");
    OBJECT_ATTRIBUTES attributes;

    (void)context;
    InitializeObjectAttributes(&attributes, &name, 0, NULL, NULL);
    ExCreateCallback(&callback, &attributes, TRUE, TRUE);
    (void)ExRegisterCallback(callback, called, NULL);
    ExNotifyCallback(callback, NULL, NULL);
}

static void a_callback_is_found(void **state)
{
    (void)state;
    BOTH(notify, IRQL_UNEXPECTED_VALUE, irqls(AT, PASSIVE_LEVEL, 0), (ULONG_PTR)called, 0, 0);
}

static IO_ALLOCATION_ACTION control(PDEVICE_OBJECT of, PIRP irp, PVOID registers, PVOID context)
{
    (void)of;
    (void)irp;
    (void)registers;
    (void)context;
    KeRaiseIrql(AT, &old);
    return DeallocateObject;
}

static void allocate_a_channel(void *context)
{
    DEVICE_DESCRIPTION description = { .Version = DEVICE_DESCRIPTION_VERSION2,
                                       .Master = TRUE,
                                       .Dma32BitAddresses = TRUE,
                                       .InterfaceType = PCIBus,
                                       .MaximumLength = 0x1000 };
    ULONG registers;
    PDMA_ADAPTER adapter;

    (void)context;
    IoCreateDevice(NULL, 0, NULL, FILE_DEVICE_SOUND, 0, FALSE, &device);
    adapter = IoGetDmaAdapter(NULL, &description, &registers);
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    adapter->DmaOperations->AllocateAdapterChannel(adapter, device, 1, control, &work_context);
}

static void an_adapters_routine_is_found(void **state)
{
    (void)state;
    BOTH(allocate_a_channel, IRQL_UNEXPECTED_VALUE, irqls(AT, DISPATCH_LEVEL, 2),
         (ULONG_PTR)control, (ULONG_PTR)&work_context, 0);
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
        cmocka_unit_test(an_isr_is_found),
        cmocka_unit_test(a_synchronized_routine_is_found),
        cmocka_unit_test(a_function_of_all_processors_is_found),
        cmocka_unit_test(a_dpc_is_found),
        cmocka_unit_test(a_thread_is_found),
        cmocka_unit_test(a_work_item_is_found),
        cmocka_unit_test(a_callback_is_found),
        cmocka_unit_test(an_adapters_routine_is_found),
    };

    return cmocka_run_group_tests(tests, NULL, forget);
}
