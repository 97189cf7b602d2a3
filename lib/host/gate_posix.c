/*
 * gate_posix.c - gates: one waiter passes for each opening.
 *
 * A waiter that finds the gate shut looks a few times more before it sleeps, if there is another
 * processor that could open it meanwhile: most hand-overs are shorter than a sleep. Where that was
 * in vain a few times in a row, it looks only now and then. An opener that finds no sleeper touches the gate once and never again, and one that finds a sleeper opens
 * inside the lock: so the waiter may destroy the gate as soon as it got through.
 */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "host/here_posix.h"
#include "host/host.h"
#include "host/relax.h"

#define LOOKS_BEFORE_SLEEP 200u
#define VAIN_IN_A_ROW      4u  /* So often it looks all the same, */
#define VAIN_AND_AGAIN     16u /* then this often less. */

enum { SHUT, OPEN, SLEPT_AT }; /* Slept at: shut, and somebody sleeps. */

struct host_gate {
    atomic_int state;
    atomic_uint in_vain; /* Looks without success, since the last that had one. */
    unsigned sleepers;   /* Under the lock, as all changes from SLEPT_AT are. */
    pthread_mutex_t mutex;
    pthread_cond_t opened;
};

static void lock(host_gate *gate)
{
    host_here_now.keeps_lock++;
    pthread_mutex_lock(&gate->mutex);
}

static void unlock(host_gate *gate)
{
    pthread_mutex_unlock(&gate->mutex);
    host_here_now.keeps_lock--;
}

unsigned host_relax_looks(unsigned looks)
{
    static HOST_KEPT atomic_int several; /* 0: not known yet, 1: no, 2: yes. */
    int known = atomic_load_explicit(&several, memory_order_relaxed);

    if (known == 0) {
        known = sysconf(_SC_NPROCESSORS_ONLN) > 1 ? 2 : 1;
        atomic_store_explicit(&several, known, memory_order_relaxed);
    }
    return known == 2 ? looks : 0;
}

host_gate *host_gate_create(void)
{
    host_gate *gate = calloc(1, sizeof *gate);
    pthread_condattr_t monotonic;

    if (gate == NULL) {
        return NULL;
    }
    pthread_mutex_init(&gate->mutex, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&gate->opened, &monotonic);
    pthread_condattr_destroy(&monotonic);
    return gate;
}

/* The sleeper may have given up in the meantime; the opening must not be lost then. */
static void open_for_sleeper(host_gate *gate)
{
    lock(gate);
    if (atomic_exchange(&gate->state, OPEN) == SLEPT_AT) {
        pthread_cond_signal(&gate->opened);
    }
    unlock(gate);
}

/* A gate that is open already is opened again: what this opener did before must be seen, too. */
void host_gate_open(host_gate *gate)
{
    int state = atomic_load(&gate->state);

    while (state == SLEPT_AT || !atomic_compare_exchange_weak(&gate->state, &state, OPEN)) {
        if (state == SLEPT_AT) {
            open_for_sleeper(gate);
            return;
        }
    }
}

static bool pass(host_gate *gate, int leave_as)
{
    int open = OPEN;

    return atomic_compare_exchange_strong(&gate->state, &open, leave_as);
}

static bool is_open(host_gate *gate)
{
    return atomic_load_explicit(&gate->state, memory_order_relaxed) == OPEN;
}

static unsigned looks_before_sleep(const host_gate *gate)
{
    const unsigned in_vain = atomic_load_explicit(&gate->in_vain, memory_order_relaxed);

    return in_vain < VAIN_IN_A_ROW || in_vain % VAIN_AND_AGAIN == 0
               ? host_relax_looks(LOOKS_BEFORE_SLEEP)
               : 0;
}

/* Two waiters may count one time for two. */
static void count_in_vain(host_gate *gate)
{
    const unsigned in_vain = atomic_load_explicit(&gate->in_vain, memory_order_relaxed);

    atomic_store_explicit(&gate->in_vain, in_vain + 1, memory_order_relaxed);
}

static bool pass_without_sleep(host_gate *gate)
{
    const unsigned looks = looks_before_sleep(gate);

    if (is_open(gate) && pass(gate, SHUT)) {
        return true;
    }
    for (unsigned i = 0; i < looks; i++) {
        host_relax();
        if (is_open(gate) && pass(gate, SHUT)) {
            atomic_store_explicit(&gate->in_vain, 0, memory_order_relaxed);
            return true;
        }
    }
    count_in_vain(gate);
    return false;
}

/* Inside the lock, by a sleeper. Marks the gate if it may not pass. */
static bool pass_or_mark(host_gate *gate)
{
    int shut = SHUT;

    for (;;) {
        if (pass(gate, gate->sleepers > 1 ? SLEPT_AT : SHUT)) {
            return true;
        }
        if (atomic_compare_exchange_strong(&gate->state, &shut, SLEPT_AT) || shut == SLEPT_AT) {
            return false;
        }
        shut = SHUT;
    }
}

static bool sleep_once(host_gate *gate, const struct timespec *until)
{
    if (until == NULL) {
        return pthread_cond_wait(&gate->opened, &gate->mutex) == 0;
    }
    return pthread_cond_timedwait(&gate->opened, &gate->mutex, until) != ETIMEDOUT;
}

static bool wait_until(host_gate *gate, const struct timespec *until)
{
    int slept_at = SLEPT_AT;
    bool in_time = true;
    bool passed;

    lock(gate);
    gate->sleepers++;
    while (!(passed = pass_or_mark(gate)) && in_time) {
        in_time = sleep_once(gate, until);
    }
    gate->sleepers--;
    if (!passed && gate->sleepers == 0) {
        atomic_compare_exchange_strong(&gate->state, &slept_at, SHUT);
    }
    unlock(gate);
    return passed;
}

void host_gate_wait(host_gate *gate)
{
    if (!pass_without_sleep(gate)) {
        wait_until(gate, NULL);
    }
}

bool host_gate_wait_for(host_gate *gate, uint64_t limit_ns)
{
    uint64_t start_ns = host_clock_ns();
    uint64_t end_ns = limit_ns < INT64_MAX - start_ns ? start_ns + limit_ns : INT64_MAX;
    struct timespec until;

    if (pass_without_sleep(gate)) {
        return true;
    }
    until.tv_sec = (time_t)(end_ns / 1000000000u);
    until.tv_nsec = (long)(end_ns % 1000000000u);
    return wait_until(gate, &until);
}

void host_gate_destroy(host_gate *gate)
{
    pthread_cond_destroy(&gate->opened);
    pthread_mutex_destroy(&gate->mutex);
    free(gate);
}
