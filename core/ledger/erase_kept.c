/*
 * erase_kept: what stays of a payload; see erase_kept.h.
 *
 * Every field that project_sql.c reads for a column which stays must be here; the columns that go
 * are those which the fold of payload.erased clears.
 */
#include "ledger/erase_kept.h"

enum { KEPT_FIELDS_MAX = 11 };

static const char *const kept[HK_KIND_COUNT][KEPT_FIELDS_MAX] = {
    [HK_KIND_PLAYBOOK_ADDED] = {"name"},
    [HK_KIND_PLAYBOOK_ENFORCED] = {"name", "version", "file", "how"},
    [HK_KIND_PLAYBOOK_TRIED] = {"version", "trial", "trial_kind", "share", "until_us"},
    [HK_KIND_USER_ADDED] = {"role"},
    [HK_KIND_TOKEN_CREATED] = {"user", "role"},
    [HK_KIND_ALERT_RECEIVED] = {"severity", "event_us"},
    [HK_KIND_ALERT_MERGED] = {"severity", "event_us", "into"},
    [HK_KIND_ALERT_CLOSED] = {"verdict"},
    [HK_KIND_RUN_STARTED] = {"alert", "playbook", "version", "ends_us", "trial", "shadow"},
    [HK_KIND_STEP_WAITING] = {"from", "step", "due_us", "for"},
    [HK_KIND_STEP_INTENDED] = {"from"},
    [HK_KIND_STEP_SETTLED] = {"from", "step"},
    [HK_KIND_GATE_OPENED] = {"run", "step", "gate_kind", "action", "severity", "role", "quorum",
        "expires_us", "tell_us"},
    [HK_KIND_GATE_VOTED] = {"decision"},
    [HK_KIND_GATE_NARROWED] = {"role", "quorum"},
    [HK_KIND_GATE_DELEGATED] = {"to", "tell_us"},
    [HK_KIND_GATE_DECIDED] = {"outcome"},
    [HK_KIND_CONTAINMENT_STARTING] = {"run", "step", "gate", "kind", "action", "target_type",
        "by_hand"},
    [HK_KIND_CONTAINMENT_ACTIVE] = {"expires_us", "effective_us"},
    [HK_KIND_CONTAINMENT_RENEWED] = {"expires_us"},
    [HK_KIND_CONTAINMENT_HELD] = {"retry_us"},
    [HK_KIND_CONTAINMENT_RELEASED] = {"ended_us"},
    [HK_KIND_CASE_OPENED] = {"severity", "alert", "after"},
    [HK_KIND_CASE_JOINED] = {"case", "severity"},
    [HK_KIND_CASE_SPLIT] = {"from", "to"},
    [HK_KIND_CASE_PHASE] = {"phase"},
    [HK_KIND_CASE_PROPOSED] = {"verdict"},
    [HK_KIND_CASE_CLOSED] = {"verdict"},
    [HK_KIND_CASE_MERGED] = {"into"},
    [HK_KIND_TASK_OPENED] = {"kind", "role", "case", "run", "step", "containment", "action",
        "severity", "due_us"},
    [HK_KIND_TASK_DONE] = {"outcome"},
    [HK_KIND_NOTICE_QUEUED] = {"reason", "about", "contact", "channel", "language", "user",
        "due_us", "event_back", "next_us", "lapsed"},
    [HK_KIND_NOTICE_NOBODY] = {"reason", "about", "quiet", "next_us", "lapsed"},
    [HK_KIND_NOTICE_GATHERED] = {"contact", "channel", "language", "of"},
    [HK_KIND_NOTICE_FAILED] = {"retry_us"},
};

/* Entries of before the engine's own severity and time: those of the view stand in for them. */
static void keep_of_view(const struct hk_json *payload, struct hk_jw *jw)
{
    static const char *const names[][2] = {{"severity", "severity"}, {"event_us", "time"}};
    const struct hk_json *view = hk_json_get(payload, "view");
    bool is_open = false;

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        const struct hk_json *value = hk_json_get(view, names[i][1]);

        if (hk_json_get(payload, names[i][0]) != NULL || hk_json_string(value) == NULL)
            continue;
        if (!is_open) {
            hk_jw_key(jw, "view");
            hk_jw_object(jw);
            is_open = true;
        }
        hk_jw_kv_value(jw, names[i][1], value);
    }
    if (is_open)
        hk_jw_object_end(jw);
}

void hk_erase_kept(enum hk_kind kind, const struct hk_json *payload, struct hk_jw *jw)
{
    hk_jw_object(jw);
    for (size_t i = 0; i < KEPT_FIELDS_MAX && kept[kind][i] != NULL; i++) {
        const struct hk_json *value = hk_json_get(payload, kept[kind][i]);

        if (value != NULL && value->type != HK_JSON_NULL)
            hk_jw_kv_value(jw, kept[kind][i], value);
    }
    if (kind == HK_KIND_ALERT_RECEIVED || kind == HK_KIND_ALERT_MERGED)
        keep_of_view(payload, jw);
    hk_jw_object_end(jw);
}

bool hk_erase_may(enum hk_kind kind)
{
    switch (kind) {
    case HK_KIND_LEDGER_OPENED:
    case HK_KIND_LEDGER_RESTORED:
    case HK_KIND_LEDGER_HEARTBEAT:
    case HK_KIND_LEDGER_MOVED_OUT:
    case HK_KIND_LEDGER_MOVED_IN:
    case HK_KIND_KEY_ROTATED:
    case HK_KIND_KEY_REVOKED:
    case HK_KIND_TENANT_CHECKPOINTED:
    case HK_KIND_PAYLOAD_ERASED:
    case HK_KIND_ENGINE_STARTED:
    case HK_KIND_ENGINE_STOPPED:
    case HK_KIND_PLUGIN_LOADED:
    case HK_KIND_GAP_OPENED:
    case HK_KIND_GAP_CLOSED:
        return false;
    default:
        return true;
    }
}
