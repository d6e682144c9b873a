/*
 * cases: what people (and services) do with cases and tasks. Each answers once through reply, after
 * the sync, as decisions do (engine.h): HK_OK with it as it now stands, HK_CONFLICT with what
 * stands when it can't be done in that state, HK_NOT_FOUND, HK_INVALID. One at a time per case and
 * task: what is read, judged and written is not interleaved with what somebody else does to it.
 */
#ifndef HK_ENGINE_CASES_H
#define HK_ENGINE_CASES_H

#include "engine/engine.h"

enum hk_case_verb {
    HK_CASE_NOTE,     /* text; in any state */
    HK_CASE_ASSIGN,   /* to and user; both "": to nobody */
    HK_CASE_PHASE,    /* phase, [text] */
    HK_CASE_DESCRIBE, /* any of title, happening, do_now, impact, scope */
    HK_CASE_EVIDENCE, /* evidence; in any state */
    HK_CASE_CLOSE,    /* verdict, [text]; closes its open alerts with the same verdict */
    HK_CASE_REOPEN,   /* text */
    HK_CASE_MERGE,    /* into other; [text] */
    HK_CASE_UNMERGE,  /* [text] */
    HK_CASE_SPLIT,    /* alert out, into other, or into a new case when other is NULL; [text] */
    HK_CASE_RELEASE,  /* text: why; every live containment of its runs; in any state but merged */
    HK_CASE_TASK,     /* task */
};

/* Something that is known, and how: the content itself, or an entry of the ledger, or where it is
 * kept. Its digest is computed from content and entry. */
struct hk_evidence {
    const char *name;
    const char *text;   /* content; or NULL */
    int64_t entry;      /* sequence number; -1: none */
    const char *place;  /* or NULL */
    const char *sha256; /* of what lies there, lower-case hex; may be NULL */
    int64_t size;       /* of it; -1: not said */
    const char *note;   /* may be NULL */
};

struct hk_case_task {
    const char *title;
    const char *instruction; /* may be NULL */
    const char *owner;       /* a user's name or a role; may be NULL: nobody yet */
    int64_t due_us;          /* 0: at no set time */
};

struct hk_case_change {
    enum hk_case_verb verb;
    const char *text; /* texts may be NULL where they are not wanted */
    const char *to;
    const char *user;
    const char *phase;
    const char *verdict;
    const char *title;
    const char *happening;
    const char *do_now;
    const char *impact;
    const char *scope;
    const char *other;
    const char *alert;
    struct hk_evidence evidence;
    struct hk_case_task task;
};

void hk_engine_case(struct hk_engine *engine, hk_tenant tenant, const struct hk_actor *actor,
    const char *id, const struct hk_case_change *change, hk_reply_fn *reply, void *ctx);

/* to is a user's name and user its id; both "": to nobody. */
void hk_engine_task_assign(struct hk_engine *engine, hk_tenant tenant, const struct hk_actor *actor,
    const char *id, const char *to, const char *user, hk_reply_fn *reply, void *ctx);

enum hk_task_outcome { HK_TASK_HAPPENED, HK_TASK_DID_NOT, HK_TASK_NOT_NEEDED };
struct hk_task_end {
    enum hk_task_outcome outcome;
    const char *evidence;
    int64_t when_us; /* when it was done; 0: now */
};
/* Only a person says what was done by hand. */
void hk_engine_task_done(struct hk_engine *engine, hk_tenant tenant, const struct hk_actor *actor,
    const char *id, const struct hk_task_end *end, hk_reply_fn *reply, void *ctx);

#endif
