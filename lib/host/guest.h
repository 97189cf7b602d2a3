/*
 * guest.h - which code is guest code: the executable and the modules it brought, but no runtime
 * library.
 *
 * Code of a runtime library may hold a lock that the process needs later, so nothing is ever torn
 * away from there, and nothing else is run on top of it. The executable drops out if it holds a
 * runtime library itself: the C library when it was linked statically, and the part where clang
 * puts its sanitizers.
 */
#ifndef GUEST_H
#define GUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { HOST_GUEST_RANGES_MAX = 64 };

typedef enum host_guest_use {
    HOST_GUEST_TO_LEAVE,    /* Code that may be torn away: dirql's own may not. */
    HOST_GUEST_TO_INTERRUPT /* Code on top of which other code may run and return: dirql's own
                               may be below, an executable with a sanitizer in it may not. */
} host_guest_use;

typedef struct host_guest {
    bool has_c_library;   /* As a file of its own; without, nothing is guest code. */
    bool has_heap_inside; /* A sanitizer or an allocator is part of the executable. */
    unsigned modules;     /* Files with guest code. */
    unsigned count;
    struct {
        uintptr_t start;
        uintptr_t end;
    } range[HOST_GUEST_RANGES_MAX];
} host_guest;

/* Reads what the process has mapped now. Takes no lock and allocates nothing. */
void host_guest_read(host_guest *guest, host_guest_use use);

/* May be called in a signal handler. */
bool host_guest_has(const host_guest *guest, uintptr_t address);

/* The process's map for HOST_GUEST_TO_INTERRUPT is read at the first call, and read again if
 * modules came or went since, or if it `must` be. */
void host_guest_renew(bool must);

/* That map, renewed if it must be. Reading one anew takes longer than a short run. */
void host_guest_now(host_guest *guest);

/* Code of dirql's that may be on top of a library which holds locks: it is no guest code, wherever
 * it lies. Any host thread. */
void host_guest_except(uintptr_t from, uintptr_t to);

/* May be called in a signal handler. */
bool host_guest_is_excepted(uintptr_t address);

/* host_guest_has() of that map, without what is excepted. May be called in a signal handler. False before the first
 * host_guest_renew(). */
bool host_guest_has_now(uintptr_t address);

/* The base name of the file that is mapped at `address`; "memory without a file" if none. */
void host_guest_module(uintptr_t address, char *name, size_t bytes);

#endif
