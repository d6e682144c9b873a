/*
 * graph: the picture of a playbook, from its text: the steps it may take, the conditions between
 * them, what runs at the same time. Only what the text shows: a function that is called by another
 * name than its own is not followed.
 */
#ifndef HK_AUTHOR_GRAPH_H
#define HK_AUTHOR_GRAPH_H

#include "base/json.h"

/* Append {"playbook","file","functions":[{"name","line","nodes":[{"id","kind","label","line",
 * "column",["asked","failed"]}],"edges":[{"from","to",["label"]}]}]}. `run` comes first, then each
 * function that has steps of its own. Kinds: start, step, decision, loop, fork, join, call, return,
 * error, goto, label, end. counts: {"LINE": {"asked": N, "failed": N}} of real runs, or NULL.
 * HK_INVALID, HK_LIMIT when the text can't be looked at. */
HK_MUST_CHECK enum hk_status hk_graph_write(const char *source, size_t size, const char *name,
    const char *file, const struct hk_json *counts, struct hk_buf *out, struct hk_error *error);

/* The same as text for Graphviz, and as a picture. graph is what hk_graph_write wrote. */
void hk_graph_dot(const struct hk_json *graph, struct hk_buf *out);
HK_MUST_CHECK enum hk_status hk_graph_svg(
    const struct hk_json *graph, struct hk_buf *out, struct hk_error *error);

#endif
