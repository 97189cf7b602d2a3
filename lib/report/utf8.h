/*
 * utf8.h - bytes that may or may not be text.
 */
#ifndef DQ_REPORT_UTF8_H
#define DQ_REPORT_UTF8_H

#include <stddef.h>
#include <stdint.h>

#define DQ_UTF8_REPLACEMENT "\xEF\xBF\xBD" /* U+FFFD, in the place of a byte that is no text. */

/* How many bytes the character at `text` (NUL terminated) has, and which one it is. 0: it is not
 * well-formed UTF-8, or the end. */
size_t dq_utf8_read(const char *text, uint32_t *character);

#endif
