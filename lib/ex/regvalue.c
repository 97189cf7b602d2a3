/*
 * regvalue.c - the Zw routines of values.
 */
#include <string.h>

#include "ex/registry.h"
#include "ke/keep.h"
#include "ke/ki.h"
#include "sim/fail.h"

/* A list of texts has one null more, unless it is empty. */
static bool ends(ULONG type, const char *data, ULONG bytes)
{
    const ULONG count = bytes / sizeof(WCHAR);
    const ULONG nulls = type == REG_MULTI_SZ && count > 1 ? 2 : 1;
    WCHAR last[2] = { 0 };

    if (bytes % sizeof(WCHAR) != 0 || count < nulls) {
        return false;
    }
    memcpy(last, data + bytes - nulls * sizeof(WCHAR), nulls * sizeof(WCHAR));
    return last[0] == 0 && last[1] == 0;
}

void dq_value_check_text(dq_processor *cpu, ULONG type, const void *data, ULONG bytes)
{
    const bool text = type == REG_SZ || type == REG_EXPAND_SZ || type == REG_MULTI_SZ;

    if (text && !ends(type, data, bytes) && dq_attends(cpu, DQ_ATTEND_SINKS)) {
        dq_find(cpu,
                &(dq_finding){ .severity = DQ_WARNING,
                               .rule = "RegistryText",
                               .page = dq_service_name(cpu->execution->service),
                               .place = cpu->execution->place },
                "%s was given a text of %u bytes that has no null at its end%s",
                dq_service_name(cpu->execution->service), bytes,
                type == REG_MULTI_SZ ? ", or not the second one of a list" : "");
    }
}

NTSTATUS NTAPI ZwSetValueKey(HANDLE KeyHandle, PUNICODE_STRING ValueName, ULONG TitleIndex,
                             ULONG Type, PVOID Data, ULONG DataSize)
{
    dq_key *key;
    NTSTATUS status;

    DQ_ENTER(ZwSetValueKey, NULL, KeyHandle, Type, DataSize, STATUS_UNSUCCESSFUL);
    (void)TitleIndex;
    status = dq_key_of_handle(cpu, KeyHandle, KEY_SET_VALUE, &key);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    dq_value_check_text(cpu, Type, Data, DataSize);
    if (dq_fails(cpu, DQ_FAIL_OTHER, 0, NULL, DQ_CALL_PLACE)) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    return dq_value_set(cpu->machine, key, ValueName, Type, Data, DataSize);
}

NTSTATUS NTAPI ZwDeleteValueKey(HANDLE KeyHandle, PUNICODE_STRING ValueName)
{
    dq_key *key;
    NTSTATUS status;

    DQ_ENTER(ZwDeleteValueKey, NULL, KeyHandle, 0, 0, STATUS_UNSUCCESSFUL);
    status = dq_key_of_handle(cpu, KeyHandle, KEY_SET_VALUE, &key);
    return NT_SUCCESS(status) ? dq_value_delete(cpu->machine, key, ValueName) : status;
}

/* ---- Queries --------------------------------------------------------------------------------- */

static void fill_partial(const dq_value *value, char *information)
{
    const KEY_VALUE_PARTIAL_INFORMATION head = { .Type = value->type, .DataLength = value->bytes };

    memcpy(information, &head, offsetof(KEY_VALUE_PARTIAL_INFORMATION, Data));
    memcpy(information + offsetof(KEY_VALUE_PARTIAL_INFORMATION, Data), value->data, value->bytes);
}

/* As above without the title index, so that what begins at 8 bytes has its data there, too. */
static void fill_partial_aligned(const dq_value *value, char *information)
{
    const KEY_VALUE_PARTIAL_INFORMATION_ALIGN64 head = { .Type = value->type,
                                                         .DataLength = value->bytes };

    memcpy(information, &head, offsetof(KEY_VALUE_PARTIAL_INFORMATION_ALIGN64, Data));
    memcpy(information + offsetof(KEY_VALUE_PARTIAL_INFORMATION_ALIGN64, Data), value->data,
           value->bytes);
}

static void fill_basic(const dq_value *value, char *information)
{
    const KEY_VALUE_BASIC_INFORMATION head = { .Type = value->type,
                                               .NameLength = value->name.Length };

    memcpy(information, &head, offsetof(KEY_VALUE_BASIC_INFORMATION, Name));
    memcpy(information + offsetof(KEY_VALUE_BASIC_INFORMATION, Name), value->name.Buffer,
           value->name.Length);
}

static size_t data_offset(const dq_value *value)
{
    return ALIGN_UP_BY(offsetof(KEY_VALUE_FULL_INFORMATION, Name) + value->name.Length, 8);
}

static void fill_full(const dq_value *value, char *information)
{
    const KEY_VALUE_FULL_INFORMATION head = { .Type = value->type,
                                              .DataOffset = (ULONG)data_offset(value),
                                              .DataLength = value->bytes,
                                              .NameLength = value->name.Length };

    memcpy(information, &head, offsetof(KEY_VALUE_FULL_INFORMATION, Name));
    memcpy(information + offsetof(KEY_VALUE_FULL_INFORMATION, Name), value->name.Buffer,
           value->name.Length);
    memcpy(information + data_offset(value), value->data, value->bytes);
}

static NTSTATUS query(dq_machine *machine, const dq_value *value, KEY_VALUE_INFORMATION_CLASS class,
                      PVOID buffer, ULONG length, PULONG result_length)
{
    dq_answer answer;
    char *information;
    NTSTATUS status;

    if (class == KeyValuePartialInformation) {
        answer.fixed = offsetof(KEY_VALUE_PARTIAL_INFORMATION, Data);
        answer.bytes = answer.fixed + value->bytes;
    } else if (class == KeyValueBasicInformation) {
        answer.fixed = offsetof(KEY_VALUE_BASIC_INFORMATION, Name);
        answer.bytes = answer.fixed + value->name.Length;
    } else if (class == KeyValueFullInformation || class == KeyValueFullInformationAlign64) {
        answer.fixed = offsetof(KEY_VALUE_FULL_INFORMATION, Name);
        answer.bytes = data_offset(value) + value->bytes;
    } else if (class == KeyValuePartialInformationAlign64) {
        answer.fixed = offsetof(KEY_VALUE_PARTIAL_INFORMATION_ALIGN64, Data);
        answer.bytes = answer.fixed + value->bytes;
    } else {
        return STATUS_INVALID_PARAMETER;
    }
    if ((class == KeyValueFullInformationAlign64 || class == KeyValuePartialInformationAlign64) &&
        (uintptr_t)buffer % 8 != 0) {
        return STATUS_DATATYPE_MISALIGNMENT;
    }
    information = dq_keep(machine, answer.bytes);
    if (information == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    if (class == KeyValuePartialInformation) {
        fill_partial(value, information);
    } else if (class == KeyValueBasicInformation) {
        fill_basic(value, information);
    } else if (class == KeyValuePartialInformationAlign64) {
        fill_partial_aligned(value, information);
    } else {
        fill_full(value, information);
    }
    answer.information = information;
    status = dq_answer_give(&answer, buffer, length, result_length);
    dq_keep_drop(machine, information);
    return status;
}

NTSTATUS NTAPI ZwQueryValueKey(HANDLE KeyHandle, PUNICODE_STRING ValueName,
                               KEY_VALUE_INFORMATION_CLASS KeyValueInformationClass,
                               PVOID KeyValueInformation, ULONG Length, PULONG ResultLength)
{
    const dq_value *value;
    dq_key *key;
    NTSTATUS status;

    DQ_ENTER(ZwQueryValueKey, NULL, KeyHandle, KeyValueInformationClass, Length,
             STATUS_UNSUCCESSFUL);
    status = dq_key_of_handle(cpu, KeyHandle, KEY_QUERY_VALUE, &key);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    value = dq_value_find(key, ValueName);
    return value != NULL ? query(cpu->machine, value, KeyValueInformationClass, KeyValueInformation,
                                 Length, ResultLength)
                         : STATUS_OBJECT_NAME_NOT_FOUND;
}

NTSTATUS NTAPI ZwEnumerateValueKey(HANDLE KeyHandle, ULONG Index,
                                   KEY_VALUE_INFORMATION_CLASS KeyValueInformationClass,
                                   PVOID KeyValueInformation, ULONG Length, PULONG ResultLength)
{
    const dq_value *value;
    dq_key *key;
    NTSTATUS status;

    DQ_ENTER(ZwEnumerateValueKey, NULL, KeyHandle, Index, Length, STATUS_UNSUCCESSFUL);
    status = dq_key_of_handle(cpu, KeyHandle, KEY_QUERY_VALUE, &key);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    value = key->values;
    while (value != NULL && Index > 0) {
        value = value->next;
        Index--;
    }
    return value != NULL ? query(cpu->machine, value, KeyValueInformationClass, KeyValueInformation,
                                 Length, ResultLength)
                         : STATUS_NO_MORE_ENTRIES;
}
