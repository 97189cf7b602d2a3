/*
 * wdm_base.h: the kernel's opaque objects, processor modes, barriers and small arithmetic.
 */
#ifndef WDM_BASE_H
#define WDM_BASE_H

#include <ntdef.h>

EXTERN_C_START

typedef UCHAR KIRQL, *PKIRQL;
typedef CCHAR KPROCESSOR_MODE;
typedef LONG KPRIORITY;
typedef ULONG_PTR KSPIN_LOCK, *PKSPIN_LOCK;

typedef enum _MODE {
    KernelMode,
    UserMode,
    MaximumMode
} MODE;

typedef struct _KTHREAD *PKTHREAD, *PRKTHREAD;
typedef struct _ETHREAD *PETHREAD;
typedef struct _KPROCESS *PKPROCESS, *PRKPROCESS;
typedef struct _EPROCESS *PEPROCESS;
typedef struct _KINTERRUPT *PKINTERRUPT, *RESTRICTED_POINTER PRKINTERRUPT;
typedef struct _OBJECT_TYPE *POBJECT_TYPE;
typedef struct _KQUEUE *PKQUEUE;
typedef struct _KDPC *PKDPC, *RESTRICTED_POINTER PRKDPC;
typedef struct _IRP *PIRP;
typedef struct _MDL *PMDL;
typedef struct _DEVICE_OBJECT *PDEVICE_OBJECT;
typedef struct _DRIVER_OBJECT *PDRIVER_OBJECT;
typedef struct _FILE_OBJECT *PFILE_OBJECT;
typedef PVOID PSECURITY_DESCRIPTOR;

#ifndef NOMINMAX
#ifndef min
#define min(a, b) (((a) < (b)) ? (a) : (b))
#endif
#ifndef max
#define max(a, b) (((a) > (b)) ? (a) : (b))
#endif
#endif

#define PAGE_SIZE 0x1000
#define PAGE_SHIFT 12
#define PAGE_ALIGN(Va) ((PVOID)((ULONG_PTR)(Va) & ~((ULONG_PTR)PAGE_SIZE - 1)))
#define BYTE_OFFSET(Va) ((ULONG)((ULONG_PTR)(Va) & (PAGE_SIZE - 1)))
#define ROUND_TO_PAGES(Size) \
    (((ULONG_PTR)(Size) + PAGE_SIZE - 1) & ~((ULONG_PTR)PAGE_SIZE - 1))
#define BYTES_TO_PAGES(Size) \
    (((Size) >> PAGE_SHIFT) + (((Size) & (PAGE_SIZE - 1)) != 0))
#define ADDRESS_AND_SIZE_TO_SPAN_PAGES(Va, Size) \
    ((ULONG)((((ULONG_PTR)BYTE_OFFSET(Va)) + (SIZE_T)(Size) + (PAGE_SIZE - 1)) >> PAGE_SHIFT))

#define SetFlag(_F, _SF) ((_F) |= (_SF))
#define ClearFlag(_F, _SF) ((_F) &= ~(_SF))
#define FlagOn(_F, _SF) ((_F) & (_SF))
#define BooleanFlagOn(F, SF) ((BOOLEAN)(((F) & (SF)) != 0))

/* Any IRQL. "wdm: KeMemoryBarrier", "winnt: MemoryBarrier". */
WDK_INLINE VOID KeMemoryBarrier(VOID)
{
    __sync_synchronize();
}

WDK_INLINE VOID MemoryBarrier(VOID)
{
    __sync_synchronize();
}

/* The compiler keeps the order of accesses; the processor need not. */
WDK_INLINE VOID KeMemoryBarrierWithoutFence(VOID)
{
    __asm__ __volatile__("" ::: "memory");
}

#define _ReadWriteBarrier KeMemoryBarrierWithoutFence

/* Any IRQL. In the body of a loop that waits for another processor. "YieldProcessor". */
NTKERNELAPI VOID NTAPI YieldProcessor(VOID);

EXTERN_C_END

#endif
