/*
 * service.h - what is documented about each service, from service.def and contract.def.
 */
#ifndef DQ_CHECK_SERVICE_H
#define DQ_CHECK_SERVICE_H

#include <stddef.h>
#include <stdint.h>

#include "check/rules.h"
#include "sim/service.h"

typedef enum dq_may_wait { DQ_WAIT_NEVER, DQ_WAIT_WAITS, DQ_WAIT_TIMEOUT } dq_may_wait;

typedef enum dq_need {
    DQ_NEED_NOTHING,
    DQ_NEED_NONPAGED,
    DQ_NEED_WORK_ITEM,
    DQ_NEED_HELD,
    DQ_NEED_ENTERED,
    DQ_NEED_APCS_OFF,
    DQ_NEED_IDLE
} dq_need;

/* A row of contract.def. */
typedef struct dq_service_contract {
    uint8_t waits;      /* dq_may_wait */
    uint8_t needs;      /* dq_need */
    uint16_t undone_by; /* A dq_service; DQ_SERVICE_NONE: nobody. */
} dq_service_contract;

extern const dq_service_contract dq_service_contracts[DQ_SERVICE_COUNT];

/* "IRQL <= DISPATCH_LEVEL", "any IRQL". Returns text. */
const char *dq_service_range(dq_service service, char *text, size_t bytes);

/* What contract.def says: "may wait; needs normal kernel APCs disabled; undone by X". Empty if it
 * says nothing. Returns text. */
const char *dq_service_contract_text(dq_service service, char *text, size_t bytes);

#endif
