/*
 * channels: the reading of `url` and `channels`, and what readers of the same configuration share;
 * see contacts.h.
 */
#include "engine/contacts_read.h"

#include "base/id.h"
#include "base/table.h"
#include "base/text.h"
#include "limits.h"

#include <stdio.h>
#include <string.h>

enum { FROM_NAME_MAX = 40 };

/* --- small readers --- */

void *hk_reader_alloc(struct hk_contacts_reader *reader, size_t count, size_t size)
{
    void *memory = hk_arena_alloc(&reader->contacts->arena, (count + 1) * size);

    if (memory == NULL)
        (void)hk_fail(reader->error, HK_LIMIT, "%s: too large", reader->path);
    return memory;
}

/* HK_INVALID unless the text is one of words (NULL-ended); *ret_index is left alone without text.
 */
enum hk_status hk_reader_word(struct hk_contacts_reader *reader, const struct hk_json *object,
    const char *key, const char *const *words, unsigned *ret_index)
{
    const char *text = NULL;
    unsigned i = 0;
    enum hk_status status = hk_text_of(object, reader->path, key, &text, reader->error);

    if (status != HK_OK || text == NULL)
        return status;
    while (words[i] != NULL && strcmp(words[i], text) != 0)
        i++;
    if (words[i] == NULL)
        return hk_fail(
            reader->error, HK_INVALID, "%s.%s: \"%.40s\" is not known", reader->path, key, text);
    *ret_index = i;
    return HK_OK;
}

enum hk_status hk_reader_flag(
    struct hk_contacts_reader *reader, const struct hk_json *object, const char *key, bool *flag)
{
    const struct hk_json *value = hk_json_get(object, key);

    if (value != NULL && !hk_json_bool(value, flag))
        return hk_fail(
            reader->error, HK_INVALID, "%s.%s: is neither true nor false", reader->path, key);
    return HK_OK;
}

/* A text or secret; looked up now, so that a missing one is found before it is needed. */
enum hk_status hk_reader_hidden(struct hk_contacts_reader *reader, const struct hk_json *object,
    const char *key, const struct hk_json **ret_value, const char **ret_text)
{
    char what[HK_CONTACTS_PATH_SIZE + 32];

    *ret_value = hk_json_get(object, key);
    *ret_text = NULL;
    if (*ret_value == NULL)
        return HK_OK;
    (void)snprintf(what, sizeof(what), "%s.%s", reader->path, key);
    return hk_secret_text(reader->secrets, *ret_value, what, ret_text, reader->error);
}

/* --- links --- */

static bool is_url(const char *url, bool may_be_http)
{
    const char *host = strncmp(url, "https://", 8) == 0                 ? url + 8
                       : may_be_http && strncmp(url, "http://", 7) == 0 ? url + 7
                                                                        : NULL;

    if (host == NULL || *host == '\0' || *host == '/')
        return false;
    /* What markup or a header could read as something else has no place in it; brackets are round
     * an IPv6 address. */
    for (const char *at = url; *at != '\0'; at++) {
        bool is_bracket = (*at == '[' || *at == ']') && host[0] == '[';
        if ((unsigned char)*at <= ' ' || (unsigned char)*at >= 0x7f ||
            (strchr("<>\"'`|\\^{}()[]", *at) != NULL && !is_bracket))
            return false;
    }
    return true;
}

enum hk_status hk_read_url(
    struct hk_contacts_reader *reader, const struct hk_json *config, const char *fallback)
{
    const struct hk_json *value = hk_json_get(config, "url");
    const char *url = value != NULL ? hk_json_string(value) : fallback;
    size_t size;

    if (value != NULL && url == NULL)
        return hk_fail(reader->error, HK_INVALID, "url: is not a text");
    if (url == NULL)
        return HK_OK;
    if (!is_url(url, true))
        return hk_fail(reader->error, HK_INVALID,
            "url: is no address of this engine's pages, such as \"https://soc.example\"");
    size = strlen(url);
    while (size > 0 && url[size - 1] == '/')
        size--;
    reader->contacts->base_url = hk_arena_copy(&reader->contacts->arena, url, size);
    return reader->contacts->base_url != NULL
               ? HK_OK
               : hk_fail(reader->error, HK_NOMEM, "no memory for contacts");
}

/* --- channels --- */

static enum hk_status read_mail_login(
    struct hk_contacts_reader *reader, const struct hk_json *value, struct hk_channel *channel)
{
    const char *password = NULL;
    enum hk_status status = hk_text_of(value, reader->path, "user", &channel->user, reader->error);

    if (status == HK_OK)
        status = hk_reader_hidden(reader, value, "password", &channel->password, &password);
    if (status != HK_OK)
        return status;
    if ((channel->user == NULL) != (password == NULL))
        return hk_fail(reader->error, HK_INVALID,
            "%s: user and password are given together or not at all", reader->path);
    if (channel->user != NULL && channel->tls == HK_MAIL_NO_TLS &&
        strcmp(channel->host, "localhost") != 0 && strcmp(channel->host, "127.0.0.1") != 0 &&
        strcmp(channel->host, "::1") != 0)
        return hk_fail(reader->error, HK_INVALID,
            "%s.password: is not sent without TLS to another machine", reader->path);
    return HK_OK;
}

static enum hk_status read_mail(
    struct hk_contacts_reader *reader, const struct hk_json *value, struct hk_channel *channel)
{
    static const char *const keys[] = {
        "kind", "host", "port", "tls", "user", "password", "from", "from_name", "ca", NULL};
    static const char *const tls_words[] = {"starttls", "implicit", "none", NULL};
    static const int64_t ports[] = {587, 465, 25};
    unsigned tls = HK_MAIL_STARTTLS;
    int64_t port = 0;
    enum hk_status status = hk_check_keys(value, reader->path, keys, reader->error);

    if (status == HK_OK)
        status = hk_text_of(value, reader->path, "host", &channel->host, reader->error);
    if (status == HK_OK && (channel->host == NULL || !hk_mail_host_is_valid(channel->host)))
        status = hk_fail(
            reader->error, HK_INVALID, "%s.host: is no host of a mail server", reader->path);
    if (status == HK_OK)
        status = hk_reader_word(reader, value, "tls", tls_words, &tls);
    if (status == HK_OK)
        status =
            hk_number_of(value, reader->path, "port", ports[tls], 1, 65535, &port, reader->error);
    channel->tls = (enum hk_mail_tls)tls;
    channel->port = (unsigned)port;
    if (status == HK_OK)
        status = read_mail_login(reader, value, channel);
    if (status == HK_OK)
        status = hk_text_of(value, reader->path, "from", &channel->from, reader->error);
    if (status == HK_OK && (channel->from == NULL || !hk_mail_address_is_valid(channel->from)))
        status = hk_fail(reader->error, HK_INVALID, "%s.from: is no mail address", reader->path);
    if (status == HK_OK)
        status = hk_text_of(value, reader->path, "from_name", &channel->from_name, reader->error);
    if (status == HK_OK && channel->from_name != NULL && strlen(channel->from_name) > FROM_NAME_MAX)
        status = hk_fail(reader->error, HK_INVALID, "%s.from_name: is longer than %d bytes",
            reader->path, FROM_NAME_MAX);
    return status;
}

static enum hk_status read_chat(
    struct hk_contacts_reader *reader, const struct hk_json *value, struct hk_channel *channel)
{
    static const char *const keys[] = {"kind", "url", "private", "ca", NULL};
    const char *url = NULL;
    enum hk_status status = hk_check_keys(value, reader->path, keys, reader->error);

    if (status == HK_OK)
        status = hk_reader_flag(reader, value, "private", &channel->is_private);
    if (status == HK_OK)
        status = hk_reader_hidden(reader, value, "url", &channel->url, &url);
    /* The address is a secret: it isn't shown. */
    if (status == HK_OK && (url == NULL || !is_url(url, channel->is_private)))
        status = hk_fail(
            reader->error, HK_INVALID, "%s.url: is no https address of a webhook", reader->path);
    return status;
}

static enum hk_status read_channel(
    struct hk_contacts_reader *reader, const struct hk_json *value, struct hk_channel *channel)
{
    static const char *const kinds[] = {"smtp", "slack", "teams", "mattermost", "webhook", NULL};
    unsigned kind = 5;
    const char *authorities = NULL;
    enum hk_status status;

    (void)snprintf(reader->path, sizeof(reader->path), "channels.%.64s", value->key);
    if (!hk_name_is_valid(value->key))
        return hk_fail(reader->error, HK_INVALID, "%s: this can't be a name", reader->path);
    channel->name = value->key;
    status = hk_reader_word(reader, value, "kind", kinds, &kind);
    if (status == HK_OK && kinds[kind] == NULL)
        status = hk_fail(reader->error, HK_INVALID,
            "%s.kind: must be smtp, slack, teams, mattermost or webhook", reader->path);
    if (status != HK_OK)
        return status;
    channel->kind = (enum hk_channel_kind)kind;
    status = channel->kind == HK_CHANNEL_SMTP ? read_mail(reader, value, channel)
                                              : read_chat(reader, value, channel);
    if (status == HK_OK)
        status = hk_reader_hidden(reader, value, "ca", &channel->authorities, &authorities);
    return status;
}

enum hk_status hk_read_channels(struct hk_contacts_reader *reader, const struct hk_json *table)
{
    struct hk_contacts *contacts = reader->contacts;
    enum hk_status status = HK_OK;

    (void)hk_copy_text(reader->path, sizeof(reader->path), "channels");
    if (table == NULL || table->count == 0)
        return HK_OK;
    if (table->type != HK_JSON_OBJECT)
        return hk_fail(reader->error, HK_INVALID, "channels: is not a table of names");
    if (table->count > HK_CHANNELS_MAX)
        return hk_fail(reader->error, HK_LIMIT, "channels: more than %d", HK_CHANNELS_MAX);
    contacts->channels = hk_reader_alloc(reader, table->count, sizeof(*contacts->channels));
    if (contacts->channels == NULL)
        return HK_LIMIT;
    for (const struct hk_json *item = table->first; item != NULL && status == HK_OK;
         item = item->next)
        status = read_channel(reader, item, &contacts->channels[contacts->channel_count++]);
    return status;
}
