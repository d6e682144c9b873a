#include "engine/standing.h"

#include "base/text.h"

#include <string.h>

void hk_standing_init(struct hk_standing *standing, hk_tenant tenant, const char *id)
{
    memset(standing, 0, sizeof *standing);
    standing->tenant = tenant;
    (void)hk_copy_text(standing->id, sizeof standing->id, id);
}

void hk_standing_done(struct hk_standing *standing)
{
    hk_json_doc_done(&standing->starting);
    hk_json_doc_done(&standing->drifted);
}

static enum hk_status take_entry(void *ctx, const struct hk_stored *stored, struct hk_error *error)
{
    struct hk_standing *standing = ctx;
    enum hk_kind kind = stored->entry.kind;
    struct hk_json_doc doc = {0};
    bool is_read = kind == HK_KIND_CONTAINMENT_STARTING || kind == HK_KIND_CONTAINMENT_ACTIVE ||
                   kind == HK_KIND_CONTAINMENT_RENEWED || kind == HK_KIND_CONTAINMENT_HELD ||
                   kind == HK_KIND_CONTAINMENT_DRIFTED;
    if (standing->entries++ == 0 && kind != HK_KIND_CONTAINMENT_STARTING)
        return hk_fail(error, HK_NOT_FOUND, "%s is no containment", standing->id);
    if (!hk_containment_step_to(&standing->state, kind))
        return hk_fail(error, HK_CORRUPT, "containment %s: %s can't follow while %s", standing->id,
            hk_kind_text(kind), hk_containment_state_text(standing->state));
    standing->releases += kind == HK_KIND_CONTAINMENT_RELEASING;
    if (kind == HK_KIND_CONTAINMENT_VERIFIED || kind == HK_KIND_CONTAINMENT_DRIFTED)
        standing->verified_us = stored->entry.time_us;
    if (!is_read)
        return HK_OK;
    if (stored->payload == NULL) {
        standing->is_erased = standing->is_erased || kind == HK_KIND_CONTAINMENT_STARTING;
        return HK_OK;
    }
    enum hk_status status =
        hk_json_parse(stored->payload, stored->payload_size, &hk_json_limits_own, &doc, error);
    if (status != HK_OK)
        return status;
    standing->expires_us = hk_json_i64_at(doc.root, "expires_us", standing->expires_us);
    standing->expires_us = hk_json_i64_at(doc.root, "retry_us", standing->expires_us);
    struct hk_json_doc *kept = NULL;
    if (kind == HK_KIND_CONTAINMENT_STARTING) {
        kept = &standing->starting;
        standing->is_by_hand = hk_json_bool_at(doc.root, "by_hand", false);
    } else if (kind == HK_KIND_CONTAINMENT_DRIFTED)
        kept = &standing->drifted;
    if (kept != NULL) {
        hk_json_doc_done(kept);
        *kept = doc;
    } else {
        hk_json_doc_done(&doc);
    }
    return HK_OK;
}

enum hk_status hk_standing_read(
    struct hk_standing *standing, struct hk_reading *reading, struct hk_error *error)
{
    enum hk_status status =
        hk_query_chain_each(reading, standing->tenant, standing->id, take_entry, standing, error);
    if (status == HK_OK && standing->is_erased && standing->state != HK_CONTAINMENT_RELEASED &&
        standing->state != HK_CONTAINMENT_FAILED)
        status =
            hk_fail(error, HK_NOT_FOUND, "containment %s: its beginning was erased", standing->id);
    return status;
}

bool hk_standing_has_room(const struct hk_standing *standing)
{
    return standing->entries < HK_LEASE_TALK_MAX;
}

const char *hk_standing_plugin(const struct hk_standing *standing)
{
    return hk_json_string_at(standing->starting.root, "plugin.name", "");
}

const char *hk_standing_action(const struct hk_standing *standing)
{
    const char *action = hk_json_string_at(standing->starting.root, "action", "");
    const char *dot = strchr(action, '.');
    return dot == NULL ? "" : dot + 1;
}

char *hk_standing_args(const struct hk_standing *standing)
{
    struct hk_buf args;
    hk_buf_init(&args, HK_ARGS_SIZE_MAX * 2);
    hk_json_canonical(hk_json_get(standing->starting.root, "args"), &args);
    return hk_buf_take(&args, NULL);
}
