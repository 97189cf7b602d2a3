/*
 * polls.c - see polls.h.
 */
#include "polls.h"

static volatile LONG flag;

void lower_flag(void)
{
    flag = 0;
}

void raise_flag(void *context)
{
    (void)context;
    flag = 1;
}

void await_flag(void *context)
{
    (void)context;
    while (flag == 0) {
    }
}

int await_flag_for(int rounds)
{
    while (flag == 0 && rounds > 0) {
        rounds--;
    }
    return rounds;
}
