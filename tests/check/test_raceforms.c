/*
 * test_raceforms.c - each form of each Interlocked function orders what its name says: a full fence
 * and Release what comes before, for the next; a full fence and Acquire what comes after.
 */
#include "race.h"

typedef enum order { FULL, ACQUIRE, RELEASE, NOFENCE } order;

/* The value that is handed over, and the form under test, which changes it. */
static DECLSPEC_ALIGN(16) LONG64 cell;

typedef struct form {
    const char *name;
    order order;
    void (*apply)(void);
    LONG64 before;
} form;

static const form *under_test;

/* A value narrower than the cell is its low bytes. */
#define INTERLOCKED_ROW(type, name, order, arguments, before, result, after) \
    static void apply_##name(void)                                           \
    {                                                                        \
        type volatile *at = (type volatile *)(void *)&cell;                  \
                                                                             \
        (void)name arguments;                                                \
    }
#include "../ex/interlocked.def"
#undef INTERLOCKED_ROW

#define LOW_BYTES(type) (~0ull >> (64 - 8 * sizeof(type)))

static const form forms[] = {
#define INTERLOCKED_ROW(type, name, order, arguments, before, result, after) \
    { #name, order, apply_##name, (LONG64)((ULONG64)(before)&LOW_BYTES(type)) },
#include "../ex/interlocked.def"
#undef INTERLOCKED_ROW
};

/* ---- What comes before ----------------------------------------------------------------------- */

static void write_and_apply(void)
{
    WRITES(&x);
    under_test->apply();
}

static void await_change_and_read(void)
{
    while (InterlockedCompareExchange64(&cell, 0, 0) == under_test->before) {
        YieldProcessor();
    }
    READS(&x);
}

/* ---- What comes after ------------------------------------------------------------------------ */

static LONG told;

static void write_and_tell(void)
{
    WRITES(&x);
    InterlockedCompareExchange64(&cell, under_test->before, 0x7777);
    InterlockedOrNoFence(&told, 1);
}

static void await_apply_and_read(void)
{
    while (InterlockedOrNoFence(&told, 0) == 0) {
        YieldProcessor();
    }
    under_test->apply();
    READS(&x);
}

/* ---- Both ------------------------------------------------------------------------------------ */

static void run_form(const form *one, LONG64 at_first, race_part *first, race_part *second)
{
    print_message("%s\n", one->name);
    under_test = one;
    cell = at_first;
    told = 0;
    race_run_two(first, second);
}

static void what_comes_before_is_ordered_by_full_fence_and_release(void **state)
{
    (void)state;
    for (unsigned i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        run_form(&forms[i], forms[i].before, write_and_apply, await_change_and_read);
        if (forms[i].order == FULL || forms[i].order == RELEASE) {
            assert_no_race();
        } else {
            assert_race_found();
        }
    }
}

static void what_comes_after_is_ordered_by_full_fence_and_acquire(void **state)
{
    (void)state;
    for (unsigned i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        run_form(&forms[i], 0x7777, write_and_tell, await_apply_and_read);
        if (forms[i].order == FULL || forms[i].order == ACQUIRE) {
            assert_no_race();
        } else {
            assert_race_found();
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_comes_before_is_ordered_by_full_fence_and_release),
        cmocka_unit_test(what_comes_after_is_ordered_by_full_fence_and_acquire),
    };

    return cmocka_run_group_tests(tests, NULL, race_forget);
}
