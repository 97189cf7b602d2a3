/*
 * contract.h - see contract.c.
 */
#ifndef DQ_CHECK_CONTRACT_H
#define DQ_CHECK_CONTRACT_H

#include "sim/machine.h"

/* NULL when memory is short. Freed with the machine. */
dq_sink *dq_contract_create(dq_machine *machine);

#endif
