/*
 * splay.c - splay links: binary trees in which what was looked for comes to the root.
 *
 * Nodes lie in the driver's memory. Nothing here is a service: it only computes.
 */
#include <wdm.h>

#include "sim/computing.h"

/* Puts `child` (NULL: nothing) where `links` hangs in its tree. */
static void replace(PRTL_SPLAY_LINKS links, PRTL_SPLAY_LINKS child)
{
    PRTL_SPLAY_LINKS parent = links->Parent;

    if (parent == links) {
        if (child != NULL) {
            child->Parent = child;
        }
        return;
    }
    if (parent->LeftChild == links) {
        parent->LeftChild = child;
    } else {
        parent->RightChild = child;
    }
    if (child != NULL) {
        child->Parent = parent;
    }
}

/* Lifts `links` over its parent. */
static void rotate(PRTL_SPLAY_LINKS links)
{
    PRTL_SPLAY_LINKS parent = links->Parent;
    PRTL_SPLAY_LINKS between;

    if (RtlIsLeftChild(links)) {
        between = links->RightChild;
        replace(parent, links);
        links->RightChild = parent;
        parent->LeftChild = between;
    } else {
        between = links->LeftChild;
        replace(parent, links);
        links->LeftChild = parent;
        parent->RightChild = between;
    }
    parent->Parent = links;
    if (between != NULL) {
        between->Parent = parent;
    }
}

static PRTL_SPLAY_LINKS splay(PRTL_SPLAY_LINKS links)
{
    while (!RtlIsRoot(links)) {
        PRTL_SPLAY_LINKS parent = links->Parent;

        if (!RtlIsRoot(parent)) {
            const BOOLEAN straight = RtlIsLeftChild(links) == RtlIsLeftChild(parent);

            rotate(straight ? parent : links);
        }
        rotate(links);
    }
    return links;
}

PRTL_SPLAY_LINKS NTAPI RtlSplay(PRTL_SPLAY_LINKS Links)
{
    DQ_COMPUTES();
    return splay(Links);
}

/* ---- Neighbours below ------------------------------------------------------------------------ */

static PRTL_SPLAY_LINKS subtree_successor(PRTL_SPLAY_LINKS links)
{
    PRTL_SPLAY_LINKS next = links->RightChild;

    while (next != NULL && next->LeftChild != NULL) {
        next = next->LeftChild;
    }
    return next;
}

static PRTL_SPLAY_LINKS subtree_predecessor(PRTL_SPLAY_LINKS links)
{
    PRTL_SPLAY_LINKS next = links->LeftChild;

    while (next != NULL && next->RightChild != NULL) {
        next = next->RightChild;
    }
    return next;
}

/* ---- Deleting -------------------------------------------------------------------------------- */

/* `other`, with one child at most, takes the place of `links`, with two. */
static void take_place(PRTL_SPLAY_LINKS links, PRTL_SPLAY_LINKS other)
{
    other->LeftChild = links->LeftChild;
    other->RightChild = links->RightChild;
    replace(links, other);
    if (other->LeftChild != NULL) {
        other->LeftChild->Parent = other;
    }
    if (other->RightChild != NULL) {
        other->RightChild->Parent = other;
    }
}

/* Any node that remains, the nearest to what was deleted; NULL: none does. */
static PRTL_SPLAY_LINKS unlink_node(PRTL_SPLAY_LINKS links)
{
    PRTL_SPLAY_LINKS other = links->LeftChild != NULL ? links->LeftChild : links->RightChild;
    PRTL_SPLAY_LINKS near = RtlIsRoot(links) ? other : links->Parent;

    if (links->LeftChild != NULL && links->RightChild != NULL) {
        other = subtree_predecessor(links);
        near = other->Parent == links ? other : other->Parent;
        replace(other, other->LeftChild);
        take_place(links, other);
    } else {
        replace(links, other);
    }
    return near;
}

PRTL_SPLAY_LINKS NTAPI RtlDelete(PRTL_SPLAY_LINKS Links)
{
    DQ_COMPUTES();
    PRTL_SPLAY_LINKS near = unlink_node(Links);

    return near != NULL ? splay(near) : NULL;
}

VOID NTAPI RtlDeleteNoSplay(PRTL_SPLAY_LINKS Links, PRTL_SPLAY_LINKS *Root)
{
    DQ_COMPUTES();
    PRTL_SPLAY_LINKS near = unlink_node(Links);

    while (near != NULL && !RtlIsRoot(near)) {
        near = near->Parent;
    }
    *Root = near;
}

/* ---- Neighbours ------------------------------------------------------------------------------ */

PRTL_SPLAY_LINKS NTAPI RtlSubtreeSuccessor(PRTL_SPLAY_LINKS Links)
{
    DQ_COMPUTES();
    return subtree_successor(Links);
}

PRTL_SPLAY_LINKS NTAPI RtlSubtreePredecessor(PRTL_SPLAY_LINKS Links)
{
    DQ_COMPUTES();
    return subtree_predecessor(Links);
}

PRTL_SPLAY_LINKS NTAPI RtlRealSuccessor(PRTL_SPLAY_LINKS Links)
{
    DQ_COMPUTES();
    PRTL_SPLAY_LINKS next = subtree_successor(Links);

    if (next != NULL) {
        return next;
    }
    while (!RtlIsRoot(Links) && RtlIsRightChild(Links)) {
        Links = Links->Parent;
    }
    return RtlIsRoot(Links) ? NULL : Links->Parent;
}

PRTL_SPLAY_LINKS NTAPI RtlRealPredecessor(PRTL_SPLAY_LINKS Links)
{
    DQ_COMPUTES();
    PRTL_SPLAY_LINKS next = subtree_predecessor(Links);

    if (next != NULL) {
        return next;
    }
    while (!RtlIsRoot(Links) && RtlIsLeftChild(Links)) {
        Links = Links->Parent;
    }
    return RtlIsRoot(Links) ? NULL : Links->Parent;
}
