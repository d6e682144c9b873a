/*
 * notice_queue: what happened becomes notices, in the transaction of what happened.
 */
#include "base/text.h"
#include "engine/notice.h"

#include <string.h>

/* --- one entry each --- */

static void write_gate_members(struct hk_jw *jw, const struct hk_notice_draft *draft)
{
    if (draft->next_us >= 0)
        hk_jw_kv_i64(jw, "next_us", draft->next_us);
    if (draft->lapsed == NULL || draft->lapsed[0] == NULL)
        return;
    hk_jw_key(jw, "lapsed");
    hk_jw_array(jw);
    for (const char *const *name = draft->lapsed; *name != NULL; name++)
        hk_jw_string(jw, *name);
    hk_jw_array_end(jw);
}

static void queue_way(struct hk_tx *tx, const struct hk_contact *contact, const char *channel,
    const struct hk_notice_draft *draft)
{
    char id[HK_ID_SIZE];
    int64_t due_us = draft->due_us != 0 ? draft->due_us : tx->time_us;

    hk_id_new("no", tx->time_us, id);
    struct hk_jw *jw = hk_tx_entry(tx, HK_KIND_NOTICE_QUEUED, id);
    hk_jw_kv(jw, "reason", hk_reason_text(draft->reason));
    if (draft->about != NULL)
        hk_jw_kv(jw, "about", draft->about);
    hk_jw_kv(jw, "contact", contact->name);
    hk_jw_kv(jw, "channel", channel);
    hk_jw_kv(jw, "language", hk_language_tag(contact->language));
    if (draft->user != NULL)
        hk_jw_kv(jw, "user", draft->user);
    if (draft->due_us != 0)
        hk_jw_kv_i64(jw, "due_us", draft->due_us);
    if (draft->event != 0) /* entries of one write follow each other in the ledger */
        hk_jw_kv_i64(jw, "event_back", (int64_t)tx->entry_count + 1 - draft->event);
    if (draft->text != NULL)
        hk_jw_kv(jw, "text", draft->text);
    write_gate_members(jw, draft);
    hk_tx_end(tx);
    if (draft->ids != NULL) {
        hk_jw_object(draft->ids);
        hk_jw_kv(draft->ids, "id", id);
        hk_jw_kv(draft->ids, "channel", channel);
        hk_jw_object_end(draft->ids);
    }
    if (tx->notice_due_us == 0 || due_us < tx->notice_due_us)
        tx->notice_due_us = due_us;
    tx->engine->stats.notices_queued++;
}

void hk_notice_queue(struct hk_tx *tx, const struct hk_contact *contact,
    const struct hk_notice_draft *draft, uint64_t *rooms)
{
    const struct hk_contacts *contacts = tx->tenant->contacts;
    struct hk_notice_draft rest = *draft;

    for (unsigned i = 0; i < contact->way_count; i++) {
        const struct hk_way *way = &contact->ways[i];
        uint64_t bit = way->channel < 64 ? UINT64_C(1) << way->channel : 0;

        if (way->address == NULL && rooms != NULL) {
            if ((*rooms & bit) != 0)
                continue; /* whoever sits in that room reads it once */
            *rooms |= bit;
        }
        queue_way(tx, contact, contacts->channels[way->channel].name, &rest);
        rest.lapsed = NULL; /* counted once */
    }
}

static void write_nobody(
    struct hk_tx *tx, const struct hk_notice_draft *draft, const char *why, bool is_quiet)
{
    char id[HK_ID_SIZE];

    hk_id_new("no", tx->time_us, id);
    struct hk_jw *jw = hk_tx_entry(tx, HK_KIND_NOTICE_NOBODY, id);
    hk_jw_kv(jw, "reason", hk_reason_text(draft->reason));
    if (draft->about != NULL)
        hk_jw_kv(jw, "about", draft->about);
    hk_jw_kv(jw, "why", why);
    if (is_quiet)
        hk_jw_kv_bool(jw, "quiet", true);
    write_gate_members(jw, draft);
    hk_tx_end(tx);
}

void hk_notice_nobody(struct hk_tx *tx, const struct hk_notice_draft *draft, const char *why)
{
    write_nobody(tx, draft, why, false);
    tx->engine->stats.notices_nobody++;
}

void hk_notice_quiet(struct hk_tx *tx, const struct hk_notice_draft *draft, const char *why)
{
    write_nobody(tx, draft, why, true);
}

/* --- who --- */

static bool wants(const struct hk_contact *contact, enum hk_reason reason)
{
    return (contact->reasons >> reason & 1) != 0;
}

/* Those of a level (or the contact of that name) who are on duty: of the lowest order that has any.
 * False: nobody is; then *ret_next_us is when somebody comes on duty (INT64_MAX: never). */
static bool queue_level(
    struct hk_tx *tx, const char *level, const struct hk_notice_draft *draft, int64_t *ret_next_us)
{
    const struct hk_contacts *contacts = tx->tenant->contacts;
    uint64_t rooms = 0;
    unsigned order = 0; /* of those who are told; 0: nobody yet */

    *ret_next_us = INT64_MAX;
    for (unsigned i = 0; i < contacts->count; i++) { /* sorted by order */
        const struct hk_contact *contact = &contacts->items[i];
        int64_t duty_us;

        if (!hk_contact_is_in(contact, level) || !wants(contact, draft->reason) ||
            (order != 0 && contact->order != order))
            continue;
        duty_us = hk_hours_next(&contact->hours, draft->due_us != 0 ? draft->due_us : tx->time_us);
        if (duty_us <= (draft->due_us != 0 ? draft->due_us : tx->time_us)) {
            order = contact->order;
            hk_notice_queue(tx, contact, draft, &rooms);
        } else if (duty_us < *ret_next_us) {
            *ret_next_us = duty_us;
        }
    }
    return order != 0;
}

/* Whoever is on duty at the level, else at the one that it is escalated to, else whoever comes on
 * duty first. False: there is nobody at all. */
static bool queue_somebody(struct hk_tx *tx, const char *level, const struct hk_notice_draft *draft)
{
    const struct hk_contacts *contacts = tx->tenant->contacts;
    struct hk_notice_draft later = *draft;
    int64_t next_us;
    int64_t ignored_us;

    if (queue_level(tx, level, draft, &next_us))
        return true;
    if (contacts->escalate_to != NULL && strcmp(contacts->escalate_to, level) != 0 &&
        queue_level(tx, contacts->escalate_to, draft, &ignored_us))
        return true;
    later.due_us = next_us;
    return next_us != INT64_MAX && queue_level(tx, level, &later, &ignored_us);
}

/* --- what --- */

/* Is this more than people are told of within a minute? What happens stays in the record. */
static bool is_flood(struct hk_tx *tx)
{
    int64_t minute = tx->time_us / (60 * INT64_C(1000000));

    if (tx->tenant->told_minute != minute) {
        tx->tenant->told_minute = minute;
        tx->tenant->told_count = 0;
    }
    if (++tx->tenant->told_count <= HK_NOTICES_PER_MINUTE_MAX)
        return false;
    tx->engine->stats.notices_suppressed++;
    return true;
}

void hk_notice_about(struct hk_tx *tx, enum hk_reason reason, const char *about)
{
    const struct hk_notice_draft draft = {
        .reason = reason, .about = about, .event = tx->entry_count, .next_us = -1};
    const struct hk_contacts *contacts = tx->tenant->contacts;

    if (contacts == NULL || contacts->count == 0 || is_flood(tx))
        return;
    (void)queue_somebody(tx, HK_LEVEL_FIRST, &draft);
}

void hk_notice_ask(struct hk_tx *tx, struct hk_jw *jw, const char *gate)
{
    const struct hk_contacts *contacts = tx->tenant->contacts;

    if (contacts == NULL || contacts->count == 0)
        return;
    hk_jw_kv_i64(jw, "tell_us", tx->time_us);
    (void)hk_copy_text(tx->tell_gate, sizeof tx->tell_gate, gate);
}

enum hk_status hk_notice_to(struct hk_tx *tx, enum hk_reason reason, const char *about,
    const char *to, const char *text, struct hk_error *error)
{
    const struct hk_contacts *contacts = tx->tenant->contacts;
    const struct hk_notice_draft draft = {
        .reason = reason, .about = about, .text = text, .next_us = -1};

    if (contacts == NULL || contacts->count == 0)
        return hk_fail(error, HK_NOT_FOUND, "the tenant has no contacts");
    if (to == NULL)
        to = reason == HK_REASON_ESCALATE && contacts->escalate_to != NULL ? contacts->escalate_to
                                                                           : HK_LEVEL_FIRST;
    if (!hk_contacts_have(contacts, to))
        return hk_fail(error, HK_NOT_FOUND, "there is no contact and no level \"%.64s\"", to);
    if (is_flood(tx))
        return hk_fail(error, HK_BUSY, "people are told too much already");
    if (!queue_somebody(tx, to, &draft))
        return hk_fail(error, HK_NOT_FOUND, "nobody of \"%.64s\" is ever on duty", to);
    return HK_OK;
}
