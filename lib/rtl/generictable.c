/*
 * generictable.c - generic tables made of splay links.
 *
 * An element is its links, its place in the order of insertion, and the caller's data. What an
 * operation finds becomes the root, but where the pages say that it does not.
 */
#include <string.h>

#include "ke/ki.h"
#include "rtl/tableuse.h"

typedef RTL_GENERIC_TABLE table_type;
typedef RTL_SPLAY_LINKS links_type;

typedef struct element {
    RTL_SPLAY_LINKS links;
    LIST_ENTRY order;
    LONGLONG data;
} element;

enum { HEADER = offsetof(element, data) };

_Static_assert(HEADER == sizeof(RTL_SPLAY_LINKS) + sizeof(LIST_ENTRY),
               "the pages say how many bytes are the system's");

static void *data_of(links_type *links)
{
    return links != NULL ? (char *)links + HEADER : NULL;
}

static links_type *root_of(table_type *table)
{
    return table->TableRoot;
}

#include "rtl/tablesearch.h"
#include "sim/computing.h"

static PRTL_SPLAY_LINKS leftmost(PRTL_GENERIC_TABLE table)
{
    PRTL_SPLAY_LINKS at = table->TableRoot;

    while (at != NULL && at->LeftChild != NULL) {
        at = at->LeftChild;
    }
    return at;
}

/* ---- Changing -------------------------------------------------------------------------------- */

static element *new_element(PRTL_GENERIC_TABLE table, const void *buffer, CLONG bytes)
{
    element *new = allocate(table, bytes + HEADER);

    if (new != NULL) {
        RtlInitializeSplayLinks(&new->links);
        InsertTailList(&table->InsertOrderList, &new->order);
        memcpy(&new->data, buffer, bytes);
        table->NumberGenericTableElements++;
    }
    return new;
}

static void *insert(PRTL_GENERIC_TABLE table, const void *buffer, CLONG bytes, PBOOLEAN is_new,
                    PRTL_SPLAY_LINKS node, TABLE_SEARCH_RESULT found)
{
    if (is_new != NULL) {
        *is_new = FALSE;
    }
    if (found != TableFoundNode) {
        element *new = new_element(table, buffer, bytes);

        if (new == NULL) {
            return NULL;
        }
        if (found == TableInsertAsLeft) {
            RtlInsertAsLeftChild(node, &new->links);
        } else if (found == TableInsertAsRight) {
            RtlInsertAsRightChild(node, &new->links);
        }
        if (is_new != NULL) {
            *is_new = TRUE;
        }
        node = &new->links;
    }
    table->TableRoot = RtlSplay(node);
    return data_of(node);
}

/* The walk by order begins anew. */
static void forget_order(PRTL_GENERIC_TABLE table)
{
    table->OrderedPointer = &table->InsertOrderList;
    table->WhichOrderedElement = 0;
}

static void delete_node(PRTL_GENERIC_TABLE table, PRTL_SPLAY_LINKS node)
{
    element *old = CONTAINING_RECORD(node, element, links);

    table->TableRoot = RtlDelete(node);
    RemoveEntryList(&old->order);
    table->NumberGenericTableElements--;
    forget_order(table);
    free_element(table, old);
}

/* ---- Services -------------------------------------------------------------------------------- */

VOID NTAPI RtlInitializeGenericTable(PRTL_GENERIC_TABLE Table,
                                     PRTL_GENERIC_COMPARE_ROUTINE CompareRoutine,
                                     PRTL_GENERIC_ALLOCATE_ROUTINE AllocateRoutine,
                                     PRTL_GENERIC_FREE_ROUTINE FreeRoutine, PVOID TableContext)
{
    DQ_ENTER(RtlInitializeGenericTable, Table, Table, 0, 0, DQ_VOID);
    BEGIN(true, RtlInitializeGenericTable);
    *Table = (RTL_GENERIC_TABLE){ .CompareRoutine = CompareRoutine,
                                  .AllocateRoutine = AllocateRoutine,
                                  .FreeRoutine = FreeRoutine,
                                  .TableContext = TableContext };
    InitializeListHead(&Table->InsertOrderList);
    forget_order(Table);
    dq_tableuse_end(&use);
}

PVOID NTAPI RtlInsertElementGenericTable(PRTL_GENERIC_TABLE Table, PVOID Buffer, CLONG BufferSize,
                                         PBOOLEAN NewElement)
{
    PRTL_SPLAY_LINKS node;
    TABLE_SEARCH_RESULT found;
    void *data;

    DQ_ENTER(RtlInsertElementGenericTable, Table, Table, Buffer, BufferSize, NULL);
    BEGIN(true, RtlInsertElementGenericTable);
    found = search(Table, Buffer, &node);
    data = insert(Table, Buffer, BufferSize, NewElement, node, found);
    dq_tableuse_end(&use);
    return data;
}

PVOID NTAPI RtlInsertElementGenericTableFull(PRTL_GENERIC_TABLE Table, PVOID Buffer,
                                             CLONG BufferSize, PBOOLEAN NewElement,
                                             PVOID NodeOrParent, TABLE_SEARCH_RESULT SearchResult)
{
    void *data;

    DQ_ENTER(RtlInsertElementGenericTableFull, Table, Table, Buffer, BufferSize, NULL);
    BEGIN(true, RtlInsertElementGenericTableFull);
    data = insert(Table, Buffer, BufferSize, NewElement, NodeOrParent, SearchResult);
    dq_tableuse_end(&use);
    return data;
}

BOOLEAN NTAPI RtlDeleteElementGenericTable(PRTL_GENERIC_TABLE Table, PVOID Buffer)
{
    PRTL_SPLAY_LINKS node;
    bool found;

    DQ_ENTER(RtlDeleteElementGenericTable, Table, Table, Buffer, 0, FALSE);
    BEGIN(true, RtlDeleteElementGenericTable);
    found = search(Table, Buffer, &node) == TableFoundNode;
    if (found) {
        delete_node(Table, node);
    }
    dq_tableuse_end(&use);
    return found;
}

static void *lookup(PRTL_GENERIC_TABLE table, void *buffer, PRTL_SPLAY_LINKS *node,
                    TABLE_SEARCH_RESULT *found)
{
    *found = search(table, buffer, node);
    if (*found != TableFoundNode) {
        return NULL;
    }
    table->TableRoot = RtlSplay(*node);
    return data_of(*node);
}

PVOID NTAPI RtlLookupElementGenericTable(PRTL_GENERIC_TABLE Table, PVOID Buffer)
{
    PRTL_SPLAY_LINKS node;
    TABLE_SEARCH_RESULT found;
    void *data;

    DQ_ENTER(RtlLookupElementGenericTable, Table, Table, Buffer, 0, NULL);
    BEGIN(true, RtlLookupElementGenericTable);
    data = lookup(Table, Buffer, &node, &found);
    dq_tableuse_end(&use);
    return data;
}

PVOID NTAPI RtlLookupElementGenericTableFull(PRTL_GENERIC_TABLE Table, PVOID Buffer,
                                             PVOID *NodeOrParent, TABLE_SEARCH_RESULT *SearchResult)
{
    PRTL_SPLAY_LINKS node;
    void *data;

    DQ_ENTER(RtlLookupElementGenericTableFull, Table, Table, Buffer, 0, NULL);
    BEGIN(true, RtlLookupElementGenericTableFull);
    data = lookup(Table, Buffer, &node, SearchResult);
    if (*SearchResult != TableEmptyTree) {
        *NodeOrParent = node;
    }
    dq_tableuse_end(&use);
    return data;
}

/* ---- Enumerating ----------------------------------------------------------------------------- */

/* What was returned last is the root: its successor comes next. */
PVOID NTAPI RtlEnumerateGenericTable(PRTL_GENERIC_TABLE Table, BOOLEAN Restart)
{
    PRTL_SPLAY_LINKS next;

    DQ_ENTER(RtlEnumerateGenericTable, Table, Table, Restart, 0, NULL);
    BEGIN(true, RtlEnumerateGenericTable);
    next =
        Restart || Table->TableRoot == NULL ? leftmost(Table) : RtlRealSuccessor(Table->TableRoot);
    if (next != NULL) {
        Table->TableRoot = RtlSplay(next);
    }
    dq_tableuse_end(&use);
    return data_of(next);
}

PVOID NTAPI RtlEnumerateGenericTableWithoutSplaying(PRTL_GENERIC_TABLE Table, PVOID *RestartKey)
{
    PRTL_SPLAY_LINKS next;

    DQ_ENTER(RtlEnumerateGenericTableWithoutSplaying, Table, Table,
             DQ_READ(RtlEnumerateGenericTableWithoutSplaying, *RestartKey), 0, NULL);
    BEGIN(false, RtlEnumerateGenericTableWithoutSplaying);
    next = *RestartKey == NULL ? leftmost(Table) : RtlRealSuccessor(*RestartKey);
    if (next != NULL) {
        *RestartKey = next;
    }
    dq_tableuse_end(&use);
    return data_of(next);
}

/* Where the last call stood is the nearest way, or one of the two ends. */
static void walk_to(PRTL_GENERIC_TABLE table, ULONG wanted)
{
    const ULONG count = table->NumberGenericTableElements;

    if (wanted <= table->WhichOrderedElement / 2) {
        forget_order(table);
    } else if (wanted > table->WhichOrderedElement &&
               wanted - table->WhichOrderedElement > count + 1 - wanted) {
        table->OrderedPointer = &table->InsertOrderList;
        table->WhichOrderedElement = count + 1;
    }
    while (table->WhichOrderedElement < wanted) {
        table->OrderedPointer = table->OrderedPointer->Flink;
        table->WhichOrderedElement++;
    }
    while (table->WhichOrderedElement > wanted) {
        table->OrderedPointer = table->OrderedPointer->Blink;
        table->WhichOrderedElement--;
    }
}

PVOID NTAPI RtlGetElementGenericTable(PRTL_GENERIC_TABLE Table, ULONG I)
{
    void *data = NULL;

    DQ_ENTER(RtlGetElementGenericTable, Table, Table, I, 0, NULL);
    BEGIN(true, RtlGetElementGenericTable);
    if (I < Table->NumberGenericTableElements) {
        walk_to(Table, I + 1);
        data = &CONTAINING_RECORD(Table->OrderedPointer, element, order)->data;
    }
    dq_tableuse_end(&use);
    return data;
}

ULONG NTAPI RtlNumberGenericTableElements(PRTL_GENERIC_TABLE Table)
{
    ULONG count;

    DQ_ENTER(RtlNumberGenericTableElements, Table, Table, 0, 0, 0);
    BEGIN(false, RtlNumberGenericTableElements);
    count = Table->NumberGenericTableElements;
    dq_tableuse_end(&use);
    return count;
}

BOOLEAN NTAPI RtlIsGenericTableEmpty(PRTL_GENERIC_TABLE Table)
{
    bool empty;

    DQ_ENTER(RtlIsGenericTableEmpty, Table, Table, 0, 0, TRUE);
    BEGIN(false, RtlIsGenericTableEmpty);
    empty = Table->TableRoot == NULL;
    dq_tableuse_end(&use);
    return empty;
}
