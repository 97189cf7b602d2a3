/*
 * own_posix.c - dirql's code lies in a file of its own, or in a section of its own.
 */
#include "host/own.h"

/* Made by the linker, where there is such a section. */
extern const char __start_dirql_code[] __attribute__((weak, visibility("hidden")));
extern const char __stop_dirql_code[] __attribute__((weak, visibility("hidden")));

void host_codes_read(host_codes *codes)
{
    host_guest_read(&codes->to_leave, HOST_GUEST_TO_LEAVE);
    host_guest_read(&codes->to_interrupt, HOST_GUEST_TO_INTERRUPT);
    codes->tells_own = host_code_at(codes, (uintptr_t)host_codes_read) != HOST_CODE_GUEST;
}

host_code host_code_at(const host_codes *codes, uintptr_t address)
{
    if ((address >= (uintptr_t)__start_dirql_code && address < (uintptr_t)__stop_dirql_code) ||
        host_guest_is_excepted(address)) {
        return HOST_CODE_OWN;
    }
    if (host_guest_has(&codes->to_leave, address)) {
        return HOST_CODE_GUEST;
    }
    return host_guest_has(&codes->to_interrupt, address) ? HOST_CODE_OWN : HOST_CODE_LIBRARY;
}
