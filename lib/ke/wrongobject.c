/*
 * wrongobject.c - Driver Verifier's 0xC4/0xE1 stands in for it: no page has a code of its own.
 */
#include "ke/wrongobject.h"

#include "ke/ki.h"

void dq_wrong_object(dq_processor *cpu, const volatile void *object, const void *place,
                     const char *what)
{
    const char *service = dq_service_name(cpu->execution->service);

    dq_find(cpu,
            &(dq_finding){ .severity = DQ_ERROR,
                           .rule = "wrong object",
                           .page = service,
                           .code = DRIVER_VERIFIER_DETECTED_VIOLATION,
                           .parameters = { 0xE1, (uintptr_t)object },
                           .place = place },
            "%s was given %s", service, what);
}
