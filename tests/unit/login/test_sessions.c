/*
 * sessions, lock-out, policy, seals and devices: what they promise, with a clock that we set.
 */
#include "login/sessions.h"

#include "limits.h"
#include "login/device.h"
#include "login/lockout.h"
#include "login/policy.h"
#include "login/qr.h"
#include "support/suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MINUTE_US 60000000LL

/* --- sessions --- */

static struct hk_login login_of(
    const char *id, const char *user, uint32_t tenant, char cookie[HK_COOKIE_TEXT_SIZE])
{
    struct hk_login login = {.tenant = tenant, .ends_us = 720 * MINUTE_US};

    (void)snprintf(login.id, sizeof(login.id), "%s", id);
    (void)snprintf(login.user, sizeof(login.user), "%s", user);
    hk_cookie_new(cookie, login.hash);
    return login;
}

static void a_cookie_finds_its_session_alone(void)
{
    char one[HK_COOKIE_TEXT_SIZE];
    char two[HK_COOKIE_TEXT_SIZE];
    char csrf_one[HK_COOKIE_TEXT_SIZE];
    char csrf_two[HK_COOKIE_TEXT_SIZE];
    struct hk_sessions *sessions = NULL;
    struct hk_login first = login_of("se-1", "us-1", 1, one);
    struct hk_login second = login_of("se-2", "us-1", 2, two);

    CU_ASSERT_EQUAL_FATAL(hk_sessions_new(&sessions, NULL), HK_OK);
    CU_ASSERT_EQUAL(strlen(one), HK_COOKIE_TEXT_SIZE - 1);
    CU_ASSERT_EQUAL(hk_sessions_put(sessions, &first, NULL), HK_OK);
    CU_ASSERT_EQUAL(hk_sessions_put(sessions, &second, NULL), HK_OK);
    CU_ASSERT_STRING_EQUAL(hk_sessions_find(sessions, one)->id, "se-1");
    CU_ASSERT_STRING_EQUAL(hk_sessions_find(sessions, two)->id, "se-2");
    CU_ASSERT_PTR_NULL(hk_sessions_find(sessions, ""));
    CU_ASSERT_PTR_NULL(hk_sessions_find(sessions, "se-1"));
    hk_cookie_csrf(one, csrf_one);
    hk_cookie_csrf(two, csrf_two);
    CU_ASSERT_STRING_NOT_EQUAL(csrf_one, csrf_two);
    CU_ASSERT_STRING_NOT_EQUAL(csrf_one, one);
    hk_cookie_csrf(one, csrf_two);
    CU_ASSERT_STRING_EQUAL(csrf_one, csrf_two);
    /* A person is of one tenant, whatever the id. */
    CU_ASSERT_STRING_EQUAL(hk_sessions_next(sessions, 1, "us-1", NULL)->id, "se-1");
    CU_ASSERT_PTR_NULL(
        hk_sessions_next(sessions, 1, "us-1", hk_sessions_next(sessions, 1, "us-1", NULL)));
    CU_ASSERT_PTR_NULL(hk_sessions_next(sessions, 3, "us-1", NULL));
    hk_sessions_free(sessions);
}

static void a_new_cookie_takes_the_place_of_the_old_one(void)
{
    char before[HK_COOKIE_TEXT_SIZE];
    char after[HK_COOKIE_TEXT_SIZE];
    struct hk_sessions *sessions = NULL;
    struct hk_login login = login_of("se-1", "us-1", 1, before);

    CU_ASSERT_EQUAL_FATAL(hk_sessions_new(&sessions, NULL), HK_OK);
    CU_ASSERT_EQUAL(hk_sessions_put(sessions, &login, NULL), HK_OK);
    hk_cookie_new(after, login.hash);
    CU_ASSERT_EQUAL(hk_sessions_put(sessions, &login, NULL), HK_OK);
    CU_ASSERT_PTR_NULL(hk_sessions_find(sessions, before));
    CU_ASSERT_PTR_NOT_NULL(hk_sessions_find(sessions, after));
    hk_sessions_remove(sessions, "se-1");
    hk_sessions_remove(sessions, "se-1");
    CU_ASSERT_PTR_NULL(hk_sessions_find(sessions, after));
    CU_ASSERT_PTR_NULL(hk_sessions_get(sessions, "se-1"));
    hk_sessions_free(sessions);
}

static int64_t half_an_hour(void *ctx, uint32_t tenant)
{
    (void)ctx;
    return tenant == 1 ? 30 * 60000 : 60000;
}

static void sessions_end_by_idleness_and_by_age(void)
{
    char cookie[HK_COOKIE_TEXT_SIZE];
    struct hk_sessions *sessions = NULL;
    struct hk_login login = login_of("se-1", "us-1", 1, cookie);

    login.opened_us = login.seen_us = 100 * MINUTE_US;
    CU_ASSERT_FALSE(hk_login_is_over(&login, 30 * 60000, 130 * MINUTE_US - 1));
    CU_ASSERT_TRUE(hk_login_is_over(&login, 30 * 60000, 130 * MINUTE_US));
    login.seen_us = 719 * MINUTE_US;
    CU_ASSERT_FALSE(hk_login_is_over(&login, 30 * 60000, 720 * MINUTE_US - 1));
    CU_ASSERT_TRUE(hk_login_is_over(&login, 30 * 60000, 720 * MINUTE_US));

    CU_ASSERT_EQUAL_FATAL(hk_sessions_new(&sessions, NULL), HK_OK);
    login.seen_us = 100 * MINUTE_US;
    CU_ASSERT_EQUAL(hk_sessions_put(sessions, &login, NULL), HK_OK);
    CU_ASSERT_PTR_NULL(hk_sessions_over(sessions, half_an_hour, NULL, 129 * MINUTE_US));
    CU_ASSERT_STRING_EQUAL(
        hk_sessions_over(sessions, half_an_hour, NULL, 130 * MINUTE_US)->id, "se-1");
    hk_sessions_free(sessions);
}

static void rows_come_back(void)
{
    char cookie[HK_COOKIE_TEXT_SIZE];
    struct hk_login login = login_of("se-1", "us-1", 1, cookie);
    struct hk_login back;
    struct hk_buf out;
    struct hk_jw jw;

    login.opened_us = 1;
    login.seen_us = 2;
    login.proven_us = 3;
    (void)snprintf(login.from, sizeof(login.from), "192.0.2.1");
    (void)snprintf(login.agent, sizeof(login.agent), "a \"browser\"");
    hk_buf_init(&out, 4096);
    hk_jw_init(&jw, &out);
    hk_login_write(&login, &jw);
    CU_ASSERT_PTR_NULL(strstr(out.data, cookie)); /* the cookie itself is nowhere */
    CU_ASSERT_EQUAL_FATAL(hk_login_read(out.data, &back, NULL), HK_OK);
    back.tenant = login.tenant;
    memcpy(back.id, login.id, sizeof(back.id));
    CU_ASSERT_EQUAL(memcmp(&back, &login, sizeof(back)), 0);
    CU_ASSERT_EQUAL(hk_login_read("{}", &back, NULL), HK_CORRUPT);
    CU_ASSERT_EQUAL(hk_login_read("{\"user\":\"us-1\",\"hash\":\"00\"}", &back, NULL), HK_CORRUPT);
    CU_ASSERT_EQUAL(hk_login_read("", &back, NULL), HK_CORRUPT);
    hk_buf_done(&out);
}

/* --- lock-out --- */

static void waits_grow_and_end(void)
{
    static const int64_t waits_s[] = {0, 0, 0, 0, 5, 10, 20, 40, 80, 160, 300, 300, 300};
    struct hk_lockout *lockout = NULL;
    int64_t now_ms = 1;

    CU_ASSERT_EQUAL_FATAL(hk_lockout_new(&lockout, NULL), HK_OK);
    for (size_t i = 0; i < COUNT_OF(waits_s); i++) {
        CU_ASSERT_EQUAL(
            hk_lockout_charge(lockout, HK_LOCKOUT_PERSON, "1/name", now_ms), (unsigned)i + 1);
        CU_ASSERT_EQUAL(
            hk_lockout_wait_ms(lockout, HK_LOCKOUT_PERSON, "1/name", now_ms), waits_s[i] * 1000);
        now_ms += waits_s[i] * 1000;
        CU_ASSERT_EQUAL(hk_lockout_wait_ms(lockout, HK_LOCKOUT_PERSON, "1/name", now_ms), 0);
    }
    CU_ASSERT_EQUAL(hk_lockout_worst(HK_LOCKOUT_PERSON), 11);
    /* Nobody else waits, and the same text in another lane is somebody else. */
    (void)hk_lockout_charge(lockout, HK_LOCKOUT_PERSON, "1/name", now_ms);
    CU_ASSERT_EQUAL(hk_lockout_wait_ms(lockout, HK_LOCKOUT_PERSON, "2/name", now_ms), 0);
    CU_ASSERT_EQUAL(hk_lockout_wait_ms(lockout, HK_LOCKOUT_DEVICE, "1/name", now_ms), 0);
    /* Quiet for long enough, and it begins anew. */
    now_ms += HK_LOCKOUT_FORGET_MS;
    CU_ASSERT_EQUAL(hk_lockout_charge(lockout, HK_LOCKOUT_PERSON, "1/name", now_ms), 1);
    hk_lockout_free(lockout);
}

/* Looking at a try takes as long as others let it: that is no part of the wait. */
static void waits_begin_when_a_try_has_failed(void)
{
    struct hk_lockout *lockout = NULL;

    CU_ASSERT_EQUAL_FATAL(hk_lockout_new(&lockout, NULL), HK_OK);
    for (unsigned i = 0; i < 5; i++)
        (void)hk_lockout_charge(lockout, HK_LOCKOUT_PERSON, "1/name", 1);
    CU_ASSERT_EQUAL(hk_lockout_wait_ms(lockout, HK_LOCKOUT_PERSON, "1/name", 4001), 1000);
    hk_lockout_settle(lockout, HK_LOCKOUT_PERSON, "1/name", 4001);
    CU_ASSERT_EQUAL(hk_lockout_wait_ms(lockout, HK_LOCKOUT_PERSON, "1/name", 4001), 5000);
    hk_lockout_settle(lockout, HK_LOCKOUT_PERSON, "1/name", 2001); /* an earlier one, told later */
    CU_ASSERT_EQUAL(hk_lockout_wait_ms(lockout, HK_LOCKOUT_PERSON, "1/name", 4001), 5000);
    CU_ASSERT_EQUAL(hk_lockout_failures(lockout, HK_LOCKOUT_PERSON, "1/name"), 5);
    hk_lockout_settle(lockout, HK_LOCKOUT_PERSON, "2/name", 4001);
    CU_ASSERT_EQUAL(hk_lockout_failures(lockout, HK_LOCKOUT_PERSON, "2/name"), 0);
    hk_lockout_free(lockout);
}

static void success_gives_back_what_was_charged(void)
{
    struct hk_lockout *lockout = NULL;

    CU_ASSERT_EQUAL_FATAL(hk_lockout_new(&lockout, NULL), HK_OK);
    for (int i = 0; i < 100; i++) {
        (void)hk_lockout_charge(lockout, HK_LOCKOUT_ADDRESS, "192.0.2.1", 5);
        hk_lockout_refund(lockout, HK_LOCKOUT_ADDRESS, "192.0.2.1");
    }
    CU_ASSERT_EQUAL(hk_lockout_wait_ms(lockout, HK_LOCKOUT_ADDRESS, "192.0.2.1", 5), 0);
    hk_lockout_refund(lockout, HK_LOCKOUT_ADDRESS, "192.0.2.1");
    for (int i = 0; i < 30; i++)
        (void)hk_lockout_charge(lockout, HK_LOCKOUT_ADDRESS, "192.0.2.1", 5);
    CU_ASSERT_EQUAL(
        hk_lockout_wait_ms(lockout, HK_LOCKOUT_ADDRESS, "192.0.2.1", 5), HK_LOCKOUT_WAIT_MAX_MS);
    hk_lockout_clear(lockout, HK_LOCKOUT_ADDRESS, "192.0.2.1");
    CU_ASSERT_EQUAL(hk_lockout_wait_ms(lockout, HK_LOCKOUT_ADDRESS, "192.0.2.1", 5), 0);
    hk_lockout_free(lockout);
}

static void many_keys_push_out_the_quiet_ones(void)
{
    struct hk_lockout *lockout = NULL;
    char key[32];

    CU_ASSERT_EQUAL_FATAL(hk_lockout_new(&lockout, NULL), HK_OK);
    for (int i = 0; i < 20; i++) {
        (void)hk_lockout_charge(lockout, HK_LOCKOUT_PERSON, "quiet", 1);
        (void)hk_lockout_charge(lockout, HK_LOCKOUT_PERSON, "busy", 1);
    }
    for (int i = 0; i < HK_LOCKOUT_KEYS_MAX; i++) {
        (void)snprintf(key, sizeof(key), "%d", i);
        (void)hk_lockout_charge(lockout, HK_LOCKOUT_PERSON, key, 1);
        if (i == HK_LOCKOUT_KEYS_MAX / 2)
            (void)hk_lockout_charge(lockout, HK_LOCKOUT_PERSON, "busy", 1);
    }
    CU_ASSERT_EQUAL(hk_lockout_wait_ms(lockout, HK_LOCKOUT_PERSON, "quiet", 1), 0);
    CU_ASSERT_EQUAL(
        hk_lockout_wait_ms(lockout, HK_LOCKOUT_PERSON, "busy", 1), HK_LOCKOUT_WAIT_MAX_MS);
    hk_lockout_free(lockout);
}

/* --- policy --- */

static enum hk_status read_policy(
    const char *json, struct hk_login_policy *ret_policy, struct hk_error *error)
{
    struct hk_json_doc doc = {.root = NULL};
    enum hk_status status;

    CU_ASSERT_EQUAL_FATAL(
        hk_json_parse(json, strlen(json), &hk_json_limits_own, &doc, error), HK_OK);
    status = hk_login_policy_read(doc.root, ret_policy, error);
    hk_json_doc_done(&doc);
    return status;
}

static void policies_are_read(void)
{
    struct hk_login_policy policy;
    struct hk_error error;

    CU_ASSERT_EQUAL(hk_login_policy_read(NULL, &policy, &error), HK_OK);
    CU_ASSERT_FALSE(policy.totp_is_required || policy.session_decides);
    CU_ASSERT_EQUAL(policy.idle_ms, 30 * 60000);
    CU_ASSERT_EQUAL(policy.life_ms, 12 * 3600000);
    CU_ASSERT_FALSE(hk_login_wants_code(&policy, "contain"));
    CU_ASSERT_EQUAL(read_policy("[]", &policy, &error), HK_OK);
    CU_ASSERT_EQUAL(
        read_policy("{\"totp\":\"required\",\"idle\":\"5m\",\"life\":\"1h\",\"step_up\":"
                    "[\"contain\",\"release\"],\"decide_by\":\"session\"}",
            &policy, &error),
        HK_OK);
    CU_ASSERT_TRUE(policy.totp_is_required && policy.session_decides);
    CU_ASSERT_EQUAL(policy.idle_ms, 5 * 60000);
    CU_ASSERT_EQUAL(policy.life_ms, 3600000);
    CU_ASSERT_TRUE(hk_login_wants_code(&policy, "contain"));
    CU_ASSERT_TRUE(hk_login_wants_code(&policy, "release"));
    CU_ASSERT_FALSE(hk_login_wants_code(&policy, "eradicate"));
    CU_ASSERT_FALSE(hk_login_wants_code(&policy, "nonsense"));
}

static void bad_policies_are_named(void)
{
    static const char *const bad[][2] = {
        {"\"x\"", "login: expected a table"},
        {"{\"top\":\"required\"}", "login.top: there is no such key"},
        {"{\"totp\":true}", "login.totp: must be \"optional\" or \"required\""},
        {"{\"totp\":\"never\"}", "login.totp"},
        {"{\"idle\":\"10s\"}", "login.idle: expected a time from 1m to 24h"},
        {"{\"idle\":30}", "login.idle"},
        {"{\"life\":\"31d\"}", "login.life"},
        {"{\"decide_by\":\"token\"}", "login.decide_by"},
        {"{\"step_up\":\"contain\"}", "login.step_up"},
        {"{\"step_up\":[\"block\"],\"decide_by\":\"session\"}", "login.step_up: expected"},
        {"{\"step_up\":[\"contain\"]}", "login.step_up: a token gives no codes"},
    };
    struct hk_login_policy policy;
    struct hk_error error;

    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        CU_ASSERT_EQUAL(read_policy(bad[i][0], &policy, &error), HK_INVALID);
        CU_ASSERT_PTR_NOT_NULL(strstr(error.text, bad[i][1]));
    }
}

/* --- seals and devices --- */

static void seals_open_under_their_name_alone(void)
{
    static const uint8_t key[HK_SEAL_KEY_SIZE] = {1};
    static const uint8_t other_key[HK_SEAL_KEY_SIZE] = {2};
    struct hk_seal *seal = NULL;
    struct hk_seal *other = NULL;
    uint8_t opened[20];
    struct hk_buf out;

    CU_ASSERT_EQUAL_FATAL(hk_seal_new(key, &seal, NULL), HK_OK);
    CU_ASSERT_EQUAL_FATAL(hk_seal_new(other_key, &other, NULL), HK_OK);
    hk_buf_init(&out, 1000);
    CU_ASSERT_EQUAL(hk_seal_put(seal, "1/us-1", "twenty bytes of it..", 20, &out, NULL), HK_OK);
    CU_ASSERT_EQUAL(hk_seal_get(seal, "1/us-1", out.data, opened, 20, NULL), HK_OK);
    CU_ASSERT_EQUAL(memcmp(opened, "twenty bytes of it..", 20), 0);
    CU_ASSERT_EQUAL(hk_seal_get(seal, "1/us-2", out.data, opened, 20, NULL), HK_CORRUPT);
    CU_ASSERT_EQUAL(hk_seal_get(other, "1/us-1", out.data, opened, 20, NULL), HK_CORRUPT);
    CU_ASSERT_EQUAL(hk_seal_get(seal, "1/us-1", out.data, opened, 19, NULL), HK_CORRUPT);
    CU_ASSERT_EQUAL(hk_seal_get(seal, "1/us-1", "", opened, 20, NULL), HK_CORRUPT);
    for (size_t i = 0; i < out.size; i++) {
        char kept = out.data[i];
        out.data[i] = kept == 'A' ? 'B' : 'A';
        CU_ASSERT_EQUAL(hk_seal_get(seal, "1/us-1", out.data, opened, 20, NULL), HK_CORRUPT);
        out.data[i] = kept;
    }
    hk_buf_done(&out);
    hk_seal_free(seal);
    hk_seal_free(other);
}

static void the_key_is_made_once_and_private(void)
{
    char folder[] = "/tmp/hikeshi-test-seal-XXXXXX";
    char path[64];
    struct hk_seal *seal = NULL;
    struct hk_seal *again = NULL;
    struct stat info;
    uint8_t opened[4];
    struct hk_buf out;

    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(folder));
    (void)snprintf(path, sizeof(path), "%s/key/login.key", folder);
    CU_ASSERT_EQUAL_FATAL(hk_seal_open(folder, &seal, NULL), HK_OK);
    CU_ASSERT_EQUAL_FATAL(hk_seal_open(folder, &again, NULL), HK_OK);
    hk_buf_init(&out, 1000);
    CU_ASSERT_EQUAL(hk_seal_put(seal, "n", "text", 4, &out, NULL), HK_OK);
    CU_ASSERT_EQUAL(hk_seal_get(again, "n", out.data, opened, 4, NULL), HK_OK);
    hk_buf_done(&out);
    hk_seal_free(again);
    CU_ASSERT_EQUAL(stat(path, &info), 0);
    CU_ASSERT_EQUAL(info.st_mode & 07777, 0600);
    CU_ASSERT_EQUAL(chmod(path, 0644), 0);
    CU_ASSERT_EQUAL(hk_seal_open(folder, &again, NULL), HK_DENIED);
    CU_ASSERT_EQUAL(chmod(path, 0600), 0);
    CU_ASSERT_EQUAL(truncate(path, 31), 0);
    CU_ASSERT_EQUAL(hk_seal_open(folder, &again, NULL), HK_CORRUPT);
    hk_seal_free(seal);
    (void)unlink(path);
    *strrchr(path, '/') = '\0';
    (void)rmdir(path);
    (void)rmdir(folder);
}

static void a_device_is_known_to_its_person_alone(void)
{
    static const uint8_t key[HK_SEAL_KEY_SIZE] = {1};
    const struct hk_device_owner owner = {1, "us-1", "$argon2id$one"};
    const struct hk_device_owner others[] = {{2, "us-1", "$argon2id$one"},
        {1, "us-2", "$argon2id$one"}, {1, "us-1", "$argon2id$two"}, {1, "us-1$", "argon2id$one"}};
    struct hk_seal *seal = NULL;
    char text[HK_DEVICE_TEXT_SIZE];
    char name[HK_DEVICE_NAME_SIZE];

    CU_ASSERT_EQUAL_FATAL(hk_seal_new(key, &seal, NULL), HK_OK);
    hk_device_new(seal, &owner, text);
    CU_ASSERT_EQUAL(strlen(text), HK_DEVICE_TEXT_SIZE - 1);
    CU_ASSERT_TRUE(hk_device_check(seal, &owner, text, name));
    CU_ASSERT_EQUAL(strncmp(text, name, HK_DEVICE_NAME_SIZE - 1), 0);
    for (size_t i = 0; i < COUNT_OF(others); i++)
        CU_ASSERT_FALSE(hk_device_check(seal, &others[i], text, name));
    CU_ASSERT_FALSE(hk_device_check(seal, &owner, "", name));
    text[0] = text[0] == '0' ? '1' : '0';
    CU_ASSERT_FALSE(hk_device_check(seal, &owner, text, name));
    hk_seal_free(seal);
}

static void a_qr_code_has_its_three_corners(void)
{
    struct hk_buf out;
    unsigned side = 0;

    hk_buf_init(&out, 65536);
    CU_ASSERT_EQUAL(hk_qr_path("otpauth://totp/x", &side, &out, NULL), HK_OK);
    CU_ASSERT_TRUE(side >= 21 && side % 4 == 1);
    CU_ASSERT_EQUAL(strncmp(out.data, "M0 0h7v1h-7z", 12), 0); /* a finder pattern's edge */
    hk_buf_done(&out);
}

int main(void)
{
    static const struct suite_test tests[] = {
        {"a cookie finds its session alone", a_cookie_finds_its_session_alone},
        {"a new cookie takes the place of the old one",
            a_new_cookie_takes_the_place_of_the_old_one},
        {"sessions end by idleness and by age", sessions_end_by_idleness_and_by_age},
        {"rows come back", rows_come_back},
        {"waits grow and end", waits_grow_and_end},
        {"waits begin when a try has failed", waits_begin_when_a_try_has_failed},
        {"success gives back what was charged", success_gives_back_what_was_charged},
        {"many keys push out the quiet ones", many_keys_push_out_the_quiet_ones},
        {"policies are read", policies_are_read},
        {"bad policies are named", bad_policies_are_named},
        {"seals open under their name alone", seals_open_under_their_name_alone},
        {"the key is made once, and private", the_key_is_made_once_and_private},
        {"a device is known to its person alone", a_device_is_known_to_its_person_alone},
        {"a QR code has its three corners", a_qr_code_has_its_three_corners},
    };
    return suite_run("sessions", tests, COUNT_OF(tests));
}
