#include "stage.h"

#include <dirql/line.h>
#include <dirql/thread.h>

#include "../settle.h"

typedef struct part {
    stage_act *act;
    void *context;
} part;

void stage_thread(stage_act *act, void *context)
{
    dirql_thread_join(dirql_thread_start("second", DIRQL_ANY_PROCESSOR, act, context));
}

static KDEFERRED_ROUTINE play_dpc;
static VOID play_dpc(PKDPC dpc, PVOID context, PVOID argument1, PVOID argument2)
{
    part *p = context;

    UNREFERENCED_PARAMETER(dpc);
    UNREFERENCED_PARAMETER(argument1);
    UNREFERENCED_PARAMETER(argument2);
    p->act(p->context);
}

void stage_dpc(stage_act *act, void *context)
{
    part p = { act, context };
    KDPC dpc;

    KeInitializeDpc(&dpc, play_dpc, &p);
    KeInsertQueueDpc(&dpc, NULL, NULL);
}

static KSERVICE_ROUTINE play_isr;
static BOOLEAN play_isr(PKINTERRUPT interrupt, PVOID context)
{
    part *p = context;

    UNREFERENCED_PARAMETER(interrupt);
    p->act(p->context);
    return TRUE;
}

void stage_isr(stage_act *act, void *context)
{
    part p = { act, context };
    dirql_line *line = dirql_line_create(&(dirql_line_options){ .trigger = DIRQL_EDGE });
    PKINTERRUPT interrupt;
    NTSTATUS status;

    status = IoConnectInterrupt(&interrupt, play_isr, &p, NULL, dirql_line_vector(line),
                                dirql_line_irql(line), dirql_line_irql(line), dirql_line_mode(line),
                                FALSE, dirql_line_processors(line), FALSE);
    if (!NT_SUCCESS(status))
        dirql_fail(__FILE__, __LINE__, "IoConnectInterrupt failed");
    dirql_line_pulse(line);
    settle(); /* It may come late. */
    IoDisconnectInterrupt(interrupt);
}
