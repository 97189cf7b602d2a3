/*
 * wrongobject.c - Driver Verifier's 0xC4/0xE1 stands in for it: no page has a code of its own.
 */
#include "ke/wrongobject.h"

#include "ke/ki.h"

void dq_expect_not_freed_for(dq_processor *cpu, const volatile void *object, const char *who,
                             const void *place)
{
    const dq_kernel *kernel = dq_kernel_of(cpu);

    if (object != NULL && kernel->pool_refuse_freed != NULL) {
        kernel->pool_refuse_freed(cpu, object, who, place);
    }
}

void dq_expect_not_freed(dq_processor *cpu, const volatile void *object, const void *place)
{
    dq_expect_not_freed_for(cpu, object, dq_service_name(cpu->execution->service), place);
}

void dq_wrong_object(dq_processor *cpu, const volatile void *object, const void *place,
                     const char *what)
{
    const char *service = dq_service_name(cpu->execution->service);

    dq_expect_not_freed(cpu, object, place);
    dq_find(cpu,
            &(dq_finding){ .severity = DQ_ERROR,
                           .rule = "wrong object",
                           .page = service,
                           .code = DRIVER_VERIFIER_DETECTED_VIOLATION,
                           .parameters = { 0xE1, (uintptr_t)object },
                           .place = place },
            "%s was given %s", service, what);
}
