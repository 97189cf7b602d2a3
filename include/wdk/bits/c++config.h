/*
 * bits/c++config.h: stands before the header of that name that all headers of libstdc++ include
 * first.
 *
 * The library names things __in and __out, which are annotations of specstrings.h: they end here.
 */
#pragma GCC system_header

#include <specstrings_undef.h>
#include_next <bits/c++config.h>
