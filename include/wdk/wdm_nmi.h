/*
 * wdm_nmi.h: routines that are asked whether a nonmaskable interrupt is theirs.
 */
#ifndef WDM_NMI_H
#define WDM_NMI_H

#include <wdm_base.h>

EXTERN_C_START

/* IRQL = HIGH_LEVEL. `Handled`: one of those that were asked before returned TRUE.
 * "wdm: KeRegisterNmiCallback". */
typedef BOOLEAN NMI_CALLBACK(_In_opt_ PVOID Context, _In_ BOOLEAN Handled);
typedef NMI_CALLBACK *PNMI_CALLBACK;

/* Returns a handle; NULL: it cannot be registered. The latest registered is asked first. If nobody
 * returns TRUE the system stops (0x80). IRQL <= APC_LEVEL. "wdm: KeRegisterNmiCallback". */
NTKERNELAPI PVOID NTAPI KeRegisterNmiCallback(_In_ PNMI_CALLBACK CallbackRoutine,
                                              _In_opt_ PVOID Context);

/* STATUS_INVALID_HANDLE: there is no such callback. IRQL <= APC_LEVEL.
 * "wdm: KeDeregisterNmiCallback". */
NTKERNELAPI NTSTATUS NTAPI KeDeregisterNmiCallback(_In_ PVOID Handle);

EXTERN_C_END

#endif
