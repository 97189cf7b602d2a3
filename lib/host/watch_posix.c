/*
 * watch_posix.c - the watchdog: one thread for the whole process, started with the first watch.
 *
 * It looks at each watch a few times within its limit and sleeps in between. Time counts as quiet
 * look by look, and only if the thread could have gone on in it: a process that was stopped, a
 * machine that slept or a host that is busy with others is not taken for a stalled thread. When
 * the limit has passed, the thread is asked by a directed signal; its handler fires if the program
 * counter lies in guest code, else the watchdog asks again later. A watch that fired stays silent
 * until there is progress.
 *
 * Progress that leads to nothing, in a loop that calls services for ever, is seen by a second
 * number that the owner of the watch gives: it is told, and does the rest, since its thread does
 * call it. There, where the thread runs code of somebody else (a test framework that prints), only
 * its processor's time counts: who reads what is printed may be slow.
 */
#include "host/watch.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

#include "host/fault.h"
#include "host/frame.h"
#include "host/given_posix.h"
#include "host/guest.h"
#include "host/here_posix.h"
#include "host/sanitizer.h"
#include "host/signal_posix.h"
#include "host/stuck_posix.h"
#include "host/thread_posix.h"

#define LOOKS_PER_LIMIT 4u
#define LOOK_NS_MIN     1000000u
#define RETRY_NS_FIRST  1000000u
#define RETRY_NS_MAX    50000000u

typedef enum watch_state { WATCHING, ASKED, FIRED, GIVEN_UP } watch_state;

struct host_watch {
    struct host_watch *next;
    pthread_t thread;
    long number; /* The system's, of the thread. */
    const volatile uint64_t *progress;
    uint64_t limit_ns;
    uint64_t look_ns; /* Between two looks. */

    uint64_t seen; /* The progress at the last look. */
    host_given quiet;
    uint64_t next_look_ns;
    uint64_t retry_ns;

    host_watch_loops loops; /* All NULL: it does not look for any. */
    uint64_t moved;
    host_given still;

    /* Written by the thread. */
    atomic_bool is_elsewhere; /* In code that is not watched, see host_watch_passes(). */

    /* Shared with the signal handler. */
    atomic_int state;          /* A watch_state. */
    atomic_uintptr_t stuck_at; /* Where the thread was when last asked; 0 without an answer. */
    atomic_uintptr_t stuck_caller; /* Who called that, if it has no frame of its own. */
    host_guest guest;          /* Written before the state becomes ASKED. */
};

HOST_KEPT uint64_t host_watch_patience_ns = 5000000000u;

static HOST_KEPT struct {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    struct host_watch *first;
    uint64_t wakes_at_ns; /* When the watchdog's thread looks next; UINT64_MAX: when told. */
    host_thread *thread;
    bool ends;
    bool has_signal; /* Only when a watch has asked, which is rare. */
} dog = { .mutex = PTHREAD_MUTEX_INITIALIZER };

static HOST_UNINSTRUMENTED uint64_t read_progress(const host_watch *watch)
{
    return __atomic_load_n(watch->progress, __ATOMIC_RELAXED);
}

/* ---- On the watched thread ------------------------------------------------------------------- */

/* While it redirects, the thread is no place for a kick. */
static HOST_UNINSTRUMENTED bool redirect(host_watch *watch, void *state, const host_fault *fault)
{
    int asked = ASKED;
    bool redirected;

    if (!atomic_compare_exchange_strong(&watch->state, &asked, FIRED)) {
        return false;
    }
    host_here_now.keeps_lock++;
    redirected = host_fault_deliver(state, fault);
    if (!redirected) {
        atomic_store(&watch->state, ASKED);
    }
    host_here_now.keeps_lock--;
    return redirected;
}

static HOST_UNINSTRUMENTED bool answer(host_watch *watch, void *state)
{
    host_fault fault = { .kind = HOST_FAULT_STALLED, .access = HOST_FAULT_EXECUTE };
    uintptr_t place = host_frame_place(state);

    fault.place = (const void *)place;
    fault.address = fault.place;
    fault.stack_pointer = (const void *)host_frame_stack_pointer(state);
    atomic_store(&watch->stuck_at, place);
    atomic_store(&watch->stuck_caller, host_frame_caller(state));
    return host_here_now.keeps_lock == 0 && host_here_now.caught != NULL &&
           !host_here_now.passes_faults && !host_signal_is_nested(state) &&
           host_guest_has(&watch->guest, place) && redirect(watch, state, &fault);
}

HOST_UNINSTRUMENTED bool host_watch_answer(void *state)
{
    host_watch *watch = host_here_now.watch;

    return atomic_load(&watch->state) == ASKED && read_progress(watch) == watch->seen &&
           answer(watch, state);
}

void host_watch_passes(bool pass)
{
    host_watch *watch = host_here_now.watch;

    if (watch != NULL) {
        atomic_store_explicit(&watch->is_elsewhere, pass, memory_order_relaxed);
    }
}

/* ---- On the watchdog's thread ---------------------------------------------------------------- */

/* How long it could go on so far. */
static uint64_t add_to_still(host_watch *watch, uint64_t most_ns)
{
    host_given *given = &watch->still;
    const uint64_t sum_ns = given->sum_ns, used_ns = given->used_ns;

    (void)host_given_add(given, watch->thread, watch->number, most_ns);
    if (atomic_load_explicit(&watch->is_elsewhere, memory_order_relaxed)) {
        given->sum_ns = sum_ns + given->used_ns - used_ns;
    }
    return given->sum_ns;
}

static void ask(host_watch *watch, uint64_t now_ns)
{
    pthread_kill(watch->thread, HOST_SIGNAL);
    watch->next_look_ns = now_ns + watch->retry_ns;
    watch->retry_ns = watch->retry_ns * 2 < RETRY_NS_MAX ? watch->retry_ns * 2 : RETRY_NS_MAX;
}

static void look_again_later(host_watch *watch, uint64_t now_ns)
{
    watch->next_look_ns = now_ns + watch->look_ns;
}

static void start_over(host_watch *watch, uint64_t now_ns)
{
    host_given_begin(&watch->quiet, watch->thread);
    atomic_store(&watch->state, WATCHING);
    look_again_later(watch, now_ns);
}

static void take_signal(void)
{
    if (!dog.has_signal) {
        dog.has_signal = host_signal_take();
    }
}

static void give_signal(void)
{
    if (dog.has_signal) {
        host_signal_give();
        dog.has_signal = false;
    }
}

static void begin_asking(host_watch *watch, uint64_t now_ns)
{
    take_signal();
    watch->retry_ns = RETRY_NS_FIRST;
    host_guest_read(&watch->guest, HOST_GUEST_TO_LEAVE);
    atomic_store(&watch->stuck_at, 0);
    atomic_store(&watch->state, ASKED);
    ask(watch, now_ns);
}

/* The thread may answer at this very moment: one of the two wins. */
static void give_up(host_watch *watch)
{
    int asked = ASKED;

    if (atomic_compare_exchange_strong(&watch->state, &asked, GIVEN_UP)) {
        host_stuck_end_process(watch->quiet.sum_ns, atomic_load(&watch->stuck_at),
                               atomic_load(&watch->stuck_caller));
    }
}

static void judge_quiet(host_watch *watch, uint64_t quiet_ns, uint64_t now_ns)
{
    if (quiet_ns < watch->limit_ns) {
        look_again_later(watch, now_ns);
    } else if (host_stuck_is_traced()) {
        start_over(watch, now_ns);
    } else if (atomic_load(&watch->state) == WATCHING) {
        begin_asking(watch, now_ns);
    } else if (quiet_ns < watch->limit_ns + host_watch_patience_ns) {
        ask(watch, now_ns);
    } else {
        give_up(watch);
    }
}

/* There was progress. */
static void look_for_loop(host_watch *watch, uint64_t countable_ns)
{
    const uint64_t moved = watch->loops.moved(watch->loops.owner);

    if (moved != watch->moved) {
        watch->moved = moved;
        host_given_begin(&watch->still, watch->thread);
    } else if (add_to_still(watch, 2 * countable_ns) <
               HOST_WATCH_LOOP_LIMITS * watch->limit_ns) {
        return;
    } else if (host_stuck_is_traced()) {
        host_given_begin(&watch->still, watch->thread);
    } else {
        watch->loops.found(watch->loops.owner, moved);
    }
}

static void look(host_watch *watch, uint64_t now_ns)
{
    uint64_t progress = read_progress(watch);
    uint64_t countable_ns = watch->look_ns > RETRY_NS_MAX ? watch->look_ns : RETRY_NS_MAX;

    if (progress != watch->seen) {
        watch->seen = progress;
        start_over(watch, now_ns);
        if (watch->loops.moved != NULL) {
            look_for_loop(watch, countable_ns);
        }
    } else if (atomic_load(&watch->state) == FIRED) {
        look_again_later(watch, now_ns);
    } else {
        judge_quiet(watch,
                    host_given_add(&watch->quiet, watch->thread, watch->number, 2 * countable_ns),
                    now_ns);
    }
}

/* Returns when to look next. */
static uint64_t look_at_all(void)
{
    uint64_t next_ns = UINT64_MAX;
    uint64_t now_ns = host_clock_ns();
    host_watch *watch;

    for (watch = dog.first; watch != NULL; watch = watch->next) {
        if (watch->next_look_ns <= now_ns) {
            look(watch, now_ns);
        }
        next_ns = watch->next_look_ns < next_ns ? watch->next_look_ns : next_ns;
    }
    return next_ns;
}

static void sleep_until(uint64_t time_ns)
{
    struct timespec until;

    if (time_ns == UINT64_MAX) {
        pthread_cond_wait(&dog.changed, &dog.mutex);
        return;
    }
    until.tv_sec = (time_t)(time_ns / 1000000000u);
    until.tv_nsec = (long)(time_ns % 1000000000u);
    pthread_cond_timedwait(&dog.changed, &dog.mutex, &until);
}

static void run(void *unused)
{
    (void)unused;
    pthread_mutex_lock(&dog.mutex);
    while (!dog.ends) {
        dog.wakes_at_ns = look_at_all();
        sleep_until(dog.wakes_at_ns);
    }
    pthread_mutex_unlock(&dog.mutex);
}

/* ---- Start and stop -------------------------------------------------------------------------- */

/* In a forked process there is no watchdog, and whoever held the lock is not there either. */
void host_watch_forget(void)
{
    pthread_mutex_init(&dog.mutex, NULL);
    dog.first = NULL;
    dog.thread = NULL;
    dog.wakes_at_ns = 0;
}

void host_watch_end(void)
{
    host_thread *thread = NULL;

    if (pthread_mutex_trylock(&dog.mutex) != 0) {
        return; /* Whoever holds it may have been torn away. */
    }
    if (dog.first == NULL && dog.thread != NULL) {
        thread = dog.thread;
        dog.thread = NULL;
        dog.ends = true;
        pthread_cond_signal(&dog.changed);
    }
    pthread_mutex_unlock(&dog.mutex);
    if (thread != NULL) {
        host_thread_join(thread);
        dog.ends = false;
    }
}

static bool start_thread(void)
{
    pthread_condattr_t monotonic;

    if (dog.thread != NULL) {
        return true;
    }
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&dog.changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    dog.wakes_at_ns = UINT64_MAX; /* It has to be told of the first watch. */
    dog.thread = host_thread_start_quiet(run, NULL);
    return dog.thread != NULL;
}

static bool add(host_watch *watch)
{
    bool added;

    pthread_mutex_lock(&dog.mutex);
    added = start_thread();
    if (added) {
        watch->next = dog.first;
        dog.first = watch;
        if (watch->next_look_ns < dog.wakes_at_ns) {
            pthread_cond_signal(&dog.changed); /* Waking it costs more than a short run. */
        }
    }
    pthread_mutex_unlock(&dog.mutex);
    return added;
}

host_watch *host_watch_start(const volatile uint64_t *progress, uint64_t limit_ns)
{
    host_watch *watch;

    if (limit_ns == 0 || host_here_now.caught == NULL || host_here_now.watch != NULL ||
        !host_frame_is_known()) {
        return NULL;
    }
    watch = calloc(1, sizeof *watch);
    if (watch == NULL) {
        return NULL;
    }
    watch->thread = pthread_self();
    watch->number = host_thread_number();
    watch->progress = progress;
    watch->limit_ns = limit_ns;
    watch->look_ns = limit_ns / LOOKS_PER_LIMIT;
    if (watch->look_ns < LOOK_NS_MIN) {
        watch->look_ns = LOOK_NS_MIN;
    }
    watch->seen = read_progress(watch);
    host_given_begin(&watch->quiet, watch->thread);
    look_again_later(watch, watch->quiet.looked_ns);
    if (!add(watch)) {
        free(watch);
        return NULL;
    }
    host_here_now.watch = watch;
    return watch;
}

void host_watch_for_loops(host_watch *watch, const host_watch_loops *loops)
{
    if (watch == NULL) {
        return;
    }
    pthread_mutex_lock(&dog.mutex);
    watch->loops = *loops;
    watch->moved = loops->moved(loops->owner);
    watch->still = watch->quiet; /* It has just begun. */
    pthread_mutex_unlock(&dog.mutex);
}

void host_watch_stop(host_watch *watch)
{
    host_watch **link;

    if (watch == NULL) {
        return;
    }
    host_here_now.watch = NULL;
    pthread_mutex_lock(&dog.mutex);
    for (link = &dog.first; *link != NULL && *link != watch; link = &(*link)->next) {
    }
    if (*link != NULL) {
        *link = watch->next;
        if (dog.first == NULL) {
            give_signal();
        }
    }
    pthread_mutex_unlock(&dog.mutex);
    free(watch);
}
