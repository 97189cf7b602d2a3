/*
 * enter.h - entering the functions of <dirql/driver.h>: each is a service that needs
 * PASSIVE_LEVEL.
 */
#ifndef DQ_CONTROL_ENTER_H
#define DQ_CONTROL_ENTER_H

#include "control/control.h"
#include "io/io.h"

/* Begins as dq_enter() does. NULL: the caller is no simulated code, or above PASSIVE_LEVEL; that
 * has failed the run. */
dq_processor *dirql_control_enter(dq_service service, const void *place);

/* What dirql itself calls until the enclosing block ends is called from `place`: for functions that
 * call services. */
#define DIRQL_CALLED_FROM(place)                          \
    __attribute__((cleanup(dq_call_end), unused)) dq_call \
        dirql_call_scope = dirql_control_call(place)

dq_call dirql_control_call(const void *place);

/* At the top of such a function, which it leaves at its end. Declares `cpu`, and `place`, where it
 * is called. */
#define DIRQL_ENTER(name, refused)                                                \
    const void *const place = __builtin_return_address(0);                        \
    DIRQL_CALLED_FROM(place);                                                     \
    dq_processor *const cpu = dirql_control_enter(DQ_SERVICE_##name, place);      \
    DQ_LEAVES(cpu);                                                               \
    if (cpu == NULL) {                                                            \
        return refused;                                                           \
    }                                                                             \
    do {                                                                          \
    } while (0)

/* The device; NULL: it is none of dirql_pdo_create(), which has failed the run. (pnp.c) */
dq_pdo *dirql_pdo_check(dq_processor *cpu, const DEVICE_OBJECT *device);

/* Fails the run: "<service>: <what>". False. */
bool dirql_control_refuse_call(dq_processor *cpu, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
