/*
 * etw.h - event tracing: providers that drivers register, one session that enables some, and the
 * events that it has got.
 */
#ifndef DQ_ETW_H
#define DQ_ETW_H

#include <wdm.h>

#include "sim/processor.h"

/* As dirql_etw_kind and WDK_TLG_KIND number them. */
typedef enum dq_etw_kind {
    DQ_ETW_BYTES,
    DQ_ETW_SIGNED,
    DQ_ETW_UNSIGNED,
    DQ_ETW_HEX,
    DQ_ETW_FLOAT,
    DQ_ETW_BOOLEAN,
    DQ_ETW_TEXT,
    DQ_ETW_WIDE_TEXT,
    DQ_ETW_GUID,
    DQ_ETW_STRUCT /* The next `count` pieces belong together. */
} dq_etw_kind;

/* A piece of data. */
typedef struct dq_etw_field {
    const char *name; /* May be NULL. */
    dq_etw_kind kind;
    unsigned count; /* Of an array; else 1. */
    const void *data;
    size_t bytes; /* Of all of it. */
} dq_etw_field;

/* A registration. */
typedef struct dq_etw_provider {
    REGHANDLE handle;
    GUID id;
    PETWENABLECALLBACK callback; /* May be NULL. */
    void *context;
    unsigned running; /* Calls of the callback. */
    KEVENT idle;      /* Set when the last of them returns. */
    const void *place;
    struct dq_etw_provider *next;
} dq_etw_provider;

/* What the session wants of the providers with this identifier. */
typedef struct dq_etw_enabling {
    GUID id;
    bool on;
    UCHAR level;
    ULONGLONG any, all;
    struct dq_etw_enabling *next;
} dq_etw_enabling;

/* An event. */
typedef struct dq_etw_record {
    GUID provider;
    const char *provider_name, *name; /* May be NULL. */
    EVENT_DESCRIPTOR descriptor;
    GUID activity, related;
    const dq_etw_field *fields;
    unsigned field_count;
    uint64_t time_ns;
    unsigned processor;
    uint8_t irql;
    void *shown; /* As the test sees it (control/etw.c), or NULL. */
    struct dq_etw_record *next;
} dq_etw_record;

/* A machine's part. */
typedef struct dq_etw {
    dq_etw_provider *providers;
    dq_etw_enabling *enablings;
    dq_etw_record *first, *last;
    unsigned count;
    REGHANDLE handles_made;
    uint32_t activities_made;
} dq_etw;

/* NULL when memory is short. */
dq_etw *dq_etw_of(dq_machine *machine);

/* ---- etw.c ----------------------------------------------------------------------------------- */

/* As EtwRegister. */
NTSTATUS dq_etw_register(dq_processor *cpu, const GUID *id, PETWENABLECALLBACK callback,
                         void *context, const void *place, PREGHANDLE handle);

/* NULL: it is no registration of now. */
dq_etw_provider *dq_etw_look_up(dq_machine *machine, REGHANDLE handle);

/* The same; that is a finding, unless the handle is 0. */
dq_etw_provider *dq_etw_find(dq_processor *cpu, REGHANDLE handle, const void *place);

/* Whether the session wants an event. Level 0 and keyword 0: any. */
bool dq_etw_is_wanted(dq_machine *machine, const dq_etw_provider *provider, UCHAR level,
                      ULONGLONG keyword);

/* Changes what the session wants, and tells the callbacks, at PASSIVE_LEVEL. False: no memory. */
bool dq_etw_set(dq_processor *cpu, const dq_etw_enabling *enabling);
/* Asks those that it has enabled for their state. */
void dq_etw_capture(dq_processor *cpu, const GUID *id);

/* Calls visit() for each registration: for leak reports. */
void dq_etw_for_each(dq_machine *machine, void (*visit)(void *context, const void *place),
                     void *context);

/* ---- etwevent.c ------------------------------------------------------------------------------ */

/* What a provider writes. */
typedef struct dq_etw_writing {
    const dq_etw_provider *provider;
    const EVENT_DESCRIPTOR *descriptor;
    const GUID *activity, *related; /* May be NULL. */
    const char *provider_name, *name;
    const dq_etw_field *fields; /* Theirs is to be copied. */
    unsigned field_count;
} dq_etw_writing;

/* Puts an event into the session, if that wants it. */
NTSTATUS dq_etw_write(dq_processor *cpu, const dq_etw_writing *writing);

/* Forgets all. */
void dq_etw_forget(dq_machine *machine);

#endif
