/*
 * etw.c - event tracing in a test's hands (include/dirql/etw.h).
 */
#include <dirql/etw.h>

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "control/enter.h"
#include "ex/etw.h"
#include "ke/keep.h"

_Static_assert((int)DIRQL_ETW_STRUCT == (int)DQ_ETW_STRUCT, "kinds are numbered alike");

/* ---- The session ----------------------------------------------------------------------------- */

static void set(dq_processor *cpu, const dq_etw_enabling *enabling)
{
    if (!dq_etw_set(cpu, enabling)) {
        dirql_control_fail(cpu->machine, "memory", "%s: short of memory",
                           dq_service_name(cpu->execution->service));
    }
}

static bool check_provider(dq_processor *cpu, const GUID *provider)
{
    if (provider == NULL) {
        dirql_control_fail(cpu->machine, "etw", "%s: `provider` is NULL",
                           dq_service_name(cpu->execution->service));
    }
    return provider != NULL;
}

void dirql_etw_enable(const GUID *provider, UCHAR level, ULONGLONG any, ULONGLONG all)
{
    DIRQL_ENTER(dirql_etw_enable, DQ_VOID);

    (void)place;
    if (check_provider(cpu, provider)) {
        set(cpu, &(dq_etw_enabling){ .id = *provider, .on = true, .level = level, .any = any,
                                     .all = all });
    }
}

void dirql_etw_disable(const GUID *provider)
{
    DIRQL_ENTER(dirql_etw_disable, DQ_VOID);

    (void)place;
    if (check_provider(cpu, provider)) {
        set(cpu, &(dq_etw_enabling){ .id = *provider });
    }
}

void dirql_etw_capture_state(const GUID *provider)
{
    DIRQL_ENTER(dirql_etw_capture_state, DQ_VOID);

    (void)place;
    if (check_provider(cpu, provider)) {
        dq_etw_capture(cpu, provider);
    }
}

/* ---- Events ---------------------------------------------------------------------------------- */

static bool is_of(const dq_etw_record *record, const GUID *provider)
{
    return provider == NULL || memcmp(&record->provider, provider, sizeof(*provider)) == 0;
}

static dq_etw_record *next_of(dq_etw_record *record, const GUID *provider)
{
    while (record != NULL && !is_of(record, provider)) {
        record = record->next;
    }
    return record;
}

static dq_etw_record *first_of(dq_machine *machine, const GUID *provider)
{
    const dq_etw *etw = machine != NULL ? dq_etw_of(machine) : NULL;

    return etw != NULL ? next_of(etw->first, provider) : NULL;
}

/* As the test sees it: made once. */
static const dirql_etw_event *show(dq_machine *machine, dq_etw_record *record)
{
    dirql_etw_event *event = record->shown;
    dirql_etw_field *fields;

    if (event != NULL) {
        return event;
    }
    event = dq_keep(machine, sizeof(*event) + record->field_count * sizeof(*fields));
    if (event == NULL) {
        dirql_control_fail(machine, "memory", "dirql_etw_get: short of memory");
        return NULL;
    }
    fields = (dirql_etw_field *)(void *)(event + 1);
    for (unsigned i = 0; i < record->field_count; i++) {
        const dq_etw_field *field = &record->fields[i];

        fields[i] = (dirql_etw_field){ field->name, (dirql_etw_kind)field->kind, field->count,
                                       field->data, field->bytes };
    }
    *event = (dirql_etw_event){ .provider = record->provider,
                                .provider_name = record->provider_name,
                                .name = record->name,
                                .descriptor = record->descriptor,
                                .activity = record->activity,
                                .related = record->related,
                                .fields = fields,
                                .field_count = record->field_count,
                                .time_ns = record->time_ns,
                                .processor = record->processor,
                                .irql = record->irql };
    record->shown = event;
    return event;
}

unsigned dirql_etw_count(const GUID *provider)
{
    DIRQL_INSIDE;
    dq_machine *machine = dirql_control_machine("dirql_etw_count");
    unsigned count = 0;

    for (dq_etw_record *r = first_of(machine, provider); r != NULL;
         r = next_of(r->next, provider)) {
        count++;
    }
    return count;
}

const dirql_etw_event *dirql_etw_get(const GUID *provider, unsigned number)
{
    DIRQL_INSIDE;
    dq_machine *machine = dirql_control_machine("dirql_etw_get");
    dq_etw_record *record = first_of(machine, provider);

    while (record != NULL && number > 0) {
        record = next_of(record->next, provider);
        number--;
    }
    return record != NULL ? show(machine, record) : NULL;
}

const dirql_etw_event *dirql_etw_find(const GUID *provider, const char *name)
{
    DIRQL_INSIDE;
    dq_machine *machine = dirql_control_machine("dirql_etw_find");
    dq_etw_record *record = first_of(machine, provider);

    if (machine != NULL && name == NULL) {
        dirql_control_fail(machine, "etw", "dirql_etw_find: `name` is NULL");
        return NULL;
    }
    while (record != NULL && (record->name == NULL || strcmp(record->name, name) != 0)) {
        record = next_of(record->next, provider);
    }
    return record != NULL ? show(machine, record) : NULL;
}

void dirql_etw_forget(void)
{
    DIRQL_INSIDE;
    dq_machine *machine = dirql_control_machine("dirql_etw_forget");

    if (machine != NULL) {
        dq_etw_forget(machine);
    }
}

/* ---- Data ------------------------------------------------------------------------------------ */

const dirql_etw_field *dirql_etw_find_field(const dirql_etw_event *event, const char *name)
{
    for (unsigned i = 0; event != NULL && name != NULL && i < event->field_count; i++) {
        if (event->fields[i].name != NULL && strcmp(event->fields[i].name, name) == 0) {
            return &event->fields[i];
        }
    }
    return NULL;
}

/* False: it has no number of bytes that a number has. */
static bool read_number(const void *data, size_t bytes, bool is_signed, int64_t *number)
{
    uint64_t value = 0;

    if (bytes != 1 && bytes != 2 && bytes != 4 && bytes != 8) {
        return false;
    }
    memcpy(&value, data, bytes); /* All processors here have the low byte first. */
    if (is_signed && bytes < 8 && (value >> (8 * bytes - 1)) != 0) {
        value |= ~0ull << (8 * bytes);
    }
    *number = (int64_t)value;
    return true;
}

int64_t dirql_etw_number(const dirql_etw_event *event, const char *name)
{
    DIRQL_INSIDE;
    dq_machine *machine = dirql_control_machine("dirql_etw_number");
    const dirql_etw_field *field = dirql_etw_find_field(event, name);
    int64_t number = 0;

    if (machine != NULL &&
        (field == NULL ||
         !read_number(field->data, field->bytes, field->kind == DIRQL_ETW_SIGNED, &number))) {
        dirql_control_fail(machine, "etw", "dirql_etw_number: the event has no %s \"%s\"",
                           field == NULL ? "field" : "number in its field",
                           name != NULL ? name : "NULL");
    }
    return number;
}

/* ---- Text ------------------------------------------------------------------------------------ */

typedef struct writer {
    char *text;
    size_t bytes, used; /* `used` counts what did not fit, too. */
} writer;

__attribute__((format(printf, 2, 3))) static void print(writer *w, const char *format, ...)
{
    const size_t left = w->used < w->bytes ? w->bytes - w->used : 0;
    va_list arguments;
    int count;

    va_start(arguments, format);
    count = vsnprintf(left > 0 ? w->text + w->used : NULL, left, format, arguments);
    va_end(arguments);
    w->used += count > 0 ? (size_t)count : 0;
}

static void print_guid(writer *w, const void *data)
{
    GUID guid;

    memcpy(&guid, data, sizeof(guid));
    print(w, "{%08" PRIx32 "-%04x-%04x-%02x%02x-", (uint32_t)guid.Data1, guid.Data2, guid.Data3,
          guid.Data4[0], guid.Data4[1]);
    for (unsigned i = 2; i < sizeof(guid.Data4); i++) {
        print(w, "%02x", guid.Data4[i]);
    }
    print(w, "}");
}

static void print_bytes(writer *w, const unsigned char *data, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++) {
        print(w, "%s%02x", i == 0 ? "" : " ", data[i]);
    }
}

static void print_text(writer *w, const dirql_etw_field *field)
{
    const size_t size = field->kind == DIRQL_ETW_TEXT ? 1 : sizeof(WCHAR);

    print(w, "\"");
    for (size_t i = 0; i < field->bytes / size; i++) {
        WCHAR c = 0;

        memcpy(&c, (const char *)field->data + i * size, size);
        print(w, "%c", c >= ' ' && c < 0x7F ? (char)c : '?');
    }
    print(w, "\"");
}

static void print_item(writer *w, dirql_etw_kind kind, const char *data, size_t bytes)
{
    int64_t number = 0;
    double real = 0;
    float shorter;

    if (kind == DIRQL_ETW_GUID && bytes == sizeof(GUID)) {
        print_guid(w, data);
    } else if (kind == DIRQL_ETW_FLOAT && bytes == sizeof(real)) {
        memcpy(&real, data, sizeof(real));
        print(w, "%g", real);
    } else if (kind == DIRQL_ETW_FLOAT && bytes == sizeof(shorter)) {
        memcpy(&shorter, data, sizeof(shorter));
        print(w, "%g", (double)shorter);
    } else if (!read_number(data, bytes, kind == DIRQL_ETW_SIGNED, &number)) {
        print_bytes(w, (const unsigned char *)data, bytes);
    } else if (kind == DIRQL_ETW_BOOLEAN) {
        print(w, "%s", number != 0 ? "true" : "false");
    } else if (kind == DIRQL_ETW_HEX) {
        print(w, "0x%" PRIx64, (uint64_t)number);
    } else if (kind == DIRQL_ETW_UNSIGNED) {
        print(w, "%" PRIu64, (uint64_t)number);
    } else {
        print(w, "%" PRId64, number);
    }
}

static void print_field(writer *w, const dirql_etw_field *field)
{
    const size_t each = field->count > 0 ? field->bytes / field->count : 0;

    print(w, " ");
    if (field->name != NULL) {
        print(w, "%s=", field->name);
    }
    if (field->kind == DIRQL_ETW_STRUCT) {
        print(w, "{%u}", field->count);
    } else if (field->kind == DIRQL_ETW_TEXT || field->kind == DIRQL_ETW_WIDE_TEXT) {
        print_text(w, field);
    } else if (field->kind == DIRQL_ETW_BYTES) {
        print_bytes(w, field->data, field->bytes);
    } else {
        for (unsigned i = 0; i < field->count; i++) {
            print(w, "%s", i > 0 ? "," : "");
            print_item(w, field->kind, (const char *)field->data + i * each, each);
        }
    }
}

const char *dirql_etw_text(const dirql_etw_event *event, char *text, size_t bytes)
{
    writer w = { .text = text, .bytes = text != NULL ? bytes : 0 };

    if (w.bytes > 0) {
        text[0] = '\0';
    }
    if (event == NULL) {
        print(&w, "no event");
        return text;
    }
    if (event->name != NULL) {
        print(&w, "%s", event->name);
    } else {
        print(&w, "event %u", event->descriptor.Id);
    }
    print(&w, " level %u", event->descriptor.Level);
    if (event->descriptor.Keyword != 0) {
        print(&w, " keyword 0x%" PRIx64, (uint64_t)event->descriptor.Keyword);
    }
    if (event->field_count > 0) {
        print(&w, ":");
    }
    for (unsigned i = 0; i < event->field_count; i++) {
        print_field(&w, &event->fields[i]);
    }
    return text;
}
