/*
 * spelling.c - how far apart two names are.
 *
 * "Optimal string alignment": Levenshtein's distance, where two neighbours exchanged are one step.
 */
#include "sim/spelling.h"

#include <string.h>

enum { LONGEST = 64, SHORT_NAME = 4 };

typedef unsigned char row[LONGEST + 1];

static char lower(char letter)
{
    return letter >= 'A' && letter <= 'Z' ? (char)(letter - 'A' + 'a') : letter;
}

static unsigned least(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

/* One row of the table, from the two above it. `i` letters of `a` are used. */
static void fill(row now, const row before, const row before_that, const char *a, size_t i,
                 const char *b)
{
    now[0] = (unsigned char)i;
    for (size_t j = 1; b[j - 1] != '\0'; j++) {
        const unsigned differs = lower(a[i - 1]) != lower(b[j - 1]);
        unsigned steps = least(least(before[j] + 1u, now[j - 1] + 1u), before[j - 1] + differs);

        if (i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) &&
            lower(a[i - 2]) == lower(b[j - 1])) {
            steps = least(steps, before_that[j - 2] + 1u);
        }
        now[j] = (unsigned char)steps;
    }
}

unsigned dq_spelling_distance(const char *a, const char *b)
{
    const size_t length_a = strlen(a), length_b = strlen(b);
    row rows[3];

    if (length_a > LONGEST || length_b > LONGEST) {
        return strcmp(a, b) == 0 ? 0 : LONGEST;
    }
    for (size_t j = 0; j <= length_b; j++) {
        rows[0][j] = (unsigned char)j;
    }
    for (size_t i = 1; i <= length_a; i++) {
        fill(rows[i % 3], rows[(i - 1) % 3], rows[(i + 1) % 3], a, i, b);
    }
    return rows[length_a % 3][length_b];
}

bool dq_spelling_is_slip(const char *written, const char *name)
{
    return dq_spelling_distance(written, name) <= (strlen(name) > SHORT_NAME ? 2u : 1u);
}
