/*
 * property.c - lists of properties, by key and locale.
 */
#include <string.h>

#include "io/devnode.h"
#include "ke/keep.h"

static bool is_key(const DEVPROPKEY *a, const DEVPROPKEY *b)
{
    return a->pid == b->pid && memcmp(&a->fmtid, &b->fmtid, sizeof(GUID)) == 0;
}

static dq_property **link_of(dq_property **list, const DEVPROPKEY *key, LCID locale)
{
    while (*list != NULL && ((*list)->locale != locale || !is_key(&(*list)->key, key))) {
        list = &(*list)->next;
    }
    return list;
}

dq_property *dq_property_find(dq_property *list, const DEVPROPKEY *key, LCID locale)
{
    return *link_of(&list, key, locale);
}

NTSTATUS dq_property_set(dq_machine *machine, dq_property **list, const dq_property *property)
{
    dq_property **link = link_of(list, &property->key, property->locale);
    void *data = dq_keep(machine, property->bytes);

    if (*link == NULL && data != NULL) {
        *link = dq_keep(machine, sizeof(**link));
    }
    if (*link == NULL || data == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    if ((*link)->data != NULL) {
        dq_keep_drop(machine, (*link)->data);
    }
    if (property->bytes > 0) {
        memcpy(data, property->data, property->bytes);
    }
    **link = (dq_property){ .key = property->key,
                            .locale = property->locale,
                            .type = property->type,
                            .bytes = property->bytes,
                            .data = data,
                            .next = (*link)->next };
    return STATUS_SUCCESS;
}

NTSTATUS dq_property_drop(dq_machine *machine, dq_property **list, const DEVPROPKEY *key,
                          LCID locale)
{
    dq_property **link = link_of(list, key, locale);
    dq_property *property = *link;

    if (property == NULL) {
        return STATUS_OBJECT_NAME_NOT_FOUND;
    }
    *link = property->next;
    dq_keep_drop(machine, property->data);
    dq_keep_drop(machine, property);
    return STATUS_SUCCESS;
}

/* ---- What drivers ask for -------------------------------------------------------------------- */

static bool is_locale(LCID locale)
{
    return locale != LOCALE_SYSTEM_DEFAULT && locale != LOCALE_USER_DEFAULT;
}

NTSTATUS dq_property_answer(dq_property *list, const dq_property_get *get)
{
    const dq_property *property;

    if (get->key == NULL || get->required == NULL || get->type == NULL || get->flags != 0) {
        return STATUS_INVALID_PARAMETER;
    }
    if (!is_locale(get->locale)) {
        return STATUS_UNSUCCESSFUL;
    }
    property = dq_property_find(list, get->key, get->locale);
    if (property == NULL) {
        return STATUS_OBJECT_NAME_NOT_FOUND;
    }
    *get->required = property->bytes;
    if (get->size < property->bytes || (get->data == NULL && property->bytes > 0)) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    *get->type = property->type;
    if (property->bytes > 0) {
        memcpy(get->data, property->data, property->bytes);
    }
    return STATUS_SUCCESS;
}

/* Sizes of the types that have one; 0: it is as long as it is. */
static const unsigned char sizes[MAX_DEVPROP_TYPE + 1] = {
    [DEVPROP_TYPE_SBYTE] = 1,       [DEVPROP_TYPE_BYTE] = 1,
    [DEVPROP_TYPE_INT16] = 2,       [DEVPROP_TYPE_UINT16] = 2,
    [DEVPROP_TYPE_INT32] = 4,       [DEVPROP_TYPE_UINT32] = 4,
    [DEVPROP_TYPE_INT64] = 8,       [DEVPROP_TYPE_UINT64] = 8,
    [DEVPROP_TYPE_FLOAT] = 4,       [DEVPROP_TYPE_DOUBLE] = 8,
    [DEVPROP_TYPE_DECIMAL] = 16,    [DEVPROP_TYPE_GUID] = 16,
    [DEVPROP_TYPE_CURRENCY] = 8,    [DEVPROP_TYPE_DATE] = 8,
    [DEVPROP_TYPE_FILETIME] = 8,    [DEVPROP_TYPE_BOOLEAN] = 1,
    [DEVPROP_TYPE_ERROR] = 4,       [DEVPROP_TYPE_NTSTATUS] = 4,
    [DEVPROP_TYPE_DEVPROPTYPE] = 4, [DEVPROP_TYPE_DEVPROPKEY] = sizeof(DEVPROPKEY),
};

/* `nulls` of them at the end. */
static bool is_text(const dq_property *property, size_t nulls)
{
    const size_t count = property->bytes / sizeof(WCHAR);
    const char *end = (const char *)property->data + property->bytes;
    WCHAR last[2] = { 0 };

    if (property->bytes % sizeof(WCHAR) != 0 || count < nulls) {
        return false;
    }
    memcpy(last, end - nulls * sizeof(WCHAR), nulls * sizeof(WCHAR));
    return last[0] == 0 && last[1] == 0;
}

static bool is_valid(const dq_property *property)
{
    const DEVPROPTYPE base = property->type & DEVPROP_MASK_TYPE;
    const DEVPROPTYPE modifier = property->type & ~(DEVPROPTYPE)DEVPROP_MASK_TYPE;
    const bool text = base == DEVPROP_TYPE_STRING ||
                      base == DEVPROP_TYPE_SECURITY_DESCRIPTOR_STRING ||
                      base == DEVPROP_TYPE_STRING_INDIRECT;

    if (base > MAX_DEVPROP_TYPE || base == DEVPROP_TYPE_EMPTY || base == DEVPROP_TYPE_NULL) {
        return false;
    }
    if (modifier == DEVPROP_TYPEMOD_LIST) {
        return text && is_text(property, property->bytes > sizeof(WCHAR) ? 2 : 1);
    }
    if (modifier == DEVPROP_TYPEMOD_ARRAY) {
        return sizes[base] != 0 && property->bytes % sizes[base] == 0;
    }
    if (modifier != 0) {
        return false;
    }
    return text ? is_text(property, 1) : sizes[base] == 0 || property->bytes == sizes[base];
}

NTSTATUS dq_property_change(dq_machine *machine, dq_property **list, ULONG flags,
                            const dq_property *property)
{
    if ((flags & ~(ULONG)PLUGPLAY_PROPERTY_PERSISTENT) != 0 ||
        property->key.pid < DEVPROPID_FIRST_USABLE) {
        return STATUS_INVALID_PARAMETER;
    }
    if (!is_locale(property->locale)) {
        return STATUS_UNSUCCESSFUL;
    }
    if (property->data == NULL) {
        return dq_property_drop(machine, list, &property->key, property->locale);
    }
    return is_valid(property) ? dq_property_set(machine, list, property) : STATUS_INVALID_PARAMETER;
}
