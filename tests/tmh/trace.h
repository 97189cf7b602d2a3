/* trace.h - the messages of the sample driver, as drivers describe them. */
#ifndef TRACE_H
#define TRACE_H

#include <evntrace.h>

#define WPP_CONTROL_GUIDS                                                           \
    WPP_DEFINE_CONTROL_GUID(SampleTraceGuid, (84bdb2e9,829e,41b3,b891,02f454bc2bd7), \
        WPP_DEFINE_BIT(DBG_INIT)                                                    \
        WPP_DEFINE_BIT(DBG_IO))

#define WPP_LEVEL_FLAGS_LOGGER(lvl, flags) WPP_LEVEL_LOGGER(flags)
#define WPP_LEVEL_FLAGS_ENABLED(lvl, flags) \
    (WPP_LEVEL_ENABLED(flags) && WPP_CONTROL(WPP_BIT_##flags).Level >= lvl)

//
// begin_wpp config
// FUNC TraceEvents(LEVEL, FLAGS, MSG, ...);
// FUNC TraceInfo{LEVEL=TRACE_LEVEL_INFORMATION}(FLAGS, MSG, ...);
// FUNC KdPrint{LEVEL=TRACE_LEVEL_VERBOSE, FLAGS=DBG_IO}((MSG, ...));
// USEPREFIX (TraceEnter, "%!STDPREFIX! %!FUNC! entered");
// FUNC TraceEnter{LEVEL=TRACE_LEVEL_VERBOSE}(...);
// FUNC TraceReturn{LEVEL=TRACE_LEVEL_ERROR}(EXP);
// USESUFFIX (TraceReturn, "%!FUNC! returns %!STATUS!", EXP);
// end_wpp
//

#endif
