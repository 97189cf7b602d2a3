/*
 * registrystore.c - RTL_QUERY_REGISTRY_DIRECT: a value goes into the caller's memory at once.
 *
 * A text goes without its null into a UNICODE_STRING, a small value as it is, and a larger one into
 * a buffer that begins with its own size.
 */
#include <string.h>

#include "ex/pool.h"
#include "ke/ki.h"
#include "rtl/registryquery.h"

enum { TAG_STRING = 0x67727453 }; /* "Strg": RtlFreeUnicodeString frees it. */

/* One null at the end is not part of the text. */
static size_t text_bytes(const dq_registry_value *value)
{
    const WCHAR *text = value->data;
    const size_t characters = value->bytes / sizeof(WCHAR);

    return characters > 0 && text[characters - 1] == 0 ? (characters - 1) * sizeof(WCHAR)
                                                       : characters * sizeof(WCHAR);
}

static NTSTATUS store_text(dq_processor *cpu, const dq_registry_value *value,
                           PUNICODE_STRING string, const void *place)
{
    const size_t bytes = text_bytes(value);

    if (bytes > UNICODE_STRING_MAX_BYTES - sizeof(WCHAR)) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    if (string->Buffer == NULL) {
        string->Buffer = dq_pool_allocate(cpu, PagedPool, bytes + sizeof(WCHAR), TAG_STRING, place);
        if (string->Buffer == NULL) {
            return STATUS_NO_MEMORY;
        }
        string->MaximumLength = (USHORT)(bytes + sizeof(WCHAR));
    }
    if (bytes + sizeof(WCHAR) > string->MaximumLength) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    memcpy(string->Buffer, value->data, bytes);
    string->Buffer[bytes / sizeof(WCHAR)] = 0;
    string->Length = (USHORT)bytes;
    return STATUS_SUCCESS;
}

/* The buffer's first LONG is its size; a negative one: it takes the data alone. */
static NTSTATUS store_large(const dq_registry_value *value, void *to)
{
    const ULONG head[2] = { value->bytes, value->type };
    LONG size;
    ULONG room, needed;

    memcpy(&size, to, sizeof(size));
    room = size < 0 ? 0u - (ULONG)size : (ULONG)size;
    needed = size < 0 ? value->bytes : value->bytes + (ULONG)sizeof(head);
    if (needed < value->bytes || room < needed) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    if (size >= 0) {
        memcpy(to, head, sizeof(head));
        to = (char *)to + sizeof(head);
    }
    memcpy(to, value->data, value->bytes);
    return STATUS_SUCCESS;
}

NTSTATUS dq_registry_store(dq_processor *cpu, const dq_registry_value *value, void *to,
                           const void *place)
{
    if (dq_registry_is_text(value->type)) {
        return store_text(cpu, value, to, place);
    }
    if (value->bytes > sizeof(ULONG)) {
        return store_large(value, to);
    }
    if (value->bytes > 0) {
        memcpy(to, value->data, value->bytes);
    }
    return STATUS_SUCCESS;
}
