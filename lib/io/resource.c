/*
 * resource.c - which interrupt lines a physical device object owns, as the PnP manager would have
 * assigned them.
 */
#include <stdio.h>
#include <string.h>

#include "io/io.h"
#include "ke/keep.h"
#include "ke/ki.h"

dq_io *dq_io_of(dq_machine *machine)
{
    dq_kernel *kernel = machine->kernel;

    if (kernel->io == NULL) {
        kernel->io = dq_keep(machine, sizeof(dq_io));
    }
    return kernel->io;
}

dq_pdo *dq_pdo_create(dq_machine *machine, const char *name, dq_line *const *lines, unsigned count)
{
    dq_io *io = dq_io_of(machine);
    dq_pdo *pdo = dq_keep(machine, sizeof(*pdo));
    dq_line **own_lines = dq_keep(machine, (count + 1) * sizeof(dq_line *));
    PDEVICE_OBJECT device = dq_device_object_create(machine);

    if (io == NULL || pdo == NULL || own_lines == NULL || device == NULL) {
        return NULL;
    }
    if (count > 0) {
        memcpy(own_lines, lines, count * sizeof(dq_line *));
    }
    snprintf(pdo->name, sizeof(pdo->name), "%s", name);
    device->Flags = DO_BUS_ENUMERATED_DEVICE;
    device->DriverObject = dq_bus_driver(machine);
    pdo->device = device;
    pdo->lines = own_lines;
    pdo->line_count = count;
    pdo->next = io->pdos;
    io->pdos = pdo;
    return pdo;
}

dq_pdo *dq_pdo_find(dq_machine *machine, const void *device)
{
    const dq_io *io = dq_io_of(machine);
    dq_pdo *pdo = io != NULL ? io->pdos : NULL;

    while (pdo != NULL && pdo->device != device) {
        pdo = pdo->next;
    }
    return pdo;
}

unsigned dq_pdo_messages(const dq_pdo *pdo)
{
    unsigned messages = 0;

    for (unsigned i = 0; i < pdo->line_count; i++) {
        messages += pdo->lines[i]->message ? 1 : 0;
    }
    return messages;
}

uint64_t dq_resource_processors(const dq_machine *machine, const dq_line *line)
{
    const uint64_t active = dq_processor_set(machine);

    return line->affinity != 0 ? line->affinity & active : active;
}

void dq_resource_connection(const dq_machine *machine, const dq_line *line,
                            dq_connection *connection)
{
    connection->vector = line->vector->number;
    connection->irql = line->level;
    connection->mode = line->edge ? Latched : LevelSensitive;
    connection->shared = line->shared;
    connection->processors = dq_resource_processors(machine, line);
    connection->message_id = line->message_number;
}
