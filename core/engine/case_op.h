/*
 * case_op: one thing that is done to a case: take its turn, read what stands, judge, write, answer.
 * case_op.c goes the way; what each verb does stands in case_edit.c, case_close.c, case_merge.c and
 * case_release.c. Inside the engine only.
 */
#ifndef HK_ENGINE_CASE_OP_H
#define HK_ENGINE_CASE_OP_H

#include "engine/cases.h"
#include "engine/states.h"
#include "engine/tx.h"
#include "ledger/query_work.h"

/* Beside those of people: */
enum {
    HK_CASE_CONSIDER = HK_CASE_TASK + 1, /* close it, or say what it should be closed with */
    HK_CASE_PLAY,                        /* a playbook's case { … } */
    HK_CASE_PLAY_RELEASE,                /* a playbook's release { … } */
    HK_CASE_VERBS
};

enum { HK_CASE_BATCH_MAX = 200 }; /* ids that are worked on at once */

struct hk_case_op {
    struct hk_engine *engine;
    struct hk_tenant_state *tenant;
    int verb;
    struct hk_actor actor;
    char id[HK_ID_SIZE];
    char other[HK_ID_SIZE];       /* "": none */
    struct hk_case_change change; /* texts in the arena */
    struct hk_arena arena;
    hk_reply_fn *reply; /* NULL: nobody waits for an answer */
    void *reply_ctx;
    struct hk_run *run; /* whose playbook asked, pinned; or NULL */
    struct hk_step *step;
    /* what stands, once read */
    struct hk_case_row row;
    struct hk_case_row other_row;
    enum hk_case_state state;
    enum hk_case_state other_state;
    struct hk_stored stored; /* the entry of evidence; what was received as the alert */
    char alert_case[HK_ID_SIZE];
    char ids[HK_CASE_BATCH_MAX][HK_ID_SIZE];
    size_t id_count;
    uint64_t joins; /* of the case when its alerts were read */
    unsigned hops;  /* to the case that it was merged into, and so on */
    struct hk_buf answer;
    void *more; /* of the verb; freed with free() */
};

/* Each verb: what it reads beside the row (on a reader thread; may be NULL), and what it does with
 * that (on the loop; ends with one of the hk_case_op_ functions below). */
struct hk_case_verb_fns {
    bool needs_counts;
    bool follows; /* of a merged case: do it to the one it was merged into */
    enum hk_status (*read)(
        struct hk_reading *reading, struct hk_case_op *op, struct hk_error *error);
    void (*act)(struct hk_case_op *op);
};
extern const struct hk_case_verb_fns hk_case_edits[HK_CASE_VERBS]; /* those of case_edit.c */

struct hk_case_op *hk_case_op_new(
    struct hk_engine *engine, struct hk_tenant_state *tenant, const char *id, int verb);
/* Take the turn and go. */
void hk_case_op_start(struct hk_case_op *op);
/* Read again and act on it, in the same turn. */
void hk_case_op_again(struct hk_case_op *op);
/* A copy of the text in the op's arena; NULL for NULL. */
const char *hk_case_op_text(struct hk_case_op *op, const char *text);

/* Ends: write what tx holds and answer with what then stands; answer at once; refuse. */
void hk_case_op_commit(struct hk_case_op *op, struct hk_tx *tx);
void hk_case_op_done(struct hk_case_op *op);
void hk_case_op_refuse(struct hk_case_op *op, enum hk_status status, const char *text);
/* May an entry of the kind follow? Then the state moves; else the op has ended with a conflict. */
bool hk_case_op_may(struct hk_case_op *op, enum hk_kind kind);
/* Write {"id","state",…} into the answer; to add members, leave it open. */
void hk_case_op_stand(struct hk_case_op *op, struct hk_jw *jw);

/* --- the verbs that have files of their own --- */
enum hk_status hk_case_read_alerts_open(
    struct hk_reading *reading, struct hk_case_op *op, struct hk_error *error);
void hk_case_close(struct hk_case_op *op);
void hk_case_consider(struct hk_case_op *op);
void hk_case_merge(struct hk_case_op *op);
void hk_case_unmerge(struct hk_case_op *op);
enum hk_status hk_case_read_split(
    struct hk_reading *reading, struct hk_case_op *op, struct hk_error *error);
void hk_case_split(struct hk_case_op *op);
enum hk_status hk_case_read_containments(
    struct hk_reading *reading, struct hk_case_op *op, struct hk_error *error);
void hk_case_release(struct hk_case_op *op);
void hk_case_play(struct hk_case_op *op);

#endif
