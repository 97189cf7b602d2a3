/*
 * test_stream.c - a whole piece goes over the cable, and what the reader gets is what was sent, bit
 * for bit.
 *
 * With one processor and with two, in any mode that the environment asks for (undisturbed if it
 * does not), and in hundreds of random orders. In these, the bytes are handed over by a thread, so
 * that they arrive while ISR, DPC and reader are busy.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "stage.h"

#define SEEDS 300u
#define WHOLE_SEEDS 100u
/* A random run is made of an excerpt: an error shows as bytes that are missing at its end, so there
 * is more to gain from many short runs than from one long one. */
#define EXCERPT_EVENTS 8u
/* Bytes pile up then, and this test is not about losing them: the FIFO holds the whole excerpt. */
#define DEEP_FIFO 256u

static smf song;

static int load(void **state)
{
    char error[SMF_ERROR_LENGTH];

    (void)state;
    if (smf_load(&song, MPU401_SONG, error) != 0) {
        print_error("%s\n", error);
        return -1;
    }
    return 0;
}

static int unload(void **state)
{
    (void)state;
    smf_free(&song);
    return 0;
}

static void perform(performance *p, const dirql_options *options)
{
    dirql_result result;
    int faithful, passed;

    p->reader_processor = options->processors - 1;
    assert_int_equal(performance_prepare(p), 0);
    passed = dirql_run(options, performance_run, p, &result) == DIRQL_PASSED;
    faithful = performance_is_faithful(p);
    if (!passed || !faithful) {
        print_error("%s\n%u of %u bytes, %u dropped; replay: %s\n", result.report,
                    (unsigned)p->received_count, (unsigned)p->song->byte_count,
                    (unsigned)p->statistics.Dropped, result.schedule);
    }
    dirql_result_free(&result);
    performance_free(p);
    assert_true(passed);
    assert_true(faithful);
    assert_int_equal(p->counters.overruns, 0);
    assert_int_equal(p->statistics.Received, p->song->byte_count);
}

static void perform_at_speed(unsigned processors, unsigned speed)
{
    const dirql_options options = {.processors = processors};
    performance p = {.song = &song, .speed = speed};

    perform(&p, &options);
}

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
        perform(&p, &options);
    }
}

static void one_processor_reads_the_piece_back_to_back(void **state)
{
    (void)state;
    perform_at_speed(1, 0);
}

static void two_processors_read_the_piece_back_to_back(void **state)
{
    (void)state;
    perform_at_speed(2, 0);
}

static void one_processor_reads_the_piece_as_written(void **state)
{
    (void)state;
    perform_at_speed(1, 1);
}

static void two_processors_read_the_piece_eight_times_as_fast(void **state)
{
    (void)state;
    perform_at_speed(2, 8);
}

/* The device sends in its own time, but when its interrupts arrive and who goes on is drawn. */
static void perform_whole_at_random(unsigned processors)
{
    dirql_options options = {
        .processors = processors, .mode = DIRQL_MODE_RANDOM, .fixed = 1};
    performance p = {.song = &song};

    for (options.seed = 1; options.seed <= WHOLE_SEEDS; options.seed++) {
        perform(&p, &options);
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
        cmocka_unit_test(one_processor_reads_the_piece_back_to_back),
        cmocka_unit_test(two_processors_read_the_piece_back_to_back),
        cmocka_unit_test(one_processor_reads_the_piece_as_written),
        cmocka_unit_test(two_processors_read_the_piece_eight_times_as_fast),
        cmocka_unit_test(one_processor_reads_the_whole_piece_with_100_seeds),
        cmocka_unit_test(two_processors_read_the_whole_piece_with_100_seeds),
        cmocka_unit_test(one_processor_reads_in_hundreds_of_random_orders),
        cmocka_unit_test(two_processors_read_in_hundreds_of_random_orders),
    };

    return cmocka_run_group_tests(tests, load, unload);
}
