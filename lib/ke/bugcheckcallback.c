/*
 * bugcheckcallback.c - routines that drivers want called at a bug check.
 *
 * They are called where the bug check is, at HIGH_LEVEL, before the run is stopped: the latest
 * first, which the pages leave open. One that ends in a bug check itself does not keep the others
 * from being called.
 */
#include "ke/bugcheckcallback.h"

#include "ke/keep.h"
#include "ke/ki.h"

struct dq_bugcheck_callback {
    PKBUGCHECK_CALLBACK_RECORD record;
    PKBUGCHECK_CALLBACK_ROUTINE routine;
    PVOID buffer;
    ULONG length;
    const void *place;
    struct dq_bugcheck_callback *next;
};

static struct dq_bugcheck_callback **find(dq_kernel *kernel, const void *record)
{
    struct dq_bugcheck_callback **link = &kernel->bugcheck_callbacks;

    while (*link != NULL && (*link)->record != record) {
        link = &(*link)->next;
    }
    return *link != NULL ? link : NULL;
}

/* Each is called once, even if it ends in another bug check. */
void dq_bugcheck_callbacks_call(dq_processor *cpu)
{
    dq_kernel *kernel = dq_kernel_of(cpu);
    struct dq_bugcheck_callback *callback;
    unsigned depth;

    cpu->irql = HIGH_LEVEL;
    dq_bugcheck_reasons_call(cpu);
    while ((callback = kernel->bugcheck_callbacks) != NULL) {
        kernel->bugcheck_callbacks = callback->next;
        callback->record->State = BufferStarted;
        depth = dq_guest_begin(cpu);
        callback->routine(callback->buffer, callback->length);
        dq_guest_end(depth);
        callback->record->State = BufferFinished;
    }
}

BOOLEAN NTAPI KeRegisterBugCheckCallback(PKBUGCHECK_CALLBACK_RECORD CallbackRecord,
                                         PKBUGCHECK_CALLBACK_ROUTINE CallbackRoutine, PVOID Buffer,
                                         ULONG Length, PUCHAR Component)
{
    struct dq_bugcheck_callback *made;
    dq_kernel *kernel;

    DQ_ENTER(KeRegisterBugCheckCallback, CallbackRecord, Length, 0, 0, FALSE);
    kernel = dq_kernel_of(cpu);
    if (CallbackRecord->State != BufferEmpty || find(kernel, CallbackRecord) != NULL) {
        return FALSE;
    }
    made = dq_keep(cpu->machine, sizeof(*made));
    if (made == NULL) {
        return FALSE;
    }
    *CallbackRecord = (KBUGCHECK_CALLBACK_RECORD){ .CallbackRoutine = CallbackRoutine,
                                                   .Buffer = Buffer,
                                                   .Length = Length,
                                                   .Component = Component,
                                                   .State = BufferInserted };
    *made = (struct dq_bugcheck_callback){ .record = CallbackRecord,
                                           .routine = CallbackRoutine,
                                           .buffer = Buffer,
                                           .length = Length,
                                           .place = DQ_CALL_PLACE,
                                           .next = kernel->bugcheck_callbacks };
    kernel->bugcheck_callbacks = made;
    cpu->machine->bug_check = dq_bugcheck_callbacks_call;
    return TRUE;
}

BOOLEAN NTAPI KeDeregisterBugCheckCallback(PKBUGCHECK_CALLBACK_RECORD CallbackRecord)
{
    struct dq_bugcheck_callback **link, *found;

    DQ_ENTER(KeDeregisterBugCheckCallback, CallbackRecord, 0, 0, 0, FALSE);
    link = find(dq_kernel_of(cpu), CallbackRecord);
    if (link == NULL) {
        return FALSE;
    }
    found = *link;
    *link = found->next;
    CallbackRecord->State = BufferEmpty;
    dq_keep_drop(cpu->machine, found);
    return TRUE;
}

void dq_bugcheck_callbacks_for_each(dq_machine *machine,
                                    void (*visit)(void *context, const void *place), void *context)
{
    const dq_kernel *kernel = machine->kernel;

    const struct dq_bugcheck_callback *callback = kernel->bugcheck_callbacks;

    for (; callback != NULL; callback = callback->next) {
        visit(context, callback->place);
    }
}
