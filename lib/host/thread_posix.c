/*
 * thread_posix.c - host threads from a pool that the whole process shares.
 *
 * A thread whose entry has returned is parked by whoever joins it, and the next start wakes it
 * up. A parked thread takes no signals; a started one has the mask of its starter, but for the
 * signals that this folder needs. Parked threads are ended and joined when the process exits, so
 * that leak checkers find nothing.
 *
 * A thread that is ended by what it runs (pthread_exit()) says so by a destructor of
 * thread-specific data. None is cancelled.
 */
#include "host/thread_posix.h"

#include <sched.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "host/here_posix.h"
#include "host/kick_posix.h"
#include "host/sanitizer.h"

#define PARKED_MAX 32u

static HOST_KEPT struct {
    pthread_mutex_t mutex;
    host_thread *made; /* All records that there ever were. */
    host_thread *parked;
    host_thread *spare; /* Records without a thread. */
    unsigned parked_count;
    atomic_uint threads; /* How many the system has of ours. */
    atomic_uint forks;   /* On the way to this process. */
    pthread_key_t ends;  /* Set to the record while an entry runs. */
    bool is_prepared;
} pool = { .mutex = PTHREAD_MUTEX_INITIALIZER };

static void lock(void)
{
    host_here_now.keeps_lock++;
    pthread_mutex_lock(&pool.mutex);
}

static void unlock(void)
{
    pthread_mutex_unlock(&pool.mutex);
    host_here_now.keeps_lock--;
}

/* ---- On the thread --------------------------------------------------------------------------- */

long host_thread_number(void)
{
#ifdef SYS_gettid
    if (host_here_now.number == 0) {
        host_here_now.number = syscall(SYS_gettid);
    }
#endif
    return host_here_now.number;
}

static void on_end(void *value)
{
    host_thread *thread = value;

    host_here_now.stack = NULL;
    if (thread->torn != NULL) {
        thread->torn(thread->torn_owner);
    }
    host_kicks_release();
    host_kick_again_end();
    host_faults_release();
    atomic_store(&thread->is_torn, true);
    host_gate_open(thread->ended);
}

void host_thread_when_torn(host_entry *torn, void *owner)
{
    host_thread *thread = host_here_now.thread;

    if (thread != NULL) {
        thread->torn = torn;
        thread->torn_owner = owner;
    }
}

static void run_entry(host_thread *thread)
{
    thread->torn = NULL;
    pthread_setspecific(pool.ends, thread);
    thread->entry(thread->argument);
    pthread_setspecific(pool.ends, NULL);
}

static void *run(void *argument)
{
    host_thread *thread = argument;
    sigset_t all;

    sigfillset(&all);
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
    host_here_now.thread = thread;
    thread->number = host_thread_number();
    for (host_gate_wait(thread->starts); thread->entry != NULL; host_gate_wait(thread->starts)) {
        pthread_sigmask(SIG_SETMASK, &thread->mask, NULL);
        run_entry(thread);
        host_kicks_release();
        pthread_sigmask(SIG_SETMASK, &all, NULL);
        host_gate_open(thread->ended);
    }
    host_kick_again_end();
    return NULL;
}

/* ---- The pool -------------------------------------------------------------------------------- */

static void destroy_gate(host_gate *gate)
{
    if (gate != NULL) {
        host_gate_destroy(gate);
    }
}

static host_thread *make_record(void)
{
    host_thread *thread = calloc(1, sizeof *thread);

    if (thread == NULL) {
        return NULL;
    }
    thread->starts = host_gate_create();
    thread->ended = host_gate_create();
    if (thread->starts == NULL || thread->ended == NULL) {
        destroy_gate(thread->starts);
        destroy_gate(thread->ended);
        free(thread);
        return NULL;
    }
    atomic_init(&thread->kickers, HOST_THREAD_DEAF);
    thread->next_made = pool.made;
    pool.made = thread;
    return thread;
}

/* Born with all signals blocked: none may come before it stands in its pool. */
static bool make_thread(host_thread *thread)
{
    sigset_t all, before;
    bool made;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    atomic_fetch_add(&pool.threads, 1);
    made = pthread_create(&thread->thread, NULL, run, thread) == 0;
    if (!made) {
        atomic_fetch_sub(&pool.threads, 1);
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return made;
}

static host_thread *take_parked(void)
{
    host_thread *thread = pool.parked;

    if (thread != NULL) {
        pool.parked = thread->next_parked;
        pool.parked_count--;
    }
    return thread;
}

static void put_spare(host_thread *thread)
{
    thread->next_parked = pool.spare;
    pool.spare = thread;
}

static host_thread *make(void)
{
    host_thread *thread = pool.spare;

    if (thread != NULL) {
        pool.spare = thread->next_parked;
    } else {
        thread = make_record();
    }
    if (thread != NULL && !make_thread(thread)) {
        put_spare(thread);
        return NULL;
    }
    return thread;
}

static bool park(host_thread *thread)
{
    bool parked;

    lock();
    parked = pool.parked_count < PARKED_MAX;
    if (parked) {
        thread->next_parked = pool.parked;
        pool.parked = thread;
        pool.parked_count++;
    }
    unlock();
    return parked;
}

static void end(host_thread *thread)
{
    thread->entry = NULL;
    if (!atomic_exchange(&thread->is_torn, false)) {
        host_gate_open(thread->starts);
    }
    pthread_join(thread->thread, NULL);
    atomic_fetch_sub(&pool.threads, 1);
}

/* ---- Fork and exit --------------------------------------------------------------------------- */

/* Whoever held a lock is not in the forked process either. */
static void forget(void)
{
    host_thread *thread;

    host_here_now.number = 0;
    host_kick_again_forget();
    pthread_mutex_init(&pool.mutex, NULL);
    for (thread = pool.made; thread != NULL; thread = thread->next_made) {
        if (thread != host_here_now.thread) {
            atomic_fetch_or(&thread->kickers, HOST_THREAD_DEAF);
            atomic_store(&thread->is_gone, true);
        }
    }
    pool.parked = NULL;
    pool.spare = NULL;
    pool.parked_count = 0;
    atomic_store(&pool.threads, host_here_now.thread != NULL ? 1 : 0);
    atomic_fetch_add(&pool.forks, 1);
    host_lock_forget();
    host_signal_forget();
    host_freed_forget();
    host_guest_forget();
    host_watch_forget();
    host_beat_forget();
}

static void end_parked(void)
{
    host_thread *thread;

    host_watch_end();
    host_beat_end();
    if (pthread_mutex_trylock(&pool.mutex) != 0) {
        return; /* Whoever holds it may have been torn away. */
    }
    while ((thread = take_parked()) != NULL) {
        end(thread);
        put_spare(thread);
    }
    pthread_mutex_unlock(&pool.mutex);
}

static bool prepare(void)
{
    if (!pool.is_prepared) {
        pool.is_prepared = pthread_key_create(&pool.ends, on_end) == 0 &&
                           pthread_atfork(NULL, NULL, forget) == 0 && atexit(end_parked) == 0;
    }
    return pool.is_prepared;
}

bool host_is_forked(void)
{
    return host_fork_count() != 0;
}

unsigned host_fork_count(void)
{
    return atomic_load_explicit(&pool.forks, memory_order_relaxed);
}

/* ---- Start and join -------------------------------------------------------------------------- */

static host_thread *start(host_entry *entry, void *argument, const sigset_t *mask)
{
    host_thread *thread = NULL;

    lock();
    if (prepare()) {
        thread = take_parked();
        thread = thread != NULL ? thread : make();
    }
    unlock();
    if (thread != NULL) {
        thread->entry = entry;
        thread->argument = argument;
        thread->mask = *mask;
        host_gate_open(thread->starts);
    }
    return thread;
}

host_thread *host_thread_start(host_entry *entry, void *argument)
{
    static const int needed[] = { SIGURG, SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP };
    sigset_t mask;
    size_t i;

    pthread_sigmask(SIG_SETMASK, NULL, &mask);
    for (i = 0; i < sizeof needed / sizeof *needed; i++) {
        sigdelset(&mask, needed[i]);
    }
    return start(entry, argument, &mask);
}

host_thread *host_thread_start_quiet(host_entry *entry, void *argument)
{
    sigset_t all;

    sigfillset(&all);
    return start(entry, argument, &all);
}

void host_thread_join(host_thread *thread)
{
    if (atomic_load(&thread->is_gone)) {
        return;
    }
    host_gate_wait(thread->ended);
    if (atomic_load(&thread->is_torn) || !park(thread)) {
        end(thread);
        lock();
        put_spare(thread);
        unlock();
    }
}

void host_thread_give_way(void)
{
    sched_yield();
}

/* ---- Strangers ------------------------------------------------------------------------------- */

/* A folder has a link for each folder in it, besides its own two, and each thread has a folder. */
static unsigned count_all(void)
{
    struct stat tasks;

    return stat("/proc/self/task", &tasks) == 0 && tasks.st_nlink > 2 ? (unsigned)tasks.st_nlink - 2
                                                                      : 0;
}

unsigned host_thread_count_strangers(void)
{
    unsigned all = count_all();
    unsigned known = atomic_load(&pool.threads);

    known += host_here_now.thread == NULL ? 1 : 0;
    known += host_sanitizer_is_tsan() ? 1 : 0; /* It has a thread of its own, too. */
    return all > known ? all - known : 0;
}
