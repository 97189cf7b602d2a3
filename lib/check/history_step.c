/*
 * history_step.c - one step of the history, and how it reads.
 */
#include "check/history_step.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "sim/access.h"
#include "sim/place.h"

const char *dq_step_level_name(unsigned irql)
{
    static const char *const names[DQ_LEVELS] = {
        "PASSIVE", "APC",     "DISPATCH", "DIRQL 3",  "DIRQL 4",  "DIRQL 5", "DIRQL 6", "DIRQL 7",
        "DIRQL 8", "DIRQL 9", "DIRQL 10", "DIRQL 11", "DIRQL 12", "CLOCK",   "IPI",     "HIGH",
    };

    return names[irql % DQ_LEVELS];
}

static const char *routine_name(const void *routine, host_symbol *symbol)
{
    if (routine == NULL) {
        return "?";
    }
    host_symbol_find(routine, symbol);
    return symbol->function[0] != '\0' ? symbol->function : "?";
}

static int describe_access(const dq_step *step, char *text, size_t bytes)
{
    const bool reads = step->kind == DQ_EVENT_PORT_READ || step->kind == DQ_EVENT_REGISTER_READ;
    const bool port = step->kind == DQ_EVENT_PORT_READ || step->kind == DQ_EVENT_PORT_WRITE;

    return snprintf(text, bytes, "%s %s +0x%" PRIx64 " %s 0x%" PRIx64, reads ? "reads" : "writes",
                    port ? "port" : "register", step->a, reads ? "->" : "<-", step->b);
}

/* `text` is the name of the memory. */
static int describe_touch(const dq_step *step, char *text, size_t bytes)
{
    const bool reads = (step->b & DQ_ACCESS_READ) != 0, writes = (step->b & DQ_ACCESS_WRITE) != 0;
    const char *verb = step->service == DQ_SERVICE_Interlocked ? "Interlocked on"
                       : reads && writes                        ? "reads and writes"
                       : writes                                 ? "writes"
                                                                : "reads";
    const int length = snprintf(text, bytes, "%s %s", verb, step->text);

    if (step->a > 1) {
        return length + snprintf(text + length, bytes - (size_t)length, ", %" PRIu64 " times",
                                 step->a);
    }
    return length;
}

static int describe_routine(const dq_step *step, char *text, size_t bytes)
{
    host_symbol symbol;
    const char *name = routine_name(step->routine, &symbol);

    switch (step->kind) {
    case DQ_EVENT_ISR_BEGIN:
        return snprintf(text, bytes, "ISR %s begins", name);
    case DQ_EVENT_ISR_END:
        return snprintf(text, bytes, "ISR %s returns %s", name, step->b != 0 ? "TRUE" : "FALSE");
    case DQ_EVENT_DPC_BEGIN:
        return snprintf(text, bytes, "DPC %s begins", name);
    case DQ_EVENT_DPC_END:
        return snprintf(text, bytes, "DPC %s returns", name);
    case DQ_EVENT_SYNC_BEGIN:
        return snprintf(text, bytes, "synchronized %s begins",
                        routine_name((const void *)(uintptr_t)step->b, &symbol));
    default:
        return snprintf(text, bytes, "synchronized %s returns",
                        routine_name((const void *)(uintptr_t)step->b, &symbol));
    }
}

static int describe_lock_wait(const dq_step *step, char *text, size_t bytes)
{
    if ((int64_t)step->b < 0) {
        return snprintf(text, bytes, "%s waits for a lock", dq_service_name(step->service));
    }
    return snprintf(text, bytes, "%s waits for a lock that CPU%u holds",
                    dq_service_name(step->service), (unsigned)step->b);
}

const char *dq_step_finding(const dq_step *step)
{
    const char *name = dq_bugcheck_name((uint32_t)step->a);

    return strcmp(step->text, "bug check") == 0 && name != NULL ? name : step->text;
}

/* By its routine, and where it was set (or made). */
static int describe_timer(const dq_step *step, char *text, size_t bytes)
{
    const void *routine = (const void *)(uintptr_t)step->a;
    const void *place = (const void *)(uintptr_t)step->b;
    char where[96] = "";
    host_symbol symbol;

    if (place != NULL) {
        dq_place_describe(place, where, sizeof(where));
    }
    return snprintf(text, bytes, "%s%s expires%s%s%s",
                    routine != NULL ? "the timer of " : "a timer",
                    routine != NULL ? routine_name(routine, &symbol) : "",
                    place != NULL ? " (" : "", where, place != NULL ? ")" : "");
}

static int describe(const dq_step *step, char *text, size_t bytes)
{
    switch (step->kind) {
    case DQ_EVENT_LINE_ASSERT:
        return snprintf(text, bytes, "line \"%s\" is asserted", step->text);
    case DQ_EVENT_LINE_DEASSERT:
        return snprintf(text, bytes, "line \"%s\" is deasserted", step->text);
    case DQ_EVENT_KICK:
        return snprintf(text, bytes, "is interrupted");
    case DQ_EVENT_INTERRUPT_LOST:
        return snprintf(text, bytes, "line \"%s\" interrupts, and nobody listens", step->text);
    case DQ_EVENT_LOCK_WAIT:
        return describe_lock_wait(step, text, bytes);
    case DQ_EVENT_ISR_BEGIN:
    case DQ_EVENT_ISR_END:
    case DQ_EVENT_DPC_BEGIN:
    case DQ_EVENT_DPC_END:
    case DQ_EVENT_SYNC_BEGIN:
    case DQ_EVENT_SYNC_END:
        return describe_routine(step, text, bytes);
    case DQ_EVENT_PORT_READ:
    case DQ_EVENT_PORT_WRITE:
    case DQ_EVENT_REGISTER_READ:
    case DQ_EVENT_REGISTER_WRITE:
        return describe_access(step, text, bytes);
    case DQ_EVENT_ACCESS:
        return describe_touch(step, text, bytes);
    case DQ_EVENT_THREAD_END:
        return snprintf(text, bytes, "the thread ends");
    case DQ_EVENT_TIMER_EXPIRE:
        return describe_timer(step, text, bytes);
    case DQ_EVENT_STIMULUS:
        return snprintf(text, bytes, "a stimulus happens");
    case DQ_EVENT_DELAY: /* The call that it is in has not begun to take effect. */
        return snprintf(text, bytes, "is held up for %.6g us%s%s",
                        (double)(step->a - step->time_ns) / 1000,
                        step->service != DQ_SERVICE_NONE ? " before " : "",
                        dq_service_name(step->service));
    case DQ_EVENT_FAIL:
        return snprintf(text, bytes, "%s is made to fail", step->text);
    case DQ_EVENT_PRINT:
        return snprintf(text, bytes, "prints \"%s\"", step->text);
    case DQ_EVENT_MARK:
        return snprintf(text, bytes, "mark: %s", step->text);
    case DQ_EVENT_FINDING:
        return snprintf(text, bytes, "<- %s", dq_step_finding(step));
    default:
        return snprintf(text, bytes, "%s", dq_service_name(step->service));
    }
}

/* Where a step has a place of its own in guest code. */
static bool has_place(const dq_step *step)
{
    switch (step->kind) {
    case DQ_EVENT_LINE_ASSERT:
    case DQ_EVENT_LINE_DEASSERT:
        return step->place != NULL && step->execution != DQ_EXECUTION_DEVICE;
    case DQ_EVENT_ACCESS:
    case DQ_EVENT_CALL:
    case DQ_EVENT_KICK:
    case DQ_EVENT_LOCK_WAIT:
    case DQ_EVENT_PORT_READ:
    case DQ_EVENT_PORT_WRITE:
    case DQ_EVENT_REGISTER_READ:
    case DQ_EVENT_REGISTER_WRITE:
    case DQ_EVENT_FAIL:
    case DQ_EVENT_PRINT:
    case DQ_EVENT_FINDING:
        return step->place != NULL;
    default:
        return false;
    }
}

void dq_step_tell(const dq_step *step, const char *newcomer, char *text, size_t bytes)
{
    char what[192];

    describe(step, what, sizeof(what));
    snprintf(text, bytes, "%-8s %s%s%s", dq_step_level_name(step->irql),
             newcomer != NULL ? newcomer : "", newcomer != NULL ? ": " : "", what);
}

void dq_step_describe(const dq_step *step, const char *newcomer, char *cell, size_t bytes)
{
    char where[160] = "";
    size_t used;

    dq_step_tell(step, newcomer, cell, bytes);
    used = strlen(cell);
    if (has_place(step)) {
        dq_place_describe(step->place, where, sizeof(where));
        used += (size_t)snprintf(cell + used, bytes - used, "  %s", where);
    } else if (step->below != NULL) {
        dq_place_describe(step->below, where, sizeof(where));
        used += (size_t)snprintf(cell + used, bytes - used, ": interrupted %s here", where);
    }
    if (step->note[0] != '\0' && used < bytes) {
        snprintf(cell + used, bytes - used, "  <- %s", step->note);
    }
}

/* A routine begins at the address itself, which is none behind a call. */
const void *dq_step_place(const dq_step *step)
{
    switch (step->kind) {
    case DQ_EVENT_ISR_BEGIN:
    case DQ_EVENT_ISR_END:
    case DQ_EVENT_DPC_BEGIN:
    case DQ_EVENT_DPC_END:
        return step->routine != NULL ? (const char *)step->routine + 1 : NULL;
    case DQ_EVENT_SYNC_BEGIN:
    case DQ_EVENT_SYNC_END:
        return step->b != 0 ? (const char *)(uintptr_t)step->b + 1 : NULL;
    default:
        return has_place(step) ? step->place : NULL;
    }
}
