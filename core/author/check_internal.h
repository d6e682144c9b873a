/*
 * check_internal: what the parts of check share. Internal to author/.
 */
#ifndef HK_AUTHOR_CHECK_INTERNAL_H
#define HK_AUTHOR_CHECK_INTERNAL_H

#include "author/check.h"
#include "author/syntax.h"

struct hk_check_local {
    const char *name;
    const struct hk_node *step; /* the call whose result it holds, or NULL */
    bool is_alert;              /* what `run` is given */
    bool is_read;
};

struct hk_check {
    const struct hk_check_setup *setup;
    struct hk_findings *findings;
    const struct hk_json *names; /* globals.h */
    struct hk_check_local *locals;
    size_t local_count;
    size_t local_capacity;
    unsigned functions; /* that we are in; 0: the text's top level */
    bool short_of_memory;
};

/* The local that a name means here, or NULL: it is a global. */
struct hk_check_local *hk_check_find(struct hk_check *check, const char *name);
/* Is the node the global of this name? */
bool hk_check_is_global(struct hk_check *check, const struct hk_node *node, const char *name);
/* "PLUGIN.ACTION" of act.PLUGIN.ACTION, when that is written out; else false. */
bool hk_check_act_name(
    struct hk_check *check, const struct hk_node *node, char *ret_name, size_t capacity);
/* Is it a call of act.… or of this global? */
bool hk_check_is_act(struct hk_check *check, const struct hk_node *node);
bool hk_check_calls(struct hk_check *check, const struct hk_node *node, const char *name);

/* Is it what `run` is given? */
bool hk_check_is_alert(struct hk_check *check, const struct hk_node *node);
/* The members of the alert's field of that name, ended by NULL; an empty list when it is none that
 * has members. */
const char *const *hk_check_alert_members(const char *field);

/* What is wrong with a call of a step (check_call.c). */
void hk_check_call(struct hk_check *check, const struct hk_node *call);
/* The same, as to what kinds of values it is given (check_form.c). */
void hk_check_form(struct hk_check *check, const struct hk_node *call);
/* call "NAME" {…}: named is call "NAME", call all of it (check_form.c). */
void hk_check_called(
    struct hk_check *check, const struct hk_node *named, const struct hk_node *call);
/* What is done with values in an expression (check_value.c). */
void hk_check_value(struct hk_check *check, const struct hk_node *node);
/* Text that can't be reached, and what goes on after the alert was closed (check_flow.c). body is
 * a function's, or the top level's. */
void hk_check_flow(struct hk_check *check, const struct hk_node *body);

/* Tell that the call's argument is of the wrong kind, when it is written out and can't be a table.
 * False: it may be one. */
bool hk_check_no_table(
    struct hk_check *check, const struct hk_node *given, const char *what, const char *hint);
/* Tell of what stands in a table of a call without a name. */
void hk_check_no_names(
    struct hk_check *check, const struct hk_node *table, const char *what, const char *hint);

/* The one of the candidates that is most like text, when it is very much so; else NULL. */
const char *hk_check_nearest(const char *text, const char *const *candidates, size_t count);

#endif
