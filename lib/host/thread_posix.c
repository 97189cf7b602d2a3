/*
 * thread_posix.c - host threads, gates, and the one lock for tables that all machines share.
 */
#include <pthread.h>
#include <stdlib.h>

#include "host/here_posix.h"
#include "host/host.h"

struct host_thread {
    pthread_t thread;
    host_entry *entry;
    void *argument;
};

struct host_gate {
    pthread_mutex_t mutex;
    pthread_cond_t opened;
    bool open;
};

static pthread_mutex_t shared_tables = PTHREAD_MUTEX_INITIALIZER;

static void *run(void *argument)
{
    host_thread *thread = argument;

    thread->entry(thread->argument);
    return NULL;
}

host_thread *host_thread_start(host_entry *entry, void *argument)
{
    host_thread *thread = malloc(sizeof *thread);

    if (thread == NULL) {
        return NULL;
    }
    thread->entry = entry;
    thread->argument = argument;
    if (pthread_create(&thread->thread, NULL, run, thread) != 0) {
        free(thread);
        return NULL;
    }
    return thread;
}

void host_thread_join(host_thread *thread)
{
    pthread_join(thread->thread, NULL);
    free(thread);
}

host_gate *host_gate_create(void)
{
    host_gate *gate = malloc(sizeof *gate);

    if (gate == NULL) {
        return NULL;
    }
    pthread_mutex_init(&gate->mutex, NULL);
    pthread_cond_init(&gate->opened, NULL);
    gate->open = false;
    return gate;
}

/* The wake-up is inside the lock: the waiter may destroy the gate as soon as it got through. */
void host_gate_open(host_gate *gate)
{
    pthread_mutex_lock(&gate->mutex);
    gate->open = true;
    pthread_cond_signal(&gate->opened);
    pthread_mutex_unlock(&gate->mutex);
}

void host_gate_wait(host_gate *gate)
{
    pthread_mutex_lock(&gate->mutex);
    while (!gate->open) {
        pthread_cond_wait(&gate->opened, &gate->mutex);
    }
    gate->open = false;
    pthread_mutex_unlock(&gate->mutex);
}

void host_gate_destroy(host_gate *gate)
{
    pthread_cond_destroy(&gate->opened);
    pthread_mutex_destroy(&gate->mutex);
    free(gate);
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
