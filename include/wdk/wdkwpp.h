/*
 * wdkwpp.h: what .tmh files are made of, where dirql_tmh() makes them and not the WDK's tool.
 *
 * Each message stands in the trace and in reports, like a text of DbgPrint; all flags and levels
 * are on. Any IRQL. "WPP Software Tracing".
 */
#ifndef WDKWPP_H
#define WDKWPP_H

#include <wdm_base.h>

EXTERN_C_START

/* As a text of DbgPrint, with the formats that WPP adds (%!STATUS! and others); `prefix` and
 * `suffix` are parts of the format. Level and flags are text; NULL: there are none. */
NTSYSAPI VOID WdkWppTrace(_In_opt_ PCSTR Level, _In_opt_ PCSTR Flags, _In_ PCSTR Function,
                          _In_ PCSTR File, _In_ ULONG Line, _In_ PCSTR Prefix, _In_ PCSTR Suffix,
                          _In_ PCSTR Format, ...);

/* What a driver's providers are called tells drivers apart: a constant text. */
NTSYSAPI VOID WdkWppBegin(_In_ PCSTR Providers);
NTSYSAPI VOID WdkWppEnd(_In_ PCSTR Providers);

EXTERN_C_END

#define WDK_WPP_SPELL(...) #__VA_ARGS__
#define WDK_WPP_TEXT(...) WDK_WPP_SPELL(__VA_ARGS__)

/* Once, before WPP_CLEANUP; the second argument may be left out. "WPP_INIT_TRACING for Kernel-Mode
 * Drivers", "WPP_CLEANUP for Kernel-Mode Drivers". */
#define WDK_WPP_BEGIN(driver, path, ...) \
    ((VOID)(driver), (VOID)(path), WdkWppBegin(WDK_WPP_TEXT(WPP_CONTROL_GUIDS)))
#define WPP_INIT_TRACING(...) WDK_WPP_BEGIN(__VA_ARGS__, NULL, 0)
#define WPP_CLEANUP(driver) ((VOID)(driver), WdkWppEnd(WDK_WPP_TEXT(WPP_CONTROL_GUIDS)))

/* Whoever asks is told that everything is on. */
typedef struct WDK_WPP_CONTROL {
    UCHAR Level;
    ULONG Flags[1];
    ULONG64 Logger;
} WDK_WPP_CONTROL;

WDK_INLINE WDK_WPP_CONTROL WdkWppControl(VOID)
{
    WDK_WPP_CONTROL control = {0xFF, {0xFFFFFFFF}, 1};

    return control;
}

#define WPP_CHECK_INIT 1
#define WPP_CONTROL(bit) (WdkWppControl())
#define WPP_LEVEL_ENABLED(flags) 1
#define WPP_LEVEL_LOGGER(flags) 1
#define WPP_FLAG_ENABLED(flags) 1
#define WPP_FLAG_LOGGER(flags) 1
#define WPP_ENABLED() 1
#define WPP_LOGGER() 1

#endif
