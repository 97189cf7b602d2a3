/*
 * processorchange.c - who is told when processors are added: here only of those that are there.
 *
 * The machine has all its processors from the beginning.
 */
#include "ke/processorchange.h"

#include "ke/keep.h"
#include "ke/ki.h"
#include "ke/wrongobject.h"

struct dq_processor_change {
    PPROCESSOR_CALLBACK_FUNCTION routine;
    PVOID context;
    bool registered;
    const void *place;
    struct dq_processor_change *next;
};

static NTSTATUS tell(const struct dq_processor_change *change, unsigned number,
                     KE_PROCESSOR_CHANGE_NOTIFY_STATE state, NTSTATUS failure)
{
    KE_PROCESSOR_CHANGE_NOTIFY_CONTEXT told = { .State = state,
                                                .NtNumber = number,
                                                .Status = failure,
                                                .ProcNumber = { .Number = (UCHAR)number } };
    NTSTATUS status = STATUS_SUCCESS;
    const unsigned depth = dq_guest_begin(dq_self);

    change->routine(change->context, &told, &status);
    dq_guest_end(depth);
    return status;
}

/* Each twice; if one cannot be added, those before it are told so. */
static bool tell_existing(const struct dq_processor_change *change, unsigned count)
{
    NTSTATUS status = STATUS_SUCCESS;
    unsigned reached = 0;

    while (reached < count && NT_SUCCESS(status)) {
        status = tell(change, reached, KeProcessorAddStartNotify, STATUS_SUCCESS);
        reached += NT_SUCCESS(status) ? 1 : 0;
    }
    for (unsigned i = 0; i < reached; i++) {
        (void)tell(change, i,
                   NT_SUCCESS(status) ? KeProcessorAddCompleteNotify : KeProcessorAddFailureNotify,
                   status);
    }
    return NT_SUCCESS(status);
}

PVOID NTAPI KeRegisterProcessorChangeCallback(PPROCESSOR_CALLBACK_FUNCTION CallbackFunction,
                                              PVOID CallbackContext, ULONG Flags)
{
    struct dq_processor_change *made;

    DQ_ENTER(KeRegisterProcessorChangeCallback, NULL, (uintptr_t)CallbackFunction, Flags, 0, NULL);
    if (dq_fails(cpu, DQ_FAIL_CALLBACK, 0, NULL, DQ_CALL_PLACE)) {
        return NULL;
    }
    made = dq_keep(cpu->machine, sizeof(*made));
    if (made == NULL) {
        return NULL;
    }
    *made = (struct dq_processor_change){ .routine = CallbackFunction,
                                          .context = CallbackContext,
                                          .place = DQ_CALL_PLACE };
    if ((Flags & KE_PROCESSOR_CHANGE_ADD_EXISTING) != 0 &&
        !tell_existing(made, cpu->machine->processor_count)) {
        dq_keep_drop(dq_self->machine, made);
        return NULL;
    }
    made->registered = true;
    made->next = dq_kernel_of(dq_self)->processor_changes;
    dq_kernel_of(dq_self)->processor_changes = made;
    return made;
}

VOID NTAPI KeDeregisterProcessorChangeCallback(PVOID CallbackHandle)
{
    struct dq_processor_change *change;

    DQ_ENTER(KeDeregisterProcessorChangeCallback, CallbackHandle, 0, 0, 0, DQ_VOID);
    change = dq_kernel_of(cpu)->processor_changes;
    while (change != NULL && (change != CallbackHandle || !change->registered)) {
        change = change->next;
    }
    if (change == NULL) {
        dq_wrong_object(cpu, CallbackHandle, NULL,
                        "no handle that KeRegisterProcessorChangeCallback returned, or one that is "
                        "deregistered");
        return;
    }
    change->registered = false;
}

void dq_processor_changes_for_each(dq_machine *machine,
                                   void (*visit)(void *context, const void *place), void *context)
{
    const struct dq_processor_change *change =
        ((const dq_kernel *)machine->kernel)->processor_changes;

    for (; change != NULL; change = change->next) {
        if (change->registered) {
            visit(context, change->place);
        }
    }
}
