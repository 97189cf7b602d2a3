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

WDK_INLINE VOID WdkWppBegin(_In_opt_ const VOID *Driver, _In_opt_ const VOID *Path)
{
    (VOID)Driver;
    (VOID)Path;
}

EXTERN_C_END

/* The second may be left out. */
#define WDK_WPP_BEGIN(driver, path, ...) WdkWppBegin((driver), (path))
#define WPP_INIT_TRACING(...) WDK_WPP_BEGIN(__VA_ARGS__, NULL, 0)
#define WPP_CLEANUP(driver) WdkWppBegin((driver), NULL)

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
