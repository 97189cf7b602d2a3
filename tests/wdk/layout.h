/*
 * layout.h: the sizes and member offsets of x64, for test_layout.c and for the same in C++.
 *
 * SIZES(X) calls X(type, bytes), OFFSETS(X) calls X(type, member, bytes).
 */
#ifndef TESTS_WDK_LAYOUT_H
#define TESTS_WDK_LAYOUT_H

#define SIZES(X)                           \
    X(CHAR, 1)                             \
    X(WCHAR, 2)                            \
    X(BOOLEAN, 1)                          \
    X(KIRQL, 1)                            \
    X(SHORT, 2)                            \
    X(LONG, 4)                             \
    X(ULONG, 4)                            \
    X(NTSTATUS, 4)                         \
    X(HRESULT, 4)                          \
    X(DWORD, 4)                            \
    X(BOOL, 4)                             \
    X(LONGLONG, 8)                         \
    X(LONG_PTR, 8)                         \
    X(ULONG_PTR, 8)                        \
    X(SIZE_T, 8)                           \
    X(HANDLE, 8)                           \
    X(PVOID, 8)                            \
    X(KAFFINITY, 8)                        \
    X(KSPIN_LOCK, 8)                       \
    X(EX_SPIN_LOCK, 4)                     \
    X(LARGE_INTEGER, 8)                    \
    X(GUID, 16)                            \
    X(LIST_ENTRY, 16)                      \
    X(SINGLE_LIST_ENTRY, 8)                \
    X(SLIST_ENTRY, 16)                     \
    X(SLIST_HEADER, 16)                    \
    X(UNICODE_STRING, 16)                  \
    X(OBJECT_ATTRIBUTES, 48)               \
    X(CLIENT_ID, 16)                       \
    X(PROCESSOR_NUMBER, 4)                 \
    X(GROUP_AFFINITY, 16)                  \
    X(KBUGCHECK_REASON_CALLBACK_RECORD, 48)\
    X(KBUGCHECK_SECONDARY_DUMP_DATA, 48)   \
    X(KBUGCHECK_SECONDARY_DUMP_DATA_EX, 104)\
    X(KBUGCHECK_ADD_PAGES, 32)             \
    X(KBUGCHECK_REMOVE_PAGES, 32)          \
    X(KTRIAGE_DUMP_DATA_ARRAY, 64)         \
    X(KBUGCHECK_TRIAGE_DUMP_DATA, 56)      \
    X(KBUGCHECK_DUMP_IO, 24)               \
    X(PHYSICAL_MEMORY_RANGE, 16)           \
    X(PROCESSOR_RELATIONSHIP, 40)          \
    X(NUMA_NODE_RELATIONSHIP, 40)          \
    X(CACHE_RELATIONSHIP, 48)              \
    X(GROUP_RELATIONSHIP, 72)              \
    X(SYSTEM_LOGICAL_PROCESSOR_INFORMATION_EX, 80)\
    X(COUNTED_REASON_CONTEXT, 40)          \
    X(KLOCK_QUEUE_HANDLE, 24)              \
    X(DISPATCHER_HEADER, 24)               \
    X(KEVENT, 24)                          \
    X(KSEMAPHORE, 32)                      \
    X(KMUTEX, 56)                          \
    X(KTIMER, 64)                          \
    X(KDPC, 64)                            \
    X(KWAIT_BLOCK, 48)                     \
    X(FAST_MUTEX, 56)                      \
    X(KGUARDED_MUTEX, 56)                  \
    X(KDEVICE_QUEUE, 40)                   \
    X(IO_STATUS_BLOCK, 16)                 \
    X(IO_STACK_LOCATION, 72)               \
    X(IRP, 208)                            \
    X(MDL, 48)                             \
    X(DEVICE_DESCRIPTION, 64)              \
    X(DMA_ADAPTER, 16)                     \
    X(DMA_OPERATIONS, 128)                 \
    X(SCATTER_GATHER_ELEMENT, 24)          \
    X(SCATTER_GATHER_LIST, 16)             \
    X(DRIVER_OBJECT, 336)                  \
    X(DEVICE_OBJECT, 336)                  \
    X(WAIT_CONTEXT_BLOCK, 72)              \
    X(IO_INTERRUPT_MESSAGE_INFO_ENTRY, 48) \
    X(CM_PARTIAL_RESOURCE_DESCRIPTOR, 20)  \
    X(CM_PARTIAL_RESOURCE_LIST, 28)        \
    X(CM_FULL_RESOURCE_DESCRIPTOR, 36)     \
    X(CM_RESOURCE_LIST, 40)                \
    X(WAVEFORMATEX, 18)                    \
    X(WAVEFORMATEXTENSIBLE, 40)            \
    X(KSDATAFORMAT, 64)                    \
    X(KSIDENTIFIER, 24)                    \
    X(IO_SECURITY_CONTEXT, 24)             \
    X(FILE_BASIC_INFORMATION, 40)          \
    X(FILE_STANDARD_INFORMATION, 24)       \
    X(FILE_NETWORK_OPEN_INFORMATION, 56)   \
    X(FILE_NAME_INFORMATION, 8)            \
    X(FILE_ALL_INFORMATION, 104)           \
    X(FILE_RENAME_INFORMATION, 24)         \
    X(FILE_DIRECTORY_INFORMATION, 72)      \
    X(FILE_BOTH_DIR_INFORMATION, 96)       \
    X(FILE_NAMES_INFORMATION, 16)

#define OFFSETS(X)                                          \
    X(FILE_RENAME_INFORMATION, FileName, 20)                \
    X(FILE_BOTH_DIR_INFORMATION, FileName, 94)              \
    X(FILE_FULL_DIR_INFORMATION, FileName, 68)              \
    X(UNICODE_STRING, Buffer, 8)                            \
    X(OBJECT_ATTRIBUTES, Attributes, 24)                    \
    X(KLOCK_QUEUE_HANDLE, OldIrql, 16)                      \
    X(DISPATCHER_HEADER, Size, 2)                           \
    X(DISPATCHER_HEADER, SignalState, 4)                    \
    X(DISPATCHER_HEADER, WaitListHead, 8)                   \
    X(KSEMAPHORE, Limit, 24)                                \
    X(KMUTEX, MutantListEntry, 24)                          \
    X(KMUTEX, OwnerThread, 40)                              \
    X(KMUTEX, Abandoned, 48)                                \
    X(KTIMER, DueTime, 24)                                  \
    X(KTIMER, TimerListEntry, 32)                           \
    X(KTIMER, Dpc, 48)                                      \
    X(KTIMER, Period, 60)                                   \
    X(KDPC, Importance, 1)                                  \
    X(KDPC, Number, 2)                                      \
    X(KDPC, DpcListEntry, 8)                                \
    X(KDPC, ProcessorHistory, 16)                           \
    X(KDPC, DeferredRoutine, 24)                            \
    X(KDPC, DeferredContext, 32)                            \
    X(KDPC, SystemArgument1, 40)                            \
    X(KDPC, SystemArgument2, 48)                            \
    X(KDPC, DpcData, 56)                                    \
    X(KWAIT_BLOCK, Thread, 24)                              \
    X(KWAIT_BLOCK, Object, 32)                              \
    X(FAST_MUTEX, Owner, 8)                                 \
    X(FAST_MUTEX, Event, 24)                                \
    X(FAST_MUTEX, OldIrql, 48)                              \
    X(IO_STACK_LOCATION, Parameters, 8)                     \
    X(IO_STACK_LOCATION, Parameters.Read.ByteOffset, 24)    \
    X(IO_STACK_LOCATION, Parameters.DeviceIoControl.IoControlCode, 24) \
    X(IO_STACK_LOCATION, DeviceObject, 40)                  \
    X(IO_STACK_LOCATION, CompletionRoutine, 56)             \
    X(IRP, MdlAddress, 8)                                   \
    X(IRP, AssociatedIrp, 24)                               \
    X(IRP, IoStatus, 48)                                    \
    X(IRP, Cancel, 68)                                      \
    X(IRP, CancelIrql, 69)                                  \
    X(IRP, UserEvent, 80)                                   \
    X(IRP, CancelRoutine, 104)                              \
    X(IRP, UserBuffer, 112)                                 \
    X(IRP, Tail.Overlay.ListEntry, 168)                     \
    X(IRP, Tail.Overlay.CurrentStackLocation, 184)          \
    X(DRIVER_OBJECT, DriverExtension, 48)                   \
    X(DRIVER_OBJECT, DriverUnload, 104)                     \
    X(DRIVER_OBJECT, MajorFunction, 112)                    \
    X(DEVICE_OBJECT, CurrentIrp, 32)                        \
    X(DEVICE_OBJECT, Flags, 48)                             \
    X(DEVICE_OBJECT, DeviceExtension, 64)                   \
    X(DEVICE_OBJECT, StackSize, 76)                         \
    X(DEVICE_OBJECT, AlignmentRequirement, 152)             \
    X(DEVICE_OBJECT, Dpc, 200)                              \
    X(DEVICE_OBJECT, DeviceLock, 280)                       \
    X(IO_INTERRUPT_MESSAGE_INFO, MessageInfo, 8)            \
    X(IO_CONNECT_INTERRUPT_PARAMETERS, FullySpecified, 8)   \
    X(IO_CONNECT_INTERRUPT_FULLY_SPECIFIED_PARAMETERS, Vector, 44) \
    X(IO_CONNECT_INTERRUPT_FULLY_SPECIFIED_PARAMETERS, ProcessorEnableMask, 56) \
    X(IO_DISCONNECT_INTERRUPT_PARAMETERS, ConnectionContext, 8) \
    X(CM_PARTIAL_RESOURCE_DESCRIPTOR, u, 4)                 \
    X(CM_PARTIAL_RESOURCE_DESCRIPTOR, u.Interrupt.Vector, 8) \
    X(CM_PARTIAL_RESOURCE_DESCRIPTOR, u.Interrupt.Affinity, 12) \
    X(CM_PARTIAL_RESOURCE_DESCRIPTOR, u.MessageInterrupt.Raw.Vector, 8) \
    X(CM_PARTIAL_RESOURCE_DESCRIPTOR, u.Memory.Length, 12)  \
    X(CM_FULL_RESOURCE_DESCRIPTOR, PartialResourceList, 8)  \
    X(CM_RESOURCE_LIST, List, 4)

#define HOLDS_SIZE(type, bytes) C_ASSERT(sizeof(type) == (bytes));
#define HOLDS_OFFSET(type, member, bytes) C_ASSERT(offsetof(type, member) == (bytes));

SIZES(HOLDS_SIZE)
OFFSETS(HOLDS_OFFSET)

#endif
