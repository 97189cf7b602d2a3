/*
 * psthread.c - system threads as drivers make them.
 */
#include "ke/handle.h"
#include "ke/ki.h"

/* Starts inside a critical region, as the page of PsCreateSystemThread has it. */
static NTSTATUS make_thread(dq_machine *machine, PKSTART_ROUTINE routine, void *context,
                            HANDLE *handle, const void *place)
{
    dq_thread *thread = dq_thread_create(machine, NULL, 0, DQ_PRIORITY_NORMAL, routine, context);

    if (thread == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    thread->system = true;
    thread->made_place = place;
    thread->apc_disable = 1;
    *handle = dq_handle_open(machine, thread);
    if (*handle == NULL) {
        dq_thread_release(machine, thread);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI PsCreateSystemThread(PHANDLE ThreadHandle, ULONG DesiredAccess,
                                    POBJECT_ATTRIBUTES ObjectAttributes, HANDLE ProcessHandle,
                                    PCLIENT_ID ClientId, PKSTART_ROUTINE StartRoutine,
                                    PVOID StartContext)
{
    NTSTATUS status;

    DQ_ENTER(PsCreateSystemThread, NULL, DesiredAccess, (uintptr_t)StartRoutine, StartContext,
             STATUS_UNSUCCESSFUL);
    (void)ObjectAttributes;
    (void)ProcessHandle;
    if (dq_fails(cpu, DQ_FAIL_THREAD, 0, NULL, DQ_CALL_PLACE)) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    status = make_thread(cpu->machine, StartRoutine, StartContext, ThreadHandle,
                         DQ_CALL_PLACE);
    if (status == STATUS_SUCCESS && ClientId != NULL) {
        ClientId->UniqueProcess = (HANDLE)(uintptr_t)4;
        ClientId->UniqueThread = dq_thread_id(dq_handle_thread(cpu->machine, *ThreadHandle));
    }
    if (dq_must_look(cpu, cpu->irql)) {
        (void)dq_deliver(cpu);
    }
    return status;
}

NTSTATUS NTAPI PsTerminateSystemThread(NTSTATUS ExitStatus)
{
    DQ_ENTER(PsTerminateSystemThread, NULL, ExitStatus, 0, 0, STATUS_UNSUCCESSFUL);
    if (!dq_thread_current(cpu)->system) {
        return STATUS_INVALID_PARAMETER;
    }
    dq_stack_thread_ends(cpu, dq_thread_current(cpu));
    dq_thread_exit(cpu, ExitStatus);
}

PKTHREAD NTAPI KeGetCurrentThread(VOID)
{
    DQ_ENTER(KeGetCurrentThread, NULL, 0, 0, 0, NULL);
    return (PKTHREAD)dq_thread_current(cpu);
}

PETHREAD NTAPI PsGetCurrentThread(VOID)
{
    DQ_ENTER(PsGetCurrentThread, NULL, 0, 0, 0, NULL);
    return (PETHREAD)dq_thread_current(cpu);
}

HANDLE NTAPI PsGetCurrentThreadId(VOID)
{
    DQ_ENTER(PsGetCurrentThreadId, NULL, 0, 0, 0, NULL);
    return dq_thread_id(dq_thread_current(cpu));
}

/* ---- Priority -------------------------------------------------------------------------------- */

KPRIORITY NTAPI KeSetPriorityThread(PKTHREAD Thread, KPRIORITY Priority)
{
    dq_thread *thread = (dq_thread *)Thread;
    KPRIORITY before;

    DQ_ENTER(KeSetPriorityThread, Thread, Thread, Priority, 0, 0);
    dq_wait_expect(cpu, &thread->header, 1u << DQ_TYPE_THREAD, DQ_SERVICE_KeSetPriorityThread,
                   DQ_CALL_PLACE);
    if (Priority < 1 || Priority > HIGH_PRIORITY) {
        dq_find(cpu,
                &(dq_finding){
                    .severity = DQ_ERROR, .rule = "priority", .page = "KeSetPriorityThread" },
                "KeSetPriorityThread to %d: a priority is 1 to %d", Priority, HIGH_PRIORITY);
    }
    before = thread->priority;
    dq_thread_set_priority(thread, Priority);
    if (dq_must_look(cpu, cpu->irql)) {
        (void)dq_deliver(cpu);
    }
    return before;
}

KPRIORITY NTAPI KeQueryPriorityThread(PKTHREAD Thread)
{
    DQ_ENTER(KeQueryPriorityThread, Thread, Thread, 0, 0, 0);
    dq_wait_expect(cpu, &((dq_thread *)Thread)->header, 1u << DQ_TYPE_THREAD,
                   DQ_SERVICE_KeQueryPriorityThread, DQ_CALL_PLACE);
    return ((dq_thread *)Thread)->priority;
}
