/*
 * avltree.c - balanced trees: the subtrees of a node differ by one level at most.
 */
#include "rtl/avltree.h"

/* ---- Walking --------------------------------------------------------------------------------- */

static PRTL_BALANCED_LINKS leftmost(PRTL_BALANCED_LINKS at)
{
    while (at != NULL && at->LeftChild != NULL) {
        at = at->LeftChild;
    }
    return at;
}

static PRTL_BALANCED_LINKS rightmost(PRTL_BALANCED_LINKS at)
{
    while (at != NULL && at->RightChild != NULL) {
        at = at->RightChild;
    }
    return at;
}

PRTL_BALANCED_LINKS dq_avl_next(PRTL_AVL_TABLE table, PRTL_BALANCED_LINKS at)
{
    if (at->RightChild != NULL) {
        return leftmost(at->RightChild);
    }
    while (at->Parent != &table->BalancedRoot && at == at->Parent->RightChild) {
        at = at->Parent;
    }
    return at->Parent != &table->BalancedRoot ? at->Parent : NULL;
}

PRTL_BALANCED_LINKS dq_avl_previous(PRTL_AVL_TABLE table, PRTL_BALANCED_LINKS at)
{
    if (at->LeftChild != NULL) {
        return rightmost(at->LeftChild);
    }
    while (at->Parent != &table->BalancedRoot && at == at->Parent->LeftChild) {
        at = at->Parent;
    }
    return at->Parent != &table->BalancedRoot ? at->Parent : NULL;
}

PRTL_BALANCED_LINKS dq_avl_first(PRTL_AVL_TABLE table)
{
    return leftmost(dq_avl_root(table));
}

/* ---- Balancing ------------------------------------------------------------------------------- */

/* Puts `child` (NULL: nothing) where `links` hangs. */
static void replace(PRTL_BALANCED_LINKS links, PRTL_BALANCED_LINKS child)
{
    if (links->Parent->LeftChild == links) {
        links->Parent->LeftChild = child;
    } else {
        links->Parent->RightChild = child;
    }
    if (child != NULL) {
        child->Parent = links->Parent;
    }
}

/* Lifts `links` over its parent. Balances are the caller's. */
static void rotate(PRTL_BALANCED_LINKS links)
{
    PRTL_BALANCED_LINKS parent = links->Parent;
    const bool left = parent->LeftChild == links;
    PRTL_BALANCED_LINKS between = left ? links->RightChild : links->LeftChild;

    replace(parent, links);
    if (left) {
        links->RightChild = parent;
        parent->LeftChild = between;
    } else {
        links->LeftChild = parent;
        parent->RightChild = between;
    }
    parent->Parent = links;
    if (between != NULL) {
        between->Parent = parent;
    }
}

/* The subtree of `top` is two levels deeper on one side. Returns its new top; `shrunk`: it is one
 * level less deep than before. */
static PRTL_BALANCED_LINKS level(PRTL_BALANCED_LINKS top, bool *shrunk)
{
    const CHAR side = top->Balance > 0 ? 1 : -1;
    PRTL_BALANCED_LINKS child = side > 0 ? top->RightChild : top->LeftChild;
    PRTL_BALANCED_LINKS inner;

    if (child->Balance != -side) {
        rotate(child);
        *shrunk = child->Balance == side;
        top->Balance = *shrunk ? 0 : side;
        child->Balance = *shrunk ? 0 : (CHAR)-side;
        return child;
    }
    inner = side > 0 ? child->LeftChild : child->RightChild;
    rotate(inner);
    rotate(inner);
    top->Balance = inner->Balance == side ? (CHAR)-side : 0;
    child->Balance = inner->Balance == -side ? side : 0;
    inner->Balance = 0;
    *shrunk = true;
    return inner;
}

void dq_avl_add(PRTL_AVL_TABLE table, PRTL_BALANCED_LINKS links)
{
    bool shrunk;

    while (links->Parent != &table->BalancedRoot) {
        PRTL_BALANCED_LINKS parent = links->Parent;

        parent->Balance = (CHAR)(parent->Balance + (parent->RightChild == links ? 1 : -1));
        if (parent->Balance == 0) {
            return;
        }
        if (parent->Balance > 1 || parent->Balance < -1) {
            (void)level(parent, &shrunk);
            return;
        }
        links = parent;
    }
    table->DepthOfTree++;
}

/* The subtree on one side of `at` has become less deep. */
static void shrink(PRTL_AVL_TABLE table, PRTL_BALANCED_LINKS at, bool left)
{
    bool shrunk = true;

    while (at != &table->BalancedRoot) {
        at->Balance = (CHAR)(at->Balance + (left ? 1 : -1));
        if (at->Balance == 1 || at->Balance == -1) {
            return;
        }
        if (at->Balance != 0) {
            at = level(at, &shrunk);
        }
        if (!shrunk) {
            return;
        }
        left = at->Parent->LeftChild == at;
        at = at->Parent;
    }
    table->DepthOfTree--;
}

/* `other`, the previous node, takes the place of `links`, which has two children. Returns below
 * whom something is now missing, and on which side. */
static PRTL_BALANCED_LINKS take_place(PRTL_BALANCED_LINKS links, PRTL_BALANCED_LINKS other,
                                      bool *left)
{
    PRTL_BALANCED_LINKS gap = other->Parent == links ? other : other->Parent;

    *left = other->Parent == links;
    replace(other, other->LeftChild);
    other->LeftChild = links->LeftChild;
    other->RightChild = links->RightChild;
    other->Balance = links->Balance;
    replace(links, other);
    other->RightChild->Parent = other;
    if (other->LeftChild != NULL) {
        other->LeftChild->Parent = other;
    }
    return gap;
}

void dq_avl_remove(PRTL_AVL_TABLE table, PRTL_BALANCED_LINKS links)
{
    PRTL_BALANCED_LINKS gap = links->Parent;
    bool left = gap->LeftChild == links;

    if (links->LeftChild != NULL && links->RightChild != NULL) {
        gap = take_place(links, rightmost(links->LeftChild), &left);
    } else {
        replace(links, links->LeftChild != NULL ? links->LeftChild : links->RightChild);
    }
    shrink(table, gap, left);
}
