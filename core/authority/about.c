/*
 * about: what lists and the protected list say of a target, for whoever decides; see authority.h.
 */
#include "authority/rules.h"

#include <string.h>

enum { EXACT_BITS = 53 }; /* a count of addresses beyond that is no number for people */

static const char *cover_text(enum hk_cover cover)
{
    return cover == HK_COVERS_ALL ? "all" : "part";
}

static void write_lists(
    const struct hk_authority *authority, const struct hk_target *target, struct hk_jw *jw)
{
    hk_jw_key(jw, "lists");
    hk_jw_array(jw);
    for (unsigned i = 0; i < authority->lists_count; i++) {
        const struct hk_list *list = &authority->lists[i];
        const struct hk_list *lists[] = {list};
        struct hk_targets targets = {.lists = lists, .lists_count = 1};
        enum hk_cover cover = hk_targets_cover(&targets, target);

        if (cover == HK_COVERS_NOTHING)
            continue;
        hk_jw_object(jw);
        hk_jw_kv(jw, "name", list->name);
        hk_jw_kv(jw, "covers", cover_text(cover));
        hk_jw_object_end(jw);
    }
    hk_jw_array_end(jw);
}

static void write_protections(const struct hk_authority *authority, const struct hk_target *target,
    int64_t time_us, struct hk_jw *jw)
{
    hk_jw_key(jw, "protected");
    hk_jw_array(jw);
    for (unsigned i = 0; i < authority->protections_count; i++) {
        const struct hk_protection *protection = &authority->protections[i];
        enum hk_cover cover = hk_targets_cover(&protection->targets, target);

        if (cover == HK_COVERS_NOTHING ||
            (protection->until_us != 0 && protection->until_us <= time_us))
            continue;
        hk_jw_object(jw);
        hk_jw_kv(jw, "mode", protection->asks ? "ask" : "never");
        hk_jw_kv(jw, "reason", protection->reason);
        hk_jw_kv_time(jw, "until", protection->until_us);
        hk_jw_kv(jw, "covers", cover_text(cover));
        hk_jw_object_end(jw);
    }
    hk_jw_array_end(jw);
}

enum hk_status hk_authority_about(const struct hk_authority *authority, const char *type,
    const char *text, int64_t time_us, struct hk_jw *jw, struct hk_error *error)
{
    struct hk_target target;
    enum hk_status status = hk_target_read(type, text, &target, error);
    unsigned bits;

    if (status != HK_OK)
        return status;
    bits = target.is_range ? 128 - target.range.prefix : 0;
    hk_jw_object(jw);
    hk_jw_kv(jw, "target", target.text);
    if (target.is_range && bits <= EXACT_BITS)
        hk_jw_kv_i64(jw, "addresses", INT64_C(1) << bits);
    write_lists(authority, &target, jw);
    write_protections(authority, &target, time_us, jw);
    hk_jw_object_end(jw);
    return HK_OK;
}
