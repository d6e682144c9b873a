/*
 * tell: what is said to a person in a mail or a chat: what the record knows about one notice goes
 * in, a subject and a text in the person's language come out. Pure: no clock, no files, no state.
 *
 * Nothing that came from outside can do anything in what comes out: it is one line unless said
 * otherwise, bounded, without control and direction characters, and what a mail or chat program
 * would make a link of is taken apart ("hxxp[:]//evil[.]example"). The one link there is leads to
 * the engine's own page, and decides nothing.
 */
#ifndef HK_TELL_TELL_H
#define HK_TELL_TELL_H

#include "base/json.h"
#include "words/words.h"

/* Who is told, and from where. */
struct hk_tell_scene {
    const char *tenant;
    const char *base_url; /* "https://soc.example", no slash at its end; NULL: there are no links */
    enum hk_language language;
    int zone_minutes; /* in which times are written */
    int64_t now_us;
};

struct hk_tell_message {
    char *subject;  /* one line of UTF-8 */
    char *text;     /* lines of UTF-8, each ended by LF */
    char *foot;     /* the same, what stands under a mail and not in a chat: the checkpoint */
    char *link;     /* NULL when there is none */
    char *severity; /* "high"; NULL when there is none */
};

/* Make the message of a notice, as hk_query_notice gives it (ledger/query_notice.h):
 *
 *   reason    which message, see below        text     for notify and escalate: the playbook's own
 *   about     id of the thing                 thing    its row, as the API lists it
 *   event     {kind, time_us, actor_name, payload}     what happened; payload null: erased
 *   alert     its row                         by       names of those who decided
 *   items, count    for gathered              pending, contained, unknown, gaps    for digest
 *   checkpoint      the newest, a signed note
 *
 * Reasons: approval, reminder, escalation, outcome, done, unknown, failed, diverged, held, drifted,
 * task, notify, escalate, test, gathered, digest. Another one, of a later version, still says what
 * it is about. Members may be missing. HK_LIMIT, HK_NOMEM. */
HK_MUST_CHECK enum hk_status hk_tell_make(const struct hk_tell_scene *scene,
    const struct hk_json *notice, struct hk_tell_message *ret_message, struct hk_error *error);
void hk_tell_done(struct hk_tell_message *message);

/* --- mail: RFC 5322 --- */

struct hk_tell_envelope {
    const char *from;       /* address */
    const char *from_name;  /* NULL: none */
    const char *to;         /* address */
    const char *message_id; /* left of the @; the right side is that of from */
    const char *thread;     /* the same, of what this is about; NULL: nothing */
    int64_t time_us;
};
/* Append the mail: plain text, every line ended by CR LF and of at most 998 bytes, ASCII only. No
 * text can end a header early or add one. */
HK_MUST_CHECK enum hk_status hk_tell_mail(const struct hk_tell_envelope *envelope,
    const struct hk_tell_message *message, struct hk_buf *out, struct hk_error *error);

/* --- chat --- */

enum hk_tell_chat {
    HK_TELL_SLACK,      /* Block Kit, for an incoming webhook */
    HK_TELL_TEAMS,      /* an Adaptive Card, for a webhook made with Workflows */
    HK_TELL_MATTERMOST, /* for an incoming webhook */
    HK_TELL_PLAIN,      /* all there is as members, for programs */
};
/* Append the request's body, JSON. Nothing in it is read as markup, mention or link but our own
 * link. */
HK_MUST_CHECK enum hk_status hk_tell_chat(enum hk_tell_chat kind, const struct hk_tell_scene *scene,
    const struct hk_tell_message *message, const struct hk_json *notice, struct hk_buf *out,
    struct hk_error *error);

/* The path of the page about a thing, such as "/approvals/ga-…", without a slash at its end;
 * false when things of that kind have no page. */
bool hk_tell_path(const char *about, struct hk_buf *out);

#endif
