/*
 * wdm_irql.h: interrupt request levels of x64 and the services that change them.
 */
#ifndef WDM_IRQL_H
#define WDM_IRQL_H

#include <wdm_base.h>

EXTERN_C_START

#define PASSIVE_LEVEL 0
#define LOW_LEVEL 0
#define APC_LEVEL 1
#define DISPATCH_LEVEL 2
#define CMCI_LEVEL 5
#define SYNCH_LEVEL 12
#define CLOCK_LEVEL 13
#define IPI_LEVEL 14
#define DRS_LEVEL 14
#define POWER_LEVEL 14
#define PROFILE_LEVEL 15
#define HIGH_LEVEL 15

/* Any IRQL not above NewIrql. "wdm: KeRaiseIrql". */
NTKERNELAPI VOID NTAPI KeRaiseIrql(_In_ KIRQL NewIrql, _Out_ PKIRQL OldIrql);
NTKERNELAPI KIRQL NTAPI KfRaiseIrql(_In_ KIRQL NewIrql);

/* Any IRQL not below NewIrql, which is what the preceding raise returned. "wdm: KeLowerIrql". */
NTKERNELAPI VOID NTAPI KeLowerIrql(_In_ KIRQL NewIrql);
NTKERNELAPI VOID NTAPI KfLowerIrql(_In_ KIRQL NewIrql);

/* IRQL <= DISPATCH_LEVEL. "wdm: KeRaiseIrqlToDpcLevel". */
NTKERNELAPI KIRQL NTAPI KeRaiseIrqlToDpcLevel(VOID);

/* IRQL <= SYNCH_LEVEL. */
NTKERNELAPI KIRQL NTAPI KeRaiseIrqlToSynchLevel(VOID);

/* Any IRQL. "wdm: KeGetCurrentIrql". */
NTKERNELAPI KIRQL NTAPI KeGetCurrentIrql(VOID);

EXTERN_C_END

#endif
