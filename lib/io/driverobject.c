/*
 * driverobject.c - what belongs to a driver object: extensions that drivers attach to it.
 */
#include <string.h>

#include "io/io.h"
#include "ke/keep.h"
#include "ke/ki.h"

typedef struct dq_driver_extension {
    const DRIVER_OBJECT *driver;
    PVOID id;
    void *memory;
    struct dq_driver_extension *next;
} dq_driver_extension;

static dq_driver_extension *find(dq_machine *machine, const DRIVER_OBJECT *driver, PVOID id)
{
    dq_driver_extension *extension = dq_io_of(machine)->extensions;

    while (extension != NULL && (extension->driver != driver || extension->id != id)) {
        extension = extension->next;
    }
    return extension;
}

void dq_driver_extensions_drop(dq_machine *machine, const DRIVER_OBJECT *driver)
{
    dq_driver_extension **link = &dq_io_of(machine)->extensions;

    while (*link != NULL) {
        dq_driver_extension *extension = *link;

        if (extension->driver == driver) {
            *link = extension->next;
            dq_keep_drop(machine, extension->memory);
            dq_keep_drop(machine, extension);
        } else {
            link = &extension->next;
        }
    }
}

NTSTATUS NTAPI IoAllocateDriverObjectExtension(PDRIVER_OBJECT DriverObject,
                                               PVOID ClientIdentificationAddress,
                                               ULONG DriverObjectExtensionSize,
                                               PVOID *DriverObjectExtension)
{
    dq_driver_extension *made;
    dq_io *io;

    DQ_ENTER(IoAllocateDriverObjectExtension, DriverObject, ClientIdentificationAddress,
             DriverObjectExtensionSize, 0, STATUS_UNSUCCESSFUL);
    *DriverObjectExtension = NULL;
    io = dq_io_of(cpu->machine);
    if (dq_fails(cpu, DQ_FAIL_DEVICE, 0, NULL, DQ_CALL_PLACE) || io == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    if (find(cpu->machine, DriverObject, ClientIdentificationAddress) != NULL) {
        return STATUS_OBJECT_NAME_COLLISION;
    }
    made = dq_keep(cpu->machine, sizeof(*made));
    if (made == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    made->memory = dq_keep(cpu->machine, DriverObjectExtensionSize + 1u);
    if (made->memory == NULL) {
        dq_keep_drop(cpu->machine, made);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    made->driver = DriverObject;
    made->id = ClientIdentificationAddress;
    made->next = io->extensions;
    io->extensions = made;
    *DriverObjectExtension = made->memory;
    return STATUS_SUCCESS;
}

PVOID NTAPI IoGetDriverObjectExtension(PDRIVER_OBJECT DriverObject,
                                       PVOID ClientIdentificationAddress)
{
    const dq_driver_extension *found;

    DQ_ENTER(IoGetDriverObjectExtension, DriverObject, ClientIdentificationAddress, 0, 0, NULL);
    found = dq_io_of(cpu->machine) != NULL
                ? find(cpu->machine, DriverObject, ClientIdentificationAddress)
                : NULL;
    return found != NULL ? found->memory : NULL;
}
