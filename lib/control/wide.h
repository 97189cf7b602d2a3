/*
 * wide.h - names that a test gives as text of ASCII, as the kernel has them.
 */
#ifndef DQ_CONTROL_WIDE_H
#define DQ_CONTROL_WIDE_H

#include "control/control.h"

enum { DIRQL_WIDE_CHARACTERS = 512 };

typedef struct dirql_wide {
    UNICODE_STRING name;
    WCHAR text[DIRQL_WIDE_CHARACTERS]; /* With a null at its end. */
} dirql_wide;

/* NULL is an empty name. False after a failure of the run, about `what`: it is too long. */
bool dirql_widen(dq_machine *machine, dirql_wide *wide, const char *text, const char *what,
                 const char *function);

#endif
