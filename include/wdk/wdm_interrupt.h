/*
 * wdm_interrupt.h: connecting to interrupts and keeping other code apart from an ISR.
 */
#ifndef WDM_INTERRUPT_H
#define WDM_INTERRUPT_H

#include <wdm_device.h>

EXTERN_C_START

typedef enum _KINTERRUPT_MODE {
    LevelSensitive,
    Latched
} KINTERRUPT_MODE;

typedef enum _KINTERRUPT_POLARITY {
    InterruptPolarityUnknown,
    InterruptActiveHigh,
    InterruptRisingEdge = InterruptActiveHigh,
    InterruptActiveLow,
    InterruptFallingEdge = InterruptActiveLow,
    InterruptActiveBoth,
    InterruptActiveBothTriggerLow = InterruptActiveBoth,
    InterruptActiveBothTriggerHigh
} KINTERRUPT_POLARITY, *PKINTERRUPT_POLARITY;

/* Runs at SynchronizeIrql with the interrupt spin lock held. "wdm: KSERVICE_ROUTINE". */
typedef BOOLEAN KSERVICE_ROUTINE(_In_ struct _KINTERRUPT *Interrupt, _In_ PVOID ServiceContext);
typedef KSERVICE_ROUTINE *PKSERVICE_ROUTINE;

/* The same for a message. "wdm: KMESSAGE_SERVICE_ROUTINE". */
typedef BOOLEAN KMESSAGE_SERVICE_ROUTINE(_In_ struct _KINTERRUPT *Interrupt,
                                         _In_ PVOID ServiceContext, _In_ ULONG MessageID);
typedef KMESSAGE_SERVICE_ROUTINE *PKMESSAGE_SERVICE_ROUTINE;

/* Runs as the ISR does, and never beside it. "wdm: KSYNCHRONIZE_ROUTINE". */
typedef BOOLEAN KSYNCHRONIZE_ROUTINE(_In_opt_ PVOID SynchronizeContext);
typedef KSYNCHRONIZE_ROUTINE *PKSYNCHRONIZE_ROUTINE;

/* -- One vector ------------------------------------------------------------------------------- */

/* IRQL = PASSIVE_LEVEL. "wdm: IoConnectInterrupt", "wdm: IoDisconnectInterrupt". */
_Must_inspect_result_ NTKERNELAPI NTSTATUS NTAPI IoConnectInterrupt(
    _Out_ PKINTERRUPT *InterruptObject, _In_ PKSERVICE_ROUTINE ServiceRoutine,
    _In_opt_ PVOID ServiceContext, _In_opt_ PKSPIN_LOCK SpinLock, _In_ ULONG Vector,
    _In_ KIRQL Irql, _In_ KIRQL SynchronizeIrql, _In_ KINTERRUPT_MODE InterruptMode,
    _In_ BOOLEAN ShareVector, _In_ KAFFINITY ProcessorEnableMask, _In_ BOOLEAN FloatingSave);
NTKERNELAPI VOID NTAPI IoDisconnectInterrupt(_In_ PKINTERRUPT InterruptObject);

/* -- The ways of IoConnectInterruptEx --------------------------------------------------------- */

#define CONNECT_FULLY_SPECIFIED 0x1
#define CONNECT_LINE_BASED 0x2
#define CONNECT_MESSAGE_BASED 0x3
#define CONNECT_FULLY_SPECIFIED_GROUP 0x4
#define CONNECT_MESSAGE_BASED_PASSIVE 0x5
#define CONNECT_CURRENT_VERSION 0x5

typedef struct _IO_INTERRUPT_MESSAGE_INFO_ENTRY {
    PHYSICAL_ADDRESS MessageAddress;
    KAFFINITY TargetProcessorSet;
    PKINTERRUPT InterruptObject;
    ULONG MessageData;
    ULONG Vector;
    KIRQL Irql;
    KINTERRUPT_MODE Mode;
    KINTERRUPT_POLARITY Polarity;
} IO_INTERRUPT_MESSAGE_INFO_ENTRY, *PIO_INTERRUPT_MESSAGE_INFO_ENTRY;

typedef struct _IO_INTERRUPT_MESSAGE_INFO {
    KIRQL UnifiedIrql;
    ULONG MessageCount;
    IO_INTERRUPT_MESSAGE_INFO_ENTRY MessageInfo[1];
} IO_INTERRUPT_MESSAGE_INFO, *PIO_INTERRUPT_MESSAGE_INFO;

typedef struct _IO_CONNECT_INTERRUPT_FULLY_SPECIFIED_PARAMETERS {
    _In_ PDEVICE_OBJECT PhysicalDeviceObject;
    _Out_ PKINTERRUPT *InterruptObject;
    _In_ PKSERVICE_ROUTINE ServiceRoutine;
    _In_ PVOID ServiceContext;
    _In_opt_ PKSPIN_LOCK SpinLock;
    _In_ KIRQL SynchronizeIrql;
    _In_ BOOLEAN FloatingSave;
    _In_ BOOLEAN ShareVector;
    _In_ ULONG Vector;
    _In_ KIRQL Irql;
    _In_ KINTERRUPT_MODE InterruptMode;
    _In_ KAFFINITY ProcessorEnableMask;
    _In_ USHORT Group;
} IO_CONNECT_INTERRUPT_FULLY_SPECIFIED_PARAMETERS,
    *PIO_CONNECT_INTERRUPT_FULLY_SPECIFIED_PARAMETERS;

typedef struct _IO_CONNECT_INTERRUPT_LINE_BASED_PARAMETERS {
    _In_ PDEVICE_OBJECT PhysicalDeviceObject;
    _Out_ PKINTERRUPT *InterruptObject;
    _In_ PKSERVICE_ROUTINE ServiceRoutine;
    _In_ PVOID ServiceContext;
    _In_opt_ PKSPIN_LOCK SpinLock;
    _In_opt_ KIRQL SynchronizeIrql;
    _In_ BOOLEAN FloatingSave;
} IO_CONNECT_INTERRUPT_LINE_BASED_PARAMETERS, *PIO_CONNECT_INTERRUPT_LINE_BASED_PARAMETERS;

typedef struct _IO_CONNECT_INTERRUPT_MESSAGE_BASED_PARAMETERS {
    _In_ PDEVICE_OBJECT PhysicalDeviceObject;
    union {
        _Out_ PVOID *Generic;
        _Out_ PIO_INTERRUPT_MESSAGE_INFO *InterruptMessageTable;
        _Out_ PKINTERRUPT *InterruptObject;
    } ConnectionContext;
    _In_ PKMESSAGE_SERVICE_ROUTINE MessageServiceRoutine;
    _In_ PVOID ServiceContext;
    _In_opt_ PKSPIN_LOCK SpinLock;
    _In_opt_ KIRQL SynchronizeIrql;
    _In_ BOOLEAN FloatingSave;
    _In_opt_ PKSERVICE_ROUTINE FallBackServiceRoutine;
} IO_CONNECT_INTERRUPT_MESSAGE_BASED_PARAMETERS,
    *PIO_CONNECT_INTERRUPT_MESSAGE_BASED_PARAMETERS;

/* Version goes in and comes out: it says in the end how the interrupt is connected. */
typedef struct _IO_CONNECT_INTERRUPT_PARAMETERS {
    _Inout_ ULONG Version;
    __extension__ union {
        IO_CONNECT_INTERRUPT_FULLY_SPECIFIED_PARAMETERS FullySpecified;
        IO_CONNECT_INTERRUPT_LINE_BASED_PARAMETERS LineBased;
        IO_CONNECT_INTERRUPT_MESSAGE_BASED_PARAMETERS MessageBased;
    };
} IO_CONNECT_INTERRUPT_PARAMETERS, *PIO_CONNECT_INTERRUPT_PARAMETERS;

typedef struct _IO_DISCONNECT_INTERRUPT_PARAMETERS {
    _In_ ULONG Version;
    union {
        _In_ PVOID Generic;
        _In_ PKINTERRUPT InterruptObject;
        _In_ PIO_INTERRUPT_MESSAGE_INFO InterruptMessageTable;
    } ConnectionContext;
} IO_DISCONNECT_INTERRUPT_PARAMETERS, *PIO_DISCONNECT_INTERRUPT_PARAMETERS;

typedef struct _IO_REPORT_INTERRUPT_ACTIVE_STATE_PARAMETERS {
    _In_ ULONG Version;
    union {
        _In_ PVOID Generic;
        _In_ PKINTERRUPT InterruptObject;
        _In_ PIO_INTERRUPT_MESSAGE_INFO InterruptMessageTable;
    } ConnectionContext;
} IO_REPORT_INTERRUPT_ACTIVE_STATE_PARAMETERS, *PIO_REPORT_INTERRUPT_ACTIVE_STATE_PARAMETERS;

/* IRQL = PASSIVE_LEVEL. "iointex: WdmlibIoConnectInterruptEx" and its counterpart. */
_Must_inspect_result_ NTKERNELAPI NTSTATUS NTAPI IoConnectInterruptEx(
    _Inout_ PIO_CONNECT_INTERRUPT_PARAMETERS Parameters);
NTKERNELAPI VOID NTAPI IoDisconnectInterruptEx(
    _In_ PIO_DISCONNECT_INTERRUPT_PARAMETERS Parameters);
_Must_inspect_result_ NTKERNELAPI NTSTATUS NTAPI WdmlibIoConnectInterruptEx(
    _Inout_ PIO_CONNECT_INTERRUPT_PARAMETERS Parameters);
NTKERNELAPI VOID NTAPI WdmlibIoDisconnectInterruptEx(
    _In_ PIO_DISCONNECT_INTERRUPT_PARAMETERS Parameters);

/* IRQL <= DISPATCH_LEVEL. "wdm: IoReportInterruptActive", "wdm: IoReportInterruptInactive". */
NTKERNELAPI VOID NTAPI IoReportInterruptActive(
    _In_ PIO_REPORT_INTERRUPT_ACTIVE_STATE_PARAMETERS Parameters);
NTKERNELAPI VOID NTAPI IoReportInterruptInactive(
    _In_ PIO_REPORT_INTERRUPT_ACTIVE_STATE_PARAMETERS Parameters);

/* Any IRQL. The processors on which the ISR can be called; STATUS_INVALID_PARAMETER for what is not
 * connected. "iointex: WdmlibIoGetAffinityInterrupt". */
_Must_inspect_result_ NTKERNELAPI NTSTATUS NTAPI IoGetAffinityInterrupt(
    _In_ PKINTERRUPT InterruptObject, _Out_ PGROUP_AFFINITY GroupAffinity);
_Must_inspect_result_ NTKERNELAPI NTSTATUS NTAPI WdmlibIoGetAffinityInterrupt(
    _In_ PKINTERRUPT InterruptObject, _Out_ PGROUP_AFFINITY GroupAffinity);

/* -- Apart from the ISR ----------------------------------------------------------------------- */

/* IRQL <= SynchronizeIrql; the routine's own answer. "wdm: KeSynchronizeExecution". */
NTKERNELAPI BOOLEAN NTAPI KeSynchronizeExecution(_Inout_ PKINTERRUPT Interrupt,
                                                 _In_ PKSYNCHRONIZE_ROUTINE SynchronizeRoutine,
                                                 _In_opt_ PVOID SynchronizeContext);

/* IRQL <= SynchronizeIrql, which it is on return. "wdm: KeAcquireInterruptSpinLock". */
NTKERNELAPI KIRQL NTAPI KeAcquireInterruptSpinLock(_Inout_ PKINTERRUPT Interrupt);

/* IRQL = SynchronizeIrql; OldIrql on return. "wdm: KeReleaseInterruptSpinLock". */
NTKERNELAPI VOID NTAPI KeReleaseInterruptSpinLock(_Inout_ PKINTERRUPT Interrupt,
                                                  _In_ KIRQL OldIrql);

EXTERN_C_END

#endif
