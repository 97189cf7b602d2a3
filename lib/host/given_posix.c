/*
 * given_posix.c - how long a thread could go on, by what the system says of it.
 *
 * Its processor's time is exact. Whether the rest of the time was sleep or a wait for a turn is
 * asked only when there is a rest, and is what the thread is in at that moment.
 */
#include "host/given_posix.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "host/here_posix.h"
#include "host/sanitizer.h"
#include "host/thread_posix.h"

/* 'R': it runs, or would; 'S', 'D' and others: it sleeps; 'T', 't': it is stopped. */
static char state_of(long number)
{
    char path[64];
    char text[512];
    const char *end;
    ssize_t got;
    int file;

    snprintf(path, sizeof path, "/proc/self/task/%ld/stat", number);
    file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) {
        return 'S';
    }
    got = read(file, text, sizeof text - 1);
    close(file);
    text[got > 0 ? got : 0] = '\0';
    end = strrchr(text, ')'); /* Behind the name, which may have any character. */
    return end != NULL && end[1] == ' ' ? end[2] : 'S';
}

static uint64_t time_run_ns(pthread_t thread)
{
    struct timespec time;
    clockid_t clock;

    if (pthread_getcpuclockid(thread, &clock) != 0 || clock_gettime(clock, &time) != 0) {
        return 0;
    }
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

/* Valgrind's threads wait for each other's turns asleep. */
static uint64_t part_of_rest(long number, uint64_t rest_ns)
{
    const char state = state_of(number);

    if (state == 'R' || state == 'T' || state == 't') {
        return 0;
    }
    return host_sanitizer_is_valgrind() ? rest_ns / 16 : rest_ns;
}

void host_given_begin(host_given *given, pthread_t thread)
{
    given->looked_ns = host_clock_ns();
    given->ran_ns = time_run_ns(thread);
    given->sum_ns = 0;
    given->used_ns = 0;
}

uint64_t host_given_add(host_given *given, pthread_t thread, long number, uint64_t most_ns)
{
    const uint64_t now_ns = host_clock_ns();
    const uint64_t all_ns = time_run_ns(thread);
    uint64_t passed_ns = now_ns - given->looked_ns;
    uint64_t ran_ns = all_ns > given->ran_ns ? all_ns - given->ran_ns : 0;

    given->looked_ns = now_ns;
    given->ran_ns = all_ns;
    passed_ns = passed_ns < most_ns ? passed_ns : most_ns;
    ran_ns = ran_ns < passed_ns ? ran_ns : passed_ns;
    given->sum_ns += ran_ns;
    given->used_ns += ran_ns;
    if (passed_ns - ran_ns > passed_ns / 8) {
        given->sum_ns += part_of_rest(number, passed_ns - ran_ns);
    }
    return given->sum_ns;
}

void host_given_start(host_given *given, const host_thread *thread)
{
    host_given_begin(given, thread->thread);
}

uint64_t host_given_look(host_given *given, const host_thread *thread, uint64_t most_ns)
{
    return host_given_add(given, thread->thread, thread->number, most_ns);
}
