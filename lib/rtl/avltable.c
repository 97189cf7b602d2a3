/*
 * avltable.c - generic tables made of balanced (AVL) trees: no more than one level between the
 * subtrees of a node.
 *
 * The page of RtlGetElementGenericTableAvl counts by order of insertion, for which the links have
 * no list; a number of the insertion lies in what would be padding.
 */
#include <string.h>

#include "ke/ki.h"
#include "rtl/avltree.h"
#include "rtl/tableuse.h"

typedef RTL_AVL_TABLE table_type;
typedef RTL_BALANCED_LINKS links_type;

typedef struct element {
    union {
        RTL_BALANCED_LINKS links;
        struct {
            void *pointers[3];
            CHAR balance;
            UCHAR reserved[3];
            uint32_t number;
        } order;
    };
    LONGLONG data;
} element;

enum { HEADER = offsetof(element, data) };

_Static_assert(HEADER == sizeof(RTL_BALANCED_LINKS),
               "the pages say how many bytes are the system's");

static void *data_of(links_type *links)
{
    return links != NULL ? (char *)links + HEADER : NULL;
}

static links_type *root_of(table_type *table)
{
    return dq_avl_root(table);
}

#include "rtl/tablesearch.h"
#include "sim/computing.h"

static NTSTATUS match(PRTL_AVL_TABLE table, PRTL_AVL_MATCH_FUNCTION function,
                      PRTL_BALANCED_LINKS links, void *match_data)
{
    const unsigned depth = dq_guest_call(dq_self, DQ_CODE(function));
    const NTSTATUS status = function(table, data_of(links), match_data);

    dq_guest_return(depth);
    return status;
}

/* ---- Changing -------------------------------------------------------------------------------- */

static void *insert(PRTL_AVL_TABLE table, const void *buffer, CLONG bytes, PBOOLEAN is_new,
                    PRTL_BALANCED_LINKS node, TABLE_SEARCH_RESULT found)
{
    element *new;

    if (is_new != NULL) {
        *is_new = FALSE;
    }
    if (found == TableFoundNode) {
        return data_of(node);
    }
    new = allocate(table, bytes + HEADER);
    if (new == NULL) {
        return NULL;
    }
    memset(&new->links, 0, sizeof(new->links));
    new->order.number = table->WhichOrderedElement++;
    memcpy(&new->data, buffer, bytes);
    new->links.Parent = found == TableEmptyTree ? &table->BalancedRoot : node;
    if (found == TableInsertAsLeft) {
        new->links.Parent->LeftChild = &new->links;
    } else {
        new->links.Parent->RightChild = &new->links;
    }
    table->NumberGenericTableElements++;
    dq_avl_add(table, &new->links);
    if (is_new != NULL) {
        *is_new = TRUE;
    }
    return &new->data;
}

static void delete_node(PRTL_AVL_TABLE table, PRTL_BALANCED_LINKS links)
{
    if (table->RestartKey == links) {
        table->RestartKey = dq_avl_previous(table, links);
    }
    dq_avl_remove(table, links);
    table->NumberGenericTableElements--;
    table->DeleteCount++;
    free_element(table, links);
}

/* ---- Services -------------------------------------------------------------------------------- */

VOID NTAPI RtlInitializeGenericTableAvl(PRTL_AVL_TABLE Table,
                                        PRTL_AVL_COMPARE_ROUTINE CompareRoutine,
                                        PRTL_AVL_ALLOCATE_ROUTINE AllocateRoutine,
                                        PRTL_AVL_FREE_ROUTINE FreeRoutine, PVOID TableContext)
{
    DQ_ENTER(RtlInitializeGenericTableAvl, Table, Table, 0, 0, DQ_VOID);
    BEGIN(true, RtlInitializeGenericTableAvl);
    *Table = (RTL_AVL_TABLE){ .CompareRoutine = CompareRoutine,
                              .AllocateRoutine = AllocateRoutine,
                              .FreeRoutine = FreeRoutine,
                              .TableContext = TableContext };
    Table->BalancedRoot.Parent = &Table->BalancedRoot;
    dq_tableuse_end(&use);
}

PVOID NTAPI RtlInsertElementGenericTableAvl(PRTL_AVL_TABLE Table, PVOID Buffer, CLONG BufferSize,
                                            PBOOLEAN NewElement)
{
    PRTL_BALANCED_LINKS node;
    TABLE_SEARCH_RESULT found;
    void *data;

    DQ_ENTER(RtlInsertElementGenericTableAvl, Table, Table, Buffer, BufferSize, NULL);
    BEGIN(true, RtlInsertElementGenericTableAvl);
    found = search(Table, Buffer, &node);
    data = insert(Table, Buffer, BufferSize, NewElement, node, found);
    dq_tableuse_end(&use);
    return data;
}

PVOID NTAPI RtlInsertElementGenericTableFullAvl(PRTL_AVL_TABLE Table, PVOID Buffer,
                                                CLONG BufferSize, PBOOLEAN NewElement,
                                                PVOID NodeOrParent,
                                                TABLE_SEARCH_RESULT SearchResult)
{
    void *data;

    DQ_ENTER(RtlInsertElementGenericTableFullAvl, Table, Table, Buffer, BufferSize, NULL);
    BEGIN(true, RtlInsertElementGenericTableFullAvl);
    data = insert(Table, Buffer, BufferSize, NewElement, NodeOrParent, SearchResult);
    dq_tableuse_end(&use);
    return data;
}

BOOLEAN NTAPI RtlDeleteElementGenericTableAvl(PRTL_AVL_TABLE Table, PVOID Buffer)
{
    PRTL_BALANCED_LINKS node;
    bool found;

    DQ_ENTER(RtlDeleteElementGenericTableAvl, Table, Table, Buffer, 0, FALSE);
    BEGIN(true, RtlDeleteElementGenericTableAvl);
    found = search(Table, Buffer, &node) == TableFoundNode;
    if (found) {
        delete_node(Table, node);
    }
    dq_tableuse_end(&use);
    return found;
}

PVOID NTAPI RtlLookupElementGenericTableAvl(PRTL_AVL_TABLE Table, PVOID Buffer)
{
    PRTL_BALANCED_LINKS node;
    bool found;

    DQ_ENTER(RtlLookupElementGenericTableAvl, Table, Table, Buffer, 0, NULL);
    BEGIN(false, RtlLookupElementGenericTableAvl);
    found = search(Table, Buffer, &node) == TableFoundNode;
    dq_tableuse_end(&use);
    return found ? data_of(node) : NULL;
}

PVOID NTAPI RtlLookupElementGenericTableFullAvl(PRTL_AVL_TABLE Table, PVOID Buffer,
                                                PVOID *NodeOrParent,
                                                TABLE_SEARCH_RESULT *SearchResult)
{
    PRTL_BALANCED_LINKS node;

    DQ_ENTER(RtlLookupElementGenericTableFullAvl, Table, Table, Buffer, 0, NULL);
    BEGIN(false, RtlLookupElementGenericTableFullAvl);
    *SearchResult = search(Table, Buffer, &node);
    if (*SearchResult != TableEmptyTree) {
        *NodeOrParent = node;
    }
    dq_tableuse_end(&use);
    return *SearchResult == TableFoundNode ? data_of(node) : NULL;
}

PVOID NTAPI RtlLookupFirstMatchingElementGenericTableAvl(PRTL_AVL_TABLE Table, PVOID Buffer,
                                                         PVOID *RestartKey)
{
    PRTL_BALANCED_LINKS node, before;
    void *data = NULL;

    DQ_ENTER(RtlLookupFirstMatchingElementGenericTableAvl, Table, Table, Buffer, 0, NULL);
    BEGIN(false, RtlLookupFirstMatchingElementGenericTableAvl);
    if (search(Table, Buffer, &node) == TableFoundNode) {
        while ((before = dq_avl_previous(Table, node)) != NULL &&
               compare(Table, Buffer, before) == GenericEqual) {
            node = before;
        }
        *RestartKey = node;
        data = data_of(node);
    }
    dq_tableuse_end(&use);
    return data;
}

/* ---- Enumerating ----------------------------------------------------------------------------- */

PVOID NTAPI RtlEnumerateGenericTableAvl(PRTL_AVL_TABLE Table, BOOLEAN Restart)
{
    PRTL_BALANCED_LINKS next;

    DQ_ENTER(RtlEnumerateGenericTableAvl, Table, Table, Restart, 0, NULL);
    BEGIN(true, RtlEnumerateGenericTableAvl);
    next = Restart || Table->RestartKey == NULL ? dq_avl_first(Table)
                                                : dq_avl_next(Table, Table->RestartKey);
    if (next != NULL) {
        Table->RestartKey = next;
    }
    dq_tableuse_end(&use);
    return data_of(next);
}

PVOID NTAPI RtlEnumerateGenericTableWithoutSplayingAvl(PRTL_AVL_TABLE Table, PVOID *RestartKey)
{
    PRTL_BALANCED_LINKS next;

    DQ_ENTER(RtlEnumerateGenericTableWithoutSplayingAvl, Table, Table,
             DQ_READ(RtlEnumerateGenericTableWithoutSplayingAvl, *RestartKey), 0, NULL);
    BEGIN(false, RtlEnumerateGenericTableWithoutSplayingAvl);
    next = *RestartKey == NULL ? dq_avl_first(Table) : dq_avl_next(Table, *RestartKey);
    if (next != NULL) {
        *RestartKey = next;
    }
    dq_tableuse_end(&use);
    return data_of(next);
}

/* The element of the buffer, or the one behind its place; with `skip`, behind the element. */
static PRTL_BALANCED_LINKS place_of(PRTL_AVL_TABLE table, void *buffer, bool skip)
{
    PRTL_BALANCED_LINKS node;

    switch (search(table, buffer, &node)) {
    case TableFoundNode:
        return skip ? dq_avl_next(table, node) : node;
    case TableInsertAsLeft:
        return node;
    case TableInsertAsRight:
        return dq_avl_next(table, node);
    default:
        return NULL;
    }
}

PVOID NTAPI RtlEnumerateGenericTableLikeADirectory(PRTL_AVL_TABLE Table,
                                                   PRTL_AVL_MATCH_FUNCTION MatchFunction,
                                                   PVOID MatchData, ULONG NextFlag,
                                                   PVOID *RestartKey, PULONG DeleteCount,
                                                   PVOID Buffer)
{
    PRTL_BALANCED_LINKS at = DQ_READ(RtlEnumerateGenericTableLikeADirectory, *RestartKey);
    NTSTATUS status = STATUS_SUCCESS;

    DQ_ENTER(RtlEnumerateGenericTableLikeADirectory, Table, Table, NextFlag, Buffer, NULL);
    BEGIN(false, RtlEnumerateGenericTableLikeADirectory);
    if (at == NULL || *DeleteCount != Table->DeleteCount) {
        at = place_of(Table, Buffer, NextFlag != 0);
    } else if (NextFlag != 0) {
        at = dq_avl_next(Table, at);
    }
    while (at != NULL && MatchFunction != NULL) {
        status = match(Table, MatchFunction, at, MatchData);
        if (status == STATUS_SUCCESS || status == STATUS_NO_MORE_MATCHES) {
            break;
        }
        at = dq_avl_next(Table, at);
    }
    *RestartKey = at;
    *DeleteCount = Table->DeleteCount;
    dq_tableuse_end(&use);
    return status != STATUS_NO_MORE_MATCHES ? data_of(at) : NULL;
}

/* ---- By order of insertion ------------------------------------------------------------------- */

/* How many insertions ago, so that numbers may begin anew. */
static uint32_t age_of(const RTL_AVL_TABLE *table, PRTL_BALANCED_LINKS links)
{
    return table->WhichOrderedElement - CONTAINING_RECORD(links, element, links)->order.number;
}

static ULONG count_older(PRTL_AVL_TABLE table, uint32_t age)
{
    ULONG count = 0;

    for (PRTL_BALANCED_LINKS at = dq_avl_first(table); at != NULL; at = dq_avl_next(table, at)) {
        count += age_of(table, at) > age;
    }
    return count;
}

/* The age that exactly `index` elements exceed: halves the ages that it can be. */
static PRTL_BALANCED_LINKS find_by_order(PRTL_AVL_TABLE table, ULONG index)
{
    uint32_t lowest = 0, highest = UINT32_MAX;
    PRTL_BALANCED_LINKS at = dq_avl_first(table);

    while (lowest < highest) {
        const uint32_t middle = lowest + (highest - lowest) / 2;

        if (count_older(table, middle) > index) {
            lowest = middle + 1;
        } else {
            highest = middle;
        }
    }
    while (at != NULL && age_of(table, at) != lowest) {
        at = dq_avl_next(table, at);
    }
    return at;
}

PVOID NTAPI RtlGetElementGenericTableAvl(PRTL_AVL_TABLE Table, ULONG I)
{
    PRTL_BALANCED_LINKS found = NULL;

    DQ_ENTER(RtlGetElementGenericTableAvl, Table, Table, I, 0, NULL);
    BEGIN(false, RtlGetElementGenericTableAvl);
    if (I < Table->NumberGenericTableElements) {
        found = find_by_order(Table, I);
    }
    dq_tableuse_end(&use);
    return data_of(found);
}

ULONG NTAPI RtlNumberGenericTableElementsAvl(PRTL_AVL_TABLE Table)
{
    ULONG count;

    DQ_ENTER(RtlNumberGenericTableElementsAvl, Table, Table, 0, 0, 0);
    BEGIN(false, RtlNumberGenericTableElementsAvl);
    count = Table->NumberGenericTableElements;
    dq_tableuse_end(&use);
    return count;
}

BOOLEAN NTAPI RtlIsGenericTableEmptyAvl(PRTL_AVL_TABLE Table)
{
    bool empty;

    DQ_ENTER(RtlIsGenericTableEmptyAvl, Table, Table, 0, 0, TRUE);
    BEGIN(false, RtlIsGenericTableEmptyAvl);
    empty = dq_avl_root(Table) == NULL;
    dq_tableuse_end(&use);
    return empty;
}
