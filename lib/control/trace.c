/*
 * trace.c - the recorder, for tests (include/dirql/trace.h).
 */
#include "control/control.h"

#include "trace/recorder.h"

#include <dirql/trace.h>

#include <stdlib.h>

static dq_sink *recorder_of(dq_machine *machine)
{
    return ((dirql_control *)machine->control)->recorder;
}

void dirql_trace_start(void)
{
    DIRQL_INSIDE;
    dq_machine *machine = dirql_control_machine("dirql_trace_start");
    dirql_control *control;

    if (machine == NULL) {
        return;
    }
    control = machine->control;
    if (control->recorder == NULL) {
        control->recorder = dq_recorder_create(machine);
        if (control->recorder == NULL) {
            dirql_control_fail(machine, "memory", "short of memory for the recorder");
            return;
        }
        dq_sink_add(machine, control->recorder);
    }
    dq_recorder_listen(control->recorder, true);
}

void dirql_trace_stop(void)
{
    DIRQL_INSIDE;
    dq_machine *machine = dirql_control_machine("dirql_trace_stop");

    if (machine != NULL && recorder_of(machine) != NULL) {
        dq_recorder_listen(recorder_of(machine), false);
    }
}

void dirql_trace_mark(const char *text)
{
    DIRQL_INSIDE;
    dq_machine *machine = dirql_control_machine("dirql_trace_mark");
    dq_processor *cpu = dirql_control_cpu();

    if (machine != NULL && text == NULL) {
        dirql_control_fail(machine, "trace", "dirql_trace_mark: `text` is NULL");
    } else if (machine != NULL && cpu != NULL) {
        cpu->execution->service = DQ_SERVICE_dirql_trace_mark;
        dq_emit_text(cpu, MARK, NULL, text);
    }
}

static dq_sink *recorder_for(const char *function)
{
    dq_machine *machine = dirql_control_machine(function);
    dq_sink *recorder = machine != NULL ? recorder_of(machine) : NULL;

    if (machine != NULL && recorder == NULL) {
        dirql_control_fail(machine, "trace",
                           "%s: nothing was recorded; call dirql_trace_start() first", function);
    }
    return recorder;
}

char *dirql_trace_text(void)
{
    DIRQL_INSIDE;
    dq_sink *recorder = recorder_for("dirql_trace_text");

    return recorder != NULL ? dq_recorder_text(recorder) : NULL;
}

char *dirql_trace_timeline(uint64_t begin_ns, uint64_t end_ns, unsigned columns)
{
    DIRQL_INSIDE;
    dq_sink *recorder = recorder_for("dirql_trace_timeline");

    return recorder != NULL ? dq_recorder_timeline(recorder, begin_ns, end_ns, columns) : NULL;
}

void dirql_trace_free(char *text)
{
    free(text);
}
