/*
 * stuck_posix.h - the watchdog's view of a process that may be stuck for good.
 */
#ifndef STUCK_POSIX_H
#define STUCK_POSIX_H

#include <stdbool.h>
#include <stdint.h>

/* True if a debugger or tracer is attached. */
bool host_stuck_is_traced(void);

/* Says where the thread is stuck (0 if it does not even take signals), and perhaps who called that,
 * and ends the process with a failure status. */
_Noreturn void host_stuck_end_process(uint64_t quiet_ns, uintptr_t stuck_at, uintptr_t caller);

#endif
