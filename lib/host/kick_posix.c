/*
 * kick_posix.c - kicks: a directed signal whose handler runs ordinary code on top of the
 * interrupted code.
 *
 * Who kicks counts itself in before it looks whether the thread wants kicks, and a thread that
 * wants none any more waits until nobody is counted in: after that no kick is under way, and the
 * thread may end.
 */
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/frame.h"
#include "host/guest.h"
#include "host/here_posix.h"
#include "host/sanitizer.h"
#include "host/signal_posix.h"
#include "host/thread_posix.h"

/* ---- On the kicked thread -------------------------------------------------------------------- */

/* ThreadSanitizer calls the handler later, from inside its runtime, and with all signals blocked;
 * the handler may never return there to have them unblocked. */
static void leave_sanitizer(const void *state)
{
    pthread_sigmask(SIG_SETMASK, &((const ucontext_t *)state)->uc_sigmask, NULL);
}

HOST_UNINSTRUMENTED void host_kick_answer(void *state)
{
    const host_here *here = &host_here_now;
    uintptr_t place = host_frame_place(state);
    bool is_late = host_sanitizer_is_tsan();
    bool in_guest = !is_late && here->keeps_lock == 0 && !host_signal_is_nested(state) &&
                    host_guest_has_now(place);

    if (is_late) {
        leave_sanitizer(state);
    }
    if (in_guest) {
        host_here_now.answers = 0; /* What follows may be kicked again, and may not come back. */
    }
    here->kicked(here->kick_owner, (const void *)place, in_guest);
    if (in_guest) {
        host_here_now.answers = 1;
    }
}

bool host_kicks_catch(host_kick_handler *handler, void *owner)
{
    host_here *here = &host_here_now;

    if (here->thread == NULL || here->kicked != NULL || !host_signal_take()) {
        return false; /* Nobody could name this thread, or its kicks are taken. */
    }
    host_guest_renew(false);
    here->answers = 0; /* One may have been left half way. */
    here->kick_owner = owner;
    here->kicked = handler;
    atomic_store(&here->thread->is_kicked, false);
    atomic_fetch_and(&here->thread->kickers, ~HOST_THREAD_DEAF);
    return true;
}

/* A signal that was sent comes at the latest when the thread returns from the system. */
void host_kicks_release(void)
{
    host_here *here = &host_here_now;

    if (here->kicked == NULL) {
        return;
    }
    atomic_fetch_or(&here->thread->kickers, HOST_THREAD_DEAF);
    while (atomic_load(&here->thread->kickers) != HOST_THREAD_DEAF) {
        sched_yield();
    }
    sched_yield();
    here->kicked = NULL;
    host_signal_give();
}

/* ---- On any thread --------------------------------------------------------------------------- */

static void send(host_thread *thread, unsigned kickers)
{
    if ((kickers & HOST_THREAD_DEAF) == 0 && !atomic_exchange(&thread->is_kicked, true)) {
        pthread_kill(thread->thread, HOST_SIGNAL);
    }
}

/* Its own kick comes before the signal is sent to the end, and may take the thread away: so it is
 * not counted in. */
void host_kick(host_thread *thread)
{
    host_here *here = &host_here_now;

    if (thread == here->thread) {
        send(thread, atomic_load(&thread->kickers));
        return;
    }
    here->keeps_lock++; /* Who is counted in must not be taken away. */
    send(thread, atomic_fetch_add(&thread->kickers, 1));
    atomic_fetch_sub(&thread->kickers, 1);
    here->keeps_lock--;
}

static bool mask_has_signal(const char *status)
{
    static const char label[] = "\nSigBlk:";
    const char *found = strstr(status, label);

    return found != NULL &&
           (strtoull(found + sizeof label - 1, NULL, 16) >> (HOST_SIGNAL - 1) & 1) != 0;
}

/* Valgrind blocks and unblocks as it likes; that is not the thread's doing. */
bool host_kick_is_blocked(host_thread *thread)
{
    char path[64];
    char status[4096];
    ssize_t got;
    int file;

    if (host_sanitizer_is_valgrind()) {
        return false;
    }
    snprintf(path, sizeof path, "/proc/self/task/%ld/status", atomic_load(&thread->number));
    file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) {
        return false;
    }
    got = read(file, status, sizeof status - 1);
    close(file);
    status[got > 0 ? got : 0] = '\0';
    return mask_has_signal(status);
}

/* ---- Whether it works here ------------------------------------------------------------------- */

static const char *judge(const host_guest *guest)
{
    if (!host_frame_is_known()) {
        return "On this processor it cannot be told which code a signal interrupted.";
    }
    if (access("/proc/self/maps", R_OK) != 0 || access("/proc/self/exe", F_OK) != 0) {
        return "/proc/self/maps and /proc/self/exe cannot be read, so code of the driver cannot be "
               "told from other code. Mount /proc.";
    }
    if (!guest->has_c_library) {
        return "The C library is part of the executable, so code of the driver cannot be told "
               "from code that holds the C library's locks. Link the C library as a shared "
               "library (without -static).";
    }
    if (host_sanitizer_is_tsan()) {
        return NULL; /* No kick finds guest code in it, but services take what has come. */
    }
    if (guest->modules == 0 && guest->has_heap_inside) {
        return "A sanitizer's runtime or an allocator is part of the executable, so code of the "
               "driver cannot be told from code that holds its locks. Link it as a shared library "
               "(clang: -shared-libsan; gcc does so by itself), or build the driver as a shared "
               "library.";
    }
    if (guest->modules == 0) {
        return "No module with code of the driver or the test was found in /proc/self/maps.";
    }
    return NULL;
}

bool host_kicks_can_be_had(char *advice, size_t bytes)
{
    host_guest guest;
    const char *reason;

    host_guest_now(&guest);
    reason = judge(&guest);
    if (bytes > 0) {
        snprintf(advice, bytes, "%s", reason != NULL ? reason : "");
    }
    return reason == NULL;
}

bool host_kicks_are_prompt(void)
{
    return !host_sanitizer_is_tsan();
}

void host_kicks_look_again(void)
{
    host_guest_renew(true);
}
