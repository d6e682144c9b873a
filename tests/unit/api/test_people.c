/*
 * people: what is changed in memory is what is written, and what is written is what is read again.
 */
#include "api/people.h"

#include "api/tries.h"
#include "base/map.h"
#include "limits.h"
#include "login/totp.h"
#include "support/suite.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MINUTE_US 60000000LL

/* A data folder with a person in it, and the people who are read from it. */
struct world {
    char folder[40];
    struct hk_loop *loop;
    struct hk_ledger *ledger;
    struct hk_identity *identity;
    struct hk_people *people;
    struct hk_user user;
    int64_t now_us;
};

static int remove_one(const char *path, const struct stat *info, int type, struct FTW *at)
{
    (void)info;
    (void)type;
    (void)at;
    return remove(path);
}

static void open_world(struct world *w)
{
    const struct hk_ledger_options ledger = {.data_dir = w->folder};

    CU_ASSERT_EQUAL_FATAL(hk_loop_new(&w->loop, NULL), HK_OK);
    CU_ASSERT_EQUAL_FATAL(hk_ledger_open(&ledger, &w->ledger, NULL), HK_OK);
    CU_ASSERT_EQUAL_FATAL(hk_ledger_tenant_open(w->ledger, "main", &w->user.tenant, NULL), HK_OK);
    CU_ASSERT_EQUAL_FATAL(hk_identity_new(&w->identity, NULL), HK_OK);
    CU_ASSERT_EQUAL_FATAL(hk_identity_load(w->identity, w->ledger, NULL), HK_OK);
    const struct hk_people_options people = {
        .loop = w->loop, .ledger = w->ledger, .identity = w->identity, .data_dir = w->folder};
    CU_ASSERT_EQUAL_FATAL(hk_people_new(&people, &w->people, NULL), HK_OK);
    w->now_us = hk_clock_now_us(hk_ledger_clock(w->ledger));
}

static void close_world(struct world *w)
{
    hk_ledger_close(w->ledger);
    hk_people_free(w->people);
    hk_identity_free(w->identity);
    hk_loop_free(w->loop);
}

static void begin(struct world *w)
{
    struct hk_write *write = hk_write_new();

    *w = (struct world){.folder = "/tmp/hikeshi-test-people-XXXXXX"};
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(w->folder));
    open_world(w);
    CU_ASSERT_EQUAL_FATAL(hk_user_prepare(w->identity, w->user.tenant, "approver-1", "approver",
                              w->now_us, &w->user, NULL),
        HK_OK);
    CU_ASSERT_EQUAL_FATAL(hk_user_write(write, &w->user, "tool", w->now_us, NULL, NULL), HK_OK);
    CU_ASSERT_EQUAL_FATAL(hk_ledger_write_now(w->ledger, write, NULL), HK_OK);
    CU_ASSERT_EQUAL_FATAL(hk_identity_put_user(w->identity, &w->user, NULL), HK_OK);
}

static void again(struct world *w)
{
    close_world(w);
    open_world(w);
}

static void end(struct world *w)
{
    close_world(w);
    (void)nftw(w->folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static struct hk_person *person_of(const struct world *w)
{
    return hk_people_find(w->people, w->user.tenant, w->user.id);
}

/* How many entries of that kind the person has. */
struct count_job {
    const struct world *world;
    enum hk_kind kind;
    size_t count;
};

static enum hk_status count_entries(struct hk_reading *reading, void *ctx, struct hk_error *error)
{
    struct count_job *job = ctx;
    struct hk_arena arena;
    struct hk_chain chain;
    enum hk_status status;

    hk_arena_init(&arena, 1 << 20);
    status = hk_query_chain(
        reading, job->world->user.tenant, job->world->user.id, 1000, &arena, &chain, error);
    for (size_t i = 0; status == HK_OK && i < chain.count; i++)
        job->count += chain.items[i].entry.kind == job->kind;
    hk_arena_done(&arena);
    return status;
}

static size_t entries_of(const struct world *w, enum hk_kind kind)
{
    struct count_job job = {.world = w, .kind = kind};

    CU_ASSERT_EQUAL(hk_ledger_read_now(w->ledger, count_entries, &job, NULL), HK_OK);
    return job.count;
}

static void links_count_once_and_in_time(void)
{
    struct world w;
    struct hk_person *person;
    struct hk_write *write = hk_write_new();
    char text[HK_LINK_TEXT_SIZE];
    struct hk_link link;

    begin(&w);
    hk_link_new(w.now_us, text, &link);
    CU_ASSERT_EQUAL(strspn(text, "0123456789abcdef"), HK_LINK_TEXT_SIZE - 1);
    CU_ASSERT_EQUAL(hk_link_write(write, &w.user, &link, "tool", w.now_us, NULL), HK_OK);
    CU_ASSERT_EQUAL(hk_ledger_write_now(w.ledger, write, NULL), HK_OK);
    again(&w);
    person = hk_people_by_link(w.people, text, w.now_us);
    CU_ASSERT_PTR_NOT_NULL_FATAL(person);
    CU_ASSERT_STRING_EQUAL(person->user, w.user.id);
    CU_ASSERT_PTR_NOT_NULL(hk_people_by_link(w.people, text, link.expires_us - 1));
    CU_ASSERT_PTR_NULL(hk_people_by_link(w.people, text, link.expires_us));
    text[0] = text[0] == '0' ? '1' : '0';
    CU_ASSERT_PTR_NULL(hk_people_by_link(w.people, text, w.now_us));
    text[0] = text[0] == '0' ? '1' : '0';

    write = hk_write_new();
    CU_ASSERT_EQUAL(
        hk_people_set_password(w.people, write,
            &(struct hk_new_password){
                .user = &w.user, .hash = "$argon2id$x", .with = "link", .time_us = w.now_us},
            NULL),
        HK_OK);
    /* At once, before it is on disk: nobody else may be let in with it meanwhile. */
    CU_ASSERT_PTR_NULL(hk_people_by_link(w.people, text, w.now_us));
    CU_ASSERT_EQUAL(hk_ledger_write_now(w.ledger, write, NULL), HK_OK);
    again(&w);
    CU_ASSERT_PTR_NULL(hk_people_by_link(w.people, text, w.now_us));
    CU_ASSERT_STRING_EQUAL(person_of(&w)->password, "$argon2id$x");
    CU_ASSERT_EQUAL(entries_of(&w, HK_KIND_USER_PASSWORD_SET), 1);
    end(&w);
}

static void a_disabled_persons_link_is_nobodys(void)
{
    struct world w;
    struct hk_user gone;
    struct hk_write *write = hk_write_new();
    char text[HK_LINK_TEXT_SIZE];
    struct hk_link link;

    begin(&w);
    hk_link_new(w.now_us, text, &link);
    CU_ASSERT_EQUAL(hk_link_write(write, &w.user, &link, "tool", w.now_us, NULL), HK_OK);
    CU_ASSERT_EQUAL(hk_ledger_write_now(w.ledger, write, NULL), HK_OK);
    again(&w);
    gone = w.user;
    gone.is_disabled = true;
    CU_ASSERT_EQUAL(hk_identity_put_user(w.identity, &gone, NULL), HK_OK);
    CU_ASSERT_PTR_NULL(hk_people_by_link(w.people, text, w.now_us));
    end(&w);
}

static void set_up_device(struct world *w, uint8_t secret[HK_TOTP_SECRET_SIZE])
{
    struct hk_person *person = hk_people_get(w->people, w->user.tenant, w->user.id);
    struct hk_write *write = hk_write_new();

    CU_ASSERT_EQUAL_FATAL(hk_people_new_secret(w->people, person, NULL), HK_OK);
    person->totp.is_set = true;
    CU_ASSERT_EQUAL_FATAL(hk_people_secret(w->people, person, secret, NULL), HK_OK);
    CU_ASSERT_EQUAL(hk_totp_write(write, &w->user, &person->totp, NULL), HK_OK);
    CU_ASSERT_EQUAL(hk_ledger_write_now(w->ledger, write, NULL), HK_OK);
}

static void a_code_counts_once_and_over_a_restart(void)
{
    struct world w;
    uint8_t secret[HK_TOTP_SECRET_SIZE];
    char paper[HK_RECOVERY_TEXT_SIZE];
    char code[HK_TOTP_DIGITS + 1];
    struct hk_write *write = hk_write_new();
    const char *with = "";

    begin(&w);
    set_up_device(&w, secret);
    hk_totp_code(secret, sizeof(secret), w.now_us / 1000000 / HK_TOTP_STEP_S, HK_TOTP_DIGITS, code);
    again(&w);
    struct hk_person *person = person_of(&w);
    hk_recovery_new(paper, person->totp.recovery[0]);
    person->totp.recovery_count = 1;
    CU_ASSERT_FALSE(hk_people_take_code(w.people, person, "", true, w.now_us, &with));
    CU_ASSERT_FALSE(hk_people_take_code(w.people, person, paper, false, w.now_us, &with));
    CU_ASSERT_TRUE(hk_people_take_code(w.people, person, code, false, w.now_us, &with));
    CU_ASSERT_STRING_EQUAL(with, "totp");
    CU_ASSERT_FALSE(hk_people_take_code(w.people, person, code, true, w.now_us, &with));
    CU_ASSERT_TRUE(hk_people_take_code(w.people, person, paper, true, w.now_us, &with));
    CU_ASSERT_STRING_EQUAL(with, "recovery");
    CU_ASSERT_FALSE(hk_people_take_code(w.people, person, paper, true, w.now_us, &with));
    CU_ASSERT_EQUAL(hk_totp_write(write, &w.user, &person->totp, NULL), HK_OK);
    CU_ASSERT_EQUAL(hk_ledger_write_now(w.ledger, write, NULL), HK_OK);
    again(&w);
    CU_ASSERT_FALSE(hk_people_take_code(w.people, person_of(&w), code, true, w.now_us, &with));
    CU_ASSERT_FALSE(hk_people_take_code(w.people, person_of(&w), paper, true, w.now_us, &with));
    end(&w);
}

static void a_device_under_another_key_gives_no_codes(void)
{
    struct world w;
    uint8_t secret[HK_TOTP_SECRET_SIZE];
    char code[HK_TOTP_DIGITS + 1];
    char key[64];
    const char *with = "";

    begin(&w);
    set_up_device(&w, secret);
    hk_totp_code(secret, sizeof(secret), w.now_us / 1000000 / HK_TOTP_STEP_S, HK_TOTP_DIGITS, code);
    close_world(&w);
    (void)snprintf(key, sizeof(key), "%s/key/login.key", w.folder);
    CU_ASSERT_EQUAL(unlink(key), 0);
    open_world(&w);
    CU_ASSERT_TRUE(person_of(&w)->totp.is_set); /* and still no way around it */
    CU_ASSERT_FALSE(hk_people_take_code(w.people, person_of(&w), code, true, w.now_us, &with));
    end(&w);
}

static struct hk_login login_of(const struct world *w, const char *id, int64_t seen_us)
{
    struct hk_login login = {
        .tenant = w->user.tenant, .seen_us = seen_us, .ends_us = w->now_us + 600 * MINUTE_US};
    char cookie[HK_COOKIE_TEXT_SIZE];

    (void)snprintf(login.id, sizeof(login.id), "%s", id);
    (void)snprintf(login.user, sizeof(login.user), "%s", w->user.id);
    hk_cookie_new(cookie, login.hash);
    CU_ASSERT_EQUAL(hk_sessions_put(w->people->sessions, &login, NULL), HK_OK);
    return login;
}

static void sessions_close_but_for_one(void)
{
    struct world w;
    struct hk_write *write = hk_write_new();
    struct hk_error error;

    begin(&w);
    (void)login_of(&w, "se-1", w.now_us);
    (void)login_of(&w, "se-2", w.now_us);
    (void)login_of(&w, "se-3", w.now_us);
    struct hk_closing closing = {
        .user = &w.user, .except = "se-2", .actor = "us-1", .why = "ended", .time_us = w.now_us};
    CU_ASSERT_EQUAL(hk_people_close(w.people, write, &closing, &error), HK_OK);
    CU_ASSERT_PTR_NULL(hk_sessions_get(w.people->sessions, "se-1"));
    CU_ASSERT_PTR_NOT_NULL(hk_sessions_get(w.people->sessions, "se-2"));
    CU_ASSERT_PTR_NULL(hk_sessions_get(w.people->sessions, "se-3"));
    /* Somebody else's can't be named. */
    const struct hk_user other = {.tenant = w.user.tenant, .id = "us-other"};
    closing = (struct hk_closing){.user = &other, .session = "se-2", .actor = "us-other"};
    CU_ASSERT_EQUAL(hk_people_close(w.people, write, &closing, &error), HK_NOT_FOUND);
    CU_ASSERT_EQUAL(hk_ledger_write_now(w.ledger, write, NULL), HK_OK);
    CU_ASSERT_EQUAL(entries_of(&w, HK_KIND_SESSION_CLOSED), 2);
    end(&w);
}

static void a_proof_changes_the_cookie(void)
{
    struct world w;
    char cookie[HK_COOKIE_TEXT_SIZE];
    struct hk_write *write = hk_write_new();

    begin(&w);
    const struct hk_login before = login_of(&w, "se-1", w.now_us);
    CU_ASSERT_EQUAL(
        hk_people_prove(w.people, write, "se-1", w.now_us + MINUTE_US, cookie, NULL), HK_OK);
    const struct hk_login *after = hk_sessions_find(w.people->sessions, cookie);
    CU_ASSERT_PTR_NOT_NULL_FATAL(after);
    CU_ASSERT_STRING_EQUAL(after->id, "se-1");
    const int64_t proven_us = w.now_us + MINUTE_US;
    CU_ASSERT_EQUAL(after->proven_us, proven_us);
    CU_ASSERT_EQUAL(after->ends_us, before.ends_us); /* no longer for it */
    CU_ASSERT_NOT_EQUAL(memcmp(after->hash, before.hash, sizeof(before.hash)), 0);
    CU_ASSERT_EQUAL(
        hk_people_prove(w.people, write, "se-none", w.now_us, cookie, NULL), HK_NOT_FOUND);
    CU_ASSERT_EQUAL(hk_ledger_write_now(w.ledger, write, NULL), HK_OK);
    again(&w);
    CU_ASSERT_EQUAL(hk_sessions_get(w.people->sessions, "se-1")->proven_us, proven_us);
    end(&w);
}

static void a_request_is_noted_once_a_minute(void)
{
    struct world w;

    begin(&w);
    (void)login_of(&w, "se-1", w.now_us);
    hk_people_touch(w.people, "se-1", w.now_us + MINUTE_US - 1);
    CU_ASSERT_EQUAL(hk_sessions_get(w.people->sessions, "se-1")->seen_us, w.now_us);
    hk_people_touch(w.people, "se-1", w.now_us + MINUTE_US);
    CU_ASSERT_EQUAL(hk_sessions_get(w.people->sessions, "se-1")->seen_us, w.now_us + MINUTE_US);
    hk_people_touch(w.people, "se-none", w.now_us + MINUTE_US);
    const int64_t seen_us = w.now_us + MINUTE_US;
    again(&w);
    CU_ASSERT_EQUAL(hk_sessions_get(w.people->sessions, "se-1")->seen_us, seen_us);
    end(&w);
}

/* Ten minutes of guessing, in the clock of the lock-out alone. */
static void the_longest_wait_is_recorded_once(void)
{
    struct world w;
    struct hk_try guess = {.lane = HK_LOCKOUT_PERSON, .whom = "main/approver-1"};
    unsigned worst = hk_lockout_worst(HK_LOCKOUT_PERSON);

    begin(&w);
    for (unsigned i = 1; i <= worst + 2; i++) {
        (void)hk_lockout_charge(w.people->lockout, guess.lane, guess.whom, i);
        hk_try_failed(w.people, &guess, &w.user);
        hk_try_failed(w.people, &guess, NULL); /* about nobody that there is */
        if (i < worst)
            CU_ASSERT_EQUAL(entries_of(&w, HK_KIND_USER_LOCKED), 0);
    }
    CU_ASSERT_EQUAL(w.people->logins_refused, 2 * (worst + 2));
    again(&w);
    CU_ASSERT_EQUAL(entries_of(&w, HK_KIND_USER_LOCKED), 1);
    end(&w);
}

/* Whose wait a try counts for: a stranger's by address and name, a known browser's by itself. */
static void tries_are_counted_for_whoever_made_them(void)
{
    struct world w;
    char device[HK_DEVICE_TEXT_SIZE];
    struct hk_try try_;

    begin(&w);
    struct hk_person *person = hk_people_get(w.people, w.user.tenant, w.user.id);
    (void)snprintf(person->password, sizeof(person->password), "$argon2id$x");
    const struct hk_device_owner owner = {
        .tenant = w.user.tenant, .user = w.user.id, .password_hash = person->password};
    hk_device_new(w.people->seal, &owner, device);
    struct hk_api api = {.people = w.people};
    struct hk_exchange exchange = {.api = &api, .from = "2001:db8:1:2:3:4:5:6"};

    hk_try_by_name(&exchange, "main", "approver-1", person, "", &try_);
    CU_ASSERT_STRING_EQUAL(try_.address, "2001:db8:1:2::"); /* one place has all of these */
    CU_ASSERT_STRING_EQUAL(try_.whom, "main/approver-1");
    CU_ASSERT_EQUAL(hk_try_lane(&try_), HK_LANE_NORMAL);
    /* Not there, and there with a cookie that isn't theirs: the same. */
    hk_try_by_name(&exchange, "main", "nobody-1", NULL, device, &try_);
    CU_ASSERT_STRING_EQUAL(try_.whom, "main/nobody-1");
    device[40] = device[40] == '0' ? '1' : '0';
    hk_try_by_name(&exchange, "main", "approver-1", person, device, &try_);
    CU_ASSERT_STRING_EQUAL(try_.whom, "main/approver-1");
    hk_device_new(w.people->seal, &owner, device);
    hk_try_by_name(&exchange, "main", "approver-1", person, device, &try_);
    CU_ASSERT_STRING_EQUAL(try_.address, "");
    CU_ASSERT_EQUAL(try_.lane, HK_LOCKOUT_DEVICE);
    CU_ASSERT_EQUAL(hk_try_lane(&try_), HK_LANE_URGENT);
    CU_ASSERT_NSTRING_EQUAL(try_.whom, device, HK_DEVICE_NAME_SIZE - 1);
    /* Behind a proxy all come from its address. */
    exchange.is_proxied = true;
    (void)snprintf(exchange.from, sizeof(exchange.from), "127.0.0.1");
    hk_try_by_name(&exchange, "main", "approver-1", person, "", &try_);
    CU_ASSERT_STRING_EQUAL(try_.address, "");
    end(&w);
}

static void a_try_is_charged_before_it_is_looked_at(void)
{
    const struct hk_try stranger = {
        .address = "192.0.2.1", .lane = HK_LOCKOUT_PERSON, .whom = "main/approver-1"};
    const struct hk_try neighbour = {
        .address = "192.0.2.1", .lane = HK_LOCKOUT_PERSON, .whom = "main/approver-2"};
    struct world w;

    begin(&w);
    for (unsigned i = 0; i < 5; i++)
        CU_ASSERT_EQUAL(hk_try_begin(w.people, &stranger), 0);
    CU_ASSERT_TRUE(hk_try_begin(w.people, &stranger) > 0); /* before the first was answered */
    CU_ASSERT_EQUAL(w.people->logins_delayed, 1);
    CU_ASSERT_EQUAL(hk_try_begin(w.people, &neighbour), 0);
    hk_try_succeeded(w.people, &neighbour);
    CU_ASSERT_EQUAL(hk_lockout_failures(w.people->lockout, HK_LOCKOUT_ADDRESS, "192.0.2.1"), 5);
    hk_try_cancel(w.people, &stranger);
    CU_ASSERT_EQUAL(hk_try_begin(w.people, &stranger), 0);
    hk_try_forgive(w.people, "main", &w.user);
    CU_ASSERT_EQUAL(hk_lockout_failures(w.people->lockout, stranger.lane, stranger.whom), 0);
    CU_ASSERT_EQUAL(hk_lockout_failures(w.people->lockout, HK_LOCKOUT_ADDRESS, "192.0.2.1"), 5);
    end(&w);
}

static void rows_that_cannot_be_read_stop_the_start(void)
{
    static const struct hk_credential bad[] = {{0, "session", "se-1", "{}"},
        {0, "link", "us-1", "{\"hash\":\"xx\"}"}, {0, "totp", "us-1", "{\"is_set\":true}"},
        {0, "totp", "us-1", "[]"}};

    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        struct world w;
        struct hk_people *people = NULL;
        struct hk_write *write = hk_write_new();
        struct hk_credential credential = bad[i];
        struct hk_error error;

        begin(&w);
        credential.tenant = w.user.tenant;
        CU_ASSERT_EQUAL(hk_write_credential(write, &credential, NULL), HK_OK);
        CU_ASSERT_EQUAL(hk_ledger_write_now(w.ledger, write, NULL), HK_OK);
        CU_ASSERT_EQUAL(hk_people_new(&(struct hk_people_options){.loop = w.loop,
                                          .ledger = w.ledger,
                                          .identity = w.identity,
                                          .data_dir = w.folder},
                            &people, &error),
            HK_CORRUPT);
        CU_ASSERT_PTR_NULL(people);
        end(&w);
    }
}

int main(void)
{
    static const struct suite_test tests[] = {
        {"links count once and in time", links_count_once_and_in_time},
        {"a disabled person's link is nobody's", a_disabled_persons_link_is_nobodys},
        {"a code counts once, and over a restart", a_code_counts_once_and_over_a_restart},
        {"a device under another key gives no codes", a_device_under_another_key_gives_no_codes},
        {"sessions close but for one", sessions_close_but_for_one},
        {"a proof changes the cookie", a_proof_changes_the_cookie},
        {"a request is noted once a minute", a_request_is_noted_once_a_minute},
        {"the longest wait is recorded once", the_longest_wait_is_recorded_once},
        {"tries are counted for whoever made them", tries_are_counted_for_whoever_made_them},
        {"a try is charged before it is looked at", a_try_is_charged_before_it_is_looked_at},
        {"rows that cannot be read stop the start", rows_that_cannot_be_read_stop_the_start},
    };
    return suite_run("people", tests, COUNT_OF(tests));
}
