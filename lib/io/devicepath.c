/*
 * devicepath.c - paths and names that the PnP manager makes up of a device.
 */
#include "io/devicepath.h"

#include <inttypes.h>
#include <stdio.h>

static void add_one(dq_path *path, WCHAR character)
{
    const size_t count = path->name.Length / sizeof(WCHAR);

    if (count + 1 < DQ_PATH_CHARACTERS) {
        path->text[count] = character;
        path->text[count + 1] = 0;
        path->name.Length = (USHORT)(path->name.Length + sizeof(WCHAR));
    } else {
        path->cut = true;
    }
}

void dq_path_start(dq_path *path, const char *text)
{
    path->name = (UNICODE_STRING){ .Buffer = path->text, .MaximumLength = sizeof(path->text) };
    path->cut = false;
    path->text[0] = 0;
    dq_path_add(path, text);
}

void dq_path_add(dq_path *path, const char *text)
{
    while (*text != '\0') {
        add_one(path, (WCHAR)(unsigned char)*text++);
    }
}

void dq_path_add_wide(dq_path *path, const UNICODE_STRING *text)
{
    for (size_t i = 0; i < text->Length / sizeof(WCHAR); i++) {
        add_one(path, text->Buffer[i]);
    }
}

void dq_path_add_number(dq_path *path, unsigned number)
{
    char text[16];

    snprintf(text, sizeof(text), "%04u", number);
    dq_path_add(path, text);
}

void dq_path_add_guid(dq_path *path, const GUID *guid)
{
    const unsigned char *rest = guid->Data4;
    char text[48];

    snprintf(text, sizeof(text), "{%08x-%04x-%04x-%02x%02x-%02x%02x%02x%02x%02x%02x}", guid->Data1,
             guid->Data2, guid->Data3, rest[0], rest[1], rest[2], rest[3], rest[4], rest[5],
             rest[6], rest[7]);
    dq_path_add(path, text);
}
