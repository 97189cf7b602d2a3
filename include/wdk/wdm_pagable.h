/*
 * wdm_pagable.h: what is there, what stays resident, and which routines the system has.
 */
#ifndef WDM_PAGABLE_H
#define WDM_PAGABLE_H

#include <wdm_mm.h>

EXTERN_C_START

/* -- Addresses -------------------------------------------------------------------------------- */

/* IRQL <= APC_LEVEL, inside a __try. Raise STATUS_ACCESS_VIOLATION if the buffer is not user
 * mode's, STATUS_DATATYPE_MISALIGNMENT if its beginning is not aligned so; ProbeForWrite also
 * touches its pages. Nothing is looked at if Length is 0. The test's memory is user mode's here,
 * but not pool, device memory, and addresses above what a process can have. "wdm: ProbeForRead",
 * "wdm: ProbeForWrite". */
NTKERNELAPI VOID NTAPI ProbeForRead(_In_ const volatile VOID *Address, _In_ SIZE_T Length,
                                    _In_ ULONG Alignment);
NTKERNELAPI VOID NTAPI ProbeForWrite(_Inout_ volatile VOID *Address, _In_ SIZE_T Length,
                                     _In_ ULONG Alignment);

/* IRQL <= DISPATCH_LEVEL; not recommended. "ntddk: MmIsAddressValid". */
NTKERNELAPI BOOLEAN NTAPI MmIsAddressValid(_In_ PVOID VirtualAddress);

typedef struct _MM_COPY_ADDRESS {
    __extension__ union {
        PVOID VirtualAddress;
        PHYSICAL_ADDRESS PhysicalAddress;
    };
} MM_COPY_ADDRESS, *PMMCOPY_ADDRESS;

#define MM_COPY_MEMORY_PHYSICAL 0x1
#define MM_COPY_MEMORY_VIRTUAL 0x2

/* IRQL <= APC_LEVEL, into nonpaged memory. An error: only so many bytes could be copied.
 * "ntddk: MmCopyMemory". */
NTKERNELAPI NTSTATUS NTAPI MmCopyMemory(_In_ PVOID TargetAddress,
                                        _In_ MM_COPY_ADDRESS SourceAddress,
                                        _In_ SIZE_T NumberOfBytes, _In_ ULONG Flags,
                                        _Out_ PSIZE_T NumberOfBytesTransferred);

typedef enum _MM_SYSTEM_SIZE {
    MmSmallSystem,
    MmMediumSystem,
    MmLargeSystem
} MM_SYSTEMSIZE;

/* Any IRQL. "wdm: MmQuerySystemSize". */
NTKERNELAPI MM_SYSTEMSIZE NTAPI MmQuerySystemSize(VOID);

/* -- Pageable sections. IRQL <= APC_LEVEL ----------------------------------------------------- */

/* A handle; each lock is undone by one unlock. "wdm: MmLockPagableDataSection",
 * "wdm: MmLockPagableCodeSection", "ntddk: MmLockPagableSectionByHandle",
 * "wdm: MmUnlockPagableImageSection". */
NTKERNELAPI PVOID NTAPI MmLockPagableDataSection(_In_ PVOID AddressWithinSection);
NTKERNELAPI VOID NTAPI MmLockPagableSectionByHandle(_In_ PVOID ImageSectionHandle);
NTKERNELAPI VOID NTAPI MmUnlockPagableImageSection(_In_ PVOID ImageSectionHandle);

#define MmLockPagableCodeSection(Address) \
    MmLockPagableDataSection((PVOID)(ULONG_PTR)(Address))

/* Of a driver without a connected ISR. "wdm: MmPageEntireDriver", "wdm: MmResetDriverPaging". */
NTKERNELAPI PVOID NTAPI MmPageEntireDriver(_In_ PVOID AddressWithinSection);
NTKERNELAPI VOID NTAPI MmResetDriverPaging(_In_ PVOID AddressWithinSection);

/* -- Routines. IRQL = PASSIVE_LEVEL ----------------------------------------------------------- */

/* NULL: there is none of that name. "wdm: MmGetSystemRoutineAddress". */
NTKERNELAPI PVOID NTAPI MmGetSystemRoutineAddress(_In_ PUNICODE_STRING SystemRoutineName);

EXTERN_C_END

#endif
