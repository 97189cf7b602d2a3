/*
 * wdm_callback.h: callback objects: routines by which one driver tells others. "Callback Objects".
 */
#ifndef WDM_CALLBACK_H
#define WDM_CALLBACK_H

#include <wdm_base.h>

EXTERN_C_START

typedef struct _CALLBACK_OBJECT *PCALLBACK_OBJECT;

/* Runs at the IRQL of ExNotifyCallback's caller. */
typedef VOID CALLBACK_FUNCTION(_In_opt_ PVOID CallbackContext, _In_opt_ PVOID Argument1,
                               _In_opt_ PVOID Argument2);
typedef CALLBACK_FUNCTION *PCALLBACK_FUNCTION;

/* IRQL <= APC_LEVEL. Given back with ObDereferenceObject. "wdm: ExCreateCallback". */
_Must_inspect_result_ NTKERNELAPI NTSTATUS NTAPI
ExCreateCallback(_Out_ PCALLBACK_OBJECT *CallbackObject, _In_ POBJECT_ATTRIBUTES ObjectAttributes,
                 _In_ BOOLEAN Create, _In_ BOOLEAN AllowMultipleCallbacks);

/* IRQL <= APC_LEVEL; NULL on failure. "wdm: ExRegisterCallback". */
_Must_inspect_result_ NTKERNELAPI PVOID NTAPI ExRegisterCallback(
    _Inout_ PCALLBACK_OBJECT CallbackObject, _In_ PCALLBACK_FUNCTION CallbackFunction,
    _In_opt_ PVOID CallbackContext);

/* IRQL <= APC_LEVEL. Returns when the routine runs no more. "wdm: ExUnregisterCallback". */
NTKERNELAPI VOID NTAPI ExUnregisterCallback(_Inout_ PVOID CallbackRegistration);

/* IRQL <= DISPATCH_LEVEL. "wdm: ExNotifyCallback". */
NTKERNELAPI VOID NTAPI ExNotifyCallback(_In_ PVOID CallbackObject, _In_opt_ PVOID Argument1,
                                        _In_opt_ PVOID Argument2);

EXTERN_C_END

#endif
