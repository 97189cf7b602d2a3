/*
 * test_racereport.c - a data race in words, word for word.
 */
#include "race.h"

#include <stdio.h>

static KDPC dpc, other_dpc;
static dirql_line *line, *other_line;
static PKINTERRUPT interrupt;
static KEVENT done;

/* The functions' names are in the reports. */
#define PART(name, flags)                                                            \
    __attribute__((noinline)) static void name(void)                                 \
    {                                                                                \
        dq_access((const void *)&x, sizeof(x), (flags), (const char *)(uintptr_t)name + 1); \
    }

PART(uart_read, DQ_ACCESS_READ)
PART(uart_write, DQ_ACCESS_WRITE)
PART(uart_count, DQ_ACCESS_READ | DQ_ACCESS_WRITE | DQ_ACCESS_ATOMIC)

static BOOLEAN uart_isr(PKINTERRUPT object, PVOID context)
{
    (void)object;
    (void)context;
    dirql_line_deassert(line);
    dq_access((const void *)&x, sizeof(x), DQ_ACCESS_WRITE, (const char *)(uintptr_t)uart_isr + 1);
    return TRUE;
}

static BOOLEAN timer_isr(PKINTERRUPT object, PVOID context)
{
    (void)object;
    (void)context;
    dirql_line_deassert(other_line);
    dq_access((const void *)&x, sizeof(x), DQ_ACCESS_READ, (const char *)(uintptr_t)timer_isr + 1);
    return TRUE;
}

static VOID uart_dpc(PKDPC object, PVOID context, PVOID argument1, PVOID argument2)
{
    (void)object;
    (void)context;
    (void)argument1;
    (void)argument2;
    dq_access((const void *)&x, sizeof(x), DQ_ACCESS_WRITE, (const char *)(uintptr_t)uart_dpc + 1);
}

/* Takes out what depends on the build: " test_racereport.c:12", or "+0x1". */
static void take_out(char *text, const char *what, const char *digits)
{
    char *at;

    while ((at = strstr(text, what)) != NULL) {
        const size_t length = strlen(what) + strspn(at + strlen(what), digits);

        memmove(at, at + length, strlen(at + length) + 1);
    }
}

/* The report as far as its rule, and its advice. */
static void assert_told(const char *expected)
{
    char *report = rule_result.report, *rule = strstr(report, "  rule:  data race: ");
    const char *advice = strstr(report, "  fix:   ");
    char text[1600];

    assert_non_null(rule);
    assert_non_null(advice);
    snprintf(text, sizeof(text), "%.*s%.*s", (int)(rule - report), report,
             (int)(strcspn(advice, "\n") + 1), advice);
    take_out(text, "  test_racereport.c:", "0123456789");
    take_out(text, "+0x", "0123456789abcdef");
    assert_string_equal(text, expected);
}

/* In mode first, whatever the environment says: who comes first is in the report. */
static void tell(void (*body)(void *), const char *expected)
{
    rule_run_undisturbed(2, body);
    assert_told(expected);
}

/* ---- Threads --------------------------------------------------------------------------------- */

static void set_up(race_part *first, race_part *second)
{
    race_parts[0] = first;
    race_parts[1] = second;
    race_processors[0] = 0;
    race_processors[1] = 1;
}

static void write_raised(void)
{
    KIRQL old;

    KeRaiseIrql(DISPATCH_LEVEL, &old);
    uart_write();
    KeLowerIrql(old);
}

static void two_threads(void **state)
{
    (void)state;
    set_up(uart_write, uart_read);
    tell(race_two,
         "DATA RACE on 4 bytes at `x` (no common lock)\n"
         "  CPU0  PASSIVE   uart_write  write  thread first\n"
         "  CPU1  PASSIVE   uart_read   read   thread second\n"
         "  fix:   hold one lock in both (a mutex, a fast mutex, a spin lock), or use Interlocked "
         "routines\n");
    set_up(write_raised, write_raised);
    tell(race_two,
         "DATA RACE on 4 bytes at `x` (no common lock)\n"
         "  CPU0  DISPATCH  uart_write  write  thread first\n"
         "  CPU1  DISPATCH  uart_write  write  thread second\n"
         "  fix:   a raised IRQL keeps nobody out on another processor: hold one spin lock in "
         "both\n");
    set_up(uart_count, uart_read);
    tell(race_two,
         "DATA RACE on 4 bytes at `x` (no common lock)\n"
         "  CPU0  PASSIVE   uart_count  atomic write  thread first\n"
         "  CPU1  PASSIVE   uart_read   read          thread second\n"
         "  fix:   the access in uart_read is not atomic: use an Interlocked routine there, too, "
         "or one lock in both\n");
}

/* ---- DPCs ------------------------------------------------------------------------------------ */

static void write_beside_dpc(void *context)
{
    (void)context;
    KeInitializeDpc(&dpc, uart_dpc, NULL);
    KeInsertQueueDpc(&dpc, NULL, NULL);
    uart_write();
}

static void two_dpcs_at_once(void *context)
{
    (void)context;
    KeInitializeDpc(&dpc, uart_dpc, NULL);
    KeInitializeDpc(&other_dpc, uart_dpc, NULL);
    KeInsertQueueDpc(&dpc, NULL, NULL);
    KeInsertQueueDpc(&other_dpc, NULL, NULL);
}

static void dpcs(void **state)
{
    (void)state;
    tell(write_beside_dpc,
         "DATA RACE on 4 bytes at `x` (no common lock)\n"
         "  CPU0  DISPATCH  uart_dpc    write  DPC uart_dpc, interrupted CPU0 here\n"
         "  CPU0  PASSIVE   uart_write  write  thread test\n"
         "  fix:   hold one spin lock in both: KeAcquireSpinLock in uart_write, "
         "KeAcquireSpinLockAtDpcLevel in uart_dpc\n");
    tell(two_dpcs_at_once,
         "DATA RACE on 4 bytes at `x` (no common lock)\n"
         "  CPU0  DISPATCH  uart_dpc  write  DPC uart_dpc\n"
         "  CPU0  DISPATCH  uart_dpc  write  DPC uart_dpc, may run on another CPU\n"
         "  fix:   DPCs run on several processors at once: hold one spin lock in both "
         "(KeAcquireSpinLockAtDpcLevel), or bind them to one processor "
         "(KeSetTargetProcessorDpc)\n");
}

/* ---- ISRs ------------------------------------------------------------------------------------ */

static dirql_line *connect(const char *name, KIRQL irql, PKSERVICE_ROUTINE routine)
{
    const dirql_line_options options = { .name = name, .irql = irql };
    dirql_line *made = dirql_line_create(&options);

    IoConnectInterrupt(&interrupt, routine, NULL, NULL, dirql_line_vector(made), irql, irql,
                       LevelSensitive, FALSE, dirql_line_processors(made), FALSE);
    return made;
}

static void read_then_interrupt(void *context)
{
    (void)context;
    line = connect("uart", 7, uart_isr);
    uart_read();
    dirql_line_assert(line);
}

static void interrupt_then_read(void *context)
{
    (void)context;
    line = connect("uart", 7, uart_isr);
    dirql_line_assert(line);
    uart_read();
}

static void two_lines(void *context)
{
    (void)context;
    line = connect("uart", 7, uart_isr);
    other_line = connect("timer", 8, timer_isr);
    dirql_line_assert(line);
    dirql_line_assert(other_line);
}

static void passive_line(void *context)
{
    const dirql_line_options options = { .name = "i2c", .passive = TRUE };
    IO_CONNECT_INTERRUPT_PARAMETERS p = { .Version = CONNECT_FULLY_SPECIFIED };

    (void)context;
    line = dirql_line_create(&options);
    p.FullySpecified.PhysicalDeviceObject = dirql_pdo_create("i2c", &line, 1);
    p.FullySpecified.InterruptObject = &interrupt;
    p.FullySpecified.ServiceRoutine = uart_isr;
    p.FullySpecified.Vector = dirql_line_vector(line);
    p.FullySpecified.InterruptMode = LevelSensitive;
    p.FullySpecified.ProcessorEnableMask = 1;
    IoConnectInterruptEx(&p);
    dirql_line_assert(line);
    settle();
    uart_read();
}

static void isrs(void **state)
{
    (void)state;
    tell(read_then_interrupt,
         "DATA RACE on 4 bytes at `x` (no common lock)\n"
         "  CPU0  PASSIVE   uart_read  read   thread test\n"
         "  CPU0  DIRQL 7   uart_isr   write  ISR uart_isr, interrupted CPU0 here\n"
         "  fix:   in uart_read, touch it inside KeSynchronizeExecution (PortCls: "
         "CallSynchronizedRoutine), or hold the interrupt lock of line \"uart\"\n");
    tell(interrupt_then_read,
         "DATA RACE on 4 bytes at `x` (no common lock)\n"
         "  CPU0  DIRQL 7   uart_isr   write  ISR uart_isr, interrupted CPU0 here\n"
         "  CPU0  PASSIVE   uart_read  read   thread test\n"
         "  fix:   in uart_read, touch it inside KeSynchronizeExecution (PortCls: "
         "CallSynchronizedRoutine), or hold the interrupt lock of line \"uart\"\n");
    tell(two_lines,
         "DATA RACE on 4 bytes at `x` (no common lock)\n"
         "  CPU0  DIRQL 7   uart_isr   write  ISR uart_isr\n"
         "  CPU0  DIRQL 8   timer_isr  read   ISR timer_isr\n"
         "  fix:   give the interrupts of lines \"uart\" and \"timer\" one SpinLock when they are "
         "connected, and the higher of their levels as SynchronizeIrql\n");
    tell(passive_line,
         "DATA RACE on 4 bytes at `x` (no common lock)\n"
         "  CPU0  PASSIVE   uart_isr   write  passive-level ISR uart_isr\n"
         "  CPU0  PASSIVE   uart_read  read   thread test\n"
         "  fix:   in uart_read, touch it inside KeSynchronizeExecution of line \"i2c\", which "
         "keeps its passive-level ISR out\n");
}

/* ---- Where ----------------------------------------------------------------------------------- */

static struct {
    LONG first, second;
    char rest[24];
} uart;

static void write_second(void)
{
    WRITES(&uart.second);
}

static void write_last(void)
{
    WRITES(&uart.rest[23]);
}

static VOID finish_work(PVOID context)
{
    (void)context;
    uart_write();
    KeSetEvent(&done, 0, FALSE);
}

static void write_beside_work_item(void *context)
{
    static WORK_QUEUE_ITEM item;

    (void)context;
    KeInitializeEvent(&done, NotificationEvent, FALSE);
    ExInitializeWorkItem(&item, finish_work, NULL);
    ExQueueWorkItem(&item, DelayedWorkQueue);
    uart_read();
    KeWaitForSingleObject(&done, Executive, KernelMode, FALSE, NULL);
}

static void places_and_names(void **state)
{
    (void)state;
    set_up(write_second, write_second);
    rule_run_undisturbed(2, race_two);
    assert_report_has("DATA RACE on 4 bytes at `uart`+4 (no common lock)\n");
    set_up(write_last, write_last);
    rule_run_undisturbed(2, race_two);
    assert_report_has("DATA RACE on 1 byte at `uart`+31 (no common lock)\n");
    rule_run_undisturbed(2, write_beside_work_item);
    assert_report_has("thread finish_work\n");
}

/* One finding for each pair of places: it is counted once, though suppressed. */
static void write_again(void)
{
    for (unsigned i = 0; i < 3; i++) {
        uart_write();
        YieldProcessor();
    }
}

static void suppressed(void *context)
{
    dirql_suppress("data race", NULL, "to let the run go on");
    race_two(context);
}

static void a_run_goes_on_after_a_suppressed_race(void **state)
{
    (void)state;
    set_up(write_again, write_again);
    rule_run(2, suppressed);
    assert_no_race();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_threads),
        cmocka_unit_test(dpcs),
        cmocka_unit_test(isrs),
        cmocka_unit_test(places_and_names),
        cmocka_unit_test(a_run_goes_on_after_a_suppressed_race),
    };

    return cmocka_run_group_tests(tests, NULL, race_forget);
}
