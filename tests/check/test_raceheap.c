/*
 * test_raceheap.c - memory of the host's heap: who gets a block anew has nothing to do with who had
 * it, and who uses one has to do with all others who do.
 */
#include "race.h"

#include <stdlib.h>

#include <dirql/line.h>

#include "heaping.h"

static void twice(void)
{
    race_parts[0]();
    race_parts[0]();
}

static BOOLEAN use_in_isr(PKINTERRUPT interrupt, PVOID context)
{
    (void)interrupt;
    (*(race_part *const *)context)();
    return TRUE;
}

static void interrupted(void *context)
{
    const dirql_line_options options = { .name = "heap", .irql = 7, .trigger = DIRQL_EDGE };
    dirql_line *line = dirql_line_create(&options);
    PKINTERRUPT interrupt;

    (void)context;
    assert_int_equal(IoConnectInterrupt(&interrupt, use_in_isr, &race_parts[0], NULL,
                                        dirql_line_vector(line), 7, 7, Latched, FALSE,
                                        dirql_line_processors(line), FALSE),
                     STATUS_SUCCESS);
    for (unsigned i = 0; i < 3; i++) {
        dirql_line_pulse(line);
        twice();
    }
    IoDisconnectInterrupt(interrupt);
}

static void assert_own_memory_of(race_part *part)
{
    race_parts[0] = race_parts[1] = part;
    race_processors[0] = race_processors[1] = DIRQL_ANY_PROCESSOR;
    rule_run(2, race_two);
    assert_no_race();
    rule_run(2, interrupted);
    assert_no_race();
}

static void a_block_begins_anew(void **state)
{
    (void)state;
    assert_own_memory_of(heaping_malloc);
    assert_own_memory_of(heaping_realloc);
    assert_own_memory_of(heaping_count);
}

static void what_the_language_runtime_gives_begins_anew(void **state)
{
    (void)state;
    assert_own_memory_of(heaping_new);
    assert_own_memory_of(heaping_string);
    assert_own_memory_of(heaping_exception);
}

static void what_a_library_gives_begins_anew(void **state)
{
    (void)state;
    assert_own_memory_of(heaping_of_a_library);
}

static void use_and_churn(void)
{
    heaping_malloc();
    plain_churn(10000);
}

static void however_much_comes_between(void **state)
{
    (void)state;
    race_run_two(use_and_churn, use_and_churn);
    assert_no_race();
}

static void write_and_count(void)
{
    WRITES(&x);
    heaping_count();
}

static void count_and_write(void)
{
    heaping_count();
    WRITES(&x);
}

/* What was handed over by the memory is not in it any more. */
static void a_block_orders_nobody_with_who_has_it_next(void **state)
{
    (void)state;
    race_run_two(write_and_count, count_and_write);
    assert_race_found();
}

/* ---- Blocks in use --------------------------------------------------------------------------- */

/* More than the C library keeps of a size: then it cuts them in order, side by side. A run that ends
 * in a race leaves them to the next. */
enum { BLOCKS = 500, MINE = BLOCKS - 2, BESIDE };

static DIRQL_KEEP LONG *blocks[BLOCKS];

static void give_back(unsigned which)
{
    free(blocks[which]);
    blocks[which] = NULL;
}

static void give_all_back(void)
{
    for (unsigned i = 0; i < BLOCKS; i++) {
        give_back(i);
    }
}

static void write_mine(void)
{
    heaping_write(blocks[MINE]);
}

static void write_mine_and_give_neighbour_back(void)
{
    heaping_write(blocks[MINE]);
    give_back(BESIDE);
    plain_churn(10);
}

static void on_blocks(void *context)
{
    give_all_back();
    for (unsigned i = 0; i < BLOCKS; i++) {
        blocks[i] = malloc(24);
    }
    race_two(context);
}

static void run_on_blocks(race_part *first, race_part *second)
{
    race_parts[0] = first;
    race_parts[1] = second;
    race_processors[0] = race_processors[1] = DIRQL_ANY_PROCESSOR;
    rule_run(2, on_blocks);
    give_all_back();
}

static void a_block_in_use_has_its_races(void **state)
{
    (void)state;
    run_on_blocks(write_mine, write_mine);
    assert_race_found();
    run_on_blocks(write_mine_and_give_neighbour_back, write_mine);
    assert_race_found();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_block_begins_anew),
        cmocka_unit_test(what_the_language_runtime_gives_begins_anew),
        cmocka_unit_test(what_a_library_gives_begins_anew),
        cmocka_unit_test(however_much_comes_between),
        cmocka_unit_test(a_block_orders_nobody_with_who_has_it_next),
        cmocka_unit_test(a_block_in_use_has_its_races),
    };

    return cmocka_run_group_tests(tests, NULL, race_forget);
}
