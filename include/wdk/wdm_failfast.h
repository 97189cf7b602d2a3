/*
 * wdm_failfast.h: the end of code that has found its own data corrupted.
 */
#ifndef WDM_FAILFAST_H
#define WDM_FAILFAST_H

#include <wdm_base.h>

EXTERN_C_START

#define FAST_FAIL_LEGACY_GS_VIOLATION 0
#define FAST_FAIL_STACK_COOKIE_CHECK_FAILURE 2
#define FAST_FAIL_CORRUPT_LIST_ENTRY 3
#define FAST_FAIL_INCORRECT_STACK 4
#define FAST_FAIL_INVALID_ARG 5
#define FAST_FAIL_FATAL_APP_EXIT 7
#define FAST_FAIL_RANGE_CHECK_FAILURE 8
#define FAST_FAIL_UNSAFE_REGISTRY_ACCESS 9
#define FAST_FAIL_INVALID_REFERENCE_COUNT 14

/* Any IRQL. Does not return: bug check 0x139 with the code. "wdm: RtlFailFast". */
DECLSPEC_NORETURN NTSYSAPI VOID NTAPI RtlFailFast(_In_ ULONG Code);

EXTERN_C_END

#endif
