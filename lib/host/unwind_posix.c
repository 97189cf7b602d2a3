/*
 * unwind_posix.c - unwinds with the compiler's runtime library, if the process has it.
 *
 * It is asked inside a signal handler, and goes from there through the frame that the system made
 * for the signal. It takes no lock and allocates nothing.
 */
#include "host/unwind.h"

#include <dlfcn.h>
#include <stddef.h>
#include <unwind.h>

#include "host/guest.h"
#include "host/host.h"

enum { FRAMES_MAX = 64 };

typedef _Unwind_Reason_Code unwinder(_Unwind_Trace_Fn visit, void *argument);

static HOST_KEPT unwinder *unwind;
static HOST_KEPT uintptr_t (*place_of)(struct _Unwind_Context *context);

void host_unwind_prepare(void)
{
    static HOST_KEPT bool has_looked;

    if (!has_looked) {
        has_looked = true;
        *(void **)&unwind = dlsym(RTLD_DEFAULT, "_Unwind_Backtrace");
        *(void **)&place_of = dlsym(RTLD_DEFAULT, "_Unwind_GetIP");
    }
}

typedef struct search {
    host_guest guest;
    uintptr_t found;
    unsigned frames;
    bool is_below; /* The frames of the handler itself, which is guest code, too, are passed. */
} search;

static _Unwind_Reason_Code look(struct _Unwind_Context *context, void *argument)
{
    search *s = argument;
    const uintptr_t place = place_of(context);
    const bool is_guest = host_guest_has(&s->guest, place);

    s->is_below = s->is_below || !is_guest;
    if (s->is_below && is_guest) {
        s->found = place;
    }
    return s->found != 0 || ++s->frames == FRAMES_MAX ? _URC_END_OF_STACK : _URC_NO_REASON;
}

uintptr_t host_unwind_to_guest(void)
{
    search s = { .found = 0 };

    if (unwind == NULL || place_of == NULL) {
        return 0;
    }
    host_guest_read(&s.guest, HOST_GUEST_TO_LEAVE);
    (void)unwind(look, &s);
    return s.found;
}
