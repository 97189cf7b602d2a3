/*
 * wdm_errorlog.h: entries of the system's error log.
 *
 * An entry that is written is part of the run's trace, as text.
 */
#ifndef WDM_ERRORLOG_H
#define WDM_ERRORLOG_H

#include <wdm_device.h>

EXTERN_C_START

/* "wdm: IO_ERROR_LOG_PACKET". */
typedef struct _IO_ERROR_LOG_PACKET {
    UCHAR MajorFunctionCode;
    UCHAR RetryCount;
    USHORT DumpDataSize;
    USHORT NumberOfStrings;
    USHORT StringOffset;
    USHORT EventCategory;
    NTSTATUS ErrorCode;
    ULONG UniqueErrorValue;
    NTSTATUS FinalStatus;
    ULONG SequenceNumber;
    ULONG IoControlCode;
    LARGE_INTEGER DeviceOffset;
    ULONG DumpData[1];
} IO_ERROR_LOG_PACKET, *PIO_ERROR_LOG_PACKET;

#define ERROR_LOG_LIMIT_SIZE 240
#define ERROR_LOG_MAXIMUM_SIZE ERROR_LOG_LIMIT_SIZE

/* Of a device or driver object. Zeroed; NULL when there is none, or the size is too large.
 * IRQL <= DISPATCH_LEVEL. "wdm: IoAllocateErrorLogEntry". */
NTKERNELAPI PVOID NTAPI IoAllocateErrorLogEntry(_In_ PVOID IoObject, _In_ UCHAR EntrySize);
/* Each gives the entry back. IRQL <= DISPATCH_LEVEL. "wdm: IoWriteErrorLogEntry",
 * "wdm: IoFreeErrorLogEntry". */
NTKERNELAPI VOID NTAPI IoWriteErrorLogEntry(_In_ PVOID ElEntry);
NTKERNELAPI VOID NTAPI IoFreeErrorLogEntry(_In_ PVOID ElEntry);

EXTERN_C_END

#endif
