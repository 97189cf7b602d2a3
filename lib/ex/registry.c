/*
 * registry.c - the tree of keys and values.
 *
 * Letters of ASCII and Latin-1 are compared without regard to case.
 */
#include "ex/registry.h"

#include <string.h>

#include "ex/executive.h"
#include "ke/keep.h"
#include "ke/ki.h"

static const char *const first_keys[] = {
    "\\Registry\\Machine\\Hardware\\DeviceMap",
    "\\Registry\\Machine\\Software\\Microsoft\\Windows NT\\CurrentVersion",
    "\\Registry\\Machine\\System\\CurrentControlSet\\Control\\Class",
    "\\Registry\\Machine\\System\\CurrentControlSet\\Control\\DeviceClasses",
    "\\Registry\\Machine\\System\\CurrentControlSet\\Enum",
    "\\Registry\\Machine\\System\\CurrentControlSet\\Services",
    "\\Registry\\User\\.Default",
    "\\Registry\\User\\CurrentUser",
};

/* ---- Names ----------------------------------------------------------------------------------- */

static WCHAR fold(WCHAR c)
{
    const bool small = (c >= 'a' && c <= 'z') || (c >= 0xE0 && c <= 0xFE && c != 0xF7);

    return small ? (WCHAR)(c - 0x20) : c;
}

bool dq_key_name_is(const UNICODE_STRING *a, const UNICODE_STRING *b)
{
    if (a->Length != b->Length) {
        return false;
    }
    for (size_t i = 0; i < a->Length / sizeof(WCHAR); i++) {
        if (fold(a->Buffer[i]) != fold(b->Buffer[i])) {
            return false;
        }
    }
    return true;
}

static bool copy_name(dq_machine *machine, UNICODE_STRING *to, const UNICODE_STRING *from)
{
    to->Buffer = dq_keep(machine, from->Length + sizeof(WCHAR));
    if (to->Buffer == NULL) {
        return false;
    }
    memcpy(to->Buffer, from->Buffer, from->Length);
    to->Length = from->Length;
    to->MaximumLength = (USHORT)(from->Length + sizeof(WCHAR));
    return true;
}

/* Takes the next part of a path off `rest`. False: it is empty, or there is none. */
static bool next_part(UNICODE_STRING *rest, UNICODE_STRING *part)
{
    const USHORT all = (USHORT)(rest->Length / sizeof(WCHAR));
    USHORT count = 0;

    while (count < all && rest->Buffer[count] != '\\') {
        count++;
    }
    part->Buffer = rest->Buffer;
    part->Length = (USHORT)(count * sizeof(WCHAR));
    part->MaximumLength = part->Length;
    rest->Buffer += count < all ? count + 1 : count;
    rest->Length = (USHORT)((all - (count < all ? count + 1 : count)) * sizeof(WCHAR));
    return count > 0;
}

/* ---- Keys ------------------------------------------------------------------------------------ */

static dq_key *child_of(const dq_key *key, const UNICODE_STRING *name)
{
    dq_key *child = key->children;

    while (child != NULL && !dq_key_name_is(&child->name, name)) {
        child = child->next;
    }
    return child;
}

static void stamp(dq_machine *machine, dq_key *key)
{
    key->written_100ns = (LONGLONG)(machine->clock.now_ns / 100);
}

static dq_key *add_child(dq_machine *machine, dq_key *parent, const UNICODE_STRING *name,
                         const dq_key_search *search)
{
    dq_key *key = dq_keep(machine, sizeof(*key));
    dq_key **link = &parent->children;

    if (key == NULL || !copy_name(machine, &key->name, name)) {
        return NULL;
    }
    if (search->class_name != NULL && search->class_name->Length > 0 &&
        !copy_name(machine, &key->class_name, search->class_name)) {
        return NULL;
    }
    key->parent = parent;
    key->is_volatile = search->is_volatile || parent->is_volatile;
    while (*link != NULL) {
        link = &(*link)->next;
    }
    *link = key;
    stamp(machine, key);
    stamp(machine, parent);
    return key;
}

static NTSTATUS descend(dq_machine *machine, dq_key_search *search, dq_key *from,
                        UNICODE_STRING rest, dq_key **key)
{
    UNICODE_STRING part;

    *key = from;
    while (rest.Length > 0) {
        dq_key *child;

        if (!next_part(&rest, &part)) {
            return STATUS_OBJECT_NAME_INVALID;
        }
        child = child_of(*key, &part);
        if (child == NULL && (search->make_all || (search->make && rest.Length == 0))) {
            if ((*key)->is_volatile && !search->is_volatile && !search->make_all) {
                return STATUS_CHILD_MUST_BE_VOLATILE;
            }
            child = add_child(machine, *key, &part, search);
            if (child == NULL) {
                return STATUS_INSUFFICIENT_RESOURCES;
            }
            search->made = true;
        }
        if (child == NULL) {
            return STATUS_OBJECT_NAME_NOT_FOUND;
        }
        *key = child;
    }
    return STATUS_SUCCESS;
}

static NTSTATUS find_from_root(dq_machine *machine, dq_key *root, dq_key_search *search,
                               dq_key **key)
{
    UNICODE_STRING rest = *search->name;

    if (rest.Length < 2 * sizeof(WCHAR) || rest.Buffer[0] != '\\') {
        return STATUS_OBJECT_PATH_SYNTAX_BAD;
    }
    rest.Buffer++;
    rest.Length = (USHORT)(rest.Length - sizeof(WCHAR));
    return descend(machine, search, root, rest, key);
}

static bool make_first_key(dq_machine *machine, dq_key *root, const char *path)
{
    WCHAR text[100];
    UNICODE_STRING name = { .Buffer = text };
    dq_key_search search = { .name = &name, .make_all = true };
    dq_key *key;

    for (size_t i = 0; path[i] != '\0'; i++) {
        text[i] = (WCHAR)path[i];
        name.Length = (USHORT)(name.Length + sizeof(WCHAR));
    }
    return NT_SUCCESS(find_from_root(machine, root, &search, &key));
}

/* Holds "Registry", and nothing else. */
static dq_key *root_of(dq_machine *machine)
{
    dq_executive *ex = dq_executive_of(machine);

    if (ex == NULL || ex->registry != NULL) {
        return ex != NULL ? ex->registry : NULL;
    }
    ex->registry = dq_keep(machine, sizeof(dq_key));
    for (size_t i = 0; ex->registry != NULL && i < RTL_NUMBER_OF(first_keys); i++) {
        if (!make_first_key(machine, ex->registry, first_keys[i])) {
            ex->registry = NULL;
        }
    }
    return ex->registry;
}

NTSTATUS dq_key_find(dq_machine *machine, dq_key_search *search, dq_key **key)
{
    dq_key *root = root_of(machine);
    NTSTATUS status;

    if (root == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    if (search->from != NULL) {
        return descend(machine, search, search->from, *search->name, key);
    }
    search->make = search->make && search->name->Length > sizeof("\\Registry") * sizeof(WCHAR);
    status = find_from_root(machine, root, search, key);
    return NT_SUCCESS(status) && *key == root ? STATUS_OBJECT_PATH_SYNTAX_BAD : status;
}

static void unlink_key(dq_key *key)
{
    dq_key **link = &key->parent->children;

    while (*link != key) {
        link = &(*link)->next;
    }
    *link = key->next;
    key->deleted = true;
    key->parent = NULL;
}

NTSTATUS dq_key_delete(dq_machine *machine, dq_key *key)
{
    if (key->children != NULL || key->parent == NULL) {
        return STATUS_CANNOT_DELETE;
    }
    stamp(machine, key->parent);
    unlink_key(key);
    return STATUS_SUCCESS;
}

/* The key after `key` in the tree: its first child, else the next of the nearest that has one. */
static dq_key *following(dq_key *key)
{
    if (key->children != NULL) {
        return key->children;
    }
    while (key != NULL && key->next == NULL) {
        key = key->parent;
    }
    return key != NULL ? key->next : NULL;
}

static dq_key *deepest_of(dq_key *key)
{
    while (key->children != NULL) {
        key = key->children;
    }
    return key;
}

void dq_registry_restart(dq_machine *machine)
{
    dq_key *key = root_of(machine);

    while (key != NULL) {
        if (key->is_volatile && key->parent != NULL) {
            dq_key *parent = key->parent;

            while (!key->deleted) { /* From below: what is deleted has no children. */
                unlink_key(deepest_of(key));
            }
            key = parent;
        } else {
            key = following(key);
        }
    }
}

/* ---- Values ---------------------------------------------------------------------------------- */

static dq_value **value_link(dq_key *key, const UNICODE_STRING *name)
{
    static const UNICODE_STRING unnamed;
    dq_value **link = &key->values;

    while (*link != NULL && !dq_key_name_is(&(*link)->name, name != NULL ? name : &unnamed)) {
        link = &(*link)->next;
    }
    return link;
}

dq_value *dq_value_find(const dq_key *key, const UNICODE_STRING *name)
{
    return *value_link((dq_key *)key, name);
}

NTSTATUS dq_value_set(dq_machine *machine, dq_key *key, const UNICODE_STRING *name, ULONG type,
                      const void *data, ULONG bytes)
{
    static const UNICODE_STRING unnamed;
    dq_value **link = value_link(key, name);
    dq_value *value = *link;
    void *copy = dq_keep(machine, bytes);

    if (copy == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    if (value == NULL) {
        value = dq_keep(machine, sizeof(*value));
        if (value == NULL || !copy_name(machine, &value->name, name != NULL ? name : &unnamed)) {
            return STATUS_INSUFFICIENT_RESOURCES;
        }
        *link = value;
    } else {
        dq_keep_drop(machine, value->data);
    }
    if (bytes > 0) {
        memcpy(copy, data, bytes);
    }
    value->type = type;
    value->bytes = bytes;
    value->data = copy;
    stamp(machine, key);
    return STATUS_SUCCESS;
}

NTSTATUS dq_value_delete(dq_machine *machine, dq_key *key, const UNICODE_STRING *name)
{
    dq_value **link = value_link(key, name);
    dq_value *value = *link;

    if (value == NULL) {
        return STATUS_OBJECT_NAME_NOT_FOUND;
    }
    *link = value->next;
    dq_keep_drop(machine, value->data);
    dq_keep_drop(machine, value->name.Buffer);
    dq_keep_drop(machine, value);
    stamp(machine, key);
    return STATUS_SUCCESS;
}
