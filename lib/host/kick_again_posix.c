/*
 * kick_again_posix.c - a thread kicks itself a little later: a timer of its own sends it the
 * signal.
 *
 * Asked for in a signal handler, whatever it interrupted; so the system is called directly, for the
 * C library's timers allocate. A timer lives as long as its thread.
 */
#include "host/kick_posix.h"

#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "host/here_posix.h"
#include "host/host.h"
#include "host/sanitizer.h"
#include "host/signal_posix.h"
#include "host/thread_posix.h"

#if defined(SYS_timer_create) && defined(SIGEV_THREAD_ID) && __SIZEOF_POINTER__ == 8

#ifndef sigev_notify_thread_id
#define sigev_notify_thread_id _sigev_un._tid
#endif

enum { NONE, MADE, CANNOT_BE };

static const char mark; /* What our timers' signals carry. */

static HOST_UNINSTRUMENTED void make_timer(host_here *here)
{
    struct sigevent event;

    memset(&event, 0, sizeof event);
    event.sigev_notify = SIGEV_THREAD_ID;
    event.sigev_signo = HOST_SIGNAL;
    event.sigev_notify_thread_id = (int)host_thread_number();
    event.sigev_value.sival_ptr = (void *)&mark;
    if (host_sanitizer_is_valgrind() ||
        syscall(SYS_timer_create, CLOCK_MONOTONIC, &event, &here->timer) != 0) {
        here->timer_state = CANNOT_BE;
    } else {
        here->timer_state = MADE;
    }
}

HOST_UNINSTRUMENTED bool host_kick_again(uint64_t within_ns)
{
    host_here *here = &host_here_now;
    struct itimerspec when = { .it_value = { .tv_sec = (time_t)(within_ns / 1000000000u),
                                             .tv_nsec = (long)(within_ns % 1000000000u) } };

    if (here->timer_state == NONE) {
        make_timer(here);
    }
    return here->timer_state == MADE &&
           syscall(SYS_timer_settime, here->timer, 0, &when, NULL) == 0;
}

HOST_UNINSTRUMENTED bool host_kick_is_again(const siginfo_t *info)
{
    return info->si_code == SI_TIMER && info->si_value.sival_ptr == (const void *)&mark;
}

void host_kick_again_end(void)
{
    if (host_here_now.timer_state == MADE) {
        syscall(SYS_timer_delete, host_here_now.timer);
    }
    host_here_now.timer_state = NONE;
}

void host_kick_again_forget(void)
{
    host_here_now.timer_state = NONE;
}

#else

bool host_kick_again(uint64_t within_ns)
{
    (void)within_ns;
    return false;
}

bool host_kick_is_again(const siginfo_t *info)
{
    (void)info;
    return false;
}

void host_kick_again_end(void)
{
}

void host_kick_again_forget(void)
{
}

#endif
