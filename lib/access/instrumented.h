/*
 * instrumented.h - what every file of an instrumented target includes first, by the compiler's
 * command.
 *
 * Driver code does not see any of it. It takes C and C++ of any age, and includes nothing.
 */
#ifndef DIRQL_INSTRUMENTED_H
#define DIRQL_INSTRUMENTED_H

#if defined(__ELF__)

/* Also the calls that compilers make by themselves, to copy structures. */
__asm__(".set memcpy, __tsan_memcpy\n"
        ".set memmove, __tsan_memmove\n"
        ".set memset, __tsan_memset\n"
        ".set memcmp, __tsan_memcmp\n");

/* The unit of this file: see sim/instrumented.h. */
static void dirql_unit_probe(volatile char *at)
{
    *at = 1;
}

struct dirql_unit {
    const char *target;
    const char *file;
    void (*probe)(volatile char *at);
};

#if defined(__has_attribute)
#if __has_attribute(retain)
#define DIRQL_UNIT_STAYS \
    __attribute__((used, retain, section("dirql_units"), aligned(sizeof(void *))))
#endif
#endif
#ifndef DIRQL_UNIT_STAYS
#define DIRQL_UNIT_STAYS __attribute__((used, section("dirql_units"), aligned(sizeof(void *))))
#endif

/* Aligned by hand: compilers like larger gaps, but units follow on each other. */
static const struct dirql_unit dirql_this_unit DIRQL_UNIT_STAYS = {
    DIRQL_INSTRUMENTED, __BASE_FILE__, dirql_unit_probe
};

#undef DIRQL_UNIT_STAYS
#undef DIRQL_INSTRUMENTED

#endif

#endif
