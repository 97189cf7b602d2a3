/*
 * evntprov.h: events of ETW, as their providers describe them.
 *
 * Pages: Win32, "evntprov: EVENT_DESCRIPTOR" and its neighbours. Any IRQL.
 */
#ifndef EVNTPROV_H
#define EVNTPROV_H

#include <ntdef.h>

EXTERN_C_START

#define EVENT_MIN_LEVEL 0
#define EVENT_MAX_LEVEL 0xFF

typedef ULONGLONG REGHANDLE, *PREGHANDLE;

/* More of them, or more bytes in all, are refused. */
#define MAX_EVENT_DATA_DESCRIPTORS 128
#define MAX_EVENT_FILTER_DATA_SIZE 1024

typedef struct _EVENT_DESCRIPTOR {
    USHORT Id;
    UCHAR Version;
    UCHAR Channel;
    UCHAR Level;
    UCHAR Opcode;
    USHORT Task;
    ULONGLONG Keyword;
} EVENT_DESCRIPTOR, *PEVENT_DESCRIPTOR;
typedef const EVENT_DESCRIPTOR *PCEVENT_DESCRIPTOR;

#define EVENT_DATA_DESCRIPTOR_TYPE_NONE 0
#define EVENT_DATA_DESCRIPTOR_TYPE_EVENT_METADATA 1
#define EVENT_DATA_DESCRIPTOR_TYPE_PROVIDER_METADATA 2

/* Ptr is a pointer as a number. */
typedef struct _EVENT_DATA_DESCRIPTOR {
    ULONGLONG Ptr;
    ULONG Size;
    __extension__ union {
        ULONG Reserved;
        __extension__ struct {
            UCHAR Type;
            UCHAR Reserved1;
            USHORT Reserved2;
        };
    };
} EVENT_DATA_DESCRIPTOR, *PEVENT_DATA_DESCRIPTOR;

typedef struct _EVENT_FILTER_DESCRIPTOR {
    ULONGLONG Ptr;
    ULONG Size;
    ULONG Type;
} EVENT_FILTER_DESCRIPTOR, *PEVENT_FILTER_DESCRIPTOR;

typedef enum _EVENT_INFO_CLASS {
    EventProviderBinaryTrackInfo,
    EventProviderSetReserved1,
    EventProviderSetTraits,
    EventProviderUseDescriptorType,
    MaxEventInfo
} EVENT_INFO_CLASS;

#define EVENT_ACTIVITY_CTRL_GET_ID 1
#define EVENT_ACTIVITY_CTRL_SET_ID 2
#define EVENT_ACTIVITY_CTRL_CREATE_ID 3
#define EVENT_ACTIVITY_CTRL_GET_SET_ID 4
#define EVENT_ACTIVITY_CTRL_CREATE_SET_ID 5

/* Describes `DataSize` bytes of data. It is not copied: it stays until the event is written, and is
 * not pageable if that is above APC_LEVEL. Any IRQL. "evntprov: EventDataDescCreate". */
WDK_INLINE VOID EventDataDescCreate(_Out_ PEVENT_DATA_DESCRIPTOR EventDataDescriptor,
                                    _In_ const VOID *DataPtr, _In_ ULONG DataSize)
{
    EventDataDescriptor->Ptr = (ULONGLONG)(ULONG_PTR)DataPtr;
    EventDataDescriptor->Size = DataSize;
    EventDataDescriptor->Reserved = 0;
}

/* All zero. Any IRQL. "evntprov: EventDescZero". */
WDK_INLINE VOID EventDescZero(_Out_ PEVENT_DESCRIPTOR EventDescriptor)
{
    EventDescriptor->Id = 0;
    EventDescriptor->Version = 0;
    EventDescriptor->Channel = 0;
    EventDescriptor->Level = 0;
    EventDescriptor->Opcode = 0;
    EventDescriptor->Task = 0;
    EventDescriptor->Keyword = 0;
}

/* What the event is. Any IRQL. "evntprov: EventDescCreate". */
WDK_INLINE VOID EventDescCreate(_Out_ PEVENT_DESCRIPTOR EventDescriptor, _In_ USHORT Id,
                                _In_ UCHAR Version, _In_ UCHAR Channel, _In_ UCHAR Level,
                                _In_ USHORT Task, _In_ UCHAR Opcode, _In_ ULONGLONG Keyword)
{
    EventDescriptor->Id = Id;
    EventDescriptor->Version = Version;
    EventDescriptor->Channel = Channel;
    EventDescriptor->Level = Level;
    EventDescriptor->Task = Task;
    EventDescriptor->Opcode = Opcode;
    EventDescriptor->Keyword = Keyword;
}

/* What EventDescCreate was given. Any IRQL. "evntprov: EventDescGetId" and its neighbours. */
WDK_INLINE USHORT EventDescGetId(_In_ PCEVENT_DESCRIPTOR EventDescriptor)
{
    return EventDescriptor->Id;
}

WDK_INLINE UCHAR EventDescGetVersion(_In_ PCEVENT_DESCRIPTOR EventDescriptor)
{
    return EventDescriptor->Version;
}

WDK_INLINE USHORT EventDescGetTask(_In_ PCEVENT_DESCRIPTOR EventDescriptor)
{
    return EventDescriptor->Task;
}

WDK_INLINE UCHAR EventDescGetOpcode(_In_ PCEVENT_DESCRIPTOR EventDescriptor)
{
    return EventDescriptor->Opcode;
}

WDK_INLINE UCHAR EventDescGetChannel(_In_ PCEVENT_DESCRIPTOR EventDescriptor)
{
    return EventDescriptor->Channel;
}

WDK_INLINE UCHAR EventDescGetLevel(_In_ PCEVENT_DESCRIPTOR EventDescriptor)
{
    return EventDescriptor->Level;
}

WDK_INLINE ULONGLONG EventDescGetKeyword(_In_ PCEVENT_DESCRIPTOR EventDescriptor)
{
    return EventDescriptor->Keyword;
}

EXTERN_C_END

#endif
