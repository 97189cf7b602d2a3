/*
 * wdm_extimer.h: timer objects that the system allocates. Times are in 100 ns. "ExXxxTimer Routines
 * and EX_TIMER Objects".
 *
 * A thread can wait for an EX_TIMER; it is a synchronization timer unless EX_TIMER_NOTIFICATION.
 */
#ifndef WDM_EXTIMER_H
#define WDM_EXTIMER_H

#include <wdm_timer.h>

EXTERN_C_START

typedef struct _EX_TIMER *PEX_TIMER;

#define EX_TIMER_HIGH_RESOLUTION 4
#define EX_TIMER_NO_WAKE 8
#define EX_TIMER_NOTIFICATION 0x80000000UL
#define EX_TIMER_UNLIMITED_TOLERANCE ((LONGLONG)-1)

/* Runs at DISPATCH_LEVEL. "wdm: EXT_CALLBACK". */
typedef VOID EXT_CALLBACK(_In_ PEX_TIMER Timer, _In_opt_ PVOID Context);
typedef EXT_CALLBACK *PEXT_CALLBACK;

/* Runs at IRQL <= DISPATCH_LEVEL, when the timer is gone. "wdm: EXT_DELETE_CALLBACK". */
typedef VOID EXT_DELETE_CALLBACK(_In_opt_ PVOID Context);
typedef EXT_DELETE_CALLBACK *PEXT_DELETE_CALLBACK;

typedef struct _EXT_SET_PARAMETERS_V0 {
    ULONG Version;
    ULONG Reserved;
    LONGLONG NoWakeTolerance;
} EXT_SET_PARAMETERS, *PEXT_SET_PARAMETERS;

typedef struct _EXT_DELETE_PARAMETERS {
    ULONG Version;
    ULONG Reserved;
    PEXT_DELETE_CALLBACK DeleteCallback;
    PVOID DeleteContext;
} EXT_DELETE_PARAMETERS, *PEXT_DELETE_PARAMETERS;

typedef PVOID PEXT_CANCEL_PARAMETERS;

#define EXT_SET_PARAMETERS_VERSION_0 0
#define EXT_DELETE_PARAMETERS_VERSION_0 0

/* Any IRQL. "wdm: ExInitializeSetTimerParameters", "wdm: ExInitializeDeleteTimerParameters". */
WDK_INLINE VOID ExInitializeSetTimerParameters(_Out_ PEXT_SET_PARAMETERS Parameters)
{
    Parameters->Version = EXT_SET_PARAMETERS_VERSION_0;
    Parameters->Reserved = 0;
    Parameters->NoWakeTolerance = 0;
}

WDK_INLINE VOID ExInitializeDeleteTimerParameters(_Out_ PEXT_DELETE_PARAMETERS Parameters)
{
    Parameters->Version = EXT_DELETE_PARAMETERS_VERSION_0;
    Parameters->Reserved = 0;
    Parameters->DeleteCallback = NULL;
    Parameters->DeleteContext = NULL;
}

/* IRQL <= DISPATCH_LEVEL; NULL on failure. "wdm: ExAllocateTimer". */
_Must_inspect_result_ NTKERNELAPI PEX_TIMER NTAPI ExAllocateTimer(_In_opt_ PEXT_CALLBACK Callback,
                                                                  _In_opt_ PVOID CallbackContext,
                                                                  _In_ ULONG Attributes);

/* IRQL <= DISPATCH_LEVEL; TRUE if a timer was pending, which this cancels. "wdm: ExSetTimer". */
NTKERNELAPI BOOLEAN NTAPI ExSetTimer(_In_ PEX_TIMER Timer, _In_ LONGLONG DueTime,
                                     _In_ LONGLONG Period,
                                     _In_opt_ PEXT_SET_PARAMETERS Parameters);

/* IRQL <= DISPATCH_LEVEL. "wdm: ExCancelTimer". */
NTKERNELAPI BOOLEAN NTAPI ExCancelTimer(_Inout_ PEX_TIMER Timer,
                                        _In_opt_ PEXT_CANCEL_PARAMETERS Parameters);

/* IRQL <= DISPATCH_LEVEL, <= APC_LEVEL with Wait, which needs Cancel. "wdm: ExDeleteTimer". */
NTKERNELAPI BOOLEAN NTAPI ExDeleteTimer(_In_ PEX_TIMER Timer, _In_ BOOLEAN Cancel,
                                        _In_ BOOLEAN Wait,
                                        _In_opt_ PEXT_DELETE_PARAMETERS Parameters);

EXTERN_C_END

#endif
