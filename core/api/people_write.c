/*
 * people_write: sessions open, prove more, and close: in memory, and in the record.
 */
#include "api/people.h"

#include "base/log.h"
#include "base/text.h"
#include "limits.h"

#include <string.h>

enum { TOUCH_US = 60000000 };

static int64_t idle_of(void *ctx, uint32_t tenant)
{
    const struct hk_people *people = ctx;

    return hk_engine_login_policy(people->engine, tenant)->idle_ms;
}

/* Nobody is told that a session has run out: it is over by itself, and there is no entry for it. */
static enum hk_status drop_those_over(
    struct hk_people *people, struct hk_write *write, int64_t now_us, struct hk_error *error)
{
    const struct hk_login *over;
    enum hk_status status = HK_OK;

    while (status == HK_OK &&
           (over = hk_sessions_over(people->sessions, idle_of, people, now_us)) != NULL) {
        status = hk_session_write(write, over, true, error);
        if (status == HK_OK)
            hk_sessions_remove(people->sessions, over->id);
    }
    return status;
}

static enum hk_status close_one(struct hk_people *people, struct hk_write *write,
    const struct hk_login *login, const struct hk_closing *closing, struct hk_error *error)
{
    const struct hk_person_event event = {.kind = HK_KIND_SESSION_CLOSED,
        .actor = closing->actor,
        .time_us = closing->time_us,
        .key1 = "session",
        .value1 = login->id,
        .key2 = "why",
        .value2 = closing->why};
    enum hk_status status = hk_person_event_write(write, closing->user, &event, error);

    if (status == HK_OK)
        status = hk_session_write(write, login, true, error);
    if (status == HK_OK)
        hk_sessions_remove(people->sessions, login->id);
    return status;
}

/* The person's session that is oldest, when there are as many as may be. */
static const struct hk_login *one_too_many(
    const struct hk_people *people, const struct hk_user *user)
{
    const struct hk_login *oldest = NULL;
    unsigned count = 0;

    for (const struct hk_login *login =
             hk_sessions_next(people->sessions, user->tenant, user->id, NULL);
         login != NULL; login = hk_sessions_next(people->sessions, user->tenant, user->id, login)) {
        count++;
        if (oldest == NULL || login->seen_us < oldest->seen_us)
            oldest = login;
    }
    return count >= HK_SESSIONS_PER_USER_MAX ? oldest : NULL;
}

static enum hk_status write_opened(struct hk_write *write, const struct hk_opening *opening,
    const struct hk_login *login, struct hk_error *error)
{
    struct hk_buf out;
    struct hk_jw jw;
    size_t size = 0;
    char *payload;

    hk_buf_init(&out, HK_ARGS_SIZE_MAX);
    hk_jw_init(&jw, &out);
    hk_jw_object(&jw);
    hk_jw_kv(&jw, "session", login->id);
    hk_jw_kv(&jw, "with", opening->with);
    hk_jw_kv(&jw, "from", login->from);
    hk_jw_kv(&jw, "agent", login->agent);
    hk_jw_kv_i64(&jw, "ends_us", login->ends_us);
    hk_jw_object_end(&jw);
    payload = hk_buf_take(&out, &size);
    if (payload == NULL)
        return hk_fail(error, HK_NOMEM, "no memory for an entry");
    return hk_write_add(write, login->tenant, HK_KIND_SESSION_OPENED, login->user, login->user,
        opening->time_us, payload, size, error);
}

enum hk_status hk_people_open(struct hk_people *people, struct hk_write *write,
    const struct hk_opening *opening, char ret_cookie[HK_COOKIE_TEXT_SIZE], struct hk_error *error)
{
    const struct hk_user *user = opening->user;
    const struct hk_login_policy *policy = hk_engine_login_policy(people->engine, user->tenant);
    const struct hk_login *extra;
    struct hk_login login = {.tenant = user->tenant,
        .opened_us = opening->time_us,
        .seen_us = opening->time_us,
        .proven_us = opening->is_proven ? opening->time_us : 0,
        .ends_us = opening->time_us + policy->life_ms * 1000};
    enum hk_status status = drop_those_over(people, write, opening->time_us, error);

    if (status == HK_OK && (extra = one_too_many(people, user)) != NULL)
        status = close_one(people, write, extra,
            &(struct hk_closing){
                .user = user, .actor = user->id, .why = "too many", .time_us = opening->time_us},
            error);
    if (status != HK_OK)
        return status;
    hk_id_new("se", opening->time_us, login.id);
    (void)hk_copy_text(login.user, sizeof(login.user), user->id);
    (void)hk_copy_text(login.from, sizeof(login.from), opening->from);
    if (opening->agent != NULL) {
        size_t size =
            hk_utf8_prefix(opening->agent, strlen(opening->agent), sizeof(login.agent) - 1);
        memcpy(login.agent, opening->agent, size);
    }
    hk_cookie_new(ret_cookie, login.hash);
    status = write_opened(write, opening, &login, error);
    if (status == HK_OK)
        status = hk_session_write(write, &login, false, error);
    return status == HK_OK ? hk_sessions_put(people->sessions, &login, error) : status;
}

enum hk_status hk_people_prove(struct hk_people *people, struct hk_write *write,
    const char *session, int64_t time_us, char ret_cookie[HK_COOKIE_TEXT_SIZE],
    struct hk_error *error)
{
    const struct hk_login *old = hk_sessions_get(people->sessions, session);
    const struct hk_person_event event = {.kind = HK_KIND_SESSION_PROVEN,
        .actor = old != NULL ? old->user : "",
        .time_us = time_us,
        .key1 = "session",
        .value1 = session};
    struct hk_user user = {.tenant = old != NULL ? old->tenant : 0};
    struct hk_login login;
    enum hk_status status;

    if (old == NULL)
        return hk_fail(error, HK_NOT_FOUND, "the session has ended");
    login = *old;
    login.proven_us = time_us;
    login.seen_us = time_us;
    hk_cookie_new(ret_cookie, login.hash);
    (void)hk_copy_text(user.id, sizeof(user.id), login.user);
    status = hk_person_event_write(write, &user, &event, error);
    if (status == HK_OK)
        status = hk_session_write(write, &login, false, error);
    return status == HK_OK ? hk_sessions_put(people->sessions, &login, error) : status;
}

enum hk_status hk_people_close(struct hk_people *people, struct hk_write *write,
    const struct hk_closing *closing, struct hk_error *error)
{
    const struct hk_user *user = closing->user;
    enum hk_status status = HK_OK;
    const struct hk_login *login;

    if (closing->session != NULL) {
        login = hk_sessions_get(people->sessions, closing->session);
        if (login == NULL || login->tenant != user->tenant || strcmp(login->user, user->id) != 0)
            return hk_fail(error, HK_NOT_FOUND, "there is no such session");
        return close_one(people, write, login, closing, error);
    }
    do {
        login = hk_sessions_next(people->sessions, user->tenant, user->id, NULL);
        while (login != NULL && closing->except != NULL && strcmp(login->id, closing->except) == 0)
            login = hk_sessions_next(people->sessions, user->tenant, user->id, login);
        if (login != NULL)
            status = close_one(people, write, login, closing, error);
    } while (login != NULL && status == HK_OK);
    return status;
}

enum hk_status hk_people_set_password(struct hk_people *people, struct hk_write *write,
    const struct hk_new_password *what, struct hk_error *error)
{
    const struct hk_user *user = what->user;
    struct hk_person *person = hk_people_get(people, user->tenant, user->id);
    const struct hk_person_event event = {.kind = HK_KIND_USER_PASSWORD_SET,
        .actor = user->id,
        .time_us = what->time_us,
        .key1 = "with",
        .value1 = what->with};
    enum hk_status status;

    if (person == NULL || !hk_copy_text(person->password, sizeof(person->password), what->hash))
        return hk_fail(error, HK_NOMEM, "no room for a password");
    person->has_link = false;
    status = hk_person_event_write(write, user, &event, error);
    if (status == HK_OK)
        status = hk_password_write(write, user, what->hash, error);
    if (status == HK_OK)
        status = hk_people_close(people, write,
            &(struct hk_closing){.user = user,
                .except = what->except,
                .actor = user->id,
                .why = "password",
                .time_us = what->time_us},
            error);
    return status;
}

enum hk_status hk_people_remove_totp(struct hk_people *people, struct hk_write *write,
    const struct hk_user *user, const char *actor, const char *how, int64_t time_us,
    struct hk_error *error)
{
    struct hk_person *person = hk_people_find(people, user->tenant, user->id);
    const struct hk_person_event event = {.kind = HK_KIND_USER_TOTP_REMOVED,
        .actor = actor,
        .time_us = time_us,
        .key1 = "with",
        .value1 = how};
    enum hk_status status;

    if (person == NULL || person->totp.sealed[0] == '\0')
        return hk_fail(error, HK_CONFLICT, "%s has no device", user->name);
    person->totp = (struct hk_totp){.last_step = -1};
    status = hk_person_event_write(write, user, &event, error);
    return status == HK_OK ? hk_totp_write(write, user, &person->totp, error) : status;
}

void hk_people_touch(struct hk_people *people, const char *session, int64_t now_us)
{
    const struct hk_login *old = hk_sessions_get(people->sessions, session);
    struct hk_write *write;
    struct hk_login login;
    struct hk_error error;

    if (old == NULL || now_us - old->seen_us < TOUCH_US)
        return;
    login = *old;
    login.seen_us = now_us;
    write = hk_write_new();
    if (write == NULL || hk_session_write(write, &login, false, &error) != HK_OK ||
        hk_sessions_put(people->sessions, &login, &error) != HK_OK) {
        hk_write_free(write);
        hk_log(HK_LOG_WARNING, "a session's last request could not be noted");
        return;
    }
    hk_ledger_submit(people->ledger, write, HK_LANE_NORMAL, NULL, NULL);
}
