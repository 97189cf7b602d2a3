/*
 * beat_posix.c - beats: one thread for the whole process, which sleeps until the next call is due.
 *
 * When a call is due is one word for each beat, which anybody may lower at any time, also in a
 * signal handler; so is the time until which the thread sleeps, and it is woken up through a pipe
 * only if that is too late. The thread says until when it will sleep and then looks once more at
 * what is due; who lowers does it in the other order; so one of the two sees the other.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "host/here_posix.h"
#include "host/thread_posix.h"

#define SLEEP_NS_MAX 1000000000000u /* So that the time of a sleep does not overflow. */

typedef _Atomic(uint64_t) atomic_time;

struct host_beat {
    struct host_beat *next;
    host_beat_function *function;
    void *owner;
    atomic_time due_ns;
};

static HOST_KEPT struct {
    pthread_mutex_t mutex;
    pthread_cond_t called;
    host_beat *first;
    host_beat *running; /* Its function is being called. */
    host_thread *thread;
    bool ends;
    atomic_time wakes_at_ns; /* 0: it is awake. */
    atomic_int wake_up;      /* Where to write, -1 if nowhere. */
    int woken_up;            /* Where to read. */
} beats = { .mutex = PTHREAD_MUTEX_INITIALIZER,
            .called = PTHREAD_COND_INITIALIZER,
            .wake_up = -1,
            .woken_up = -1 };

static void lock(void)
{
    host_here_now.keeps_lock++;
    pthread_mutex_lock(&beats.mutex);
}

static void unlock(void)
{
    pthread_mutex_unlock(&beats.mutex);
    host_here_now.keeps_lock--;
}

static uint64_t after_ns(uint64_t span_ns)
{
    uint64_t now_ns = host_clock_ns();

    return span_ns < UINT64_MAX - now_ns ? now_ns + span_ns : UINT64_MAX;
}

/* Returns true if this made the call due earlier than it was. */
static bool lower(host_beat *beat, uint64_t due_ns)
{
    uint64_t before_ns = atomic_load(&beat->due_ns);

    while (due_ns < before_ns) {
        if (atomic_compare_exchange_weak(&beat->due_ns, &before_ns, due_ns)) {
            return true;
        }
    }
    return false;
}

/* ---- On the thread --------------------------------------------------------------------------- */

static host_beat *find_due(uint64_t now_ns)
{
    host_beat *beat = beats.first;

    while (beat != NULL && atomic_load(&beat->due_ns) > now_ns) {
        beat = beat->next;
    }
    return beat;
}

/* Inside the lock, but for the call itself. */
static void call(host_beat *beat)
{
    uint64_t next_ns;

    atomic_store(&beat->due_ns, UINT64_MAX);
    beats.running = beat;
    unlock();
    next_ns = after_ns(beat->function(beat->owner));
    lock();
    if (beats.running == beat) { /* Else its function has stopped it. */
        lower(beat, next_ns);
        beats.running = NULL;
    }
    pthread_cond_broadcast(&beats.called);
}

static uint64_t find_next_ns(void)
{
    uint64_t next_ns = UINT64_MAX;
    uint64_t due_ns;
    host_beat *beat;

    for (beat = beats.first; beat != NULL; beat = beat->next) {
        due_ns = atomic_load(&beat->due_ns);
        next_ns = due_ns < next_ns ? due_ns : next_ns;
    }
    return next_ns;
}

static void drain(void)
{
    char bytes[64];

    while (read(beats.woken_up, bytes, sizeof bytes) > 0) {
    }
}

static void sleep_until(uint64_t time_ns)
{
    struct pollfd wait_for = { .fd = beats.woken_up, .events = POLLIN };
    uint64_t now_ns = host_clock_ns();
    uint64_t span_ns = time_ns > now_ns ? time_ns - now_ns : 0;
    struct timespec limit;

    span_ns = span_ns < SLEEP_NS_MAX ? span_ns : SLEEP_NS_MAX;
    limit.tv_sec = (time_t)(span_ns / 1000000000u);
    limit.tv_nsec = (long)(span_ns % 1000000000u);
    if (ppoll(&wait_for, 1, time_ns == UINT64_MAX ? NULL : &limit, NULL) > 0) {
        drain();
    }
}

static void sleep_until_next(void)
{
    uint64_t next_ns = find_next_ns();

    atomic_store(&beats.wakes_at_ns, next_ns);
    if (find_next_ns() >= next_ns && !beats.ends) {
        unlock();
        sleep_until(next_ns);
        lock();
    }
    atomic_store(&beats.wakes_at_ns, 0);
}

static void run(void *unused)
{
    host_beat *beat;

    (void)unused;
    lock();
    while (!beats.ends) {
        while ((beat = find_due(host_clock_ns())) != NULL) {
            call(beat);
        }
        sleep_until_next();
    }
    unlock();
}

/* ---- On any thread --------------------------------------------------------------------------- */

static void wake_up(void)
{
    int saved_errno = errno;

    /* A full pipe wakes it up as well. */
    if (write(atomic_load(&beats.wake_up), "", 1) < 0) {
        errno = saved_errno;
    }
}

void host_beat_within(host_beat *beat, uint64_t within_ns)
{
    uint64_t due_ns = after_ns(within_ns);

    if (lower(beat, due_ns) && due_ns < atomic_load(&beats.wakes_at_ns)) {
        wake_up();
    }
}

static void make_quiet(int file)
{
    fcntl(file, F_SETFD, FD_CLOEXEC);
    fcntl(file, F_SETFL, O_NONBLOCK);
}

static bool make_pipe(void)
{
    int ends[2];

    if (beats.woken_up >= 0) {
        return true;
    }
    if (pipe(ends) != 0) {
        return false;
    }
    make_quiet(ends[0]);
    make_quiet(ends[1]);
    beats.woken_up = ends[0];
    atomic_store(&beats.wake_up, ends[1]);
    return true;
}

static bool start_thread(void)
{
    if (beats.thread == NULL && make_pipe()) {
        beats.thread = host_thread_start_quiet(run, NULL);
    }
    return beats.thread != NULL;
}

host_beat *host_beat_start(host_beat_function *function, void *owner, uint64_t first_ns)
{
    host_beat *beat = malloc(sizeof *beat);
    bool started;

    if (beat == NULL) {
        return NULL;
    }
    beat->function = function;
    beat->owner = owner;
    atomic_init(&beat->due_ns, UINT64_MAX);
    lock();
    started = start_thread();
    if (started) {
        beat->next = beats.first;
        beats.first = beat;
    }
    unlock();
    if (!started) {
        free(beat);
        return NULL;
    }
    host_beat_within(beat, first_ns);
    return beat;
}

static void wait_for_call(const host_beat *beat)
{
    if (host_here_now.thread == beats.thread) {
        beats.running = NULL; /* Its own function stops it. */
    }
    while (beats.running == beat) {
        pthread_cond_wait(&beats.called, &beats.mutex);
    }
}

void host_beat_stop(host_beat *beat)
{
    host_beat **link;

    if (beat == NULL) {
        return;
    }
    lock();
    for (link = &beats.first; *link != NULL && *link != beat; link = &(*link)->next) {
    }
    if (*link != NULL) {
        *link = beat->next;
        wait_for_call(beat);
    }
    unlock();
    free(beat);
}

/* ---- Exit and fork --------------------------------------------------------------------------- */

static void close_pipe(void)
{
    int file = atomic_exchange(&beats.wake_up, -1);

    if (file >= 0) {
        close(file);
        close(beats.woken_up);
        beats.woken_up = -1;
    }
}

void host_beat_end(void)
{
    host_thread *thread = NULL;

    if (pthread_mutex_trylock(&beats.mutex) != 0) {
        return; /* Whoever holds it may have been torn away. */
    }
    if (beats.first == NULL && beats.thread != NULL) {
        thread = beats.thread;
        beats.thread = NULL;
        beats.ends = true;
        wake_up();
    }
    pthread_mutex_unlock(&beats.mutex);
    if (thread != NULL) {
        host_thread_join(thread);
        beats.ends = false;
        close_pipe();
    }
}

/* In a forked process there are no beats; the pipe is the parent's. */
void host_beat_forget(void)
{
    pthread_mutex_init(&beats.mutex, NULL);
    pthread_cond_init(&beats.called, NULL);
    beats.first = NULL;
    beats.running = NULL;
    beats.thread = NULL;
    atomic_store(&beats.wakes_at_ns, 0);
    close_pipe();
}
