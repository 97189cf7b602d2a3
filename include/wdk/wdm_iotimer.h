/*
 * wdm_iotimer.h: the timer of a device object: its routine is called once a second.
 */
#ifndef WDM_IOTIMER_H
#define WDM_IOTIMER_H

#include <wdm_device.h>

EXTERN_C_START

/* Runs at DISPATCH_LEVEL. "wdm: IO_TIMER_ROUTINE". */
typedef VOID IO_TIMER_ROUTINE(_In_ struct _DEVICE_OBJECT *DeviceObject, _In_opt_ PVOID Context);
typedef IO_TIMER_ROUTINE *PIO_TIMER_ROUTINE;

/* PASSIVE_LEVEL, once for a device. "wdm: IoInitializeTimer". */
NTKERNELAPI NTSTATUS NTAPI IoInitializeTimer(_In_ PDEVICE_OBJECT DeviceObject,
                                             _In_ PIO_TIMER_ROUTINE TimerRoutine,
                                             _In_opt_ PVOID Context);

/* IRQL <= DISPATCH_LEVEL. Not in the routine itself. "wdm: IoStartTimer", "wdm: IoStopTimer". */
NTKERNELAPI VOID NTAPI IoStartTimer(_In_ PDEVICE_OBJECT DeviceObject);
NTKERNELAPI VOID NTAPI IoStopTimer(_In_ PDEVICE_OBJECT DeviceObject);

EXTERN_C_END

#endif
