/*
 * gate_op: one thing that a person, or time, does to a gate. Internal to the engine's gate modules.
 *
 * One at a time per gate (hk_turn_take): its entries are read, it is judged whether it may be done
 * (check), its run is brought into memory, and what follows is written in one transaction (act).
 * Each op ends exactly once: with hk_gate_op_end, _refuse, _conflict, or in hk_gate_op_written.
 */
#ifndef HK_ENGINE_GATE_OP_H
#define HK_ENGINE_GATE_OP_H

#include "engine/objects.h"
#include "engine/tx.h"

struct hk_gate_vote {
    const char *actor;
    const char *choice; /* of a question, or NULL */
};

struct hk_gate_op {
    struct hk_engine *engine;
    struct hk_tenant_state *tenant;
    char gate[HK_ID_SIZE];
    bool is_expiry;
    struct hk_actor actor;
    /* May it be done, as far as the gate alone tells? False: the op has been ended. */
    bool (*check)(struct hk_gate_op *op);
    /* Do it: with the run in memory, whose step waits for this gate … */
    void (*act)(struct hk_gate_op *op, struct hk_run *run, struct hk_step *step);
    /* … or, when act is NULL, to the gate alone. */
    void (*speak)(struct hk_gate_op *op);
    hk_reply_fn *reply; /* NULL: nobody asked */
    void *reply_ctx;
    /* what is asked for; each may be NULL */
    bool approve;
    char *digest;
    char *reason;
    char *choice;
    char *args;       /* narrower ones, a JSON object */
    int64_t lease_ms; /* a shorter lease; 0: as it is */
    char *text;       /* of a note */
    struct hk_delegate delegate;
    /* what stands */
    struct hk_arena arena;
    struct hk_chain chain;
    struct hk_json_doc opened;
    struct hk_json_doc narrowed; /* last gate.narrowed */
    struct hk_json_doc decided;  /* last gate.decided */
    unsigned revision;           /* 1, and one more for each narrowing */
    enum hk_gate_state state;
    struct hk_gate_vote *votes; /* on the revision that stands */
    size_t vote_count;
    /* what follows */
    struct hk_buf answer;
    enum hk_status answer_status;
    struct hk_run *intended_run; /* an approved action: its call leaves once this is on disk */
    struct hk_step *intended_step;
};

struct hk_gate_op *hk_gate_op_new(
    struct hk_engine *engine, struct hk_tenant_state *tenant, const char *gate);
/* Of a person. Ends the op at once when the engine takes no orders; else begins. */
void hk_gate_op_ask(
    struct hk_gate_op *op, const struct hk_actor *actor, hk_reply_fn *reply, void *ctx);
/* Take the turn and begin. */
void hk_gate_op_begin(struct hk_gate_op *op);
/* Tell whoever asked, let the next one go. */
void hk_gate_op_end(struct hk_gate_op *op, enum hk_status status, const struct hk_error *error);
void hk_gate_op_refuse(struct hk_gate_op *op, enum hk_status status, const char *text);
/* HK_CONFLICT with what stands. */
void hk_gate_op_conflict(struct hk_gate_op *op, const char *text);
/* Write what stands into the answer. */
void hk_gate_op_standing(struct hk_gate_op *op);
/* The end of an op whose transaction is on disk; for hk_tx_commit. ctx is the op. */
void hk_gate_op_written(void *ctx);

/* What is asked now: the narrowed revision, or what was opened. */
const struct hk_json *hk_gate_op_current(const struct hk_gate_op *op);
/* Is this one of those who asked for it? */
bool hk_gate_op_excludes(const struct hk_gate_op *op, const char *actor_id);
/* A person with the role who did not ask for it, and the gate is pending, its time not up. False:
 * ended. */
bool hk_gate_op_may_speak(struct hk_gate_op *op);
/* The digest is that of what is asked now. False: ended. */
bool hk_gate_op_has_seen(struct hk_gate_op *op);
/* More may be said or changed about this gate. False: ended. What is bounded here must leave room
 * for the decision. */
bool hk_gate_op_has_room(struct hk_gate_op *op);
void hk_gate_op_add_vote(struct hk_gate_op *op, const char *actor, const char *choice);

#endif
