/*
 * test_smf.c - the MIDI file reader: what it makes of good files, and what it says about bad ones.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "smf.h"

#define BYTES(...) (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__})
/* 96 ticks a quarter note; at the default tempo of 120 a minute, a tick takes 5,208,333 1/3 ns. */
#define HEADER(format, tracks) \
    'M', 'T', 'h', 'd', 0, 0, 0, 6, 0, (format), 0, (tracks), 0, 96
#define TRACK(length) 'M', 'T', 'r', 'k', 0, 0, 0, (length)
#define END 0, 0xFF, 0x2F, 0

#define QUARTER_NS UINT64_C(500000000)

struct fixture {
    smf song;
    char error[SMF_ERROR_LENGTH];
};

static int start(void **state)
{
    static struct fixture fixture;

    memset(&fixture, 0, sizeof(fixture));
    *state = &fixture;
    return 0;
}

static int stop(void **state)
{
    struct fixture *f = *state;

    smf_free(&f->song);
    return 0;
}

static void parses(struct fixture *f, const uint8_t *file, size_t size)
{
    if (smf_parse(&f->song, file, size, f->error) != 0) {
        fail_msg("%s", f->error);
    }
}

static void is_refused(struct fixture *f, const char *why, const uint8_t *file, size_t size)
{
    assert_int_equal(smf_parse(&f->song, file, size, f->error), -1);
    if (strstr(f->error, why) == NULL) {
        fail_msg("\"%s\" does not say \"%s\"", f->error, why);
    }
}

static void carries(const struct fixture *f, const uint8_t *bytes, size_t count)
{
    assert_int_equal(f->song.byte_count, count);
    assert_memory_equal(f->song.bytes, bytes, count);
}

/* ---- Good files ------------------------------------------------------------------------------ */

static void running_status_is_written_out(void **state)
{
    struct fixture *f = *state;

    parses(f, BYTES(HEADER(0, 1), TRACK(16), 0, 0x90, 60, 64, 96, 60, 0, 0, 0xC1, 5, 0, 6, END));
    carries(f, BYTES(0x90, 60, 64, 0x90, 60, 0, 0xC1, 5, 0xC1, 6));
    assert_int_equal(f->song.event_count, 4);
    assert_int_equal(f->song.events[1].time_ns, QUARTER_NS);
    assert_int_equal(f->song.events[1].offset, 3);
    assert_int_equal(f->song.events[2].length, 2);
}

static void sysex_is_sent_with_its_first_byte_and_packets_without(void **state)
{
    struct fixture *f = *state;

    parses(f, BYTES(HEADER(0, 1), TRACK(19), 0, 0xF0, 3, 0x7D, 1, 2, 96, 0xF7, 2, 3, 0xF7, 0, 0xF7,
                    1, 0xF8, END));
    carries(f, BYTES(0xF0, 0x7D, 1, 2, 3, 0xF7, 0xF8));
    assert_int_equal(f->song.event_count, 3);
    assert_int_equal(f->song.events[1].time_ns, QUARTER_NS);
}

static void tracks_are_merged_by_time_and_the_earlier_track_goes_first(void **state)
{
    struct fixture *f = *state;

    parses(f, BYTES(HEADER(1, 2), TRACK(10), 0, 0xC0, 1, 48, 0xC0, 2, END, TRACK(13), 24, 0xC1, 3,
                    24, 0xC1, 4, 24, 0xC1, 5, END));
    carries(f, BYTES(0xC0, 1, 0xC1, 3, 0xC0, 2, 0xC1, 4, 0xC1, 5));
    assert_int_equal(f->song.tracks, 2);
}

static void a_tempo_holds_for_all_tracks_from_its_tick_on(void **state)
{
    struct fixture *f = *state;

    /* From the first quarter note on, 250,000 us each. */
    parses(f, BYTES(HEADER(1, 2), TRACK(11), 96, 0xFF, 0x51, 3, 0x03, 0xD0, 0x90, END, TRACK(10),
                    96, 0xC0, 1, 96, 0xC0, 2, END));
    assert_int_equal(f->song.events[0].time_ns, QUARTER_NS);
    assert_int_equal(f->song.events[1].time_ns, QUARTER_NS + QUARTER_NS / 2);
}

static void rounding_does_not_add_up(void **state)
{
    struct fixture *f = *state;

    parses(f, BYTES(HEADER(0, 1), TRACK(13), 1, 0xC0, 1, 1, 0xC0, 2, 94, 0xC0, 3, END));
    assert_int_equal(f->song.events[0].time_ns, 5208333);
    assert_int_equal(f->song.events[1].time_ns, 10416666);
    assert_int_equal(f->song.events[2].time_ns, QUARTER_NS);
}

static void time_code_divides_seconds_and_ignores_tempo(void **state)
{
    struct fixture *f = *state;

    /* 25 frames a second of 40 ticks: a tick is a millisecond. */
    parses(f, BYTES('M', 'T', 'h', 'd', 0, 0, 0, 6, 0, 0, 0, 1, 0xE7, 40, TRACK(14), 0, 0xFF, 0x51,
                    3, 0x03, 0xD0, 0x90, 7, 0xC0, 1, END));
    assert_int_equal(f->song.events[0].time_ns, 7000000);
}

static void chunks_of_other_kinds_are_skipped(void **state)
{
    struct fixture *f = *state;

    parses(f, BYTES(HEADER(0, 1), 'X', 'F', 'I', 'H', 0, 0, 0, 2, 1, 2, TRACK(7), 0, 0xC0, 1, END));
    carries(f, BYTES(0xC0, 1));
}

static void a_long_header_is_accepted(void **state)
{
    struct fixture *f = *state;

    parses(f, BYTES('M', 'T', 'h', 'd', 0, 0, 0, 8, 0, 0, 0, 1, 0, 96, 9, 9, TRACK(4), END));
    assert_int_equal(f->song.event_count, 0);
}

static void numbers_have_up_to_four_bytes(void **state)
{
    struct fixture *f = *state;

    parses(f, BYTES(HEADER(0, 1), TRACK(10), 0x81, 0x80, 0x80, 0x00, 0xC0, 1, END));
    assert_int_equal(f->song.events[0].time_ns, (UINT64_C(1) << 21) * QUARTER_NS / 96);
}

/* ---- Bad files ------------------------------------------------------------------------------- */

static void an_empty_file_is_refused(void **state)
{
    is_refused(*state, "does not begin with MThd", (const uint8_t *)"", 0);
}

static void another_kind_of_file_is_refused(void **state)
{
    is_refused(*state, "does not begin with MThd", BYTES('R', 'I', 'F', 'F', 0, 0, 0, 0));
}

static void a_short_header_is_refused(void **state)
{
    is_refused(*state, "header is too short", BYTES('M', 'T', 'h', 'd', 0, 0, 0, 4, 0, 0, 0, 1));
}

static void a_header_cut_short_is_truncated(void **state)
{
    is_refused(*state, "truncated: 2 bytes", BYTES('M', 'T', 'h', 'd', 0, 0, 0, 6, 0, 0, 0, 1));
}

static void format_2_is_refused(void **state)
{
    is_refused(*state, "format 2 is not supported", BYTES(HEADER(2, 1), TRACK(4), END));
}

static void two_tracks_in_format_0_are_refused(void **state)
{
    is_refused(*state, "2 tracks in a file of format 0", BYTES(HEADER(0, 2), TRACK(4), END));
}

static void a_division_of_zero_is_refused(void **state)
{
    is_refused(*state, "division of zero",
               BYTES('M', 'T', 'h', 'd', 0, 0, 0, 6, 0, 0, 0, 1, 0, 0, TRACK(4), END));
}

static void unknown_time_code_is_refused(void **state)
{
    is_refused(*state, "26 frames of 40",
               BYTES('M', 'T', 'h', 'd', 0, 0, 0, 6, 0, 0, 0, 1, 0xE6, 40, TRACK(4), END));
}

static void a_missing_track_is_refused(void **state)
{
    is_refused(*state, "names 2 tracks, there are 1", BYTES(HEADER(1, 2), TRACK(4), END));
}

static void a_track_longer_than_the_file_is_truncated(void **state)
{
    is_refused(*state, "offset 22: truncated: 6 bytes", BYTES(HEADER(0, 1), TRACK(10), END));
}

static void a_track_without_an_end_is_refused(void **state)
{
    is_refused(*state, "no end-of-track", BYTES(HEADER(0, 1), TRACK(3), 0, 0xC0, 1));
}

static void a_track_after_its_end_is_refused(void **state)
{
    is_refused(*state, "goes on after", BYTES(HEADER(0, 1), TRACK(7), END, 0, 0xC0, 1));
}

static void a_message_cut_by_the_end_of_its_track_is_refused(void **state)
{
    /* The file goes on, with a track whose first byte must not be taken for data. */
    is_refused(*state, "truncated: 1 byte is",
               BYTES(HEADER(1, 2), TRACK(3), 0, 0x90, 60, TRACK(4), END));
}

static void a_number_of_five_bytes_is_refused(void **state)
{
    is_refused(*state, "offset 22: a variable-length number",
               BYTES(HEADER(0, 1), TRACK(11), 0x81, 0x80, 0x80, 0x80, 0, 0xC0, 1, END));
}

static void data_without_status_is_refused(void **state)
{
    is_refused(*state, "data byte 3C without a status",
               BYTES(HEADER(0, 1), TRACK(7), 0, 60, 64, END));
}

static void running_status_ends_at_a_meta_event(void **state)
{
    is_refused(*state, "data byte 3E without a status",
               BYTES(HEADER(0, 1), TRACK(15), 0, 0x90, 60, 64, 0, 0xFF, 1, 0, 0, 62, 64, END));
}

static void status_in_the_place_of_data_is_refused(void **state)
{
    is_refused(*state, "offset 25: status byte 90",
               BYTES(HEADER(0, 1), TRACK(8), 0, 0x90, 60, 0x90, END));
}

static void a_status_that_no_file_has_is_refused(void **state)
{
    is_refused(*state, "status byte F8", BYTES(HEADER(0, 1), TRACK(6), 0, 0xF8, END));
}

static void a_tempo_of_a_wrong_size_is_refused(void **state)
{
    is_refused(*state, "2 bytes instead of 3",
               BYTES(HEADER(0, 1), TRACK(10), 0, 0xFF, 0x51, 2, 3, 0xD0, END));
}

static void a_tempo_of_zero_is_refused(void **state)
{
    is_refused(*state, "tempo of zero",
               BYTES(HEADER(0, 1), TRACK(11), 0, 0xFF, 0x51, 3, 0, 0, 0, END));
}

static void a_sysex_longer_than_its_track_is_refused(void **state)
{
    is_refused(*state, "truncated", BYTES(HEADER(0, 1), TRACK(7), 0, 0xF0, 99, END));
}

static void a_track_of_many_hours_is_refused(void **state)
{
    is_refused(*state, "too long", BYTES(HEADER(0, 1), TRACK(12), 0xFF, 0xFF, 0xFF, 0x7F, 0xC0, 1,
                                         0x7F, 1, END));
}

static void a_file_that_is_not_there_is_refused(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(smf_load(&f->song, "no such file.mid", f->error), -1);
    assert_non_null(strstr(f->error, "cannot be opened"));
}

/* ---- The piece of this folder ---------------------------------------------------------------- */

static void the_piece_is_read_whole_and_in_order(void **state)
{
    struct fixture *f = *state;
    size_t i, end = 0;

    if (smf_load(&f->song, MPU401_SONG, f->error) != 0) {
        fail_msg("%s", f->error);
    }
    assert_int_equal(f->song.format, 1);
    assert_true(f->song.event_count > 500);
    for (i = 0; i < f->song.event_count; i++) {
        assert_int_equal(f->song.events[i].offset, end);
        end += f->song.events[i].length;
        assert_true(i == 0 || f->song.events[i].time_ns >= f->song.events[i - 1].time_ns);
    }
    assert_int_equal(end, f->song.byte_count);
}

/* Every beginning of the piece is a damaged file: none may be accepted, and none may be read past
 * its end. */
static void every_shorter_file_is_refused(void **state)
{
    static uint8_t whole[8192];
    struct fixture *f = *state;
    FILE *stream = fopen(MPU401_SONG, "rb");
    size_t size, length;

    assert_non_null(stream);
    size = fread(whole, 1, sizeof(whole), stream);
    fclose(stream);
    for (length = 0; length < size; length++) {
        uint8_t *part = test_malloc(length + 1); /* On the heap, where a sanitizer sees its end. */

        memcpy(part, whole, length);
        assert_int_equal(smf_parse(&f->song, part, length, f->error), -1);
        smf_free(&f->song);
        test_free(part);
    }
}

#define SMF_TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SMF_TEST(running_status_is_written_out),
        SMF_TEST(sysex_is_sent_with_its_first_byte_and_packets_without),
        SMF_TEST(tracks_are_merged_by_time_and_the_earlier_track_goes_first),
        SMF_TEST(a_tempo_holds_for_all_tracks_from_its_tick_on),
        SMF_TEST(rounding_does_not_add_up),
        SMF_TEST(time_code_divides_seconds_and_ignores_tempo),
        SMF_TEST(chunks_of_other_kinds_are_skipped),
        SMF_TEST(a_long_header_is_accepted),
        SMF_TEST(numbers_have_up_to_four_bytes),
        SMF_TEST(an_empty_file_is_refused),
        SMF_TEST(another_kind_of_file_is_refused),
        SMF_TEST(a_short_header_is_refused),
        SMF_TEST(a_header_cut_short_is_truncated),
        SMF_TEST(format_2_is_refused),
        SMF_TEST(two_tracks_in_format_0_are_refused),
        SMF_TEST(a_division_of_zero_is_refused),
        SMF_TEST(unknown_time_code_is_refused),
        SMF_TEST(a_missing_track_is_refused),
        SMF_TEST(a_track_longer_than_the_file_is_truncated),
        SMF_TEST(a_track_without_an_end_is_refused),
        SMF_TEST(a_track_after_its_end_is_refused),
        SMF_TEST(a_message_cut_by_the_end_of_its_track_is_refused),
        SMF_TEST(a_number_of_five_bytes_is_refused),
        SMF_TEST(data_without_status_is_refused),
        SMF_TEST(running_status_ends_at_a_meta_event),
        SMF_TEST(status_in_the_place_of_data_is_refused),
        SMF_TEST(a_status_that_no_file_has_is_refused),
        SMF_TEST(a_tempo_of_a_wrong_size_is_refused),
        SMF_TEST(a_tempo_of_zero_is_refused),
        SMF_TEST(a_sysex_longer_than_its_track_is_refused),
        SMF_TEST(a_track_of_many_hours_is_refused),
        SMF_TEST(a_file_that_is_not_there_is_refused),
        SMF_TEST(the_piece_is_read_whole_and_in_order),
        SMF_TEST(every_shorter_file_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
