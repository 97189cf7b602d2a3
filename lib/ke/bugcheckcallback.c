/*
 * bugcheckcallback.c - routines that drivers want called at a bug check.
 *
 * They are called where the bug check is, at HIGH_LEVEL, before the run is stopped: the latest
 * first, which the pages leave open. One that ends in a bug check itself does not keep the others
 * from being called.
 */
#include "ke/bugcheckcallback.h"

#include "ke/bugcheckrecord.h"
#include "ke/ki.h"

typedef struct callback {
    dq_bugcheck_record known;
    PKBUGCHECK_CALLBACK_ROUTINE routine;
    PVOID buffer;
    ULONG length;
} callback;

/* Each is called once, even if it ends in another bug check. */
void dq_bugcheck_callbacks_call(dq_processor *cpu)
{
    dq_kernel *kernel = dq_kernel_of(cpu);
    dq_bugcheck_record *known;

    cpu->irql = HIGH_LEVEL;
    dq_bugcheck_reasons_call(cpu);
    while ((known = kernel->bugcheck_callbacks) != NULL) {
        const callback *called = CONTAINING_RECORD(known, callback, known);
        unsigned depth;

        kernel->bugcheck_callbacks = known->next;
        *known->state = BufferStarted;
        depth = dq_guest_begin(cpu);
        called->routine(called->buffer, called->length);
        dq_guest_end(depth);
        *known->state = BufferFinished;
    }
}

BOOLEAN NTAPI KeRegisterBugCheckCallback(PKBUGCHECK_CALLBACK_RECORD CallbackRecord,
                                         PKBUGCHECK_CALLBACK_ROUTINE CallbackRoutine, PVOID Buffer,
                                         ULONG Length, PUCHAR Component)
{
    callback *made;

    DQ_ENTER(KeRegisterBugCheckCallback, CallbackRecord, Length, 0, 0, FALSE);
    made = dq_bugcheck_record_add(cpu, &dq_kernel_of(cpu)->bugcheck_callbacks, CallbackRecord,
                                  &CallbackRecord->State, sizeof(*made), DQ_CALL_PLACE);
    if (made == NULL) {
        return FALSE;
    }
    made->routine = CallbackRoutine;
    made->buffer = Buffer;
    made->length = Length;
    *CallbackRecord = (KBUGCHECK_CALLBACK_RECORD){ .CallbackRoutine = CallbackRoutine,
                                                   .Buffer = Buffer,
                                                   .Length = Length,
                                                   .Component = Component,
                                                   .State = BufferInserted };
    return TRUE;
}

BOOLEAN NTAPI KeDeregisterBugCheckCallback(PKBUGCHECK_CALLBACK_RECORD CallbackRecord)
{
    DQ_ENTER(KeDeregisterBugCheckCallback, CallbackRecord, 0, 0, 0, FALSE);
    return dq_bugcheck_record_drop(cpu, &dq_kernel_of(cpu)->bugcheck_callbacks, CallbackRecord);
}

void dq_bugcheck_callbacks_for_each(dq_machine *machine,
                                    void (*visit)(void *context, const void *place), void *context)
{
    dq_bugcheck_record_for_each(((const dq_kernel *)machine->kernel)->bugcheck_callbacks, visit,
                                context);
}
