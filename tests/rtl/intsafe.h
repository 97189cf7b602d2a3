/*
 * intsafe.h - conversions and arithmetic of ntintsafe.h at the edges of their types, against
 * arithmetic that is wide enough.
 */
#ifndef TEST_INTSAFE_H
#define TEST_INTSAFE_H

#include <dirql/cmocka.h>

#include <ntddk.h>
#include <ntintsafe.h>

__extension__ typedef __int128 wide;

/* ---- The edges of types ---------------------------------------------------------------------- */

#define IS_SIGNED(type) ((type)-1 < (type)1)
#define MOST(type) \
    ((wide)(IS_SIGNED(type) ? ~0ull >> (65 - 8 * sizeof(type)) : ~0ull >> (64 - 8 * sizeof(type))))
#define LEAST(type)       (IS_SIGNED(type) ? -MOST(type) - 1 : (wide)0)
#define FITS(type, value) ((value) >= LEAST(type) && (value) <= MOST(type))

/* What a type is tried with: its own edges and those of the types that it may become. */
enum { EDGES = 3 * 9 * 2 };

static inline unsigned list_edges(wide *edges)
{
    static const unsigned bits[] = { 0, 7, 8, 15, 16, 31, 32, 63, 64 };
    unsigned count = 0;

    for (unsigned i = 0; i < RTL_NUMBER_OF(bits); i++) {
        for (int step = -1; step <= 1; step++) {
            edges[count++] = ((wide)1 << bits[i]) + step;
            edges[count++] = -((wide)1 << bits[i]) + step;
        }
    }
    return count;
}

/* ---- Conversions ----------------------------------------------------------------------------- */

#define CONVERTS(From, Target)                                       \
    do {                                                             \
        typedef NTINTSAFE_##From from;                               \
        typedef NTINTSAFE_##Target to;                               \
                                                                     \
        for (unsigned i = 0; i < count; i++) {                       \
            to result = (to)0x55;                                    \
            NTSTATUS status;                                         \
                                                                     \
            if (!FITS(from, edges[i])) {                             \
                continue;                                            \
            }                                                        \
            status = Rtl##From##To##Target((from)edges[i], &result); \
            if (FITS(to, edges[i])) {                                \
                assert_int_equal(status, STATUS_SUCCESS);            \
                assert_true((wide)result == edges[i]);               \
            } else {                                                 \
                assert_int_equal(status, STATUS_INTEGER_OVERFLOW);   \
                assert_true(result == (to)-1);                       \
            }                                                        \
        }                                                            \
    } while (0)

/* ---- Arithmetic ------------------------------------------------------------------------------ */

/* A product of two values of 64 bits may be too wide for the exact result; then it overflows. */
static inline bool multiply(wide a, wide b, wide *exact)
{
    return !__builtin_mul_overflow(a, b, exact);
}

static inline bool add(wide a, wide b, wide *exact)
{
    return !__builtin_add_overflow(a, b, exact);
}

static inline bool subtract(wide a, wide b, wide *exact)
{
    return !__builtin_sub_overflow(a, b, exact);
}

#define CALCULATES(Type, Operation, in_full)                          \
    do {                                                              \
        typedef NTINTSAFE_##Type type;                                \
                                                                      \
        for (unsigned i = 0; i < count * count; i++) {                \
            const wide a = edges[i / count], b = edges[i % count];    \
            type result = (type)0x55;                                 \
            NTSTATUS status;                                          \
            wide exact;                                               \
                                                                      \
            if (!FITS(type, a) || !FITS(type, b)) {                   \
                continue;                                             \
            }                                                         \
            status = Rtl##Type##Operation((type)a, (type)b, &result); \
            if (in_full(a, b, &exact) && FITS(type, exact)) {         \
                assert_int_equal(status, STATUS_SUCCESS);             \
                assert_true((wide)result == exact);                   \
            } else {                                                  \
                assert_int_equal(status, STATUS_INTEGER_OVERFLOW);    \
                assert_true(result == (type)-1);                      \
            }                                                         \
        }                                                             \
    } while (0)

#define COUNTS(Type)                      \
    do {                                  \
        CALCULATES(Type, Add, add);       \
        CALCULATES(Type, Sub, subtract);  \
        CALCULATES(Type, Mult, multiply); \
    } while (0)

#endif
