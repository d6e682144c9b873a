/*
 * eve: Suricata's EVE events of type "alert". What is read is what EVE's schema promises; a value
 * of another shape is as good as none, since the alert matters more than one of its fields. Source
 * and destination stay as the event has them: of the packet that matched, which an answer of the
 * attacked machine may be too.
 */
#include "base/digest.h"
#include "base/ip.h"
#include "base/time.h"
#include "intake/forms.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define PORT_MAX 65535
#define URL_SIZE_MAX (64UL * 1024)
#define TECHNIQUE_SIZE 16
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* --- values of the right shape, or none --- */

static const char *text_at(const struct hk_json *event, const char *path)
{
    const char *text = hk_json_string_at(event, path, NULL);

    return text != NULL && text[0] != '\0' ? text : NULL;
}

/* The text at path, or the first text of the list there. */
static const char *first_text_at(const struct hk_json *event, const char *path)
{
    const struct hk_json *value = hk_json_at(event, path);
    const char *text;

    if (value != NULL && value->type == HK_JSON_ARRAY)
        value = value->first;
    text = hk_json_string(value);
    return text != NULL && text[0] != '\0' ? text : NULL;
}

static bool port_at(const struct hk_json *event, const char *path, int64_t *ret_port)
{
    return hk_json_i64(hk_json_at(event, path), ret_port) && *ret_port >= 0 &&
           *ret_port <= PORT_MAX;
}

static bool ip_at(const struct hk_json *event, const char *path, char ret_text[HK_IP_TEXT_SIZE])
{
    const char *text = text_at(event, path);
    struct hk_ip ip;

    if (text == NULL || hk_ip_parse(text, &ip, NULL) != HK_OK)
        return false;
    hk_ip_format(&ip, ret_text);
    return true;
}

/* --- title, category, severity, time --- */

static enum hk_status write_title(
    const struct hk_json *event, struct hk_jw *jw, struct hk_error *error)
{
    const char *signature = text_at(event, "alert.signature");
    char title[48];
    int64_t sid;

    if (signature == NULL) {
        if (!hk_json_i64(hk_json_at(event, "alert.signature_id"), &sid))
            return hk_fail(error, HK_INVALID,
                "a Suricata EVE alert with neither alert.signature nor alert.signature_id");
        (void)snprintf(title, sizeof(title), "Suricata signature %" PRId64, sid);
        signature = title;
    }
    hk_jw_kv(jw, "title", signature);
    return HK_OK;
}

/* What a rule's author says of this one rule goes before the priority of its class. */
static enum hk_severity find_severity(const struct hk_json *event)
{
    static const struct {
        const char *text;
        enum hk_severity severity;
    } words[] = {
        {"Critical", HK_SEVERITY_CRITICAL},
        {"Major", HK_SEVERITY_HIGH},
        {"Minor", HK_SEVERITY_LOW},
        {"Informational", HK_SEVERITY_INFORMATIONAL},
    };
    const char *text = first_text_at(event, "alert.metadata.signature_severity");
    int64_t priority;

    for (size_t i = 0; text != NULL && i < COUNT(words); i++)
        if (strcasecmp(text, words[i].text) == 0)
            return words[i].severity;
    if (!hk_json_i64(hk_json_at(event, "alert.severity"), &priority) || priority < 1)
        return HK_SEVERITY_MEDIUM;
    switch (priority) {
    case 1:
        return HK_SEVERITY_HIGH;
    case 2:
        return HK_SEVERITY_MEDIUM;
    case 3:
        return HK_SEVERITY_LOW;
    default:
        return HK_SEVERITY_INFORMATIONAL;
    }
}

static void write_facts(const struct hk_json *event, struct hk_jw *jw, struct hk_form_facts *facts)
{
    const char *class_text = text_at(event, "alert.category");
    const char *timestamp = text_at(event, "timestamp");
    const struct hk_json *flow_id = hk_json_get(event, "flow_id");
    char uid[64];
    int64_t event_us;
    int64_t flow;
    int64_t sid;

    hk_jw_kv(jw, "category", hk_eve_category(class_text != NULL ? class_text : ""));
    facts->severity = find_severity(event);
    hk_jw_kv(jw, "severity", hk_severity_text(facts->severity));
    /* On failure the time of arrival stays. */
    if (timestamp != NULL && hk_time_parse(timestamp, &event_us, NULL) == HK_OK)
        facts->event_us = event_us;
    hk_jw_kv_time(jw, "time", facts->event_us);
    if (hk_json_i64(flow_id, &flow) && hk_json_i64(hk_json_at(event, "alert.signature_id"), &sid)) {
        (void)snprintf(uid, sizeof(uid), "%" PRId64 "-%" PRId64, flow, sid);
        hk_jw_kv(jw, "uid", uid);
    }
    hk_jw_kv(jw, "product", "suricata");
}

/* --- who, with whom, about what --- */

/* side is "src" or "dst", as in the view; the server's name goes to the side that it is on. */
static void write_end(const struct hk_json *event, struct hk_jw *jw, const char *side,
    const char *ip_path, const char *port_path, const char *server_side)
{
    const char *host = strcmp(side, server_side) == 0 ? text_at(event, "tls.sni") : NULL;
    char ip[HK_IP_TEXT_SIZE];
    int64_t port;
    bool has_ip = ip_at(event, ip_path, ip);
    bool has_port = port_at(event, port_path, &port);

    if (!has_ip && !has_port && host == NULL)
        return;
    hk_jw_key(jw, side);
    hk_jw_object(jw);
    if (has_ip)
        hk_jw_kv(jw, "ip", ip);
    if (has_port)
        hk_jw_kv_i64(jw, "port", port);
    if (host != NULL)
        hk_jw_kv(jw, "host", host);
    hk_jw_object_end(jw);
}

static void write_ends(const struct hk_json *event, struct hk_jw *jw)
{
    const char *direction = text_at(event, "direction");
    const char *server_side = "";
    const char *sensor = text_at(event, "host");

    if (direction != NULL && strcmp(direction, "to_server") == 0)
        server_side = "dst";
    else if (direction != NULL && strcmp(direction, "to_client") == 0)
        server_side = "src";
    write_end(event, jw, "src", "src_ip", "src_port", server_side);
    write_end(event, jw, "dst", "dest_ip", "dest_port", server_side);
    if (sensor == NULL)
        return;
    hk_jw_key(jw, "device");
    hk_jw_object(jw);
    hk_jw_kv(jw, "host", sensor);
    hk_jw_object_end(jw);
}

static void write_url(const struct hk_json *event, struct hk_jw *jw)
{
    const char *host = text_at(event, "http.hostname");
    const char *path = text_at(event, "http.url");
    const char *protocol = text_at(event, "app_proto");
    bool is_tls = protocol != NULL && strcmp(protocol, "tls") == 0;
    struct hk_buf url;
    int64_t port;

    if (path == NULL)
        return;
    /* A request to a proxy names all of it. */
    if (strncasecmp(path, "http://", 7) == 0 || strncasecmp(path, "https://", 8) == 0) {
        hk_jw_kv(jw, "url", path);
        return;
    }
    if (host == NULL)
        return;
    hk_buf_init(&url, URL_SIZE_MAX);
    hk_buf_append_text(&url, is_tls ? "https://" : "http://");
    hk_buf_append_text(&url, host);
    if (strchr(host, ':') == NULL && port_at(event, "http.http_port", &port) &&
        port != (is_tls ? 443 : 80) && port != 0)
        hk_buf_appendf(&url, ":%" PRId64, port);
    if (path[0] != '/')
        hk_buf_append_char(&url, '/');
    hk_buf_append_text(&url, path);
    if (!url.failed)
        hk_jw_kv(jw, "url", url.data);
    hk_buf_done(&url);
}

/* EVE names users in few protocols only; SSH and TLS are not among them. */
static void write_user(const struct hk_json *event, struct hk_jw *jw)
{
    static const char *const names[] = {
        "krb5.cname", "smb.ntlmssp.user", "smb.kerberos.user", "rdp.cookie"};
    const char *command = text_at(event, "ftp.command");
    const char *mail = first_text_at(event, "smtp.rcpt_to");
    const char *name = NULL;
    size_t size = mail != NULL ? strlen(mail) : 0;

    for (size_t i = 0; name == NULL && i < COUNT(names); i++)
        name = text_at(event, names[i]);
    if (name == NULL && command != NULL && strcmp(command, "USER") == 0)
        name = text_at(event, "ftp.command_data");
    if (name == NULL && mail == NULL)
        return;
    if (size > 2 && mail[0] == '<' && mail[size - 1] == '>') {
        mail++;
        size -= 2;
    }
    hk_jw_key(jw, "user");
    hk_jw_object(jw);
    if (name != NULL)
        hk_jw_kv(jw, "name", name);
    if (mail != NULL) {
        hk_jw_key(jw, "mail");
        hk_jw_string_n(jw, mail, size);
    }
    hk_jw_object_end(jw);
}

/* fileinfo is that of older versions, files that of newer ones. */
static void write_file(const struct hk_json *event, struct hk_jw *jw)
{
    const struct hk_json *file = hk_json_get(event, "fileinfo");
    const struct hk_json *files = hk_json_get(event, "files");
    const char *path;
    const char *sha256;

    if (file == NULL && files != NULL && files->type == HK_JSON_ARRAY)
        file = files->first;
    path = text_at(file, "filename");
    sha256 = text_at(file, "sha256");
    if (sha256 != NULL && !hk_sha256_hex_is_valid(sha256))
        sha256 = NULL;
    if (path == NULL && sha256 == NULL)
        return;
    hk_jw_key(jw, "file");
    hk_jw_object(jw);
    if (path != NULL)
        hk_jw_kv(jw, "path", path);
    if (sha256 != NULL)
        hk_jw_kv(jw, "sha256", sha256);
    hk_jw_object_end(jw);
}

/* The name that was asked for: version 1 and 2 of the form, answers, and version 3. */
static void write_domain(const struct hk_json *event, struct hk_jw *jw)
{
    static const char *const lists[] = {"dns.query", "dns.queries"};
    const char *name = text_at(event, "dns.rrname");

    for (size_t i = 0; name == NULL && i < COUNT(lists); i++) {
        const struct hk_json *list = hk_json_at(event, lists[i]);
        if (list != NULL && list->type == HK_JSON_ARRAY)
            name = text_at(list->first, "rrname");
        else
            name = text_at(list, "rrname");
    }
    if (name != NULL)
        hk_jw_kv(jw, "domain", name);
}

/* --- the rule --- */

/* "T1110" or "T1003.001"; rules write the latter with a low line. */
static bool read_technique(const char *text, char ret_technique[TECHNIQUE_SIZE])
{
    size_t size = strlen(text);

    if (size != 5 && size != 9)
        return false;
    if (text[0] != 'T' || strspn(text + 1, "0123456789") != 4)
        return false;
    if (size == 9 && ((text[5] != '.' && text[5] != '_') || strspn(text + 6, "0123456789") != 3))
        return false;
    memcpy(ret_technique, text, size + 1);
    if (size == 9)
        ret_technique[5] = '.';
    return true;
}

static void write_technique(const struct hk_json *event, struct hk_jw *jw)
{
    const struct hk_json *ids = hk_json_at(event, "alert.metadata.mitre_technique_id");
    const struct hk_json *id = ids;
    bool is_open = false;

    if (ids == NULL)
        return;
    if (ids->type == HK_JSON_ARRAY)
        id = ids->first;
    for (; id != NULL; id = ids->type == HK_JSON_ARRAY ? id->next : NULL) {
        const char *text = hk_json_string(id);
        char technique[TECHNIQUE_SIZE];
        if (text == NULL || !read_technique(text, technique))
            continue;
        if (!is_open) {
            hk_jw_key(jw, "technique");
            hk_jw_array(jw);
            is_open = true;
        }
        hk_jw_string(jw, technique);
    }
    if (is_open)
        hk_jw_array_end(jw);
}

static void write_rule(const struct hk_json *event, struct hk_jw *jw)
{
    static const char *const numbers[][2] = {
        {"sid", "alert.signature_id"}, {"rev", "alert.rev"}, {"gid", "alert.gid"}};
    const char *action = text_at(event, "alert.action");
    int64_t number;

    hk_jw_key(jw, "rule");
    hk_jw_object(jw);
    for (size_t i = 0; i < COUNT(numbers); i++)
        if (hk_json_i64(hk_json_at(event, numbers[i][1]), &number))
            hk_jw_kv_i64(jw, numbers[i][0], number);
    if (action != NULL)
        hk_jw_kv(jw, "action", action);
    hk_jw_object_end(jw);
}

enum hk_status hk_eve_read(const struct hk_json *event, struct hk_jw *jw,
    struct hk_form_facts *facts, struct hk_error *error)
{
    enum hk_status status;

    hk_jw_object(jw);
    status = write_title(event, jw, error);
    if (status != HK_OK)
        return status;
    write_facts(event, jw, facts);
    write_ends(event, jw);
    write_user(event, jw);
    write_file(event, jw);
    write_url(event, jw);
    write_domain(event, jw);
    write_technique(event, jw);
    write_rule(event, jw);
    hk_jw_object_end(jw);
    return HK_OK;
}
