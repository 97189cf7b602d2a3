/*
 * wdm_timer.h: timers. A due time is in 100 ns: negative from now on, else since 1601.
 */
#ifndef WDM_TIMER_H
#define WDM_TIMER_H

#include <wdm_dispatcher.h>

EXTERN_C_START

typedef struct _KTIMER {
    DISPATCHER_HEADER Header;
    ULARGE_INTEGER DueTime;
    LIST_ENTRY TimerListEntry;
    PKDPC Dpc;
    ULONG Processor;
    ULONG Period;
} KTIMER, *PKTIMER, *RESTRICTED_POINTER PRKTIMER;

/* IRQL <= DISPATCH_LEVEL. "wdm: KeInitializeTimer", "wdm: KeInitializeTimerEx". */
NTKERNELAPI VOID NTAPI KeInitializeTimer(_Out_ PKTIMER Timer);
NTKERNELAPI VOID NTAPI KeInitializeTimerEx(_Out_ PKTIMER Timer, _In_ TIMER_TYPE Type);

/* IRQL <= DISPATCH_LEVEL; TRUE if it was queued already. "wdm: KeSetTimer". */
NTKERNELAPI BOOLEAN NTAPI KeSetTimer(_Inout_ PKTIMER Timer, _In_ LARGE_INTEGER DueTime,
                                     _In_opt_ PKDPC Dpc);

/* IRQL <= DISPATCH_LEVEL; Period is in milliseconds, 0 or more. "wdm: KeSetTimerEx". */
NTKERNELAPI BOOLEAN NTAPI KeSetTimerEx(_Inout_ PKTIMER Timer, _In_ LARGE_INTEGER DueTime,
                                       _In_ LONG Period, _In_opt_ PKDPC Dpc);

/* IRQL <= DISPATCH_LEVEL; delays in milliseconds <= MAXLONG. "wdm: KeSetCoalescableTimer". */
NTKERNELAPI BOOLEAN NTAPI KeSetCoalescableTimer(_Inout_ PKTIMER Timer, _In_ LARGE_INTEGER DueTime,
                                                _In_ ULONG Period, _In_ ULONG TolerableDelay,
                                                _In_opt_ PKDPC Dpc);

/* IRQL <= DISPATCH_LEVEL. "wdm: KeCancelTimer", "wdm: KeReadStateTimer". */
NTKERNELAPI BOOLEAN NTAPI KeCancelTimer(_Inout_ PKTIMER Timer);
NTKERNELAPI BOOLEAN NTAPI KeReadStateTimer(_In_ PKTIMER Timer);

EXTERN_C_END

#endif
