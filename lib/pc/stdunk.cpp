/*
 * stdunk.cpp - the global operators once more, not to be overridden: what operator new(POOL_TYPE)
 * of stdunk.h links.
 *
 * A sanitizer's runtime library stands before this archive on the linker's command line, and has
 * operators already.
 */
#define PC_OPERATOR PC_EXPORTED
#include "operators.cpp"

#include <stdunk.h>

extern "C" const UCHAR StdUnkOperators = 1;
