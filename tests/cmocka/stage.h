/*
 * stage.h - places that a test's code can be at: a second thread, a DPC, an ISR.
 *
 * Each runs act(context) there and returns when it is done. IRQL: PASSIVE_LEVEL.
 */
#ifndef STAGE_H
#define STAGE_H

#ifdef __cplusplus
extern "C" {
#endif

typedef void stage_act(void *context);

void stage_thread(stage_act *act, void *context);
void stage_dpc(stage_act *act, void *context);
void stage_isr(stage_act *act, void *context);

#ifdef __cplusplus
}
#endif

#endif
