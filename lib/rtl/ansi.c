/*
 * ansi.c - the machine's ANSI code page, 1252, and the case of its characters.
 */
#include "rtl/rtl.h"

enum { FIRST = 0x80, LAST = 0x9F };

/* Where the code page differs from Latin-1. What it leaves open stays as it is. */
static const unsigned short middle[LAST - FIRST + 1] = {
    0x20AC, 0x0081, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160,
    0x2039, 0x0152, 0x008D, 0x017D, 0x008F, 0x0090, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022,
    0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0x009D, 0x017E, 0x0178,
};

WCHAR dq_ansi_to_wide(char character)
{
    const unsigned c = (unsigned char)character;

    return (WCHAR)(c >= FIRST && c <= LAST ? middle[c - FIRST] : c);
}

char dq_ansi_from_wide(WCHAR character)
{
    const unsigned c = (unsigned short)character;

    if (c < FIRST || (c > LAST && c <= 0xFF)) {
        return (char)c;
    }
    for (unsigned i = 0; i <= LAST - FIRST; i++) {
        if (middle[i] == c) {
            return (char)(FIRST + i);
        }
    }
    return '?';
}

/* A letter whose capital is not in the code page stays small. */
char dq_ansi_up(char character)
{
    const WCHAR up = dq_case_up(dq_ansi_to_wide(character));
    const char narrow = dq_ansi_from_wide(up);

    return dq_ansi_to_wide(narrow) == up ? narrow : character;
}
