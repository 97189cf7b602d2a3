/*
 * heapplain.c - a library that nobody instruments.
 */
#include <stdlib.h>

#include "heaping.h"

void *plain_get(void)
{
    return malloc(24);
}

void plain_give(void *block)
{
    free(block);
}

void plain_churn(unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        void *volatile block = malloc(64);

        free(block);
    }
}
