/*
 * wide.c - names that a test gives as text of ASCII.
 */
#include "control/wide.h"

#include <string.h>

bool dirql_widen(dq_machine *machine, dirql_wide *wide, const char *text, const char *what,
                 const char *function)
{
    const size_t length = text != NULL ? strlen(text) : 0;

    if (length >= DIRQL_WIDE_CHARACTERS) {
        dirql_control_fail(machine, what, "%s: a name has at most %d characters", function,
                           DIRQL_WIDE_CHARACTERS - 1);
        return false;
    }
    for (size_t i = 0; i < length; i++) {
        if ((unsigned char)text[i] >= 0x80) {
            dirql_control_fail(machine, what, "%s: \"%s\" is not ASCII", function, text);
            return false;
        }
        wide->text[i] = (WCHAR)(unsigned char)text[i];
    }
    wide->text[length] = 0;
    wide->name = (UNICODE_STRING){ .Buffer = wide->text,
                                   .Length = (USHORT)(length * sizeof(WCHAR)),
                                   .MaximumLength = (USHORT)((length + 1) * sizeof(WCHAR)) };
    return true;
}
