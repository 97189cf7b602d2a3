/*
 * wdm_thread.h: system threads, the handles and references to them, and where they may run.
 */
#ifndef WDM_THREAD_H
#define WDM_THREAD_H

#include <wdm_base.h>

EXTERN_C_START

typedef VOID KSTART_ROUTINE(_In_ PVOID StartContext);
typedef KSTART_ROUTINE *PKSTART_ROUTINE;

#define DELETE 0x00010000
#define READ_CONTROL 0x00020000
#define WRITE_DAC 0x00040000
#define WRITE_OWNER 0x00080000
#define SYNCHRONIZE 0x00100000
#define STANDARD_RIGHTS_REQUIRED 0x000F0000
#define STANDARD_RIGHTS_READ READ_CONTROL
#define STANDARD_RIGHTS_WRITE READ_CONTROL
#define STANDARD_RIGHTS_EXECUTE READ_CONTROL
#define STANDARD_RIGHTS_ALL 0x001F0000
#define SPECIFIC_RIGHTS_ALL 0x0000FFFF
#define MAXIMUM_ALLOWED 0x02000000
#define GENERIC_READ 0x80000000U
#define GENERIC_WRITE 0x40000000
#define GENERIC_EXECUTE 0x20000000
#define GENERIC_ALL 0x10000000

#define THREAD_TERMINATE 0x0001
#define THREAD_SUSPEND_RESUME 0x0002
#define THREAD_ALERT 0x0004
#define THREAD_GET_CONTEXT 0x0008
#define THREAD_SET_CONTEXT 0x0010
#define THREAD_SET_INFORMATION 0x0020
#define THREAD_SET_LIMITED_INFORMATION 0x0400
#define THREAD_QUERY_LIMITED_INFORMATION 0x0800
#define THREAD_ALL_ACCESS (STANDARD_RIGHTS_REQUIRED | SYNCHRONIZE | 0xFFFF)

#define LOW_PRIORITY 0
#define LOW_REALTIME_PRIORITY 16
#define HIGH_PRIORITY 31
#define MAXIMUM_PRIORITY 32

/* IRQL = PASSIVE_LEVEL. "wdm: PsCreateSystemThread". */
_Must_inspect_result_ NTKERNELAPI NTSTATUS NTAPI PsCreateSystemThread(
    _Out_ PHANDLE ThreadHandle, _In_ ULONG DesiredAccess,
    _In_opt_ POBJECT_ATTRIBUTES ObjectAttributes, _In_opt_ HANDLE ProcessHandle,
    _Out_opt_ PCLIENT_ID ClientId, _In_ PKSTART_ROUTINE StartRoutine,
    _In_opt_ PVOID StartContext);

/* IRQL = PASSIVE_LEVEL; ends the calling thread. "wdm: PsTerminateSystemThread". */
NTKERNELAPI NTSTATUS NTAPI PsTerminateSystemThread(_In_ NTSTATUS ExitStatus);

/* Any IRQL. "wdm: KeGetCurrentThread", "wdm: PsGetCurrentThread". */
NTKERNELAPI PKTHREAD NTAPI KeGetCurrentThread(VOID);
NTKERNELAPI PETHREAD NTAPI PsGetCurrentThread(VOID);
NTKERNELAPI HANDLE NTAPI PsGetCurrentThreadId(VOID);

/* IRQL = PASSIVE_LEVEL; the priority before. "wdm: KeSetPriorityThread". */
NTKERNELAPI KPRIORITY NTAPI KeSetPriorityThread(_Inout_ PKTHREAD Thread,
                                                _In_ KPRIORITY Priority);

/* IRQL <= APC_LEVEL. "ntddk: KeQueryPriorityThread". */
NTKERNELAPI KPRIORITY NTAPI KeQueryPriorityThread(_In_ PKTHREAD Thread);

/* -- Handles and references ------------------------------------------------------------------- */

typedef struct _OBJECT_HANDLE_INFORMATION {
    ULONG HandleAttributes;
    ACCESS_MASK GrantedAccess;
} OBJECT_HANDLE_INFORMATION, *POBJECT_HANDLE_INFORMATION;

extern NTKERNELAPI POBJECT_TYPE *PsThreadType;

/* IRQL = PASSIVE_LEVEL. "wdm: ObReferenceObjectByHandle". */
_Must_inspect_result_ NTKERNELAPI NTSTATUS NTAPI ObReferenceObjectByHandle(
    _In_ HANDLE Handle, _In_ ACCESS_MASK DesiredAccess, _In_opt_ POBJECT_TYPE ObjectType,
    _In_ KPROCESSOR_MODE AccessMode, _Out_ PVOID *Object,
    _Out_opt_ POBJECT_HANDLE_INFORMATION HandleInformation);

/* IRQL <= DISPATCH_LEVEL. "wdm: ObfReferenceObject", "wdm: ObDereferenceObject". */
NTKERNELAPI LONG_PTR FASTCALL ObfReferenceObject(_In_ PVOID Object);
NTKERNELAPI LONG_PTR FASTCALL ObfDereferenceObject(_In_ PVOID Object);

#define ObReferenceObject(Object) ObfReferenceObject(Object)
#define ObDereferenceObject(Object) ObfDereferenceObject(Object)

/* IRQL = PASSIVE_LEVEL. "wdm: ZwClose". */
NTSYSAPI NTSTATUS NTAPI ZwClose(_In_ HANDLE Handle);

/* -- Affinity --------------------------------------------------------------------------------- */

/* IRQL <= DISPATCH_LEVEL to set, <= APC_LEVEL to revert. No effect of a set with a bit that no
 * processor has. "wdm: KeSetSystemAffinityThread", "ntddk: KeRevertToUserAffinityThread". */
NTKERNELAPI VOID NTAPI KeSetSystemAffinityThread(_In_ KAFFINITY Affinity);
NTKERNELAPI VOID NTAPI KeRevertToUserAffinityThread(VOID);

/* IRQL <= DISPATCH_LEVEL; at DISPATCH_LEVEL the move is deferred. Returns what the system had set
 * before, 0 if nothing. No effect of a set as above, nor of a revert before anything is set.
 * "wdm: KeSetSystemAffinityThreadEx", "wdm: KeRevertToUserAffinityThreadEx". */
NTKERNELAPI KAFFINITY NTAPI KeSetSystemAffinityThreadEx(_In_ KAFFINITY Affinity);
NTKERNELAPI VOID NTAPI KeRevertToUserAffinityThreadEx(_In_ KAFFINITY Affinity);

/* The same by group; nothing happens if the group or a bit of the mask is not valid.
 * "wdm: KeSetSystemGroupAffinityThread", "wdm: KeRevertToUserGroupAffinityThread". */
NTKERNELAPI VOID NTAPI KeSetSystemGroupAffinityThread(_In_ PGROUP_AFFINITY Affinity,
                                                      _Out_opt_ PGROUP_AFFINITY PreviousAffinity);
NTKERNELAPI VOID NTAPI KeRevertToUserGroupAffinityThread(_In_ PGROUP_AFFINITY PreviousAffinity);

EXTERN_C_END

#endif
