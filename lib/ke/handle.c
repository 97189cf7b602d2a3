/*
 * handle.c - handles, and references to what is behind them.
 *
 * A handle is four times its place in a table; places are used again. A pointer that is given back
 * too often, or is no object, is bug check 0x18: live threads are looked up, not believed.
 *
 * A handle that is not open: the pages of the Zw routines give a status; bug check 0x93 is for one
 * that ZwClose is given, and for others where the detection of bad handles is enabled. So the first
 * is an error, the others a warning, and who suppresses them sees the status.
 */
#include "ke/handle.h"

#include <stdio.h>
#include <stdlib.h>

#include "ke/ki.h"
#include "sim/place.h"

enum {
    PLACE_TEXT = 160,
    TYPE_DEVICE = 3 /* DEVICE_OBJECT.Type. */
};

/* One of the two, or none: it is free. */
typedef struct handle_entry {
    dq_thread *thread;
    dq_object *object;
    dq_service service; /* That made it, for an object. */
    const void *place;
    const void *closed; /* Where the last one of this number was closed; NULL: none was. */
    bool part; /* Of something else: not told of when it is left. */
} handle_entry;

typedef struct handle_table {
    size_t count;
    handle_entry entries[];
} handle_table;

static handle_table *table_of(dq_machine *machine)
{
    return ((dq_kernel *)machine->kernel)->threads.private_part;
}

static size_t bytes_of(size_t entries)
{
    return sizeof(handle_table) + entries * sizeof(handle_entry);
}

static handle_table *grow(dq_machine *machine)
{
    handle_table *table = table_of(machine);
    const size_t before = table != NULL ? table->count : 0;
    const size_t count = before + 16;
    handle_table *larger =
        dq_arena_enlarge(machine->options.arena, table, bytes_of(before),
                         bytes_of(count));

    if (larger == NULL) {
        return NULL;
    }
    larger->count = count;
    ((dq_kernel *)machine->kernel)->threads.private_part = larger;
    return larger;
}

static bool is_free(const handle_entry *entry)
{
    return entry->thread == NULL && entry->object == NULL;
}

static HANDLE open_handle(dq_machine *machine, handle_entry entry)
{
    handle_table *table = table_of(machine);
    size_t place = 0;

    while (table != NULL && place < table->count && !is_free(&table->entries[place])) {
        place++;
    }
    if (table == NULL || place == table->count) {
        table = grow(machine);
    }
    if (table == NULL) {
        return NULL;
    }
    entry.closed = table->entries[place].closed;
    table->entries[place] = entry;
    return (HANDLE)(uintptr_t)((place + 1) * 4);
}

HANDLE dq_handle_open(dq_machine *machine, dq_thread *thread)
{
    return open_handle(machine, (handle_entry){ .thread = thread });
}

HANDLE dq_handle_open_object(dq_machine *machine, dq_object *object, dq_service service,
                             const void *place)
{
    return open_handle(machine,
                       (handle_entry){ .object = object, .service = service, .place = place });
}

static handle_entry *entry_of(dq_machine *machine, HANDLE handle)
{
    handle_table *table = table_of(machine);
    const uintptr_t value = (uintptr_t)handle;

    if (table == NULL || value == 0 || value % 4 != 0 || value / 4 > table->count) {
        return NULL;
    }
    return &table->entries[value / 4 - 1];
}

dq_thread *dq_handle_thread(dq_machine *machine, HANDLE handle)
{
    const handle_entry *entry = entry_of(machine, handle);

    return entry != NULL ? entry->thread : NULL;
}

dq_object *dq_handle_object(dq_machine *machine, HANDLE handle)
{
    const handle_entry *entry = entry_of(machine, handle);

    return entry != NULL ? entry->object : NULL;
}

/* How it comes that it is not open, as the rest of a sentence. */
static const char *why_not_open(dq_machine *machine, HANDLE handle, char *text, size_t bytes)
{
    const handle_entry *entry = entry_of(machine, handle);
    char place[PLACE_TEXT];

    if (handle == NULL) {
        snprintf(text, bytes, "a NULL handle");
    } else if (entry == NULL || entry->closed == NULL) {
        snprintf(text, bytes, "0x%zX, which is no handle", (size_t)handle);
    } else {
        snprintf(text, bytes, "handle 0x%zX, which is not open.\n  It was closed by %s",
                 (size_t)handle, dq_place_describe(entry->closed, place, sizeof(place)));
    }
    return text;
}

NTSTATUS dq_handle_refuse(dq_processor *cpu, HANDLE handle)
{
    char why[PLACE_TEXT + 80];

    if (dq_handle_thread(cpu->machine, handle) != NULL) {
        return STATUS_OBJECT_TYPE_MISMATCH;
    }
    if (dq_attends(cpu, DQ_ATTEND_SINKS)) {
        dq_find(cpu,
                &(dq_finding){ .severity = DQ_WARNING,
                               .rule = "HandleUse",
                               .page = "debugger: bug check 0x93",
                               .code = INVALID_KERNEL_HANDLE,
                               .parameters = { (uintptr_t)handle, 0, 0, 1 },
                               .place = cpu->execution->place },
                "%s was given %s", dq_service_name(cpu->execution->service),
                why_not_open(cpu->machine, handle, why, sizeof(why)));
    }
    return STATUS_INVALID_HANDLE;
}

/* A bug check, with checkers or without. */
static void refuse_close(dq_processor *cpu, HANDLE handle, const void *place)
{
    char why[PLACE_TEXT + 80];

    dq_find(cpu,
            &(dq_finding){ .severity = DQ_ERROR,
                           .rule = "HandleClose",
                           .page = "debugger: bug check 0x93",
                           .code = INVALID_KERNEL_HANDLE,
                           .parameters = { (uintptr_t)handle, 1 },
                           .place = place },
            "%s was given %s", dq_service_name(cpu->execution->service),
            why_not_open(cpu->machine, handle, why, sizeof(why)));
}

NTSTATUS dq_handle_close(dq_processor *cpu, HANDLE handle, const void *place)
{
    dq_machine *machine = cpu->machine;
    handle_entry *entry = entry_of(machine, handle);
    handle_entry closed;

    if (entry == NULL || is_free(entry)) {
        refuse_close(cpu, handle, place);
        return STATUS_INVALID_HANDLE;
    }
    closed = *entry;
    *entry = (handle_entry){ .closed = place };
    if (closed.thread != NULL) {
        dq_thread_release(machine, closed.thread);
    } else {
        if (closed.object->close != NULL) {
            closed.object->close(machine, closed.object);
        }
        (void)dq_object_release(machine, closed.object);
    }
    return STATUS_SUCCESS;
}

void dq_handle_is_part(dq_machine *machine, HANDLE handle)
{
    handle_entry *entry = entry_of(machine, handle);

    if (entry != NULL) {
        entry->part = true;
    }
}

void dq_handle_for_each(dq_machine *machine,
                        void (*visit)(void *context, const dq_handle_left *left), void *context)
{
    const handle_table *table = table_of(machine);

    for (size_t i = 0; table != NULL && i < table->count; i++) {
        const handle_entry *entry = &table->entries[i];

        if (entry->object != NULL && !entry->part) {
            visit(context, &(dq_handle_left){ entry->object, entry->service, entry->place });
        }
    }
}

HANDLE dq_thread_id(const dq_thread *thread)
{
    return (HANDLE)(uintptr_t)((thread->number + 1u) * 4u);
}

/* ---- Services -------------------------------------------------------------------------------- */

/* Only its address counts: it stands for the type of threads. */
static char thread_type_mark;
static POBJECT_TYPE thread_type = (POBJECT_TYPE)(void *)&thread_type_mark;
POBJECT_TYPE *PsThreadType = &thread_type;

static char event_type_mark;
static POBJECT_TYPE event_type = (POBJECT_TYPE)(void *)&event_type_mark;
POBJECT_TYPE *ExEventObjectType = &event_type;

/* The status is documented; that a driver has such a handle at all is what the Driver Verifier
 * reports. */
static void check_handle(dq_processor *cpu, HANDLE handle, POBJECT_TYPE type)
{
    char why[PLACE_TEXT + 80];

    if (dq_handle_object(cpu->machine, handle) == NULL && dq_attends(cpu, DQ_ATTEND_SINKS)) {
        dq_find(cpu,
                &(dq_finding){ .severity = DQ_ERROR,
                               .rule = "ObjectHandle",
                               .code = DRIVER_VERIFIER_DETECTED_VIOLATION,
                               .parameters = { handle != NULL ? 0x3C : 0xF5, (uintptr_t)handle,
                                               (uintptr_t)type } },
                "ObReferenceObjectByHandle was given %s",
                why_not_open(cpu->machine, handle, why, sizeof(why)));
    }
}

/* An object of another folder. */
static NTSTATUS reference_object(dq_object *object, POBJECT_TYPE type, ACCESS_MASK access,
                                 PVOID *pointer, POBJECT_HANDLE_INFORMATION information)
{
    if (object == NULL) {
        return STATUS_INVALID_HANDLE;
    }
    if (object->type == NULL || (type != NULL && type != object->type)) {
        return STATUS_OBJECT_TYPE_MISMATCH;
    }
    if (information != NULL) {
        *information = (OBJECT_HANDLE_INFORMATION){ .GrantedAccess = access };
    }
    object->references++;
    *pointer = (PVOID)(uintptr_t)object->pointer;
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI ObReferenceObjectByHandle(HANDLE Handle, ACCESS_MASK DesiredAccess,
                                         POBJECT_TYPE ObjectType, KPROCESSOR_MODE AccessMode,
                                         PVOID *Object,
                                         POBJECT_HANDLE_INFORMATION HandleInformation)
{
    dq_thread *thread;

    DQ_ENTER(ObReferenceObjectByHandle, NULL, Handle, DesiredAccess, AccessMode,
             STATUS_UNSUCCESSFUL);
    *Object = NULL;
    thread = dq_handle_thread(cpu->machine, Handle);
    if (thread == NULL) {
        check_handle(cpu, Handle, ObjectType);
        return reference_object(dq_handle_object(cpu->machine, Handle), ObjectType, DesiredAccess,
                                Object, HandleInformation);
    }
    if (ObjectType != NULL && ObjectType != thread_type) {
        return STATUS_OBJECT_TYPE_MISMATCH;
    }
    if (HandleInformation != NULL) {
        *HandleInformation = (OBJECT_HANDLE_INFORMATION){ .GrantedAccess = THREAD_ALL_ACCESS };
    }
    thread->references++;
    *Object = thread;
    return STATUS_SUCCESS;
}

static bool is_thread(const dq_machine *machine, const void *object)
{
    const dq_thread *thread = ((dq_kernel *)machine->kernel)->threads.all;

    while (thread != NULL && thread != object) {
        thread = thread->next;
    }
    return thread != NULL;
}

/* ---- Objects of other folders ---------------------------------------------------------------- */

static dq_object **link_of(dq_machine *machine, const void *pointer)
{
    dq_object **link = &((dq_kernel *)machine->kernel)->objects;

    while (*link != NULL && (*link)->pointer != pointer) {
        link = &(*link)->next;
    }
    return link;
}

void dq_object_add(dq_machine *machine, dq_object *object)
{
    dq_kernel *kernel = machine->kernel;

    object->next = kernel->objects;
    kernel->objects = object;
}

void dq_object_remove(dq_machine *machine, dq_object *object)
{
    dq_object **link = link_of(machine, object->pointer);

    *link = object->next;
}

LONG dq_object_release(dq_machine *machine, dq_object *object)
{
    const LONG left = --object->references;

    if (left == 0) {
        object->retire(machine, object);
    }
    return left;
}

/* ---- References ------------------------------------------------------------------------------ */

/* Device objects count their openers in the open; whoever holds one keeps it by that. */
static LONG *device_count(void *object)
{
    PDEVICE_OBJECT device = object;

    return device != NULL && device->Type == TYPE_DEVICE ? &device->ReferenceCount : NULL;
}

/* The Driver Verifier's words come first, as they do with it. */
static _Noreturn void refuse_object(dq_processor *cpu, void *object, dq_service service)
{
    const int64_t wanted = service == DQ_SERVICE_ObReferenceObject ? 1 : -1;

    if (dq_attends(cpu, DQ_ATTEND_SINKS)) {
        dq_find(cpu,
                &(dq_finding){ .severity = DQ_ERROR,
                               .rule = "ObjectReference",
                               .code = DRIVER_VERIFIER_DETECTED_VIOLATION,
                               .parameters = { 0x3F, (uintptr_t)object, (uint64_t)wanted } },
                "%s: this is no object, or its last reference has been given back",
                dq_service_name(service));
    }
    dq_bugcheck(cpu, REFERENCE_BY_POINTER, 0, (uintptr_t)object, 0, 0,
                "%s: this is no object, or its last reference has been given back",
                dq_service_name(service));
}

LONG_PTR FASTCALL ObfReferenceObject(PVOID Object)
{
    dq_object *other;

    DQ_ENTER(ObReferenceObject, Object, Object, 0, 0, 0);
    if (is_thread(cpu->machine, Object)) {
        return ++((dq_thread *)Object)->references;
    }
    other = *link_of(cpu->machine, Object);
    if (other != NULL) {
        return ++other->references;
    }
    if (device_count(Object) == NULL) {
        refuse_object(cpu, Object, DQ_SERVICE_ObReferenceObject);
    }
    return ++*device_count(Object);
}

LONG_PTR FASTCALL ObfDereferenceObject(PVOID Object)
{
    dq_object *other;
    LONG_PTR left;

    DQ_ENTER(ObDereferenceObject, Object, Object, 0, 0, 0);
    if (is_thread(cpu->machine, Object)) {
        dq_thread *thread = Object;

        left = (LONG_PTR)thread->references - 1;
        if (left == 0 && thread->state != DQ_THREAD_ENDED) {
            refuse_object(cpu, Object, DQ_SERVICE_ObDereferenceObject);
        }
        dq_thread_release(cpu->machine, thread);
        return left;
    }
    other = *link_of(cpu->machine, Object);
    if (other != NULL && other->references > 0) {
        return dq_object_release(cpu->machine, other);
    }
    if (other != NULL || device_count(Object) == NULL) {
        refuse_object(cpu, Object, DQ_SERVICE_ObDereferenceObject);
    }
    return --*device_count(Object);
}

NTSTATUS NTAPI ZwClose(HANDLE Handle)
{
    DQ_ENTER(ZwClose, NULL, Handle, 0, 0, STATUS_UNSUCCESSFUL);
    return dq_handle_close(cpu, Handle, DQ_CALL_PLACE);
}
