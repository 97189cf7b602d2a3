/*
 * format.h - the kernel's printf formats.
 *
 * d i u o x X c C s S p Z and %, with the prefixes h l ll w I I32 I64 z t j and the usual flags,
 * width and precision. `l` means 32 bits, as LONG does. In a format of 16-bit characters, s and c
 * are wide and S and C narrow, the other way round than in one of bytes. Floating point is not
 * supported, as documented: the conversion is printed as it stands.
 */
#ifndef DQ_FORMAT_H
#define DQ_FORMAT_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include <ntdef.h>

/* One more conversion, which only dirql itself writes: of a pointer to a GUID. */
#define DQ_FORMAT_GUID "%\1"

/* Where the text goes, character by character: those of narrow text and of 16 bits apart. Whoever
 * needs more than that begins a structure of his own with it. */
typedef struct dq_format_output dq_format_output;

struct dq_format_output {
    void (*put_narrow)(dq_format_output *output, char c);
    void (*put_wide)(dq_format_output *output, WCHAR c);
};

/* `wide`: the format is of 16-bit characters. */
void dq_format_to(dq_format_output *output, const void *format, bool wide, va_list arguments);

/* Into UTF-8 (formatutf8.c). Writes at most bytes-1 characters and a NUL. Returns the number of
 * characters written. */
size_t dq_format(char *text, size_t bytes, const char *format, va_list arguments);

/* True if the format converts wide characters or strings. */
bool dq_format_is_wide(const char *format);

#endif
