/*
 * test_stream.c - a whole piece goes over the cable, and what the reader gets is what was sent, bit
 * for bit: with one processor and with two, in any mode that the environment asks for.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "song.h"

static void perform_at_speed(unsigned processors, unsigned speed)
{
    const dirql_options options = {.processors = processors};
    performance p = {.song = &song, .speed = speed};

    song_perform(&p, &options);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_processor_reads_the_piece_back_to_back),
        cmocka_unit_test(two_processors_read_the_piece_back_to_back),
        cmocka_unit_test(one_processor_reads_the_piece_as_written),
        cmocka_unit_test(two_processors_read_the_piece_eight_times_as_fast),
    };

    return cmocka_run_group_tests(tests, song_load, song_unload);
}
