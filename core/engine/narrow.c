/*
 * narrow: see narrow.h.
 */
#include "engine/narrow.h"

#include "base/ip.h"

#include <stdio.h>
#include <string.h>

/* Pairs of values that are held against each other: the items of two long lists would be too many.
 */
enum { PAIRS_MAX = 100000 };
/* So much of a value is shown in an error. */
enum { SHOWN_MAX = 60 };

struct narrowing {
    unsigned pairs;
    char path[96]; /* of the argument that is looked at, for errors */
};

static bool is_same(const struct hk_json *a, const struct hk_json *b)
{
    struct hk_buf one;
    struct hk_buf other;
    bool same;

    if (a->type != b->type)
        return false;
    if (a->type == HK_JSON_STRING || a->type == HK_JSON_NUMBER)
        return a->text_size == b->text_size && memcmp(a->text, b->text, a->text_size) == 0;
    hk_buf_init(&one, HK_JSON_DEPTH_MAX + a->source_size * 6 + 64);
    hk_buf_init(&other, HK_JSON_DEPTH_MAX + b->source_size * 6 + 64);
    hk_json_canonical(a, &one);
    hk_json_canonical(b, &other);
    same = !one.failed && !other.failed && one.size == other.size &&
           memcmp(one.data, other.data, one.size) == 0;
    hk_buf_done(&one);
    hk_buf_done(&other);
    return same;
}

/* Both are addresses or ranges, and the second lies within the first. */
static bool is_within(const struct hk_json *asked, const struct hk_json *wanted)
{
    struct hk_ip_range outer;
    struct hk_ip_range inner;

    return hk_ip_range_parse(asked->text, &outer, NULL) == HK_OK &&
           hk_ip_range_parse(wanted->text, &inner, NULL) == HK_OK && inner.prefix >= outer.prefix &&
           hk_ip_range_has(&outer, &inner.base);
}

static bool is_lower(const struct hk_json *asked, const struct hk_json *wanted)
{
    int64_t asked_i;
    int64_t wanted_i;
    double asked_d;
    double wanted_d;

    if (hk_json_i64(asked, &asked_i) && hk_json_i64(wanted, &wanted_i))
        return wanted_i >= 0 && wanted_i <= asked_i;
    return hk_json_double(asked, &asked_d) && hk_json_double(wanted, &wanted_d) && wanted_d >= 0 &&
           wanted_d <= asked_d;
}

static enum hk_status refuse(const struct narrowing *narrowing, const struct hk_json *wanted,
    const char *why, struct hk_error *error)
{
    int size = wanted->source_size < SHOWN_MAX ? (int)wanted->source_size : SHOWN_MAX;

    return hk_fail(error, HK_INVALID, "%s: %.*s%s %s", narrowing->path, size, wanted->source,
        wanted->source_size > SHOWN_MAX ? "…" : "", why);
}

static enum hk_status check(struct narrowing *narrowing, const struct hk_json *asked,
    const struct hk_json *wanted, const struct hk_json *schema, struct hk_error *error);

/* Is each wanted item one of those asked for, or narrower than one of them? */
static enum hk_status check_list(struct narrowing *narrowing, const struct hk_json *asked,
    const struct hk_json *wanted, const struct hk_json *schema, struct hk_error *error)
{
    if (wanted->count == 0)
        return refuse(narrowing, wanted, "leaves nothing to do: reject it instead", error);
    if (wanted->count > asked->count)
        return refuse(narrowing, wanted, "has more items than were asked for", error);
    for (const struct hk_json *item = wanted->first; item != NULL; item = item->next) {
        const struct hk_json *one = asked->first;
        enum hk_status status = HK_INVALID;
        while (one != NULL && status == HK_INVALID) {
            status = check(narrowing, one, item, hk_json_get(schema, "items"), NULL);
            one = one->next;
        }
        if (status == HK_LIMIT)
            return hk_fail(error, HK_LIMIT, "%s: too long to be held against what was asked for",
                narrowing->path);
        if (status != HK_OK)
            return refuse(narrowing, item, "is not among what was asked for", error);
    }
    return HK_OK;
}

static enum hk_status check_object(struct narrowing *narrowing, const struct hk_json *asked,
    const struct hk_json *wanted, const struct hk_json *schema, struct hk_error *error)
{
    const struct hk_json *properties = hk_json_get(schema, "properties");
    size_t size = strlen(narrowing->path);

    for (const struct hk_json *item = wanted->first; item != NULL; item = item->next) {
        const struct hk_json *one = hk_json_get(asked, item->key);
        enum hk_status status;
        (void)snprintf(narrowing->path + size, sizeof narrowing->path - size, "%s%.40s",
            size > 0 ? "." : "", item->key);
        if (one == NULL)
            status = hk_fail(error, HK_INVALID, "%s: was not asked for", narrowing->path);
        else
            status = check(narrowing, one, item, hk_json_get(properties, item->key), error);
        narrowing->path[size] = '\0';
        if (status != HK_OK)
            return status;
    }
    return HK_OK;
}

/* May wanted stand in for asked? */
static enum hk_status check(struct narrowing *narrowing, const struct hk_json *asked,
    const struct hk_json *wanted, const struct hk_json *schema, struct hk_error *error)
{
    if (++narrowing->pairs > PAIRS_MAX)
        return hk_fail(
            error, HK_LIMIT, "%s: too long to be held against what was asked for", narrowing->path);
    if (asked->type == HK_JSON_OBJECT && wanted->type == HK_JSON_OBJECT)
        return check_object(narrowing, asked, wanted, schema, error);
    if (asked->type == HK_JSON_ARRAY && wanted->type == HK_JSON_ARRAY)
        return check_list(narrowing, asked, wanted, schema, error);
    if (is_same(asked, wanted))
        return HK_OK;
    if (asked->type == HK_JSON_NUMBER && wanted->type == HK_JSON_NUMBER && hk_narrow_lowers(schema))
        return is_lower(asked, wanted)
                   ? HK_OK
                   : refuse(narrowing, wanted, "is more than what was asked for", error);
    if (asked->type == HK_JSON_STRING && wanted->type == HK_JSON_STRING && is_within(asked, wanted))
        return HK_OK;
    return refuse(narrowing, wanted, "is not within what was asked for", error);
}

/* What was asked for, with what is wanted in its place. */
static void merge(struct hk_jw *jw, const struct hk_json *asked, const struct hk_json *wanted)
{
    if (asked->type != HK_JSON_OBJECT) {
        hk_jw_value(jw, wanted);
        return;
    }
    hk_jw_object(jw);
    for (const struct hk_json *item = asked->first; item != NULL; item = item->next) {
        const struct hk_json *other = hk_json_get(wanted, item->key);
        hk_jw_key(jw, item->key);
        if (other != NULL)
            merge(jw, item, other);
        else
            hk_jw_value(jw, item);
    }
    hk_jw_object_end(jw);
}

bool hk_narrow_lowers(const struct hk_json *schema)
{
    return hk_json_bool_at(schema, "x-narrow", false);
}

enum hk_status hk_narrow(const struct hk_json *asked, const struct hk_json *wanted,
    const struct hk_json *schema, struct hk_buf *out, bool *ret_is_changed, struct hk_error *error)
{
    struct narrowing narrowing = {0};
    struct hk_json_doc doc = {0};
    struct hk_buf merged;
    struct hk_jw jw;
    enum hk_status status = check_object(&narrowing, asked, wanted, schema, error);

    if (status != HK_OK)
        return status;
    hk_buf_init(&merged, out->size_max);
    hk_jw_init(&jw, &merged);
    merge(&jw, asked, wanted);
    status = hk_buf_check(&merged, "the arguments", error);
    if (status == HK_OK)
        status = hk_json_parse(merged.data, merged.size, &hk_json_limits_own, &doc, error);
    if (status == HK_OK) {
        hk_json_canonical(doc.root, out);
        status = hk_buf_check(out, "the arguments", error);
        *ret_is_changed = !is_same(asked, doc.root);
    }
    hk_json_doc_done(&doc);
    hk_buf_done(&merged);
    return status;
}
