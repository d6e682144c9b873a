/*
 * notice_plan: tell people about one gate: read what stands, choose, and queue what follows, with
 * the time at which to look again. One at a time per gate, decisions included (hk_turn_take), so
 * nobody is asked about what has just been decided.
 */
#include "authority/authority.h"
#include "base/log.h"
#include "base/text.h"
#include "engine/due.h"
#include "engine/memory.h"
#include "engine/notice.h"
#include "engine/notice_choose.h"
#include "engine/turn.h"
#include "ledger/query_notice.h"

#include <stdlib.h>
#include <string.h>

enum { GATE_ENTRIES_MAX = 1000, AGAIN_MS = 1000 };

/* A contact while it is planned: names are copies, since this is filled on a reader's thread. */
struct planned {
    char name[HK_ID_SIZE];
    char user[HK_ID_SIZE];
    struct hk_person_row person;
    struct hk_asked asked;
    bool was_sent; /* something about this gate */
};

struct plan {
    struct hk_engine *engine;
    struct hk_tenant_state *tenant;
    char gate[HK_ID_SIZE];
    struct planned *each;
    unsigned count;
    struct hk_gate_row row;
    bool was_nobody;
    int64_t next_us;
    struct hk_arena arena;
    struct hk_chain chain;
};

static void plan_end(struct plan *plan)
{
    struct hk_engine *engine = plan->engine;
    char gate[HK_ID_SIZE];

    (void)hk_copy_text(gate, sizeof gate, plan->gate);
    hk_arena_done(&plan->arena);
    free(plan->each);
    free(plan);
    hk_turn_end(engine, gate);
}

/* What is due stays due, but the timer may know nothing of it: it may have been read before. */
static void plan_again(struct plan *plan, enum hk_status status)
{
    if (status == HK_BUSY || status == HK_TIMEOUT)
        hk_due_note(plan->engine, hk_engine_now_us(plan->engine) + AGAIN_MS * 1000);
    plan_end(plan);
}

/* --- on a reader's thread --- */

static void take_told(void *ctx, const struct hk_told_row *row)
{
    struct plan *plan = ctx;
    bool asks = strcmp(row->reason, "approval") == 0 || strcmp(row->reason, "escalation") == 0;

    if (strcmp(row->state, "nobody") == 0)
        plan->was_nobody = true;
    else if (asks)
        plan->was_nobody = false;
    for (unsigned i = 0; i < plan->count; i++) {
        struct planned *planned = &plan->each[i];

        if (strcmp(planned->name, row->contact) != 0)
            continue;
        planned->was_sent = planned->was_sent || strcmp(row->state, "sent") == 0;
        if (!asks && strcmp(row->reason, "reminder") != 0)
            continue;
        if (asks && (!planned->asked.was_asked || row->queued_us < planned->asked.first_us))
            planned->asked.first_us = row->queued_us;
        planned->asked.was_asked = planned->asked.was_asked || asks;
        planned->asked.was_reached =
            planned->asked.was_reached ||
            (strcmp(row->state, "failed") != 0 && strcmp(row->state, "dropped") != 0);
        if (row->queued_us > planned->asked.last_us)
            planned->asked.last_us = row->queued_us;
    }
}

static enum hk_status read_plan(struct hk_reading *reading, void *job, struct hk_error *error)
{
    struct plan *plan = job;
    hk_tenant tenant = plan->tenant->number;
    enum hk_status status = hk_query_gate_row(reading, tenant, plan->gate, &plan->row, error);

    if (status == HK_OK)
        status = hk_query_chain(
            reading, tenant, plan->gate, GATE_ENTRIES_MAX, &plan->arena, &plan->chain, error);
    if (status == HK_OK)
        status = hk_query_told(reading, tenant, plan->gate, take_told, plan, error);
    for (unsigned i = 0; i < plan->count && status == HK_OK; i++)
        if (plan->each[i].user[0] != 0)
            status =
                hk_query_person(reading, tenant, plan->each[i].user, &plan->each[i].person, error);
    return status;
}

/* --- back on the loop --- */

static bool is_excluded(const struct hk_json *opened, const char *person)
{
    const struct hk_json *excluded = hk_json_get(opened, "excluded");

    for (const struct hk_json *who = excluded == NULL ? NULL : excluded->first; who != NULL;
         who = who->next)
        if (hk_json_string(who) != NULL && strcmp(who->text, person) == 0)
            return true;
    return false;
}

/* For what is asked now: a narrowing makes earlier votes fall. */
static bool has_voted(const struct plan *plan, const char *person)
{
    bool has = false;

    for (size_t i = 0; i < plan->chain.count; i++) {
        const struct hk_entry *entry = &plan->chain.items[i].entry;
        if (entry->kind == HK_KIND_GATE_NARROWED)
            has = false;
        else if (entry->kind == HK_KIND_GATE_VOTED && strcmp(entry->actor, person) == 0)
            has = true;
    }
    return has;
}

/* Is it one whom the playbook's question names, as a contact or by a level? */
static bool is_named(
    const struct plan *plan, const struct hk_json *opened, const struct planned *planned)
{
    const char *to = hk_json_string(hk_json_at(opened, "covers.asked.to"));
    const struct hk_contact *contact = hk_contact_find(plan->tenant->contacts, planned->name);

    return to != NULL && contact != NULL && hk_contact_is_in(contact, to);
}

/* Who may decide, as the record has it: not a decision, only whom it makes sense to ask. */
static void judge(const struct plan *plan, const struct hk_json *opened, struct planned *planned)
{
    const struct hk_person_row *person = &planned->person;

    planned->asked.is_delegate = is_named(plan, opened, planned);
    if (planned->user[0] == 0) { /* a room */
        planned->asked.may_decide = true;
        return;
    }
    if (person->id[0] == 0) {
        hk_log(HK_LOG_WARNING, "tenant %s: contact %s: there is no active person \"%s\"",
            plan->tenant->name, planned->name, planned->user);
        return;
    }
    planned->asked.is_delegate =
        planned->asked.is_delegate || strcmp(person->id, plan->row.delegate) == 0;
    planned->asked.may_decide = hk_role_fulfils(person->role, plan->row.role) &&
                                !is_excluded(opened, person->id) && !has_voted(plan, person->id);
}

static const struct planned *planned_of(const struct plan *plan, const char *name)
{
    for (unsigned i = 0; i < plan->count; i++)
        if (strcmp(plan->each[i].name, name) == 0)
            return &plan->each[i];
    return NULL;
}

static void on_planned(void *ctx)
{
    struct plan *plan = ctx;

    if (plan->next_us != 0)
        hk_due_note(plan->engine, plan->next_us);
    plan_end(plan);
}

/* What was chosen becomes entries. */
static void write_choices(struct plan *plan, const struct hk_choosing *choosing)
{
    const struct hk_contacts *contacts = plan->tenant->contacts;
    unsigned count = contacts == NULL ? 0 : contacts->count;
    const char **lapsed = hk_engine_alloc((count + 1) * sizeof *lapsed);
    struct hk_notice_draft draft = {
        .about = plan->gate, .next_us = choosing->next_us, .lapsed = lapsed};
    unsigned lapsed_count = 0;
    uint64_t rooms = 0;
    struct hk_tx tx;

    for (unsigned i = 0; i < count; i++)
        if (choosing->choices[i].has_lapsed)
            lapsed[lapsed_count++] = contacts->items[i].name;
    hk_tx_begin(&tx, plan->engine, plan->tenant, "engine");
    for (unsigned i = 0; i < count; i++) {
        const struct hk_contact *contact = &contacts->items[i];
        const struct planned *planned = planned_of(plan, contact->name);
        if (!choosing->choices[i].is_told)
            continue;
        draft.reason = choosing->choices[i].reason;
        draft.user = planned != NULL && planned->person.id[0] != 0 ? planned->person.id : NULL;
        hk_notice_queue(&tx, contact, &draft, &rooms);
        draft.lapsed = NULL;
    }
    draft.reason = HK_REASON_ESCALATION;
    if (choosing->is_nobody)
        hk_notice_nobody(&tx, &draft, "nobody else who may decide it can be asked now");
    else if (tx.entry_count == 0)
        hk_notice_quiet(&tx, &draft, "nobody is to be asked now");
    plan->next_us = choosing->next_us;
    hk_tx_commit(&tx, HK_LANE_URGENT, NULL, on_planned, plan);
    free(lapsed);
}

static void plan_question(struct plan *plan)
{
    const struct hk_contacts *contacts = plan->tenant->contacts;
    unsigned count = contacts == NULL ? 0 : contacts->count;
    struct hk_asked *asked = hk_engine_alloc((count + 1) * sizeof *asked);
    struct hk_choosing choosing = {.contacts = contacts,
        .asked = asked,
        .now_us = hk_engine_now_us(plan->engine),
        .expires_us = plan->row.expires_us,
        .was_nobody = plan->was_nobody,
        .choices = hk_engine_alloc((count + 1) * sizeof *choosing.choices)};

    for (unsigned i = 0; i < count; i++) {
        const struct planned *planned = planned_of(plan, contacts->items[i].name);
        if (planned != NULL)
            asked[i] = planned->asked;
    }
    hk_notice_choose(&choosing);
    write_choices(plan, &choosing);
    free(asked);
    free(choosing.choices);
}

/* Whoever was told of the question hears how it ended. */
static void plan_outcome(struct plan *plan)
{
    const struct hk_contacts *contacts = plan->tenant->contacts;
    const struct hk_notice_draft draft = {
        .reason = HK_REASON_OUTCOME, .about = plan->gate, .next_us = 0};
    uint64_t rooms = 0;
    struct hk_tx tx;

    hk_tx_begin(&tx, plan->engine, plan->tenant, "engine");
    for (unsigned i = 0; contacts != NULL && i < contacts->count; i++) {
        const struct planned *planned = planned_of(plan, contacts->items[i].name);
        if (planned != NULL && planned->was_sent &&
            (contacts->items[i].reasons >> HK_REASON_OUTCOME & 1) != 0)
            hk_notice_queue(&tx, &contacts->items[i], &draft, &rooms);
    }
    if (tx.entry_count == 0)
        hk_notice_quiet(&tx, &draft, "whoever was told isn't told of outcomes");
    hk_tx_commit(&tx, HK_LANE_NORMAL, NULL, on_planned, plan);
}

static void on_read(void *job, enum hk_status status, const struct hk_error *error)
{
    struct plan *plan = job;
    struct hk_json_doc opened = {0};
    const struct hk_stored *first = status == HK_OK ? &plan->chain.items[0] : NULL;

    if (status != HK_OK) {
        hk_log(HK_LOG_WARNING, "telling of %s: %s", plan->gate, error->text);
        plan_again(plan, status);
        return;
    }
    if (plan->engine->is_stopping || plan->row.tell_us == 0 ||
        plan->row.tell_us > hk_engine_now_us(plan->engine)) {
        plan_end(plan);
        return;
    }
    if (first->payload != NULL && hk_json_parse(first->payload, first->payload_size,
                                      &hk_json_limits_own, &opened, NULL) != HK_OK)
        hk_log(HK_LOG_WARNING, "telling of %s: its first entry is no JSON", plan->gate);
    for (unsigned i = 0; i < plan->count; i++)
        judge(plan, opened.root, &plan->each[i]);
    hk_json_doc_done(&opened);
    if (strcmp(plan->row.state, "pending") == 0)
        plan_question(plan);
    else
        plan_outcome(plan);
}

static void go(void *ctx)
{
    struct plan *plan = ctx;
    struct hk_error error = {0};

    if (hk_ledger_read(plan->engine->ledger, read_plan, on_read, plan, &error) != HK_OK)
        plan_again(plan, error.status);
}

void hk_notice_gate(struct hk_engine *engine, struct hk_tenant_state *tenant, const char *gate)
{
    const struct hk_contacts *contacts = tenant->contacts;
    struct plan *plan;

    if (!engine->is_ready || engine->is_stopping)
        return;
    plan = hk_engine_alloc(sizeof *plan);
    plan->engine = engine;
    plan->tenant = tenant;
    plan->count = contacts == NULL ? 0 : contacts->count;
    plan->each = hk_engine_alloc((plan->count + 1) * sizeof *plan->each);
    for (unsigned i = 0; i < plan->count; i++) {
        const struct hk_contact *contact = &contacts->items[i];
        (void)hk_copy_text(plan->each[i].name, sizeof plan->each[i].name, contact->name);
        if (contact->user != NULL)
            (void)hk_copy_text(plan->each[i].user, sizeof plan->each[i].user, contact->user);
    }
    (void)hk_copy_text(plan->gate, sizeof plan->gate, gate);
    hk_arena_init(&plan->arena, HK_GATE_MEMORY_MAX);
    hk_turn_take(engine, plan->gate, go, plan);
}
