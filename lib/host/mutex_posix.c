/*
 * mutex_posix.c - locks that are held for short times, and the one lock for tables that all
 * machines share.
 *
 * A host_mutex is not bound to the thread that locked it: it may be lent to another one, and be
 * unlocked there or on another stack. So it is no pthread mutex, which only serves to sleep.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "host/here_posix.h"
#include "host/relax.h"
#include "host/thread_posix.h"

#define LOOKS_BEFORE_SLEEP 100u

enum { FREE, LOCKED, WANTED }; /* Wanted: locked, and somebody may sleep. */

struct host_mutex {
    atomic_int state;
    pthread_mutex_t mutex; /* Around sleep and wake-up. */
    pthread_cond_t freed;
};

static HOST_KEPT pthread_mutex_t shared_tables = PTHREAD_MUTEX_INITIALIZER;

host_mutex *host_mutex_create(void)
{
    host_mutex *mutex = calloc(1, sizeof *mutex);

    if (mutex != NULL) {
        pthread_mutex_init(&mutex->mutex, NULL);
        pthread_cond_init(&mutex->freed, NULL);
    }
    return mutex;
}

static bool take(host_mutex *mutex)
{
    int free = FREE;

    return atomic_load_explicit(&mutex->state, memory_order_relaxed) == FREE &&
           atomic_compare_exchange_strong(&mutex->state, &free, LOCKED);
}

static void sleep_while_wanted(host_mutex *mutex)
{
    host_here_now.keeps_lock++;
    pthread_mutex_lock(&mutex->mutex);
    while (atomic_load(&mutex->state) == WANTED) {
        pthread_cond_wait(&mutex->freed, &mutex->mutex);
    }
    pthread_mutex_unlock(&mutex->mutex);
    host_here_now.keeps_lock--;
}

static void wake_one(host_mutex *mutex)
{
    host_here_now.keeps_lock++;
    pthread_mutex_lock(&mutex->mutex);
    pthread_cond_signal(&mutex->freed);
    pthread_mutex_unlock(&mutex->mutex);
    host_here_now.keeps_lock--;
}

void host_mutex_lock(host_mutex *mutex)
{
    const unsigned looks = host_relax_looks(LOOKS_BEFORE_SLEEP);
    unsigned i;

    for (i = 0; i <= looks; i++) {
        if (take(mutex)) {
            return;
        }
        host_relax();
    }
    while (atomic_exchange(&mutex->state, WANTED) != FREE) {
        sleep_while_wanted(mutex);
    }
}

void host_mutex_unlock(host_mutex *mutex)
{
    if (atomic_exchange(&mutex->state, FREE) == WANTED) {
        wake_one(mutex);
    }
}

void host_mutex_destroy(host_mutex *mutex)
{
    pthread_cond_destroy(&mutex->freed);
    pthread_mutex_destroy(&mutex->mutex);
    free(mutex);
}

void host_lock(void)
{
    host_here_now.keeps_lock++;
    pthread_mutex_lock(&shared_tables);
}

void host_unlock(void)
{
    pthread_mutex_unlock(&shared_tables);
    host_here_now.keeps_lock--;
}

void host_lock_forget(void)
{
    pthread_mutex_init(&shared_tables, NULL);
}
