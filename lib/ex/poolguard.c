/*
 * poolguard.c - sets guards, and looks at them.
 */
#include "ex/poolguard.h"

#include <stdbool.h>
#include <string.h>

#include <wdm.h>

enum { GUARD = DQ_POOL_IS_SANITIZED ? 0 : 64, FILL = 0xFB };

_Static_assert(GUARD % SYSTEM_CACHE_ALIGNMENT_SIZE == 0, "the block is aligned as its memory is");

/* What begins on a page has one before it, to stay there. */
static size_t before(size_t bytes)
{
    return bytes >= PAGE_SIZE && GUARD > 0 ? PAGE_SIZE : GUARD;
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

/* All bytes are alike if each is as the next one. */
static bool is_whole(const char *guard, size_t bytes)
{
    return bytes == 0 ||
           ((unsigned char)guard[0] == FILL && memcmp(guard, guard + 1, bytes - 1) == 0);
}

const char *dq_poolguard_damage(const void *block, size_t bytes)
{
    const char *at = (const char *)block + bytes;

    if (!is_whole(at, GUARD)) {
        while ((unsigned char)*at == FILL) {
            at++;
        }
        return at;
    }
    at = block;
    if (!is_whole(at - before(bytes), before(bytes))) {
        do {
            at--;
        } while ((unsigned char)*at == FILL);
        return at;
    }
    return NULL;
}
