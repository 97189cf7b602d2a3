/*
 * etw.h - event tracing in a test's hands: a session that enables providers, and the events that it
 * gets.
 *
 * At the beginning no provider is enabled, so that what drivers write goes nowhere. A provider is
 * enabled by its GUID, before it is registered or after. An event is in the session if its level is
 * at most that of the session (or 0), and its keyword, unless it is 0, has one of the bits of `any`
 * (0: whatever it has) and all of `all`.
 *
 * What is returned lies in the machine's memory and stays until dirql_etw_forget(), or until the
 * run ends. Where nothing else is said: any IRQL, on any thread while a run is under way. Want of
 * memory fails the run. Pages: "wdm: EtwRegister" and its neighbours, "wdm: EtwEnableCallback",
 * "evntprov: EVENT_DESCRIPTOR".
 */
#ifndef DIRQL_ETW_H
#define DIRQL_ETW_H

#include <dirql/dirql.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Enables the provider anew if it is enabled. Its callbacks are called on the calling thread, one
 * after the other, with EVENT_CONTROL_CODE_ENABLE_PROVIDER. IRQL: PASSIVE_LEVEL, on a thread of the
 * run. "wdm: EtwEnableCallback". */
DIRQL_API void dirql_etw_enable(const GUID *provider, UCHAR level, ULONGLONG any, ULONGLONG all);
/* The same the other way round: EVENT_CONTROL_CODE_DISABLE_PROVIDER. IRQL: PASSIVE_LEVEL, on a
 * thread of the run. "wdm: EtwEnableCallback". */
DIRQL_API void dirql_etw_disable(const GUID *provider);
/* Asks a provider by its callbacks to write down its state: EVENT_CONTROL_CODE_CAPTURE_STATE.
 * Nothing if it is not enabled. IRQL: PASSIVE_LEVEL, on a thread of the run.
 * "wdm: EtwEnableCallback". */
DIRQL_API void dirql_etw_capture_state(const GUID *provider);

/* How the bytes of a piece of data are to be read. */
typedef enum dirql_etw_kind {
    DIRQL_ETW_BYTES, /* All of EtwWrite: the provider's manifest would tell. */
    DIRQL_ETW_SIGNED,
    DIRQL_ETW_UNSIGNED,
    DIRQL_ETW_HEX,
    DIRQL_ETW_FLOAT,
    DIRQL_ETW_BOOLEAN,
    DIRQL_ETW_TEXT,      /* Of char, without the null at its end. */
    DIRQL_ETW_WIDE_TEXT, /* Of WCHAR. */
    DIRQL_ETW_GUID,
    DIRQL_ETW_STRUCT /* The next `count` pieces belong together. */
} dirql_etw_kind;

typedef struct dirql_etw_field {
    const char *name; /* NULL: it has none. */
    dirql_etw_kind kind;
    unsigned count; /* Of an array; else 1. */
    const void *data;
    size_t bytes; /* Of all of it. */
} dirql_etw_field;

typedef struct dirql_etw_event {
    GUID provider;
    const char *provider_name, *name; /* Of TraceLogging; else NULL. */
    EVENT_DESCRIPTOR descriptor;
    GUID activity, related; /* All zero: none. */
    const dirql_etw_field *fields;
    unsigned field_count;
    uint64_t time_ns; /* Virtual time, since the run began. */
    unsigned processor;
    KIRQL irql;
} dirql_etw_event;

/* How many there are of a provider (NULL: of all); the one with this number, from 0, in the order
 * in which they were written; NULL: there are not that many. */
DIRQL_API unsigned dirql_etw_count(const GUID *provider);
DIRQL_API const dirql_etw_event *dirql_etw_get(const GUID *provider, unsigned number);

/* Of TraceLogging: the first event of this name, and a piece of data of an event (NULL: of none).
 * NULL: there is none. */
DIRQL_API const dirql_etw_event *dirql_etw_find(const GUID *provider, const char *name);
DIRQL_API const dirql_etw_field *dirql_etw_find_field(const dirql_etw_event *event,
                                                      const char *name);
/* Its value as a number, with a sign if it is DIRQL_ETW_SIGNED. What has no field of this name, or
 * none of 1, 2, 4 or 8 bytes, fails the run; the result is 0 then. */
DIRQL_API int64_t dirql_etw_number(const dirql_etw_event *event, const char *name);

/* "Opened level 4: status=0 name=\"uart\"", or "event 7 level 4: 05 00" of EtwWrite, as far as it
 * fits into `bytes` bytes; "no event" of NULL. Returns text. Also where no run is under way. */
DIRQL_API const char *dirql_etw_text(const dirql_etw_event *event, char *text, size_t bytes);

/* Forgets all events that there are: what was returned before is not to be used any more. */
DIRQL_API void dirql_etw_forget(void);

#ifdef __cplusplus
}
#endif

#endif
