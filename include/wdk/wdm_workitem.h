/*
 * wdm_workitem.h: work items: routines that a system worker thread calls at PASSIVE_LEVEL.
 *
 * An item can be queued again as soon as its routine has begun. "System Worker Threads".
 */
#ifndef WDM_WORKITEM_H
#define WDM_WORKITEM_H

#include <wdm_device.h>

EXTERN_C_START

/* Each is a priority: 13, 12, 15, 8, 7, 18 and 14; CustomPriorityWorkQueue + n is priority n. */
typedef enum _WORK_QUEUE_TYPE {
    CriticalWorkQueue,
    DelayedWorkQueue,
    HyperCriticalWorkQueue,
    NormalWorkQueue,
    BackgroundWorkQueue,
    RealTimeWorkQueue,
    SuperCriticalWorkQueue,
    MaximumWorkQueue,
    CustomPriorityWorkQueue = 32
} WORK_QUEUE_TYPE;

/* -- Work items of a device ------------------------------------------------------------------- */

typedef struct _IO_WORKITEM IO_WORKITEM, *PIO_WORKITEM;

typedef VOID IO_WORKITEM_ROUTINE(_In_ PDEVICE_OBJECT DeviceObject, _In_opt_ PVOID Context);
typedef IO_WORKITEM_ROUTINE *PIO_WORKITEM_ROUTINE;

typedef VOID IO_WORKITEM_ROUTINE_EX(_In_ PVOID IoObject, _In_opt_ PVOID Context,
                                    _In_ PIO_WORKITEM IoWorkItem);
typedef IO_WORKITEM_ROUTINE_EX *PIO_WORKITEM_ROUTINE_EX;

/* IRQL <= DISPATCH_LEVEL; NULL on failure. "wdm: IoAllocateWorkItem", "wdm: IoFreeWorkItem". */
NTKERNELAPI PIO_WORKITEM NTAPI IoAllocateWorkItem(_In_ PDEVICE_OBJECT DeviceObject);
NTKERNELAPI VOID NTAPI IoFreeWorkItem(_In_ PIO_WORKITEM IoWorkItem);

/* Any IRQL. For items in the driver's own nonpaged memory. "wdm: IoInitializeWorkItem",
 * "wdm: IoUninitializeWorkItem", "wdm: IoSizeofWorkItem". */
NTKERNELAPI ULONG NTAPI IoSizeofWorkItem(VOID);
NTKERNELAPI VOID NTAPI IoInitializeWorkItem(_In_ PVOID IoObject, _In_ PIO_WORKITEM IoWorkItem);
NTKERNELAPI VOID NTAPI IoUninitializeWorkItem(_In_ PIO_WORKITEM IoWorkItem);

/* IRQL <= DISPATCH_LEVEL. "wdm: IoQueueWorkItem", "wdm: IoQueueWorkItemEx". */
NTKERNELAPI VOID NTAPI IoQueueWorkItem(_In_ PIO_WORKITEM IoWorkItem,
                                       _In_ PIO_WORKITEM_ROUTINE WorkerRoutine,
                                       _In_ WORK_QUEUE_TYPE QueueType, _In_opt_ PVOID Context);
NTKERNELAPI VOID NTAPI IoQueueWorkItemEx(_In_ PIO_WORKITEM IoWorkItem,
                                         _In_ PIO_WORKITEM_ROUTINE_EX WorkerRoutine,
                                         _In_ WORK_QUEUE_TYPE QueueType, _In_opt_ PVOID Context);

/* IRQL <= DISPATCH_LEVEL; FALSE if it is queued already. "wdm: IoTryQueueWorkItem". */
NTKERNELAPI BOOLEAN NTAPI IoTryQueueWorkItem(_In_ PIO_WORKITEM IoWorkItem,
                                             _In_ PIO_WORKITEM_ROUTINE_EX WorkerRoutine,
                                             _In_ WORK_QUEUE_TYPE QueueType,
                                             _In_opt_ PVOID Context);

/* -- Work items without a device: obsolete ---------------------------------------------------- */

typedef VOID WORKER_THREAD_ROUTINE(_In_ PVOID Parameter);
typedef WORKER_THREAD_ROUTINE *PWORKER_THREAD_ROUTINE;

typedef struct _WORK_QUEUE_ITEM {
    LIST_ENTRY List;
    PWORKER_THREAD_ROUTINE WorkerRoutine;
    volatile PVOID Parameter;
} WORK_QUEUE_ITEM, *PWORK_QUEUE_ITEM;

/* Any IRQL. "wdm: ExInitializeWorkItem". */
NTKERNELAPI VOID NTAPI ExInitializeWorkItem(_Out_ PWORK_QUEUE_ITEM Item,
                                            _In_ PWORKER_THREAD_ROUTINE Routine,
                                            _In_opt_ PVOID Context);

/* IRQL <= DISPATCH_LEVEL. "wdm: ExQueueWorkItem". */
NTKERNELAPI VOID NTAPI ExQueueWorkItem(_Inout_ PWORK_QUEUE_ITEM WorkItem,
                                       _In_ WORK_QUEUE_TYPE QueueType);

EXTERN_C_END

#endif
