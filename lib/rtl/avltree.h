/*
 * avltree.h - the tree of a generic table that is balanced.
 *
 * The table's BalancedRoot is no element: the tree hangs on its right. Who calls knows the order.
 */
#ifndef DQ_AVLTREE_H
#define DQ_AVLTREE_H

#include <ntddk.h>
#include <stdbool.h>

static inline PRTL_BALANCED_LINKS dq_avl_root(const RTL_AVL_TABLE *table)
{
    return table->BalancedRoot.RightChild;
}

/* In order; NULL: there is none. */
PRTL_BALANCED_LINKS dq_avl_first(PRTL_AVL_TABLE table);
PRTL_BALANCED_LINKS dq_avl_next(PRTL_AVL_TABLE table, PRTL_BALANCED_LINKS at);
PRTL_BALANCED_LINKS dq_avl_previous(PRTL_AVL_TABLE table, PRTL_BALANCED_LINKS at);

/* Balances the tree to which a leaf has been hung. */
void dq_avl_add(PRTL_AVL_TABLE table, PRTL_BALANCED_LINKS links);

/* Takes a node out. */
void dq_avl_remove(PRTL_AVL_TABLE table, PRTL_BALANCED_LINKS links);

#endif
