/*
 * registry.c - the registry in a test's hands (include/dirql/registry.h).
 */
#include <dirql/registry.h>

#include <string.h>

#include "control/control.h"
#include "control/wide.h"
#include "ex/registry.h"

static dq_key *find_key(dq_machine *machine, const char *path, bool make, const char *function)
{
    dirql_wide wide;
    dq_key_search search = { .name = &wide.name, .make_all = make };
    dq_key *key;
    NTSTATUS status;

    if (path == NULL) {
        dirql_control_fail(machine, "registry", "%s: `path` is NULL", function);
        return NULL;
    }
    if (!dirql_widen(machine, &wide, path, "registry", function)) {
        return NULL;
    }
    status = dq_key_find(machine, &search, &key);
    if (NT_SUCCESS(status)) {
        return key;
    }
    if (make) {
        dirql_control_fail(machine, "registry", "%s: \"%s\" is no path of a key (status 0x%08X)",
                           function, path, (unsigned)status);
    }
    return NULL;
}

void dirql_registry_add(const char *path)
{
    DIRQL_INSIDE;
    dq_machine *machine = dirql_control_machine("dirql_registry_add");

    if (machine != NULL) {
        (void)find_key(machine, path, true, "dirql_registry_add");
    }
}

static void set(const char *path, const char *name, ULONG type, const void *data, ULONG bytes,
                const char *function)
{
    dq_machine *machine = dirql_control_machine(function);
    dirql_wide wide;
    dq_key *key;

    if (machine != NULL && data == NULL && bytes > 0) {
        dirql_control_fail(machine, "registry", "%s: `data` is NULL, but `bytes` is %u", function,
                           (unsigned)bytes);
        return;
    }
    key = machine != NULL ? find_key(machine, path, true, function) : NULL;
    if (key != NULL && dirql_widen(machine, &wide, name, "registry", function) &&
        !NT_SUCCESS(dq_value_set(machine, key, &wide.name, type, data, bytes))) {
        dirql_control_fail(machine, "memory", "%s: short of memory", function);
    }
}

void dirql_registry_set(const char *path, const char *name, ULONG type, const void *data,
                        ULONG bytes)
{
    DIRQL_INSIDE;
    set(path, name, type, data, bytes, "dirql_registry_set");
}

void dirql_registry_set_dword(const char *path, const char *name, ULONG value)
{
    DIRQL_INSIDE;
    set(path, name, REG_DWORD, &value, sizeof(value), "dirql_registry_set_dword");
}

void dirql_registry_set_string(const char *path, const char *name, const char *text)
{
    DIRQL_INSIDE;
    dq_machine *machine = dirql_control_machine("dirql_registry_set_string");
    dirql_wide wide;

    if (machine != NULL && text == NULL) {
        dirql_control_fail(machine, "registry", "dirql_registry_set_string: `text` is NULL");
    } else if (machine != NULL &&
        dirql_widen(machine, &wide, text, "registry", "dirql_registry_set_string")) {
        set(path, name, REG_SZ, wide.text, wide.name.MaximumLength, "dirql_registry_set_string");
    }
}

int dirql_registry_has(const char *path)
{
    DIRQL_INSIDE;
    dq_machine *machine = dirql_control_machine("dirql_registry_has");

    return machine != NULL && find_key(machine, path, false, "dirql_registry_has") != NULL;
}

int64_t dirql_registry_get(const char *path, const char *name, ULONG *type, void *data, ULONG bytes)
{
    DIRQL_INSIDE;
    dq_machine *machine = dirql_control_machine("dirql_registry_get");
    const dq_key *key =
        machine != NULL ? find_key(machine, path, false, "dirql_registry_get") : NULL;
    const dq_value *value;
    dirql_wide wide;

    if (key == NULL || !dirql_widen(machine, &wide, name, "registry", "dirql_registry_get")) {
        return -1;
    }
    value = dq_value_find(key, &wide.name);
    if (value == NULL) {
        return -1;
    }
    if (type != NULL) {
        *type = value->type;
    }
    if (data != NULL) {
        memcpy(data, value->data, min(bytes, value->bytes));
    }
    return value->bytes;
}

void dirql_registry_restart(void)
{
    DIRQL_INSIDE;
    dq_machine *machine = dirql_control_machine("dirql_registry_restart");

    if (machine != NULL) {
        dq_registry_restart(machine);
    }
}
