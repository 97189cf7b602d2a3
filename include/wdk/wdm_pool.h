/*
 * wdm_pool.h: the pools. IRQL <= DISPATCH_LEVEL, and <= APC_LEVEL for paged memory.
 */
#ifndef WDM_POOL_H
#define WDM_POOL_H

#include <wdm_base.h>

EXTERN_C_START

typedef enum _POOL_TYPE {
    NonPagedPool = 0,
    NonPagedPoolExecute = NonPagedPool,
    PagedPool = 1,
    NonPagedPoolMustSucceed = NonPagedPool + 2,
    DontUseThisType = 3,
    NonPagedPoolCacheAligned = NonPagedPool + 4,
    PagedPoolCacheAligned = 5,
    NonPagedPoolCacheAlignedMustS = NonPagedPool + 6,
    MaxPoolType = 7,
    NonPagedPoolBase = 0,
    NonPagedPoolBaseMustSucceed = NonPagedPoolBase + 2,
    NonPagedPoolBaseCacheAligned = NonPagedPoolBase + 4,
    NonPagedPoolBaseCacheAlignedMustS = NonPagedPoolBase + 6,
    NonPagedPoolSession = 32,
    PagedPoolSession = 33,
    NonPagedPoolMustSucceedSession = 34,
    DontUseThisTypeSession = 35,
    NonPagedPoolCacheAlignedSession = 36,
    PagedPoolCacheAlignedSession = 37,
    NonPagedPoolCacheAlignedMustSSession = 38,
    NonPagedPoolNx = 512,
    NonPagedPoolNxCacheAligned = NonPagedPoolNx + 4,
    NonPagedPoolSessionNx = NonPagedPoolNx + 32
} POOL_TYPE;

#define POOL_COLD_ALLOCATION 256
#define POOL_NX_ALLOCATION 512
#define POOL_ZERO_ALLOCATION 1024
#define POOL_QUOTA_FAIL_INSTEAD_OF_RAISE 8
#define POOL_RAISE_IF_ALLOCATION_FAILURE 16

/* POOL_NX_OPTIN maps the old name to memory that cannot be executed, as the pages say. */
#if defined(POOL_NX_OPTIN) && POOL_NX_OPTIN
#define NonPagedPool NonPagedPoolNx
#define NonPagedPoolCacheAligned NonPagedPoolNxCacheAligned
#endif

typedef ULONG64 POOL_FLAGS;

#define POOL_FLAG_USE_QUOTA        0x0000000000000001ULL
#define POOL_FLAG_UNINITIALIZED    0x0000000000000002ULL
#define POOL_FLAG_SESSION          0x0000000000000004ULL
#define POOL_FLAG_CACHE_ALIGNED    0x0000000000000008ULL
#define POOL_FLAG_RESERVED1        0x0000000000000010ULL
#define POOL_FLAG_RAISE_ON_FAILURE 0x0000000000000020ULL
#define POOL_FLAG_NON_PAGED        0x0000000000000040ULL
#define POOL_FLAG_NON_PAGED_EXECUTE 0x0000000000000080ULL
#define POOL_FLAG_PAGED            0x0000000000000100ULL
#define POOL_FLAG_RESERVED2        0x0000000000000200ULL
#define POOL_FLAG_RESERVED3        0x0000000000000400ULL
#define POOL_FLAG_REQUIRED_START   0x0000000000000001ULL
#define POOL_FLAG_REQUIRED_END     0x0000000080000000ULL
#define POOL_FLAG_OPTIONAL_START   0x0000000100000000ULL
#define POOL_FLAG_OPTIONAL_END     0x8000000000000000ULL

/* Zeroed unless POOL_FLAG_UNINITIALIZED; NULL on failure. A block of a page or more begins on a page,
 * a smaller one lies within a page (but where a sanitizer or Valgrind watches the memory).
 * "wdm: ExAllocatePool2". */
_Must_inspect_result_ NTKERNELAPI PVOID NTAPI ExAllocatePool2(_In_ POOL_FLAGS Flags,
                                                              _In_ SIZE_T NumberOfBytes,
                                                              _In_ ULONG Tag);

/* Not zeroed. "wdm: ExAllocatePoolWithTag", "wdm: ExAllocatePoolUninitialized". */
_Must_inspect_result_ NTKERNELAPI PVOID NTAPI ExAllocatePoolWithTag(_In_ POOL_TYPE PoolType,
                                                                    _In_ SIZE_T NumberOfBytes,
                                                                    _In_ ULONG Tag);

_Must_inspect_result_ NTKERNELAPI PVOID NTAPI ExAllocatePoolUninitialized(
    _In_ POOL_TYPE PoolType, _In_ SIZE_T NumberOfBytes, _In_ ULONG Tag);

/* Not zeroed, without a tag of its own. "wdm: ExAllocatePool". */
_Must_inspect_result_ NTKERNELAPI PVOID NTAPI ExAllocatePool(_In_ POOL_TYPE PoolType,
                                                             _In_ SIZE_T NumberOfBytes);

/* Zeroed. "wdm: ExAllocatePoolZero". */
_Must_inspect_result_ NTKERNELAPI PVOID NTAPI ExAllocatePoolZero(_In_ POOL_TYPE PoolType,
                                                                 _In_ SIZE_T NumberOfBytes,
                                                                 _In_ ULONG Tag);

/* -- Extended parameters ---------------------------------------------------------------------- */

typedef enum _EX_POOL_PRIORITY {
    LowPoolPriority,
    LowPoolPrioritySpecialPoolOverrun = 8,
    LowPoolPrioritySpecialPoolUnderrun = 9,
    NormalPoolPriority = 16,
    NormalPoolPrioritySpecialPoolOverrun = 24,
    NormalPoolPrioritySpecialPoolUnderrun = 25,
    HighPoolPriority = 32,
    HighPoolPrioritySpecialPoolOverrun = 40,
    HighPoolPrioritySpecialPoolUnderrun = 41
} EX_POOL_PRIORITY;

typedef enum POOL_EXTENDED_PARAMETER_TYPE {
    PoolExtendedParameterInvalidType = 0,
    PoolExtendedParameterPriority,
    PoolExtendedParameterSecurePool,
    PoolExtendedParameterNumaNode,
    PoolExtendedParameterMax
} POOL_EXTENDED_PARAMETER_TYPE, *PPOOL_EXTENDED_PARAMETER_TYPE;

typedef struct _POOL_EXTENDED_PARAMS_SECURE_POOL {
    HANDLE SecurePoolHandle;
    PVOID Buffer;
    ULONG_PTR Cookie;
    ULONG SecurePoolFlags;
} POOL_EXTENDED_PARAMS_SECURE_POOL;

typedef ULONG POOL_NODE_REQUIREMENT;

/* "wdm: POOL_EXTENDED_PARAMETER". */
typedef struct _POOL_EXTENDED_PARAMETER {
    __extension__ struct {
        ULONG64 Type : 8;
        ULONG64 Optional : 1;
        ULONG64 Reserved : 55;
    };
    __extension__ union {
        ULONG64 Reserved2;
        PVOID Reserved3;
        EX_POOL_PRIORITY Priority;
        POOL_EXTENDED_PARAMS_SECURE_POOL *SecurePoolParams;
        POOL_NODE_REQUIREMENT PreferredNode;
    };
} POOL_EXTENDED_PARAMETER, *PPOOL_EXTENDED_PARAMETER;

typedef const POOL_EXTENDED_PARAMETER *PCPOOL_EXTENDED_PARAMETER;

/* As ExAllocatePool2. Priorities and nodes (of nonpaged pool) are heeded; a secure pool is not, so
 * that it must be optional. "wdm: ExAllocatePool3". */
_Must_inspect_result_ NTKERNELAPI PVOID NTAPI ExAllocatePool3(
    _In_ POOL_FLAGS Flags, _In_ SIZE_T NumberOfBytes, _In_ ULONG Tag,
    _In_opt_ PCPOOL_EXTENDED_PARAMETER ExtendedParameters, _In_ ULONG ExtendedParametersCount);

/* Not zeroed. "wdm: ExAllocatePoolWithTagPriority". */
_Must_inspect_result_ NTKERNELAPI PVOID NTAPI ExAllocatePoolWithTagPriority(
    _In_ POOL_TYPE PoolType, _In_ SIZE_T NumberOfBytes, _In_ ULONG Tag,
    _In_ EX_POOL_PRIORITY Priority);

/* Not zeroed; raises a status on failure, unless POOL_QUOTA_FAIL_INSTEAD_OF_RAISE is given.
 * "wdm: ExAllocatePoolWithQuotaTag", "wdm: ExAllocatePoolWithQuota". */
NTKERNELAPI PVOID NTAPI ExAllocatePoolWithQuotaTag(_In_ POOL_TYPE PoolType,
                                                   _In_ SIZE_T NumberOfBytes, _In_ ULONG Tag);
NTKERNELAPI PVOID NTAPI ExAllocatePoolWithQuota(_In_ POOL_TYPE PoolType,
                                                _In_ SIZE_T NumberOfBytes);

/* The same, zeroed or not by name. "wdm: ExAllocatePoolQuotaZero",
 * "wdm: ExAllocatePoolQuotaUninitialized", "wdm: ExAllocatePoolPriorityZero",
 * "wdm: ExAllocatePoolPriorityUninitialized". */
WDK_INLINE PVOID ExAllocatePoolQuotaZero(_In_ POOL_TYPE PoolType, _In_ SIZE_T NumberOfBytes,
                                          _In_ ULONG Tag)
{
    return ExAllocatePoolWithQuotaTag((POOL_TYPE)((ULONG)PoolType | POOL_ZERO_ALLOCATION),
                                      NumberOfBytes, Tag);
}

WDK_INLINE PVOID ExAllocatePoolQuotaUninitialized(_In_ POOL_TYPE PoolType,
                                                   _In_ SIZE_T NumberOfBytes, _In_ ULONG Tag)
{
    return ExAllocatePoolWithQuotaTag(PoolType, NumberOfBytes, Tag);
}

WDK_INLINE PVOID ExAllocatePoolPriorityZero(_In_ POOL_TYPE PoolType, _In_ SIZE_T NumberOfBytes,
                                             _In_ ULONG Tag, _In_ EX_POOL_PRIORITY Priority)
{
    return ExAllocatePoolWithTagPriority((POOL_TYPE)((ULONG)PoolType | POOL_ZERO_ALLOCATION),
                                         NumberOfBytes, Tag, Priority);
}

WDK_INLINE PVOID ExAllocatePoolPriorityUninitialized(_In_ POOL_TYPE PoolType,
                                                      _In_ SIZE_T NumberOfBytes, _In_ ULONG Tag,
                                                      _In_ EX_POOL_PRIORITY Priority)
{
    return ExAllocatePoolWithTagPriority(PoolType, NumberOfBytes, Tag, Priority);
}

/* For DriverEntry, before any allocation: pools cannot be executed here anyhow, and are zeroed.
 * "wdm: ExInitializeDriverRuntime". */
#define DrvRtPoolNxOptIn 0x00000001

WDK_INLINE VOID ExInitializeDriverRuntime(_In_ ULONG RuntimeFlags)
{
    (void)RuntimeFlags;
}

/* "wdm: ExFreePool", "wdm: ExFreePoolWithTag". */
NTKERNELAPI VOID NTAPI ExFreePool(_Pre_notnull_ PVOID P);
NTKERNELAPI VOID NTAPI ExFreePoolWithTag(_Pre_notnull_ PVOID P, _In_ ULONG Tag);

EXTERN_C_END

#endif
