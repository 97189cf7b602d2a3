/*
 * dpcdrain.h - what dpc.c and dpcdrain.c share.
 */
#ifndef DQ_DPCDRAIN_H
#define DQ_DPCDRAIN_H

#include "ke/ki.h"

/* In an exploration, what is done with DPCs is in order, wherever. What another processor does now
 * makes a difference to what it is asked for. */
void dq_dpc_touched(dq_processor *cpu, const dq_processor *target);

#endif
