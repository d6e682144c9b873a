/*
 * contacts: see contacts.h.
 */
#include "engine/contacts_read.h"

#include "base/id.h"
#include "base/table.h"
#include "base/text.h"
#include "limits.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    ARENA_SIZE_MAX = 4 * 1024 * 1024,
    ANSWER_WITHIN_MS = 15 * 60 * 1000,
    GATHER_MS = 60 * 1000,
    BURST = 3,
};
#define TIME_MAX_MS (30LL * 86400 * 1000)

/* --- words --- */

static const char *const reason_texts[] = {
#define X(name, text) text,
    HK_REASON_LIST(X)
#undef X
};

const char *hk_reason_text(enum hk_reason reason)
{
    return reason_texts[reason];
}

bool hk_reason_from_text(const char *text, enum hk_reason *ret_reason)
{
    for (int i = 0; text != NULL && i < HK_REASON_COUNT; i++) {
        if (strcmp(reason_texts[i], text) == 0) {
            *ret_reason = (enum hk_reason)i;
            return true;
        }
    }
    return false;
}

/* --- small readers --- */

static enum hk_status read_language(
    struct hk_contacts_reader *reader, const struct hk_json *object, enum hk_language *language)
{
    const char *text = NULL;
    enum hk_status status = hk_text_of(object, reader->path, "language", &text, reader->error);

    if (status == HK_OK && text != NULL && !hk_language_from_tag(text, language))
        status = hk_fail(reader->error, HK_INVALID, "%s.language: \"%.20s\" is neither ja nor en",
            reader->path, text);
    return status;
}

/* --- contacts --- */

static enum hk_status read_way(
    struct hk_contacts_reader *reader, const struct hk_json *value, struct hk_way *way)
{
    const struct hk_contacts *contacts = reader->contacts;
    unsigned i = 0;
    bool is_room = false;

    while (i < contacts->channel_count && strcmp(contacts->channels[i].name, value->key) != 0)
        i++;
    if (i == contacts->channel_count)
        return hk_fail(reader->error, HK_INVALID, "%s.channels.%.64s: there is no such channel",
            reader->path, value->key);
    way->channel = i;
    if (contacts->channels[i].kind == HK_CHANNEL_SMTP) {
        way->address = hk_json_string(value);
        if (way->address == NULL || !hk_mail_address_is_valid(way->address))
            return hk_fail(reader->error, HK_INVALID, "%s.channels.%.64s: is no mail address",
                reader->path, value->key);
    } else if (!hk_json_bool(value, &is_room) || !is_room) {
        return hk_fail(
            reader->error, HK_INVALID, "%s.channels.%.64s: must be true", reader->path, value->key);
    }
    return HK_OK;
}

static bool has_way(const struct hk_contact *contact, unsigned channel)
{
    for (unsigned i = 0; i < contact->way_count; i++)
        if (contact->ways[i].channel == channel)
            return true;
    return false;
}

/* { mail = "…", chat = true }, or the same as a list of tables. */
static enum hk_status read_ways(
    struct hk_contacts_reader *reader, const struct hk_json *value, struct hk_contact *contact)
{
    bool is_list = value != NULL && value->type == HK_JSON_ARRAY;
    const struct hk_json *table = is_list ? value->first : value;
    enum hk_status status = HK_OK;

    contact->ways =
        hk_reader_alloc(reader, reader->contacts->channel_count, sizeof(*contact->ways));
    if (contact->ways == NULL)
        return HK_LIMIT;
    for (; table != NULL; table = is_list ? table->next : NULL) {
        if (table->type != HK_JSON_OBJECT)
            return hk_fail(reader->error, HK_INVALID,
                "%s.channels: is not a table such as { mail = \"name@soc.example\" }",
                reader->path);
        for (const struct hk_json *item = table->first; item != NULL; item = item->next) {
            struct hk_way way = {0};
            status = read_way(reader, item, &way);
            if (status == HK_OK && has_way(contact, way.channel))
                status = hk_fail(reader->error, HK_INVALID, "%s.channels.%.64s: is given twice",
                    reader->path, item->key);
            if (status != HK_OK)
                return status;
            contact->ways[contact->way_count++] = way;
        }
    }
    if (contact->way_count == 0)
        return hk_fail(reader->error, HK_INVALID, "%s.channels: a contact needs one", reader->path);
    return HK_OK;
}

static enum hk_status read_only(
    struct hk_contacts_reader *reader, const struct hk_json *list, struct hk_contact *contact)
{
    char path[HK_CONTACTS_PATH_SIZE + 16];
    enum hk_reason reason;
    enum hk_status status;

    contact->reasons = (1U << HK_REASON_COUNT) - 1;
    if (list == NULL)
        return HK_OK;
    (void)snprintf(path, sizeof(path), "%s.only", reader->path);
    status = hk_check_array(list, path, reader->error);
    contact->reasons = 1U << HK_REASON_TEST;
    for (const struct hk_json *item = list->first; item != NULL && status == HK_OK;
         item = item->next) {
        if (!hk_reason_from_text(hk_json_string(item), &reason))
            return hk_fail(reader->error, HK_INVALID, "%s: \"%.40s\" is no reason", path,
                hk_json_string(item) != NULL ? hk_json_string(item) : "");
        contact->reasons |= 1U << reason;
    }
    return status;
}

static enum hk_status read_names(
    struct hk_contacts_reader *reader, const struct hk_json *value, struct hk_contact *contact)
{
    enum hk_status status = hk_text_of(value, reader->path, "name", &contact->name, reader->error);

    if (status == HK_OK)
        status = hk_text_of(value, reader->path, "user", &contact->user, reader->error);
    contact->level = HK_LEVEL_FIRST;
    const char *level = NULL;
    if (status == HK_OK)
        status = hk_text_of(value, reader->path, "level", &level, reader->error);
    if (status != HK_OK)
        return status;
    if (level != NULL)
        contact->level = level;
    if (contact->name == NULL || !hk_name_is_valid(contact->name))
        return hk_fail(reader->error, HK_INVALID, "%s.name: this can't be a name", reader->path);
    if (!hk_name_is_valid(contact->level))
        return hk_fail(reader->error, HK_INVALID, "%s.level: this can't be a name", reader->path);
    if (contact->user != NULL && !hk_name_is_valid(contact->user))
        return hk_fail(reader->error, HK_INVALID, "%s.user: this can't be a name", reader->path);
    if (hk_contact_find(reader->contacts, contact->name) != NULL)
        return hk_fail(reader->error, HK_INVALID, "%s.name: \"%s\" is there twice", reader->path,
            contact->name);
    return HK_OK;
}

static enum hk_status read_contact(
    struct hk_contacts_reader *reader, const struct hk_json *value, struct hk_contact *contact)
{
    static const char *const keys[] = {"name", "user", "language", "order", "level", "channels",
        "hours", "answer_within", "remind_every", "only", NULL};
    const struct hk_json *hours = hk_json_get(value, "hours");
    char path[HK_CONTACTS_PATH_SIZE + 16];
    int64_t order = 1;
    enum hk_status status = hk_check_keys(value, reader->path, keys, reader->error);

    if (status == HK_OK)
        status = read_names(reader, value, contact);
    contact->language = reader->language;
    if (status == HK_OK)
        status = read_language(reader, value, &contact->language);
    if (status == HK_OK)
        status = hk_number_of(value, reader->path, "order", 1, 1, 1000, &order, reader->error);
    contact->order = (unsigned)order;
    if (status == HK_OK)
        status = hk_duration_of(value, reader->path, "answer_within", reader->answer_within_ms,
            TIME_MAX_MS, &contact->answer_within_ms, reader->error);
    if (status == HK_OK)
        status = hk_duration_of(value, reader->path, "remind_every", reader->remind_every_ms,
            TIME_MAX_MS, &contact->remind_every_ms, reader->error);
    (void)snprintf(path, sizeof(path), "%s.hours", reader->path);
    if (status == HK_OK && hours != NULL)
        status = hk_hours_read(hours, path, &contact->hours, reader->error);
    if (status == HK_OK)
        status = read_only(reader, hk_json_get(value, "only"), contact);
    if (status == HK_OK)
        status = read_ways(reader, hk_json_get(value, "channels"), contact);
    return status;
}

static int compare(const void *a, const void *b)
{
    const struct hk_contact *one = a;
    const struct hk_contact *two = b;
    bool one_is_first = strcmp(one->level, HK_LEVEL_FIRST) == 0;
    bool two_is_first = strcmp(two->level, HK_LEVEL_FIRST) == 0;
    int by_level = strcmp(one->level, two->level);

    if (one_is_first != two_is_first)
        return one_is_first ? -1 : 1;
    if (by_level != 0)
        return by_level;
    if (one->order != two->order)
        return one->order < two->order ? -1 : 1;
    return strcmp(one->name, two->name);
}

static enum hk_status read_contacts(struct hk_contacts_reader *reader, const struct hk_json *list)
{
    struct hk_contacts *contacts = reader->contacts;
    enum hk_status status;

    (void)hk_copy_text(reader->path, sizeof(reader->path), "contacts");
    status = hk_check_array(list, "contacts", reader->error);
    if (status != HK_OK || list == NULL || list->count == 0)
        return status;
    if (list->count > HK_CONTACTS_MAX)
        return hk_fail(reader->error, HK_LIMIT, "contacts: more than %d", HK_CONTACTS_MAX);
    contacts->items = hk_reader_alloc(reader, list->count, sizeof(*contacts->items));
    if (contacts->items == NULL)
        return HK_LIMIT;
    for (const struct hk_json *item = list->first; item != NULL && status == HK_OK;
         item = item->next) {
        (void)snprintf(reader->path, sizeof(reader->path), "contacts[%u]", contacts->count);
        status = read_contact(reader, item, &contacts->items[contacts->count]);
        contacts->count++;
    }
    if (status == HK_OK)
        qsort(contacts->items, contacts->count, sizeof(*contacts->items), compare);
    return status;
}

/* --- notices --- */

static enum hk_status read_digest(struct hk_contacts_reader *reader, const struct hk_json *value)
{
    static const char *const keys[] = {"at", "to", NULL};
    struct hk_contacts *contacts = reader->contacts;
    const char *at = NULL;
    enum hk_status status;

    contacts->digest_minute = -1;
    contacts->digest_to = HK_LEVEL_FIRST;
    if (value == NULL)
        return HK_OK;
    status = hk_check_keys(value, "notices.digest", keys, reader->error);
    if (status == HK_OK)
        status = hk_text_of(value, "notices.digest", "at", &at, reader->error);
    if (status == HK_OK && at == NULL)
        status = hk_fail(reader->error, HK_INVALID, "notices.digest.at: is missing");
    if (status == HK_OK)
        status = hk_clock_read(at, "notices.digest.at", &contacts->digest_minute, reader->error);
    if (status == HK_OK && hk_json_get(value, "to") != NULL)
        status = hk_text_of(value, "notices.digest", "to", &contacts->digest_to, reader->error);
    return status;
}

/* What is said for all; before the contacts, which have it where they say nothing else. */
static enum hk_status read_notices(struct hk_contacts_reader *reader, const struct hk_json *value)
{
    static const char *const keys[] = {"language", "zone", "answer_within", "remind_every",
        "escalate_to", "burst", "gather", "checkpoint", "digest", NULL};
    static const struct hk_json nothing = {.type = HK_JSON_OBJECT};
    struct hk_contacts *contacts = reader->contacts;
    const char *zone = NULL;
    int64_t burst = BURST;
    enum hk_status status;

    if (value == NULL)
        value = &nothing;
    (void)hk_copy_text(reader->path, sizeof(reader->path), "notices");
    status = hk_check_keys(value, reader->path, keys, reader->error);
    if (status == HK_OK)
        status = read_language(reader, value, &reader->language);
    if (status == HK_OK)
        status = hk_text_of(value, reader->path, "zone", &zone, reader->error);
    if (status == HK_OK && zone != NULL &&
        hk_zone_parse(zone, &contacts->zone_minutes, reader->error) != HK_OK)
        status = hk_error_prefix(reader->error, "notices.zone");
    if (status == HK_OK)
        status = hk_duration_of(value, reader->path, "answer_within", ANSWER_WITHIN_MS, TIME_MAX_MS,
            &reader->answer_within_ms, reader->error);
    if (status == HK_OK)
        status = hk_duration_of(value, reader->path, "remind_every", 0, TIME_MAX_MS,
            &reader->remind_every_ms, reader->error);
    if (status == HK_OK)
        status =
            hk_text_of(value, reader->path, "escalate_to", &contacts->escalate_to, reader->error);
    if (status == HK_OK)
        status = hk_number_of(value, reader->path, "burst", BURST, 1, 1000, &burst, reader->error);
    contacts->burst = (unsigned)burst;
    if (status == HK_OK)
        status = hk_duration_of(value, reader->path, "gather", GATHER_MS, TIME_MAX_MS,
            &contacts->gather_ms, reader->error);
    contacts->has_checkpoint = true;
    if (status == HK_OK)
        status = hk_reader_flag(reader, value, "checkpoint", &contacts->has_checkpoint);
    if (status == HK_OK)
        status = read_digest(reader, hk_json_get(value, "digest"));
    return status;
}

static enum hk_status check_names(const struct hk_contacts_reader *reader)
{
    const struct hk_contacts *contacts = reader->contacts;

    if (contacts->escalate_to != NULL && !hk_contacts_have(contacts, contacts->escalate_to))
        return hk_fail(reader->error, HK_INVALID,
            "notices.escalate_to: \"%.64s\" is neither a contact nor a level of one",
            contacts->escalate_to);
    if (contacts->digest_minute >= 0 && !hk_contacts_have(contacts, contacts->digest_to))
        return hk_fail(reader->error, HK_INVALID,
            "notices.digest.to: \"%.64s\" is neither a contact nor a level of one",
            contacts->digest_to);
    return HK_OK;
}

/* --- the whole --- */

enum hk_status hk_contacts_new(const struct hk_json *config, const char *url,
    const struct hk_secrets *secrets, struct hk_contacts **ret_contacts, struct hk_error *error)
{
    struct hk_contacts *contacts = calloc(1, sizeof(*contacts));
    struct hk_contacts_reader reader = {.contacts = contacts, .secrets = secrets, .error = error};
    enum hk_status status;

    if (contacts == NULL)
        return hk_fail(error, HK_NOMEM, "no memory for contacts");
    hk_arena_init(&contacts->arena, ARENA_SIZE_MAX);
    status = hk_read_url(&reader, config, url);
    if (status == HK_OK)
        status = hk_read_channels(&reader, hk_json_get(config, "channels"));
    if (status == HK_OK)
        status = read_notices(&reader, hk_json_get(config, "notices"));
    if (status == HK_OK)
        status = read_contacts(&reader, hk_json_get(config, "contacts"));
    if (status == HK_OK)
        status = check_names(&reader);
    if (status != HK_OK || (contacts->count == 0 && contacts->base_url == NULL)) {
        hk_contacts_free(contacts);
        contacts = NULL;
    }
    if (status == HK_OK)
        *ret_contacts = contacts;
    return status;
}

void hk_contacts_free(struct hk_contacts *contacts)
{
    if (contacts == NULL)
        return;
    hk_arena_done(&contacts->arena);
    free(contacts);
}

/* --- questions --- */

const struct hk_contact *hk_contact_find(const struct hk_contacts *contacts, const char *name)
{
    for (unsigned i = 0; contacts != NULL && i < contacts->count; i++)
        if (contacts->items[i].name != NULL && strcmp(contacts->items[i].name, name) == 0)
            return &contacts->items[i];
    return NULL;
}

const struct hk_channel *hk_channel_find(const struct hk_contacts *contacts, const char *name)
{
    for (unsigned i = 0; contacts != NULL && i < contacts->channel_count; i++)
        if (strcmp(contacts->channels[i].name, name) == 0)
            return &contacts->channels[i];
    return NULL;
}

const struct hk_way *hk_contact_way(
    const struct hk_contacts *contacts, const struct hk_contact *contact, const char *channel)
{
    for (unsigned i = 0; contact != NULL && i < contact->way_count; i++)
        if (strcmp(contacts->channels[contact->ways[i].channel].name, channel) == 0)
            return &contact->ways[i];
    return NULL;
}

bool hk_contact_is_in(const struct hk_contact *contact, const char *level_or_name)
{
    return strcmp(contact->name, level_or_name) == 0 || strcmp(contact->level, level_or_name) == 0;
}

bool hk_contacts_have(const struct hk_contacts *contacts, const char *level_or_name)
{
    for (unsigned i = 0; contacts != NULL && i < contacts->count; i++)
        if (hk_contact_is_in(&contacts->items[i], level_or_name))
            return true;
    return false;
}
