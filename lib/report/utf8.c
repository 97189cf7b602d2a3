/*
 * utf8.c - bytes that may or may not be text.
 */
#include "report/utf8.h"

static size_t length_of(unsigned char first, uint32_t *bits)
{
    if (first < 0x80) {
        *bits = first;
        return first != 0 ? 1 : 0;
    }
    if (first >= 0xC2 && first < 0xE0) {
        *bits = first & 0x1Fu;
        return 2;
    }
    if (first >= 0xE0 && first < 0xF0) {
        *bits = first & 0x0Fu;
        return 3;
    }
    *bits = first & 0x07u;
    return first >= 0xF0 && first < 0xF5 ? 4 : 0;
}

size_t dq_utf8_read(const char *text, uint32_t *character)
{
    static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
    const unsigned char *at = (const unsigned char *)text;
    const size_t length = length_of(at[0], character);

    for (size_t i = 1; i < length; i++) {
        if ((at[i] & 0xC0u) != 0x80u) {
            return 0;
        }
        *character = *character << 6 | (at[i] & 0x3Fu);
    }
    if (length > 1 && (*character < least[length] || *character > 0x10FFFF ||
                       (*character >= 0xD800 && *character < 0xE000))) {
        return 0;
    }
    return length;
}
