/* driver.c - a driver whose messages go through WPP. */
#include <wdm.h>

#include "driver.h"
#include "trace.h"
#include "driver.tmh"

NTSTATUS sample_entry(PDRIVER_OBJECT driver, PUNICODE_STRING path)
{
    WPP_INIT_TRACING(driver, path);
    TraceEnter();
    TraceEvents(TRACE_LEVEL_ERROR, DBG_INIT, "starting %wZ failed: %!STATUS!", path,
                STATUS_DEVICE_NOT_READY);
    if (!NT_SUCCESS(STATUS_SUCCESS)) {
        WPP_CLEANUP(driver);
    }
    return STATUS_SUCCESS;
}

VOID sample_io(const GUID *kind, ULONG bytes)
{
    if (bytes == 0)
        DoTraceMessage(DBG_IO, "nothing to do");
    else
        TraceInfo(DBG_IO, "%u%% of %!GUID! in %!FUNC!, line %!LINE!", bytes, kind);
    KdPrint(("%d bytes\n", bytes));
    TraceReturn(STATUS_PENDING);
}

BOOLEAN sample_is_traced(VOID)
{
    return WPP_LEVEL_FLAGS_ENABLED(TRACE_LEVEL_VERBOSE, DBG_IO) && WPP_CHECK_INIT;
}

VOID sample_unload(PDRIVER_OBJECT driver)
{
    WPP_CLEANUP(driver);
}
