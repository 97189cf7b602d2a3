/*
 * recorder.c - keeps events with numbers in place of addresses, and writes them as text.
 */
#include "trace/recorder.h"

#include "sim/place.h"
#include "sim/text.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* ---- Numbers and names of objects ------------------------------------------------------------ */

static size_t slot_of(const dq_recorder *recorder, const void *object, uint32_t object_class)
{
    const uint64_t hash =
        ((uint64_t)(uintptr_t)object ^ ((uint64_t)object_class << 56)) * 0x9E3779B97F4A7C15u;
    size_t slot = (size_t)(hash >> 32) & (recorder->numbered_capacity - 1);

    while (recorder->numbered[slot].object != NULL &&
           (recorder->numbered[slot].object != object ||
            recorder->numbered[slot].object_class != object_class)) {
        slot = (slot + 1) & (recorder->numbered_capacity - 1);
    }
    return slot;
}

static bool grow_table(dq_recorder *recorder)
{
    dq_recorder larger = *recorder;

    if (recorder->numbered_count * 2 < recorder->numbered_capacity) {
        return true;
    }
    larger.numbered_capacity =
        recorder->numbered_capacity == 0 ? 64 : 2 * recorder->numbered_capacity;
    larger.numbered = calloc(larger.numbered_capacity, sizeof(dq_numbered));
    if (larger.numbered == NULL) {
        return false;
    }
    for (size_t i = 0; i < recorder->numbered_capacity; i++) {
        const dq_numbered *entry = &recorder->numbered[i];

        if (entry->object != NULL) {
            larger.numbered[slot_of(&larger, entry->object, entry->object_class)] = *entry;
        }
    }
    free(recorder->numbered);
    recorder->numbered = larger.numbered;
    recorder->numbered_capacity = larger.numbered_capacity;
    return true;
}

/* Returns the offset plus one, or 0. */
static uint32_t keep_name(dq_recorder *recorder, const char *name)
{
    const size_t bytes = name != NULL ? strlen(name) + 1 : 0;
    const size_t offset = recorder->names_bytes;

    if (bytes <= 1) {
        return 0;
    }
    if (offset + bytes > recorder->names_capacity) {
        const size_t capacity = 2 * recorder->names_capacity + bytes + 256;
        char *names = realloc(recorder->names, capacity);

        if (names == NULL) {
            recorder->incomplete = true;
            return 0;
        }
        recorder->names = names;
        recorder->names_capacity = capacity;
    }
    memcpy(recorder->names + offset, name, bytes);
    recorder->names_bytes += bytes;
    return (uint32_t)offset + 1;
}

/* A new object begins at an address that another one may have had. */
static bool begins_object(dq_event_kind kind)
{
    return kind == DQ_EVENT_LOCK_INIT || kind == DQ_EVENT_DPC_INIT ||
           kind == DQ_EVENT_THREAD_CREATE || kind == DQ_EVENT_CONNECT ||
           kind == DQ_EVENT_POOL_ALLOCATE;
}

static const char *own_name(const dq_event *event, dq_object_class object_class)
{
    switch (object_class) {
    case DQ_OBJECT_LINE:
        return ((const dq_line *)event->object)->name;
    case DQ_OBJECT_DEVICE:
        return ((const dq_window *)event->object)->name;
    case DQ_OBJECT_THREAD:
        return event->text;
    default:
        return NULL;
    }
}

static const dq_numbered *number_of(dq_recorder *recorder, const dq_event *event)
{
    const dq_object_class object_class = dq_event_object_class(event->kind);
    dq_numbered *entry;

    if (event->object == NULL || object_class == DQ_OBJECT_NONE || object_class == DQ_OBJECT_ANY) {
        return NULL;
    }
    if (!grow_table(recorder)) {
        recorder->incomplete = true;
        return NULL;
    }
    entry = &recorder->numbered[slot_of(recorder, event->object, object_class)];
    if (entry->object == NULL || begins_object(event->kind)) {
        recorder->numbered_count += entry->object == NULL;
        *entry = (dq_numbered){ event->object, object_class, ++recorder->next_number[object_class],
                                keep_name(recorder, own_name(event, object_class)) };
    }
    return entry;
}

/* ---- Keeping --------------------------------------------------------------------------------- */

static bool make_room(dq_recorder *recorder)
{
    const size_t capacity = recorder->capacity == 0 ? 1024 : 2 * recorder->capacity;
    dq_record *records;

    if (recorder->count < recorder->capacity) {
        return true;
    }
    records = realloc(recorder->records, capacity * sizeof(*records));
    if (records == NULL) {
        recorder->incomplete = true;
        return false;
    }
    recorder->records = records;
    recorder->capacity = capacity;
    return true;
}

static void hear(dq_sink *sink, dq_processor *cpu, const dq_event *event)
{
    dq_recorder *recorder = sink->state;
    const dq_numbered *object;
    dq_record *record;

    if (!recorder->listens || !make_room(recorder)) {
        return;
    }
    object = number_of(recorder, event);
    record = &recorder->records[recorder->count++];
    *record = (dq_record){
        .time_ns = cpu->machine->clock.now_ns,
        .a = event->a,
        .b = event->b,
        .c = event->c,
        .number = object != NULL ? object->number : 0,
        .service = (uint16_t)event->service,
        .kind = (uint8_t)event->kind,
        .processor = cpu->number,
        .irql = cpu->irql,
        .execution = (uint8_t)cpu->execution->kind,
    };
    if (object != NULL && object->name != 0) {
        record->name = object->name;
    } else if (event->text != NULL) {
        record->name = keep_name(recorder, event->text);
    }
}

static void stop(dq_sink *sink, dq_machine *machine)
{
    dq_recorder *recorder = sink->state;

    (void)machine;
    free(recorder->records);
    free(recorder->names);
    free(recorder->numbered);
    free(recorder);
}

dq_sink *dq_recorder_create(dq_machine *machine)
{
    dq_recorder *recorder = calloc(1, sizeof(*recorder));

    if (recorder == NULL) {
        return NULL;
    }
    recorder->machine = machine;
    recorder->processors = machine->processor_count;
    recorder->sink.name = "recorder";
    /* Accesses stay out: compilers differ in their number. */
    recorder->sink.kinds = ~(DQ_EVENT_BIT(ACCESS) | DQ_EVENT_BIT(ORDER_GIVE) |
                             DQ_EVENT_BIT(ORDER_TAKE) | DQ_EVENT_BIT(EXECUTION_END) |
                             DQ_EVENT_BIT(DPC_FLUSH) | DQ_EVENT_BIT(WAIT_FOLLOWS) |
                             DQ_EVENT_BIT(WAIT_OBJECT) | DQ_EVENT_BIT(WAIT_BLOCKS));
    recorder->sink.event = hear;
    recorder->sink.stop = stop;
    recorder->sink.state = recorder;
    return &recorder->sink;
}

void dq_recorder_listen(dq_sink *sink, bool listens)
{
    dq_recorder *recorder = sink->state;

    recorder->listens = listens;
}

/* ---- Writing --------------------------------------------------------------------------------- */

static const char *const value_names[][3] = {
#define X(name, object, a, b, c) { a, b, c },
    DQ_EVENTS(X)
#undef X
};

static const char *const class_names[DQ_OBJECT_CLASS_COUNT] = {
    [DQ_OBJECT_LINE] = "line",     [DQ_OBJECT_INTERRUPT] = "interrupt",
    [DQ_OBJECT_LOCK] = "lock",     [DQ_OBJECT_DPC] = "dpc",
    [DQ_OBJECT_THREAD] = "thread", [DQ_OBJECT_DISPATCHER] = "object",
    [DQ_OBJECT_TIMER] = "timer",   [DQ_OBJECT_DEVICE] = "device",
    [DQ_OBJECT_POOL] = "pool",     [DQ_OBJECT_MEMORY] = "memory",
};

/* Arguments of calls and routines are addresses. So is where a kick came, which only a live run
 * has. */
static bool may_be_address(const dq_record *record, const char *meaning)
{
    return record->kind == DQ_EVENT_CALL || record->kind == DQ_EVENT_KICK ||
           strcmp(meaning, "routine") == 0;
}

static void write_place(dq_text *out, const dq_record *record)
{
    char place[192];

    if (record->kind == DQ_EVENT_KICK) {
        dq_place_describe((const void *)(uintptr_t)record->a, place, sizeof(place));
        dq_text_add(out, " at %s", place);
    }
}

static void write_values(dq_text *out, const dq_record *record)
{
    const uint64_t values[3] = { record->a, record->b, record->c };

    for (unsigned i = 0; i < 3; i++) {
        const char *meaning = value_names[record->kind][i];

        if (meaning[0] != '\0' && !may_be_address(record, meaning)) {
            dq_text_add(out, "%s %s %" PRIu64, i > 0 ? "," : "", meaning, values[i]);
        }
    }
}

static void write_record(dq_text *out, const dq_recorder *recorder, const dq_record *record)
{
    const char *object_class = class_names[dq_event_object_class((dq_event_kind)record->kind)];

    dq_text_add(out, "%" PRIu64 ".%03u us CPU%u IRQL %u %s", record->time_ns / 1000,
                (unsigned)(record->time_ns % 1000), record->processor, record->irql,
                dq_event_name((dq_event_kind)record->kind));
    if (record->service != DQ_SERVICE_NONE) {
        dq_text_add(out, " in %s", dq_service_name((dq_service)record->service));
    }
    if (record->number != 0 && object_class != NULL) {
        dq_text_add(out, " %s%u", object_class, record->number);
    }
    if (record->name != 0) {
        dq_text_add(out, " \"%s\"", recorder->names + record->name - 1);
    }
    write_place(out, record);
    write_values(out, record);
    dq_text_add(out, "\n");
}

char *dq_recorder_text(dq_sink *sink)
{
    const dq_recorder *recorder = sink->state;
    dq_text out = { 0 };

    dq_text_add(&out, "dirql trace 1, %u processor%s\n", recorder->processors,
                recorder->processors == 1 ? "" : "s");
    for (size_t i = 0; i < recorder->count; i++) {
        write_record(&out, recorder, &recorder->records[i]);
    }
    if (recorder->incomplete) {
        dq_text_add(&out, "(incomplete: memory was short)\n");
    }
    return dq_text_take(&out);
}
