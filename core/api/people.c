/*
 * people: see people.h. people_write.c makes the changes.
 */
#include "api/people.h"

#include "base/log.h"
#include "base/map.h"
#include "base/text.h"
#include "login/totp.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void make_key(hk_tenant tenant, const char *user, char ret_key[16 + HK_ID_SIZE])
{
    (void)snprintf(ret_key, 16 + HK_ID_SIZE, "%u/%s", (unsigned)tenant, user);
}

struct hk_person *hk_people_find(const struct hk_people *people, hk_tenant tenant, const char *user)
{
    char key[16 + HK_ID_SIZE];

    make_key(tenant, user, key);
    return hk_map_get(&people->persons, key);
}

struct hk_person *hk_people_get(struct hk_people *people, hk_tenant tenant, const char *user)
{
    struct hk_person *person = hk_people_find(people, tenant, user);

    if (person != NULL)
        return person;
    person = calloc(1, sizeof(*person));
    if (person == NULL)
        return NULL;
    person->tenant = tenant;
    person->totp.last_step = -1;
    (void)hk_copy_text(person->user, sizeof(person->user), user);
    make_key(tenant, user, person->key);
    if (hk_map_put(&people->persons, person->key, person) != HK_OK) {
        free(person);
        return NULL;
    }
    return person;
}

bool hk_people_has_totp(const struct hk_people *people, hk_tenant tenant, const char *user)
{
    const struct hk_person *person = hk_people_find(people, tenant, user);

    return person != NULL && person->totp.is_set;
}

struct hk_person *hk_people_by_link(
    const struct hk_people *people, const char *text, int64_t now_us)
{
    uint8_t hash[HK_SHA256_SIZE];
    struct hk_person *person;
    const struct hk_user *user;
    size_t cursor = 0;

    hk_sha256_one(text, strlen(text), hash);
    while ((person = hk_map_next(&people->persons, &cursor)) != NULL) {
        if (!person->has_link || !hk_equal_constant_time(hash, person->link.hash, sizeof(hash)))
            continue;
        user = hk_identity_user(people->identity, person->tenant, person->user);
        return now_us < person->link.expires_us && user != NULL && !user->is_disabled ? person
                                                                                      : NULL;
    }
    return NULL;
}

/* --- secrets and codes --- */

static void seal_name(const struct hk_person *person, char *ret_name, size_t capacity)
{
    (void)snprintf(ret_name, capacity, "totp/%u/%s", (unsigned)person->tenant, person->user);
}

enum hk_status hk_people_secret(const struct hk_people *people, const struct hk_person *person,
    uint8_t *ret_secret, struct hk_error *error)
{
    char name[32 + HK_ID_SIZE];

    seal_name(person, name, sizeof(name));
    return hk_seal_get(
        people->seal, name, person->totp.sealed, ret_secret, HK_TOTP_SECRET_SIZE, error);
}

enum hk_status hk_people_new_secret(
    const struct hk_people *people, struct hk_person *person, struct hk_error *error)
{
    uint8_t secret[HK_TOTP_SECRET_SIZE];
    char name[32 + HK_ID_SIZE];
    struct hk_buf sealed;
    enum hk_status status;

    seal_name(person, name, sizeof(name));
    hk_totp_secret_new(secret);
    hk_buf_init(&sealed, 256);
    status = hk_seal_put(people->seal, name, secret, sizeof(secret), &sealed, error);
    explicit_bzero(secret, sizeof(secret));
    if (status == HK_OK)
        status = hk_buf_check(&sealed, "secret", error);
    if (status == HK_OK) {
        person->totp = (struct hk_totp){.last_step = -1};
        if (!hk_copy_text(person->totp.sealed, sizeof(person->totp.sealed), sealed.data))
            status = hk_fail(error, HK_INTERNAL, "a sealed secret is too long");
    }
    hk_buf_done(&sealed);
    return status;
}

static bool take_paper(struct hk_person *person, const char *text)
{
    uint8_t hash[HK_SHA256_SIZE];
    struct hk_totp *totp = &person->totp;

    if (!hk_recovery_hash(text, hash))
        return false;
    for (unsigned i = 0; i < totp->recovery_count; i++) {
        if (!hk_equal_constant_time(hash, totp->recovery[i], sizeof(hash)))
            continue;
        totp->recovery_count--;
        memmove(totp->recovery[i], totp->recovery[totp->recovery_count], sizeof(hash));
        return true;
    }
    return false;
}

bool hk_people_take_code(struct hk_people *people, struct hk_person *person, const char *text,
    bool may_be_paper, int64_t now_us, const char **ret_with)
{
    uint8_t secret[HK_TOTP_SECRET_SIZE];
    struct hk_error error;
    int64_t step = 0;
    bool is_good = false;

    if (hk_people_secret(people, person, secret, &error) != HK_OK) {
        hk_log(HK_LOG_ERROR, "the device of %s: %s", person->user, error.text);
    } else if (hk_totp_accepts(secret, text, now_us, person->totp.last_step, &step)) {
        person->totp.last_step = step;
        *ret_with = "totp";
        is_good = true;
    }
    explicit_bzero(secret, sizeof(secret));
    if (!is_good && may_be_paper && take_paper(person, text)) {
        *ret_with = "recovery";
        is_good = true;
    }
    return is_good;
}

/* --- from the folder --- */

static enum hk_status take_session(
    struct hk_people *people, const struct hk_credential *credential, struct hk_error *error)
{
    struct hk_login login;
    enum hk_status status = hk_login_read(credential->value, &login, error);

    if (status != HK_OK)
        return status;
    login.tenant = credential->tenant;
    (void)hk_copy_text(login.id, sizeof(login.id), credential->id);
    return hk_sessions_put(people->sessions, &login, error);
}

static enum hk_status take_other(
    struct hk_people *people, const struct hk_credential *credential, struct hk_error *error)
{
    struct hk_person *person = hk_people_get(people, credential->tenant, credential->id);
    enum hk_status status = HK_OK;

    if (person == NULL)
        return hk_fail(error, HK_NOMEM, "no memory for a person");
    if (strcmp(credential->shelf, HK_SHELF_PASSWORD) == 0) {
        if (!hk_copy_text(person->password, sizeof(person->password), credential->value))
            status = hk_fail(error, HK_CORRUPT, "a password's hash is too long");
    } else if (strcmp(credential->shelf, HK_SHELF_LINK) == 0) {
        status = hk_link_read(credential->value, &person->link, error);
        person->has_link = status == HK_OK;
    } else if (strcmp(credential->shelf, HK_SHELF_TOTP) == 0) {
        status = hk_totp_read(credential->value, &person->totp, error);
    }
    return status;
}

static void take_credential(void *ctx, const struct hk_credential *credential)
{
    struct hk_people *people = ctx;
    enum hk_status status = people->load_error.status;

    if (status == HK_OK)
        status = strcmp(credential->shelf, HK_SHELF_SESSION) == 0
                     ? take_session(people, credential, &people->load_error)
                     : take_other(people, credential, &people->load_error);
    people->load_error.status = status;
}

static enum hk_status read_all(struct hk_reading *reading, void *job, struct hk_error *error)
{
    return hk_query_credentials(reading, take_credential, job, error);
}

static void on_hashed(void *ctx)
{
    struct hk_people *people = ctx;

    hk_hasher_drain(people->hasher);
}

static enum hk_status load(
    struct hk_people *people, const struct hk_people_options *options, struct hk_error *error)
{
    enum hk_status status = hk_sessions_new(&people->sessions, error);

    if (status == HK_OK)
        status = hk_lockout_new(&people->lockout, error);
    if (status == HK_OK)
        status = hk_seal_open(options->data_dir, &people->seal, error);
    if (status == HK_OK)
        status = hk_ledger_read_now(people->ledger, read_all, people, error);
    if (status == HK_OK && people->load_error.status != HK_OK)
        status = hk_fail(error, people->load_error.status, "%s", people->load_error.text);
    if (status != HK_OK)
        return status;
    people->wake = hk_wake_new(options->loop, on_hashed, people);
    if (people->wake == NULL)
        return hk_fail(error, HK_NOMEM, "no memory for a wake-up");
    return hk_hasher_new(hk_wake_signal, people->wake, &people->hasher, error);
}

enum hk_status hk_people_new(
    const struct hk_people_options *options, struct hk_people **ret_people, struct hk_error *error)
{
    struct hk_people *people = calloc(1, sizeof(*people));
    enum hk_status status;

    if (people == NULL)
        return hk_fail(error, HK_NOMEM, "no memory for people");
    people->ledger = options->ledger;
    people->engine = options->engine;
    people->identity = options->identity;
    hk_map_init(&people->persons);
    status = load(people, options, error);
    if (status != HK_OK)
        hk_people_free(people);
    else
        *ret_people = people;
    return status;
}

void hk_people_free(struct hk_people *people)
{
    struct hk_person *person;
    size_t cursor = 0;

    if (people == NULL)
        return;
    hk_hasher_free(people->hasher);
    hk_wake_free(people->wake);
    while ((person = hk_map_next(&people->persons, &cursor)) != NULL) {
        (void)hk_map_remove(&people->persons, person->key);
        explicit_bzero(person, sizeof(*person));
        free(person);
    }
    hk_map_done(&people->persons);
    hk_sessions_free(people->sessions);
    hk_lockout_free(people->lockout);
    hk_seal_free(people->seal);
    free(people);
}
