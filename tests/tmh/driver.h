/* driver.h - the sample driver. */
#ifndef DRIVER_H
#define DRIVER_H

#include <wdm.h>

EXTERN_C_START

NTSTATUS sample_entry(PDRIVER_OBJECT driver, PUNICODE_STRING path);
VOID sample_io(const GUID *kind, ULONG bytes);
BOOLEAN sample_is_traced(VOID);
VOID sample_unload(PDRIVER_OBJECT driver);

/* miniport.cpp */
VOID sample_play(ULONG rate);

EXTERN_C_END

#endif
