/*
 * own.h - whose code an address lies in, in a program that may hold dirql and the driver in one file.
 */
#ifndef OWN_H
#define OWN_H

#include "host/guest.h"

typedef enum host_code {
    HOST_CODE_LIBRARY, /* Of a runtime library, or none at all. */
    HOST_CODE_GUEST,   /* Of the driver or the test. */
    HOST_CODE_OWN      /* dirql's. */
} host_code;

typedef struct host_codes {
    host_guest to_leave, to_interrupt;
    bool tells_own; /* False where guest code and dirql's own cannot be told apart: it all counts as
                       the guest's (lib/cmake/own-code.cmake). */
} host_codes;

void host_codes_read(host_codes *codes);
host_code host_code_at(const host_codes *codes, uintptr_t address);

#endif
