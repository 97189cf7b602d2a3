/*
 * process.c - what is told of the process that all code runs in, and of its threads.
 */
#include "ke/process.h"

#include "ke/handle.h"
#include "ke/keep.h"
#include "ke/ki.h"

/* Only their addresses count: they stand for the process, and for the type of processes. */
static char process_mark, process_type_mark;
static POBJECT_TYPE process_type = (POBJECT_TYPE)(void *)&process_type_mark;
PEPROCESS PsInitialSystemProcess = (PEPROCESS)(void *)&process_mark;
POBJECT_TYPE *PsProcessType = &process_type;

/* The system's own reference is given back. */
static void retire(dq_machine *machine, dq_object *object)
{
    (void)machine;
    dq_bugcheck(dq_self, REFERENCE_BY_POINTER, 0, (uintptr_t)object->pointer, 2, 0,
                "the system's process was dereferenced more often than it was referenced");
}

bool dq_process_start(dq_machine *machine)
{
    dq_object *object = dq_keep(machine, sizeof(*object));

    if (object == NULL) {
        return false;
    }
    *object = (dq_object){ .pointer = &process_mark, .references = 1, .retire = retire };
    dq_object_add(machine, object);
    return true;
}

static void check_process(dq_processor *cpu, PEPROCESS process, dq_service service)
{
    if (process != PsInitialSystemProcess) {
        dq_find(
            cpu,
            &(dq_finding){
                .severity = DQ_ERROR, .rule = "wrong object", .page = dq_service_name(service) },
            "%s was given a pointer to something that is not a process", dq_service_name(service));
    }
}

/* ---- The process ----------------------------------------------------------------------------- */

PEPROCESS NTAPI PsGetCurrentProcess(VOID)
{
    DQ_ENTER(PsGetCurrentProcess, NULL, 0, 0, 0, NULL);
    return PsInitialSystemProcess;
}

HANDLE NTAPI PsGetCurrentProcessId(VOID)
{
    DQ_ENTER(PsGetCurrentProcessId, NULL, 0, 0, 0, NULL);
    return (HANDLE)(uintptr_t)DQ_PROCESS_ID;
}

HANDLE NTAPI PsGetProcessId(PEPROCESS Process)
{
    DQ_ENTER(PsGetProcessId, Process, Process, 0, 0, NULL);
    check_process(cpu, Process, DQ_SERVICE_PsGetProcessId);
    return (HANDLE)(uintptr_t)DQ_PROCESS_ID;
}

/* It began when the machine did. */
LONGLONG NTAPI PsGetProcessCreateTimeQuadPart(PEPROCESS Process)
{
    DQ_ENTER(PsGetProcessCreateTimeQuadPart, Process, Process, 0, 0, 0);
    check_process(cpu, Process, DQ_SERVICE_PsGetProcessCreateTimeQuadPart);
    return (LONGLONG)DQ_TIMER_EPOCH_100NS;
}

/* The page does not say what a process that has not ended answers: as a thread does. */
NTSTATUS NTAPI PsGetProcessExitStatus(PEPROCESS Process)
{
    DQ_ENTER(PsGetProcessExitStatus, Process, Process, 0, 0, STATUS_UNSUCCESSFUL);
    check_process(cpu, Process, DQ_SERVICE_PsGetProcessExitStatus);
    return STATUS_PENDING;
}

/* ---- Its threads ----------------------------------------------------------------------------- */

static const dq_thread *expect_thread(dq_processor *cpu, const void *object, dq_service service,
                                      const void *place)
{
    const dq_thread *thread = object;

    dq_wait_expect(cpu, &thread->header, 1u << DQ_TYPE_THREAD, service, place);
    return thread;
}

#define THREAD(object, service) \
    expect_thread(cpu, (object), DQ_SERVICE_##service, DQ_CALL_PLACE)

HANDLE NTAPI PsGetThreadId(PETHREAD Thread)
{
    DQ_ENTER(PsGetThreadId, Thread, Thread, 0, 0, NULL);
    return dq_thread_id(THREAD(Thread, PsGetThreadId));
}

HANDLE NTAPI PsGetThreadProcessId(PETHREAD Thread)
{
    DQ_ENTER(PsGetThreadProcessId, Thread, Thread, 0, 0, NULL);
    (void)THREAD(Thread, PsGetThreadProcessId);
    return (HANDLE)(uintptr_t)DQ_PROCESS_ID;
}

LONGLONG NTAPI PsGetThreadCreateTime(PETHREAD Thread)
{
    DQ_ENTER(PsGetThreadCreateTime, Thread, Thread, 0, 0, 0);
    return (LONGLONG)(DQ_TIMER_EPOCH_100NS + THREAD(Thread, PsGetThreadCreateTime)->made_ns / 100);
}

NTSTATUS NTAPI PsGetThreadExitStatus(PETHREAD Thread)
{
    const dq_thread *thread;

    DQ_ENTER(PsGetThreadExitStatus, Thread, Thread, 0, 0, STATUS_UNSUCCESSFUL);
    thread = THREAD(Thread, PsGetThreadExitStatus);
    return thread->state == DQ_THREAD_ENDED ? thread->exit_status : STATUS_PENDING;
}

/* The process has the priority that threads begin with, of the variable class. */
LONG NTAPI KeSetBasePriorityThread(PKTHREAD Thread, LONG Increment)
{
    enum { LOWEST = 1, HIGHEST = LOW_REALTIME_PRIORITY - 1 };
    dq_thread *thread = (dq_thread *)Thread;
    LONG before, wanted = DQ_PRIORITY_NORMAL + Increment;

    DQ_ENTER(KeSetBasePriorityThread, Thread, Thread, Increment, 0, 0);
    (void)THREAD(Thread, KeSetBasePriorityThread);
    before = thread->priority - DQ_PRIORITY_NORMAL;
    wanted = wanted < LOWEST ? LOWEST : (wanted > HIGHEST ? HIGHEST : wanted);
    dq_thread_set_priority(thread, wanted);
    if (dq_must_look(cpu, cpu->irql)) {
        (void)dq_deliver(cpu);
    }
    return before;
}

/* What it has spent in stalls and accesses: plain computation takes no virtual time. */
ULONG NTAPI KeQueryRuntimeThread(PKTHREAD Thread, PULONG UserTime)
{
    enum { TICK_NS = 15625000 };

    DQ_ENTER(KeQueryRuntimeThread, Thread, Thread, 0, 0, 0);
    *UserTime = 0;
    return (ULONG)(THREAD(Thread, KeQueryRuntimeThread)->task->execution.spent_ns / TICK_NS);
}

KPROCESSOR_MODE NTAPI ExGetPreviousMode(VOID)
{
    DQ_ENTER(ExGetPreviousMode, NULL, 0, 0, 0, KernelMode);
    return KernelMode;
}

BOOLEAN NTAPI IoIs32bitProcess(PIRP Irp)
{
    DQ_ENTER(IoIs32bitProcess, Irp, Irp, 0, 0, FALSE);
    return FALSE;
}
