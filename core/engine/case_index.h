/*
 * case_index: which entity was seen in which case, and when last. A bounded memory over the
 * ledger's case_entity, loaded at the start; the entities unseen longest are forgotten first. What
 * is decided by it is recorded (case.opened, case.joined) and never computed again.
 *
 * The time of an entity moves only when that is recorded, so that a new start decides as the old
 * engine would have.
 */
#ifndef HK_ENGINE_CASE_INDEX_H
#define HK_ENGINE_CASE_INDEX_H

#include "engine/entity.h"
#include "ledger/ledger.h"
#include "limits.h"

struct hk_case_index;

struct hk_case_index *hk_case_index_new(size_t entities_max);
void hk_case_index_free(struct hk_case_index *index); /* NULL is fine */

enum { HK_CASE_ALSO_MAX = 4 };
struct hk_case_match {
    char id[HK_ID_SIZE];                     /* the open case to join; "": none */
    const char *entity;                      /* that it shares; borrowed from the question */
    char also[HK_CASE_ALSO_MAX][HK_ID_SIZE]; /* other open cases that share one */
    size_t also_count;
    char after[HK_ID_SIZE]; /* none to join: the newest closed case that shares one; or "" */
};
/* The case that shares most with these entities, seen there since since_us; of equals, the one
 * where that was last. A case that was merged stands for the one it was merged into. An entity of
 * more than HK_ENTITY_CASES_MAX open cases counts for none. */
void hk_case_index_find(const struct hk_case_index *index, hk_tenant tenant,
    const struct hk_entities *entities, int64_t since_us, struct hk_case_match *ret_match);

/* The entity was seen in the open case. True: this is to be recorded, since it is new there or was
 * seen there last before refresh_us. */
bool hk_case_index_see(struct hk_case_index *index, hk_tenant tenant, const char *id,
    const char *entity, int64_t now_us, int64_t refresh_us);

/* What is known of a case without reading: false when it is not remembered. *ret_root is the case
 * itself, or the one that it was merged into in the end. True as of what has been written so far,
 * also where that is on its way to the disk. */
bool hk_case_index_state(const struct hk_case_index *index, hk_tenant tenant, const char *id,
    char ret_root[HK_ID_SIZE], bool *ret_is_open);
/* The open case is said to be in this phase. False: it is known to be in it already. */
bool hk_case_index_move(
    struct hk_case_index *index, hk_tenant tenant, const char *id, const char *phase);

/* What becomes of a case. into is the case it is merged into; "" when it is open or closed for
 * itself. A case that is not remembered is none of the index's business. */
void hk_case_index_set(
    struct hk_case_index *index, hk_tenant tenant, const char *id, bool is_open, const char *into);
/* How often alerts came into the case since it is remembered: differs from an earlier answer if one
 * did in between. 0 when it is not remembered. */
uint64_t hk_case_index_joins(const struct hk_case_index *index, hk_tenant tenant, const char *id);
void hk_case_index_joined(struct hk_case_index *index, hk_tenant tenant, const char *id);

#endif
