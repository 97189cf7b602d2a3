/*
 * test_orders.c - the piece in hundreds of random orders: what the reader gets is what was sent.
 *
 * In a part of them the bytes are handed over by a thread, so that they arrive while ISR, DPC and
 * reader are busy. The mode is the tests' own: another one in the environment changes nothing.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "song.h"

#define SEEDS 300u
#define WHOLE_SEEDS 100u
/* A random run is made of an excerpt: an error shows as bytes that are missing at its end, so there
 * is more to gain from many short runs than from one long one. */
#define EXCERPT_EVENTS 8u
/* Bytes pile up then, and this test is not about losing them: the FIFO holds the whole excerpt. */
#define DEEP_FIFO 256u

static void perform_at_random(unsigned processors)
{
    dirql_options options = {
        .processors = processors, .mode = DIRQL_MODE_RANDOM, .fixed = 1};
    performance p = {.by_hand = true, .mpu = {.fifo_bytes = DEEP_FIFO}};
    smf excerpt = song;

    excerpt.event_count = EXCERPT_EVENTS;
    excerpt.byte_count = song.events[EXCERPT_EVENTS].offset;
    assert_true(excerpt.byte_count <= DEEP_FIFO);
    p.song = &excerpt;
    for (options.seed = 1; options.seed <= SEEDS; options.seed++) {
        song_perform(&p, &options);
    }
}

/* The device sends in its own time, but when its interrupts arrive and who goes on is drawn. */
static void perform_whole_at_random(unsigned processors)
{
    dirql_options options = {
        .processors = processors, .mode = DIRQL_MODE_RANDOM, .fixed = 1};
    performance p = {.song = &song};

    for (options.seed = 1; options.seed <= WHOLE_SEEDS; options.seed++) {
        song_perform(&p, &options);
    }
}

static void one_processor_reads_the_whole_piece_with_100_seeds(void **state)
{
    (void)state;
    perform_whole_at_random(1);
}

static void two_processors_read_the_whole_piece_with_100_seeds(void **state)
{
    (void)state;
    perform_whole_at_random(2);
}

static void one_processor_reads_in_hundreds_of_random_orders(void **state)
{
    (void)state;
    perform_at_random(1);
}

static void two_processors_read_in_hundreds_of_random_orders(void **state)
{
    (void)state;
    perform_at_random(2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_processor_reads_the_whole_piece_with_100_seeds),
        cmocka_unit_test(two_processors_read_the_whole_piece_with_100_seeds),
        cmocka_unit_test(one_processor_reads_in_hundreds_of_random_orders),
        cmocka_unit_test(two_processors_read_in_hundreds_of_random_orders),
    };

    return cmocka_run_group_tests(tests, song_load, song_unload);
}
