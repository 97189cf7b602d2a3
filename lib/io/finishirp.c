/*
 * finishirp.c - the end of a request that all drivers are done with.
 *
 * One that belongs to a thread ends there, by a special kernel APC: the result is copied, the
 * status block is filled, the event is set, the IRP is freed. The pages say so of success and of
 * failure alike.
 */
#include <string.h>

#include "ex/executive.h"
#include "io/io.h"
#include "io/irp.h"
#include "ke/ki.h"

/* A request is mostly completed soon after it is cancelled: it is looked for at ever longer
 * steps. */
static const uint64_t first_step_ns = 10ull * 1000 * 1000;
static const uint64_t longest_step_ns = 1000ull * 1000 * 1000;
static const uint64_t cancel_limit_ns = 300ull * 1000 * 1000 * 1000;

/* ---- In the thread --------------------------------------------------------------------------- */

/* On the thread's stack, below everything that is in use: its routine has returned. */
static bool has_unwound(const dq_processor *cpu, const void *object)
{
    const uintptr_t stack = (uintptr_t)cpu->task->context.stack;
    const uintptr_t address = (uintptr_t)object;

    return address >= stack && address - stack < cpu->task->context.stack_bytes &&
           address < (uintptr_t)__builtin_frame_address(0);
}

static void check_unwound(dq_processor *cpu, const dq_irp *record)
{
    const IRP *irp = record->irp;
    const bool event = irp->UserEvent != NULL && has_unwound(cpu, irp->UserEvent);

    if (event || (irp->UserIosb != NULL && has_unwound(cpu, irp->UserIosb))) {
        dq_irp_accuse(cpu,
                      &(dq_irp_error){ .rule = "IrpUnwound",
                                       .severity = DQ_ERROR,
                                       .code = event ? 0x0D : 0x0C,
                                       .p2 = event ? (uintptr_t)irp->UserEvent
                                                   : (uintptr_t)irp->UserIosb,
                                       .place = record->place },
                      "the %s that %s was given was on the stack of a routine that has returned: "
                      "wait for the request first",
                      event ? "event" : "I/O status block", dq_service_name(record->service));
    }
}

static void copy_output(const dq_irp *record)
{
    const IRP *irp = record->irp;
    ULONG_PTR bytes = irp->IoStatus.Information;

    if (record->buffer != NULL && !NT_ERROR(irp->IoStatus.Status) && irp->UserBuffer != NULL) {
        bytes = bytes < record->output_bytes ? bytes : record->output_bytes;
        memcpy(irp->UserBuffer, record->buffer, bytes);
    }
}

static void give_result(const dq_irp *record)
{
    DQ_TOUCHES_GIVEN(record->service, record->place);

    copy_output(record);
    if (record->irp->UserIosb != NULL) {
        *record->irp->UserIosb = record->irp->IoStatus;
    }
}

/* The objects that the request was made with. */
static void release_held(dq_processor *cpu, dq_irp *record)
{
    for (size_t i = 0; i < RTL_NUMBER_OF(record->held); i++) {
        dq_object *object = record->held[i];

        record->held[i] = NULL;
        if (object != NULL) {
            dq_file_release_later(cpu, object);
        }
    }
}

static void end_in_thread(dq_processor *cpu, void *context)
{
    dq_irp *record = context;
    const PIRP irp = record->irp;
    const PKEVENT event = irp->UserEvent;

    check_unwound(cpu, record);
    give_result(record);
    dq_irp_free(cpu, record, record->end_service, record->end_place);
    if (event != NULL) {
        dq_signal(cpu, event);
    }
    release_held(cpu, record);
}

/* ---- When it is completed -------------------------------------------------------------------- */

static void release_pages(dq_irp *record)
{
    const PMDL mdl = record->mdl;

    if (mdl != NULL) {
        record->mdl = NULL;
        record->irp->MdlAddress = NULL;
        MmUnlockPages(mdl);
        IoFreeMdl(mdl);
    }
}

static void finish_associated(dq_processor *cpu, dq_irp *record, dq_service service,
                              const void *place)
{
    dq_irp *master = record->master;
    const PIRP irp = master->irp;

    dq_irp_free(cpu, record, service, place);
    dq_emit(cpu, ORDER_TAKE, irp, 0, 0, 0);
    dq_emit(cpu, ORDER_GIVE, irp, 0, 0, 0);
    if (master->alive && --irp->AssociatedIrp.IrpCount == 0) {
        dq_irp_complete(dq_self, irp, service, place);
    }
}

static void refuse(dq_processor *cpu, dq_irp *record, const void *place)
{
    const dq_irp_error error = { .rule = "IoAllocateComplete",
                                 .severity = DQ_ERROR,
                                 .place = place };

    record->sent = false;
    dq_irp_accuse(cpu, &error,
                  "an IRP of %s was completed to the end: its maker needs a completion routine "
                  "that frees it, or keeps it, and returns STATUS_MORE_PROCESSING_REQUIRED",
                  dq_service_name(record->service));
}

void dq_irp_finish(dq_processor *cpu, dq_irp *record, dq_service service, const void *place)
{
    switch (record->origin) {
    case DQ_IRP_THREADED:
        if (record->thread == NULL) { /* It has ended. */
            dq_irp_free(cpu, record, service, place);
            release_held(cpu, record);
            return;
        }
        record->final = true;
        record->end_service = service;
        record->end_place = place;
        release_pages(record);
        record->apc = (dq_apc){ .routine = end_in_thread, .context = record };
        dq_apc_queue(record->thread, &record->apc);
        break;
    case DQ_IRP_POWER:
        dq_power_finish(cpu, record, service, place);
        break;
    case DQ_IRP_ASSOCIATED:
        finish_associated(cpu, record, service, place);
        break;
    default:
        refuse(cpu, record, place);
        break;
    }
}

/* ---- The end of a thread --------------------------------------------------------------------- */

typedef struct search {
    const dq_thread *thread;
    dq_irp *found;
} search;

static void consider(void *context, dq_irp *record)
{
    search *s = context;

    if (record->thread == s->thread && record->sent) {
        s->found = record;
    }
}

static dq_irp *find_of(dq_machine *machine, const dq_thread *thread)
{
    search s = { .thread = thread };

    dq_irp_for_each(machine, consider, &s);
    return s.found;
}

void dq_irp_thread_ends(dq_processor *cpu, const dq_thread *thread)
{
    const uint64_t began_ns = cpu->machine->clock.now_ns;
    uint64_t step_ns = first_step_ns;
    dq_irp *record = find_of(cpu->machine, thread);

    dq_irp_frames_forget(cpu);
    while (record != NULL) {
        const uint64_t now_ns = dq_self->machine->clock.now_ns;

        if (!record->irp->Cancel) {
            (void)IoCancelIrp(record->irp);
        } else if (now_ns - began_ns > cancel_limit_ns) {
            dq_irp_accuse(dq_self,
                          &(dq_irp_error){ .rule = "IrpNotCancelled",
                                           .severity = DQ_ERROR,
                                           .page = "IoCancelIrp",
                                           .place = record->sent_place },
                          "a thread ends, but its request, sent by %s, is not completed 5 minutes "
                          "after it was cancelled",
                          dq_service_name(record->service));
            record->thread = NULL;
            return;
        } else {
            dq_wait_until(dq_self, now_ns + step_ns, record->service, record->sent_place);
            step_ns = step_ns < longest_step_ns ? 2 * step_ns : step_ns;
        }
        record = find_of(dq_self->machine, thread);
    }
}
