/*
 * emit.h - the one way to observe: the machine reports what happens as events.
 *
 * Sinks (checkers, the recorder) listen; nothing in the machine or the kernel knows who they are.
 * An event is sent *before* the thing takes effect, so that a sink may end the run with a finding.
 * With no sink, an event costs one predictable branch: senders test dq_attends(cpu,
 * DQ_ATTEND_SINKS) first, which dq_emit does for them.
 */
#ifndef DQ_EMIT_H
#define DQ_EMIT_H

#include "sim/processor.h"

/* X(name, object class, meaning of a, b and c) */
#define DQ_EVENTS(X)                                                    \
    X(RUN_BEGIN, NONE, "processors", "", "")                            \
    X(RUN_END, NONE, "outcome", "", "")                                 \
    X(CALL, ANY, "first argument", "second argument", "third argument") \
    X(IRQL_RAISE, NONE, "old", "new", "")                               \
    X(IRQL_LOWER, NONE, "old", "new", "")                               \
    X(RESUME, NONE, "irql", "", "")                                     \
    X(LINE_ASSERT, LINE, "message number", "", "")                      \
    X(LINE_DEASSERT, LINE, "", "", "")                                  \
    X(KICK, NONE, "at", "", "")                                         \
    X(INTERRUPT_PEND, LINE, "target processor", "", "")                 \
    X(INTERRUPT_BEGIN, LINE, "vector", "level", "")                     \
    X(INTERRUPT_END, LINE, "claimed", "still asserted", "")             \
    X(INTERRUPT_LOST, LINE, "vector", "", "")                           \
    X(CONNECT, INTERRUPT, "vector", "irql", "synchronize irql")         \
    X(DISCONNECT, INTERRUPT, "vector", "", "")                          \
    X(ISR_BEGIN, INTERRUPT, "entry irql", "", "")                       \
    X(ISR_END, INTERRUPT, "entry irql", "claimed", "line was asserted") \
    X(IPI_BEGIN, NONE, "function", "context", "")                       \
    X(IPI_END, NONE, "function", "result", "")                          \
    X(SYNC_BEGIN, INTERRUPT, "entry irql", "routine", "")               \
    X(SYNC_END, INTERRUPT, "entry irql", "routine", "")                 \
    /* Of an interrupt's lock: its vector, and 1. */                    \
    X(LOCK_INIT, LOCK, "", "", "")                                      \
    X(LOCK_NAME, LOCK, "", "", "")                                      \
    X(LOCK_WAIT, LOCK, "api", "owner processor", "")                    \
    X(LOCK_ACQUIRE, LOCK, "api", "old irql", "flags")                   \
    X(LOCK_RELEASE, LOCK, "api", "new irql", "flags")                   \
    X(DPC_INIT, DPC, "", "", "")                                        \
    /* Was queued: 2 if with other arguments, which are lost. */          \
    X(DPC_QUEUE, DPC, "target processor", "importance", "was queued")   \
    X(DPC_REMOVE, DPC, "was queued", "", "")                            \
    X(DPC_BEGIN, DPC, "entry irql", "", "")                             \
    X(DPC_END, DPC, "entry irql", "", "")                               \
    X(THREAD_CREATE, THREAD, "", "", "")                                \
    X(THREAD_BEGIN, THREAD, "", "", "")                                 \
    X(THREAD_END, THREAD, "", "", "")                                   \
    X(THREAD_RUN, THREAD, "", "", "")                                   \
    X(WAIT_BEGIN, DISPATCHER, "timeout kind", "", "")                   \
    /* These three are for checkers. */                                 \
    X(WAIT_FOLLOWS, NONE, "", "", "")                                   \
    X(WAIT_BLOCKS, MEMORY, "objects", "wait mode", "")                  \
    X(WAIT_OBJECT, DISPATCHER, "index", "wait mode", "is a mutex")      \
    X(WAIT_END, DISPATCHER, "status", "", "")                           \
    X(SIGNAL, DISPATCHER, "previous state", "", "")                     \
    X(TIMER_SET, TIMER, "due time", "period", "was set")                \
    X(TIMER_CANCEL, TIMER, "was set", "", "")                           \
    X(TIMER_EXPIRE, TIMER, "routine", "routine", "")                    \
    X(PORT_READ, DEVICE, "offset", "value", "bytes")                    \
    X(PORT_WRITE, DEVICE, "offset", "value", "bytes")                   \
    X(REGISTER_READ, DEVICE, "offset", "value", "bytes")                \
    X(REGISTER_WRITE, DEVICE, "offset", "value", "bytes")               \
    X(POOL_ALLOCATE, POOL, "bytes", "tag", "paged")                     \
    X(POOL_FREE, POOL, "bytes", "tag", "error")                         \
    X(STIMULUS, NONE, "", "", "")                                       \
    X(ACCESS, MEMORY, "bytes", "flags", "")                             \
    X(ORDER_GIVE, ANY, "shared", "", "")                                \
    X(ORDER_TAKE, ANY, "shared", "", "")                                \
    X(EXECUTION_END, NONE, "", "", "")                                  \
    X(DPC_FLUSH, NONE, "", "", "")                                      \
    X(CHOICE, NONE, "kind", "options", "answer")                        \
    X(FAIL, NONE, "", "", "")                                           \
    X(DELAY, NONE, "until", "", "")                                     \
    X(PRINT, NONE, "", "", "")                                          \
    X(MARK, NONE, "", "", "")                                           \
    X(FINDING, NONE, "code", "", "")

typedef enum dq_event_kind {
#define X(name, object, a, b, c) DQ_EVENT_##name,
    DQ_EVENTS(X)
#undef X
        DQ_EVENT_COUNT
} dq_event_kind;

_Static_assert(DQ_EVENT_COUNT <= 64, "a sink's kinds have a bit for each");
#define DQ_EVENT_BIT(name) (1ull << DQ_EVENT_##name)

/* What `object` points to: sinks keep numbers per class, because addresses are not
 * the same twice. */
typedef enum dq_object_class {
    DQ_OBJECT_NONE,
    DQ_OBJECT_ANY,
    DQ_OBJECT_LINE,
    DQ_OBJECT_INTERRUPT,
    DQ_OBJECT_LOCK,
    DQ_OBJECT_DPC,
    DQ_OBJECT_THREAD,
    DQ_OBJECT_DISPATCHER,
    DQ_OBJECT_TIMER,
    DQ_OBJECT_DEVICE,
    DQ_OBJECT_POOL,
    DQ_OBJECT_MEMORY,
    DQ_OBJECT_CLASS_COUNT
} dq_object_class;

typedef struct dq_event {
    dq_event_kind kind;
    dq_service service; /* The kernel service that the execution is in, DQ_SERVICE_NONE outside. */
    const void *object;
    uint64_t a, b, c;  /* By kind, see the table. */
    const void *place; /* Return address in guest code; NULL if unknown. */
    const char *text;  /* A name or message that belongs to the event, or NULL. */
} dq_event;

/* A call that takes a free spin lock, or that releases one, and does no more. */
typedef struct dq_lock_call {
    dq_service service;
    uint8_t api;  /* dq_lock_api */
    uint8_t irql; /* To come back to: what it is now, or what is to be restored. */
    bool releases;
    const void *lock;     /* Not looked at so far. */
    uintptr_t mask, word; /* It can be taken or released if these bits of it are so. */
    const void *place;
} dq_lock_call;

typedef struct dq_sink {
    const char *name;
    uint64_t kinds; /* A bit for each kind that it wants; 0: all. Others cost it next to nothing. */
    void (*event)(struct dq_sink *sink, dq_processor *cpu, const dq_event *event);
    /* True if there is nothing to say about the call, and all that was to be kept of its CALL and
     * its LOCK_ACQUIRE or LOCK_RELEASE is kept: of these it is not told then. May be NULL. */
    bool (*ordinary)(struct dq_sink *sink, dq_processor *cpu, const dq_lock_call *call);
    void (*stop)(struct dq_sink *sink,
                 dq_machine *machine); /* May be NULL. The machine has stopped. */
    /* The machine is rewound: begins anew, as if just created. NULL: it cannot. */
    void (*rewind)(struct dq_sink *sink, dq_machine *machine);
    /* For reports: what else this sink knows about the moment, appended to text. May be NULL. */
    size_t (*explain)(struct dq_sink *sink, char *text, size_t bytes);
    void *state;
} dq_sink;

enum { DQ_SINKS_MAX = 8 };

/* Sinks, at most DQ_SINKS_MAX, are added before the run begins and stay until the machine is
 * destroyed. Order of adding is order of listening. */
void dq_sink_add(dq_machine *machine, dq_sink *sink);
/* From now on the sink wants these kinds. While no event is being handed out, or by the sink. */
void dq_sink_listen(dq_machine *machine, dq_sink *sink, uint64_t kinds);
void dq_sinks_stop(dq_machine *machine);

const char *dq_event_name(dq_event_kind kind);
dq_object_class dq_event_object_class(dq_event_kind kind);

/* ---- Private part ---------------------------------------------------------------------------- */

void dq_emit_to_sinks(dq_processor *cpu, const dq_event *event);

/* Instead of CALL and LOCK_ACQUIRE or LOCK_RELEASE, where the one sink that listens to the latter
 * finds the call ordinary. False: nobody has been told of anything. */
bool dq_emit_lock_call(dq_processor *cpu, const dq_lock_call *call);

static inline bool dq_event_is_wanted(const dq_processor *cpu, dq_event_kind kind)
{
    return DQ_UNLIKELY(cpu->attention & DQ_ATTEND_SINKS) && (cpu->sink_kinds >> kind & 1) != 0;
}

/* Sends an event if anybody listens. `service` and `place` come from the innermost service call. */
#define dq_emit(cpu, kind_, object_, a_, b_, c_)                            \
    do {                                                                    \
        if (dq_event_is_wanted((cpu), DQ_EVENT_##kind_)) {                  \
            const dq_event event_ = { .kind = DQ_EVENT_##kind_,             \
                                      .object = (object_),                  \
                                      .service = (cpu)->execution->service, \
                                      .place = (cpu)->execution->place,     \
                                      .a = (uint64_t)(a_),                  \
                                      .b = (uint64_t)(b_),                  \
                                      .c = (uint64_t)(c_) };                \
            dq_emit_to_sinks((cpu), &event_);                               \
        }                                                                   \
    } while (0)

#define dq_emit_text(cpu, kind_, object_, text_)                \
    do {                                                        \
        if (dq_event_is_wanted((cpu), DQ_EVENT_##kind_)) {      \
            const dq_event event_ = { .kind = DQ_EVENT_##kind_, \
                                      .object = (object_),      \
                                      .text = (text_) };        \
            dq_emit_to_sinks((cpu), &event_);                   \
        }                                                       \
    } while (0)

#endif
