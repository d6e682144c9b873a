/*
 * tree: see tree.h.
 */
#include "intake/tree.h"

#include "limits.h"

static struct hk_json *copy_texts(
    struct hk_tree *tree, struct hk_json *node, struct hk_slice key, bool has_key)
{
    if (has_key) {
        node->key = hk_arena_copy(tree->arena, key.at, key.size);
        node->key_size = key.size;
        if (node->key == NULL)
            return NULL;
    }
    return node;
}

static void append(struct hk_tree_node *parent, struct hk_json *node)
{
    if (parent == NULL)
        return;
    if (parent->last == NULL)
        parent->json.first = node;
    else
        parent->last->next = node;
    parent->last = node;
    parent->json.count++;
}

/* Memory for a node, as large as its kind wants; NULL when there may be no more. */
static void *new_node(struct hk_tree *tree, size_t size)
{
    void *node;

    if (tree->failed || tree->nodes >= HK_MESSAGE_FIELDS_MAX)
        return NULL;
    node = hk_arena_alloc(tree->arena, size);
    if (node == NULL)
        tree->failed = true;
    tree->nodes++;
    return node;
}

struct hk_tree_node *hk_tree_branch(
    struct hk_tree *tree, struct hk_tree_node *parent, struct hk_slice key, enum hk_json_type type)
{
    struct hk_tree_node *node = new_node(tree, sizeof(*node));
    bool has_key = parent != NULL && parent->json.type == HK_JSON_OBJECT;

    if (node == NULL)
        return NULL;
    node->json.type = type;
    if (copy_texts(tree, &node->json, key, has_key) == NULL) {
        tree->failed = true;
        return NULL;
    }
    append(parent, &node->json);
    return node;
}

char *hk_tree_scratch(struct hk_tree *tree, const struct hk_tree_node *root, size_t size)
{
    char *scratch = root != NULL ? hk_arena_alloc(tree->arena, size) : NULL;

    if (root != NULL && scratch == NULL)
        tree->failed = true;
    return scratch;
}

void hk_tree_text(
    struct hk_tree *tree, struct hk_tree_node *parent, struct hk_slice key, struct hk_slice text)
{
    struct hk_json *node = parent != NULL ? new_node(tree, sizeof(*node)) : NULL;

    if (node == NULL)
        return;
    node->type = HK_JSON_STRING;
    node->text = hk_arena_copy(tree->arena, text.at, text.size);
    node->text_size = text.size;
    if (node->text == NULL ||
        copy_texts(tree, node, key, parent->json.type == HK_JSON_OBJECT) == NULL) {
        tree->failed = true;
        return;
    }
    append(parent, node);
}

void hk_tree_value(struct hk_tree *tree, struct hk_tree_node *parent, struct hk_slice key,
    const struct hk_json *value)
{
    struct hk_json *node = parent != NULL ? new_node(tree, sizeof(*node)) : NULL;

    if (node == NULL)
        return;
    *node = *value;
    node->next = NULL;
    node->key = NULL;
    node->key_size = 0;
    if (copy_texts(tree, node, key, parent->json.type == HK_JSON_OBJECT) == NULL) {
        tree->failed = true;
        return;
    }
    append(parent, node);
}
