/*
 * powerrequest.c - what drivers ask of the power manager: that the system stays awake.
 *
 * It never sleeps by itself here: requests are counted, and held against their end.
 */
#include "io/io.h"
#include "io/power.h"
#include "ke/keep.h"
#include "ke/ki.h"
#include "ke/wrongobject.h"
#include "sim/place.h"

struct dq_power_request {
    PDEVICE_OBJECT device;
    ULONG set; /* PowerRequestSystemRequired. */
    bool deleted;
    const void *place;
    struct dq_power_request *next;
};

static struct dq_power_request *first_of(dq_machine *machine)
{
    const dq_io *io = dq_io_of(machine);

    return io != NULL ? io->power_requests : NULL;
}

static struct dq_power_request *check(dq_processor *cpu, const void *handle)
{
    struct dq_power_request *request = first_of(cpu->machine);

    while (request != NULL && (request != handle || request->deleted)) {
        request = request->next;
    }
    if (request == NULL) {
        dq_wrong_object(cpu, handle, NULL,
                        "no power request that PoCreatePowerRequest returned, or one that is "
                        "deleted");
    }
    return request;
}

NTSTATUS NTAPI PoCreatePowerRequest(PVOID *PowerRequest, PDEVICE_OBJECT DeviceObject,
                                    PCOUNTED_REASON_CONTEXT Context)
{
    struct dq_power_request *made;
    dq_io *io;

    DQ_ENTER(PoCreatePowerRequest, NULL, DeviceObject, Context, 0, STATUS_UNSUCCESSFUL);
    *PowerRequest = NULL;
    if (DeviceObject == NULL) {
        return STATUS_INVALID_PARAMETER;
    }
    if (!dq_device_is_alive(cpu->machine, DeviceObject)) {
        dq_wrong_object(cpu, DeviceObject, NULL, "no device object, or no longer one");
        return STATUS_INVALID_PARAMETER;
    }
    io = dq_io_of(cpu->machine);
    if (dq_fails(cpu, DQ_FAIL_OTHER, 0, NULL, DQ_CALL_PLACE)) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    made = dq_keep(cpu->machine, sizeof(*made));
    if (made == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    *made = (struct dq_power_request){ .device = DeviceObject,
                                       .place = DQ_CALL_PLACE,
                                       .next = io->power_requests };
    io->power_requests = made;
    *PowerRequest = made;
    return STATUS_SUCCESS;
}

VOID NTAPI PoDeletePowerRequest(PVOID PowerRequest)
{
    struct dq_power_request *request;

    DQ_ENTER(PoDeletePowerRequest, PowerRequest, 0, 0, 0, DQ_VOID);
    request = check(cpu, PowerRequest);
    if (request != NULL) {
        request->deleted = true;
    }
}

NTSTATUS NTAPI PoSetPowerRequest(PVOID PowerRequest, POWER_REQUEST_TYPE Type)
{
    struct dq_power_request *request;

    DQ_ENTER(PoSetPowerRequest, PowerRequest, Type, 0, 0, STATUS_UNSUCCESSFUL);
    request = check(cpu, PowerRequest);
    if (request == NULL || Type != PowerRequestSystemRequired) {
        return STATUS_NOT_SUPPORTED;
    }
    request->set++;
    return STATUS_SUCCESS;
}

/* What the page leaves open: nobody clears more than was set. */
NTSTATUS NTAPI PoClearPowerRequest(PVOID PowerRequest, POWER_REQUEST_TYPE Type)
{
    struct dq_power_request *request;

    DQ_ENTER(PoClearPowerRequest, PowerRequest, Type, 0, 0, STATUS_UNSUCCESSFUL);
    request = check(cpu, PowerRequest);
    if (request == NULL || Type != PowerRequestSystemRequired) {
        return STATUS_NOT_SUPPORTED;
    }
    if (request->set == 0) {
        dq_find(cpu,
                &(dq_finding){ .severity = DQ_ERROR,
                               .rule = "PowerRequest",
                               .page = "wdm: PoClearPowerRequest",
                               .place = DQ_CALL_PLACE },
                "PoClearPowerRequest without a PoSetPowerRequest before it");
        return STATUS_UNSUCCESSFUL;
    }
    request->set--;
    return STATUS_SUCCESS;
}

ULONG dq_power_requests_count(dq_machine *machine, POWER_REQUEST_TYPE type)
{
    ULONG count = 0;

    for (const struct dq_power_request *r = first_of(machine); r != NULL; r = r->next) {
        if (!r->deleted && type == PowerRequestSystemRequired) {
            count += r->set;
        }
    }
    return count;
}

void dq_power_requests_check(dq_processor *cpu, const DEVICE_OBJECT *device)
{
    char place[200];

    for (const struct dq_power_request *r = first_of(cpu->machine); r != NULL; r = r->next) {
        if (!r->deleted && r->device == device) {
            dq_find(cpu,
                    &(dq_finding){ .severity = DQ_ERROR,
                                   .rule = "PowerRequest",
                                   .page = "wdm: PoDeletePowerRequest",
                                   .place = DQ_CALL_PLACE },
                    "a device object is deleted before the power request that %s made with it",
                    dq_place_describe(r->place, place, sizeof(place)));
        }
    }
}

void dq_power_requests_for_each(dq_machine *machine,
                                void (*visit)(void *context, const void *place), void *context)
{
    for (const struct dq_power_request *r = first_of(machine); r != NULL; r = r->next) {
        if (!r->deleted) {
            visit(context, r->place);
        }
    }
}
