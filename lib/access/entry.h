/*
 * entry.h - how the entry points are written.
 *
 * Compilers emit calls of __tsan_ functions before the accesses of instrumented code. Everything
 * here may be called before main, on any host thread and in signal handlers; it keeps nothing of
 * its own and calls nothing but dq_access() and, for blocks of memory, the C library. The names are
 * local to the module that links them.
 */
#ifndef DQ_ENTRY_H
#define DQ_ENTRY_H

#include "sim/access.h"

/* Declares and begins an entry point. */
#define DQ_ENTRY(type, name, ...) \
    type name(__VA_ARGS__);       \
    type name(__VA_ARGS__)

#define DQ_CALLER __builtin_return_address(0)

#endif
