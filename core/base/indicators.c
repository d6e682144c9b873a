#include "base/indicators.h"

#include "base/defang.h"
#include "base/ip.h"

#include <string.h>
#include <strings.h>

#define LABEL_SIZE_MAX 63
#define DOMAIN_SIZE_MAX 253

struct finding {
    hk_indicator_fn *fn;
    void *ctx;
};

/* Endings of files that no top-level domain has, or that are files far more often. */
static const char *const file_endings[] = {"7z", "aspx", "bat", "bin", "bmp", "cfg", "cmd", "conf",
    "css", "csv", "dat", "db", "dll", "doc", "docm", "docx", "elf", "eml", "exe", "gif", "gz",
    "hta", "htm", "html", "img", "ini", "iso", "jar", "jpeg", "jpg", "js", "json", "jsp", "lnk",
    "log", "lua", "msg", "msi", "ods", "odt", "pdf", "php", "png", "ppt", "pptx", "ps1", "py",
    "rar", "rtf", "scr", "sys", "tar", "tmp", "ttf", "txt", "vbe", "vbs", "wsf", "xls", "xlsm",
    "xlsx", "xml", "yaml", "yml", NULL};

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static void lower(char *text)
{
    for (; *text != '\0'; text++)
        if (*text >= 'A' && *text <= 'Z')
            *text = (char)(*text + ('a' - 'A'));
}

/* One label of a name, up to its end; 0 when it is none. */
static size_t label_size(const char *text)
{
    size_t size = 0;

    while (is_letter(text[size]) || is_digit(text[size]) || text[size] == '-' || text[size] == '_')
        size++;
    return size > LABEL_SIZE_MAX || text[0] == '-' || (size > 0 && text[size - 1] == '-') ? 0
                                                                                          : size;
}

static bool is_top(const char *label, size_t size)
{
    if (size > 4 && strncasecmp(label, "xn--", 4) == 0)
        return true;
    for (size_t i = 0; i < size; i++)
        if (!is_letter(label[i]))
            return false;
    return size >= 2;
}

static bool is_domain(const char *text)
{
    size_t labels = 0;
    const char *last = text;

    if (strlen(text) > DOMAIN_SIZE_MAX)
        return false;
    for (const char *at = text;; at++) {
        size_t size = label_size(at);
        if (size == 0)
            return false;
        last = at;
        labels++;
        at += size;
        if (*at == '\0')
            break;
        if (*at != '.')
            return false;
    }
    if (labels < 2 || !is_top(last, strlen(last)))
        return false;
    for (size_t i = 0; file_endings[i] != NULL; i++)
        if (strcasecmp(last, file_endings[i]) == 0)
            return false;
    return true;
}

static bool is_hash(const char *text)
{
    size_t size = strlen(text);

    return (size == 32 || size == 40 || size == 64 || size == 128) &&
           strspn(text, "0123456789abcdefABCDEF") == size;
}

static void tell(const struct finding *finding, enum hk_indicator kind, const char *text)
{
    finding->fn(finding->ctx, kind, text);
}

static bool tell_ip(const struct finding *finding, const char *text)
{
    struct hk_ip ip;
    char form[HK_IP_TEXT_SIZE];

    if (hk_ip_parse(text, &ip, NULL) != HK_OK)
        return false;
    hk_ip_format(&ip, form);
    tell(finding, HK_INDICATOR_IP, form);
    return true;
}

/* A host, perhaps with a port; text is changed. */
static bool tell_host(const struct finding *finding, char *text)
{
    char *colon = strrchr(text, ':');

    if (tell_ip(finding, text))
        return true;
    if (colon != NULL && colon[1] != '\0' && strspn(colon + 1, "0123456789") == strlen(colon + 1)) {
        *colon = '\0';
        if (tell_ip(finding, text))
            return true;
    }
    lower(text);
    if (!is_domain(text))
        return false;
    tell(finding, HK_INDICATOR_DOMAIN, text);
    return true;
}

/* SCHEME://[USER@]HOST[:PORT]… of a scheme that is fetched by; text is changed. */
static bool tell_url(const struct finding *finding, char *text)
{
    static const char *const schemes[] = {"http", "https", "ftp", "ftps", "sftp", "ws", "wss"};
    char *host = strstr(text, "://");
    char *at;
    bool is_known = false;

    for (size_t i = 0; host != NULL && i < sizeof(schemes) / sizeof(schemes[0]); i++)
        is_known = is_known || ((size_t)(host - text) == strlen(schemes[i]) &&
                                   strncasecmp(text, schemes[i], strlen(schemes[i])) == 0);
    if (!is_known || host[3] == '\0')
        return false;
    tell(finding, HK_INDICATOR_URL, text);
    host += 3;
    host[strcspn(host, "/?#")] = '\0';
    at = strrchr(host, '@');
    (void)tell_host(finding, at == NULL ? host : at + 1);
    return true;
}

static bool tell_mail(const struct finding *finding, char *text)
{
    static const char local_part[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._%+-";
    char *at = strchr(text, '@');

    if (at == NULL || at == text || strspn(text, local_part) != (size_t)(at - text))
        return false;
    lower(at);
    if (!is_domain(at + 1))
        return false;
    tell(finding, HK_INDICATOR_MAIL, text);
    tell(finding, HK_INDICATOR_DOMAIN, at + 1);
    return true;
}

/* Does the byte, the first or the last of a word, only stand around it? Two colons are an
 * address's, a link may end in a slash. */
static bool is_around(const char *word, size_t size, size_t at)
{
    if (word[at] == ':')
        return size < 2 || word[at == 0 ? 1 : at - 1] != ':';
    if (word[at] == '/')
        return at > 0 && memchr(word, ':', size) == NULL;
    return strchr(at == 0 ? ".,;!?*=" : ".,;!?*_-=", word[at]) != NULL;
}

/* One word, without what stands around it. */
static void look_at(const struct finding *finding, const char *word, size_t size)
{
    char text[HK_INDICATOR_SIZE_MAX + 1];

    while (size > 0 && is_around(word, size, size - 1))
        size--;
    while (size > 0 && is_around(word, size, 0)) {
        word++;
        size--;
    }
    if (size < 2 || size > HK_INDICATOR_SIZE_MAX)
        return;
    memcpy(text, word, size);
    text[size] = '\0';
    if (strstr(text, "://") == NULL && strchr(text, '=') != NULL) /* src=192.0.2.1 */
        memmove(text, strrchr(text, '=') + 1, strlen(strrchr(text, '=') + 1) + 1);
    if (is_hash(text)) {
        lower(text);
        tell(finding, HK_INDICATOR_HASH, text);
    } else if (!tell_url(finding, text) && !tell_mail(finding, text)) {
        (void)tell_host(finding, text);
    }
}

enum hk_status hk_indicators_find(
    const char *text, size_t size, hk_indicator_fn *fn, void *ctx, struct hk_error *error)
{
    static const char between[] = " \t\r\n\v\f\"'`<>()[]{}|,;";
    const struct finding finding = {fn, ctx};
    struct hk_buf whole;
    enum hk_status status;

    hk_buf_init(&whole, size + 1);
    hk_refang(text, size, &whole);
    status = hk_buf_check(&whole, "the text", error);
    for (const char *at = whole.data; status == HK_OK && at != NULL && *at != '\0';) {
        size_t word = strcspn(at, between);
        look_at(&finding, at, word);
        at += word;
        at += strspn(at, between);
    }
    hk_buf_done(&whole);
    return status;
}
