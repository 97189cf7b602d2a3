/*
 * counter.c - driver code with a fault: it counts without a lock.
 */
#include "counter.h"

int the_counter;

void count_ten(void *context)
{
    int i;

    (void)context;
    for (i = 0; i < 10; i++) {
        the_counter++;
    }
}
