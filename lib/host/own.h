/*
 * own.h - which code is dirql's own, in a program that may hold it and the driver's in one file.
 */
#ifndef OWN_H
#define OWN_H

#include "host/guest.h"

/* False where the two cannot be told apart (lib/cmake/own-code.cmake). */
bool host_own_is_known(const host_guest *guest);

/* If it is known: true if the code is dirql's, and not of a shared library. */
bool host_own_has(uintptr_t address);

#endif
