/*
 * http: ask servers over HTTP and tell them things, within what the operator wrote down: the
 * servers, the headers that they are asked with, and what may be done there. Playbooks give a path
 * below the configured URL, a query and a body.
 *
 * The connection, its certificate and where it may lead are the engine's to decide (host->http); a
 * redirect is followed by `get` alone, and only as often as the host's entry says.
 */
#include "answer.h"
#include "hosts.h"
#include "span.h"
#include "text.h"
#include "url.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define POST_ANSWER_SIZE_MAX                                                                       \
    (1024 * 1024) /* taken in; what is too large for the result is dropped */
#define HEADERS_MAX (HOST_HEADERS_MAX + 4)
#define TIME_MIN_MS 100

struct request {
    struct request *next;
    struct http *http;
    uint64_t call_id;
    uint64_t http_id;
    bool is_post;
    char as[8]; /* "json", "text" or "" */
};

struct http {
    const struct hk_host *host;
    struct http_hosts hosts;
    uint64_t timeout_ms;
    size_t answer_size_max;
    struct request *requests;
};

/* What a call asks for. */
struct order {
    const struct http_host *to;
    struct span args;
    struct text url;
    struct text body;
    const char *body_type; /* NULL: no body */
    char key_line[160];
};

/* --- arguments --- */

static struct span arg(const struct order *order, const char *name)
{
    struct span value;

    return span_get(order->args, name, &value) ? value : (struct span){NULL, 0};
}

/* A string argument without its escapes; "" when there is none. */
static void text_arg(const struct order *order, const char *name, char *out, size_t capacity)
{
    struct span value = arg(order, name);
    cJSON *item = value.size > 0 ? cJSON_ParseWithLength(value.at, value.size) : NULL;

    const char *text = cJSON_GetStringValue(item);

    snprintf(out, capacity, "%s", text != NULL ? text : "");
    cJSON_Delete(item);
}

static const char *read_host(struct http *http, enum http_action action, struct order *order)
{
    char name[80];

    text_arg(order, "host", name, sizeof(name));
    order->to = hosts_find(&http->hosts, name);
    if (order->to == NULL)
        return "there is no such host in the options of this plugin";
    if (!order->to->allows[action])
        return "the options of this plugin don't allow this action for that host";
    return NULL;
}

static void read_text_body(struct order *order, struct span value)
{
    cJSON *item = cJSON_ParseWithLength(value.at, value.size);
    const char *text = cJSON_GetStringValue(item);

    if (text != NULL)
        text_put(&order->body, text);
    cJSON_Delete(item);
    order->body_type = "Content-Type: text/plain; charset=utf-8";
}

static const char *read_body(struct order *order)
{
    struct span json = arg(order, "json");
    struct span plain = arg(order, "text");
    struct span form = arg(order, "form");

    if ((json.size > 0) + (plain.size > 0) + (form.size > 0) > 1)
        return "only one of json, text and form can be sent";
    if (json.size > 0) {
        text_add(&order->body, json.at, json.size);
        order->body_type = "Content-Type: application/json";
    } else if (plain.size > 0) {
        read_text_body(order, plain);
    } else if (form.size > 0) {
        order->body_type = "Content-Type: application/x-www-form-urlencoded";
        return url_put_pairs(&order->body, form);
    }
    return NULL;
}

static bool has_header(const struct http_host *to, const char *name)
{
    size_t size = strlen(name);

    for (size_t i = 0; to->headers[i] != NULL; i++)
        if (strncasecmp(to->headers[i], name, size) == 0 && to->headers[i][size] == ':')
            return true;
    return false;
}

/* NULL, or why the call can't be made. */
static const char *read_order(
    struct http *http, enum http_action action, const struct hk_call *call, struct order *order)
{
    *order = (struct order){.args = {call->args, strlen(call->args)}};
    text_init(&order->url, http->host);
    text_init(&order->body, http->host);
    const char *fault = read_host(http, action, order);
    if (fault == NULL)
        fault = url_build(&order->url, order->to->url, arg(order, "path"), arg(order, "query"));
    if (fault == NULL && action != HTTP_GET)
        fault = read_body(order);
    if (fault == NULL && (action == HTTP_POST_IDEMPOTENT || action == HTTP_TELL_IDEMPOTENT)) {
        if (has_header(order->to, "Idempotency-Key"))
            return "the options of this plugin set Idempotency-Key themselves";
        snprintf(order->key_line, sizeof(order->key_line), "Idempotency-Key: %s", call->key);
    }
    return fault;
}

/* --- requests --- */

static struct request **find(struct http *http, uint64_t call_id)
{
    struct request **at = &http->requests;

    while (*at != NULL && (*at)->call_id != call_id)
        at = &(*at)->next;
    return at;
}

static void on_answer(void *ctx, const struct hk_http_answer *answer)
{
    struct request *request = ctx;
    struct http *http = request->http;
    struct text text;

    *find(http, request->call_id) = request->next;
    text_init(&text, http->host);
    enum hk_outcome outcome = answer_judge(answer, request->is_post,
        request->as[0] != '\0' ? request->as : NULL, http->answer_size_max, &text);
    http->host->settle(request->call_id, outcome, text.data);
    text_done(&text);
    http->host->free(request);
}

static uint64_t time_left(const struct http *http, const struct hk_call *call)
{
    uint64_t left_ms =
        call->deadline_ms > 2 * TIME_MIN_MS ? call->deadline_ms - TIME_MIN_MS : TIME_MIN_MS;

    return left_ms < http->timeout_ms ? left_ms : http->timeout_ms;
}

static void send(struct http *http, const struct hk_call *call, const struct order *order,
    enum http_action action)
{
    const char *headers[HEADERS_MAX + 1];
    struct request *request = http->host->alloc(sizeof(*request));
    unsigned count = 0;

    for (size_t i = 0; order->to->headers[i] != NULL; i++)
        headers[count++] = order->to->headers[i];
    if (order->body_type != NULL && !has_header(order->to, "Content-Type"))
        headers[count++] = order->body_type;
    if (order->key_line[0] != '\0')
        headers[count++] = order->key_line;
    headers[count] = NULL;
    *request = (struct request){
        .next = http->requests, .http = http, .call_id = call->id, .is_post = action != HTTP_GET};
    text_arg(order, "as", request->as, sizeof(request->as));
    http->requests = request;
    const struct hk_http_ask ask = {.size = sizeof(ask),
        .method = request->is_post ? "POST" : "GET",
        .url = order->url.data,
        .headers = headers,
        .body = request->is_post ? (order->body.data != NULL ? order->body.data : "") : NULL,
        .body_size = order->body.size,
        .time_max_ms = time_left(http, call),
        .answer_size_max = request->is_post ? POST_ANSWER_SIZE_MAX : http->answer_size_max,
        .redirects_max = request->is_post ? 0 : order->to->redirects_max,
        .authorities = order->to->authorities};
    request->http_id = http->host->http(&ask, on_answer, request);
}

static void begin(struct http *http, const struct hk_call *call, enum http_action action)
{
    struct order order;
    const char *fault = read_order(http, action, call, &order);

    if (fault != NULL)
        http->host->settle(call->id, HK_FAILED, fault);
    else
        send(http, call, &order, action);
    text_done(&order.url);
    text_done(&order.body);
}

static void get_start(void *state, const struct hk_call *call)
{
    begin(state, call, HTTP_GET);
}

static void tell_start(void *state, const struct hk_call *call)
{
    begin(state, call, HTTP_TELL);
}

static void tell_idempotent_start(void *state, const struct hk_call *call)
{
    begin(state, call, HTTP_TELL_IDEMPOTENT);
}

static void post_start(void *state, const struct hk_call *call)
{
    begin(state, call, HTTP_POST);
}

static void post_idempotent_start(void *state, const struct hk_call *call)
{
    begin(state, call, HTTP_POST_IDEMPOTENT);
}

static void cancel(void *state, uint64_t call_id)
{
    struct http *http = state;
    struct request *request = *find(http, call_id);

    if (request != NULL)
        http->host->http_cancel(request->http_id);
}

/* --- ready --- */

/* One question to all hosts that allow an action: can they be reached, and where a path to check is
 * configured, do they take the credentials? */
struct inquiry {
    struct http *http;
    uint64_t call_id;
    unsigned open;
    struct text faults;
};

struct question {
    struct inquiry *inquiry;
    const struct http_host *to;
};

static void conclude(struct inquiry *inquiry)
{
    const struct hk_host *host = inquiry->http->host;

    host->settle(
        inquiry->call_id, inquiry->faults.data == NULL ? HK_DONE : HK_FAILED, inquiry->faults.data);
    text_done(&inquiry->faults);
    host->free(inquiry);
}

static void note_fault(struct inquiry *inquiry, const struct http_host *to, const char *what)
{
    if (inquiry->faults.data != NULL)
        text_put(&inquiry->faults, "; ");
    text_put(&inquiry->faults, to->name);
    text_put(&inquiry->faults, ": ");
    text_put(&inquiry->faults, what);
}

static void on_ready(void *ctx, const struct hk_http_answer *answer)
{
    struct question *question = ctx;
    struct inquiry *inquiry = question->inquiry;
    const struct http_host *to = question->to;
    char what[64];

    snprintf(what, sizeof(what), "it answers %d", answer->status);
    if (answer->status == 0)
        note_fault(inquiry, to, answer->failure);
    else if (to->check != NULL && (answer->status == 401 || answer->status == 403))
        note_fault(inquiry, to, "it refuses the credentials");
    else if (to->check != NULL && (answer->status < 200 || answer->status > 299))
        note_fault(inquiry, to, what);
    inquiry->http->host->free(question);
    if (--inquiry->open == 0)
        conclude(inquiry);
}

/* Without a path to check, any answer to HEAD is a sign of life, and no credentials are sent. */
static void ask_ready(
    struct inquiry *inquiry, const struct hk_call *call, const struct http_host *to)
{
    const struct hk_host *host = inquiry->http->host;
    struct question *question = host->alloc(sizeof(*question));
    struct span path = {to->check, to->check != NULL ? strlen(to->check) : 0};
    struct text url;

    *question = (struct question){inquiry, to};
    text_init(&url, host);
    (void)url_build(&url, to->url, path, (struct span){NULL, 0}); /* looked at in init */
    const struct hk_http_ask ask = {.size = sizeof(ask),
        .method = to->check != NULL ? "GET" : "HEAD",
        .url = url.data,
        .headers = to->check != NULL ? to->headers : NULL,
        .time_max_ms = time_left(inquiry->http, call),
        .answer_size_max = POST_ANSWER_SIZE_MAX,
        .authorities = to->authorities};
    (void)host->http(&ask, on_ready, question);
    text_done(&url);
}

static void ready(struct http *http, const struct hk_call *call, enum http_action action)
{
    struct inquiry *inquiry = http->host->alloc(sizeof(*inquiry));

    /* One more, so that it can't end before all are asked. */
    *inquiry = (struct inquiry){.http = http, .call_id = call->id, .open = 1};
    text_init(&inquiry->faults, http->host);
    for (unsigned i = 0; i < http->hosts.count; i++)
        if (http->hosts.items[i].allows[action]) {
            inquiry->open++;
            ask_ready(inquiry, call, &http->hosts.items[i]);
        }
    /* An action that no host allows is missing nothing. */
    if (--inquiry->open == 0)
        conclude(inquiry);
}

static void get_ready(void *state, const struct hk_call *call)
{
    ready(state, call, HTTP_GET);
}

static void tell_ready(void *state, const struct hk_call *call)
{
    ready(state, call, HTTP_TELL);
}

static void tell_idempotent_ready(void *state, const struct hk_call *call)
{
    ready(state, call, HTTP_TELL_IDEMPOTENT);
}

static void post_ready(void *state, const struct hk_call *call)
{
    ready(state, call, HTTP_POST);
}

static void post_idempotent_ready(void *state, const struct hk_call *call)
{
    ready(state, call, HTTP_POST_IDEMPOTENT);
}

/* --- start and end --- */

static void done(void *state)
{
    struct http *http = state;

    hosts_free(&http->hosts);
    http->host->free(http);
}

static bool read_numbers(struct http *http, const char *options)
{
    cJSON *root = cJSON_Parse(options);
    const cJSON *timeout = cJSON_GetObjectItemCaseSensitive(root, "timeout");
    const cJSON *answer_max = cJSON_GetObjectItemCaseSensitive(root, "answer_max");
    const char *fault = NULL;

    if (!cJSON_IsNumber(timeout) || timeout->valuedouble < 1000 || timeout->valuedouble > 600000)
        fault = "timeout must be from 1s to 10m";
    else if (!cJSON_IsNumber(answer_max) || answer_max->valuedouble < 1 ||
             answer_max->valuedouble > 131072)
        fault = "answer_max must be from 1 to 131072";
    if (fault != NULL) {
        http->host->log(HK_PLUGIN_ERROR, fault);
    } else {
        http->timeout_ms = (uint64_t)timeout->valuedouble;
        http->answer_size_max = (size_t)answer_max->valuedouble;
    }
    cJSON_Delete(root);
    return fault == NULL;
}

static int init(const struct hk_host *host, const struct hk_settings *settings, void **ret_state)
{
    struct http *http = host->alloc(sizeof(*http));

    *http = (struct http){.host = host};
    if (!read_numbers(http, settings->options) ||
        !hosts_read(&http->hosts, host, settings->options)) {
        done(http);
        return -1;
    }
    *ret_state = http;
    return 0;
}

/* --- the descriptor --- */

#define WHERE                                                                                      \
    "\"host\":{\"type\":\"string\",\"minLength\":1,\"maxLength\":64,"                              \
    "\"description\":\"name of a host in the options\"},"                                          \
    "\"path\":{\"type\":[\"string\",\"array\"],\"items\":{\"type\":\"string\",\"minLength\":1},"   \
    "\"maxLength\":4000,\"maxItems\":64,"                                                          \
    "\"description\":\"below its URL: a text divided by /, or a list of parts\"},"                 \
    "\"query\":{\"type\":\"object\","                                                              \
    "\"additionalProperties\":{\"type\":[\"string\",\"number\",\"boolean\"]}}"
#define AS "\"as\":{\"enum\":[\"json\",\"text\"]}"
#define CLOSED "\"type\":\"object\",\"required\":[\"host\"],\"additionalProperties\":false,"
#define GET_ARGS "{" CLOSED "\"properties\":{" WHERE "," AS "}}"
#define POST_ARGS                                                                                  \
    "{" CLOSED "\"properties\":{" WHERE "," AS ",\"json\":{},\"text\":{\"type\":\"string\"},"      \
    "\"form\":{\"type\":\"object\","                                                               \
    "\"additionalProperties\":{\"type\":[\"string\",\"number\",\"boolean\"]}}}}"
#define RESULT(more_required, more)                                                                \
    "{\"type\":\"object\",\"required\":[\"status\"" more_required                                  \
    "],\"additionalProperties\":false,\"properties\":{"                                            \
    "\"status\":{\"type\":\"integer\",\"minimum\":200,\"maximum\":599}," more                      \
    "\"json\":{},\"text\":{\"type\":\"string\"}}}"

static const struct hk_action actions[] = {
    {.name = "get",
        .summary = "Ask {host} for {path}",
        .effect = HK_READ,
        .kind = HK_ENRICH,
        .args_schema = GET_ARGS,
        .result_schema = RESULT(",\"found\"", "\"found\":{\"type\":\"boolean\"},"),
        .start = get_start,
        .cancel = cancel,
        .ready = get_ready},
    {.name = "tell",
        .summary = "Tell {host} at {path}",
        .effect = HK_ONCE,
        .kind = HK_NOTIFY,
        .args_schema = POST_ARGS,
        .result_schema = RESULT("", ""),
        .start = tell_start,
        .cancel = cancel,
        .ready = tell_ready},
    {.name = "tell_idempotent",
        .summary = "Tell {host} at {path}, with a key by which it takes this once",
        .effect = HK_IDEMPOTENT,
        .kind = HK_NOTIFY,
        .args_schema = POST_ARGS,
        .result_schema = RESULT("", ""),
        .start = tell_idempotent_start,
        .cancel = cancel,
        .ready = tell_idempotent_ready},
    {.name = "post",
        .summary = "Post to {host} at {path}",
        .effect = HK_ONCE,
        .kind = HK_CHANGE,
        .args_schema = POST_ARGS,
        .result_schema = RESULT("", ""),
        .start = post_start,
        .cancel = cancel,
        .ready = post_ready},
    {.name = "post_idempotent",
        .summary = "Post to {host} at {path}, with a key by which it takes this once",
        .effect = HK_IDEMPOTENT,
        .kind = HK_CHANGE,
        .args_schema = POST_ARGS,
        .result_schema = RESULT("", ""),
        .start = post_idempotent_start,
        .cancel = cancel,
        .ready = post_idempotent_ready},
    {0},
};

static const struct hk_option options_table[] = {
    {"hosts", HK_OPTION_JSON, NULL,
        "Whom to ask: {NAME = {url, headers, allow, authorities, check, redirects, idempotency, "
        "cleartext}}, all but url optional"},
    {"timeout", HK_OPTION_DURATION, "\"20s\"", "How long a request may take, redirects included"},
    {"answer_max", HK_OPTION_INTEGER, "131072", "Bytes of an answer that a result may hold"},
    {0},
};

static const char *const needs[] = {"net", NULL};

HK_PLUGIN(http, .version = "1.0.0", .summary = "Asks and tells configured servers over HTTP",
    .options = options_table, .needs = needs, .actions = actions, .init = init, .done = done);
