/*
 * login_job: what the pages that prove who somebody is have in common: a job that carries what was
 * typed over the hashing and the write, and how it ends. Internal to api/.
 */
#ifndef HK_API_LOGIN_JOB_H
#define HK_API_LOGIN_JOB_H

#include "api/page_answer.h"
#include "api/people.h"
#include "api/session_in.h"
#include "api/tries.h"

struct hk_login_job {
    struct hk_job job;
    struct hk_try try_;
    int64_t wait_ms; /* until the next one is looked at, once it is known */
    hk_tenant tenant;
    char user[HK_ID_SIZE];        /* whom it is about; "": nobody that there is */
    char tenant_name[HK_ID_SIZE]; /* as typed */
    char name[HK_ID_SIZE];
    char then[1024]; /* "" for the start page */
    char code[64];
    char link[HK_LINK_TEXT_SIZE];
    char agent[128];
    char password[HK_PASSWORD_SIZE_MAX + 1]; /* a new one, between two hashes */
    /* the answer, once the write is on disk */
    char cookie[HK_SET_COOKIE_SIZE];
    char device[HK_SET_COOKIE_SIZE];
    char location[HK_LOCATION_SIZE];
    struct hk_buf page; /* instead of a location, when it isn't empty */
};

/* Wiped when it is freed. NULL: memory is short, and it is answered. */
HK_MUST_CHECK struct hk_login_job *hk_login_job_new(
    const struct hk_exchange *exchange, const struct hk_http_request *request);
/* Write, then answer with the page or the location and the cookies, and free the job. With an error
 * in status, that is answered. Takes the write in every case. */
void hk_login_job_submit(struct hk_login_job *job, struct hk_write *take_write,
    enum hk_status status, const struct hk_error *error);
/* Answer with what is wrong now, and free the job. */
void hk_login_job_fail(
    struct hk_login_job *job, enum hk_status status, const struct hk_error *error);
/* The person it is about, as they are now; NULL when they are gone or disabled. */
const struct hk_user *hk_login_job_user(const struct hk_login_job *job);

/* Who is in the session. A provider's person may look at another tenant meanwhile: this is who they
 * are in their own. NULL when it has ended, or they are disabled. */
const struct hk_user *hk_login_user(const struct hk_exchange *exchange);

/* A page's frame with a notice. */
void hk_login_frame(const struct hk_exchange *exchange, enum hk_notice_kind kind,
    const char *notice, struct hk_page *ret_page);
/* "Too many tries. Please try again in 20 seconds." */
void hk_login_wait_text(const struct hk_exchange *exchange, int64_t wait_ms, struct hk_buf *out);
/* What is wrong with a new password and its repetition, in words; HK_WORD_NO_TEXT: nothing. */
enum hk_word hk_login_password_flaw(const char *password, const char *again, const char *name);

/* Pages in pages_login.c that others end with. */
void hk_answer_login_page(const struct hk_exchange *exchange, const struct hk_login_job *job,
    int status, enum hk_notice_kind kind, const char *notice);
/* … and in pages_account.c */
void hk_answer_account(const struct hk_exchange *exchange, int status, enum hk_notice_kind kind,
    const char *notice, int64_t wait_ms);

#endif
