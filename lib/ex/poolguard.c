/*
 * poolguard.c - sets guards, and looks at them.
 */
#include "ex/poolguard.h"

#include <string.h>

#include <wdm.h>

enum { GUARD = DQ_POOL_IS_SANITIZED ? 0 : 16, FILL = 0xFB };

/* What begins on a page has none before it, to stay there. */
static size_t before(size_t bytes)
{
    return bytes >= PAGE_SIZE ? 0 : GUARD;
}

size_t dq_poolguard_room(size_t bytes)
{
    const size_t room = bytes + before(bytes) + GUARD;

    return room >= bytes && room > 0 ? room : bytes | 1; /* Too large anyhow, or nothing. */
}

void *dq_poolguard_set(void *memory, size_t bytes)
{
    char *block = (char *)memory + before(bytes);

    memset(memory, FILL, before(bytes));
    memset(block + bytes, FILL, GUARD);
    return block;
}

void *dq_poolguard_memory(void *block, size_t bytes)
{
    return (char *)block - before(bytes);
}

const char *dq_poolguard_damage(const void *block, size_t bytes)
{
    const char *first = block;
    const char *end = first + bytes;

    for (const char *at = end; at != end + GUARD; at++) {
        if ((unsigned char)*at != FILL) {
            return at;
        }
    }
    for (const char *at = first; at != first - before(bytes); at--) {
        if ((unsigned char)at[-1] != FILL) {
            return at - 1;
        }
    }
    return NULL;
}
