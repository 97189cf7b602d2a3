/* blocks.c - how many pool blocks the running machine has given out and not got back. */
#include "blocks.h"

#include "ex/pool.h"

static void count(void *context, const dq_pool_block *block)
{
    (void)block;
    ++*(unsigned *)context;
}

unsigned blocks_in_use(void)
{
    unsigned blocks = 0;

    dq_pool_for_each(dq_self->machine, count, &blocks);
    return blocks;
}
