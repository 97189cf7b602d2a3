/*
 * watch.h - what tests of the watchdog may turn.
 */
#ifndef WATCH_H
#define WATCH_H

#include <stdint.h>

/* How long a stalled thread may stay outside guest code before the process is ended; 5 s. */
extern uint64_t host_watch_patience_ns __attribute__((visibility("hidden")));

#endif
