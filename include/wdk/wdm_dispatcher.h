/*
 * wdm_dispatcher.h: the header that every object begins with on which a thread can wait.
 */
#ifndef WDM_DISPATCHER_H
#define WDM_DISPATCHER_H

#include <wdm_base.h>

EXTERN_C_START

typedef struct _DISPATCHER_HEADER {
    __extension__ union {
        volatile LONG Lock;
        __extension__ struct {
            UCHAR Type;
            __extension__ union {
                UCHAR Abandoned;
                UCHAR Signalling;
                UCHAR TimerControlFlags;
            };
            UCHAR Size;
            __extension__ union {
                UCHAR Inserted;
                UCHAR DebugActive;
                UCHAR Reserved;
            };
        };
    };
    LONG SignalState;
    LIST_ENTRY WaitListHead;
} DISPATCHER_HEADER, *PDISPATCHER_HEADER;

typedef enum _KWAIT_REASON {
    Executive,
    FreePage,
    PageIn,
    PoolAllocation,
    DelayExecution,
    Suspended,
    UserRequest,
    WrExecutive,
    WrFreePage,
    WrPageIn,
    WrPoolAllocation,
    WrDelayExecution,
    WrSuspended,
    WrUserRequest,
    WrEventPair,
    WrQueue,
    WrLpcReceive,
    WrLpcReply,
    WrVirtualMemory,
    WrPageOut,
    WrRendezvous,
    WrKeyedEvent,
    WrTerminated,
    WrProcessInSwap,
    WrCpuRateControl,
    WrCalloutStack,
    WrKernel,
    WrResource,
    WrPushLock,
    WrMutex,
    WrQuantumEnd,
    WrDispatchInt,
    WrPreempted,
    WrYieldExecution,
    WrFastMutex,
    WrGuardedMutex,
    WrRundown,
    WrAlertByThreadId,
    WrDeferredPreempt,
    WrPhysicalFault,
    MaximumWaitReason
} KWAIT_REASON;

/* The place of one thread in the wait list of one object. */
typedef struct _KWAIT_BLOCK {
    LIST_ENTRY WaitListEntry;
    UCHAR WaitType;
    volatile UCHAR BlockState;
    USHORT WaitKey;
    LONG SpareLong;
    __extension__ union {
        PKTHREAD Thread;
        PKQUEUE NotificationQueue;
    };
    PVOID Object;
    PVOID SparePtr;
} KWAIT_BLOCK, *PKWAIT_BLOCK, *RESTRICTED_POINTER PRKWAIT_BLOCK;

/* How many objects a thread can wait for with the blocks that it has itself. */
#define THREAD_WAIT_OBJECTS 3
#define MAXIMUM_WAIT_OBJECTS 64

EXTERN_C_END

#endif
