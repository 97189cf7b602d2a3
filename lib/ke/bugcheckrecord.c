/*
 * bugcheckrecord.c - registers routines for a bug check, the latest first.
 */
#include "ke/bugcheckrecord.h"

#include "ke/bugcheckcallback.h"
#include "ke/keep.h"
#include "sim/fail.h"

static dq_bugcheck_record **find(dq_bugcheck_record **link, const void *guest)
{
    while (*link != NULL && (*link)->guest != guest) {
        link = &(*link)->next;
    }
    return link;
}

void *dq_bugcheck_record_add(dq_processor *cpu, dq_bugcheck_record **list, const void *guest,
                             UCHAR *state, size_t bytes, const void *place)
{
    dq_bugcheck_record *made = NULL;

    if (*state == BufferEmpty && *find(list, guest) == NULL &&
        !dq_fails(cpu, DQ_FAIL_CALLBACK, 0, NULL, place)) {
        made = dq_keep(cpu->machine, bytes);
    }
    if (made == NULL) {
        return NULL;
    }
    *made = (dq_bugcheck_record){ .guest = guest, .state = state, .place = place, .next = *list };
    *list = made;
    cpu->machine->bug_check = dq_bugcheck_callbacks_call;
    return made;
}

bool dq_bugcheck_record_drop(dq_processor *cpu, dq_bugcheck_record **list, const void *guest)
{
    dq_bugcheck_record **link = find(list, guest);
    dq_bugcheck_record *found = *link;

    if (found == NULL) {
        return false;
    }
    *link = found->next;
    *found->state = BufferEmpty;
    dq_keep_drop(cpu->machine, found);
    return true;
}

void dq_bugcheck_record_for_each(const dq_bugcheck_record *list,
                                 void (*visit)(void *context, const void *place), void *context)
{
    for (; list != NULL; list = list->next) {
        visit(context, list->place);
    }
}
