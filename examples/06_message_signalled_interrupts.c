/*
 * 06 - Message-signalled interrupts.
 *
 * A modern device has no wire. It writes a number to an address, and that is the interrupt: a
 * message. A device may own several, one for each kind of news, so its ISR is told which one came
 * and need not ask a register. Nobody acknowledges a message: it is an edge, over when it was sent.
 *
 * The system knows which messages a device owns; the driver connects to all of them at once, and
 * names no vector. Each message gets a lock of its own, unless the driver brings one: only then do
 * two messages' ISRs keep out of each other's way.
 */
#include <string.h>

#include <dirql/clock.h>
#include <dirql/cmocka.h>
#include <dirql/line.h>
#include <dirql/thread.h>

enum { RECEIVED, SENT, MESSAGES };

static struct adapter {
    dirql_line *messages[MESSAGES];
    PIO_INTERRUPT_MESSAGE_INFO table;
    ULONG connected_as; /* CONNECT_MESSAGE_BASED, or what the system made of it. */
    KSPIN_LOCK lock;    /* Of both ISRs. */
    unsigned calls[MESSAGES];
} adapter;

static BOOLEAN isr(PKINTERRUPT interrupt, PVOID context, ULONG message)
{
    struct adapter *a = context;

    (void)interrupt;
    a->calls[message]++;
    return TRUE;
}

static int connect(void **state)
{
    struct adapter *a = *state = &adapter;
    IO_CONNECT_INTERRUPT_PARAMETERS parameters;
    ULONG i;

    memset(a, 0, sizeof(*a));
    for (i = 0; i < MESSAGES; i++) {
        a->messages[i] = dirql_line_create(&(dirql_line_options){
            .name = i == RECEIVED ? "received" : "sent",
            .trigger = DIRQL_MESSAGE,
            .message = i,
            .processors = 1}); /* To processor 0. */
    }
    KeInitializeSpinLock(&a->lock);

    memset(&parameters, 0, sizeof(parameters));
    parameters.Version = CONNECT_MESSAGE_BASED;
    parameters.MessageBased.PhysicalDeviceObject = dirql_pdo_create("nic", a->messages, MESSAGES);
    parameters.MessageBased.ConnectionContext.InterruptMessageTable = &a->table;
    parameters.MessageBased.MessageServiceRoutine = isr;
    parameters.MessageBased.ServiceContext = a;
    parameters.MessageBased.SpinLock = &a->lock;
    if (IoConnectInterruptEx(&parameters) != STATUS_SUCCESS) {
        return -1;
    }
    a->connected_as = parameters.Version; /* Disconnecting needs it. */
    return 0;
}

static int disconnect(void **state)
{
    struct adapter *a = *state;
    IO_DISCONNECT_INTERRUPT_PARAMETERS parameters;

    memset(&parameters, 0, sizeof(parameters));
    parameters.Version = a->connected_as;
    parameters.ConnectionContext.InterruptMessageTable = a->table;
    IoDisconnectInterruptEx(&parameters);
    return 0;
}

static void the_isr_is_told_which_message_came(void **state)
{
    struct adapter *a = *state;

    dirql_line_pulse(a->messages[SENT]);
    dirql_time_advance_us(1); /* In case it comes late. */
    assert_int_equal(a->calls[RECEIVED], 0);
    assert_int_equal(a->calls[SENT], 1);
}

static void the_table_describes_each_message(void **state)
{
    struct adapter *a = *state;

    assert_int_equal(a->connected_as, CONNECT_MESSAGE_BASED);
    assert_int_equal(a->table->MessageCount, MESSAGES);
    assert_int_equal(a->table->MessageInfo[SENT].Vector, dirql_line_vector(a->messages[SENT]));
    assert_int_equal(a->table->MessageInfo[SENT].Mode, Latched);
}

/* Two messages in a row, before anyone could look, are one: the device must not count on being
 * heard twice. */
static void messages_that_wait_together_become_one(void **state)
{
    struct adapter *a = *state;
    KIRQL old_irql;

    dirql_thread_move(0); /* Where the messages go, so that we can keep them waiting. */
    KeRaiseIrql(a->table->UnifiedIrql, &old_irql);
    dirql_line_pulse(a->messages[RECEIVED]);
    dirql_line_pulse(a->messages[RECEIVED]);
    KeLowerIrql(old_irql);
    dirql_time_advance_us(1);
    assert_int_equal(a->calls[RECEIVED], 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        dirql_unit_test_setup_teardown(the_isr_is_told_which_message_came, connect, disconnect),
        dirql_unit_test_setup_teardown(the_table_describes_each_message, connect, disconnect),
        dirql_unit_test_setup_teardown(messages_that_wait_together_become_one, connect, disconnect),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
