/*
 * splay.c - splay links: binary trees in which what was looked for comes to the root.
 *
 * Nodes lie in the driver's memory. Nothing here is a service: it only computes.
 */
#include <wdm.h>

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

PRTL_SPLAY_LINKS NTAPI RtlSplay(PRTL_SPLAY_LINKS Links)
{
    while (!RtlIsRoot(Links)) {
        PRTL_SPLAY_LINKS parent = Links->Parent;

        if (!RtlIsRoot(parent)) {
            const BOOLEAN straight = RtlIsLeftChild(Links) == RtlIsLeftChild(parent);

            rotate(straight ? parent : Links);
        }
        rotate(Links);
    }
    return Links;
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
        other = RtlSubtreePredecessor(links);
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
    PRTL_SPLAY_LINKS near = unlink_node(Links);

    return near != NULL ? RtlSplay(near) : NULL;
}

VOID NTAPI RtlDeleteNoSplay(PRTL_SPLAY_LINKS Links, PRTL_SPLAY_LINKS *Root)
{
    PRTL_SPLAY_LINKS near = unlink_node(Links);

    while (near != NULL && !RtlIsRoot(near)) {
        near = near->Parent;
    }
    *Root = near;
}

/* ---- Neighbours ------------------------------------------------------------------------------ */

PRTL_SPLAY_LINKS NTAPI RtlSubtreeSuccessor(PRTL_SPLAY_LINKS Links)
{
    PRTL_SPLAY_LINKS next = Links->RightChild;

    while (next != NULL && next->LeftChild != NULL) {
        next = next->LeftChild;
    }
    return next;
}

PRTL_SPLAY_LINKS NTAPI RtlSubtreePredecessor(PRTL_SPLAY_LINKS Links)
{
    PRTL_SPLAY_LINKS next = Links->LeftChild;

    while (next != NULL && next->RightChild != NULL) {
        next = next->RightChild;
    }
    return next;
}

PRTL_SPLAY_LINKS NTAPI RtlRealSuccessor(PRTL_SPLAY_LINKS Links)
{
    PRTL_SPLAY_LINKS next = RtlSubtreeSuccessor(Links);

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
    PRTL_SPLAY_LINKS next = RtlSubtreePredecessor(Links);

    if (next != NULL) {
        return next;
    }
    while (!RtlIsRoot(Links) && RtlIsLeftChild(Links)) {
        Links = Links->Parent;
    }
    return RtlIsRoot(Links) ? NULL : Links->Parent;
}
