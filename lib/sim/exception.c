/*
 * exception.c - the search for a handler, and the end of those that have none.
 *
 * An exception that is raised while a filter runs is not offered to the frames that the first one
 * has passed: its search goes on outside the frame whose filter it is. Their __finally blocks run,
 * though, if it is handled.
 */
#include "sim/exception.h"

#include <stdarg.h>
#include <stdio.h>

#include "sim/finding.h"
#include "sim/tryframe.h"

enum { KMODE_EXCEPTION = 0x1E, INTERRUPT_EXCEPTION = 0x3D };
#define NONCONTINUABLE_EXCEPTION 0xC0000025u

/* ---- Search ---------------------------------------------------------------------------------- */

static bool is_reachable(const dq_execution *execution, const dq_try_frame *frame)
{
    return frame != NULL && frame->guests == execution->guests;
}

bool dq_exception_is_guarded(const dq_processor *cpu)
{
    return is_reachable(cpu->execution, cpu->execution->frames);
}

/* `*passing` is the innermost search whose frames have not been passed over. */
static dq_try_frame *pass_over(dq_try_frame *frame, const dq_raise **passing)
{
    while (frame != NULL && *passing != NULL) {
        if ((*passing)->innermost != frame) {
            return frame;
        }
        frame = (*passing)->frame->outer;
        *passing = (*passing)->below;
    }
    return frame;
}

/* Those inside the target are left, with their __finally blocks. */
static _Noreturn void unwind_to(dq_raise *raise, dq_try_frame *target)
{
    dq_execution *execution = dq_self->execution;

    raise->innermost = NULL;
    while (execution->frames != target) {
        dq_try_frame *frame = execution->frames;

        execution->frames = frame->outer;
        (void)dq_try_ask(raise, frame, DQ_ASKS_FINALLY);
    }
    dq_try_handle(target, raise->pointers.record->code);
}

/* The answer of the last filter that was asked. */
static int search(dq_raise *raise)
{
    const dq_execution *execution = dq_self->execution;
    const dq_raise *passing = raise->below;
    dq_try_frame *frame = pass_over(execution->frames, &passing);

    while (is_reachable(execution, frame)) {
        const int answer = dq_try_ask(raise, frame, DQ_ASKS_FILTER);

        if (answer > 0) {
            unwind_to(raise, frame);
        }
        if (answer < 0) {
            return answer;
        }
        frame = pass_over(frame->outer, &passing);
    }
    return 0;
}

/* A filter wants to go on after what cannot be: outside of it, that is an exception, too. */
static int search_again(dq_raise *raise)
{
    dq_exception_record *record = raise->pointers.record;
    dq_exception_record first = *record;
    dq_raise again = { .pointers = { .record = record }, .below = raise };

    *record = (dq_exception_record){ .code = NONCONTINUABLE_EXCEPTION,
                                     .flags = DQ_EXCEPTION_NONCONTINUABLE,
                                     .record = &first,
                                     .address = first.address };
    again.innermost = raise->innermost;
    dq_self->execution->raise = &again;
    while (search(&again) < 0) {
        raise->frame = again.frame;
    }
    record->record = NULL;
    return 0;
}

bool dq_exception_dispatch(dq_exception_record *record)
{
    dq_execution *execution = dq_self->execution;
    const dq_execution before = *execution;
    dq_raise raise = { .pointers = { .record = record },
                       .innermost = before.frames,
                       .below = before.raise };
    int answer;

    if (!dq_exception_is_guarded(dq_self)) {
        return false;
    }
    execution->raise = &raise;
    answer = search(&raise);
    if (answer < 0 && (record->flags & DQ_EXCEPTION_NONCONTINUABLE) != 0) {
        answer = search_again(&raise);
    }
    execution->raise = before.raise;
    execution->service = before.service; /* For reports: filters have called some, too. */
    execution->place = before.place;
    execution->place_at = before.place_at;
    execution->caller = before.caller;
    execution->caller_at = before.caller_at;
    return answer < 0;
}

/* ---- The end --------------------------------------------------------------------------------- */

/* What is worth saying of the search that found nobody. */
static const char *remark(const dq_processor *cpu, bool is_another)
{
    if (is_another) {
        return ". A filter answered EXCEPTION_CONTINUE_EXECUTION, but what raised that cannot go "
               "on";
    }
    return cpu->execution->frames != NULL && !dq_exception_is_guarded(cpu)
               ? ". The __try around the call of the kernel is not asked: an exception does not "
                 "cross the kernel"
               : "";
}

static _Noreturn void end(const dq_exception_record *record, bool is_another, uint64_t p3,
                          uint64_t p4, const char *format, va_list arguments)
    __attribute__((format(printf, 5, 0)));

static _Noreturn void end(const dq_exception_record *record, bool is_another, uint64_t p3,
                          uint64_t p4, const char *format, va_list arguments)
{
    dq_processor *cpu = dq_self;
    char text[DQ_FINDING_TEXT - 200];

    vsnprintf(text, sizeof(text), format, arguments);
    if (cpu->execution->kind == DQ_EXECUTION_ISR) {
        dq_bugcheck(cpu, INTERRUPT_EXCEPTION, 0, 0, 0, 0,
                    "no ISR handles an exception (code 0x%08X): %s", record->code, text);
    }
    dq_bugcheck(cpu, KMODE_EXCEPTION, record->code, (uintptr_t)record->address, p3, p4, "%s%s",
                text, remark(cpu, is_another));
}

void dq_exception(uint32_t code, uint64_t place, const char *format, ...)
{
    dq_exception_record record = { .code = code,
                                   .flags = DQ_EXCEPTION_NONCONTINUABLE,
                                   .address = (void *)(uintptr_t)place };
    va_list arguments;

    (void)dq_exception_dispatch(&record);
    va_start(arguments, format);
    end(&record, record.code != code, 0, 0, format, arguments);
}

void dq_exception_end(const dq_exception_record *record, uint64_t p3, uint64_t p4,
                      const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    end(record, false, p3, p4, format, arguments);
}
