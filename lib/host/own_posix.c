/*
 * own_posix.c - the section that the code of dirql's static libraries lies in.
 */
#include "host/own.h"

/* Made by the linker, where there is such a section. */
extern const char __start_dirql_code[] __attribute__((weak, visibility("hidden")));
extern const char __stop_dirql_code[] __attribute__((weak, visibility("hidden")));

bool host_own_is_known(const host_guest *guest)
{
    return host_own_has((uintptr_t)host_own_is_known) ||
           !host_guest_has(guest, (uintptr_t)host_own_is_known);
}

bool host_own_has(uintptr_t address)
{
    return address >= (uintptr_t)__start_dirql_code && address < (uintptr_t)__stop_dirql_code;
}
