/*
 * signal_posix.c - one counted installation of one handler, which asks the thread whom the signal
 * is for.
 *
 * The handler blocks nothing and runs on the interrupted stack: a kick's answer is ordinary code
 * on top of what it interrupts, may be interrupted again, and may never return.
 *
 * A signal that interrupts the handler itself says nothing of the code below, which may hold a lock
 * of the C library: it is a miss. The handler counts while it judges; for the few instructions
 * around the counting it lies in a section of its own, whose bounds the linker tells.
 */
#include "host/signal_posix.h"

#include <errno.h>
#include <pthread.h>
#include <unistd.h>

#include "host/fault.h"
#include "host/frame.h"
#include "host/here_posix.h"
#include "host/kick_posix.h"
#include "host/sanitizer.h"
#include "host/thread_posix.h"

static HOST_KEPT struct {
    pthread_mutex_t mutex;
    unsigned takers;
    struct sigaction before;
} owner = { .mutex = PTHREAD_MUTEX_INITIALIZER };

/* Somebody above us may pass it on to us again: that would never end. */
static HOST_UNINSTRUMENTED void pass_on(int signal, siginfo_t *info, void *state)
{
    if (owner.before.sa_handler != SIG_DFL && owner.before.sa_handler != SIG_IGN &&
        !host_here_now.passes_on) {
        host_here_now.passes_on = true;
        host_fault_pass_on(&owner.before, signal, info, state);
        host_here_now.passes_on = false;
    }
}

extern const char __start_dirql_on_signal[] __attribute__((visibility("hidden")));
extern const char __stop_dirql_on_signal[] __attribute__((visibility("hidden")));

HOST_UNINSTRUMENTED bool host_signal_is_nested(const void *state)
{
    const uintptr_t place = host_frame_place(state);

    return host_here_now.answers != 1 || (place >= (uintptr_t)__start_dirql_on_signal &&
                                          place < (uintptr_t)__stop_dirql_on_signal);
}

static HOST_UNINSTRUMENTED void answer(const host_here *here, void *state)
{
    if (here->thread != NULL) {
        atomic_exchange(&here->thread->is_kicked, false); /* And what was written before. */
    }
    if ((here->watch == NULL || !host_watch_answer(state)) && here->kicked != NULL) {
        host_kick_answer(state);
    }
}

static HOST_UNINSTRUMENTED bool is_sent_by_us(const siginfo_t *info)
{
    return (info->si_code == SI_TKILL && info->si_pid == getpid()) || host_kick_is_again(info);
}

static HOST_UNINSTRUMENTED void judge(int signal, siginfo_t *info, void *state)
{
    const host_here *here = &host_here_now;
    int saved_errno = errno;

    if (!is_sent_by_us(info) || (here->watch == NULL && here->kicked == NULL)) {
        pass_on(signal, info, state);
    } else {
        answer(here, state);
    }
    errno = saved_errno;
}

static HOST_UNINSTRUMENTED __attribute__((section("dirql_on_signal"))) void
on_signal(int signal, siginfo_t *info, void *state)
{
    host_here_now.answers++;
    judge(signal, info, state);
    host_here_now.answers--;
}

static bool is_ours(const struct sigaction *action)
{
    return (action->sa_flags & SA_SIGINFO) != 0 && action->sa_sigaction == on_signal;
}

/* The handler may run before sigaction() returns, so what was there before is asked first. */
static bool install(void)
{
    struct sigaction action = { .sa_flags = SA_SIGINFO | SA_RESTART | SA_NODEFER };
    struct sigaction now;

    if (sigaction(HOST_SIGNAL, NULL, &now) != 0 || is_ours(&now)) {
        return is_ours(&now);
    }
    owner.before = now;
    action.sa_sigaction = on_signal;
    sigemptyset(&action.sa_mask);
    return sigaction(HOST_SIGNAL, &action, NULL) == 0;
}

/* If somebody put a handler over ours, that one stays. */
static void uninstall(void)
{
    struct sigaction now;

    if (sigaction(HOST_SIGNAL, NULL, &now) == 0 && is_ours(&now)) {
        sigaction(HOST_SIGNAL, &owner.before, NULL);
    }
}

static void lock(void)
{
    host_here_now.keeps_lock++;
    pthread_mutex_lock(&owner.mutex);
}

static void unlock(void)
{
    pthread_mutex_unlock(&owner.mutex);
    host_here_now.keeps_lock--;
}

bool host_signal_take(void)
{
    bool taken;

    lock();
    taken = owner.takers > 0 || install();
    owner.takers += taken ? 1 : 0;
    unlock();
    return taken;
}

void host_signal_give(void)
{
    lock();
    if (--owner.takers == 0) {
        uninstall();
    }
    unlock();
}

bool host_kicks_are_replaced(void)
{
    struct sigaction now;

    return sigaction(HOST_SIGNAL, NULL, &now) == 0 && !is_ours(&now);
}

void host_signal_forget(void)
{
    pthread_mutex_init(&owner.mutex, NULL);
}
