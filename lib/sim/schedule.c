/*
 * schedule.c - choices as a short text, and back.
 */
#include "sim/choice.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { REPEAT_MAX = 1 << 24 };

static const char letters[] = {
#define X(name, letter, text) letter,
    DQ_CHOICES(X)
#undef X
};

static const char *const meanings[] = {
#define X(name, letter, text) text,
    DQ_CHOICES(X)
#undef X
};

char dq_choice_letter(unsigned kind)
{
    return kind < DQ_CHOICE_COUNT ? letters[kind] : '?';
}

const char *dq_choice_meaning(unsigned kind)
{
    return kind < DQ_CHOICE_COUNT ? meanings[kind] : "an unknown choice";
}

/* ---- Writing --------------------------------------------------------------------------------- */

typedef struct output {
    char *text;
    size_t bytes, length;
} output;

static void put(output *out, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void put(output *out, const char *format, ...)
{
    const size_t room = out->length < out->bytes ? out->bytes - out->length : 0;
    va_list arguments;
    int length;

    va_start(arguments, format);
    length = vsnprintf(room > 0 ? out->text + out->length : NULL, room, format, arguments);
    va_end(arguments);
    out->length += length > 0 ? (size_t)length : 0;
}

static bool same(const dq_choice *a, const dq_choice *b)
{
    return a->kind == b->kind && a->options == b->options && a->answer == b->answer;
}

size_t dq_schedule_write(const dq_choice *choices, size_t count, dq_dialect dialect,
                         uint64_t fingerprint, char *text, size_t bytes)
{
    output out = { text, bytes, 0 };
    size_t repeat;

    while (count > 0 && choices[count - 1].answer == 0) {
        count--;
    }
    put(&out, "%d-%04x-", (int)dialect, (unsigned)(fingerprint & 0xFFFF));
    for (size_t i = 0; i < count; i += repeat) {
        repeat = 1;
        while (i + repeat < count && same(&choices[i], &choices[i + repeat])) {
            repeat++;
        }
        put(&out, "%s%c%u", i > 0 ? "." : "", letters[choices[i].kind], choices[i].answer);
        if (choices[i].options != 2) {
            put(&out, "/%u", choices[i].options);
        }
        if (repeat > 1) {
            put(&out, "*%zu", repeat);
        }
    }
    return out.length;
}

/* ---- Reading --------------------------------------------------------------------------------- */

typedef struct input {
    const char *text, *at;
    char *error;
    size_t error_bytes;
} input;

static bool complain(input *in, const char *what)
{
    snprintf(in->error, in->error_bytes, "replay text, character %zu (\"%.12s\"): %s",
             (size_t)(in->at - in->text) + 1, in->at, what);
    return false;
}

static bool number(input *in, unsigned long limit, unsigned long *value)
{
    if (*in->at < '0' || *in->at > '9') {
        return complain(in, "a number is missing");
    }
    *value = 0;
    while (*in->at >= '0' && *in->at <= '9') {
        *value = *value * 10 + (unsigned long)(*in->at++ - '0');
        if (*value > limit) {
            in->at--;
            return complain(in, "the number is too large");
        }
    }
    return true;
}

static bool dialect(input *in, dq_dialect *found)
{
    unsigned long number_found;

    if (!number(in, 999, &number_found)) {
        return false;
    }
    if (number_found < DQ_DIALECT_FULL || number_found > DQ_DIALECT_RELEASES || *in->at != '-') {
        return complain(in, "it does not begin with a version that this build knows (\"1-\", "
                            "\"2-\" or \"3-\")");
    }
    in->at++;
    *found = (dq_dialect)number_found;
    return true;
}

static bool head(input *in, uint64_t fingerprint)
{
    unsigned found = 0;

    for (int i = 0; i < 4; i++) {
        const char *digits = "0123456789abcdef";
        const char *digit = *in->at != '\0' ? strchr(digits, *in->at) : NULL;

        if (digit == NULL) {
            return complain(in, "the fingerprint needs four hexadecimal digits");
        }
        found = found * 16 + (unsigned)(digit - digits);
        in->at++;
    }
    if (found != (unsigned)(fingerprint & 0xFFFF)) {
        snprintf(
            in->error, in->error_bytes,
            "replay text: it was written by another test or with other options (fingerprint %04x, "
            "this run has %04x)",
            found, (unsigned)(fingerprint & 0xFFFF));
        return false;
    }
    if (*in->at != '-') {
        return complain(in, "a \"-\" is missing behind the fingerprint");
    }
    in->at++;
    return true;
}

static bool one_choice(input *in, dq_choice *choice, unsigned long *repeat)
{
    const char *letter = *in->at != '\0' ? memchr(letters, *in->at, sizeof(letters)) : NULL;
    unsigned long answer, options = 2;

    if (letter == NULL) {
        return complain(in, "this is no kind of choice");
    }
    in->at++;
    if (!number(in, 63, &answer)) {
        return false;
    }
    if (*in->at == '/') {
        in->at++;
        if (!number(in, 64, &options)) {
            return false;
        }
    }
    if (answer >= options || options < 2) {
        return complain(in, "the answer is not below the number of options");
    }
    *repeat = 1;
    if (*in->at == '*') {
        in->at++;
        if (!number(in, REPEAT_MAX, repeat)) {
            return false;
        }
        if (*repeat == 0) {
            return complain(in, "a choice cannot be repeated 0 times");
        }
    }
    *choice = (dq_choice){ .kind = (uint8_t)(letter - letters),
                           .options = (uint8_t)options,
                           .answer = (uint8_t)answer };
    return true;
}

/* The room that a script of `count` has. */
static size_t capacity_of(size_t count)
{
    size_t capacity = 16;

    while (capacity < count) {
        capacity *= 2;
    }
    return capacity;
}

/* Makes room for `more` choices behind `count`. */
static bool reserve(dq_choice **script, size_t count, size_t more)
{
    const size_t capacity = capacity_of(count + more);
    dq_choice *larger;

    if (*script != NULL && capacity == capacity_of(count)) {
        return true;
    }
    larger = realloc(*script, capacity * sizeof(dq_choice));
    if (larger == NULL) {
        return false;
    }
    *script = larger;
    return true;
}

static bool body(input *in, dq_choice **script, size_t *count)
{
    if (*in->at == '\0') {
        return true;
    }
    for (;;) {
        dq_choice choice;
        unsigned long repeat;

        if (!one_choice(in, &choice, &repeat)) {
            return false;
        }
        if (*count + repeat > REPEAT_MAX || !reserve(script, *count, repeat)) {
            return complain(in, "the text stands for more choices than fit");
        }
        while (repeat-- > 0) {
            (*script)[(*count)++] = choice;
        }
        if (*in->at == '\0') {
            return true;
        }
        if (*in->at != '.') {
            return complain(in, "choices are separated by \".\"");
        }
        in->at++;
    }
}

bool dq_schedule_read(const char *text, uint64_t fingerprint, dq_schedule *schedule, char *error,
                      size_t error_bytes)
{
    input in = { text, text, error, error_bytes };

    *schedule = (dq_schedule){ 0 };
    if (!dialect(&in, &schedule->dialect) || !head(&in, fingerprint) ||
        !body(&in, &schedule->script, &schedule->count)) {
        free(schedule->script);
        *schedule = (dq_schedule){ 0 };
        return false;
    }
    return true;
}
