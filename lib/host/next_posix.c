/*
 * next_posix.c - functions that a library stands in for: the dynamic linker knows the next of a
 * name.
 */
#define _GNU_SOURCE /* RTLD_NEXT */

#include "next.h"

#include <dlfcn.h>
#include <string.h>

host_function *host_next_function(const char *name)
{
    void *address = dlsym(RTLD_NEXT, name);
    host_function *function;

    /* ISO C has no conversion from one to the other; POSIX promises that they look the same. */
    memcpy(&function, &address, sizeof function);
    return function;
}
