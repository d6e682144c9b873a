/*
 * tree: build a value of hk_json from what is no JSON. Nodes live in an arena; all texts are
 * copied. Inside the room only.
 *
 * Failure is sticky (no memory): what was built before it holds, further calls do nothing.
 */
#ifndef HK_INTAKE_TREE_H
#define HK_INTAKE_TREE_H

#include "base/json.h"
#include "intake/slice.h"

struct hk_tree_node {
    struct hk_json json;
    struct hk_json *last; /* child */
};

struct hk_tree {
    struct hk_arena *arena;
    unsigned nodes; /* made so far; no more than HK_MESSAGE_FIELDS_MAX, further ones are left out */
    bool failed;
};

/* An object or array; parent is NULL for a root, key is for children of objects. NULL when failed
 * or when there may be no more nodes, which all calls take as parent. */
struct hk_tree_node *hk_tree_branch(
    struct hk_tree *tree, struct hk_tree_node *parent, struct hk_slice key, enum hk_json_type type);
/* Room to write texts into before they are copied into a tree of which this is the root; NULL
 * (root is NULL, or no memory: failed). */
char *hk_tree_scratch(struct hk_tree *tree, const struct hk_tree_node *root, size_t size);
/* A text. Bytes that are no UTF-8 must have been dealt with before. */
void hk_tree_text(
    struct hk_tree *tree, struct hk_tree_node *parent, struct hk_slice key, struct hk_slice text);
/* Give the parent an existing value as a further child: a copy of its head, with its children. */
void hk_tree_value(struct hk_tree *tree, struct hk_tree_node *parent, struct hk_slice key,
    const struct hk_json *value);

#endif
