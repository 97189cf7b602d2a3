/*
 * wdm_etw.h: event tracing (ETW).
 *
 * Registering: IRQL = PASSIVE_LEVEL. Writing, and asking whether that is worth while: any IRQL; the
 * data is not pageable above APC_LEVEL.
 */
#ifndef WDM_ETW_H
#define WDM_ETW_H

#include <evntprov.h>
#include <wdm_base.h>

EXTERN_C_START

/* Runs at PASSIVE_LEVEL. "wdm: EtwEnableCallback". */
typedef VOID NTAPI ETWENABLECALLBACK(_In_ LPCGUID SourceId, _In_ ULONG ControlCode,
                                     _In_ UCHAR Level, _In_ ULONGLONG MatchAnyKeyword,
                                     _In_ ULONGLONG MatchAllKeyword,
                                     _In_opt_ PEVENT_FILTER_DESCRIPTOR FilterData,
                                     _Inout_opt_ PVOID CallbackContext);
typedef ETWENABLECALLBACK *PETWENABLECALLBACK;

/* STATUS_INVALID_PARAMETER, STATUS_INSUFFICIENT_RESOURCES. A provider that is enabled already is
 * told so in here. Registering again makes another handle. IRQL = PASSIVE_LEVEL.
 * "wdm: EtwRegister". */
NTSYSAPI NTSTATUS NTAPI EtwRegister(_In_ LPCGUID ProviderId,
                                    _In_opt_ PETWENABLECALLBACK EnableCallback,
                                    _In_opt_ PVOID CallbackContext, _Out_ PREGHANDLE RegHandle);

/* The callback runs no more when it returns. STATUS_INVALID_HANDLE. IRQL = PASSIVE_LEVEL.
 * "wdm: EtwUnregister". */
NTSYSAPI NTSTATUS NTAPI EtwUnregister(_In_ REGHANDLE RegHandle);

/* EventProviderSetTraits and the like. STATUS_INVALID_HANDLE, STATUS_INVALID_PARAMETER,
 * STATUS_INVALID_DEVICE_REQUEST. IRQL = PASSIVE_LEVEL. "wdm: EtwSetInformation". */
NTSYSAPI NTSTATUS NTAPI EtwSetInformation(_In_ REGHANDLE RegHandle,
                                          _In_ EVENT_INFO_CLASS InformationClass,
                                          _In_opt_ PVOID EventInformation,
                                          _In_ ULONG InformationLength);

/* FALSE also of a handle that is 0. Any IRQL.
 * "wdm: EtwEventEnabled", "wdm: EtwProviderEnabled". */
NTSYSAPI BOOLEAN NTAPI EtwEventEnabled(_In_ REGHANDLE RegHandle,
                                       _In_ PCEVENT_DESCRIPTOR EventDescriptor);
NTSYSAPI BOOLEAN NTAPI EtwProviderEnabled(_In_ REGHANDLE RegHandle, _In_ UCHAR Level,
                                          _In_ ULONGLONG Keyword);

/* STATUS_SUCCESS, also when nobody has enabled the event; STATUS_INVALID_HANDLE,
 * STATUS_INVALID_PARAMETER (more than 128 pieces of data), STATUS_BUFFER_OVERFLOW (more than 64
 * KiB), STATUS_NO_MEMORY. Any IRQL; above APC_LEVEL the data is not pageable. "wdm: EtwWrite",
 * "wdm: EtwWriteTransfer", "wdm: EtwWriteEx", "wdm: EtwWriteString". */
NTSYSAPI NTSTATUS NTAPI EtwWrite(_In_ REGHANDLE RegHandle, _In_ PCEVENT_DESCRIPTOR EventDescriptor,
                                 _In_opt_ LPCGUID ActivityId, _In_ ULONG UserDataCount,
                                 _In_opt_ PEVENT_DATA_DESCRIPTOR UserData);
NTSYSAPI NTSTATUS NTAPI EtwWriteTransfer(_In_ REGHANDLE RegHandle,
                                         _In_ PCEVENT_DESCRIPTOR EventDescriptor,
                                         _In_opt_ LPCGUID ActivityId,
                                         _In_opt_ LPCGUID RelatedActivityId,
                                         _In_ ULONG UserDataCount,
                                         _In_opt_ PEVENT_DATA_DESCRIPTOR UserData);
NTSYSAPI NTSTATUS NTAPI EtwWriteEx(_In_ REGHANDLE RegHandle,
                                   _In_ PCEVENT_DESCRIPTOR EventDescriptor, _In_ ULONG64 Filter,
                                   _In_ ULONG Flags, _In_opt_ LPCGUID ActivityId,
                                   _In_opt_ LPCGUID RelatedActivityId, _In_ ULONG UserDataCount,
                                   _In_opt_ PEVENT_DATA_DESCRIPTOR UserData);
NTSYSAPI NTSTATUS NTAPI EtwWriteString(_In_ REGHANDLE RegHandle, _In_ UCHAR Level,
                                       _In_ ULONGLONG Keyword, _In_opt_ LPCGUID ActivityId,
                                       _In_ PCWSTR String);

/* Of the calling thread. IRQL < DISPATCH_LEVEL; EVENT_ACTIVITY_CTRL_CREATE_ID: any IRQL.
 * "wdm: EtwActivityIdControl". */
NTSYSAPI NTSTATUS NTAPI EtwActivityIdControl(_In_ ULONG ControlCode, _Inout_ LPGUID ActivityId);

EXTERN_C_END

#endif
