/*
 * routine.c - the system's routines by name.
 */
#include <ntddk.h>
#include <string.h>

#include "ke/ki.h"

typedef void routine(void);

static const struct {
    const char *name;
    routine *address;
} routines[] = {
#define DQ_ROUTINE_ROW(name) { #name, (routine *)name },
#include "mm/routine.def"
#undef DQ_ROUTINE_ROW
};

static bool is_named(PCUNICODE_STRING name, const char *text)
{
    const size_t length = strlen(text);

    if (name->Length != length * sizeof(WCHAR)) {
        return false;
    }
    for (size_t i = 0; i < length; i++) {
        if (name->Buffer[i] != (unsigned char)text[i]) {
            return false;
        }
    }
    return true;
}

PVOID NTAPI MmGetSystemRoutineAddress(PUNICODE_STRING SystemRoutineName)
{
    DQ_ENTER(MmGetSystemRoutineAddress, NULL, SystemRoutineName, 0, 0, NULL);
    for (size_t i = 0; i < sizeof(routines) / sizeof(routines[0]); i++) {
        if (is_named(SystemRoutineName, routines[i].name)) {
            return (PVOID)(uintptr_t)routines[i].address;
        }
    }
    return NULL;
}
