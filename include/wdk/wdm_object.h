/*
 * wdm_object.h: references to objects with tags, and what is told of threads and processes.
 *
 * The one process is the system's.
 */
#ifndef WDM_OBJECT_H
#define WDM_OBJECT_H

#include <wdm_thread.h>

EXTERN_C_START

/* -- References. IRQL <= DISPATCH_LEVEL ------------------------------------------------------- */

/* The tag is for traces only. "wdm: ObReferenceObjectWithTag",
 * "wdm: ObDereferenceObjectWithTag". */
NTKERNELAPI LONG_PTR FASTCALL ObfReferenceObjectWithTag(_In_ PVOID Object, _In_ ULONG Tag);
NTKERNELAPI LONG_PTR FASTCALL ObfDereferenceObjectWithTag(_In_ PVOID Object, _In_ ULONG Tag);

#define ObReferenceObjectWithTag(Object, Tag) ObfReferenceObjectWithTag(Object, Tag)
#define ObDereferenceObjectWithTag(Object, Tag) ObfDereferenceObjectWithTag(Object, Tag)

/* As ObDereferenceObject; what the last reference held goes away in a thread of the system's.
 * "wdm: ObDereferenceObjectDeferDelete", "wdm: ObDereferenceObjectDeferDeleteWithTag". */
NTKERNELAPI VOID NTAPI ObDereferenceObjectDeferDelete(_In_ PVOID Object);
NTKERNELAPI VOID NTAPI ObDereferenceObjectDeferDeleteWithTag(_In_ PVOID Object, _In_ ULONG Tag);

/* FALSE: its last reference has been given back. "wdm: ObReferenceObjectSafe". */
NTKERNELAPI BOOLEAN FASTCALL ObReferenceObjectSafe(_In_ PVOID Object);

/* In UserMode the type must be the object's: STATUS_OBJECT_TYPE_MISMATCH.
 * "wdm: ObReferenceObjectByPointer", "wdm: ObReferenceObjectByPointerWithTag". */
NTKERNELAPI NTSTATUS NTAPI ObReferenceObjectByPointer(_In_ PVOID Object,
                                                      _In_ ACCESS_MASK DesiredAccess,
                                                      _In_opt_ POBJECT_TYPE ObjectType,
                                                      _In_ KPROCESSOR_MODE AccessMode);
NTKERNELAPI NTSTATUS NTAPI ObReferenceObjectByPointerWithTag(_In_ PVOID Object,
                                                             _In_ ACCESS_MASK DesiredAccess,
                                                             _In_opt_ POBJECT_TYPE ObjectType,
                                                             _In_ KPROCESSOR_MODE AccessMode,
                                                             _In_ ULONG Tag);

/* IRQL = PASSIVE_LEVEL. "wdm: ObReferenceObjectByHandleWithTag", "wdm: ObCloseHandle". */
_Must_inspect_result_ NTKERNELAPI NTSTATUS NTAPI ObReferenceObjectByHandleWithTag(
    _In_ HANDLE Handle, _In_ ACCESS_MASK DesiredAccess, _In_opt_ POBJECT_TYPE ObjectType,
    _In_ KPROCESSOR_MODE AccessMode, _In_ ULONG Tag, _Out_ PVOID *Object,
    _Out_opt_ POBJECT_HANDLE_INFORMATION HandleInformation);
NTKERNELAPI NTSTATUS NTAPI ObCloseHandle(_In_ HANDLE Handle, _In_ KPROCESSOR_MODE PreviousMode);

/* -- Processes -------------------------------------------------------------------------------- */

extern NTKERNELAPI PEPROCESS PsInitialSystemProcess;
extern NTKERNELAPI POBJECT_TYPE *PsProcessType;

/* Any IRQL. "wdm: IoGetCurrentProcess". */
NTKERNELAPI PEPROCESS NTAPI PsGetCurrentProcess(VOID);
#define IoGetCurrentProcess PsGetCurrentProcess

/* Any IRQL. "ntddk: PsGetCurrentProcessId", "ntddk: PsGetProcessId",
 * "ntddk: PsGetProcessCreateTimeQuadPart". */
NTKERNELAPI HANDLE NTAPI PsGetCurrentProcessId(VOID);
NTKERNELAPI HANDLE NTAPI PsGetProcessId(_In_ PEPROCESS Process);
NTKERNELAPI LONGLONG NTAPI PsGetProcessCreateTimeQuadPart(_In_ PEPROCESS Process);

/* IRQL <= APC_LEVEL. "ntddk: PsGetProcessExitStatus". */
NTKERNELAPI NTSTATUS NTAPI PsGetProcessExitStatus(_In_ PEPROCESS Process);

/* -- Threads ---------------------------------------------------------------------------------- */

/* IRQL <= DISPATCH_LEVEL. "ntddk: PsGetThreadId". */
NTKERNELAPI HANDLE NTAPI PsGetThreadId(_In_ PETHREAD Thread);

/* Any IRQL. "ntddk: PsGetThreadProcessId", "ntddk: PsGetThreadCreateTime". */
NTKERNELAPI HANDLE NTAPI PsGetThreadProcessId(_In_ PETHREAD Thread);
NTKERNELAPI LONGLONG NTAPI PsGetThreadCreateTime(_In_ PETHREAD Thread);

/* IRQL <= APC_LEVEL; STATUS_PENDING while it runs. "ntddk: PsGetThreadExitStatus". */
NTKERNELAPI NTSTATUS NTAPI PsGetThreadExitStatus(_In_ PETHREAD Thread);

/* IRQL = PASSIVE_LEVEL. The increment before; the priority stays within 1 to 15.
 * "ntddk: KeSetBasePriorityThread". */
NTKERNELAPI LONG NTAPI KeSetBasePriorityThread(_Inout_ PKTHREAD Thread, _In_ LONG Increment);

/* IRQL = PASSIVE_LEVEL; in ticks of KeQueryTimeIncrement. "wdm: KeQueryRuntimeThread". */
NTKERNELAPI ULONG NTAPI KeQueryRuntimeThread(_In_ PKTHREAD Thread, _Out_ PULONG UserTime);

/* IRQL <= DISPATCH_LEVEL. All code here was called by the kernel. "wdm: ExGetPreviousMode",
 * "wdm: IoIs32bitProcess". */
NTKERNELAPI KPROCESSOR_MODE NTAPI ExGetPreviousMode(VOID);
NTKERNELAPI BOOLEAN NTAPI IoIs32bitProcess(_In_opt_ PIRP Irp);

/* IRQL <= DISPATCH_LEVEL. In a guarded region, or at IRQL >= APC_LEVEL.
 * "wdm: KeAreAllApcsDisabled". */
NTKERNELAPI BOOLEAN NTAPI KeAreAllApcsDisabled(VOID);

/* -- Identifiers and statuses ----------------------------------------------------------------- */

/* IRQL = PASSIVE_LEVEL. STATUS_RETRY: not yet. "ntddk: ExUuidCreate". */
_Must_inspect_result_ NTKERNELAPI NTSTATUS NTAPI ExUuidCreate(_Out_ GUID *Uuid);

/* IRQL = PASSIVE_LEVEL; nobody catches what they raise: bug check 0x1E.
 * "ntddk: ExRaiseAccessViolation", "ntddk: ExRaiseDatatypeMisalignment". */
NTKERNELAPI DECLSPEC_NORETURN VOID NTAPI ExRaiseAccessViolation(VOID);
NTKERNELAPI DECLSPEC_NORETURN VOID NTAPI ExRaiseDatatypeMisalignment(VOID);

EXTERN_C_END

#endif
