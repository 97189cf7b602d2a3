/*
 * pending.c - what is queued or asserted and cannot come.
 */
#include "sim/pending.h"

#include <stdlib.h>

static bool is_pending(const dq_line *line)
{
    return line->edge ? line->latched : line->asserted;
}

/* What `line` waits for. False: for nothing but its delivery. */
static bool describe_reason(const dq_line *line, dq_text *text)
{
    const dq_processor *cpu = line->target;
    const unsigned level = dq_line_level(line);

    if (line->vector->dispatch == NULL) {
        dq_text_add(text, ", and nobody is connected to it");
    } else if (line->masked) {
        dq_text_add(text, ", and masked until its passive-level ISR has run");
    } else if (cpu != NULL && cpu->irql >= level) {
        dq_text_add(text, ", and waits on CPU%u for an IRQL below %u: that is at IRQL %u",
                    cpu->number, level, cpu->irql);
    } else if (cpu == NULL && line->in_service > 0) {
        dq_text_add(text, ", and its ISR is running");
    } else {
        return false;
    }
    return true;
}

static void describe_line(const dq_line *line, dq_text *text)
{
    const size_t length = text->length;

    if (line->message) {
        dq_text_add(text, "\n  message %u of \"%s\" is pending", (unsigned)line->message_number,
                    line->name);
    } else {
        dq_text_add(text, "\n  line \"%s\" is %s", line->name,
                    line->edge ? "pending (an edge)" : "asserted");
    }
    if (!describe_reason(line, text)) {
        dq_text_cut(text, length);
    }
}

void dq_pending_describe(dq_machine *machine, dq_text *text)
{
    for (const dq_line *line = machine->intc.lines; line != NULL; line = line->next) {
        if (is_pending(line)) {
            describe_line(line, text);
        }
    }
    if (machine->hooks->describe_pending != NULL) {
        machine->hooks->describe_pending(machine, text);
    }
}

char *dq_pending_take(dq_machine *machine)
{
    dq_text text = { 0 };

    dq_pending_describe(machine, &text);
    if (text.length == 0) {
        free(text.text); /* There may be room for what was left out. */
        return NULL;
    }
    return dq_text_take(&text);
}
