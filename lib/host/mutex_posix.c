/*
 * mutex_posix.c - locks that are held for short times, and the one lock for tables that all
 * machines share.
 */
#include <pthread.h>
#include <stdlib.h>

#include "host/here_posix.h"
#include "host/thread_posix.h"

struct host_mutex {
    pthread_mutex_t mutex;
};

static pthread_mutex_t shared_tables = PTHREAD_MUTEX_INITIALIZER;

/* One that looks a few times before it sleeps, where there is such a kind. */
static void choose_kind(pthread_mutexattr_t *attributes)
{
#ifdef PTHREAD_ADAPTIVE_MUTEX_INITIALIZER_NP
    pthread_mutexattr_settype(attributes, PTHREAD_MUTEX_ADAPTIVE_NP);
#else
    (void)attributes;
#endif
}

host_mutex *host_mutex_create(void)
{
    host_mutex *mutex = malloc(sizeof *mutex);
    pthread_mutexattr_t attributes;

    if (mutex == NULL) {
        return NULL;
    }
    pthread_mutexattr_init(&attributes);
    choose_kind(&attributes);
    pthread_mutex_init(&mutex->mutex, &attributes);
    pthread_mutexattr_destroy(&attributes);
    return mutex;
}

void host_mutex_lock(host_mutex *mutex)
{
    pthread_mutex_lock(&mutex->mutex);
}

void host_mutex_unlock(host_mutex *mutex)
{
    pthread_mutex_unlock(&mutex->mutex);
}

void host_mutex_destroy(host_mutex *mutex)
{
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
