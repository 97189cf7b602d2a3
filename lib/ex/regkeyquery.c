/*
 * regkeyquery.c - what ZwQueryKey and ZwEnumerateKey tell about keys.
 *
 * Each answer is made as a whole and then given as far as there is room for it.
 */
#include <string.h>

#include "ex/registry.h"
#include "ke/keep.h"
#include "ke/ki.h"

enum { NO_CLASS = -1 };

NTSTATUS dq_answer_give(const dq_answer *answer, void *buffer, ULONG length, PULONG result_length)
{
    *result_length = (ULONG)answer->bytes;
    if (length < answer->fixed || buffer == NULL) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    memcpy(buffer, answer->information, min((size_t)length, answer->bytes));
    return length < answer->bytes ? STATUS_BUFFER_OVERFLOW : STATUS_SUCCESS;
}

static void put(char *information, size_t offset, const UNICODE_STRING *text)
{
    if (text->Length > 0) {
        memcpy(information + offset, text->Buffer, text->Length);
    }
}

/* ---- Each class of information: its size, then what is in it --------------------------------- */

static void fill_basic(const dq_key *key, char *information)
{
    KEY_BASIC_INFORMATION head = { .NameLength = key->name.Length };

    head.LastWriteTime.QuadPart = key->written_100ns;
    memcpy(information, &head, offsetof(KEY_BASIC_INFORMATION, Name));
    put(information, offsetof(KEY_BASIC_INFORMATION, Name), &key->name);
}

/* The class stands behind the name. */
static size_t node_class_offset(const dq_key *key)
{
    return ALIGN_UP_BY(offsetof(KEY_NODE_INFORMATION, Name) + key->name.Length, 4);
}

static size_t node_bytes(const dq_key *key)
{
    return key->class_name.Length > 0 ? node_class_offset(key) + key->class_name.Length
                                      : offsetof(KEY_NODE_INFORMATION, Name) + key->name.Length;
}

static void fill_node(const dq_key *key, char *information)
{
    KEY_NODE_INFORMATION head = { .ClassOffset = (ULONG)NO_CLASS,
                                  .ClassLength = key->class_name.Length,
                                  .NameLength = key->name.Length };

    head.LastWriteTime.QuadPart = key->written_100ns;
    head.ClassOffset = head.ClassLength > 0 ? (ULONG)node_class_offset(key) : head.ClassOffset;
    memcpy(information, &head, offsetof(KEY_NODE_INFORMATION, Name));
    put(information, offsetof(KEY_NODE_INFORMATION, Name), &key->name);
    put(information, node_class_offset(key), &key->class_name);
}

static void count(const dq_key *key, PKEY_FULL_INFORMATION full)
{
    for (const dq_key *child = key->children; child != NULL; child = child->next) {
        full->SubKeys++;
        full->MaxNameLen = max(full->MaxNameLen, (ULONG)child->name.Length);
        full->MaxClassLen = max(full->MaxClassLen, (ULONG)child->class_name.Length);
    }
    for (const dq_value *value = key->values; value != NULL; value = value->next) {
        full->Values++;
        full->MaxValueNameLen = max(full->MaxValueNameLen, (ULONG)value->name.Length);
        full->MaxValueDataLen = max(full->MaxValueDataLen, value->bytes);
    }
}

static void fill_full(const dq_key *key, char *information)
{
    KEY_FULL_INFORMATION head = { .ClassOffset = (ULONG)NO_CLASS,
                                  .ClassLength = key->class_name.Length };

    head.LastWriteTime.QuadPart = key->written_100ns;
    if (head.ClassLength > 0) {
        head.ClassOffset = offsetof(KEY_FULL_INFORMATION, Class);
    }
    count(key, &head);
    memcpy(information, &head, offsetof(KEY_FULL_INFORMATION, Class));
    put(information, offsetof(KEY_FULL_INFORMATION, Class), &key->class_name);
}

static void fill_cached(const dq_key *key, char *information)
{
    KEY_FULL_INFORMATION full = { 0 };
    KEY_CACHED_INFORMATION cached;

    count(key, &full);
    cached = (KEY_CACHED_INFORMATION){ .SubKeys = full.SubKeys,
                                       .MaxNameLen = full.MaxNameLen,
                                       .Values = full.Values,
                                       .MaxValueNameLen = full.MaxValueNameLen,
                                       .MaxValueDataLen = full.MaxValueDataLen,
                                       .NameLength = key->name.Length };
    cached.LastWriteTime.QuadPart = key->written_100ns;
    memcpy(information, &cached, sizeof(cached));
}

/* The whole path, as the caller would have to write it. */
static size_t path_bytes(const dq_key *key)
{
    size_t bytes = 0;

    for (const dq_key *part = key; part->parent != NULL; part = part->parent) {
        bytes += sizeof(WCHAR) + part->name.Length;
    }
    return bytes;
}

static void fill_path(const dq_key *key, char *information)
{
    const KEY_NAME_INFORMATION head = { .NameLength = (ULONG)path_bytes(key) };
    size_t at = offsetof(KEY_NAME_INFORMATION, Name) + head.NameLength;

    memcpy(information, &head, offsetof(KEY_NAME_INFORMATION, Name));
    for (const dq_key *part = key; part->parent != NULL; part = part->parent) {
        at -= part->name.Length;
        put(information, at, &part->name);
        at -= sizeof(WCHAR);
        memcpy(information + at, L"\\", sizeof(WCHAR));
    }
}

/* Nobody is redirected here. */
static void fill_virtualization(const dq_key *key, char *information)
{
    (void)key;
    memset(information, 0, sizeof(KEY_VIRTUALIZATION_INFORMATION));
}

/* ---- Services -------------------------------------------------------------------------------- */

static NTSTATUS give(dq_machine *machine, const dq_key *key, dq_answer *answer,
                     void (*fill)(const dq_key *key, char *information), PVOID buffer, ULONG length,
                     PULONG result_length)
{
    char *information = dq_keep(machine, answer->bytes);
    NTSTATUS status;

    if (information == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    fill(key, information);
    answer->information = information;
    status = dq_answer_give(answer, buffer, length, result_length);
    dq_keep_drop(machine, information);
    return status;
}

static NTSTATUS query(dq_machine *machine, const dq_key *key, KEY_INFORMATION_CLASS class,
                      PVOID buffer, ULONG length, PULONG result_length)
{
    dq_answer answer = { 0 };

    switch (class) {
    case KeyBasicInformation:
        answer.fixed = offsetof(KEY_BASIC_INFORMATION, Name);
        answer.bytes = answer.fixed + key->name.Length;
        return give(machine, key, &answer, fill_basic, buffer, length, result_length);
    case KeyNodeInformation:
        answer.fixed = offsetof(KEY_NODE_INFORMATION, Name);
        answer.bytes = node_bytes(key);
        return give(machine, key, &answer, fill_node, buffer, length, result_length);
    case KeyFullInformation:
        answer.fixed = offsetof(KEY_FULL_INFORMATION, Class);
        answer.bytes = answer.fixed + key->class_name.Length;
        return give(machine, key, &answer, fill_full, buffer, length, result_length);
    default:
        return STATUS_INVALID_PARAMETER;
    }
}

static NTSTATUS query_more(dq_machine *machine, const dq_key *key, KEY_INFORMATION_CLASS class,
                           PVOID buffer, ULONG length, PULONG result_length)
{
    dq_answer answer = { 0 };

    switch (class) {
    case KeyNameInformation:
        answer.fixed = offsetof(KEY_NAME_INFORMATION, Name);
        answer.bytes = answer.fixed + path_bytes(key);
        return give(machine, key, &answer, fill_path, buffer, length, result_length);
    case KeyCachedInformation:
        answer.fixed = answer.bytes = sizeof(KEY_CACHED_INFORMATION);
        return give(machine, key, &answer, fill_cached, buffer, length, result_length);
    case KeyVirtualizationInformation:
        answer.fixed = answer.bytes = sizeof(KEY_VIRTUALIZATION_INFORMATION);
        return give(machine, key, &answer, fill_virtualization, buffer, length, result_length);
    default:
        return query(machine, key, class, buffer, length, result_length);
    }
}

NTSTATUS NTAPI ZwQueryKey(HANDLE KeyHandle, KEY_INFORMATION_CLASS KeyInformationClass,
                          PVOID KeyInformation, ULONG Length, PULONG ResultLength)
{
    dq_key *key;
    NTSTATUS status;

    DQ_ENTER(ZwQueryKey, NULL, KeyHandle, KeyInformationClass, Length, STATUS_UNSUCCESSFUL);
    status = dq_key_of_handle(
        cpu, KeyHandle, KeyInformationClass == KeyNameInformation ? 0 : KEY_QUERY_VALUE, &key);
    return NT_SUCCESS(status) ? query_more(cpu->machine, key, KeyInformationClass, KeyInformation,
                                           Length, ResultLength)
                              : status;
}

NTSTATUS NTAPI ZwEnumerateKey(HANDLE KeyHandle, ULONG Index,
                              KEY_INFORMATION_CLASS KeyInformationClass, PVOID KeyInformation,
                              ULONG Length, PULONG ResultLength)
{
    dq_key *key;
    NTSTATUS status;

    DQ_ENTER(ZwEnumerateKey, NULL, KeyHandle, Index, Length, STATUS_UNSUCCESSFUL);
    status = dq_key_of_handle(cpu, KeyHandle, KEY_ENUMERATE_SUB_KEYS, &key);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    key = key->children;
    while (key != NULL && Index > 0) {
        key = key->next;
        Index--;
    }
    return key != NULL
               ? query(cpu->machine, key, KeyInformationClass, KeyInformation, Length, ResultLength)
               : STATUS_NO_MORE_ENTRIES;
}
