/*
 * message.c - message-signalled interrupts: one interrupt object for each, listed in a table.
 *
 * All run at the table's UnifiedIrql. Each has a lock of its own unless the driver gave one for
 * all: then, and only then, do their ISRs exclude each other.
 */
#include "io/io.h"
#include "ke/keep.h"
#include "ke/ki.h"

/* Where a processor receives messages: what the device would be programmed with. */
static const uint64_t local_apic_base = 0xFEE00000u;

static void describe(PIO_INTERRUPT_MESSAGE_INFO_ENTRY entry, const dq_connection *connection,
                     PKINTERRUPT interrupt)
{
    const unsigned first = (unsigned)__builtin_ctzll(connection->processors);

    entry->MessageAddress.QuadPart = (LONGLONG)(local_apic_base | (uint64_t)first << 12);
    entry->TargetProcessorSet = (KAFFINITY)connection->processors;
    entry->InterruptObject = interrupt;
    entry->MessageData = connection->vector;
    entry->Vector = connection->vector;
    entry->Irql = connection->irql;
    entry->Mode = Latched;
    entry->Polarity = InterruptActiveHigh;
}

static dq_message_table *make_table(dq_machine *machine, unsigned messages)
{
    dq_message_table *table = dq_keep(machine, sizeof(*table));
    const size_t bytes = FIELD_OFFSET(IO_INTERRUPT_MESSAGE_INFO, MessageInfo) +
                         messages * sizeof(IO_INTERRUPT_MESSAGE_INFO_ENTRY);

    if (table != NULL) {
        table->info = dq_keep(machine, bytes);
    }
    return table != NULL && table->info != NULL ? table : NULL;
}

static void undo(PIO_INTERRUPT_MESSAGE_INFO info)
{
    for (ULONG i = 0; i < info->MessageCount; i++) {
        dq_interrupt_disconnect(dq_self, info->MessageInfo[i].InterruptObject);
    }
}

/* Numbers the messages in the order of the device's lines: MessageID is the place in the table. */
static NTSTATUS connect_each(dq_machine *machine, const dq_pdo *pdo, const dq_connection *common,
                             PIO_INTERRUPT_MESSAGE_INFO info)
{
    for (unsigned i = 0; i < pdo->line_count; i++) {
        dq_connection wanted = *common;
        PKINTERRUPT interrupt;
        NTSTATUS status;

        if (!pdo->lines[i]->message) {
            continue;
        }
        dq_resource_connection(machine, pdo->lines[i], &wanted);
        wanted.message_id = info->MessageCount;
        status = dq_interrupt_connect(dq_self, &wanted, &interrupt);
        if (!NT_SUCCESS(status)) {
            return status;
        }
        interrupt->version = CONNECT_MESSAGE_BASED;
        describe(&info->MessageInfo[info->MessageCount++], &wanted, interrupt);
    }
    return STATUS_SUCCESS;
}

NTSTATUS dq_message_connect(dq_processor *cpu, const dq_pdo *pdo, const dq_connection *common,
                            PIO_INTERRUPT_MESSAGE_INFO *info)
{
    dq_machine *machine = cpu->machine;
    dq_message_table *table = make_table(machine, dq_pdo_messages(pdo));
    NTSTATUS status;

    if (table == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    table->info->UnifiedIrql = common->synchronize_irql;
    status = connect_each(machine, pdo, common, table->info);
    if (!NT_SUCCESS(status)) {
        undo(table->info);
        return status;
    }
    table->connected = true;
    table->next = dq_io_of(machine)->tables;
    dq_io_of(machine)->tables = table;
    *info = table->info;
    return STATUS_SUCCESS;
}

dq_message_table *dq_message_check(dq_processor *cpu, const void *pointer, const char *function,
                                   const void *place)
{
    dq_message_table *table = dq_io_of(cpu->machine)->tables;

    while (table != NULL && table->info != pointer) {
        table = table->next;
    }
    if (table != NULL && table->connected) {
        return table;
    }
    dq_find(cpu,
            &(dq_finding){ .severity = DQ_ERROR,
                           .rule = "InterruptPointer",
                           .page = "iointex: WdmlibIoDisconnectInterruptEx",
                           .place = place,
                           .code = PAGE_FAULT_IN_NONPAGED_AREA,
                           .parameters = { (uintptr_t)pointer, 0, (uintptr_t)place, 0 } },
            "%s was given an interrupt message table that %s", function,
            table != NULL ? "is stale: its messages have been disconnected"
                          : "IoConnectInterruptEx never returned for CONNECT_MESSAGE_BASED");
    return NULL;
}
