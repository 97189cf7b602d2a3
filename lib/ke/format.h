/*
 * format.h - the kernel's printf formats.
 *
 * d i u o x X c C s S p Z and %, with the prefixes h l ll w I I32 I64 z t j and the usual flags,
 * width and precision. `l` means 32 bits, as LONG does. Wide text comes out as UTF-8. Floating
 * point is not supported, as documented: the conversion is printed as it stands.
 */
#ifndef DQ_FORMAT_H
#define DQ_FORMAT_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

/* Writes at most bytes-1 characters and a NUL. Returns the number of characters written. */
size_t dq_format(char *text, size_t bytes, const char *format, va_list arguments);

/* True if the format converts wide characters or strings. */
bool dq_format_is_wide(const char *format);

#endif
