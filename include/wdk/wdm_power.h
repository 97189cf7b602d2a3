/*
 * wdm_power.h: what a driver tells the power manager, and what it asks of it.
 *
 * A device's power requests reach its dispatch routine for IRP_MJ_POWER.
 */
#ifndef WDM_POWER_H
#define WDM_POWER_H

#include <wdm_request.h>

EXTERN_C_START

/* -- The state of a device -------------------------------------------------------------------- */

/* Of type DevicePowerState. Returns the state before (PowerDeviceUnspecified at first).
 * IRQL <= APC_LEVEL; for PowerDeviceD0 <= DISPATCH_LEVEL. "wdm: PoSetPowerState". */
NTKERNELAPI POWER_STATE NTAPI PoSetPowerState(_In_ PDEVICE_OBJECT DeviceObject,
                                              _In_ POWER_STATE_TYPE Type, _In_ POWER_STATE State);

/* -- Requests of the driver's own ------------------------------------------------------------- */

/* The request has been completed by all drivers. IRQL <= DISPATCH_LEVEL.
 * "wdm: REQUEST_POWER_COMPLETE". */
typedef VOID REQUEST_POWER_COMPLETE(_In_ PDEVICE_OBJECT DeviceObject, _In_ UCHAR MinorFunction,
                                    _In_ POWER_STATE PowerState, _In_opt_ PVOID Context,
                                    _In_ PIO_STATUS_BLOCK IoStatus);
typedef REQUEST_POWER_COMPLETE *PREQUEST_POWER_COMPLETE;

/* Sends IRP_MN_SET_POWER, IRP_MN_QUERY_POWER or IRP_MN_WAIT_WAKE to the top of the device's stack:
 * STATUS_PENDING. A stack with DO_POWER_PAGABLE gets it at PASSIVE_LEVEL, if need be on another
 * thread. `Irp`: for IRP_MN_WAIT_WAKE only, so that it can be cancelled. IRQL <= DISPATCH_LEVEL.
 * "wdm: PoRequestPowerIrp". */
NTKERNELAPI NTSTATUS NTAPI PoRequestPowerIrp(_In_ PDEVICE_OBJECT DeviceObject,
                                             _In_ UCHAR MinorFunction, _In_ POWER_STATE PowerState,
                                             _In_opt_ PREQUEST_POWER_COMPLETE CompletionFunction,
                                             _In_opt_ PVOID Context, _Outptr_opt_ PIRP *Irp);

/* Marks on an IRP_MN_WAIT_WAKE request. IRQL <= DISPATCH_LEVEL. "wdm: PoSetSystemWake",
 * "wdm: PoGetSystemWake". */
NTKERNELAPI VOID NTAPI PoSetSystemWake(_Inout_ PIRP Irp);
NTKERNELAPI BOOLEAN NTAPI PoGetSystemWake(_In_ PIRP Irp);

/* -- Idle devices ----------------------------------------------------------------------------- */

/* Seconds without a sign of use after which IRP_MN_SET_POWER for `State` is sent to the stack; the
 * system optimises for performance here. Both times zero: no longer. Returns the idle counter,
 * NULL when there is none. IRQL <= APC_LEVEL. "wdm: PoRegisterDeviceForIdleDetection". */
NTKERNELAPI PULONG NTAPI PoRegisterDeviceForIdleDetection(_In_ PDEVICE_OBJECT DeviceObject,
                                                          _In_ ULONG ConservationIdleTime,
                                                          _In_ ULONG PerformanceIdleTime,
                                                          _In_ DEVICE_POWER_STATE State);

/* The device is in use now; or from the one call to the other. Any IRQL. "wdm: PoSetDeviceBusy",
 * "wdm: PoSetDeviceBusyEx", "wdm: PoStartDeviceBusy", "wdm: PoEndDeviceBusy". */
#define PoSetDeviceBusy(IdlePointer) (*(IdlePointer) = 0)
NTKERNELAPI VOID NTAPI PoSetDeviceBusyEx(_Inout_ PULONG IdlePointer);
NTKERNELAPI VOID NTAPI PoStartDeviceBusy(_Inout_ PULONG IdlePointer);
NTKERNELAPI VOID NTAPI PoEndDeviceBusy(_Inout_ PULONG IdlePointer);

/* -- A system in use -------------------------------------------------------------------------- */

typedef ULONG EXECUTION_STATE, *PEXECUTION_STATE;

#define ES_SYSTEM_REQUIRED ((ULONG)0x00000001)
#define ES_DISPLAY_REQUIRED ((ULONG)0x00000002)
#define ES_USER_PRESENT ((ULONG)0x00000004)
#define ES_AWAYMODE_REQUIRED ((ULONG)0x00000040)
#define ES_CONTINUOUS ((ULONG)0x80000000)

/* The system here never sleeps by itself: a registration is only held against its end. The first
 * two: IRQL <= APC_LEVEL; the third: <= DISPATCH_LEVEL. "wdm: PoRegisterSystemState",
 * "wdm: PoUnregisterSystemState", "wdm: PoSetSystemState". */
NTKERNELAPI PVOID NTAPI PoRegisterSystemState(_Inout_opt_ PVOID StateHandle,
                                              _In_ EXECUTION_STATE Flags);
NTKERNELAPI VOID NTAPI PoUnregisterSystemState(_Inout_ PVOID StateHandle);
NTKERNELAPI VOID NTAPI PoSetSystemState(_In_ EXECUTION_STATE Flags);

/* -- Power requests --------------------------------------------------------------------------- */

typedef enum _POWER_REQUEST_TYPE {
    PowerRequestDisplayRequired,
    PowerRequestSystemRequired,
    PowerRequestAwayModeRequired,
    PowerRequestExecutionRequired
} POWER_REQUEST_TYPE,
    *PPOWER_REQUEST_TYPE;

#define DIAGNOSTIC_REASON_VERSION         0
#define DIAGNOSTIC_REASON_SIMPLE_STRING   0x00000001U
#define DIAGNOSTIC_REASON_DETAILED_STRING 0x00000002U

typedef struct _COUNTED_REASON_CONTEXT {
    ULONG Version;
    ULONG Flags;
    __extension__ union {
        __extension__ struct {
            UNICODE_STRING ResourceFileName;
            USHORT ResourceReasonId;
            ULONG StringCount;
            PUNICODE_STRING ReasonStrings;
        };
        UNICODE_STRING SimpleString;
    };
} COUNTED_REASON_CONTEXT, *PCOUNTED_REASON_CONTEXT;

/* Deleted before its device object. STATUS_INVALID_PARAMETER: no device. The system here never
 * sleeps by itself, so that a request is only counted (<dirql/power.h>). IRQL <= APC_LEVEL.
 * "wdm: PoCreatePowerRequest", "wdm: PoDeletePowerRequest". */
NTKERNELAPI NTSTATUS NTAPI PoCreatePowerRequest(_Outptr_ PVOID *PowerRequest,
                                                _In_ PDEVICE_OBJECT DeviceObject,
                                                _In_opt_ PCOUNTED_REASON_CONTEXT Context);
NTKERNELAPI VOID NTAPI PoDeletePowerRequest(_Inout_ PVOID PowerRequest);

/* Of PowerRequestSystemRequired; others: STATUS_NOT_SUPPORTED. They count.
 * IRQL <= DISPATCH_LEVEL. "wdm: PoSetPowerRequest", "wdm: PoClearPowerRequest". */
NTKERNELAPI NTSTATUS NTAPI PoSetPowerRequest(_Inout_ PVOID PowerRequest,
                                             _In_ POWER_REQUEST_TYPE Type);
NTKERNELAPI NTSTATUS NTAPI PoClearPowerRequest(_Inout_ PVOID PowerRequest,
                                               _In_ POWER_REQUEST_TYPE Type);

/* -- Power settings --------------------------------------------------------------------------- */

typedef enum { PoAc, PoDc, PoHot, PoConditionMaximum } SYSTEM_POWER_CONDITION;

typedef enum _MONITOR_DISPLAY_STATE {
    PowerMonitorOff = 0,
    PowerMonitorOn,
    PowerMonitorDim
} MONITOR_DISPLAY_STATE,
    *PMONITOR_DISPLAY_STATE;

typedef enum _USER_ACTIVITY_PRESENCE {
    PowerUserPresent = 0,
    PowerUserNotPresent,
    PowerUserInactive,
    PowerUserMaximum,
    PowerUserInvalid = PowerUserMaximum
} USER_ACTIVITY_PRESENCE,
    *PUSER_ACTIVITY_PRESENCE;

/* The value is a ULONG; behind each: what it is at first. "win32: Power Setting GUIDs". */
DEFINE_GUID(GUID_ACDC_POWER_SOURCE, 0x5D3E9A59, 0xE9D5, 0x4B00, 0xA6, 0xBD, 0xFF, 0x34, 0xFF, 0x51,
            0x65, 0x48); /* PoAc. */
DEFINE_GUID(GUID_BATTERY_PERCENTAGE_REMAINING, 0xA7AD8041, 0xB45A, 0x4CAE, 0x87, 0xA3, 0xEE, 0xCB,
            0xB4, 0x68, 0xA9, 0xE1); /* 100. */
DEFINE_GUID(GUID_CONSOLE_DISPLAY_STATE, 0x6FE69556, 0x704A, 0x47A0, 0x8F, 0x24, 0xC2, 0x8D, 0x93,
            0x6F, 0xDA, 0x47); /* PowerMonitorOn. */
DEFINE_GUID(GUID_GLOBAL_USER_PRESENCE, 0x786E8A1D, 0xB427, 0x4344, 0x92, 0x07, 0x09, 0xE7, 0x0B,
            0xDC, 0xBE, 0xA9); /* PowerUserPresent. */
DEFINE_GUID(GUID_LIDSWITCH_STATE_CHANGE, 0xBA3E0F4D, 0xB817, 0x4094, 0xA2, 0xD1, 0xD5, 0x63, 0x79,
            0xE6, 0xA0, 0xF3); /* 1: open. */
DEFINE_GUID(GUID_MONITOR_POWER_ON, 0x02731015, 0x4510, 0x4526, 0x99, 0xE6, 0xE5, 0xA1, 0x7E, 0xBD,
            0x1A, 0xEA); /* 1: on. */
DEFINE_GUID(GUID_POWER_SAVING_STATUS, 0xE00958C0, 0xC213, 0x4ACE, 0xAC, 0x77, 0xFE, 0xCC, 0xED,
            0x2E, 0xEE, 0xA5); /* 0: off. */
DEFINE_GUID(GUID_SYSTEM_AWAYMODE, 0x98A7F580, 0x01F7, 0x48AA, 0x9C, 0x0F, 0x44, 0x35, 0x2C, 0x29,
            0xE5, 0xC0); /* 0: left. */

/* The value is a GUID: one of the following; at first the last. */
DEFINE_GUID(GUID_POWERSCHEME_PERSONALITY, 0x245D8541, 0x3943, 0x4422, 0xB0, 0x25, 0x13, 0xA7, 0x84,
            0xF6, 0x79, 0xB7);
DEFINE_GUID(GUID_MIN_POWER_SAVINGS, 0x8C5E7FDA, 0xE8BF, 0x4A96, 0x9A, 0x85, 0xA6, 0xE2, 0x3A, 0x8C,
            0x63, 0x5C);
DEFINE_GUID(GUID_MAX_POWER_SAVINGS, 0xA1841308, 0x3541, 0x4FAB, 0xBC, 0x81, 0xF7, 0x15, 0x56, 0xF2,
            0x0B, 0x4A);
DEFINE_GUID(GUID_TYPICAL_POWER_SAVINGS, 0x381B4222, 0xF694, 0x41F0, 0x96, 0x85, 0xFF, 0x5B, 0xB2,
            0x60, 0xDF, 0x2E);

/* IRQL = PASSIVE_LEVEL. "wdm: PoRegisterPowerSettingCallback". */
typedef NTSTATUS POWER_SETTING_CALLBACK(_In_ LPCGUID SettingGuid, _In_ PVOID Value,
                                        _In_ ULONG ValueLength, _Inout_opt_ PVOID Context);
typedef POWER_SETTING_CALLBACK *PPOWER_SETTING_CALLBACK;

/* The routine is called with the present value before this returns, and when the setting changes
 * (<dirql/power.h>). A setting that is none of the above has no value until it is changed: then it
 * is not called at first. STATUS_INSUFFICIENT_RESOURCES. PASSIVE_LEVEL.
 * "wdm: PoRegisterPowerSettingCallback". */
_Must_inspect_result_ NTKERNELAPI NTSTATUS NTAPI PoRegisterPowerSettingCallback(
    _In_opt_ PDEVICE_OBJECT DeviceObject, _In_ LPCGUID SettingGuid,
    _In_ PPOWER_SETTING_CALLBACK Callback, _In_opt_ PVOID Context, _Outptr_opt_ PVOID *Handle);

/* STATUS_INVALID_PARAMETER: no such handle. PASSIVE_LEVEL.
 * "wdm: PoUnregisterPowerSettingCallback". */
NTKERNELAPI NTSTATUS NTAPI PoUnregisterPowerSettingCallback(_Inout_ PVOID Handle);

EXTERN_C_END

#endif
