/*
 * uuid.c - universally unique identifiers, of the time-based kind (RFC 4122, version 1).
 *
 * They are the same in every run: the time is the virtual clock's, one more for each identifier,
 * and the node is an address that is reserved for examples.
 */
#include "ex/executive.h"
#include "ke/ki.h"

/* From 15 October 1582 to 1 January 1601. */
#define GREGORIAN_100NS 5748192000000000ull

enum { VERSION_1 = 0x1000, VARIANT = 0x80 };

static const UCHAR node[6] = { 0x00, 0x00, 0x5E, 0x00, 0x53, 0x01 };

static GUID identifier_of(uint64_t time)
{
    GUID guid = { .Data1 = (uint32_t)time,
                  .Data2 = (uint16_t)(time >> 32),
                  .Data3 = (uint16_t)(VERSION_1 | (time >> 48 & 0xFFF)),
                  .Data4 = { VARIANT, 0 } };

    for (unsigned i = 0; i < sizeof(node); i++) {
        guid.Data4[2 + i] = node[i];
    }
    return guid;
}

/* That the system is not ready is said when the test lets it fail. */
NTSTATUS NTAPI ExUuidCreate(GUID *Uuid)
{
    dq_executive *ex;
    uint64_t now;

    DQ_ENTER(ExUuidCreate, Uuid, Uuid, 0, 0, STATUS_UNSUCCESSFUL);
    ex = dq_executive_of(cpu->machine);
    if (ex == NULL || dq_fails(cpu, DQ_FAIL_OTHER, 0, NULL, DQ_CALL_PLACE)) {
        return STATUS_RETRY;
    }
    now = DQ_TIMER_EPOCH_100NS + cpu->machine->clock.now_ns / 100u + GREGORIAN_100NS;
    ex->uuid_time = now > ex->uuid_time ? now : ex->uuid_time + 1;
    *Uuid = identifier_of(ex->uuid_time);
    return STATUS_SUCCESS;
}
