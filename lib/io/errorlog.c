/*
 * errorlog.c - entries of the error log: a line of text in the trace for each that is written.
 */
#include <stdio.h>
#include <string.h>

#include "io/io.h"
#include "ke/keep.h"
#include "ke/ki.h"
#include "ke/wrongobject.h"

enum { TEXT_BYTES = 512 };

struct dq_error_entry {
    const void *object; /* A device or driver object. */
    UCHAR bytes;
    const void *place;
    struct dq_error_entry *next;
    union { /* Aligned for the packet. */
        IO_ERROR_LOG_PACKET packet;
        UCHAR room[ERROR_LOG_MAXIMUM_SIZE];
    } u;
};

static struct dq_error_entry **find(dq_machine *machine, const void *packet)
{
    dq_io *io = dq_io_of(machine);
    struct dq_error_entry **link = io != NULL ? &io->error_entries : NULL;

    while (link != NULL && *link != NULL && &(*link)->u.packet != packet) {
        link = &(*link)->next;
    }
    return link != NULL && *link != NULL ? link : NULL;
}

/* Takes the entry out of the list, for who ends it. NULL: a finding. */
static struct dq_error_entry *take(dq_processor *cpu, const void *packet)
{
    struct dq_error_entry **link = find(cpu->machine, packet);
    struct dq_error_entry *entry;

    if (link == NULL) {
        dq_wrong_object(cpu, packet, NULL,
                        packet == NULL ? "a null pointer"
                                       : "no entry that IoAllocateErrorLogEntry returned, or one "
                                         "that was written or freed already");
        return NULL;
    }
    entry = *link;
    *link = entry->next;
    return entry;
}

/* ---- Text ------------------------------------------------------------------------------------ */

typedef struct line {
    char text[TEXT_BYTES];
    size_t used;
} line;

static void add(line *to, const char *text)
{
    const int count =
        snprintf(to->text + to->used, sizeof(to->text) - to->used, "%s", text);

    to->used += count > 0 ? (size_t)count : 0;
    to->used = to->used < sizeof(to->text) ? to->used : sizeof(to->text) - 1;
}

static void add_wide(line *to, const WCHAR *text, size_t count)
{
    char one[2] = { 0 };

    for (size_t i = 0; i < count && text[i] != 0; i++) {
        one[0] = text[i] < 0x80 ? (char)text[i] : '?';
        add(to, one);
    }
}

static void add_strings(line *to, const struct dq_error_entry *entry)
{
    const IO_ERROR_LOG_PACKET *packet = &entry->u.packet;
    size_t at = packet->StringOffset;

    for (USHORT i = 0; i < packet->NumberOfStrings && at + sizeof(WCHAR) <= entry->bytes; i++) {
        const size_t room = (entry->bytes - at) / sizeof(WCHAR);
        WCHAR text[ERROR_LOG_MAXIMUM_SIZE / sizeof(WCHAR)];
        size_t length = 0;

        memcpy(text, entry->u.room + at, room * sizeof(WCHAR));
        while (length < room && text[length] != 0) {
            length++;
        }
        add(to, ", \"");
        add_wide(to, text, length);
        add(to, "\"");
        at += (length + 1) * sizeof(WCHAR);
    }
}

static void add_data(line *to, const struct dq_error_entry *entry)
{
    const size_t start = FIELD_OFFSET(IO_ERROR_LOG_PACKET, DumpData);
    char number[16];

    for (size_t i = 0; i + sizeof(ULONG) <= entry->u.packet.DumpDataSize &&
                       start + i + sizeof(ULONG) <= entry->bytes;
         i += sizeof(ULONG)) {
        ULONG value;

        memcpy(&value, entry->u.room + start + i, sizeof(value));
        snprintf(number, sizeof(number), "%s%08X", i == 0 ? ", data " : " ", (unsigned)value);
        add(to, number);
    }
}

static void describe(const struct dq_error_entry *entry, line *to)
{
    const IO_ERROR_LOG_PACKET *packet = &entry->u.packet;
    char numbers[128];

    snprintf(numbers, sizeof(numbers), "error log: 0x%08X, status 0x%08X, at 0x%X",
             (unsigned)packet->ErrorCode, (unsigned)packet->FinalStatus,
             (unsigned)packet->UniqueErrorValue);
    add(to, numbers);
    add_strings(to, entry);
    add_data(to, entry);
}

/* ---- Services -------------------------------------------------------------------------------- */

static bool check_object(dq_processor *cpu, const void *object)
{
    const DRIVER_OBJECT *driver = object;

    if (dq_device_is_alive(cpu->machine, object) ||
        (object != NULL && driver->Type == IO_TYPE_DRIVER)) {
        return true;
    }
    dq_wrong_object(cpu, object, NULL, "neither a device object nor a driver object");
    return false;
}

PVOID NTAPI IoAllocateErrorLogEntry(PVOID IoObject, UCHAR EntrySize)
{
    struct dq_error_entry *entry;
    dq_io *io;

    DQ_ENTER(IoAllocateErrorLogEntry, IoObject, EntrySize, 0, 0, NULL);
    io = dq_io_of(cpu->machine);
    if (!check_object(cpu, IoObject) || io == NULL || EntrySize < sizeof(IO_ERROR_LOG_PACKET) ||
        EntrySize > ERROR_LOG_MAXIMUM_SIZE ||
        dq_fails(cpu, DQ_FAIL_OTHER, 0, NULL, DQ_CALL_PLACE)) {
        return NULL;
    }
    entry = dq_keep(cpu->machine, sizeof(*entry));
    if (entry == NULL) {
        return NULL;
    }
    entry->object = IoObject;
    entry->bytes = EntrySize;
    entry->place = DQ_CALL_PLACE;
    entry->next = io->error_entries;
    io->error_entries = entry;
    return &entry->u.packet;
}

VOID NTAPI IoWriteErrorLogEntry(PVOID ElEntry)
{
    struct dq_error_entry *entry;
    line text = { .used = 0 };

    DQ_ENTER(IoWriteErrorLogEntry, ElEntry, 0, 0, 0, DQ_VOID);
    entry = take(cpu, ElEntry);
    if (entry != NULL) {
        describe(entry, &text);
        dq_emit_text(cpu, PRINT, NULL, text.text);
        dq_keep_drop(cpu->machine, entry);
    }
}

VOID NTAPI IoFreeErrorLogEntry(PVOID ElEntry)
{
    struct dq_error_entry *entry;

    DQ_ENTER(IoFreeErrorLogEntry, ElEntry, 0, 0, 0, DQ_VOID);
    entry = take(cpu, ElEntry);
    if (entry != NULL) {
        dq_keep_drop(cpu->machine, entry);
    }
}

void dq_error_entries_for_each(dq_machine *machine,
                               void (*visit)(void *context, const void *place), void *context)
{
    for (const struct dq_error_entry *e =
             dq_io_of(machine) != NULL ? dq_io_of(machine)->error_entries : NULL;
         e != NULL; e = e->next) {
        visit(context, e->place);
    }
}
