/*
 * tell: the message of one notice. A table says for each reason its subject, its first sentence and
 * which part of the record follows.
 */
#include "tell/tell.h"

#include "base/id.h"
#include "base/time.h"
#include "tell/tell_text.h"

#include <stdlib.h>
#include <string.h>

struct make {
    const struct hk_tell_scene *scene;
    const struct hk_json *notice;
    const struct hk_json *thing;   /* its row */
    const struct hk_json *payload; /* of the event; NULL when it was erased */
    struct hk_buf subject;
    struct hk_buf text;
};

/* --- parts --- */

static const char *text_of(const struct hk_json *object, const char *path)
{
    return hk_json_string_at(object, path, NULL);
}

static void fact(struct make *make, enum hk_word label, const char *text)
{
    hk_tell_fact(&make->text, make->scene, label, text);
}

static void fact_named(
    struct make *make, enum hk_word label, enum hk_name_group group, const char *name)
{
    if (name != NULL)
        fact(make, label, hk_name(make->scene->language, group, name));
}

static void alert_facts(struct make *make)
{
    const char *severity = text_of(make->thing, "severity");

    if (severity == NULL)
        severity = text_of(make->notice, "alert.severity");
    fact_named(make, HK_WORD_MAIL_SEVERITY, HK_NAME_SEVERITY, severity);
    fact(make, HK_WORD_MAIL_ALERT, text_of(make->notice, "alert.title"));
}

/* "Why" and the playbook's reasons, one a line. */
static void reasons(struct make *make, const struct hk_json *because)
{
    enum { REASONS_MAX = 8 };
    unsigned count = 0;

    if (because == NULL || because->count == 0) {
        fact(make, HK_WORD_MAIL_WHY, hk_json_string(because));
        return;
    }
    hk_tell_label(&make->text, make->scene, HK_WORD_MAIL_WHY);
    hk_buf_append_char(&make->text, '\n');
    for (const struct hk_json *item = because->first; item != NULL; item = item->next) {
        if (count++ == REASONS_MAX)
            break;
        hk_buf_append_text(&make->text, "  - ");
        if (item->key != NULL) {
            hk_tell_put(&make->text, item->key, HK_TELL_LINE_MAX);
            hk_buf_append_text(&make->text, ": ");
        }
        hk_tell_put_value(&make->text, item, HK_TELL_LINE_MAX);
        hk_buf_append_char(&make->text, '\n');
    }
}

static void duration_fact(struct make *make, enum hk_word label, int64_t ms)
{
    if (ms <= 0)
        return;
    hk_tell_label(&make->text, make->scene, label);
    hk_words_duration(&make->text, make->scene->language, ms);
    hk_buf_append_char(&make->text, '\n');
}

static void joined(struct make *make, enum hk_word label, const struct hk_json *texts)
{
    bool is_first = true;

    if (texts == NULL || texts->first == NULL)
        return;
    hk_tell_label(&make->text, make->scene, label);
    for (const struct hk_json *item = texts->first; item != NULL; item = item->next) {
        if (!is_first)
            hk_buf_append_text(&make->text, make->scene->language == HK_LANGUAGE_JA ? "、" : ", ");
        hk_tell_put_value(&make->text, item, HK_TELL_LINE_MAX);
        is_first = false;
    }
    hk_buf_append_char(&make->text, '\n');
}

/* --- bodies --- */

static bool is_question(const struct make *make)
{
    return strcmp(hk_json_string_at(make->thing, "kind", ""), "question") == 0;
}

static void deadline(struct make *make)
{
    int64_t expires_us = hk_tell_time_at(make->thing, "expires");
    struct hk_buf at;
    struct hk_buf left;

    if (expires_us == 0)
        return;
    hk_buf_init(&at, 256);
    hk_buf_init(&left, 256);
    hk_tell_time(&at, make->scene, expires_us);
    hk_words_left(&left, make->scene->language, expires_us, make->scene->now_us);
    hk_buf_append_char(&make->text, '\n');
    hk_words_put(&make->text, make->scene->language,
        is_question(make) ? HK_WORD_MAIL_DEADLINE_ANSWER : HK_WORD_MAIL_DEADLINE,
        at.data != NULL ? at.data : "", left.data != NULL ? left.data : "");
    hk_buf_append_char(&make->text, '\n');
    hk_buf_done(&at);
    hk_buf_done(&left);
}

/* What an approver sees, in the order of the page: what, why, how it is undone, by when. */
static void gate_body(struct make *make)
{
    const struct hk_json *covers = hk_json_get(make->payload, "covers");
    const struct hk_json *because = hk_json_get(covers, "because");

    alert_facts(make);
    reasons(make, because != NULL ? because : hk_json_at(covers, "asked.because"));
    fact(make, HK_WORD_MAIL_TARGET, text_of(make->thing, "target"));
    joined(make, HK_WORD_MAIL_CHOICES, hk_json_get(make->payload, "choices"));
    if (!is_question(make) && covers != NULL) {
        const char *undo = text_of(covers, "undo");
        duration_fact(make, HK_WORD_MAIL_FOR, hk_json_i64_at(covers, "lease_ms", 0));
        fact(make, HK_WORD_MAIL_UNDO,
            undo != NULL ? undo : hk_word(make->scene->language, HK_WORD_MAIL_NO_UNDO));
        fact(make, HK_WORD_MAIL_RESIDUAL, text_of(covers, "residual"));
    }
    fact_named(make, HK_WORD_MAIL_WHO, HK_NAME_ROLE, text_of(make->thing, "role"));
    deadline(make);
}

static void time_fact(struct make *make)
{
    hk_tell_fact_time(&make->text, make->scene, HK_WORD_MAIL_TIME,
        hk_json_i64_at(make->notice, "event.time_us", 0));
}

static void outcome_body(struct make *make)
{
    alert_facts(make);
    fact(make, HK_WORD_MAIL_TARGET, text_of(make->thing, "target"));
    joined(make, HK_WORD_MAIL_BY, hk_json_get(make->notice, "by"));
    fact(make, HK_WORD_MAIL_ANSWER, text_of(make->payload, "choice"));
    fact(make, HK_WORD_MAIL_REASON, text_of(make->payload, "reason"));
    time_fact(make);
}

static void containment_body(struct make *make)
{
    alert_facts(make);
    fact(make, HK_WORD_MAIL_ACTION, text_of(make->thing, "action"));
    fact(make, HK_WORD_MAIL_TARGET, text_of(make->thing, "target"));
    fact(make, HK_WORD_MAIL_RULE, text_of(make->notice, "rule"));
    fact(make, HK_WORD_MAIL_REASON, text_of(make->payload, "reason"));
    fact(make, HK_WORD_MAIL_REASON, text_of(make->payload, "why"));
    hk_tell_fact_time(
        &make->text, make->scene, HK_WORD_MAIL_RETRY, hk_json_i64_at(make->payload, "retry_us", 0));
    if (hk_json_get(make->payload, "retry_us") == NULL)
        hk_tell_fact_time(
            &make->text, make->scene, HK_WORD_MAIL_UNTIL, hk_tell_time_at(make->thing, "expires"));
    time_fact(make);
}

/* About a run; what an action ended with may be about a containment too. */
static void run_body(struct make *make)
{
    alert_facts(make);
    fact(make, HK_WORD_MAIL_PLAYBOOK, text_of(make->thing, "playbook"));
    fact(make, HK_WORD_MAIL_STEP, text_of(make->payload, "step"));
    fact(make, HK_WORD_MAIL_ACTION, text_of(make->notice, "action"));
    fact(make, HK_WORD_MAIL_ERROR, text_of(make->payload, "error"));
    fact(make, HK_WORD_MAIL_REASON, text_of(make->payload, "why"));
    time_fact(make);
}

static void task_body(struct make *make)
{
    alert_facts(make);
    fact(make, HK_WORD_MAIL_ACTION, text_of(make->thing, "action"));
    fact(make, HK_WORD_MAIL_TARGET, text_of(make->thing, "target"));
    fact(make, HK_WORD_MAIL_INSTRUCTION, text_of(make->thing, "instruction"));
    hk_tell_fact_time(
        &make->text, make->scene, HK_WORD_MAIL_DUE, hk_tell_time_at(make->thing, "due"));
}

static void playbook_body(struct make *make)
{
    const char *text = text_of(make->notice, "text");

    if (text != NULL && *text != '\0') {
        hk_tell_put_lines(&make->text, text, HK_TELL_TEXT_MAX);
        hk_buf_append_text(&make->text, "\n\n");
    }
    alert_facts(make);
    time_fact(make);
}

static void gathered_body(struct make *make)
{
    hk_tell_gathered(make->scene, make->notice, &make->text);
}

static void nothing_more(struct make *make)
{
    (void)make;
}

/* --- what it is about, in a subject --- */

static void about_thing(struct make *make, struct hk_buf *out)
{
    static const char *const paths[] = {"summary", "title", "target", "playbook", "id"};
    size_t begin = out->size;

    if (text_of(make->thing, "action") != NULL && text_of(make->thing, "summary") == NULL &&
        text_of(make->thing, "title") == NULL) {
        hk_tell_put(out, text_of(make->thing, "action"), HK_TELL_SUBJECT_MAX / 2);
        hk_buf_append_char(out, ' ');
    }
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        const char *text = text_of(make->thing, paths[i]);
        if (text != NULL && *text != '\0') {
            hk_tell_put(out, text, HK_TELL_SUBJECT_MAX);
            break;
        }
    }
    if (out->size == begin)
        hk_tell_put(out, hk_json_string_at(make->notice, "about", "?"), HK_TELL_SUBJECT_MAX);
}

/* The first line of what the playbook says, else the alert. */
static void about_text(struct make *make, struct hk_buf *out)
{
    const char *text = text_of(make->notice, "text");
    char line[HK_TELL_SUBJECT_MAX];
    size_t size;

    if (text == NULL || *text == '\0') {
        hk_tell_put(out, hk_json_string_at(make->notice, "alert.title", "?"), HK_TELL_SUBJECT_MAX);
        return;
    }
    size = strcspn(text, "\n");
    if (size >= sizeof(line)) {
        hk_tell_put(out, text, HK_TELL_SUBJECT_MAX);
        return;
    }
    memcpy(line, text, size);
    line[size] = '\0';
    hk_tell_put(out, line, HK_TELL_SUBJECT_MAX);
}

/* --- reasons --- */

struct reason {
    const char *name;
    enum hk_word subject;
    enum hk_word first; /* the sentence that it begins with */
    void (*about)(struct make *make, struct hk_buf *out);
    void (*body)(struct make *make);
    bool asks; /* the link leads to where it is decided */
};

static const struct reason reasons_known[] = {
    {"approval", HK_WORD_MAIL_S_APPROVAL, HK_WORD_MAIL_ASKED, about_thing, gate_body, true},
    {"reminder", HK_WORD_MAIL_S_REMINDER, HK_WORD_MAIL_REMINDED, about_thing, gate_body, true},
    {"escalation", HK_WORD_MAIL_S_ESCALATION, HK_WORD_MAIL_ESCALATED, about_thing, gate_body, true},
    {"outcome", HK_WORD_MAIL_S_VOID, HK_WORD_MAIL_VOID, about_thing, outcome_body, false},
    {"done", HK_WORD_MAIL_S_DONE, HK_WORD_MAIL_DONE, about_thing, containment_body, false},
    {"unknown", HK_WORD_MAIL_S_UNKNOWN, HK_WORD_MAIL_UNKNOWN, about_thing, run_body, false},
    {"failed", HK_WORD_MAIL_S_FAILED, HK_WORD_MAIL_FAILED, about_thing, run_body, false},
    {"diverged", HK_WORD_MAIL_S_DIVERGED, HK_WORD_MAIL_DIVERGED, about_thing, run_body, false},
    {"held", HK_WORD_MAIL_S_HELD, HK_WORD_MAIL_HELD, about_thing, containment_body, false},
    {"drifted", HK_WORD_MAIL_S_DRIFTED, HK_WORD_MAIL_DRIFTED, about_thing, containment_body, false},
    {"task", HK_WORD_MAIL_S_TASK, HK_WORD_MAIL_TASK, about_thing, task_body, false},
    {"notify", HK_WORD_MAIL_S_NOTIFY, HK_WORD_MAIL_NOTIFY, about_text, playbook_body, false},
    {"escalate", HK_WORD_MAIL_S_ESCALATE, HK_WORD_MAIL_ESCALATE, about_text, playbook_body, false},
    {"test", HK_WORD_MAIL_S_TEST, HK_WORD_MAIL_TEST, NULL, nothing_more, false},
    {"gathered", HK_WORD_MAIL_S_GATHERED, HK_WORD_MAIL_GATHERED, NULL, gathered_body, false},
};
static const struct reason reason_other = {
    "", HK_WORD_MAIL_S_OTHER, HK_WORD_MAIL_OTHER, about_thing, run_body, false};

/* A gate that was decided: how. */
static struct reason outcome_of(const struct make *make, const struct reason *reason)
{
    static const struct {
        const char *state;
        enum hk_word subject;
        enum hk_word first;
    } outcomes[] = {
        {"approved", HK_WORD_MAIL_S_APPROVED, HK_WORD_MAIL_APPROVED},
        {"rejected", HK_WORD_MAIL_S_REJECTED, HK_WORD_MAIL_REJECTED},
        {"expired", HK_WORD_MAIL_S_EXPIRED, HK_WORD_MAIL_EXPIRED},
    };
    const char *state = hk_json_string_at(make->thing, "state", "");
    struct reason result = *reason;

    for (size_t i = 0; i < sizeof(outcomes) / sizeof(outcomes[0]); i++) {
        if (strcmp(outcomes[i].state, state) == 0) {
            result.subject = outcomes[i].subject;
            result.first = outcomes[i].first;
        }
    }
    if (is_question(make) && strcmp(state, "approved") == 0) {
        result.subject = HK_WORD_MAIL_S_ANSWERED;
        result.first = HK_WORD_MAIL_ANSWERED;
    }
    return result;
}

static struct reason reason_of(const struct make *make)
{
    const char *name = hk_json_string_at(make->notice, "reason", "");
    struct reason result = reason_other;

    for (size_t i = 0; i < sizeof(reasons_known) / sizeof(reasons_known[0]); i++)
        if (strcmp(reasons_known[i].name, name) == 0)
            result = reasons_known[i];
    if (strcmp(name, "outcome") == 0)
        return outcome_of(make, &result);
    if (strcmp(name, "approval") == 0 && is_question(make)) {
        result.subject = HK_WORD_MAIL_S_QUESTION;
        result.first = HK_WORD_MAIL_ASKED_QUESTION;
    }
    /* a release of which nobody knows: what is known about it stands in the containment */
    if (strcmp(name, "unknown") == 0 && text_of(make->thing, "playbook") == NULL)
        result.body = containment_body;
    return result;
}

/* --- the whole --- */

static void make_subject(struct make *make, const struct reason *reason)
{
    enum hk_language language = make->scene->language;
    struct hk_buf about;

    hk_buf_init(&about, HK_TELL_SIZE_MAX);
    hk_buf_appendf(&make->subject, "[%s] ", make->scene->tenant);
    if (reason->about != NULL)
        reason->about(make, &about);
    if (reason->subject == HK_WORD_MAIL_S_GATHERED)
        hk_words_count(
            &make->subject, language, reason->subject, hk_json_i64_at(make->notice, "count", 0));
    else
        hk_words_put(
            &make->subject, language, reason->subject, about.data != NULL ? about.data : "");
    hk_buf_done(&about);
}

static void make_text(struct make *make, const struct reason *reason)
{
    enum hk_language language = make->scene->language;
    const char *playbook = hk_json_string_at(make->thing, "playbook", "?");
    struct hk_buf clean;

    hk_buf_init(&clean, HK_TELL_SIZE_MAX);
    hk_tell_put(&clean, playbook, HK_TELL_LINE_MAX);
    hk_words_put(&make->text, language, reason->first, clean.data != NULL ? clean.data : "");
    hk_buf_append_text(&make->text, "\n\n");
    hk_buf_done(&clean);
    if (reason->about == about_thing) {
        about_thing(make, &make->text);
        hk_buf_append_text(&make->text, "\n\n");
    }
    reason->body(make);
    if (hk_json_get(make->notice, "event") != NULL && make->payload == NULL)
        hk_tell_say(&make->text, make->scene, HK_WORD_MAIL_ERASED);
}

bool hk_tell_path(const char *about, struct hk_buf *out)
{
    static const struct {
        const char *prefix;
        const char *path;
    } pages[] = {{"ga-", "/approvals/"}, {"ru-", "/runs/"}, {"co-", "/containments/"},
        {"al-", "/alerts/"}, {"ca-", "/cases/"}, {"ta-", "/tasks/"}};

    for (size_t i = 0; i < sizeof(pages) / sizeof(pages[0]); i++) {
        if (strncmp(about, pages[i].prefix, 3) == 0 && hk_id_is_valid(about)) {
            hk_buf_appendf(out, "%s%s", pages[i].path, about);
            return true;
        }
    }
    return false;
}

static char *make_link(const struct make *make)
{
    struct hk_buf link;

    if (make->scene->base_url == NULL)
        return NULL;
    hk_buf_init(&link, 4096);
    hk_buf_append_text(&link, make->scene->base_url);
    if (!hk_tell_path(hk_json_string_at(make->notice, "about", ""), &link))
        hk_buf_append_char(&link, '/');
    return hk_buf_take(&link, NULL);
}

/* The link, and what a link can't do. */
static void end_text(struct make *make, const struct reason *reason, const char *link)
{
    if (link != NULL) {
        hk_buf_append_char(&make->text, '\n');
        hk_tell_say(&make->text, make->scene,
            reason->asks ? HK_WORD_MAIL_DECIDE_HERE : HK_WORD_MAIL_LOOK_HERE);
        hk_buf_appendf(&make->text, "%s\n", link);
    }
    hk_buf_append_char(&make->text, '\n');
    hk_tell_say(&make->text, make->scene, HK_WORD_MAIL_ONLY_TELLS);
}

static enum hk_status make_foot(
    const struct make *make, struct hk_tell_message *message, struct hk_error *error)
{
    const char *checkpoint = text_of(make->notice, "checkpoint");
    struct hk_buf foot;

    if (checkpoint == NULL)
        return HK_OK;
    hk_buf_init(&foot, HK_TELL_SIZE_MAX);
    hk_tell_say(&foot, make->scene, HK_WORD_MAIL_CHECKPOINT);
    /* Its very bytes, which are ours: a note is checked as it is. */
    hk_buf_appendf(&foot, "\n%s", checkpoint);
    enum hk_status status = hk_buf_check(&foot, "a checkpoint", error);
    if (status == HK_OK)
        message->foot = hk_buf_take(&foot, NULL);
    hk_buf_done(&foot);
    return status;
}

static enum hk_status take(
    struct make *make, struct hk_tell_message *message, struct hk_error *error)
{
    const char *severity = text_of(make->thing, "severity");
    enum hk_status status = hk_buf_check(&make->subject, "a subject", error);

    if (status == HK_OK)
        status = hk_buf_check(&make->text, "a message", error);
    if (severity == NULL)
        severity = text_of(make->notice, "alert.severity");
    if (status == HK_OK && severity != NULL) {
        struct hk_buf word;
        hk_buf_init(&word, 64);
        hk_tell_put(&word, severity, 32);
        message->severity = hk_buf_take(&word, NULL);
    }
    if (status == HK_OK)
        message->subject = hk_buf_take(&make->subject, NULL);
    if (status == HK_OK)
        message->text = hk_buf_take(&make->text, NULL);
    return status;
}

enum hk_status hk_tell_make(const struct hk_tell_scene *scene, const struct hk_json *notice,
    struct hk_tell_message *ret_message, struct hk_error *error)
{
    struct make make = {.scene = scene,
        .notice = notice,
        .thing = hk_json_get(notice, "thing"),
        .payload = hk_json_at(notice, "event.payload")};
    enum hk_status status;

    memset(ret_message, 0, sizeof(*ret_message));
    if (make.payload != NULL && make.payload->type != HK_JSON_OBJECT)
        make.payload = NULL;
    hk_buf_init(&make.subject, HK_TELL_SIZE_MAX);
    hk_buf_init(&make.text, HK_TELL_SIZE_MAX);
    ret_message->link = make_link(&make);
    if (strcmp(hk_json_string_at(notice, "reason", ""), "digest") == 0) {
        hk_tell_digest(scene, notice, &make.subject, &make.text);
        end_text(&make, &reason_other, ret_message->link);
    } else {
        struct reason reason = reason_of(&make);
        make_subject(&make, &reason);
        make_text(&make, &reason);
        end_text(&make, &reason, ret_message->link);
    }
    status = take(&make, ret_message, error);
    if (status == HK_OK)
        status = make_foot(&make, ret_message, error);
    hk_buf_done(&make.subject);
    hk_buf_done(&make.text);
    if (status != HK_OK)
        hk_tell_done(ret_message);
    return status;
}

void hk_tell_done(struct hk_tell_message *message)
{
    free(message->subject);
    free(message->text);
    free(message->foot);
    free(message->link);
    free(message->severity);
    memset(message, 0, sizeof(*message));
}
