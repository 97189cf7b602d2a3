/*
 * test_schedule.c - the schedule text, written and read.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "sim/choice.h"

#include <stdlib.h>
#include <string.h>

enum { FINGERPRINT = 0x9f3a };

#define CHOICE(kind_, options_, answer_) \
    { .kind = (kind_), .options = (options_), .answer = (answer_) }

static const char *written(const dq_choice *choices, size_t count, char *text, size_t bytes)
{
    dq_schedule_write(choices, count, DQ_DIALECT_FULL, FINGERPRINT, text, bytes);
    return text;
}

static void choices_are_written_with_letter_answer_and_options(void **state)
{
    const dq_choice choices[] = { CHOICE(DQ_CHOICE_ARRIVAL, 2, 1), CHOICE(DQ_CHOICE_PROCESSOR, 3, 2) };
    char text[64];

    (void)state;
    assert_string_equal(written(choices, 2, text, sizeof(text)), "1-9f3a-i1.p2/3");
}

static void equal_neighbours_are_written_once(void **state)
{
    const dq_choice choices[] = {
        CHOICE(DQ_CHOICE_PROCESSOR, 2, 0),
        CHOICE(DQ_CHOICE_PROCESSOR, 2, 0),
        CHOICE(DQ_CHOICE_PROCESSOR, 2, 0),
        CHOICE(DQ_CHOICE_ARRIVAL, 2, 1),
    };
    char text[64];

    (void)state;
    assert_string_equal(written(choices, 4, text, sizeof(text)), "1-9f3a-p0*3.i1");
}

static void zeros_at_the_end_are_left_out(void **state)
{
    const dq_choice choices[] = { CHOICE(DQ_CHOICE_ARRIVAL, 2, 1), CHOICE(DQ_CHOICE_PROCESSOR, 2, 0) };
    char text[64];

    (void)state;
    assert_string_equal(written(choices, 2, text, sizeof(text)), "1-9f3a-i1");
    assert_string_equal(written(choices + 1, 1, text, sizeof(text)), "1-9f3a-");
}

static void the_needed_length_is_returned_without_a_buffer(void **state)
{
    const dq_choice choices[] = { CHOICE(DQ_CHOICE_ARRIVAL, 2, 1) };

    (void)state;
    assert_int_equal(dq_schedule_write(choices, 1, DQ_DIALECT_FULL, FINGERPRINT, NULL, 0),
                     strlen("1-9f3a-i1"));
}

static void what_was_written_is_read_back(void **state)
{
    dq_choice choices[200];
    char text[2048], error[256];
    dq_schedule schedule;

    (void)state;
    for (size_t i = 0; i < 200; i++) {
        choices[i] = (dq_choice)CHOICE((uint8_t)(i % DQ_CHOICE_COUNT), (uint8_t)(2 + i % 7),
                                       (uint8_t)(i % 3 == 0 ? 1 : 0));
    }
    choices[199].answer = 1;
    written(choices, 200, text, sizeof(text));
    assert_true(dq_schedule_read(text, FINGERPRINT, &schedule, error, sizeof(error)));
    assert_int_equal(schedule.count, 200);
    assert_int_equal(schedule.dialect, DQ_DIALECT_FULL);
    for (size_t i = 0; i < 200; i++) {
        assert_int_equal(schedule.script[i].kind, choices[i].kind);
        assert_int_equal(schedule.script[i].options, choices[i].options);
        assert_int_equal(schedule.script[i].answer, choices[i].answer);
    }
    free(schedule.script);
}

static void the_text_of_an_exploration_is_told_by_its_dialect(void **state)
{
    const dq_choice choices[] = { CHOICE(DQ_CHOICE_PROCESSOR, 2, 1) };
    char text[64], error[256];
    dq_schedule schedule;

    (void)state;
    dq_schedule_write(choices, 1, DQ_DIALECT_SPARSE, FINGERPRINT, text, sizeof(text));
    assert_string_equal(text, "2-9f3a-p1");
    assert_true(dq_schedule_read(text, FINGERPRINT, &schedule, error, sizeof(error)));
    assert_int_equal(schedule.dialect, DQ_DIALECT_SPARSE);
    free(schedule.script);
    dq_schedule_write(choices, 1, DQ_DIALECT_RELEASES, FINGERPRINT, text, sizeof(text));
    assert_string_equal(text, "3-9f3a-p1");
    assert_true(dq_schedule_read(text, FINGERPRINT, &schedule, error, sizeof(error)));
    assert_int_equal(schedule.dialect, DQ_DIALECT_RELEASES);
    free(schedule.script);
}

static void assert_refused(const char *text, const char *reason)
{
    dq_schedule schedule;
    char error[256];

    assert_false(dq_schedule_read(text, FINGERPRINT, &schedule, error, sizeof(error)));
    if (strstr(error, reason) == NULL) {
        fail_msg("\"%s\" was refused with \"%s\", which does not say \"%s\"", text, error, reason);
    }
    assert_null(schedule.script);
}

static void malformed_texts_are_refused_with_the_place(void **state)
{
    (void)state;
    assert_refused("", "character 1 (\"\"): a number is missing");
    assert_refused("4-9f3a-", "version");
    assert_refused("1-9f3", "four hexadecimal digits");
    assert_refused("1-9f3a", "a \"-\" is missing");
    assert_refused("1-9f3a-x1", "character 8 (\"x1\"): this is no kind of choice");
    assert_refused("1-9f3a-p", "a number is missing");
    assert_refused("1-9f3a-p2", "not below the number of options");
    assert_refused("1-9f3a-p1/99", "too large");
    assert_refused("1-9f3a-p1*0", "repeated 0 times");
    assert_refused("1-9f3a-p1*99999999999", "too large");
    assert_refused("1-9f3a-p1,p0", "separated by");
    assert_refused("1-9f3a-p1.", "no kind of choice");
}

static void a_text_of_another_test_is_told_apart(void **state)
{
    (void)state;
    assert_refused("1-0001-p1",
                   "written by another test or with other options (fingerprint 0001, this run "
                   "has 9f3a)");
}

static void a_huge_repetition_is_refused_without_using_the_memory(void **state)
{
    (void)state;
    assert_refused("1-9f3a-p1*16777217", "too large");
    assert_refused("1-9f3a-p0.p1*16777216", "more choices than fit");
}

static void a_text_of_very_many_choices_is_read_back(void **state)
{
    enum { MANY = 100000 };
    dq_choice *choices = calloc(MANY, sizeof(*choices));
    dq_schedule schedule;
    char error[256], *text;
    size_t length;

    (void)state;
    for (unsigned i = 0; i < MANY; i++) { /* No neighbours are equal. */
        choices[i] = (dq_choice)CHOICE(DQ_CHOICE_TEST, 5, 1 + i % 4);
    }
    length = dq_schedule_write(choices, MANY, DQ_DIALECT_FULL, FINGERPRINT, NULL, 0);
    text = malloc(length + 1);
    dq_schedule_write(choices, MANY, DQ_DIALECT_FULL, FINGERPRINT, text, length + 1);
    assert_true(dq_schedule_read(text, FINGERPRINT, &schedule, error, sizeof(error)));
    assert_int_equal(schedule.count, MANY);
    for (unsigned i = 0; i < MANY; i++) {
        assert_int_equal(schedule.script[i].answer, choices[i].answer);
    }
    free(schedule.script);
    free(text);
    free(choices);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(choices_are_written_with_letter_answer_and_options),
        cmocka_unit_test(equal_neighbours_are_written_once),
        cmocka_unit_test(zeros_at_the_end_are_left_out),
        cmocka_unit_test(the_needed_length_is_returned_without_a_buffer),
        cmocka_unit_test(what_was_written_is_read_back),
        cmocka_unit_test(the_text_of_an_exploration_is_told_by_its_dialect),
        cmocka_unit_test(malformed_texts_are_refused_with_the_place),
        cmocka_unit_test(a_text_of_another_test_is_told_apart),
        cmocka_unit_test(a_text_of_very_many_choices_is_read_back),
        cmocka_unit_test(a_huge_repetition_is_refused_without_using_the_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
