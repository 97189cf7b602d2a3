/*
 * property.c - what the PnP manager knows about a device, in a test's hands
 * (include/dirql/property.h).
 */
#include <dirql/property.h>

#include <string.h>

#include "control/control.h"
#include "io/devnode.h"
#include "ke/keep.h"

/* NULL after a failure. */
static dq_devnode *node_of(PDEVICE_OBJECT pdo, const char *function)
{
    dq_machine *machine = dirql_control_machine(function);
    dq_devnode *node = machine != NULL ? dq_devnode_of(machine, pdo) : NULL;

    if (node == NULL && machine != NULL) {
        dirql_control_fail(machine, "device",
                           "%s: %p is no device object that dirql_pdo_create() made in this run",
                           function, (void *)pdo);
    }
    return node;
}

static void set(PDEVICE_OBJECT pdo, DEVICE_REGISTRY_PROPERTY property, const void *data,
                ULONG bytes, const char *function)
{
    dq_devnode *node = node_of(pdo, function);
    dq_machine *machine = dirql_control_machine(function);
    NTSTATUS status;

    if (node == NULL) {
        return;
    }
    if (data == NULL && bytes > 0) {
        dirql_control_fail(machine, "device", "%s: there is nothing to set: NULL", function);
        return;
    }
    status = dq_device_property_set(machine, node, property, data, bytes);
    if (!NT_SUCCESS(status)) {
        dirql_control_fail(machine, "device",
                           "%s: property 0x%x cannot be these %u bytes (status 0x%08X)", function,
                           (unsigned)property, bytes, (unsigned)status);
    }
}

void dirql_property_set(PDEVICE_OBJECT pdo, DEVICE_REGISTRY_PROPERTY property, const void *data,
                        ULONG bytes)
{
    DIRQL_INSIDE;
    set(pdo, property, data, bytes, "dirql_property_set");
}

void dirql_property_set_number(PDEVICE_OBJECT pdo, DEVICE_REGISTRY_PROPERTY property, ULONG number)
{
    DIRQL_INSIDE;
    set(pdo, property, &number, sizeof(number), "dirql_property_set_number");
}

void dirql_property_set_text(PDEVICE_OBJECT pdo, DEVICE_REGISTRY_PROPERTY property,
                             const char *text)
{
    DIRQL_INSIDE;
    dq_path wide;

    if (text == NULL) {
        set(pdo, property, NULL, sizeof(WCHAR), "dirql_property_set_text");
        return;
    }
    dq_path_start(&wide, text);
    set(pdo, property, wide.text, wide.name.Length + (ULONG)sizeof(WCHAR),
        "dirql_property_set_text");
}

void dirql_property_set_texts(PDEVICE_OBJECT pdo, DEVICE_REGISTRY_PROPERTY property,
                              const char *const *texts, unsigned count)
{
    DIRQL_INSIDE;
    WCHAR wide[DQ_PATH_CHARACTERS];
    ULONG used = 0;

    for (unsigned i = 0; i < count; i++) {
        if (texts == NULL || texts[i] == NULL) {
            set(pdo, property, NULL, count, "dirql_property_set_texts");
            return;
        }
        for (size_t c = 0; c <= strlen(texts[i]) && used < DQ_PATH_CHARACTERS - 1; c++) {
            wide[used++] = (WCHAR)(unsigned char)texts[i][c];
        }
    }
    wide[used++] = 0;
    set(pdo, property, wide, used * (ULONG)sizeof(WCHAR), "dirql_property_set_texts");
}

/* ---- Keys ------------------------------------------------------------------------------------ */

static const char *keep_narrow(dq_machine *machine, const dq_path *path)
{
    const size_t count = path->name.Length / sizeof(WCHAR);
    char *text = dq_keep(machine, count + 1);

    for (size_t i = 0; text != NULL && i < count; i++) {
        text[i] = (char)path->text[i];
    }
    return text;
}

const char *dirql_property_key(PDEVICE_OBJECT pdo, ULONG flags)
{
    DIRQL_INSIDE;
    dq_devnode *node = node_of(pdo, "dirql_property_key");
    dq_machine *machine = dirql_control_machine("dirql_property_key");
    dq_path path;

    if (node == NULL) {
        return NULL;
    }
    if (!dq_devnode_key_path(node, flags, &path)) {
        dirql_control_fail(machine, "device", "dirql_property_key: 0x%x are no flags of a key",
                           flags);
        return NULL;
    }
    return keep_narrow(machine, &path);
}

const char *dirql_interface_key(const UNICODE_STRING *link)
{
    DIRQL_INSIDE;
    dq_machine *machine = dirql_control_machine("dirql_interface_key");
    const dq_interface *interface =
        machine != NULL && link != NULL ? dq_interface_find(machine, link) : NULL;
    dq_path path;

    if (interface == NULL) {
        if (machine != NULL) {
            dirql_control_fail(machine, "device",
                               "dirql_interface_key: there is no interface of that name");
        }
        return NULL;
    }
    dq_interface_key_path(interface, &path);
    return keep_narrow(machine, &path);
}
