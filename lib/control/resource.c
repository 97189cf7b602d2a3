/*
 * resource.c - lists of hardware resources as a driver gets them at start
 * (include/dirql/line.h).
 *
 * Two lists of one full descriptor each, translated and raw, with the same entries in the same
 * order. What is raw is meant to be visibly different, so that a driver that reads the wrong list
 * is found.
 */
#include "control/control.h"
#include "control/handle.h"

#include <dirql/line.h>

#include <inttypes.h>
#include <string.h>

#include "io/io.h"
#include "ke/keep.h"

enum { DESCRIPTORS_MAX = 256, FIRST_RAW_INTERRUPT = 16 };

typedef struct resource_list {
    CM_RESOURCE_LIST head;
    CM_PARTIAL_RESOURCE_DESCRIPTOR more[DESCRIPTORS_MAX - 1];
} resource_list;

typedef struct resources {
    resource_list translated, raw;
} resources;

_Static_assert(sizeof(CM_PARTIAL_RESOURCE_DESCRIPTOR) == 20, "a descriptor is packed to 4 bytes");
_Static_assert(offsetof(resource_list, more) ==
                   offsetof(CM_RESOURCE_LIST, List[0].PartialResourceList.PartialDescriptors[1]),
               "descriptors follow each other");

static void start_list(PCM_RESOURCE_LIST list)
{
    list->Count = 1;
    list->List[0].InterfaceType = PCIBus;
    list->List[0].PartialResourceList.Version = 1;
    list->List[0].PartialResourceList.Revision = 1;
}

static resources *check(const dirql_resources *handle, const char *function)
{
    dq_machine *machine = dirql_control_machine(function);

    return machine != NULL ? dirql_handle_check(machine, DIRQL_HANDLE_RESOURCES, handle, function)
                           : NULL;
}

dirql_resources *dirql_resources_create(void)
{
    DIRQL_INSIDE;
    dq_machine *machine = dirql_control_machine("dirql_resources_create");
    resources *made;
    uintptr_t handle;

    if (machine == NULL) {
        return NULL;
    }
    made = dq_keep(machine, sizeof(*made));
    handle = made != NULL ? dirql_handle_make(machine, DIRQL_HANDLE_RESOURCES, made) : 0;
    if (handle == 0) {
        dirql_control_fail(machine, "memory", "dirql_resources_create: short of memory");
        return NULL;
    }
    start_list(&made->translated.head);
    start_list(&made->raw.head);
    return (dirql_resources *)handle;
}

static void append(resource_list *list, const CM_PARTIAL_RESOURCE_DESCRIPTOR *descriptor)
{
    PCM_PARTIAL_RESOURCE_LIST partial = &list->head.List[0].PartialResourceList;
    char *first = (char *)partial->PartialDescriptors;

    memcpy(first + partial->Count * sizeof(*descriptor), descriptor, sizeof(*descriptor));
    partial->Count++;
}

static void add(resources *to, const CM_PARTIAL_RESOURCE_DESCRIPTOR *translated,
                const CM_PARTIAL_RESOURCE_DESCRIPTOR *raw, const char *function)
{
    if (to->translated.head.List[0].PartialResourceList.Count == DESCRIPTORS_MAX) {
        dirql_control_fail(dirql_control_machine(function), "resources",
                           "%s: a list holds at most %u descriptors", function, DESCRIPTORS_MAX);
        return;
    }
    append(&to->translated, translated);
    append(&to->raw, raw);
}

/* ---- Interrupts ------------------------------------------------------------------------------ */

static CM_PARTIAL_RESOURCE_DESCRIPTOR interrupt_descriptor(const dq_line *line)
{
    CM_PARTIAL_RESOURCE_DESCRIPTOR descriptor;

    memset(&descriptor, 0, sizeof(descriptor));
    descriptor.Type = CmResourceTypeInterrupt;
    descriptor.ShareDisposition =
        line->shared ? CmResourceShareShared : CmResourceShareDeviceExclusive;
    descriptor.Flags =
        line->edge ? CM_RESOURCE_INTERRUPT_LATCHED : CM_RESOURCE_INTERRUPT_LEVEL_SENSITIVE;
    descriptor.Flags |= line->message ? CM_RESOURCE_INTERRUPT_MESSAGE : 0;
    return descriptor;
}

/* The members of u.MessageInterrupt.Translated lie where those of u.Interrupt do. */
static CM_PARTIAL_RESOURCE_DESCRIPTOR translated_interrupt(const dq_machine *machine,
                                                           const dq_line *line)
{
    CM_PARTIAL_RESOURCE_DESCRIPTOR descriptor = interrupt_descriptor(line);

    descriptor.u.Interrupt.Level = line->level;
    descriptor.u.Interrupt.Vector = line->vector->number;
    descriptor.u.Interrupt.Affinity = (KAFFINITY)dq_resource_processors(machine, line);
    return descriptor;
}

/* The input of the interrupt controller: its number, counted in order of creation. */
static ULONG input_of(const dq_machine *machine, const dq_line *line)
{
    ULONG input = FIRST_RAW_INTERRUPT;

    for (const dq_line *other = machine->intc.lines; other != line; other = other->next) {
        input++;
    }
    return input;
}

static CM_PARTIAL_RESOURCE_DESCRIPTOR raw_interrupt(const dq_machine *machine, const dq_line *line)
{
    CM_PARTIAL_RESOURCE_DESCRIPTOR descriptor = interrupt_descriptor(line);

    if (line->message) {
        descriptor.u.MessageInterrupt.Raw.MessageCount = 1;
        descriptor.u.MessageInterrupt.Raw.Vector = CM_RESOURCE_INTERRUPT_MESSAGE_TOKEN;
        descriptor.u.MessageInterrupt.Raw.Affinity = ~(KAFFINITY)0;
    } else {
        descriptor.u.Interrupt.Level = input_of(machine, line);
        descriptor.u.Interrupt.Vector = input_of(machine, line);
        descriptor.u.Interrupt.Affinity = ~(KAFFINITY)0;
    }
    return descriptor;
}

void dirql_resources_add_line(dirql_resources *handle, const dirql_line *line)
{
    DIRQL_INSIDE;
    resources *to = check(handle, "dirql_resources_add_line");
    dq_machine *machine = dirql_control_machine("dirql_resources_add_line");
    const dq_line *wire = to != NULL ? dirql_handle_check(machine, DIRQL_HANDLE_LINE, line,
                                                          "dirql_resources_add_line")
                                     : NULL;

    if (wire != NULL) {
        const CM_PARTIAL_RESOURCE_DESCRIPTOR translated = translated_interrupt(machine, wire);
        const CM_PARTIAL_RESOURCE_DESCRIPTOR raw = raw_interrupt(machine, wire);

        add(to, &translated, &raw, "dirql_resources_add_line");
    }
}

/* ---- Others: translated as they are raw ------------------------------------------------------ */

static void add_same(dirql_resources *handle, const CM_PARTIAL_RESOURCE_DESCRIPTOR *descriptor,
                     const char *function)
{
    resources *to = check(handle, function);

    if (to != NULL) {
        add(to, descriptor, descriptor, function);
    }
}

static bool check_range(uint64_t start, uint64_t length, uint64_t end, const char *function)
{
    dq_machine *machine = dirql_control_machine(function);

    if (machine == NULL || (length > 0 && start <= end && length - 1 <= end - start)) {
        return machine != NULL;
    }
    dirql_control_fail(machine, "resources", "%s: 0x%" PRIx64 " %s at 0x%" PRIx64 " %s", function,
                       length, length == 1 ? "byte" : "bytes", start,
                       length == 0 ? "are no range" : "reach beyond the last address");
    return false;
}

void dirql_resources_add_port(dirql_resources *handle, ULONG port, ULONG length)
{
    DIRQL_INSIDE;
    CM_PARTIAL_RESOURCE_DESCRIPTOR descriptor;

    if (!check_range(port, length, UINT32_MAX, "dirql_resources_add_port")) {
        return;
    }
    memset(&descriptor, 0, sizeof(descriptor));
    descriptor.Type = CmResourceTypePort;
    descriptor.ShareDisposition = CmResourceShareDeviceExclusive;
    descriptor.Flags = CM_RESOURCE_PORT_IO;
    descriptor.u.Port.Start.QuadPart = port;
    descriptor.u.Port.Length = length;
    add_same(handle, &descriptor, "dirql_resources_add_port");
}

void dirql_resources_add_memory(dirql_resources *handle, PHYSICAL_ADDRESS start, ULONG length)
{
    DIRQL_INSIDE;
    CM_PARTIAL_RESOURCE_DESCRIPTOR descriptor;

    if (!check_range((uint64_t)start.QuadPart, length, UINT64_MAX, "dirql_resources_add_memory")) {
        return;
    }
    memset(&descriptor, 0, sizeof(descriptor));
    descriptor.Type = CmResourceTypeMemory;
    descriptor.ShareDisposition = CmResourceShareDeviceExclusive;
    descriptor.Flags = CM_RESOURCE_MEMORY_READ_WRITE;
    descriptor.u.Memory.Start = start;
    descriptor.u.Memory.Length = length;
    add_same(handle, &descriptor, "dirql_resources_add_memory");
}

void dirql_resources_add_dma(dirql_resources *handle, ULONG channel)
{
    DIRQL_INSIDE;
    CM_PARTIAL_RESOURCE_DESCRIPTOR descriptor;

    memset(&descriptor, 0, sizeof(descriptor));
    descriptor.Type = CmResourceTypeDma;
    descriptor.ShareDisposition = CmResourceShareDeviceExclusive;
    descriptor.Flags = CM_RESOURCE_DMA_8;
    descriptor.u.Dma.Channel = channel;
    add_same(handle, &descriptor, "dirql_resources_add_dma");
}

void dirql_resources_add(dirql_resources *handle, const CM_PARTIAL_RESOURCE_DESCRIPTOR *translated,
                         const CM_PARTIAL_RESOURCE_DESCRIPTOR *raw)
{
    DIRQL_INSIDE;
    resources *to = check(handle, "dirql_resources_add");

    if (to != NULL && translated == NULL) {
        dirql_control_fail(dirql_control_machine("dirql_resources_add"), "resources",
                           "dirql_resources_add: `translated` is NULL");
    } else if (to != NULL) {
        add(to, translated, raw != NULL ? raw : translated, "dirql_resources_add");
    }
}

PCM_RESOURCE_LIST dirql_resources_translated(dirql_resources *handle)
{
    DIRQL_INSIDE;
    resources *of = check(handle, "dirql_resources_translated");

    return of != NULL ? &of->translated.head : NULL;
}

PCM_RESOURCE_LIST dirql_resources_raw(dirql_resources *handle)
{
    DIRQL_INSIDE;
    resources *of = check(handle, "dirql_resources_raw");

    return of != NULL ? &of->raw.head : NULL;
}
