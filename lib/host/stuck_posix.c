/*
 * stuck_posix.c - the last words of a process that cannot be stopped in an orderly way.
 *
 * The stuck thread may hold any lock. So what matters is written first, without a lock; what
 * might wait for one (the loader's names, the buffers of stdio) comes last, and an alarm ends it.
 */
#include "host/stuck_posix.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/guest.h"
#include "host/host.h"

#define LAST_WORDS_S_MAX 2u

bool host_stuck_is_traced(void)
{
    static const char label[] = "TracerPid:";
    char status[2048];
    const char *found;
    ssize_t got;
    int file = open("/proc/self/status", O_RDONLY | O_CLOEXEC);

    if (file < 0) {
        return false;
    }
    got = read(file, status, sizeof status - 1);
    close(file);
    status[got > 0 ? got : 0] = '\0';
    found = strstr(status, label);
    return found != NULL && strtol(found + sizeof label - 1, NULL, 10) != 0;
}

static void say(const char *text)
{
    ssize_t written = write(STDERR_FILENO, text, strlen(text));

    (void)written; /* There is nobody to tell. */
}

static void say_where(uint64_t quiet_ns, uintptr_t stuck_at)
{
    char module[128];
    char text[400];

    if (stuck_at == 0) {
        snprintf(text, sizeof text,
                 "dirql: no progress for %u ms, and the thread takes no signal.\n",
                 (unsigned)(quiet_ns / 1000000u));
    } else {
        host_guest_module(stuck_at, module, sizeof module);
        snprintf(text, sizeof text,
                 "dirql: no progress for %u ms, and the thread cannot be stopped where it is: "
                 "it stays in %s, outside the driver's code, or in a call that the test framework "
                 "makes.\n",
                 (unsigned)(quiet_ns / 1000000u), module);
    }
    say(text);
}

static void set_alarm(void)
{
    struct sigaction end = { .sa_handler = SIG_DFL };
    sigset_t alarm_only;

    sigemptyset(&alarm_only);
    sigaddset(&alarm_only, SIGALRM);
    sigaction(SIGALRM, &end, NULL);
    pthread_sigmask(SIG_UNBLOCK, &alarm_only, NULL);
    alarm(LAST_WORDS_S_MAX);
}

static void say_function(uintptr_t stuck_at)
{
    char text[300];
    Dl_info info;

    if (stuck_at != 0 && dladdr((void *)stuck_at, &info) != 0 && info.dli_sname != NULL) {
        snprintf(text, sizeof text, "dirql: it was last seen in %s.\n", info.dli_sname);
        say(text);
    }
}

/* The lock of a C++ variable is one between host threads: a simulated thread that waits for another
 * one there keeps the host thread that both run on. */
static void say_guard(uintptr_t caller)
{
    Dl_info info;

    if (caller != 0 && dladdr((void *)caller, &info) != 0 && info.dli_sname != NULL &&
        strstr(info.dli_sname, "cxa_guard_acquire") != NULL) {
        say("dirql: there it waits for a local static variable of C++, whose constructor another "
            "thread of the run has begun, and waits in it. Let the constructor wait for nothing, "
            "or initialise the variable before the threads are there.\n");
    }
}

static _Noreturn void end_process(void)
{
    fflush(NULL);
    _Exit(EXIT_FAILURE);
}

void host_stuck_end_process(uint64_t quiet_ns, uintptr_t stuck_at, uintptr_t caller)
{
    say_where(quiet_ns, stuck_at);
    say("dirql: the process ends here.\n");
    set_alarm();
    say_function(stuck_at);
    say_guard(caller);
    end_process();
}

void host_process_fail(const char *text)
{
    const size_t length = strlen(text);

    say(text);
    if (length > 0 && text[length - 1] != '\n') {
        say("\n");
    }
    set_alarm();
    end_process();
}

bool host_is_debugged(void)
{
    return host_stuck_is_traced();
}
