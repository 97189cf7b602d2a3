/*
 * library.c - see library.h.
 */
#include "library.h"

#include <pthread.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static unsigned count;

void library_for_each(void (*visit)(void *context), void *context)
{
    pthread_mutex_lock(&lock);
    visit(context);
    count++;
    pthread_mutex_unlock(&lock);
}

unsigned library_count(void)
{
    unsigned answer;

    pthread_mutex_lock(&lock);
    answer = count;
    pthread_mutex_unlock(&lock);
    return answer;
}
