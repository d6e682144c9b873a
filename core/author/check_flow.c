/*
 * check_flow: what is never reached, and what still happens after the alert was closed.
 *
 * A statement is said to end when the text shows that nothing behind it is reached: return,
 * error(…), continue_as_new {…}, an `if` with an else of which each part ends, a loop `while true`
 * without a way out. Whatever has a label before it may be reached by goto, and is left alone.
 */
#include "author/check_internal.h"

#include <string.h>

struct flow {
    bool ends;
    const struct hk_node *closed; /* a close that may have been done, and does not end the run */
};

static struct flow flow_of_block(
    struct hk_check *check, const struct hk_node *block, const struct hk_node *closed);

/* Does a break or a goto stand in this loop's body, outside of functions and (break) inner loops?
 */
static bool has_way_out(const struct hk_node *node, bool in_loop) // NOLINT(misc-no-recursion)
{
    bool is_loop = node->kind == HK_NODE_WHILE || node->kind == HK_NODE_REPEAT ||
                   node->kind == HK_NODE_FOR_NUMBER || node->kind == HK_NODE_FOR_IN;

    if (node->kind == HK_NODE_FUNCTION)
        return false;
    if (node->kind == HK_NODE_GOTO || (node->kind == HK_NODE_BREAK && !in_loop))
        return true;
    for (const struct hk_node *child = node->first; child != NULL; child = child->next) {
        if (has_way_out(child, in_loop || is_loop))
            return true;
    }
    return false;
}

static struct flow flow_of_if( // NOLINT(misc-no-recursion)
    struct hk_check *check, const struct hk_node *node, const struct hk_node *closed)
{
    struct flow flow = {.ends = true, .closed = closed};
    unsigned count = 0;

    for (const struct hk_node *child = node->first; child != NULL; child = child->next) {
        struct flow part;
        count++;
        if (child->kind != HK_NODE_BLOCK)
            continue;
        part = flow_of_block(check, child, closed);
        flow.ends = flow.ends && part.ends;
        if (!part.ends && flow.closed == NULL)
            flow.closed = part.closed;
    }
    if (count % 2 == 0) /* condition, block, condition, block: no else */
        flow.ends = false;
    return flow;
}

static void tell_after_close(
    struct hk_check *check, const struct hk_node *closed, const struct hk_node *call)
{
    hk_findings_add(check->findings, HK_FINDING_WARNING, closed->line, closed->column,
        "goes-on-after-close", "return close { … }",
        "close does not end the run: line %u may still act", call->line);
}

/* The first call of act.… or ask in an expression or statement, outside of functions. */
static const struct hk_node *first_effect(
    struct hk_check *check, const struct hk_node *node) // NOLINT(misc-no-recursion)
{
    const struct hk_node *found = NULL;

    if (node->kind == HK_NODE_FUNCTION || node->kind == HK_NODE_BLOCK)
        return NULL;
    if (hk_check_is_act(check, node) || hk_check_calls(check, node, "ask"))
        return node;
    for (const struct hk_node *child = node->first; child != NULL && found == NULL;
         child = child->next)
        found = first_effect(check, child);
    return found;
}

static struct flow flow_of( // NOLINT(misc-no-recursion)
    struct hk_check *check, const struct hk_node *node, const struct hk_node *closed)
{
    struct flow flow = {.ends = false, .closed = closed};

    switch (node->kind) {
    case HK_NODE_RETURN:
    case HK_NODE_BREAK:
    case HK_NODE_GOTO:
        flow.ends = true;
        break;
    case HK_NODE_CALL_STATEMENT:
        flow.ends = hk_check_calls(check, node->first, "error") ||
                    hk_check_calls(check, node->first, "continue_as_new");
        if (hk_check_calls(check, node->first, "close") && closed == NULL)
            flow.closed = node->first;
        break;
    case HK_NODE_DO:
        flow = flow_of_block(check, node->first, closed);
        break;
    case HK_NODE_IF:
        flow = flow_of_if(check, node, closed);
        break;
    case HK_NODE_WHILE:
        (void)flow_of_block(check, node->last, closed);
        flow.ends = node->first->kind == HK_NODE_TRUE && !has_way_out(node->last, false);
        break;
    case HK_NODE_FOR_NUMBER:
    case HK_NODE_FOR_IN:
        (void)flow_of_block(check, node->last, closed);
        break;
    case HK_NODE_REPEAT:
        (void)flow_of_block(check, node->first, closed);
        break;
    default:
        break;
    }
    return flow;
}

static struct flow flow_of_block( // NOLINT(misc-no-recursion)
    struct hk_check *check, const struct hk_node *block, const struct hk_node *closed)
{
    struct flow flow = {.ends = false, .closed = closed};
    bool is_told = false;

    for (const struct hk_node *node = block->first; node != NULL; node = node->next) {
        const struct hk_node *effect;
        if (node->kind == HK_NODE_LABEL)
            flow.ends = false;
        if (flow.ends && !is_told) {
            hk_findings_add(check->findings, HK_FINDING_WARNING, node->line, node->column,
                "unreachable", "take it out, or put a condition before it",
                "this is never reached");
            is_told = true;
        }
        effect = flow.closed == NULL || flow.ends ? NULL : first_effect(check, node);
        if (effect != NULL) {
            tell_after_close(check, flow.closed, effect);
            flow.closed = NULL;
        }
        if (!flow.ends)
            flow = flow_of(check, node, flow.closed);
    }
    return flow;
}

void hk_check_flow(struct hk_check *check, const struct hk_node *body)
{
    (void)flow_of_block(check, body, NULL);
}
