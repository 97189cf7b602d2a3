/*
 * guest.h - which code is guest code: the executable and the modules it brought, but no runtime
 * library.
 *
 * Code of a runtime library may hold a lock that the process needs later, so nothing is ever torn
 * away from there. The executable drops out if it holds a runtime library itself: the C library
 * when it was linked statically, and the part where clang puts its sanitizers.
 */
#ifndef GUEST_H
#define GUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { HOST_GUEST_RANGES_MAX = 64 };

typedef struct host_guest {
    unsigned count;
    struct {
        uintptr_t start;
        uintptr_t end;
    } range[HOST_GUEST_RANGES_MAX];
} host_guest;

/* Reads what the process has mapped now. Takes no lock and allocates nothing. */
void host_guest_read(host_guest *guest);

/* May be called in a signal handler. */
bool host_guest_has(const host_guest *guest, uintptr_t address);

/* The base name of the file that is mapped at `address`; "memory without a file" if none. */
void host_guest_module(uintptr_t address, char *name, size_t bytes);

#endif
