/*
 * fail.h - failures on demand: which of the calls that can fail for want of resources does.
 *
 * Every service that can answer "insufficient resources" asks dq_fails() first, once for each call
 * of the driver. Without a plan the answer is no, and nothing is counted. What a plan leaves to
 * chance is a choice (DQ_CHOICE_FAULT) wherever the mode chooses, so that it is logged, replayed
 * and enumerated like any other.
 *
 * Plan as text: what it counts, then which of these fail:
 *   "3" the third; "3+" the third and all after it; "20%" each with this chance;
 *   "pool:3", "pool,connect:1+", "tag=Uart:2": only calls of these kinds, or with this pool tag.
 */
#ifndef DQ_FAIL_H
#define DQ_FAIL_H

#include "sim/processor.h"

/* X(name, what a plan calls it) */
#define DQ_FAIL_KINDS(X)       \
    X(POOL, "pool")            \
    X(LOOKASIDE, "lookaside")  \
    X(CONNECT, "connect")      \
    X(THREAD, "thread")        \
    X(DEVICE, "device")        \
    X(TIMER, "timer")          \
    X(WORK_ITEM, "workitem")   \
    X(MAP, "map")              \
    X(CALLBACK, "callback")    \
    X(IRP, "irp")              \
    X(FILE, "file")            \
    X(OTHER, "other")

typedef enum dq_fail_kind {
#define X(name, text) DQ_FAIL_##name,
    DQ_FAIL_KINDS(X)
#undef X
        DQ_FAIL_KIND_COUNT
} dq_fail_kind;

typedef struct dq_fail_plan {
    unsigned kinds; /* A bit for each kind that counts; 0: all. */
    bool by_tag;
    uint32_t tag;
    uint64_t nth; /* Of those that count, from 1; 0: none. */
    bool onwards; /* And all after it. */
    unsigned percent; /* Of those that count, by chance. */
} dq_fail_plan;

/* A call that was made to fail. */
typedef struct dq_fail_call {
    dq_fail_kind kind;
    const char *caller; /* The service, or the PortCls routine. */
    uint32_t tag;       /* 0: it has none. */
    const void *place;
    uint64_t number;
    char execution[96];
} dq_fail_call;

/* A machine's part. */
typedef struct dq_failing {
    dq_fail_plan plan;
    unsigned paused; /* Nested. */
    uint64_t asked;  /* Calls that counted. */
    uint64_t failed;
    dq_fail_call first; /* That failed. */
    uint64_t random_state;
} dq_failing;

/* True if the call that `cpu` is in shall fail. `caller` NULL: the service that it is in; `tag` 0:
 * none. Inside the monitor. */
bool dq_fails(dq_processor *cpu, dq_fail_kind kind, uint32_t tag, const char *caller,
              const void *place);

/* True if the plan ever makes a call fail: it is not only a filter. */
static inline bool dq_fail_is_plan(const dq_fail_plan *plan)
{
    return plan->nth != 0 || plan->percent != 0;
}

/* Begins anew by this plan. */
void dq_fail_start(dq_machine *machine, const dq_fail_plan *plan);

/* Reads a plan, or what comes before the colon alone. On bad text returns false and says in `error`
 * what is wrong. */
bool dq_fail_read(const char *text, dq_fail_plan *plan, char *error, size_t error_bytes);

/* The plan as text. Returns text. */
const char *dq_fail_write(const dq_fail_plan *plan, char *text, size_t bytes);

/* "call 3 of those that can fail, ExAllocatePool2 (pool, tag Uart), at start uart.c:41": the first
 * that was made to fail. Slow. Returns text. */
const char *dq_fail_describe(const dq_machine *machine, char *text, size_t bytes);

#endif
