/*
 * irprules.c - what must not be held while a request is completed. The kernel's I/O manager judges
 * the rest, which knows the requests.
 */
#include "check/contract_state.h"
#include "sim/place.h"

enum { PLACE_TEXT = 160 };

void dq_irprules_call(dq_contract *contract, dq_processor *cpu, const dq_event *call)
{
    const dq_held *held;
    char place[PLACE_TEXT];

    if (call->service != DQ_SERVICE_IoCompleteRequest &&
        call->service != DQ_SERVICE_IoStartNextPacket &&
        call->service != DQ_SERVICE_IoStartNextPacketByKey) {
        return;
    }
    held = dq_lockrules_held_above(contract, cpu, DQ_LEVEL_APC, NULL);
    if (held != NULL) {
        dq_find(cpu,
                &(dq_finding){ .severity = DQ_ERROR,
                               .rule = "SpinLockSafe",
                               .place = call->place },
                "%s was called while a spin lock is held that was acquired at %s",
                dq_service_name(call->service),
                dq_place_describe(held->place, place, sizeof(place)));
    }
}
