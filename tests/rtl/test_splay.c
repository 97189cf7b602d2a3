/* Tests of lib/rtl/splay.c. */
#include <stdbool.h>
#include <stdlib.h>

#include <dirql/cmocka.h>
#include <ntddk.h>

enum { NODES = 64 };

typedef struct node {
    RTL_SPLAY_LINKS links;
    int key;
} node;

static node nodes[NODES];
static PRTL_SPLAY_LINKS root;

static node *node_of(PRTL_SPLAY_LINKS links)
{
    return CONTAINING_RECORD(links, node, links);
}

static void insert(node *new)
{
    PRTL_SPLAY_LINKS at = root;

    RtlInitializeSplayLinks(&new->links);
    while (at != NULL) {
        const bool left = new->key < node_of(at)->key;
        PRTL_SPLAY_LINKS child = left ? RtlLeftChild(at) : RtlRightChild(at);

        if (child != NULL) {
            at = child;
        } else if (left) {
            RtlInsertAsLeftChild(at, &new->links);
            break;
        } else {
            RtlInsertAsRightChild(at, &new->links);
            break;
        }
    }
    root = RtlSplay(&new->links);
}

/* Keys 0, 1 ... in an order that mixes them. */
static int plant(void **state)
{
    (void)state;
    root = NULL;
    for (int i = 0; i < NODES; i++) {
        nodes[i].key = i;
    }
    for (int i = 0; i < NODES; i++) {
        insert(&nodes[i * 37 % NODES]);
    }
    return 0;
}

static PRTL_SPLAY_LINKS leftmost(PRTL_SPLAY_LINKS at)
{
    while (RtlLeftChild(at) != NULL) {
        at = RtlLeftChild(at);
    }
    return at;
}

/* All links agree, and the keys rise from `first` on. Returns their number. */
static int count_in_order(void)
{
    int count = 0, last = -1;

    assert_true(root == NULL || RtlIsRoot(root));
    for (PRTL_SPLAY_LINKS at = root != NULL ? leftmost(root) : NULL; at != NULL;
         at = RtlRealSuccessor(at)) {
        assert_true(node_of(at)->key > last);
        assert_true(RtlIsRoot(at) || RtlIsLeftChild(at) || RtlIsRightChild(at));
        last = node_of(at)->key;
        count++;
    }
    return count;
}

static void a_splayed_node_is_the_root_and_the_order_stays(void **state)
{
    (void)state;
    for (int i = 0; i < NODES; i++) {
        root = RtlSplay(&nodes[i * 11 % NODES].links);
        assert_ptr_equal(root, &nodes[i * 11 % NODES].links);
        assert_int_equal(count_in_order(), NODES);
    }
}

static void successors_and_predecessors_are_neighbours(void **state)
{
    (void)state;
    for (int i = 0; i < NODES; i++) {
        PRTL_SPLAY_LINKS next = RtlRealSuccessor(&nodes[i].links);
        PRTL_SPLAY_LINKS previous = RtlRealPredecessor(&nodes[i].links);

        assert_ptr_equal(next, i + 1 < NODES ? &nodes[i + 1].links : NULL);
        assert_ptr_equal(previous, i > 0 ? &nodes[i - 1].links : NULL);
    }
}

static void neighbours_in_the_subtree_lie_below(void **state)
{
    (void)state;
    root = RtlSplay(&nodes[10].links);
    assert_ptr_equal(RtlSubtreeSuccessor(root), &nodes[11].links);
    assert_ptr_equal(RtlSubtreePredecessor(root), &nodes[9].links);
    root = RtlSplay(&nodes[0].links);
    assert_null(RtlSubtreePredecessor(root));
}

static void deleting_keeps_the_order(void **state)
{
    (void)state;
    for (int i = 0; i < NODES; i++) {
        root = RtlDelete(&nodes[i * 23 % NODES].links);
        assert_int_equal(count_in_order(), NODES - 1 - i);
    }
    assert_null(root);
}

static void deleting_without_splaying_keeps_the_order_and_the_root(void **state)
{
    (void)state;
    root = RtlSplay(&nodes[30].links);
    RtlDeleteNoSplay(&nodes[2].links, &root);
    assert_ptr_equal(root, &nodes[30].links);
    assert_int_equal(count_in_order(), NODES - 1);
    for (int i = NODES - 1; i >= 0; i--) {
        if (i != 2) {
            RtlDeleteNoSplay(&nodes[i].links, &root);
        }
    }
    assert_null(root);
}

#define TEST(test) cmocka_unit_test_setup(test, plant)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_splayed_node_is_the_root_and_the_order_stays),
        TEST(successors_and_predecessors_are_neighbours),
        TEST(neighbours_in_the_subtree_lie_below),
        TEST(deleting_keeps_the_order),
        TEST(deleting_without_splaying_keeps_the_order_and_the_root),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
