/*
 * wdm_processorstate.h: floating-point and extended processor state, and what the processor can do.
 *
 * The machine is an x64 one: its compilers save what they use of SSE, in ISRs too, so that only the
 * extended features need saving. Source that is for x86 as well saves everywhere; here it is held
 * to the rules of the pages.
 */
#ifndef WDM_PROCESSORSTATE_H
#define WDM_PROCESSORSTATE_H

#include <wdm_base.h>

EXTERN_C_START

typedef struct _KFLOATING_SAVE {
    ULONG Dummy;
} KFLOATING_SAVE, *PKFLOATING_SAVE;

/* IRQL <= DISPATCH_LEVEL; undone by the routine, thread and IRQL that saved, the latest first.
 * Resident memory. STATUS_INSUFFICIENT_RESOURCES. "wdm: KeSaveFloatingPointState",
 * "wdm: KeRestoreFloatingPointState". */
_Must_inspect_result_ NTKERNELAPI NTSTATUS NTAPI KeSaveFloatingPointState(
    _Out_ PKFLOATING_SAVE FloatSave);
NTKERNELAPI NTSTATUS NTAPI KeRestoreFloatingPointState(_In_ PKFLOATING_SAVE FloatSave);

/* -- Extended state --------------------------------------------------------------------------- */

#define XSTATE_LEGACY_FLOATING_POINT 0
#define XSTATE_LEGACY_SSE 1
#define XSTATE_GSSE 2
#define XSTATE_AVX XSTATE_GSSE
#define XSTATE_MPX_BNDREGS 3
#define XSTATE_MPX_BNDCSR 4
#define XSTATE_AVX512_KMASK 5
#define XSTATE_AVX512_ZMM_H 6
#define XSTATE_AVX512_ZMM 7
#define XSTATE_IPT 8
#define XSTATE_PASID 10
#define XSTATE_CET_U 11
#define XSTATE_AMX_TILE_CONFIG 17
#define XSTATE_AMX_TILE_DATA 18
#define XSTATE_LWP 62
#define MAXIMUM_XSTATE_FEATURES 64

#define XSTATE_MASK_LEGACY_FLOATING_POINT (1ULL << XSTATE_LEGACY_FLOATING_POINT)
#define XSTATE_MASK_LEGACY_SSE (1ULL << XSTATE_LEGACY_SSE)
#define XSTATE_MASK_LEGACY (XSTATE_MASK_LEGACY_FLOATING_POINT | XSTATE_MASK_LEGACY_SSE)
#define XSTATE_MASK_GSSE (1ULL << XSTATE_GSSE)
#define XSTATE_MASK_AVX XSTATE_MASK_GSSE
#define XSTATE_MASK_MPX ((1ULL << XSTATE_MPX_BNDREGS) | (1ULL << XSTATE_MPX_BNDCSR))
#define XSTATE_MASK_AVX512 \
    ((1ULL << XSTATE_AVX512_KMASK) | (1ULL << XSTATE_AVX512_ZMM_H) | (1ULL << XSTATE_AVX512_ZMM))
#define XSTATE_MASK_IPT (1ULL << XSTATE_IPT)
#define XSTATE_MASK_PASID (1ULL << XSTATE_PASID)
#define XSTATE_MASK_CET_U (1ULL << XSTATE_CET_U)
#define XSTATE_MASK_AMX_TILE_CONFIG (1ULL << XSTATE_AMX_TILE_CONFIG)
#define XSTATE_MASK_AMX_TILE_DATA (1ULL << XSTATE_AMX_TILE_DATA)
#define XSTATE_MASK_LWP (1ULL << XSTATE_LWP)

struct _XSAVE_AREA;

typedef struct _XSTATE_CONTEXT {
    ULONG64 Mask;
    ULONG Length;
    ULONG Reserved1;
    struct _XSAVE_AREA *Area;
    PVOID Buffer;
} XSTATE_CONTEXT, *PXSTATE_CONTEXT;

/* Opaque. "wdm: XSTATE_SAVE". */
typedef struct _XSTATE_SAVE {
    struct _XSTATE_SAVE *Prev;
    struct _KTHREAD *Thread;
    UCHAR Level;
    XSTATE_CONTEXT XStateContext;
} XSTATE_SAVE, *PXSTATE_SAVE;

/* As the floating-point pair, for the features in Mask, all of them enabled.
 * "wdm: KeSaveExtendedProcessorState", "wdm: KeRestoreExtendedProcessorState". */
_Must_inspect_result_ NTKERNELAPI NTSTATUS NTAPI KeSaveExtendedProcessorState(
    _In_ ULONG64 Mask, _Out_ PXSTATE_SAVE XStateSave);
NTKERNELAPI VOID NTAPI KeRestoreExtendedProcessorState(_In_ PXSTATE_SAVE XStateSave);

/* IRQL = PASSIVE_LEVEL. Those of the mask that are enabled: x87, SSE and AVX.
 * "ntddk: RtlGetEnabledExtendedFeatures". */
NTSYSAPI ULONG64 NTAPI RtlGetEnabledExtendedFeatures(_In_ ULONG64 FeatureMask);

/* -- Features --------------------------------------------------------------------------------- */

#define PF_FLOATING_POINT_PRECISION_ERRATA 0
#define PF_FLOATING_POINT_EMULATED 1
#define PF_COMPARE_EXCHANGE_DOUBLE 2
#define PF_MMX_INSTRUCTIONS_AVAILABLE 3
#define PF_PPC_MOVEMEM_64BIT_OK 4
#define PF_ALPHA_BYTE_INSTRUCTIONS 5
#define PF_XMMI_INSTRUCTIONS_AVAILABLE 6
#define PF_3DNOW_INSTRUCTIONS_AVAILABLE 7
#define PF_RDTSC_INSTRUCTION_AVAILABLE 8
#define PF_PAE_ENABLED 9
#define PF_XMMI64_INSTRUCTIONS_AVAILABLE 10
#define PF_SSE_DAZ_MODE_AVAILABLE 11
#define PF_NX_ENABLED 12
#define PF_SSE3_INSTRUCTIONS_AVAILABLE 13
#define PF_COMPARE_EXCHANGE128 14
#define PF_COMPARE64_EXCHANGE128 15
#define PF_CHANNELS_ENABLED 16
#define PF_XSAVE_ENABLED 17

/* IRQL = PASSIVE_LEVEL. "wdm: ExIsProcessorFeaturePresent". */
NTKERNELAPI BOOLEAN NTAPI ExIsProcessorFeaturePresent(_In_ ULONG ProcessorFeature);

EXTERN_C_END

#endif
