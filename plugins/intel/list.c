#include "list.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct list *list_new(void)
{
    struct list *list = memory_of(NULL, sizeof(*list));
    *list = (struct list){.verdict = VERDICT_NOTE, .v4.width = 5, .v6.width = 17};
    for (int i = 0; i < DIGEST_SIZES; i++)
        list->digests[i].width = digest_sizes[i];
    return list;
}

void list_free(struct list *list)
{
    if (!list)
        return;
    records_free(&list->v4);
    records_free(&list->v6);
    for (int i = 0; i < DIGEST_SIZES; i++)
        records_free(&list->digests[i]);
    texts_free(&list->hashes);
    texts_free(&list->domains);
    texts_free(&list->hosts);
    texts_free(&list->urls);
    texts_free(&list->substrings);
    texts_free(&list->pattern_texts);
    for (size_t i = 0; i < list->pattern_count; i++)
        regfree(&list->patterns[i]);
    free(list->patterns);
    free(list->name);
    free(list);
}

/* ---- filling ---- */

static const char *const too_many = "the list holds too many entries of this kind";

static const char *add_text(struct texts *texts, const char *text)
{
    return texts_add(texts, text) ? NULL : too_many;
}

static const char *add_address(struct list *list, const char *text)
{
    struct address address;
    uint8_t record[17];
    if (!address_parse(text, &address))
        return "not an address or range";
    size_t size = address.is_v4 ? 4 : 16;
    memcpy(record, address.bytes, size);
    record[size] = address.prefix;
    records_add(address.is_v4 ? &list->v4 : &list->v6, record);
    return NULL;
}

static const char *add_hash(struct list *list, const char *text)
{
    uint8_t digest[32];
    char lower[INDICATOR_SIZE];
    int kind = digest_parse(text, digest);
    if (kind >= 0) {
        records_add(&list->digests[kind], digest);
        return NULL;
    }
    snprintf(lower, sizeof(lower), "%s", text);
    lower_case(lower);
    return add_text(&list->hashes, lower);
}

static const char *add_domain(struct list *list, const char *text, bool with_subdomains)
{
    char domain[INDICATOR_SIZE];
    bool has_subdomains;
    if (!domain_normalize(text, domain, &has_subdomains))
        return "not a domain name";
    return add_text(with_subdomains || has_subdomains ? &list->domains : &list->hosts, domain);
}

static const char *add_url(struct list *list, const char *text)
{
    char url[INDICATOR_SIZE];
    if (!url_normalize(text, url))
        return "not a URL";
    return add_text(&list->urls, url);
}

static const char *add_substring(struct list *list, const char *text)
{
    char lower[INDICATOR_SIZE];
    struct address address;
    if (address_parse(text, &address))
        return add_address(list, text); /* 1.2.3.4 is not to be found in 11.2.3.4 */
    if (list->substrings.count >= LIST_SUBSTRINGS_MAX)
        return too_many;
    snprintf(lower, sizeof(lower), "%s", text);
    lower_case(lower);
    return add_text(&list->substrings, lower);
}

/* Patterns are written for other dialects. Only what means the same in POSIX extended syntax, and
 * can't cost much, is used. */
static bool pattern_is_usable(const char *text)
{
    if (strlen(text) > LIST_PATTERN_SIZE_MAX || strstr(text, "(?"))
        return false;
    for (const char *c = text; *c; c++) {
        if (*c == '{' || ((*c == '*' || *c == '+' || *c == ')') && c[1] == '?'))
            return false;
        if (*c == '\\') {
            c++;
            bool is_letter = (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z');
            if (*c == '\0' || is_letter || (*c >= '0' && *c <= '9'))
                return false;
        }
    }
    return true;
}

static const char *add_pattern(struct list *list, const char *text)
{
    regex_t pattern;
    if (list->pattern_count >= LIST_PATTERNS_MAX || !pattern_is_usable(text) ||
        regcomp(&pattern, text, REG_EXTENDED | REG_ICASE | REG_NOSUB) != 0) {
        list->skipped++;
        return NULL;
    }
    list->patterns = memory_of(list->patterns, (list->pattern_count + 1) * sizeof(*list->patterns));
    list->patterns[list->pattern_count++] = pattern;
    return add_text(&list->pattern_texts, text);
}

/* An address with a number after it, even one that is no prefix length. */
static bool looks_like_range(const char *text)
{
    char before_slash[ADDRESS_TEXT_SIZE];
    struct address address;
    size_t length = strcspn(text, "/");
    if (length >= sizeof(before_slash) ||
        strspn(text + length, "/0123456789") < strlen(text + length))
        return false;
    memcpy(before_slash, text, length);
    before_slash[length] = '\0';
    return address_parse(before_slash, &address);
}

static enum entry_type looks_like(const char *text)
{
    uint8_t digest[32];
    if (looks_like_range(text))
        return ENTRY_ADDRESS;
    if (strchr(text, '/'))
        return ENTRY_URL;
    return digest_parse(text, digest) >= 0 ? ENTRY_HASH : ENTRY_DOMAIN;
}

const char *list_add(struct list *list, enum entry_type type, const char *text)
{
    if (strlen(text) >= INDICATOR_SIZE)
        return "longer than 2048 bytes";
    if (!*text)
        return "empty";
    if (!text_is_utf8(text))
        return "not UTF-8";
    if (++list->entries > LIST_ENTRIES_MAX)
        return "the list has too many entries";
    bool is_host = type == ENTRY_HOST;
    if (type == ENTRY_AUTO || type == ENTRY_HOST)
        type = looks_like(text);
    switch (type) {
    case ENTRY_ADDRESS:
        return add_address(list, text);
    case ENTRY_HASH:
        return add_hash(list, text);
    case ENTRY_URL:
        return add_url(list, text);
    case ENTRY_SUBSTRING:
        return add_substring(list, text);
    case ENTRY_PATTERN:
        return add_pattern(list, text);
    default:
        return add_domain(list, text, !is_host);
    }
}

void list_seal(struct list *list)
{
    ranges_seal(&list->v4);
    ranges_seal(&list->v6);
    for (int i = 0; i < DIGEST_SIZES; i++)
        records_seal(&list->digests[i]);
    texts_seal(&list->hashes);
    texts_seal(&list->domains);
    texts_seal(&list->hosts);
    texts_seal(&list->urls);
}

/* ---- asking ---- */

const char *question_of_address(struct question *question, const char *text)
{
    struct address *address = &question->address;
    if (!address_parse(text, address) || address->prefix != (address->is_v4 ? 32 : 128))
        return "ip is not an address";
    question->has_address = true;
    address_format(address, question->address_text);
    return NULL;
}

const char *question_of_domain(struct question *question, const char *text)
{
    bool has_subdomains;
    if (!question_of_address(question, text))
        return NULL;
    return domain_normalize(text, question->domain, &has_subdomains) ? NULL
                                                                     : "domain is not a name";
}

const char *question_of_url(struct question *question, const char *text)
{
    char host[INDICATOR_SIZE];
    if (!url_normalize(text, question->url))
        return "url is not a URL";
    url_host(question->url, host);
    if (question_of_domain(question, host))
        question->domain[0] = '\0'; /* no usable host: the URL is asked alone */
    return NULL;
}

const char *question_of_hash(struct question *question, const char *text)
{
    if (!*text || strlen(text) >= sizeof(question->hash))
        return "hash is empty or too long";
    snprintf(question->hash, sizeof(question->hash), "%s", text);
    lower_case(question->hash);
    question->digest_kind = digest_parse(text, question->digest);
    return NULL;
}

static bool match_address(
    const struct list *list, const struct address *address, char ret_match[INDICATOR_SIZE])
{
    const struct records *ranges = address->is_v4 ? &list->v4 : &list->v6;
    const uint8_t *range = ranges_find(ranges, address->bytes);
    if (!range)
        return false;
    struct address found = {.is_v4 = address->is_v4, .prefix = range[ranges->width - 1]};
    memcpy(found.bytes, range, ranges->width - 1);
    address_format(&found, ret_match);
    return true;
}

static bool match_domain(const struct list *list, const char *domain, char *ret_match)
{
    bool is_found = texts_has(&list->hosts, domain);
    while (!is_found && domain) {
        is_found = texts_has(&list->domains, domain);
        if (!is_found) {
            domain = strchr(domain, '.');
            domain = domain ? domain + 1 : NULL;
        }
    }
    if (is_found)
        snprintf(ret_match, INDICATOR_SIZE, "%s", domain);
    return is_found;
}

static bool match_hash(const struct list *list, const struct question *question, char *ret_match)
{
    bool is_found = question->digest_kind >= 0
                        ? records_has(&list->digests[question->digest_kind], question->digest)
                        : texts_has(&list->hashes, question->hash);
    if (is_found)
        snprintf(ret_match, INDICATOR_SIZE, "%s", question->hash);
    return is_found;
}

static bool match_loosely(const struct list *list, const char *text, char *ret_match)
{
    if (!*text)
        return false;
    for (size_t i = 0; i < list->substrings.count; i++) {
        const char *substring = texts_get(&list->substrings, i);
        if (strstr(text, substring)) {
            snprintf(ret_match, INDICATOR_SIZE, "%s", substring);
            return true;
        }
    }
    for (size_t i = 0; i < list->pattern_count; i++) {
        if (regexec(&list->patterns[i], text, 0, NULL, 0) == 0) {
            snprintf(ret_match, INDICATOR_SIZE, "%s", texts_get(&list->pattern_texts, i));
            return true;
        }
    }
    return false;
}

bool list_match(
    const struct list *list, const struct question *question, char ret_match[INDICATOR_SIZE])
{
    if (*question->url && texts_has(&list->urls, question->url)) {
        snprintf(ret_match, INDICATOR_SIZE, "%s", question->url);
        return true;
    }
    return (*question->hash && match_hash(list, question, ret_match)) ||
           (question->has_address && match_address(list, &question->address, ret_match)) ||
           (*question->domain && match_domain(list, question->domain, ret_match)) ||
           match_loosely(list, question->url, ret_match) ||
           match_loosely(list, question->domain, ret_match) ||
           match_loosely(list, question->address_text, ret_match);
}
