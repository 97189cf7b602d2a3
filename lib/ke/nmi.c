/*
 * nmi.c - nonmaskable interrupts: all callbacks are asked, the latest registered first; one that
 * nobody handles stops the system.
 *
 * It is taken between any two steps, whatever the IRQL but HIGH_LEVEL, so that one never interrupts
 * another.
 */
#include "ke/nmi.h"

#include "ke/keep.h"
#include "ke/ki.h"

struct dq_nmi_callback {
    PNMI_CALLBACK routine;
    PVOID context;
    bool registered;
    const void *place;
    struct dq_nmi_callback *next;
};

static void check_irql(dq_processor *cpu, const void *routine)
{
    if (cpu->irql != DQ_LEVEL_HIGH) {
        dq_bugcheck(cpu, IRQL_UNEXPECTED_VALUE, (uint64_t)cpu->irql << 16 | DQ_LEVEL_HIGH << 8 | 3,
                    (uintptr_t)routine, 0, 0,
                    "an NMI callback was called at HIGH_LEVEL and returns at IRQL %u", cpu->irql);
    }
}

static bool ask(dq_processor *cpu, const struct dq_nmi_callback *callback, bool handled)
{
    const void *routine = DQ_CODE(callback->routine);
    dq_execution execution;
    unsigned depth;
    bool handles;

    dq_execution_begin(cpu, &execution, DQ_EXECUTION_NMI, DQ_LEVEL_HIGH, routine, NULL, NULL);
    depth = dq_guest_begin(cpu);
    handles = callback->routine(callback->context, handled) != FALSE;
    dq_guest_end(depth);
    check_irql(cpu, routine);
    dq_execution_end(cpu, &execution);
    return handles;
}

void dq_nmi_arrive(dq_processor *cpu)
{
    const struct dq_nmi_callback *callback = dq_kernel_of(cpu)->nmi_callbacks;
    bool handled = false;

    for (; callback != NULL; callback = callback->next) {
        if (callback->registered && ask(cpu, callback, handled)) {
            handled = true;
        }
    }
    if (!handled) {
        dq_bugcheck(cpu, NMI_HARDWARE_FAILURE, 0, 0, 0, 0,
                    "a nonmaskable interrupt came to CPU%u, and no callback handled it (or there "
                    "is none)",
                    cpu->number);
    }
}

/* ---- Registering ----------------------------------------------------------------------------- */

PVOID NTAPI KeRegisterNmiCallback(PNMI_CALLBACK CallbackRoutine, PVOID Context)
{
    struct dq_nmi_callback *made;

    DQ_ENTER(KeRegisterNmiCallback, NULL, (uintptr_t)CallbackRoutine, Context, 0, NULL);
    if (dq_fails(cpu, DQ_FAIL_CALLBACK, 0, NULL, DQ_CALL_PLACE)) {
        return NULL;
    }
    made = dq_keep(cpu->machine, sizeof(*made));
    if (made == NULL) {
        return NULL;
    }
    *made = (struct dq_nmi_callback){ .routine = CallbackRoutine,
                                      .context = Context,
                                      .registered = true,
                                      .place = DQ_CALL_PLACE,
                                      .next = dq_kernel_of(cpu)->nmi_callbacks };
    dq_kernel_of(cpu)->nmi_callbacks = made;
    return made;
}

NTSTATUS NTAPI KeDeregisterNmiCallback(PVOID Handle)
{
    struct dq_nmi_callback *callback;

    DQ_ENTER(KeDeregisterNmiCallback, Handle, 0, 0, 0, STATUS_UNSUCCESSFUL);
    callback = dq_kernel_of(cpu)->nmi_callbacks;
    while (callback != NULL && (callback != Handle || !callback->registered)) {
        callback = callback->next;
    }
    if (callback == NULL) {
        return STATUS_INVALID_HANDLE;
    }
    callback->registered = false;
    return STATUS_SUCCESS;
}

void dq_nmi_callbacks_for_each(dq_machine *machine, void (*visit)(void *context, const void *place),
                               void *context)
{
    const struct dq_nmi_callback *callback = ((const dq_kernel *)machine->kernel)->nmi_callbacks;

    for (; callback != NULL; callback = callback->next) {
        if (callback->registered) {
            visit(context, callback->place);
        }
    }
}
