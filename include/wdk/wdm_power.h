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

EXTERN_C_END

#endif
