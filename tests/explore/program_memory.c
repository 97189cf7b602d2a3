/*
 * program_memory.c - what the actors of a generated program do with lists, with memory that they
 * allocate, with a device, and with parts of variables. Compiled twice, instrumented and not.
 */
#include "program_theme.h"

#include <dirql/line.h>

/* ---- Lists ----------------------------------------------------------------------------------- */

static void use_list(unsigned actor, const program_step *step, const program_doing *by)
{
    program_theme_objects *o = &program_theme_things;
    program_entry *entry = &o->entries[step->which % PROGRAM_ENTRIES];
    PSLIST_ENTRY popped;
    PLIST_ENTRY removed;

    switch (step->what) {
    case DO_PUSH_ENTRY:
        if (InterlockedExchange(&entry->is_pushed, 1) == 0) {
            by->note(actor, InterlockedPushEntrySList(&o->pushed, &entry->single) != NULL);
        }
        break;
    case DO_POP_ENTRY:
        popped = InterlockedPopEntrySList(&o->pushed);
        if (popped != NULL) {
            entry = CONTAINING_RECORD(popped, program_entry, single);
            by->note(actor, (LONG)(entry - o->entries));
            InterlockedExchange(&entry->is_pushed, 0);
        }
        break;
    case DO_INSERT_ENTRY:
        if (InterlockedExchange(&entry->is_inserted, 1) == 0) {
            by->note(actor, ExInterlockedInsertTailList(&o->inserted, &entry->both,
                                                        &o->list_lock) != NULL);
        }
        break;
    default: /* DO_REMOVE_ENTRY */
        removed = ExInterlockedRemoveHeadList(&o->inserted, &o->list_lock);
        if (removed != NULL) {
            entry = CONTAINING_RECORD(removed, program_entry, both);
            by->note(actor, (LONG)(entry - o->entries));
            InterlockedExchange(&entry->is_inserted, 0);
        }
        break;
    }
}

/* ---- Memory ---------------------------------------------------------------------------------- */

static void drop(unsigned actor, LONG *memory, const program_doing *by)
{
    if (memory != NULL) {
        by->note(actor, *memory);
        ExFreePoolWithTag(memory, 'psat');
    }
}

/* Addresses differ from one schedule to the other. */
static void use_memory(unsigned actor, const program_step *step, LONG *at, const program_doing *by)
{
    PVOID *given = &program_theme_things.given;
    LONG *memory;

    if (program_is_isr(actor)) {
        return;
    }
    if (step->what == DO_TAKE_MEMORY) {
        drop(actor, InterlockedExchangePointer(given, NULL), by);
        return;
    }
    memory = ExAllocatePoolWithTag(NonPagedPoolNx, 16, 'psat');
    if (memory != NULL) {
        *memory = *at + (LONG)actor;
        drop(actor, InterlockedExchangePointer(given, memory), by);
    }
}

/* ---- The device ------------------------------------------------------------------------------ */

static void raise_line(void)
{
    if (program_things.lines[0] != NULL) {
        dirql_line_assert(program_things.lines[0]);
        if (!program_now.lines[0].is_level) {
            dirql_line_deassert(program_things.lines[0]);
        }
    }
}

static uint64_t device_read(void *context, uint64_t offset, unsigned bytes)
{
    (void)context;
    (void)bytes;
    return program_theme_things.values[offset / 4 % PROGRAM_REGISTERS]++;
}

static void device_write(void *context, uint64_t offset, unsigned bytes, uint64_t value)
{
    (void)context;
    (void)bytes;
    program_theme_things.values[offset / 4 % PROGRAM_REGISTERS] = (ULONG)value;
    if (offset == 0) {
        raise_line();
    }
}

static void happen(void *context)
{
    (void)context;
    program_theme_things.values[1] += 100;
    raise_line();
}

static void use_device(unsigned actor, const program_step *step, const program_doing *by)
{
    program_theme_objects *o = &program_theme_things;
    volatile ULONG *at = &o->registers[step->which % PROGRAM_REGISTERS];

    if (step->what == DO_READ_DEVICE) {
        by->note(actor, (LONG)READ_REGISTER_ULONG(at));
    } else if (step->which % PROGRAM_REGISTERS != 0 && step->what == DO_WRITE_DEVICE) {
        WRITE_REGISTER_ULONG(at, 1000 + actor);
    } else if (actor <= ACTOR_THREAD) { /* Others would be called by it, again and again. */
        if (step->what == DO_WRITE_DEVICE) {
            WRITE_REGISTER_ULONG(at, 1000 + actor);
        } else {
            dirql_stimulus_after(&o->stimulus, 1000);
        }
    }
}

/* ---- Widths ---------------------------------------------------------------------------------- */

typedef struct __attribute__((packed)) overlap {
    UCHAR bytes[2];
    union __attribute__((packed)) {
        ULONGLONG quad;
        struct __attribute__((packed)) {
            UCHAR before;
            USHORT word;
        };
    };
} overlap;

static void touch_part(unsigned actor, const program_step *step, const program_doing *by)
{
    overlap *all = (overlap *)program_data.shared;
    UCHAR *bytes = (UCHAR *)program_data.shared;

    switch (step->what) {
    case DO_READ_BYTE:
        by->note(actor, bytes[3 * step->which]);
        break;
    case DO_WRITE_BYTE:
        bytes[3 * step->which] = (UCHAR)(actor + 1);
        break;
    case DO_WRITE_SHORT:
        all->word = (USHORT)(0x100 * actor + 1);
        break;
    case DO_READ_QUAD:
        by->note(actor, (LONG)(all->quad % 0x10001));
        break;
    default: /* DO_ADD_QUAD */
        all->quad = all->quad + 0x10001;
        break;
    }
}

/* ---- All of them ----------------------------------------------------------------------------- */

static void take(unsigned actor, const program_step *step, const program_doing *by)
{
    if (step->what <= DO_REMOVE_ENTRY) {
        use_list(actor, step, by);
    } else if (step->what <= DO_TAKE_MEMORY) {
        use_memory(actor, step, by->variable(actor, step), by);
    } else if (step->what <= DO_STIMULATE) {
        use_device(actor, step, by);
    } else {
        touch_part(actor, step, by);
    }
}

static void prepare_device(program_theme_objects *o)
{
    const dirql_device device = { .name = "device", .read = device_read, .write = device_write };
    const uint64_t bytes = sizeof(o->values);

    o->registers = MmMapIoSpace(dirql_device_add_memory(&device, 0, bytes), bytes, MmNonCached);
    o->stimulus.happen = happen;
}

static void prepare(void)
{
    program_theme_objects *o = &program_theme_things;

    InitializeSListHead(&o->pushed);
    InitializeListHead(&o->inserted);
    KeInitializeSpinLock(&o->list_lock);
    if (program_now.theme == THEME_DEVICE || program_now.theme == THEME_LINES) {
        prepare_device(o);
    }
}

static void settle(void)
{
    program_theme_objects *o = &program_theme_things;
    LONG *memory = InterlockedExchangePointer(&o->given, NULL);

    if (o->stimulus.happen != NULL) {
        (void)dirql_stimulus_cancel(&o->stimulus);
    }
    if (memory != NULL) {
        InterlockedExchangeAdd(&program_data.failed, *memory);
        ExFreePoolWithTag(memory, 'psat');
    }
}

const program_theme_code PROGRAM_JOINED(PROGRAM_CODE, _memory) = { take, prepare, settle };
