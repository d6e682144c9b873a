/*
 * tries: see tries.h.
 */
#include "api/tries.h"

#include "base/ip.h"
#include "base/log.h"
#include "base/text.h"
#include "base/time.h"

#include <stdio.h>
#include <string.h>

enum { NETWORK_SIZE = 8 }; /* bytes of an IPv6 address that name a place */

/* Behind a proxy all come from its address, which then says nothing. */
static void take_address(const struct hk_exchange *exchange, struct hk_try *ret_try)
{
    struct hk_ip ip;

    ret_try->address[0] = '\0';
    if (exchange->is_proxied || hk_ip_parse(exchange->from, &ip, NULL) != HK_OK)
        return;
    if (!hk_ip_is_v4(&ip))
        memset(ip.bytes + NETWORK_SIZE, 0, sizeof(ip.bytes) - NETWORK_SIZE);
    hk_ip_format(&ip, ret_try->address);
}

static void person_key(const char *tenant, const char *name, char *ret_key, size_t capacity)
{
    (void)snprintf(ret_key, capacity, "%.64s/%.64s", tenant, name);
}

void hk_try_by_name(const struct hk_exchange *exchange, const char *tenant, const char *name,
    const struct hk_person *person, const char *device, struct hk_try *ret_try)
{
    char known[HK_DEVICE_NAME_SIZE];

    take_address(exchange, ret_try);
    ret_try->lane = HK_LOCKOUT_PERSON;
    person_key(tenant, name, ret_try->whom, sizeof(ret_try->whom));
    if (person == NULL || device[0] == '\0')
        return;
    const struct hk_device_owner owner = {
        .tenant = person->tenant, .user = person->user, .password_hash = person->password};
    if (!hk_device_check(exchange->api->people->seal, &owner, device, known))
        return;
    /* What strangers at the same address did (behind one router, or a host that was taken over) is
     * not this browser's: its own lane says how often it may try. */
    ret_try->address[0] = '\0';
    ret_try->lane = HK_LOCKOUT_DEVICE;
    (void)hk_copy_text(ret_try->whom, sizeof(ret_try->whom), known);
}

enum hk_lane hk_try_lane(const struct hk_try *try_)
{
    return try_->lane == HK_LOCKOUT_DEVICE ? HK_LANE_URGENT : HK_LANE_NORMAL;
}

void hk_try_in_session(const struct hk_exchange *exchange, struct hk_try *ret_try)
{
    ret_try->address[0] = '\0'; /* whoever is here has shown a password before */
    ret_try->lane = HK_LOCKOUT_DEVICE;
    (void)hk_copy_text(ret_try->whom, sizeof(ret_try->whom), exchange->session.id);
}

int64_t hk_try_begin(struct hk_people *people, const struct hk_try *try_)
{
    int64_t now_ms = hk_time_monotonic_ms();
    int64_t wait_ms = hk_lockout_wait_ms(people->lockout, try_->lane, try_->whom, now_ms);
    int64_t address_ms = 0;

    if (try_->address[0] != '\0')
        address_ms = hk_lockout_wait_ms(people->lockout, HK_LOCKOUT_ADDRESS, try_->address, now_ms);
    if (address_ms > wait_ms)
        wait_ms = address_ms;
    if (wait_ms > 0) {
        people->logins_delayed++;
        return wait_ms;
    }
    (void)hk_lockout_charge(people->lockout, try_->lane, try_->whom, now_ms);
    if (try_->address[0] != '\0')
        (void)hk_lockout_charge(people->lockout, HK_LOCKOUT_ADDRESS, try_->address, now_ms);
    return 0;
}

void hk_try_cancel(struct hk_people *people, const struct hk_try *try_)
{
    hk_lockout_refund(people->lockout, try_->lane, try_->whom);
    if (try_->address[0] != '\0')
        hk_lockout_refund(people->lockout, HK_LOCKOUT_ADDRESS, try_->address);
}

void hk_try_succeeded(struct hk_people *people, const struct hk_try *try_)
{
    hk_lockout_clear(people->lockout, try_->lane, try_->whom);
    /* Not all of the address: or somebody with an account of their own could guess on and on. */
    if (try_->address[0] != '\0')
        hk_lockout_refund(people->lockout, HK_LOCKOUT_ADDRESS, try_->address);
}

static void record_locked(struct hk_people *people, const struct hk_user *user, unsigned failures)
{
    const struct hk_person_event event = {.kind = HK_KIND_USER_LOCKED,
        .actor = "engine",
        .time_us = hk_clock_now_us(hk_ledger_clock(people->ledger)),
        .number_key = "failures",
        .number = failures};
    struct hk_write *write = hk_write_new();
    struct hk_error error;

    if (write == NULL || hk_person_event_write(write, user, &event, &error) != HK_OK) {
        hk_write_free(write);
        hk_log(HK_LOG_ERROR, "the wait after failed logins could not be recorded");
        return;
    }
    hk_ledger_submit(people->ledger, write, HK_LANE_NORMAL, NULL, NULL);
}

void hk_try_failed(struct hk_people *people, const struct hk_try *try_, const struct hk_user *user)
{
    unsigned failures = hk_lockout_failures(people->lockout, try_->lane, try_->whom);
    int64_t now_ms = hk_time_monotonic_ms();

    hk_lockout_settle(people->lockout, try_->lane, try_->whom, now_ms);
    if (try_->address[0] != '\0')
        hk_lockout_settle(people->lockout, HK_LOCKOUT_ADDRESS, try_->address, now_ms);
    people->logins_refused++;
    if (user != NULL && failures == hk_lockout_worst(try_->lane))
        record_locked(people, user, failures);
}

void hk_try_forgive(struct hk_people *people, const char *tenant, const struct hk_user *user)
{
    char key[HK_ID_SIZE * 2 + 2];

    person_key(tenant, user->name, key, sizeof(key));
    hk_lockout_clear(people->lockout, HK_LOCKOUT_PERSON, key);
}
