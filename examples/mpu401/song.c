/*
 * song.c - loads the piece, performs it, and says what is missing.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "song.h"

smf song;

int song_load(void **state)
{
    char error[SMF_ERROR_LENGTH];

    (void)state;
    if (smf_load(&song, MPU401_SONG, error) != 0) {
        print_error("%s\n", error);
        return -1;
    }
    return 0;
}

int song_unload(void **state)
{
    (void)state;
    smf_free(&song);
    return 0;
}

void song_perform(performance *p, const dirql_options *options)
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
