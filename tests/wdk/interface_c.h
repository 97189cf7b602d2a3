/*
 * interface_c.h: the C half of test_headers.cpp, which implements and calls interfaces in C.
 */
#ifndef TESTS_WDK_INTERFACE_C_H
#define TESTS_WDK_INTERFACE_C_H

#include <portcls.h>

EXTERN_C_START

/* An IInterruptSync whose methods each return the number of their slot, or note it here. */
PINTERRUPTSYNC interface_c_sync(void);
extern int interface_c_last_slot;

/* Calls every method of a sink in turn, and gives the reference back. */
void interface_c_call_sink(PSERVICESINK Sink);

/* Asks an object for an interface; the caller owns the reference. */
NTSTATUS interface_c_query(PUNKNOWN Unknown, const GUID *Iid, PVOID *Interface);

EXTERN_C_END

#endif
