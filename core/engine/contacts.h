/*
 * contacts: whom a tenant wants to be told, how and when: the configuration's channels, contacts
 * and notices, read and checked. Data only; who is told what is notice_plan's business.
 */
#ifndef HK_ENGINE_CONTACTS_H
#define HK_ENGINE_CONTACTS_H

#include "authority/hours.h"
#include "base/arena.h"
#include "base/secrets.h"
#include "loop/mail.h"
#include "tell/tell.h"

/* X(NAME, text): why somebody is told. The texts stand in the record and in `only`. */
#define HK_REASON_LIST(X)                                                                          \
    X(APPROVAL, "approval")                                                                        \
    X(REMINDER, "reminder")                                                                        \
    X(ESCALATION, "escalation")                                                                    \
    X(OUTCOME, "outcome")                                                                          \
    X(DONE, "done")                                                                                \
    X(UNKNOWN, "unknown")                                                                          \
    X(FAILED, "failed")                                                                            \
    X(DIVERGED, "diverged")                                                                        \
    X(HELD, "held")                                                                                \
    X(DRIFTED, "drifted")                                                                          \
    X(TASK, "task")                                                                                \
    X(NOTIFY, "notify")                                                                            \
    X(ESCALATE, "escalate")                                                                        \
    X(DIGEST, "digest")                                                                            \
    X(TEST, "test")

enum hk_reason {
#define X(name, text) HK_REASON_##name,
    HK_REASON_LIST(X)
#undef X
        HK_REASON_COUNT
};
const char *hk_reason_text(enum hk_reason reason);
bool hk_reason_from_text(const char *text, enum hk_reason *ret_reason);

enum hk_channel_kind {
    HK_CHANNEL_SMTP,
    HK_CHANNEL_SLACK,
    HK_CHANNEL_TEAMS,
    HK_CHANNEL_MATTERMOST,
    HK_CHANNEL_WEBHOOK,
};

struct hk_channel {
    const char *name;
    enum hk_channel_kind kind;
    const struct hk_json *authorities; /* PEM, a text or secret; NULL: the system's */
    /* mail */
    const char *host;
    unsigned port;
    enum hk_mail_tls tls;
    const char *user;               /* NULL: no AUTH */
    const struct hk_json *password; /* text or secret */
    const char *from;
    const char *from_name; /* NULL: none */
    /* chat */
    const struct hk_json *url; /* text or secret */
    bool is_private;           /* may lead to a private address, and may be http */
};

/* One of a contact's ways to be told. */
struct hk_way {
    unsigned channel;    /* in hk_contacts.channels */
    const char *address; /* NULL: the channel is a room, all that it leads to is said by its URL */
};

struct hk_contact {
    const char *name;
    const char *user; /* name of the person; NULL: a room, or somebody who doesn't decide */
    const char *level;
    unsigned order;
    enum hk_language language;
    struct hk_hours hours;
    int64_t answer_within_ms;
    int64_t remind_every_ms; /* 0: never */
    unsigned reasons;        /* bit for each hk_reason that this contact is told about */
    struct hk_way *ways;
    unsigned way_count;
};

#define HK_LEVEL_FIRST "first"

struct hk_contacts {
    struct hk_arena arena; /* holds everything below */
    const char *base_url;  /* NULL: messages have no links */
    int zone_minutes;
    struct hk_channel *channels;
    unsigned channel_count;
    struct hk_contact *items; /* by level (the first one before others), then by order */
    unsigned count;
    const char *escalate_to; /* level or contact; NULL: there is no second level */
    unsigned burst;          /* messages to one contact by one channel at once… */
    int64_t gather_ms;       /* …and then one in this time, with all that came meanwhile */
    bool has_checkpoint;     /* in the foot of each mail */
    int digest_minute;       /* of the day in zone_minutes; -1: no digest */
    const char *digest_to;   /* level or contact */
};

/* Read `url`, `channels`, `contacts` and `notices` of a tenant. url is that of the whole
 * configuration, used where the tenant has none, or NULL. HK_INVALID and HK_NOT_FOUND (a secret)
 * begin with the path ("contacts[0].channels.mail: …"). Borrows from config, which must live as
 * long. *ret_contacts is NULL when there are no contacts and no url. */
HK_MUST_CHECK enum hk_status hk_contacts_new(const struct hk_json *config, const char *url,
    const struct hk_secrets *secrets, struct hk_contacts **ret_contacts, struct hk_error *error);
void hk_contacts_free(struct hk_contacts *contacts); /* NULL is fine */

/* Contacts may be NULL in all of these. */
const struct hk_contact *hk_contact_find(const struct hk_contacts *contacts, const char *name);
const struct hk_channel *hk_channel_find(const struct hk_contacts *contacts, const char *name);
/* The contact's way by the channel of that name; NULL when it has none. */
const struct hk_way *hk_contact_way(
    const struct hk_contacts *contacts, const struct hk_contact *contact, const char *channel);
/* Is this contact meant by a level's or a contact's name? */
bool hk_contact_is_in(const struct hk_contact *contact, const char *level_or_name);
/* Is there anybody of that name or level? */
bool hk_contacts_have(const struct hk_contacts *contacts, const char *level_or_name);

#endif
