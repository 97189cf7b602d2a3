/*
 * tablesearch.h - what a generic table asks its owner, and how it finds: the same for splay links
 * and for balanced ones, whose types differ.
 *
 * Who includes it has said before which `table_type` it has, made of which `links_type`, and has
 * data_of(links) and root_of(table).
 */
#ifndef DQ_TABLESEARCH_H
#define DQ_TABLESEARCH_H

#include "ke/ki.h"

static RTL_GENERIC_COMPARE_RESULTS compare(table_type *table, void *buffer, links_type *at)
{
    const unsigned depth = dq_guest_call(dq_self, DQ_CODE(table->CompareRoutine));
    const RTL_GENERIC_COMPARE_RESULTS result = table->CompareRoutine(table, buffer, data_of(at));

    dq_guest_return(depth);
    return result;
}

static void *allocate(table_type *table, CLONG bytes)
{
    const unsigned depth = dq_guest_call(dq_self, DQ_CODE(table->AllocateRoutine));
    void *memory = table->AllocateRoutine(table, bytes);

    dq_guest_return(depth);
    return memory;
}

static void free_element(table_type *table, void *memory)
{
    const unsigned depth = dq_guest_call(dq_self, DQ_CODE(table->FreeRoutine));

    table->FreeRoutine(table, memory);
    dq_guest_return(depth);
}

/* The node that is equal, or the one that it would be a child of; NULL: the table is empty. */
static TABLE_SEARCH_RESULT search(table_type *table, void *buffer, links_type **found)
{
    links_type *at = root_of(table);

    *found = at;
    if (at == NULL) {
        return TableEmptyTree;
    }
    for (;;) {
        const RTL_GENERIC_COMPARE_RESULTS result = compare(table, buffer, at);
        links_type *child;

        *found = at;
        if (result == GenericEqual) {
            return TableFoundNode;
        }
        child = result == GenericLessThan ? at->LeftChild : at->RightChild;
        if (child == NULL) {
            return result == GenericLessThan ? TableInsertAsLeft : TableInsertAsRight;
        }
        at = child;
    }
}

/* In a service: the table is in use until dq_tableuse_end(&use). */
#define BEGIN(changes_, service_)                                                          \
    DQ_CALLS_ROUTINES(DQ_SERVICE_##service_, DQ_CALL_PLACE);                               \
    dq_table_use use;                                                                      \
    dq_tableuse_begin(cpu, &use, Table, sizeof(*Table), (changes_), DQ_SERVICE_##service_, \
                      DQ_CALL_PLACE)

#endif
